//! Other records that rows need, such as contacts: one step each, whatever the number of
//! rows that share it (protocol L1).

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::write::{Commit, JournalError, at};
use crate::model::window::Window;

/// What the journal knows of another record that rows are linked to (L1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtherState {
    /// A create was intended, and its outcome is not known; it may have been carried out
    /// in this time of the portal's clock.
    Intended(Window),
    /// It exists, with this id.
    Exists(String),
}

impl Commit<'_> {
    /// What the journal knows of another record, by its normalised natural key; `kind`
    /// says which kind of record and which key.
    pub fn other(&self, kind: &str, key: &str) -> Result<Option<OtherState>, JournalError> {
        let stored = |row: &rusqlite::Row<'_>| {
            let stamp = |millis: Option<i64>| Timestamp::from_millisecond(millis?).ok();
            let window = Window {
                since: stamp(row.get(0)?),
                until: stamp(row.get(1)?),
            };
            Ok(match row.get(2)? {
                Some(id) => OtherState::Exists(id),
                None => OtherState::Intended(window),
            })
        };
        self.transaction
            .prepare_cached(
                "SELECT intended_ms, until_ms, record FROM step WHERE folded = ?1 AND kind = ?2",
            )
            .and_then(|mut query| query.query_row([key, kind], stored).optional())
            .map_err(at(self.path))
    }

    /// Writes the intent to create another record; one of an earlier process stands, and
    /// calls may begin for it again.
    pub fn intend_other(
        &self,
        kind: &str,
        key: &str,
        at: Option<Timestamp>,
    ) -> Result<(), JournalError> {
        self.run(
            "INSERT INTO step (kind, key, folded, intended_ms, state)
             SELECT ?3, ?1, ?1, ?2, 'open'
             WHERE NOT EXISTS (SELECT 1 FROM step WHERE folded = ?1 AND kind = ?3)",
            params![key, at.map(Timestamp::as_millisecond), kind],
        )?;
        self.run(
            "UPDATE step SET until_ms = NULL WHERE folded = ?1 AND kind = ?2",
            [key, kind],
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
        self.run(
            "INSERT INTO step (kind, key, folded, state)
             SELECT ?2, ?1, ?1, 'open'
             WHERE NOT EXISTS (SELECT 1 FROM step WHERE folded = ?1 AND kind = ?2)",
            params![key, kind],
        )?;
        self.run(
            "UPDATE step SET state = ?2, record = ?3 WHERE folded = ?1 AND kind = ?4",
            params![key, state, id, kind],
        )
    }
}
