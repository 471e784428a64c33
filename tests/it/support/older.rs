//! Journals as older versions wrote them, made from present ones.

use std::path::Path;

use rusqlite::Connection;

/// The tables of tickethaul 0.1.0, word for word.
pub const TABLES: &str = "
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
    record TEXT) STRICT;
CREATE INDEX step_by_row ON step (row) WHERE row IS NOT NULL;
CREATE INDEX step_by_key ON step (folded, kind);
CREATE INDEX row_waiting ON row (seq) WHERE fate = 'waiting';
CREATE TABLE mark (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
";

/// What stands in them.
const FILL: &str = "
INSERT INTO meta SELECT name, value FROM ours.meta
    WHERE name IN ('tool', 'operation', 'portal', 'portal_path', 'mapping_path', 'mapping',
        'tables', 'schema', 'no_key', 'diff', 'encoding', 'delimiter');
UPDATE meta SET value = '0.1.0' WHERE name = 'tool';
INSERT INTO input SELECT * FROM ours.input;
INSERT INTO mark SELECT * FROM ours.mark;
INSERT INTO row SELECT seq, file, record, line, byte, fate,
    iif(settled IS NULL AND fate = 'pending', NULL, coalesce(key, folded)),
    iif(settled IS NULL AND fate = 'pending', NULL, ticket), issue, settled, change FROM ours.row;
INSERT INTO step (row, kind, key, folded, body, intended_ms, state, record)
    SELECT seq, (SELECT value FROM meta WHERE name = 'operation'), coalesce(key, folded), folded,
        body, intended_ms, iif(settled IS NULL, 'open', fate), ticket
    FROM ours.row WHERE folded IS NOT NULL;
INSERT INTO step (kind, key, folded, intended_ms, state, record)
    SELECT kind, key, key, intended_ms, state, record FROM ours.step;
PRAGMA user_version = 2;
";

/// Writes a journal anew as tickethaul 0.1.0 would have it.
pub fn as_of_0_1_0(journal: &Path) {
    let older = journal.with_extension("older");
    let db = Connection::open(&older).expect("a database");
    db.execute_batch(TABLES).expect("tables");
    let _ours = db
        .execute("ATTACH ?1 AS ours", [journal.to_string_lossy()])
        .expect("a journal");
    db.execute_batch(FILL).expect("rows");
    db.execute_batch("DETACH ours").expect("done");
    db.close().expect("closed");
    for ending in ["-wal", "-shm"] {
        let mut beside = journal.as_os_str().to_owned();
        beside.push(ending);
        let _none = std::fs::remove_file(beside);
    }
    std::fs::rename(older, journal).expect("in its place");
}
