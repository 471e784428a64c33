//! Reading plan.db: to show it, to check a run against it, and to record which run applied
//! it. A plan may have come from anywhere, so nothing is queried before its tables are
//! known to be ours.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{OpenFlags, OptionalExtension, params};

use super::format::{COLUMNS, FILE_TABLE, NAME, PlannedRow, TABLES, VERSION, stored};
use crate::journal::error::{JournalError, at};
use crate::journal::format::{Header, PlanRef};
use crate::journal::read::{Reading, stamp};
use crate::journal::validate::{PATIENCE, connect, is_regular, look_at, strange_but};
use crate::model::key::FoldedKey;
use crate::model::plan::PlannedAction;

/// The run that applied a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// Id of the run.
    pub run: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Whether it is certain that the run began; otherwise it did if its folder has a journal.
    pub began: bool,
}

/// A plan.db opened for reading.
#[derive(Debug)]
pub struct PlanReading {
    pub(super) reading: Reading,
}

impl PlanReading {
    /// Opens the plan in a folder for reading.
    ///
    /// # Errors
    /// When there is none, when it can't be read, or when a newer version of the tool wrote
    /// it.
    pub fn open(folder: &Path) -> Result<PlanReading, JournalError> {
        let path = folder.join(NAME);
        if fs::symlink_metadata(&path).is_err() {
            return Err(JournalError::NoPlan(folder.to_owned()));
        }
        let strange = |what: String| JournalError::Strange {
            path: path.clone(),
            what,
        };
        if !is_regular(&path) {
            return Err(strange("it is a link or no regular file".to_owned()));
        }
        let (db, version) = look_at(&path).map_err(at(&path))?;
        if version > VERSION {
            return Err(JournalError::Newer { path, version });
        }
        match strange_but(&db, &[TABLES], &[FILE_TABLE]).map_err(at(&path))? {
            Some(what) => Err(strange(what)),
            None => Ok(PlanReading {
                reading: Reading::over(db, path),
            }),
        }
    }

    /// Opens a plan that is read for as long as a run takes.
    ///
    /// # Errors
    /// As for `open`; and when it is not the plan with this id.
    pub fn open_for_run(plan: &PlanRef) -> Result<PlanReading, JournalError> {
        let mut opened = PlanReading::open(&plan.folder)?;
        let id = opened.reading.later_meta("run");
        if id.map_err(at(opened.reading.path()))?.as_deref() != Some(&*plan.id) {
            return Err(JournalError::OtherPlan(plan.folder.clone()));
        }
        let unbound = opened.reading.unbound();
        unbound.map_err(at(opened.reading.path()))?;
        Ok(opened)
    }

    /// Whether a folder holds a plan.
    pub fn is_there(folder: &Path) -> bool {
        fs::symlink_metadata(folder.join(NAME)).is_ok_and(|found| found.is_file())
    }

    /// What it is about; `run` is the plan's own id.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn header(&self) -> Result<Header, JournalError> {
        self.reading.header()
    }

    /// Properties that the portal did not have and that count as existing.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn lacks(&self) -> Result<Vec<String>, JournalError> {
        let text = self.reading.meta("lacks")?;
        serde_json::from_str(&text).map_err(|_| self.reading.broken("lacks"))
    }

    /// When it was created, by this machine's clock.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn begun(&self) -> Result<Timestamp, JournalError> {
        let sql = "SELECT value FROM mark WHERE name = 'started_ms'";
        let started = self.reading.db().query_row(sql, [], |row| row.get(0));
        let started = started.optional().map_err(at(self.reading.path()))?;
        Ok(stamp(started.unwrap_or(0)))
    }

    /// The run that applied it, if any.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn applied(&self) -> Result<Option<Applied>, JournalError> {
        let meta = |name: &str| {
            let value = self.reading.later_meta(name);
            value.map_err(at(self.reading.path()))
        };
        let (run, folder) = (meta("applied")?, meta("applied_in")?);
        let began = meta("applied_began")?.is_some_and(|word| word == "true");
        Ok(run.zip(folder).map(|(run, folder)| Applied {
            run,
            folder: folder.into(),
            began,
        }))
    }

    /// Rows by what is done for them.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn actions(&self) -> Result<BTreeMap<PlannedAction, u64>, JournalError> {
        self.counted("count(*)")
    }

    fn counted(&self, what: &str) -> Result<BTreeMap<PlannedAction, u64>, JournalError> {
        let read = || {
            let sql = format!("SELECT action, {what} FROM row GROUP BY action");
            let mut query = self.reading.db().prepare(&sql)?;
            let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let counted = read().map_err(at(self.reading.path()))?.into_iter();
        counted
            .map(|(word, rows)| {
                let action = PlannedAction::named(&word);
                Ok((action.ok_or_else(|| self.reading.broken("action"))?, rows))
            })
            .collect()
    }

    /// Tickets by what is done for them; one named by several rows counts once.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn tickets(&self) -> Result<BTreeMap<PlannedAction, u64>, JournalError> {
        self.counted("count(DISTINCT coalesce(ticket, folded, seq))")
    }

    /// Rows that can't be carried out, or only in part.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn refused(&self) -> Result<u64, JournalError> {
        let sql = "SELECT count(*) FROM row WHERE issue IS NOT NULL";
        let count = self.reading.db().query_row(sql, [], |row| row.get(0));
        count.map_err(at(self.reading.path()))
    }

    /// A row by its number.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn row(&self, seq: u64) -> Result<Option<PlannedRow>, JournalError> {
        let rows = self.rows("WHERE seq = ?1 LIMIT ?2", params![seq, 1])?;
        Ok(rows.into_iter().next())
    }

    /// The first rows for which something is done.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn first(
        &self,
        action: PlannedAction,
        most: usize,
    ) -> Result<Vec<PlannedRow>, JournalError> {
        self.rows(
            "WHERE action = ?1 ORDER BY seq LIMIT ?2",
            params![action.word(), most as u64],
        )
    }

    /// The rows with a key, ignoring case.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn of_key(&self, key: &str) -> Result<Vec<PlannedRow>, JournalError> {
        self.rows(
            "WHERE folded = ?1 ORDER BY seq LIMIT ?2",
            params![FoldedKey::of(key), 1_000],
        )
    }

    fn rows(
        &self,
        which: &str,
        asked: impl rusqlite::Params,
    ) -> Result<Vec<PlannedRow>, JournalError> {
        let read = || {
            let sql = format!("SELECT {COLUMNS} FROM row {which}");
            let mut query = self.reading.db().prepare_cached(&sql)?;
            let rows = query.query_map(asked, stored)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let rows = read().map_err(at(self.reading.path()))?;
        rows.into_iter()
            .map(|row| row.understood(&self.reading))
            .collect()
    }

    /// Records which run applies the plan in a folder.
    ///
    /// # Errors
    /// When the plan can't be written.
    pub fn mark_applied(folder: &Path, by: &Applied) -> Result<(), JournalError> {
        let path = folder.join(NAME);
        let write = || -> rusqlite::Result<()> {
            let mut db = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            db.busy_timeout(PATIENCE)?;
            let transaction = db.transaction()?;
            let run_folder = by.folder.display().to_string();
            for (name, value) in [
                ("applied", &by.run),
                ("applied_in", &run_folder),
                ("applied_began", &by.began.to_string()),
            ] {
                let _one = transaction.execute(
                    "INSERT OR REPLACE INTO meta VALUES (?1, ?2)",
                    params![name, value],
                )?;
            }
            transaction.commit()
        };
        write().map_err(at(&path))
    }
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn a_plan_that_was_being_marked_when_the_process_died_is_read() {
        let (folder, dead) = (tempfile::tempdir(), tempfile::tempdir());
        let (folder, dead) = (folder.expect("a folder"), dead.expect("a folder"));
        let db = Connection::open(folder.path().join(NAME)).expect("a database");
        db.execute_batch(TABLES).expect("tables");
        db.pragma_update(None, "user_version", VERSION)
            .expect("a version");
        // More than SQLite keeps in memory, so it has begun to write pages.
        db.execute_batch(
            "PRAGMA cache_size = 2; BEGIN IMMEDIATE;
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
             INSERT INTO mark (name, value) SELECT 'mark ' || i, i FROM n;",
        )
        .expect("a write that is not finished");
        for name in [NAME.to_owned(), format!("{NAME}-journal")] {
            let copied = fs::copy(folder.path().join(&name), dead.path().join(&name));
            let _bytes = copied.expect("as a death leaves it");
        }
        let reading = PlanReading::open(dead.path());
        assert!(reading.is_ok(), "{reading:?}");
    }
}
