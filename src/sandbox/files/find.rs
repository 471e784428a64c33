//! Finding files (C2 §2.3): by id, by path, by search; the latter two with the delay that the
//! switches set. Also deleting them.

use super::shapes::{FileOut, FolderOut, StatOut};
use crate::sandbox::api::call::Call;
use crate::sandbox::api::problem::Problem;
use crate::sandbox::api::reply::{Paging, Results};
use crate::sandbox::clock::Moment;
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::store::StoredFile;
use crate::sandbox::switches::{DeletedFile, UnknownFileId};

/// A name to search for must be shorter than this.
const LONG_NAME: usize = 20;

/// Prefix of the access of files that can be found only by their ids.
const HIDDEN: &str = "HIDDEN_";

/// The scope that such a file needs, and what the refusal names.
const HIDDEN_SCOPE: &str = "files.ui_hidden.read";
const NAMED_SCOPES: [&str; 2] = ["files", HIDDEN_SCOPE];

/// Where pages of a search end.
const LAST_OFFSET: usize = 10_000;

/// What a search requests.
#[derive(Debug)]
pub(in crate::sandbox) struct FileQuery {
    name: Option<String>,
    path: Option<String>,
    md5: Option<String>,
    extension: Option<String>,
    ids: Vec<String>,
    folders: Vec<String>,
    /// Sorted by creation, newest first.
    newest_first: bool,
    limit: usize,
    after: usize,
    link: String,
}

impl FileQuery {
    pub(in crate::sandbox) fn of(call: &Call, limit: u32) -> Result<FileQuery, Problem> {
        let text = |name: &str| call.one(name).map(str::to_owned);
        let after = call.one("after").unwrap_or("0");
        let after: usize = after
            .parse()
            .map_err(|_| Problem::validation(format!("'{after}' is not an offset")))?;
        if after > LAST_OFFSET {
            let words = format!("an offset may be {LAST_OFFSET} at most");
            return Err(Problem::validation(words));
        }
        let name = text("name");
        if name
            .as_ref()
            .is_some_and(|name| name.chars().count() >= LONG_NAME)
        {
            let words = format!("'name' has {LONG_NAME} letters or more");
            return Err(Problem::validation(words));
        }
        Ok(FileQuery {
            name,
            path: text("path"),
            md5: text("fileMd5"),
            extension: text("extension"),
            ids: call.list("ids"),
            folders: call.list("parentFolderIds"),
            newest_first: call.one("sort") == Some("-createdAt"),
            limit: limit as usize,
            after,
            link: call.link(),
        })
    }

    fn takes(&self, file: &StoredFile) -> bool {
        let is = |wanted: &Option<String>, held: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == held)
        };
        let among = |wanted: &[String], held: Option<i64>| {
            let held = held.map(|held| held.to_string());
            wanted.is_empty() || held.is_some_and(|held| wanted.contains(&held))
        };
        let named = |name: &String| file.name.to_lowercase().contains(&name.to_lowercase());
        self.name.as_ref().is_none_or(named)
            && is(&self.path, &file.path)
            && is(&self.md5, &file.md5)
            && is(&self.extension, &file.ending)
            && among(&self.ids, Some(file.id))
            && among(&self.folders, file.folder)
    }
}

fn is_hidden(file: &StoredFile) -> bool {
    file.access.starts_with(HIDDEN)
}

impl PortalState {
    /// A live file by id.
    pub(in crate::sandbox) fn one_file(&self, id: &str, origin: &str) -> Result<FileOut, Problem> {
        let file = self.readable_file(id)?;
        Ok(FileOut::of(file, origin, self.portal_id))
    }

    /// A live file that the token may read: a hidden one needs a separate scope.
    pub(super) fn readable_file(&self, id: &str) -> Result<StoredFile, Problem> {
        let file = self.live_file(id)?;
        let mut lacks = self.switches.missing_scopes.0.iter();
        if is_hidden(&file) && lacks.any(|scope| scope == HIDDEN_SCOPE) {
            return Err(Problem::missing_scopes(&NAMED_SCOPES.map(str::to_owned)));
        }
        Ok(file)
    }

    pub(super) fn live_file(&self, id: &str) -> Result<StoredFile, Problem> {
        let found = match id.parse() {
            Ok(id) => self.store.file(id)?,
            Err(_) => None,
        };
        found.ok_or_else(|| Problem::no_such(format!("there is no file {id}")))
    }

    /// What a path leads to.
    pub(in crate::sandbox) fn stat(
        &self,
        path: &str,
        now: Moment,
        origin: &str,
    ) -> Result<StatOut, Problem> {
        let seen = now.before(self.switches.file_stat_lag.0).millis();
        let mut files = self.store.files_at(path)?.into_iter();
        if let Some(file) = files.find(|file| file.created <= seen && !is_hidden(file)) {
            return Ok(StatOut::File(FileOut::of(file, origin, self.portal_id)));
        }
        let folder = self.store.folder_at(path)?;
        let folder = folder.filter(|folder| folder.created <= seen);
        let folder = folder.map(|folder| StatOut::Folder(FolderOut::of(folder)));
        folder.ok_or_else(|| Problem::no_such(format!("there is no file or folder {path}")))
    }

    /// A page of files.
    pub(in crate::sandbox) fn find_files(
        &self,
        query: &FileQuery,
        now: Moment,
        origin: &str,
    ) -> Result<Results<FileOut>, Problem> {
        let seen = now.before(self.switches.file_search_lag.0).millis();
        let mut found = self.store.files(query.md5.as_deref())?;
        let is_there = |file: &StoredFile| file.archived.is_none() && file.created <= seen;
        found.retain(|file| is_there(file) && !is_hidden(file) && query.takes(file));
        if query.newest_first {
            found.reverse();
        }
        let end = query.after + query.limit;
        let more = found.len() > end;
        let page = found.into_iter().skip(query.after).take(query.limit);
        Ok(Results {
            results: page
                .map(|file| FileOut::of(file, origin, self.portal_id))
                .collect(),
            paging: more.then(|| {
                let link = format!("{}after={end}", query.link);
                Paging::new(end.to_string(), link)
            }),
        })
    }

    /// Deletes a file.
    pub(in crate::sandbox) fn delete_file(&self, id: &str, now: Moment) -> Result<(), Problem> {
        let file = self.live_file(id)?;
        let transaction = self.store.begin()?;
        let _ = self.store.archive_file(file.id, now.millis())?;
        if self.switches.deleted_file_in_note == DeletedFile::Dropped {
            self.store.detach(file.id)?;
        }
        Ok(transaction.commit()?)
    }

    /// The first file that an activity names and that does not exist, if the portal checks that.
    pub(in crate::sandbox) fn unknown_attachment(
        &self,
        kind: Kind,
        ids: Option<&String>,
    ) -> rusqlite::Result<Option<String>> {
        let taken = self.switches.unknown_file_id == UnknownFileId::Accepted;
        let Some(ids) = ids.filter(|_| kind.is_activity() && !taken) else {
            return Ok(None);
        };
        for id in ids.split(';').filter(|id| !id.is_empty()) {
            let known = match id.parse() {
                Ok(id) => self.store.file(id)?,
                Err(_) => None,
            };
            if known.is_none() {
                return Ok(Some(id.to_owned()));
            }
        }
        Ok(None)
    }
}
