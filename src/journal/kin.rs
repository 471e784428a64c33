//! What ties runs to each other: a run that tries the refused rows of another one again
//! names it (protocol R5). Little is read, since every known run is asked.

use jiff::Timestamp;
use rusqlite::OptionalExtension;

use super::error::{JournalError, at};
use super::plan::PlanRef;
use super::read::{Reading, stamp};
use crate::model::outcome::Fate;

/// A run and the one whose refused rows it tries again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kin {
    /// Id of the run; empty in journals of earlier versions.
    pub run: String,
    /// Id of the run whose refused rows it tries again.
    pub parent: Option<String>,
    /// Id of the run that it takes back.
    pub undoes: Option<String>,
    /// Id of the plan that it applies.
    pub plan: Option<String>,
    /// When it began, by this machine's clock.
    pub begun: Timestamp,
}

impl Reading {
    /// Which run this is, and whose refused rows it tries again.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn kin(&self) -> Result<Kin, JournalError> {
        let read = || -> rusqlite::Result<Kin> {
            let sql = "SELECT value FROM mark WHERE name = 'started_ms'";
            let started = self.db().query_row(sql, [], |row| row.get(0)).optional()?;
            Ok(Kin {
                run: self.later_meta("run")?.unwrap_or_default(),
                parent: self.parent()?,
                undoes: self.later_meta("undoes_run")?.filter(|run| !run.is_empty()),
                plan: self.later_meta("plan")?.and_then(|text| {
                    let plan = serde_json::from_str::<PlanRef>(&text).ok()?;
                    Some(plan.id)
                }),
                begun: stamp(started.unwrap_or(0)),
            })
        };
        read().map_err(at(self.path()))
    }

    /// Numbers of the rows that an undo took back, as the run has them that it undid.
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
