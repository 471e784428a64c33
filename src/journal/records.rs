//! Which records rows mean: the outcome of earlier rows with a key, and records that
//! intents lack.

use rusqlite::{OptionalExtension, params};

use super::commit::Commit;
use super::entry::RowEntry;
use super::error::{JournalError, at};
use super::read::{Reading, entry};
use crate::model::key::{FoldedKey, Key};

/// An earlier row of the same run and key, whose record holds what the row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Earlier {
    /// The key as that row has it; it may differ by case.
    pub key: Key,
    /// Id of its record.
    pub record: String,
}

impl Commit<'_> {
    /// The last row before row `seq` with this key whose record holds what it says.
    pub fn earlier(
        &self,
        kind: &str,
        key: &Key,
        seq: u64,
    ) -> Result<Option<Earlier>, JournalError> {
        let found = |row: &rusqlite::Row<'_>| {
            Ok(Earlier {
                key: row.get(0)?,
                record: row.get(1)?,
            })
        };
        self.transaction
            .prepare_cached(self.statements.earlier)
            .and_then(|mut query| {
                let of_row = params![key.folded(), kind, seq];
                query.query_row(of_row, found).optional()
            })
            .map_err(at(self.path))
    }

    /// Records which record a row means if its intent lacks it, as in older journals.
    pub fn name_record(&self, kind: &str, seq: u64, record: &str) -> Result<(), JournalError> {
        self.run(self.statements.name_record, params![seq, kind, record])
    }
}

impl Reading {
    /// The row whose ticket has this key, whatever its case: one of the run, or one that the
    /// run found there.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn holder(&self, key: &str) -> Result<Option<RowEntry>, JournalError> {
        let read = || {
            let sql = "SELECT seq, file, record, line, byte FROM row WHERE folded = ?1
                       AND fate IN ('done', 'exists', 'unchanged', 'waiting') LIMIT 1";
            let mut query = self.db().prepare_cached(sql)?;
            query.query_row([FoldedKey::of(key)], entry).optional()
        };
        read().map_err(at(self.path()))
    }
}
