//! A commit: what is written in it becomes durable together (D2).

use std::path::Path;

use rusqlite::params;

use super::clock::now;
use super::error::{JournalError, at};
use super::remarks::{remark_name, value_name};
use super::run_state::RunState;
use super::schema::{Statements, Tables};
use crate::model::outcome::Written;
use crate::model::ticket::{PlacedRemark, Remark};

/// An open commit.
#[derive(Debug)]
pub struct Commit<'a> {
    pub(super) transaction: rusqlite::Transaction<'a>,
    pub(super) path: &'a Path,
    pub(super) tables: Tables,
    pub(super) statements: Statements,
    pub(super) settled: &'a mut u64,
}

impl Commit<'_> {
    /// Records what was done for a row that is refused.
    pub fn keep_written(&self, seq: u64, written: &Written) -> Result<(), JournalError> {
        self.run(
            "UPDATE row SET ticket = ?2, change = ?3 WHERE seq = ?1",
            params![seq, written.ticket, written.change.word()],
        )
    }

    /// Keeps a number, such as the length of a derived file (D3).
    pub fn mark(&self, name: &str, value: u64) -> Result<(), JournalError> {
        self.run(
            "INSERT INTO mark (name, value) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = ?2",
            params![name, value],
        )
    }

    /// Counts what mapping did to values of rows that this commit settles.
    pub fn count_remark(&self, remark: Remark) -> Result<(), JournalError> {
        self.count(&remark_name(remark))
    }

    /// Counts a value individually, in addition to its remark.
    pub fn count_value(&self, remark: &PlacedRemark) -> Result<(), JournalError> {
        self.count(&value_name(remark))
    }

    fn count(&self, name: &str) -> Result<(), JournalError> {
        self.run(
            "INSERT INTO mark (name, value) VALUES (?1, 1)
             ON CONFLICT (name) DO UPDATE SET value = value + 1",
            params![name],
        )
    }

    /// Records the state of the run, with the time.
    pub fn mark_state(&self, state: RunState) -> Result<(), JournalError> {
        self.mark("state", state.number())?;
        self.mark_time("updated_ms")
    }

    /// Records the time.
    pub fn mark_time(&self, name: &str) -> Result<(), JournalError> {
        self.mark(name, now().as_millisecond().unsigned_abs())
    }

    /// How many rows have been settled so far, this commit included.
    pub fn settled(&self) -> u64 {
        *self.settled
    }

    /// Makes everything of this commit durable.
    pub fn commit(self) -> Result<(), JournalError> {
        let path = self.path;
        self.transaction.commit().map_err(at(path))
    }

    pub(super) fn run(&self, sql: &str, params: impl rusqlite::Params) -> Result<(), JournalError> {
        self.changes_a_row(sql, params).map(drop)
    }

    /// Carries out a statement, and says whether it changed a row.
    pub(super) fn changes_a_row(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
    ) -> Result<bool, JournalError> {
        let changed = self
            .transaction
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(params));
        Ok(changed.map_err(at(self.path))? > 0)
    }
}
