//! Other records that rows need, such as contacts: one step each, whatever the number of
//! rows that share it (protocol L1).

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::commit::Commit;
use super::error::{JournalError, at};
use crate::model::window::Window;

/// What the journal knows about another record that rows are linked to (L1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OtherState {
    /// A create was intended, and its outcome is not known; it may have been carried out
    /// in this time of the portal's clock.
    Intended(Window),
    /// It exists, with this id.
    Exists(String),
}

impl Commit<'_> {
    /// What the journal knows about another record, by its normalised natural key; `kind` says
    /// which kind of record and which key.
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
            .prepare_cached(self.statements.find_other)
            .and_then(|mut query| query.query_row([key, kind], stored).optional())
            .map_err(at(self.path))
    }

    /// Writes the intent to create another record; an intent of an earlier process is kept, and
    /// calls may begin for it again.
    pub fn intend_other(
        &self,
        kind: &str,
        key: &str,
        at: Option<Timestamp>,
    ) -> Result<(), JournalError> {
        self.run(
            self.statements.intend_other,
            params![key, kind, at.map(Timestamp::as_millisecond)],
        )?;
        let mut renew = self.statements.renew_other.iter();
        renew.try_for_each(|sql| self.run(sql, [key, kind]))
    }

    /// Writes another record's id; `created` says whether we created it or it existed before.
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
