//! The tables of run.db and their version.
//!
//! Old reader, new data: a newer version is refused. New reader, old data: migrated
//! when it is opened.

use rusqlite::Connection;

/// Version of the tables, kept in `PRAGMA user_version`.
pub(super) const VERSION: i32 = 3;

/// Everything a new run.db holds before its header is filled in.
///
/// `step.folded` is the key in lower case: keys that differ only by case meet in
/// the index (K2, K4). `row.settled` counts settlements from 1, so that the
/// derived files can be rebuilt (D3); it is null for a row that was intended and
/// whose outcome is not known. `step.record` of an open step is the record that was found
/// for it before it was intended (R4); its `until_ms` is when the last call of an earlier process
/// can have been carried out for it, by the portal's clock (K6). `row.change` says what was done for a row that is done. The fate
/// `waiting` is that of a row whose ticket is written and whose links wait (D6).
pub(super) const TABLES: &str = "
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE input (
    file INTEGER PRIMARY KEY, path TEXT NOT NULL, member TEXT, size INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TABLE row (
    seq INTEGER PRIMARY KEY, file INTEGER NOT NULL, record INTEGER NOT NULL,
    line INTEGER NOT NULL, byte INTEGER NOT NULL, fate TEXT NOT NULL,
    key TEXT, ticket TEXT, issue TEXT, settled INTEGER, change TEXT) STRICT;
CREATE TABLE step (
    id INTEGER PRIMARY KEY, row INTEGER, kind TEXT NOT NULL, key TEXT NOT NULL,
    folded TEXT NOT NULL, body BLOB, intended_ms INTEGER, state TEXT NOT NULL,
    record TEXT, until_ms INTEGER) STRICT;
CREATE INDEX step_by_row ON step (row) WHERE row IS NOT NULL;
CREATE INDEX step_by_key ON step (folded, kind);
CREATE INDEX row_waiting ON row (seq) WHERE fate = 'waiting';
CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// From version 1, which only knew creates.
const TO_SECOND: &str = "
BEGIN IMMEDIATE;
ALTER TABLE row ADD COLUMN change TEXT;
CREATE INDEX IF NOT EXISTS row_waiting ON row (seq) WHERE fate = 'waiting';
UPDATE row SET change = 'created' WHERE fate = 'done';
PRAGMA user_version = 2;
COMMIT;
";

/// From version 2, which did not know how long calls of an earlier process may matter.
const TO_THIRD: &str = "
BEGIN IMMEDIATE;
ALTER TABLE step ADD COLUMN until_ms INTEGER;
PRAGMA user_version = 3;
COMMIT;
";

/// Brings the tables of an older version up to ours; gives the version that they
/// have then, which may be a newer one.
pub(super) fn migrate(db: &Connection) -> rusqlite::Result<i32> {
    let version = || db.query_row("PRAGMA user_version", [], |row| row.get(0));
    if version()? == 1 {
        db.execute_batch(TO_SECOND)?;
    }
    if version()? == 2 {
        db.execute_batch(TO_THIRD)?;
    }
    version()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_of_the_first_version_were_created() {
        let db = Connection::open_in_memory().expect("a database");
        let first = TABLES
            .replace(", change TEXT", "")
            .replace(", until_ms INTEGER", "");
        db.execute_batch(&first).expect("tables");
        db.execute_batch(
            "INSERT INTO row (seq, file, record, line, byte, fate)
             VALUES (1, 0, 1, 2, 9, 'done'), (2, 0, 2, 3, 19, 'exists');
             PRAGMA user_version = 1;",
        )
        .expect("rows");
        assert_eq!(migrate(&db), Ok(VERSION));
        let created: i64 = db
            .query_row(
                "SELECT sum(seq) FROM row WHERE change = 'created'",
                [],
                |row| row.get(0),
            )
            .expect("a sum");
        assert_eq!(created, 1);
        assert_eq!(migrate(&db), Ok(VERSION));
    }
}
