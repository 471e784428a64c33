//! Rows in the tables of version 3: intents and outcomes.

use jiff::Timestamp;
use rusqlite::params;

use super::changes::changes_text;
use super::commit::Commit;
use super::entry::{Intent, RowEntry};
use super::error::JournalError;
use crate::model::key::Key;
use crate::model::outcome::{Change, RowEnd};

pub(super) fn settle(
    commit: &Commit<'_>,
    row: RowEntry,
    key: Option<&str>,
    end: &RowEnd,
    issue: Option<&str>,
) -> Result<(), JournalError> {
    let place = row.address;
    commit.run(
        "INSERT INTO row (seq, file, record, line, byte, fate, key, ticket, issue, settled, change)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (seq) DO UPDATE
         SET fate = ?6, key = CASE WHEN folded IS NULL THEN ?7 ELSE key END,
            ticket = CASE WHEN row.fate = 'waiting' THEN coalesce(?8, ticket) ELSE ?8 END,
            issue = ?9, settled = ?10,
            change = CASE WHEN row.fate = 'waiting' AND ?6 = 'refused' THEN change ELSE ?11 END",
        params![
            row.seq,
            place.file,
            place.record,
            place.line,
            place.byte,
            end.fate().word(),
            key,
            end.ticket(),
            issue,
            commit.settled(),
            end.change().map(Change::word)
        ],
    )
}

pub(super) fn intend(
    commit: &Commit<'_>,
    intent: &Intent<'_>,
    key: &Key,
    at: Option<Timestamp>,
) -> Result<(), JournalError> {
    let (place, folded) = (intent.row.address, key.folded());
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
            (key.as_str() != folded.as_str()).then_some(key),
            folded,
            intent.body,
            at.map(Timestamp::as_millisecond),
            intent.record,
            intent.changes.map(changes_text)
        ],
    )
}
