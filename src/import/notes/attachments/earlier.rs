//! Files that earlier runs put into the portal (protocol H9): a retry, or a later import of the same source,
//! refers to those that still exist, whichever ticket's folder they are in.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::error::Error;
use crate::journal::{FileEntry, FileState, FileStep, Reading};
use crate::model::attachment::system_folder;

/// How many journals are kept open. Older runs are not consulted: what they uploaded is sent again.
const MOST: usize = 64;

/// Journals of earlier runs that know files.
#[derive(Debug, Default)]
pub struct EarlierFiles(Mutex<Vec<Reading>>);

impl EarlierFiles {
    /// The runs in these folders, the newest first.
    pub fn open<'f>(folders: impl IntoIterator<Item = &'f Path>) -> EarlierFiles {
        // A run that can't be read is reported when that run itself is requested.
        let opened = folders.into_iter().filter_map(|folder| {
            let journal = Reading::open(folder).ok()?;
            let files = journal.file_counts().ok()?;
            (files.made + files.there > 0).then_some(journal)
        });
        EarlierFiles(Mutex::new(opened.take(MOST).collect()))
    }

    /// The files of these runs that are the same: from the same source, with the same bytes.
    pub(super) fn like(&self, entry: &FileEntry, system: &str) -> Result<Vec<FileStep>, Error> {
        let journals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let within = system_folder(system);
        let mut found: Vec<FileStep> = Vec::new();
        for journal in journals.iter() {
            let Some(step) = journal.file(&entry.key)? else {
                continue;
            };
            let is_there = matches!(step.state, FileState::Made | FileState::There);
            let is_new = !found.iter().any(|one| one.record == step.record);
            let other = &step.entry;
            let is_same = (&other.md5, other.size) == (&entry.md5, entry.size);
            if is_there && is_new && is_same && other.path.starts_with(&within) {
                found.push(step);
            }
        }
        Ok(found)
    }
}
