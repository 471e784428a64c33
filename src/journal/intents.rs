//! Intents of which more is known: that their call never began, or by when the last call
//! of an earlier process can have been carried out (protocol K6).

use rusqlite::params;

use super::write::{Commit, Journal, JournalError, at};

/// The mark that says by when a call of the process that writes it can have been carried
/// out, should that process die now.
pub(super) const UNTIL: &str = "until_ms";

impl Journal {
    /// Dates the open intents of earlier processes: what came later than their last call
    /// can have been carried out is none of theirs.
    pub fn date_intents(&self) -> Result<(), JournalError> {
        let sql = "UPDATE step SET until_ms = (SELECT value FROM mark WHERE name = ?1)
                   WHERE state = 'open' AND until_ms IS NULL";
        let dated = self.db.execute(sql, [UNTIL]);
        dated.map(drop).map_err(at(&self.path))
    }
}

impl Commit<'_> {
    /// Keeps by when a call of this process can have been carried out, should it die now,
    /// in milliseconds of the portal's clock.
    pub fn mark_until(&self, millis: i64) -> Result<(), JournalError> {
        self.mark(UNTIL, millis.unsigned_abs())
    }

    /// Takes the intent of a row back: its call never began. The row is pending again.
    pub fn release(&self, kind: &str, seq: u64) -> Result<(), JournalError> {
        self.run(
            "DELETE FROM step WHERE row = ?1 AND kind = ?2 AND state = 'open'
             AND EXISTS (SELECT 1 FROM row WHERE seq = ?1 AND fate = 'pending')",
            params![seq as i64, kind],
        )?;
        self.run(
            "DELETE FROM row WHERE seq = ?1 AND fate = 'pending'
             AND NOT EXISTS (SELECT 1 FROM step WHERE step.row = ?1)",
            [seq as i64],
        )
    }

    /// Takes the intent to create another record back: its call never began.
    pub fn release_other(&self, kind: &str, key: &str) -> Result<(), JournalError> {
        self.run(
            "DELETE FROM step WHERE folded = ?1 AND kind = ?2 AND state = 'open'
             AND row IS NULL AND record IS NULL",
            [key, kind],
        )
    }

    /// A row that an earlier process intended is about to be sent by this one.
    pub fn renew(&self, kind: &str, seq: u64) -> Result<(), JournalError> {
        self.run(
            "UPDATE step SET until_ms = NULL WHERE row = ?1 AND kind = ?2",
            params![seq as i64, kind],
        )
    }

    /// How many rows were intended and have no outcome; `kind` is that of their steps.
    pub fn count_unknown(&self, kind: &str) -> Result<u64, JournalError> {
        let sql = "SELECT count(*) FROM row JOIN step ON step.row = row.seq AND step.kind = ?1
                   WHERE row.fate = 'pending'";
        let count = self.transaction.query_row(sql, [kind], |row| row.get(0));
        count.map(i64::unsigned_abs).map_err(at(self.path))
    }
}
