//! Folders (C2 §2.3): created directly or by an upload, found by id or path, deleted with
//! everything in them.

use serde::Deserialize;

use super::names::{folder_path, kept};
use super::shapes::FolderOut;
use crate::sandbox::api::problem::Problem;
use crate::sandbox::clock::Moment;
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::store::StoredFolder;

/// The body of a create.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::sandbox) struct NewFolder {
    name: String,
    parent_folder_id: Option<String>,
    parent_path: Option<String>,
}

impl PortalState {
    /// Creates a folder.
    pub(in crate::sandbox) fn new_folder(
        &self,
        asked: &NewFolder,
        now: Moment,
    ) -> Result<FolderOut, Problem> {
        let transaction = self.store.begin()?;
        let parent = match (&asked.parent_folder_id, &asked.parent_path) {
            (Some(id), None) => Some(self.folder_of(id)?),
            (None, Some(path)) => self.folder_made(path, now)?,
            (None, None) => None,
            (Some(_), Some(_)) => {
                let words = "Only one of parentFolderId or parentPath can be given";
                return Err(Problem::validation(words));
            }
        };
        let within = parent.map_or(String::new(), |parent| parent.path);
        let name = kept(&asked.name, self.switches.file_names);
        let path = format!("{within}/{name}");
        if self.store.folder_at(&path)?.is_some() {
            return Err(Problem::conflict(format!("the folder {path} exists")));
        }
        let made = self.folder_made(&path, now)?;
        transaction.commit()?;
        made.map(FolderOut::of)
            .ok_or_else(|| Problem::validation("a folder needs a name"))
    }

    /// A folder by id or path.
    pub(in crate::sandbox) fn one_folder(&self, named: &str) -> Result<FolderOut, Problem> {
        self.folder_of(named).map(FolderOut::of)
    }

    /// Deletes a folder with everything in it.
    pub(in crate::sandbox) fn delete_folder(
        &self,
        named: &str,
        now: Moment,
    ) -> Result<(), Problem> {
        let folder = self.folder_of(named)?;
        Ok(self.store.archive_folder(&folder, now.millis())?)
    }

    pub(super) fn folder_of(&self, named: &str) -> Result<StoredFolder, Problem> {
        let found = match named.parse() {
            Ok(id) => self.store.folder(id)?,
            Err(_) => self.store.folder_at(named)?,
        };
        found.ok_or_else(|| Problem::no_such(format!("there is no folder {named}")))
    }

    /// The folder at a path, created with its parents if missing; none for the top level.
    pub(super) fn folder_made(
        &self,
        path: &str,
        now: Moment,
    ) -> Result<Option<StoredFolder>, Problem> {
        let path = folder_path(path, self.switches.file_names);
        let mut last: Option<StoredFolder> = None;
        let ends = path.match_indices('/').map(|(at, _)| at).skip(1);
        for end in ends.chain([path.len()]).filter(|end| *end > 0) {
            let path = &path[..end];
            let folder = match self.store.folder_at(path)? {
                Some(folder) => folder,
                None => {
                    let folder = StoredFolder {
                        id: self.store.next_id(),
                        parent: last.map(|parent| parent.id),
                        path: path.to_owned(),
                        created: now.millis(),
                    };
                    self.store.put_folder(&folder)?;
                    folder
                }
            };
            last = Some(folder);
        }
        Ok(last)
    }
}
