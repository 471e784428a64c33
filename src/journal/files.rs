//! Files that are uploaded for notes (protocol H5): steps with the same life cycle as a ticket's. A
//! file is intended before it is sent, with its place and the hash of its bytes, and settled with
//! its id. Older journals get the table when they are opened for writing.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::commit::Commit;
use super::error::{JournalError, at};
use super::file_steps::{FileCounts, FileEntry, FileState, FileStep, SettledFile};
use super::file_table::has_files;
use super::read::Reading;
use super::write::Journal;

/// The columns of a step.
pub(super) const STEP: &str = "SELECT file.key, file.seq, file.path, file.md5, file.size,
    file.state, file.record, file.since_ms, file.until_ms";

pub(super) fn step(row: &Row<'_>) -> rusqlite::Result<FileStep> {
    let word: String = row.get(5)?;
    let state = FileState::ALL.into_iter().find(|one| one.word() == word);
    Ok(FileStep {
        entry: FileEntry {
            key: row.get(0)?,
            seq: row.get(1)?,
            path: row.get(2)?,
            md5: row.get(3)?,
            size: row.get(4)?,
        },
        state: state.unwrap_or(FileState::Open),
        record: row.get(6)?,
        since_ms: row.get(7)?,
        until_ms: row.get(8)?,
    })
}

fn counts(db: &Connection) -> rusqlite::Result<FileCounts> {
    if !has_files(db)? {
        return Ok(FileCounts::default());
    }
    let sql = "SELECT count(*) FILTER (WHERE state = 'made'),
                      coalesce(sum(size) FILTER (WHERE state = 'made'), 0),
                      count(*) FILTER (WHERE state = 'there' AND record NOT IN (
                          SELECT record FROM file WHERE state = 'made')) FROM file";
    db.query_row(sql, [], |row| {
        Ok(FileCounts {
            made: row.get(0)?,
            bytes: row.get(1)?,
            there: row.get(2)?,
        })
    })
}

impl Journal {
    /// Counts of existing files.
    pub fn file_counts(&self) -> Result<FileCounts, JournalError> {
        counts(&self.db).map_err(at(&self.path))
    }
}

impl Commit<'_> {
    /// What is known about a file.
    pub fn file(&self, key: &str) -> Result<Option<FileStep>, JournalError> {
        let sql = format!("{STEP} FROM file WHERE key = ?1");
        let found = self.transaction.prepare_cached(&sql);
        let found = found.and_then(|mut query| query.query_row([key], step).optional());
        found.map_err(at(self.path))
    }

    /// Whether a file on this machine that was found by its name alone belongs to a key: the first
    /// key that takes it keeps it.
    pub fn take_name(&self, path: &str, key: &str) -> Result<bool, JournalError> {
        self.run(
            "INSERT OR IGNORE INTO file_name (path, key) VALUES (?1, ?2)",
            [path, key],
        )?;
        let holder = self
            .transaction
            .prepare_cached("SELECT key FROM file_name WHERE path = ?1");
        let holder =
            holder.and_then(|mut query| query.query_row([path], |row| row.get::<_, String>(0)));
        Ok(holder.map_err(at(self.path))? == key)
    }

    /// Writes the intent to upload a file, or to upload it again.
    pub fn intend_file(&self, entry: &FileEntry, now_ms: Option<i64>) -> Result<(), JournalError> {
        self.run(
            "INSERT INTO file (key, seq, path, md5, size, state, since_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, 'open', ?6)
             ON CONFLICT (key) DO UPDATE
             SET seq = ?2, path = ?3, md5 = ?4, size = ?5, until_ms = NULL WHERE state = 'open'",
            params![
                entry.key, entry.seq, entry.path, entry.md5, entry.size, now_ms
            ],
        )
    }

    /// Records that an upload was lost, and can be carried out until this time.
    pub fn lose_file(&self, key: &str, until_ms: i64) -> Result<(), JournalError> {
        self.run(
            "UPDATE file SET until_ms = max(coalesce(until_ms, 0), ?2) WHERE key = ?1",
            params![key, until_ms],
        )
    }

    /// Withdraws the intent of a file: no call can have created it.
    pub fn release_file(&self, key: &str) -> Result<(), JournalError> {
        self.run("DELETE FROM file WHERE key = ?1 AND state = 'open'", [key])
    }

    /// Records that a file exists; returns its state, unless it is already counted because this run
    /// made it for another key.
    pub fn settle_file(&self, file: &SettledFile) -> Result<Option<FileState>, JournalError> {
        let entry = &file.entry;
        let sql = "SELECT count(*) FROM file WHERE record = ?1 AND key <> ?2 AND state = 'made'";
        let others = self.transaction.prepare_cached(sql);
        let others = others.and_then(|mut query| {
            query.query_row([&file.record, &entry.key], |row| row.get::<_, u64>(0))
        });
        let counted = (others.map_err(at(self.path))? == 0).then_some(file.state);
        let state = counted.unwrap_or(FileState::There);
        let known = "SET path = ?3, md5 = ?4, size = ?5, state = ?6, record = ?7, until_ms = NULL";
        self.put_file(entry, state, Some(&file.record), known)?;
        Ok(counted)
    }

    /// Inserts a file, or applies `known` if its key exists.
    pub(super) fn put_file(
        &self,
        entry: &FileEntry,
        state: FileState,
        record: Option<&str>,
        known: &str,
    ) -> Result<(), JournalError> {
        let sql = format!(
            "INSERT INTO file (key, seq, path, md5, size, state, record)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (key) DO UPDATE {known}"
        );
        let FileEntry {
            key,
            seq,
            path,
            md5,
            size,
            ..
        } = entry;
        self.run(
            &sql,
            params![key, seq, path, md5, size, state.word(), record],
        )
    }

    /// The latest time at which a lost upload can have been carried out, in milliseconds of the
    /// portal's clock; none if none is open.
    pub fn files_until(&self) -> Result<Option<i64>, JournalError> {
        let sql = "SELECT max(until_ms) FROM file WHERE state = 'open'";
        let until = self.transaction.query_row(sql, [], |row| row.get(0));
        until.map_err(at(self.path))
    }
}

impl Reading {
    /// What the run knows about a file.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn file(&self, key: &str) -> Result<Option<FileStep>, JournalError> {
        let read = || {
            if !has_files(&self.db)? {
                return Ok(None);
            }
            let mut query = self
                .db
                .prepare_cached(&format!("{STEP} FROM file WHERE key = ?1"))?;
            query.query_row([key], step).optional()
        };
        read().map_err(at(&self.path))
    }

    /// Counts of existing files.
    pub fn file_counts(&self) -> Result<FileCounts, JournalError> {
        counts(&self.db).map_err(at(&self.path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::build::Durability;
    use crate::journal::schema::{TABLES, VERSION};

    fn entry(seq: u64) -> FileEntry {
        FileEntry {
            key: "a".to_owned(),
            seq,
            path: "/t/s/k/a.txt".to_owned(),
            md5: "5d41402abc4b2a76b9719d911017c592".to_owned(),
            size: 5,
        }
    }

    #[test]
    fn a_file_is_intended_lost_and_settled_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let db = Connection::open(folder.path().join("run.db")).expect("a database");
        db.execute_batch(TABLES).expect("tables without files");
        db.pragma_update(None, "user_version", VERSION)
            .expect("a version");
        drop(db);
        let mut journal = Journal::open(folder.path(), 0, Durability::Off).expect("a journal");
        let commit = journal.begin().expect("a commit");
        commit.intend_file(&entry(1), Some(100)).expect("a step");
        commit.lose_file("a", 900).expect("lost");
        commit.lose_file("a", 500).expect("lost");
        assert_eq!(commit.files_until().expect("a time"), Some(900));
        commit.intend_file(&entry(1), Some(700)).expect("again");
        let step = commit.file("a").expect("read").expect("a file");
        assert_eq!(
            (step.state, step.since_ms, step.until_ms),
            (FileState::Open, Some(100), None),
            "the first intent counts"
        );
        let settled = SettledFile {
            entry: entry(1),
            record: "9".to_owned(),
            state: FileState::Made,
        };
        let state = commit.settle_file(&settled).expect("settled");
        assert_eq!(state, Some(FileState::Made));
        let mut same = settled.clone();
        same.entry.key = "b".to_owned();
        let state = commit.settle_file(&same).expect("settled");
        assert_eq!(state, None, "it was made for the other");
        commit.release_file("a").expect("it stays");
        commit.intend_file(&entry(2), Some(800)).expect("no step");
        let step = commit.file("a").expect("read").expect("a file");
        assert_eq!((step.state, step.entry.seq), (FileState::Made, 1));
        commit.commit().expect("durable");
        journal.close().expect("closed");
        let reading = Reading::open(folder.path()).expect("a journal of ours");
        let one = FileCounts {
            made: 1,
            bytes: 5,
            there: 0,
        };
        assert_eq!(reading.file_counts().expect("counts"), one);
    }
}
