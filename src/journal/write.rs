//! Writing run.db: the header once, then commits that hold intents and outcomes.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::added_tables;
use super::build::{Durability, build, build_empty, close, json, open};
use super::commit::Commit;
use super::entry::{Intent, KeyClaim, Keys, RowEntry};
use super::error::{JournalError, at};
use super::file_table::ensure_files;
use super::format::{Header, refusal_text};
use super::run_options::RunOptions;
use super::schema::{Tables, migrate};
use super::validate::PATIENCE;
use super::{v2_rows, v3_rows};
use crate::model::key::Key;
use crate::model::outcome::RowEnd;
use crate::output::rename_durably;

/// An open run.db. One writer; the lock next to it keeps others out.
#[derive(Debug)]
pub struct Journal {
    pub(super) db: Connection,
    pub(super) path: PathBuf,
    pub(super) tables: Tables,
    settled: u64,
}

/// An unguessable id for a new run: a folder with this id belongs to the run.
///
/// # Errors
/// When the system can't provide random bytes.
pub fn run_id() -> std::io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(std::io::Error::other)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

impl Journal {
    /// Builds `run.db` in `folder` under a temporary name and renames it when its
    /// header is complete (D1).
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn create(
        folder: &Path,
        header: &Header,
        limit: Option<u64>,
        durability: Durability,
    ) -> Result<Journal, JournalError> {
        let path = folder.join("run.db");
        let building = folder.join("run.db.new");
        build(&building, header).map_err(at(&building))?;
        rename_durably(&building, &path).map_err(|source| JournalError::Io {
            path: path.clone(),
            source,
        })?;
        let journal = Journal::open(folder, 0, durability)?;
        journal.set_limit(limit)?;
        Ok(journal)
    }

    /// Tries whether a journal can be kept in `folder`: one without a header is built
    /// and removed again. Called before anything is written to a portal.
    ///
    /// # Errors
    /// When that is impossible.
    pub fn try_in(folder: &Path) -> Result<(), JournalError> {
        let path = folder.join("run.db.try");
        let built = build_empty(&path).map_err(at(&path));
        let gone = fs::remove_file(&path);
        built?;
        gone.map_err(|source| JournalError::Io { path, source })
    }

    /// Opens `run.db` in `folder` for writing; `settled` rows are settled already.
    pub fn open(
        folder: &Path,
        settled: u64,
        durability: Durability,
    ) -> Result<Journal, JournalError> {
        let path = folder.join("run.db");
        let opened = open(&path, durability);
        let opened = opened.and_then(|db| migrate(&db).map(|version| (db, version)));
        let (db, version) = opened.map_err(at(&path))?;
        added_tables::ensure_links(&db).map_err(at(&path))?;
        let tables = Tables::of(version);
        added_tables::ensure_notes(&db, tables).map_err(at(&path))?;
        ensure_files(&db, tables).map_err(at(&path))?;
        Ok(Journal {
            db,
            path,
            tables,
            settled,
        })
    }

    /// Records after how many rows the run pauses.
    pub fn set_limit(&self, limit: Option<u64>) -> Result<(), JournalError> {
        let sql = "INSERT INTO mark (name, value) VALUES ('limit', ?1)
                   ON CONFLICT (name) DO UPDATE SET value = ?1";
        let _one = self
            .db
            .execute(sql, [limit.unwrap_or(0)])
            .map_err(at(&self.path))?;
        Ok(())
    }

    /// Records the options of the run from now on (R3).
    pub fn set_options(&self, run_options: &RunOptions) -> Result<(), JournalError> {
        let sql = "INSERT INTO meta (name, value) VALUES ('told', ?1)
                   ON CONFLICT (name) DO UPDATE SET value = ?1";
        let kept =
            json(serde_json::to_string(run_options)).and_then(|text| self.db.execute(sql, [text]));
        kept.map(drop).map_err(at(&self.path))
    }

    /// True while the database is still under its name: a deleted folder silently
    /// accepts writes.
    pub fn is_there(&self) -> bool {
        self.path.exists()
    }

    /// Starts a commit: everything until its `commit` is durable together (D2).
    pub fn begin(&mut self) -> Result<Commit<'_>, JournalError> {
        let transaction = self.db.transaction().map_err(at(&self.path))?;
        Ok(Commit {
            transaction,
            path: &self.path,
            tables: self.tables,
            statements: self.tables.statements(),
            settled: &mut self.settled,
        })
    }

    /// Closes the journal as a single file, so that the folder can be copied (D4), unless
    /// another process keeps it open.
    pub fn close(self) -> Result<(), JournalError> {
        close(self.db, PATIENCE).map_err(at(&self.path))
    }
}

impl Commit<'_> {
    /// Writes the intent to send a row, unless an earlier row of this run holds the key
    /// (K4), or one that differs only by case (K2), and rows must not share it. A row
    /// that has an intent keeps it, and its before-images with it (PL6).
    pub fn intend(
        &self,
        intent: &Intent<'_>,
        at: Option<Timestamp>,
    ) -> Result<KeyClaim, JournalError> {
        let claim = self.claim(intent)?;
        if let KeyClaim::Free(key) = &claim {
            match self.tables {
                Tables::Second => v2_rows::intend(self, intent, key, at)?,
                Tables::Third => v3_rows::intend(self, intent, key, at)?,
            }
        }
        Ok(claim)
    }

    /// Whether the key of a row is free, and which one a counted row gets; nothing is
    /// written.
    pub fn claim(&self, intent: &Intent<'_>) -> Result<KeyClaim, JournalError> {
        let mut key = intent.key.clone();
        let mut number = 1;
        loop {
            match self.holder(intent, &key)? {
                None => return Ok(KeyClaim::Free(key)),
                Some(taken) if !intent.counted => return Ok(taken),
                Some(_) => {
                    number += 1;
                    key = Key::from(format!("{}-{number}", intent.key));
                }
            }
        }
    }

    /// The earlier row that keeps this one from a key: a row that was intended and was
    /// not refused. A numbered row needs its own key.
    fn holder(&self, intent: &Intent<'_>, key: &Key) -> Result<Option<KeyClaim>, JournalError> {
        let (spelling, body) = match intent.keys {
            _ if intent.counted => (None, None),
            Keys::Once => (None, None),
            Keys::OneSpelling => (Some(key), None),
            Keys::SameBody => (None, Some(intent.body)),
            Keys::Shared => return Ok(None),
        };
        let taken = |row: &rusqlite::Row<'_>| {
            Ok(KeyClaim::Taken {
                key: row.get(0)?,
                file: row.get(1)?,
                line: row.get(2)?,
            })
        };
        let asked = params![key.folded(), intent.row.seq, intent.kind, spelling, body];
        self.transaction
            .prepare_cached(self.statements.holder)
            .and_then(|mut query| query.query_row(asked, taken).optional())
            .map_err(at(self.path))
    }

    /// Writes the outcome of a row; its steps, if it has any, end with it.
    pub fn settle(
        &mut self,
        row: RowEntry,
        key: Option<&str>,
        end: &RowEnd,
    ) -> Result<(), JournalError> {
        *self.settled += 1;
        let issue = match end {
            RowEnd::Refused(refusal) => Some(json(refusal_text(refusal)).map_err(at(self.path))?),
            RowEnd::Done { .. }
            | RowEnd::Exists { .. }
            | RowEnd::Unchanged { .. }
            | RowEnd::Skipped => None,
        };
        let issue = issue.as_deref();
        match self.tables {
            Tables::Second => v2_rows::settle(self, row, key, end, issue),
            Tables::Third => v3_rows::settle(self, row, key, end, issue),
        }
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;
    use crate::journal::read::Reading;
    use crate::journal::schema::{TABLES, VERSION};
    use crate::journal::v3_tables;
    use crate::model::outcome::Change;
    use crate::model::place::RowAddress;

    /// A journal with its tables and nothing in them.
    fn empty(folder: &Path) -> Journal {
        let db = Connection::open(folder.join("run.db")).expect("a database");
        db.execute_batch(TABLES).expect("tables");
        db.pragma_update(None, "user_version", VERSION)
            .expect("a version");
        drop(db);
        Journal::open(folder, 0, Durability::Off).expect("a journal")
    }

    fn intent(seq: u64, key: &Key) -> Intent<'_> {
        Intent {
            row: RowEntry {
                seq,
                address: RowAddress {
                    file: 0,
                    record: seq,
                    line: seq + 1,
                    byte: 0,
                },
            },
            kind: "archive",
            keys: Keys::Once,
            key,
            record: Some("7"),
            body: [0; 16],
            changes: None,
            counted: false,
        }
    }

    #[test]
    fn a_journal_that_was_being_written_when_its_process_died_is_read() {
        let (folder, dead) = (tempfile::tempdir(), tempfile::tempdir());
        let (folder, dead) = (folder.expect("a folder"), dead.expect("a folder"));
        drop(empty(folder.path()));
        let path = folder.path().join("run.db");
        let db = Connection::open(&path).expect("the journal");
        let _mode: String = db
            .query_row("PRAGMA journal_mode = DELETE", [], |row| row.get(0))
            .expect("as at the end of a run");
        // More than SQLite keeps in memory, so it has begun to write pages.
        db.execute_batch(
            "PRAGMA cache_size = 2; BEGIN IMMEDIATE;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
             INSERT INTO mark (name, value) SELECT 'mark ' || i, i FROM n;",
        )
        .expect("a write that is not finished");
        for name in ["run.db", "run.db-journal"] {
            let copied = fs::copy(folder.path().join(name), dead.path().join(name));
            let _bytes = copied.expect("as a death leaves it");
        }
        let reading = Reading::open(dead.path());
        assert!(reading.is_ok(), "{reading:?}");
    }

    #[test]
    fn a_journal_that_another_process_has_open_is_closed_and_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut journal = empty(folder.path());
        let reading = Reading::open(folder.path()).expect("a journal of ours");
        let commit = journal.begin().expect("a commit");
        commit.mark("offset", 7).expect("a mark");
        commit.commit().expect("committed");
        close(journal.db, std::time::Duration::ZERO).expect("closed though it is being read");
        let offset = |reading: &Reading| {
            let sql = "SELECT value FROM mark WHERE name = 'offset'";
            reading.db.query_row(sql, [], |row| row.get::<_, u64>(0))
        };
        assert_eq!(offset(&reading), Ok(7));
        drop(reading);
        let again = Journal::open(folder.path(), 0, Durability::Off).expect("opened again");
        close(again.db, std::time::Duration::ZERO).expect("closed");
        let names = fs::read_dir(folder.path()).expect("a folder");
        let names: Vec<_> = names
            .map(|file| file.expect("a file").file_name())
            .collect();
        assert_eq!(names, ["run.db"]);
        let reading = Reading::open(folder.path()).expect("a journal of ours");
        assert_eq!(offset(&reading), Ok(7));
    }

    #[test]
    fn the_look_up_of_a_key_is_prepared_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut journal = empty(folder.path());
        let commit = journal.begin().expect("a commit");
        for seq in 1..=50 {
            let claim = commit.intend(&intent(seq, &format!("K{seq}").into()), None);
            assert!(matches!(claim, Ok(KeyClaim::Free(_))), "{claim:?}");
        }
        let query = commit
            .transaction
            .prepare_cached(v3_tables::HOLDER)
            .expect("cached");
        assert!(
            query.get_status(StatementStatus::Run) >= 50,
            "it is the same"
        );
        assert_eq!(query.get_status(StatementStatus::RePrepare), 0);
    }

    #[test]
    fn the_row_before_with_the_same_key_is_one_whose_record_is_as_it_says() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut journal = empty(folder.path());
        let mut commit = journal.begin().expect("a commit");
        for (seq, key) in [(1, "a"), (2, "A"), (3, "a"), (4, "b")] {
            let key = Key::from(key);
            let shared = Intent {
                keys: Keys::Shared,
                ..intent(seq, &key)
            };
            let _free = commit.intend(&shared, None).expect("an intent");
        }
        let key = Key::from("A");
        let before = |commit: &Commit<'_>, seq| commit.earlier("archive", &key, seq).expect("read");
        assert_eq!(before(&commit, 3), None, "nothing has ended");
        let end = RowEnd::Done {
            ticket: "7".to_owned(),
            change: Change::Archived,
        };
        commit
            .settle(intent(1, &key).row, Some("a"), &end)
            .expect("settled");
        let found = before(&commit, 3).expect("the first row");
        assert_eq!((&*found.key, &*found.record), ("a", "7"));
        assert_eq!(before(&commit, 1), None, "only rows before it");
    }
}
