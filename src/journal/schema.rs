//! The tables of run.db and their version.
//!
//! Old reader, new data: a newer version is refused. New reader, old data: will be
//! migrated when there is a second version.

/// Version of the tables, kept in `PRAGMA user_version`.
pub(super) const VERSION: i32 = 1;

/// Everything a new run.db holds before its header is filled in.
///
/// `step.folded` is the key in lower case: keys that differ only by case meet in
/// the index (K2, K4). `row.settled` counts settlements from 1, so that the
/// derived files can be rebuilt (D3); it is null for a row that was intended and
/// whose outcome is not known.
pub(super) const TABLES: &str = "
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE input (
    file INTEGER PRIMARY KEY, path TEXT NOT NULL, member TEXT, size INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
CREATE TABLE row (
    seq INTEGER PRIMARY KEY, file INTEGER NOT NULL, record INTEGER NOT NULL,
    line INTEGER NOT NULL, byte INTEGER NOT NULL, fate TEXT NOT NULL,
    key TEXT, ticket TEXT, issue TEXT, settled INTEGER) STRICT;
CREATE TABLE step (
    id INTEGER PRIMARY KEY, row INTEGER, kind TEXT NOT NULL, key TEXT NOT NULL,
    folded TEXT NOT NULL, body BLOB, intended_ms INTEGER, state TEXT NOT NULL,
    record TEXT) STRICT;
CREATE INDEX step_by_row ON step (row) WHERE row IS NOT NULL;
CREATE INDEX step_by_key ON step (folded, kind);
CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";
