//! The tables of uploaded files and of the notes that name them, which an older run.db gets
//! when it is opened for writing.

use rusqlite::Connection;

use super::schema::Tables;

/// The table. `key` identifies a file among those of its source, `seq` is the row that uploads it,
/// `path` its place; `since_ms` is when it was first intended, and `until_ms` the latest time at
/// which a lost call can have been carried out, both by the portal's clock. `state` is `open`
/// (intended), `made` (by this run) or `there` (it existed before); in an undo `deleted`, `used` or
/// `changed`, the latter two if others use it or have changed it.
pub(super) const FILE_TABLE: &str = "
CREATE TABLE file (
    key TEXT PRIMARY KEY, seq INTEGER NOT NULL, path TEXT NOT NULL, md5 TEXT NOT NULL,
    size INTEGER NOT NULL, state TEXT NOT NULL, record TEXT, since_ms INTEGER,
    until_ms INTEGER) STRICT, WITHOUT ROWID;
CREATE INDEX file_by_row ON file (seq);
CREATE INDEX file_by_record ON file (record);
";

pub(super) fn has_files(db: &Connection) -> rusqlite::Result<bool> {
    has(db, "file")
}

fn has(db: &Connection, table: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    db.query_row(sql, [table], |row| row.get(0))
}

/// Which notes name which files: a note by its key, a file by its record id.
pub(super) const ATTACHED_TABLE: &str = "
CREATE TABLE attached (id INTEGER PRIMARY KEY, note TEXT NOT NULL, file TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX attached_once ON attached (note, file);
CREATE INDEX attached_by_file ON attached (file);
";

pub(super) fn has_attached(db: &Connection) -> rusqlite::Result<bool> {
    has(db, "attached")
}

/// Files on this machine that were found by their names alone, and the key that each belongs to.
pub(super) const NAME_TABLE: &str = "
CREATE TABLE file_name (path TEXT PRIMARY KEY, key TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// Creates the tables if missing.
pub(super) fn ensure_files(db: &Connection, tables: Tables) -> rusqlite::Result<()> {
    if tables != Tables::Third {
        return Ok(());
    }
    if !has_files(db)? {
        db.execute_batch(FILE_TABLE)?;
    }
    if !has_attached(db)? {
        db.execute_batch(ATTACHED_TABLE)?;
    }
    match has(db, "file_name")? {
        true => Ok(()),
        false => db.execute_batch(NAME_TABLE),
    }
}
