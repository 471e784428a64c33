//! Uploads (C2 §2.1): what is refused, what counts as a duplicate and how it is handled,
//! and names that exist. Two uploads are concurrent if one arrived before the other was
//! carried out: neither sees the other as a duplicate.

use axum::body::Bytes;
use md5::{Digest, Md5};
use serde::Deserialize;

use super::form::Form;
use super::names::{file_path, kept, next, parted};
use super::shapes::FileOut;
use crate::sandbox::api::problem::Problem;
use crate::sandbox::clock::Moment;
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::store::{StoredFile, StoredFolder};
use crate::sandbox::switches::{
    BarredFile, FileDuplicate, FileExisting, FileExistingArchived, FileRace, FileReject,
    FileRenamePath, OversizedFile,
};

/// What an upload requests.
#[derive(Debug)]
pub(in crate::sandbox) struct Upload {
    bytes: Bytes,
    name: String,
    place: Place,
    options: Options,
}

#[derive(Debug)]
enum Place {
    Id(String),
    Path(String),
}

/// The JSON text among the form's texts.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Options {
    access: String,
    #[serde(default)]
    overwrite: bool,
    #[serde(default)]
    duplicate_validation_strategy: Strategy,
    #[serde(default)]
    duplicate_validation_scope: Scope,
}

/// What is done with a duplicate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Strategy {
    #[default]
    None,
    Reject,
    ReturnExisting,
}

/// Where duplicates are looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Scope {
    #[default]
    EntirePortal,
    ExactFolder,
}

/// A file that is being uploaded.
struct Coming<'a> {
    bytes: &'a [u8],
    md5: String,
    name: String,
    ending: String,
    options: &'a Options,
    /// When its call arrived.
    arrived: i64,
    now: i64,
}

impl Upload {
    /// What a form requests, checked against the limits.
    pub(in crate::sandbox) fn of(form: &Form, state: &PortalState) -> Result<Upload, Problem> {
        let missing = |name| Problem::validation(format!("'{name}' is missing in the form"));
        let file = form.file.as_ref().ok_or_else(|| missing("file"))?;
        let bytes = file.bytes.clone();
        let bytes = bytes.ok_or_else(|| too_large(state))?;
        let given = form.text("fileName").or(file.name.as_deref());
        let mut name = given.unwrap_or("file").to_owned();
        if parted(&name).1.is_empty() {
            let (_, ending) = parted(file.name.as_deref().unwrap_or_default());
            if !ending.is_empty() {
                name = format!("{name}.{ending}");
            }
        }
        let place = match (form.text("folderId"), form.text("folderPath")) {
            (Some(id), None) => Place::Id(id.to_owned()),
            (None, Some(path)) => Place::Path(path.to_owned()),
            _ => {
                let words = "One of folderId or folderPath must be given";
                return Err(Problem::validation(words));
            }
        };
        let options = form.text("options").ok_or_else(|| missing("options"))?;
        let options: Options = serde_json::from_str(options)
            .map_err(|error| Problem::validation(format!("'options' can't be read: {error}")))?;
        let upload = Upload {
            bytes,
            name,
            place,
            options,
        };
        upload.check(state)?;
        Ok(upload)
    }

    fn check(&self, state: &PortalState) -> Result<(), Problem> {
        let known = ["PUBLIC_INDEXABLE", "PUBLIC_NOT_INDEXABLE", "PRIVATE"];
        let access = self.options.access.as_str();
        if !known.contains(&access) {
            return Err(Problem::validation(format!("access can't be '{access}'")));
        }
        let (_, ending) = parted(&self.name);
        if state.switches.barred_endings.0.contains(&ending) {
            let words = format!("files of the type '{ending}' are not allowed");
            return Err(match state.switches.barred_file {
                BarredFile::Refused => Problem::validation(words),
                BarredFile::Unsupported => Problem::unsupported(words),
            });
        }
        Ok(())
    }
}

fn too_large(state: &PortalState) -> Problem {
    let words = format!(
        "the file is larger than {} bytes",
        state.switches.file_limit.0
    );
    match state.switches.oversized_file {
        OversizedFile::Refused => Problem::validation(words),
        OversizedFile::TooLarge => Problem::payload_too_large(words),
    }
}

impl PortalState {
    /// Stores a file; returns it with the status of the reply.
    pub(in crate::sandbox) fn upload(
        &self,
        upload: &Upload,
        (arrived, now): (i64, Moment),
        origin: &str,
    ) -> Result<(u16, FileOut), Problem> {
        let transaction = self.store.begin()?;
        let folder = match &upload.place {
            Place::Id(id) => Some(self.folder_of(id)?),
            Place::Path(path) => self.folder_made(path, now)?,
        };
        let (name, ending) = parted(&upload.name);
        let coming = Coming {
            bytes: &upload.bytes,
            md5: hex(&Md5::digest(&upload.bytes)),
            name: kept(name, self.switches.file_names),
            ending,
            options: &upload.options,
            arrived,
            now: now.millis(),
        };
        let (status, file) = self.placed(coming, folder.as_ref())?;
        transaction.commit()?;
        Ok((status, FileOut::of(file, origin, self.portal_id)))
    }

    fn placed(
        &self,
        coming: Coming<'_>,
        folder: Option<&StoredFolder>,
    ) -> Result<(u16, StoredFile), Problem> {
        if let Some(known) = self.duplicate(&coming, folder)? {
            return match coming.options.duplicate_validation_strategy {
                Strategy::Reject => Err(self.rejected(&known)),
                _ => Ok((self.status_of_existing(), known)),
            };
        }
        let within = folder.map_or("", |folder| folder.path.as_str());
        let path = file_path(within, &coming.name, &coming.ending);
        let clash = self.store.files_at(&path)?.into_iter().next();
        let mut name = coming.name.clone();
        let mut final_path = path.clone();
        if let Some(there) = clash {
            match self.switches.file_race {
                FileRace::Conflict if coming.overlaps(&there) => {
                    let words = format!("{path} is being written by another request");
                    return Err(Problem::conflict(words));
                }
                FileRace::Same if coming.overlaps(&there) => return Ok((201, there)),
                _ if coming.options.overwrite => {
                    let _ = self.store.archive_file(there.id, coming.now)?;
                }
                _ => (name, final_path) = self.renamed(&coming, within)?,
            }
        }
        let file = StoredFile {
            id: self.store.next_id(),
            folder: folder.map(|folder| folder.id),
            name,
            ending: coming.ending,
            path: final_path,
            size: u64::try_from(coming.bytes.len()).unwrap_or_default(),
            md5: coming.md5,
            access: coming.options.access.clone(),
            created: coming.now,
            archived: None,
        };
        self.store.put_file(&file, coming.bytes)?;
        Ok((201, file))
    }

    /// The existing file that counts as a duplicate under the options.
    fn duplicate(
        &self,
        coming: &Coming<'_>,
        folder: Option<&StoredFolder>,
    ) -> Result<Option<StoredFile>, Problem> {
        if coming.options.duplicate_validation_strategy == Strategy::None {
            return Ok(None);
        }
        let by = self.switches.file_duplicate;
        let md5 = (by != FileDuplicate::Name).then_some(coming.md5.as_str());
        let same_name =
            |file: &StoredFile| (&file.name, &file.ending) == (&coming.name, &coming.ending);
        let everywhere = coming.options.duplicate_validation_scope == Scope::EntirePortal;
        let archived = self.switches.file_existing_archived == FileExistingArchived::Seen;
        let folder = folder.map(|folder| folder.id);
        let mut known = self.store.files(md5)?.into_iter().filter(|file| {
            (file.archived.is_none() || archived)
                && (everywhere || file.folder == folder)
                && (by == FileDuplicate::Content || same_name(file))
                && !coming.overlaps(file)
        });
        Ok(known.next())
    }

    fn rejected(&self, known: &StoredFile) -> Problem {
        let words = "A duplicate of this file already exists";
        let id = vec![known.id.to_string()];
        match self.switches.file_reject {
            FileReject::Refused => Problem::validation(words),
            FileReject::RefusedNamed => Problem::validation(words).with("id", id),
            FileReject::Conflict => Problem::conflict(words),
            FileReject::ConflictNamed => Problem::conflict(words).with("id", id),
        }
    }

    fn status_of_existing(&self) -> u16 {
        match self.switches.file_existing {
            FileExisting::Created => 201,
            FileExisting::Ok => 200,
        }
    }

    /// A free name instead of one that exists, and the path of the file.
    fn renamed(&self, coming: &Coming<'_>, within: &str) -> Result<(String, String), Problem> {
        let taken = self.names_in(within)?;
        let free = (1..)
            .map(|number| next(&coming.name, number, self.switches.file_rename))
            .find(|name| !taken.contains(&(name.clone(), coming.ending.clone())));
        let name = free.unwrap_or_else(|| coming.name.clone());
        let path = match self.switches.file_rename_path {
            FileRenamePath::Follows => file_path(within, &name, &coming.ending),
            FileRenamePath::Stays => file_path(within, &coming.name, &coming.ending),
        };
        Ok((name, path))
    }

    /// Names and extensions of the live files in a folder.
    fn names_in(&self, folder: &str) -> Result<Vec<(String, String)>, Problem> {
        let within = |file: &StoredFile| {
            file.archived.is_none()
                && file.path.rsplit_once('/').map(|(path, _)| path) == Some(folder)
        };
        let files = self.store.files(None)?.into_iter().filter(within);
        Ok(files.map(|file| (file.name, file.ending)).collect())
    }
}

impl Coming<'_> {
    /// Whether a file arrived while this one was being uploaded.
    fn overlaps(&self, file: &StoredFile) -> bool {
        file.created > self.arrived
    }
}

/// Bytes as hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
