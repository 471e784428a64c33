//! Rows in the tables of version 3: intents and outcomes.

use jiff::Timestamp;
use rusqlite::params;

use super::changes::changes_text;
use super::commit::Commit;
use super::entry::{Intent, RowEntry};
use super::error::JournalError;
use crate::model::key::Key;
use crate::model::outcome::{Change, RowEnd};
use crate::model::place::RowAddress;

/// Most rows that settle were intended, so that they are there.
pub(super) fn settle(
    commit: &Commit<'_>,
    row: RowEntry,
    key: Option<&str>,
    end: &RowEnd,
    issue: Option<&str>,
) -> Result<(), JournalError> {
    let (fate, change) = (end.fate().word(), end.change().map(Change::word));
    let (ticket, settled) = (end.ticket(), commit.settled());
    let is_there = commit.changes_a_row(
        "UPDATE row
         SET fate = ?2, key = CASE WHEN folded IS NULL THEN ?3 ELSE key END,
            ticket = CASE WHEN fate = 'waiting' THEN coalesce(?4, ticket) ELSE ?4 END,
            issue = ?5, settled = ?6,
            change = CASE WHEN fate = 'waiting' AND ?2 = 'refused' THEN change ELSE ?7 END
         WHERE seq = ?1",
        params![row.seq, fate, key, ticket, issue, settled, change],
    )?;
    if is_there {
        return Ok(());
    }
    let RowAddress {
        file,
        record,
        line,
        byte,
    } = row.address;
    commit.run(
        "INSERT INTO row (seq, file, record, line, byte, fate, key, ticket, issue, settled, change)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![
            row.seq, file, record, line, byte, fate, key, ticket, issue, settled, change
        ],
    )
}

pub(super) fn intend(
    commit: &Commit<'_>,
    intent: &Intent<'_>,
    key: &Key,
    at: Option<Timestamp>,
) -> Result<(), JournalError> {
    let place = intent.row.address;
    commit.run(
        "INSERT INTO row (seq, file, record, line, byte, fate, key, folded, body, intended_ms,
            ticket, changes)
         VALUES (?1, ?2, ?3, ?4, ?5, 'pending', ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (seq) DO UPDATE SET key = ?6, folded = ?7, body = ?8, intended_ms = ?9,
            ticket = ?10, changes = ?11
         WHERE row.folded IS NULL",
        params![
            intent.row.seq,
            place.file,
            place.record,
            place.line,
            place.byte,
            (!key.is_folded()).then_some(key),
            key.folded(),
            intent.body,
            at.map(Timestamp::as_millisecond),
            intent.record,
            intent.changes.map(changes_text)
        ],
    )
}
