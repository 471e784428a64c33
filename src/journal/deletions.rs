//! Files that an undo deletes, and those that it leaves (protocol PL5): each is intended before the call,
//! so that one which is gone after a kill is known as this undo's own work.

use rusqlite::params;

use super::commit::Commit;
use super::error::{JournalError, at};
use super::file_steps::{FileEntry, FileState, FileStep};
use super::file_table::has_files;
use super::files::{STEP, step};
use super::read::Reading;

impl Commit<'_> {
    /// Writes the intent to delete a file.
    pub fn intend_deletion(&self, file: &FileStep) -> Result<(), JournalError> {
        self.keep_deletion(&file.entry, file.record.as_deref(), FileState::Open)
    }

    /// Writes why a file is left as it is.
    pub fn leave_file(&self, file: &FileStep, why: FileState) -> Result<(), JournalError> {
        self.keep_deletion(&file.entry, file.record.as_deref(), why)
    }

    fn keep_deletion(
        &self,
        entry: &FileEntry,
        record: Option<&str>,
        state: FileState,
    ) -> Result<(), JournalError> {
        self.run(
            "INSERT INTO file (key, seq, path, md5, size, state, record)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (key) DO UPDATE SET state = ?6 WHERE state <> 'deleted'",
            params![
                entry.key,
                entry.seq,
                entry.path,
                entry.md5,
                entry.size,
                state.word(),
                record
            ],
        )
    }

    /// A file is gone; where that was intended, it is this undo's work.
    pub fn settle_deletion(&self, key: &str) -> Result<(), JournalError> {
        self.run(
            "UPDATE file SET state = 'deleted' WHERE key = ?1 AND state = 'open'",
            [key],
        )
    }
}

impl Reading {
    /// What an undo did with files, in the order of their rows.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn deletions(&self) -> Result<Vec<FileStep>, JournalError> {
        let read = || {
            if !has_files(self.db())? {
                return Ok(Vec::new());
            }
            let sql = format!("{STEP} FROM file ORDER BY seq, key");
            let mut query = self.db().prepare(&sql)?;
            let files = query.query_map([], step)?;
            files.collect::<rusqlite::Result<Vec<_>>>()
        };
        read().map_err(at(self.path()))
    }
}
