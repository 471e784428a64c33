//! Rows in the tables of version 2: intents and outcomes.

use jiff::Timestamp;
use rusqlite::params;

use super::commit::Commit;
use super::entry::{Intent, RowEntry};
use super::error::JournalError;
use crate::model::key::Key;
use crate::model::outcome::{Change, Fate, RowEnd};

pub(super) fn settle(
    commit: &Commit<'_>,
    row: RowEntry,
    key: Option<&str>,
    end: &RowEnd,
    issue: Option<&str>,
) -> Result<(), JournalError> {
    let (fate, place) = (end.fate(), row.address);
    commit.run(
        "INSERT INTO row (seq, file, record, line, byte, fate, key, ticket, issue, settled, change)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (seq) DO UPDATE
         SET fate = ?6, key = ?7, ticket = ?8, issue = ?9, settled = ?10, change = ?11",
        params![
            row.seq,
            place.file,
            place.record,
            place.line,
            place.byte,
            fate.word(),
            key,
            end.ticket(),
            issue,
            commit.settled(),
            end.change().map(Change::word)
        ],
    )?;
    if fate == Fate::Skipped {
        return Ok(());
    }
    commit.run(
        "UPDATE step SET state = ?2, record = ?3 WHERE row = ?1",
        params![row.seq, fate.word(), end.ticket()],
    )
}

/// The step of a row whose links wait holds the ticket.
pub(super) fn wait(commit: &Commit<'_>, row: u64, ticket: &str) -> Result<(), JournalError> {
    commit.run(
        "UPDATE step SET record = ?2 WHERE row = ?1",
        params![row, ticket],
    )
}

pub(super) fn intend(
    commit: &Commit<'_>,
    intent: &Intent<'_>,
    key: &Key,
    at: Option<Timestamp>,
) -> Result<(), JournalError> {
    let (seq, place) = (intent.row.seq, intent.row.address);
    commit.run(
        "INSERT INTO row (seq, file, record, line, byte, fate) VALUES (?1, ?2, ?3, ?4, ?5, 'pending')
         ON CONFLICT (seq) DO NOTHING",
        params![seq, place.file, place.record, place.line, place.byte],
    )?;
    commit.run(
        "INSERT INTO step (row, kind, key, folded, body, intended_ms, state, record)
         SELECT ?1, ?6, ?2, ?3, ?4, ?5, 'open', ?7
         WHERE NOT EXISTS (SELECT 1 FROM step WHERE row = ?1 AND kind = ?6)",
        params![
            seq,
            key,
            key.folded(),
            intent.body,
            at.map(Timestamp::as_millisecond),
            intent.kind,
            intent.record
        ],
    )
}
