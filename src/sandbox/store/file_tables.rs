//! The tables of the file manager.

use rusqlite::Connection;

/// What version 4 adds to version 3. Times are milliseconds since the epoch.
pub(super) const FILES: &str = "
    CREATE TABLE IF NOT EXISTS folder (
        id INTEGER PRIMARY KEY, parent INTEGER, path TEXT NOT NULL, created INTEGER NOT NULL, archived INTEGER);
    CREATE INDEX IF NOT EXISTS folder_by_path ON folder (path);
    CREATE TABLE IF NOT EXISTS file (
        id INTEGER PRIMARY KEY, folder INTEGER, name TEXT NOT NULL, ending TEXT NOT NULL, path TEXT NOT NULL,
        size INTEGER NOT NULL, md5 TEXT NOT NULL, access TEXT NOT NULL, created INTEGER NOT NULL, archived INTEGER);
    CREATE INDEX IF NOT EXISTS file_by_path ON file (path);
    CREATE INDEX IF NOT EXISTS file_by_md5 ON file (md5);
    CREATE TABLE IF NOT EXISTS content (md5 TEXT PRIMARY KEY, bytes BLOB NOT NULL);
";

/// The largest id among files and folders.
pub(super) fn last_id(connection: &Connection) -> rusqlite::Result<Option<i64>> {
    let query =
        "SELECT max(id) FROM (SELECT max(id) AS id FROM file UNION ALL SELECT max(id) FROM folder)";
    connection.query_row(query, [], |row| row.get(0))
}
