//! Further facts about intents: that their call never began, or the latest time at which a call of
//! an earlier process can have been carried out (protocol K6).

use super::commit::Commit;
use super::error::{JournalError, at};
use super::write::Journal;

/// The mark with the latest time at which a call of the writing process can be carried out if that
/// process dies now.
pub(super) const UNTIL: &str = "until_ms";

impl Journal {
    /// Dates the open intents of earlier processes: anything inserted after their last call can
    /// have been carried out is not theirs.
    pub fn date_intents(&self) -> Result<(), JournalError> {
        for sql in self.tables.statements().date {
            let dated = self.db.execute(sql, [UNTIL]);
            dated.map(drop).map_err(at(&self.path))?;
        }
        Ok(())
    }
}

impl Commit<'_> {
    /// Records the latest time at which a call of this process can be carried out if it dies now,
    /// in milliseconds of the portal's clock.
    pub fn mark_until(&self, millis: i64) -> Result<(), JournalError> {
        self.mark(UNTIL, millis.unsigned_abs())
    }

    /// Withdraws the intent of a row: its call never began. The row is pending again.
    pub fn release(&self, seq: u64) -> Result<(), JournalError> {
        let mut release = self.statements.release.iter();
        release.try_for_each(|sql| self.run(sql, [seq]))
    }

    /// Withdraws the intent to create another record: its call never began.
    pub fn release_other(&self, kind: &str, key: &str) -> Result<(), JournalError> {
        self.run(self.statements.release_other, [key, kind])
    }

    /// Records that this process is about to send a row that an earlier one intended.
    pub fn renew(&self, seq: u64) -> Result<(), JournalError> {
        let mut renew = self.statements.renew.iter();
        renew.try_for_each(|sql| self.run(sql, [seq]))
    }

    /// How many rows were intended and have no outcome.
    pub fn count_unknown(&self) -> Result<u64, JournalError> {
        let sql = format!(
            "SELECT count(*) FROM row WHERE {}",
            self.statements.is_unknown
        );
        let count = self.transaction.query_row(&sql, [], |row| row.get(0));
        count.map_err(at(self.path))
    }
}
