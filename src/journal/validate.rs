//! Whether a database is one of our journals, before anything in it is queried: its tables are
//! plain tables with our columns, nothing in it runs by itself, and no query can run forever. A run
//! folder may have come from anywhere.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::file_table::{ATTACHED_TABLE, FILE_TABLE, NAME_TABLE};
use super::{added_tables, v2_tables, v3_tables};
use crate::output::new_private_file;

/// Maximum size of a value in bytes: schema and mapping are the longest.
const LONGEST: i32 = 64 << 20;

/// Steps of SQLite between two checks of the clock.
const STEPS: i32 = 1_000_000;

/// Time limit of queries; a run of ten million rows takes a fraction of it.
const LONGEST_LOOK: Duration = Duration::from_secs(120);

/// How long to wait for a database that another process is writing.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Files that SQLite keeps next to a database.
const BESIDE: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Opens a database: never by a URI, never by a symbolic link, and with everything
/// disabled that a schema could use against its reader.
pub(super) fn connect(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let path = std::path::absolute(path).map_err(cant_open)?;
    // SQLite gives the files that it creates next to a database the same mode.
    if flags.contains(OpenFlags::SQLITE_OPEN_CREATE) && fs::symlink_metadata(&path).is_err() {
        let _empty = new_private_file(&path).map_err(cant_open)?;
    }
    let db = Connection::open_with_flags(&path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    let _on = db.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    let _off = db.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    Ok(db)
}

/// Opens a database for reading; also returns its version. Another process may be
/// writing it, or may have died meanwhile.
pub(super) fn look_at(path: &Path) -> rusqlite::Result<(Connection, i32)> {
    let open = || -> rusqlite::Result<(Connection, i32)> {
        let mut db = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        bound(&mut db)?;
        db.busy_timeout(PATIENCE)?;
        let version = db.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        Ok((db, version))
    };
    match open() {
        // A read-only connection can't roll back what a process was writing when it died.
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => {
            roll_back(path).and_then(|()| open())
        }
        opened => opened,
    }
}

fn roll_back(path: &Path) -> rusqlite::Result<()> {
    let db = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    db.busy_timeout(PATIENCE)?;
    db.query_row("PRAGMA user_version", [], |_row| Ok(()))
}

/// Sets a time limit for queries of a database that is only read.
fn bound(db: &mut Connection) -> rusqlite::Result<()> {
    let _before = db.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
    let end = Instant::now() + LONGEST_LOOK;
    db.progress_handler(STEPS, Some(move || Instant::now() > end))
}

/// True if the database and SQLite's files next to it are regular files.
pub(super) fn is_regular(path: &Path) -> bool {
    BESIDE.iter().all(|ending| {
        let mut beside = path.as_os_str().to_owned();
        beside.push(ending);
        match fs::symlink_metadata(&beside) {
            Ok(found) => found.is_file(),
            Err(_) => !ending.is_empty(),
        }
    })
}

/// Something in a database that none of our journals has, if any.
pub(super) fn stranger(db: &Connection) -> rusqlite::Result<Option<String>> {
    strange_but(
        db,
        &[v2_tables::TABLES, v3_tables::TABLES],
        &[
            added_tables::LINK_TABLE,
            added_tables::NOTE_TABLE,
            FILE_TABLE,
            ATTACHED_TABLE,
            NAME_TABLE,
        ],
    )
}

/// The same for a database with the tables of these scripts.
pub(super) fn strange_to(db: &Connection, scripts: &[&str]) -> rusqlite::Result<Option<String>> {
    strange_but(db, scripts, &[])
}

/// The same for one that may have the tables of these other scripts too.
pub(super) fn strange_but(
    db: &Connection,
    scripts: &[&str],
    others: &[&str],
) -> rusqlite::Result<Option<String>> {
    let all = |scripts: &[&str]| -> Vec<String> {
        scripts
            .iter()
            .flat_map(|script| statements(script))
            .collect()
    };
    let needed = all(scripts);
    let known = [needed.clone(), all(others)].concat();
    let mut query = db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema")?;
    let mut rows = query.query([])?;
    let mut tables = BTreeSet::new();
    while let Some(row) = rows.next()? {
        let (kind, name): (String, String) = (row.get(0)?, row.get(1)?);
        let sql: Option<String> = row.get(3)?;
        let is_ours = match (kind.as_str(), &sql) {
            ("table", Some(sql)) => known.iter().any(|known| same_table(known, sql)),
            ("index", Some(sql)) => known.contains(&words(sql)),
            // SQLite's own index for a primary key.
            ("index", None) => name.starts_with("sqlite_autoindex_"),
            _ => false,
        };
        if !is_ours {
            return Ok(Some(format!("it has a strange {kind} {name}")));
        }
        if kind == "table" {
            let _new = tables.insert(name);
        }
    }
    let lacking = needed.iter().filter_map(|sql| name_of_table(sql));
    let lacking = lacking.filter(|name| !tables.contains(*name)).min();
    Ok(lacking.map(|name| format!("it lacks the table {name}")))
}

/// The statements of a script, their words separated by single blanks.
fn statements(script: &str) -> Vec<String> {
    let statements = script.split(';').map(words);
    statements
        .filter(|statement| !statement.is_empty())
        .collect()
}

fn words(sql: &str) -> String {
    let words: Vec<&str> = sql.split_whitespace().collect();
    words.join(" ")
}

fn name_of_table(sql: &str) -> Option<&str> {
    sql.strip_prefix("CREATE TABLE ")?.split([' ', '(']).next()
}

/// A table as we create it, or as another version did with fewer or more columns: only
/// plain columns.
fn same_table(ours: &str, theirs: &str) -> bool {
    let theirs = words(theirs);
    let plain = |(name, rest): (&str, &str)| {
        let types = ["INTEGER", "TEXT", "BLOB", "PRIMARY", "KEY", "NOT", "NULL"];
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        name.chars().all(is_name) && rest.split(' ').all(|word| types.contains(&word))
    };
    let columns = |sql: &str| -> Option<bool> {
        let (_, rest) = sql.split_once('(')?;
        let (columns, _) = rest.rsplit_once(')')?;
        let mut columns = columns.split(',').map(|column| column.trim());
        Some(columns.all(|column| column.split_once(' ').is_some_and(plain)))
    };
    name_of_table(ours).is_some()
        && name_of_table(ours) == name_of_table(&theirs)
        && columns(&theirs) == Some(true)
}

fn cant_open(error: std::io::Error) -> rusqlite::Error {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
    rusqlite::Error::SqliteFailure(code, Some(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::schema::TABLES;

    fn found(more: &str) -> Option<String> {
        let db = Connection::open_in_memory().expect("a database");
        db.execute_batch(TABLES).expect("tables");
        db.execute_batch(more).expect(more);
        stranger(&db).expect("readable")
    }

    #[test]
    fn only_tables_of_ours_are_asked() {
        assert_eq!(found(""), None);
        let older = "ALTER TABLE row DROP COLUMN change; ALTER TABLE row ADD COLUMN change TEXT";
        assert_eq!(found(older), None, "brought up from the first version");
        for (more, expected) in [
            ("DROP TABLE mark", "it lacks the table mark"),
            (
                "DROP TABLE mark; CREATE VIEW mark AS WITH RECURSIVE n(i) AS
                 (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS name, i AS value FROM n",
                "it has a strange view mark",
            ),
            ("CREATE TABLE more (a TEXT)", "it has a strange table more"),
            (
                "CREATE TRIGGER t AFTER UPDATE ON mark BEGIN DELETE FROM row; END",
                "it has a strange trigger t",
            ),
            (
                "DROP TABLE mark; CREATE TABLE mark (name TEXT PRIMARY KEY,
                 value INTEGER GENERATED ALWAYS AS (length(name)))",
                "it has a strange table mark",
            ),
            (
                "DROP TABLE mark; CREATE TABLE mark (name TEXT CHECK (length(name) < 5), value INTEGER)",
                "it has a strange table mark",
            ),
            (
                "CREATE INDEX i ON mark (length(name))",
                "it has a strange index i",
            ),
        ] {
            assert_eq!(found(more).as_deref(), Some(expected), "{more}");
        }
    }
}
