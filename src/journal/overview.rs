//! How far a run came, for whoever lists runs: the header's small parts and counts that
//! SQLite makes. No row comes out of the database, however many there are.

use jiff::Timestamp;

use super::read::{Reading, RunState, stamp};
use super::write::{JournalError, at};
use crate::model::outcome::Fate;

/// A run in a few numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// What it does with rows.
    pub operation: String,
    /// HubSpot portal id.
    pub portal_id: u64,
    /// How far it came.
    pub state: RunState,
    /// Settled rows by fate.
    pub fates: Vec<(Fate, u64)>,
    /// Rows that were intended and whose outcome is not known.
    pub unknown: u64,
    /// Rows whose ticket is written and whose links wait.
    pub waiting: u64,
    /// How far the input had been read, in bytes.
    pub offset: u64,
    /// How long the input is, in bytes.
    pub size: u64,
    /// When the run began and when it last wrote, by this machine's clock.
    pub times: (Timestamp, Timestamp),
}

impl Reading {
    /// The run in a few numbers.
    pub fn overview(&self) -> Result<Overview, JournalError> {
        let failed = || at(&self.path);
        let portal = self.meta("portal")?;
        let marks = ["state", "offset", "started_ms", "updated_ms"]
            .map(|name| self.mark(name).map_err(failed()));
        let [state, offset, started, updated] = marks;
        Ok(Overview {
            operation: self.meta("operation")?,
            portal_id: portal.parse().map_err(|_| JournalError::Broken {
                path: self.path.clone(),
                what: "portal".to_owned(),
            })?,
            state: RunState::numbered(state?),
            fates: self.fates().map_err(failed())?,
            unknown: self.count_unknown().map_err(failed())?,
            waiting: self.waiting().map_err(failed())?,
            offset: offset?,
            size: self.size().map_err(failed())?,
            times: (stamp(started?), stamp(updated?)),
        })
    }

    fn mark(&self, name: &str) -> rusqlite::Result<u64> {
        let sql = "SELECT coalesce(max(value), 0) FROM mark WHERE name = ?1";
        let value: i64 = self.db.query_row(sql, [name], |row| row.get(0))?;
        Ok(value.unsigned_abs())
    }

    fn size(&self) -> rusqlite::Result<u64> {
        let sql = "SELECT coalesce(sum(size), 0) FROM input";
        let bytes: i64 = self.db.query_row(sql, [], |row| row.get(0))?;
        Ok(bytes.unsigned_abs())
    }
}
