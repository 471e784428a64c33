//! Tables of notes and of links, which an older run.db gets when it is opened for writing.

use rusqlite::Connection;

use super::schema::Tables;

/// The table. `key` is the note's own; `written` is set if it was sent with another one, because a
/// note in the recycle bin holds it. `until_ms` is the latest time, by the portal's clock, at which
/// a lost call can have been carried out. `state` is `open` (intended), `made` (by this run),
/// `there` (it existed before), or `twin`: made, and sent again to find out whether the portal
/// keeps keys unique, so that there may be two. `kind` is its kind: `note` (or null, in rows from
/// before there were other kinds), `email`, `call`.
pub(super) const NOTE_TABLE: &str = "
CREATE TABLE note (
    key TEXT PRIMARY KEY, seq INTEGER NOT NULL, at_ms INTEGER NOT NULL, text BLOB NOT NULL,
    state TEXT NOT NULL, record TEXT, written TEXT, until_ms INTEGER,
    kind TEXT) STRICT, WITHOUT ROWID;
CREATE INDEX note_by_row ON note (seq);
";

/// Adds the column for e-mails and calls to an older table.
pub(super) const ADD_KIND: &str = "ALTER TABLE note ADD COLUMN kind TEXT";

pub(super) fn has_notes(db: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'note'";
    db.query_row(sql, [], |row| row.get(0))
}

pub(super) fn has_kind(db: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM pragma_table_info('note') WHERE name = 'kind'";
    db.query_row(sql, [], |row| row.get(0))
}

/// Adds the table of notes to an older journal.
pub(super) fn ensure_notes(db: &Connection, tables: Tables) -> rusqlite::Result<()> {
    match tables == Tables::Third {
        true if !has_notes(db)? => db.execute_batch(NOTE_TABLE),
        true if !has_kind(db)? => db.execute_batch(ADD_KIND),
        _ => Ok(()),
    }
}

/// The table. `kinds` is `[["USER_DEFINED",36,"Manager"]]`: category, number, label or null;
/// `alone` is 1 if there was no link between the two.
pub(super) const LINK_TABLE: &str = "
CREATE TABLE link (
    id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, object TEXT NOT NULL, record TEXT NOT NULL,
    kinds TEXT NOT NULL, alone INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX link_once ON link (seq, object, record);
CREATE INDEX link_to_ticket ON link (record) WHERE object = 'tickets';
";

pub(super) fn has_links(db: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'link'";
    let tables: u64 = db.query_row(sql, [], |row| row.get(0))?;
    Ok(tables > 0)
}

/// Creates the table if missing.
pub(super) fn ensure_links(db: &Connection) -> rusqlite::Result<()> {
    match has_links(db)? {
        true => Ok(()),
        false => db.execute_batch(&format!("BEGIN IMMEDIATE; {LINK_TABLE} COMMIT;")),
    }
}
