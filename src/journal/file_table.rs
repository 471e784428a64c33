//! The tables of uploaded files and of the notes that name them, which a run.db that was begun
//! before there were such gets when it is opened to be written.

use rusqlite::Connection;

use super::schema::Tables;

/// The table. `key` is what tells a file from others of its source, `seq` the row that
/// uploads it, `path` its place; `since_ms` is when it was intended first, and `until_ms`
/// when a call that was lost can have been carried out at the latest, both by the portal's
/// clock. `state` is `open` (intended), `made` (by this run) or `there` (it was before); in an
/// undo `deleted`, `used` or `changed`, where others use it or have changed it.
pub(super) const FILE_TABLE: &str = "
CREATE TABLE file (
    key TEXT PRIMARY KEY, seq INTEGER NOT NULL, path TEXT NOT NULL, md5 TEXT NOT NULL,
    size INTEGER NOT NULL, state TEXT NOT NULL, record TEXT, since_ms INTEGER,
    until_ms INTEGER) STRICT, WITHOUT ROWID;
CREATE INDEX file_by_row ON file (seq);
CREATE INDEX file_by_record ON file (record);
";

pub(super) fn has_files(db: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'file'";
    db.query_row(sql, [], |row| row.get(0))
}

/// Which notes name which files: a note by its key, a file by its record id.
pub(super) const ATTACHED_TABLE: &str = "
CREATE TABLE attached (id INTEGER PRIMARY KEY, note TEXT NOT NULL, file TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX attached_once ON attached (note, file);
CREATE INDEX attached_by_file ON attached (file);
";

pub(super) fn has_attached(db: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'attached'";
    db.query_row(sql, [], |row| row.get(0))
}

/// Makes the tables where they are not there.
pub(super) fn ensure_files(db: &Connection, tables: Tables) -> rusqlite::Result<()> {
    if tables != Tables::Third {
        return Ok(());
    }
    if !has_files(db)? {
        db.execute_batch(FILE_TABLE)?;
    }
    match has_attached(db)? {
        true => Ok(()),
        false => db.execute_batch(ATTACHED_TABLE),
    }
}
