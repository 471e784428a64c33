//! Other records that rows need, such as contacts: one step each, whatever the number of
//! rows that share it (protocol L1).

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::error::{JournalError, at};
use super::write::Commit;

/// What the journal knows of another record that rows are linked to (L1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtherState {
    /// A create was intended, at this time of the portal's clock where it was known,
    /// and its outcome is not known.
    Intended(Option<Timestamp>),
    /// It exists, with this id.
    Exists(String),
}

impl Commit<'_> {
    /// What the journal knows of another record, by its normalised natural key; `kind`
    /// says which kind of record and which key.
    pub fn other(&self, kind: &str, key: &str) -> Result<Option<OtherState>, JournalError> {
        let row: Option<(Option<i64>, Option<String>)> = self
            .transaction
            .prepare_cached(self.statements.find_other)
            .and_then(|mut query| {
                query
                    .query_row([key, kind], |row| Ok((row.get(0)?, row.get(1)?)))
                    .optional()
            })
            .map_err(at(self.path))?;
        Ok(row.map(|(intended, record)| match record {
            Some(id) => OtherState::Exists(id),
            None => OtherState::Intended(
                intended.and_then(|millis| Timestamp::from_millisecond(millis).ok()),
            ),
        }))
    }

    /// Writes the intent to create another record.
    pub fn intend_other(
        &self,
        kind: &str,
        key: &str,
        at: Option<Timestamp>,
    ) -> Result<(), JournalError> {
        self.run(
            self.statements.intend_other,
            params![key, kind, at.map(Timestamp::as_millisecond)],
        )
    }

    /// Writes another record's id; `created` tells ours from those that were there.
    pub fn settle_other(
        &self,
        kind: &str,
        key: &str,
        id: &str,
        created: bool,
    ) -> Result<(), JournalError> {
        let state = if created { "done" } else { "exists" };
        self.intend_other(kind, key, None)?;
        self.run(self.statements.settle_other, params![key, kind, state, id])
    }
}
