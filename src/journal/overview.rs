//! The state of a run, for lists of runs: the small parts of the header, and counts made by SQLite.
//! No rows are fetched from the database, however many there are.

use std::path::Path;

use jiff::Timestamp;

use super::error::{JournalError, at};
use super::format::UndoneRun;
use super::read::{Reading, stamp};
use super::run_state::RunState;
use crate::model::count::counted;
use crate::model::outcome::Tally;
use crate::model::visible::one_line;

/// A run in a few numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// Id of the run; empty in journals of earlier versions.
    pub run: String,
    /// Id of the run whose refused rows it retries.
    pub parent: Option<String>,
    /// The run that it undoes.
    pub undoes: Option<UndoneRun>,
    /// Its operation.
    pub operation: String,
    /// Its input files.
    pub files: Vec<String>,
    /// HubSpot portal id.
    pub portal_id: u64,
    /// Its state.
    pub state: RunState,
    /// All rows that were read, by fate.
    pub tally: Tally,
    /// Rows whose ticket is written and whose links wait.
    pub waiting: u64,
    /// How far the input had been read, in bytes.
    pub offset: u64,
    /// How long the input is, in bytes.
    pub size: u64,
    /// When the run began and when it last wrote, by this machine's clock.
    pub times: (Timestamp, Timestamp),
}

impl Overview {
    /// Its input, in words for people: `tickets.csv`, `tickets.csv and 2 more files`.
    pub fn files_in_words(&self) -> String {
        let [first, more @ ..] = self.files.as_slice() else {
            return String::new();
        };
        let name = Path::new(first).file_name().unwrap_or_default();
        let name = name.to_string_lossy();
        let name = one_line(&name);
        match more.len() as u64 {
            0 => name.into_owned(),
            more => format!("{name} and {} more", counted(more, "file")),
        }
    }
}

impl Reading {
    /// The run in a few numbers.
    pub fn overview(&self) -> Result<Overview, JournalError> {
        let failed = || at(&self.path);
        let portal = self.meta("portal")?;
        let marks = ["state", "offset", "started_ms", "updated_ms", "rows_read"]
            .map(|name| self.mark(name).map_err(failed()));
        let [state, offset, started, updated, read] = marks;
        let counted = self.counted()?;
        Ok(Overview {
            run: self
                .later_meta("run")
                .map_err(failed())?
                .unwrap_or_default(),
            parent: self.parent().map_err(failed())?,
            undoes: self.undone().map_err(failed())?,
            operation: self.meta("operation")?,
            files: self.files().map_err(failed())?,
            portal_id: portal.parse().map_err(|_| self.broken("portal"))?,
            state: RunState::numbered(state?),
            tally: counted.tally(read?),
            waiting: counted.waiting,
            offset: offset?,
            size: self.size().map_err(failed())?,
            times: (stamp(started?), stamp(updated?)),
        })
    }

    fn mark(&self, name: &str) -> rusqlite::Result<u64> {
        let sql = "SELECT coalesce(max(value), 0) FROM mark WHERE name = ?1";
        self.db.query_row(sql, [name], |row| row.get(0))
    }

    fn undone(&self) -> rusqlite::Result<Option<UndoneRun>> {
        let meta = |name| Ok::<_, rusqlite::Error>(self.later_meta(name)?.unwrap_or_default());
        let (run, folder) = (meta("undoes_run")?, meta("undoes")?);
        Ok((!folder.is_empty()).then(|| UndoneRun {
            run,
            folder: folder.into(),
        }))
    }

    fn files(&self) -> rusqlite::Result<Vec<String>> {
        let mut query = self.db.prepare("SELECT path FROM input ORDER BY file")?;
        let rows = query.query_map([], |row| row.get(0))?;
        rows.collect()
    }

    fn size(&self) -> rusqlite::Result<u64> {
        let sql = "SELECT coalesce(sum(size), 0) FROM input";
        self.db.query_row(sql, [], |row| row.get(0))
    }
}
