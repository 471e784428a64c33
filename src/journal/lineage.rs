//! How runs are related: a run that retries the refused rows of another one names it (protocol R5).
//! Little is read, since every known run is queried.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::error::{JournalError, at};
use super::plan::PlanRef;
use super::read::{Reading, stamp};
use crate::model::key::FoldedKey;
use crate::model::outcome::Fate;

/// A run and the one whose refused rows it retries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lineage {
    /// Id of the run; empty in journals of earlier versions.
    pub run: String,
    /// Id of the run whose refused rows it retries.
    pub parent: Option<String>,
    /// Id of the run that it undoes.
    pub undoes: Option<String>,
    /// HubSpot portal id.
    pub portal: Option<u64>,
    /// Id of the plan that it applies.
    pub plan: Option<String>,
    /// When it began, by this machine's clock.
    pub begun: Timestamp,
}

impl Reading {
    /// Which run this is, and whose refused rows it retries.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn lineage(&self) -> Result<Lineage, JournalError> {
        let read = || -> rusqlite::Result<Lineage> {
            let sql = "SELECT value FROM mark WHERE name = 'started_ms'";
            let started = self.db().query_row(sql, [], |row| row.get(0)).optional()?;
            Ok(Lineage {
                run: self.later_meta("run")?.unwrap_or_default(),
                parent: self.parent()?,
                undoes: self.later_meta("undoes_run")?.filter(|run| !run.is_empty()),
                portal: self
                    .later_meta("portal")?
                    .and_then(|portal| portal.parse().ok()),
                plan: self.later_meta("plan")?.and_then(|text| {
                    let plan = serde_json::from_str::<PlanRef>(&text).ok()?;
                    Some(plan.id)
                }),
                begun: stamp(started.unwrap_or(0)),
            })
        };
        read().map_err(at(self.path()))
    }

    /// Whether a row of the run with this key created a ticket of this id.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn has_created(&self, key: &str, ticket: &str) -> Result<bool, JournalError> {
        let sql = self.tables().statements().has_created;
        let read = || -> rusqlite::Result<bool> {
            let mut query = self.db().prepare_cached(sql)?;
            query.exists(params![FoldedKey::of(key), ticket])
        };
        read().map_err(at(self.path()))
    }

    /// Numbers of the rows that an undo undid, as numbered in the run that it undid.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn taken_back(&self) -> Result<Vec<u64>, JournalError> {
        let read = || -> rusqlite::Result<Vec<u64>> {
            let mut query = self
                .db()
                .prepare("SELECT seq FROM row WHERE fate = 'done' ORDER BY seq")?;
            let rows = query.query_map([], |row| row.get(0))?;
            rows.collect()
        };
        read().map_err(at(self.path()))
    }

    /// Numbers of the settled rows with their fates, in the order of the input.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn settled_fates(&self) -> Result<Vec<(u64, Fate)>, JournalError> {
        let read = || -> rusqlite::Result<Vec<(u64, String)>> {
            let sql = "SELECT seq, fate FROM row WHERE settled IS NOT NULL ORDER BY seq";
            let mut query = self.db().prepare(sql)?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        let rows = read().map_err(at(self.path()))?.into_iter();
        rows.map(|(seq, word)| {
            let fate = Fate::ALL.into_iter().find(|fate| fate.word() == word);
            let fate = fate.ok_or_else(|| self.broken(&format!("fate \"{word}\"")))?;
            Ok((seq, fate))
        })
        .collect()
    }
}
