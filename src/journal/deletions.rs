//! Files that an undo deletes, and those that it leaves (protocol PL5): each deletion is intended
//! before the call, so that a file that is gone after a kill is known to be this undo's own work.

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
        let known = "SET state = ?6 WHERE state <> 'deleted'";
        self.put_file(entry, state, record, known)
    }

    /// Records that a file is gone; if that was intended, this undo deleted it.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::build::Durability;
    use crate::journal::schema::{TABLES, VERSION};
    use crate::journal::write::Journal;

    #[test]
    fn only_what_was_intended_counts_as_deleted() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = rusqlite::Connection::open(folder.path().join("run.db")).expect("a database");
        db.execute_batch(TABLES).expect("tables");
        db.pragma_update(None, "user_version", VERSION)
            .expect("a version");
        drop(db);
        let mut journal = Journal::open(folder.path(), 0, Durability::Off).expect("a journal");
        let step = |key: &str| FileStep {
            entry: FileEntry {
                key: key.to_owned(),
                seq: 1,
                path: format!("/t/s/k/{key}"),
                md5: String::new(),
                size: 5,
            },
            state: FileState::Made,
            record: Some("9".to_owned()),
            since_ms: None,
            until_ms: None,
        };
        let commit = journal.begin().expect("a commit");
        commit.settle_deletion("gone").expect("nothing of ours");
        commit.intend_deletion(&step("ours")).expect("intended");
        commit.settle_deletion("ours").expect("settled");
        commit
            .leave_file(&step("ours"), FileState::Used)
            .expect("it is deleted");
        commit
            .leave_file(&step("used"), FileState::Used)
            .expect("left");
        // Its last note is deleted.
        commit
            .leave_file(&step("later"), FileState::Used)
            .expect("left");
        commit.intend_deletion(&step("later")).expect("intended");
        commit.settle_deletion("later").expect("settled");
        commit.commit().expect("durable");
        journal.close().expect("closed");
        let reading = Reading::open(folder.path()).expect("a journal of ours");
        let states = reading.deletions().expect("files").into_iter();
        let states: Vec<(String, FileState)> =
            states.map(|file| (file.entry.key, file.state)).collect();
        let is = |key: &str, state| (key.to_owned(), state);
        assert_eq!(
            states,
            [
                is("later", FileState::Deleted),
                is("ours", FileState::Deleted),
                is("used", FileState::Used)
            ]
        );
    }
}
