//! Opening a state and recognising one, transactions, and the ids of new records.

use std::cell::{Cell, RefCell};
use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::file_tables::{FILES, last_id as last_file_id};
use super::ids;
use crate::sandbox::options::Data;

/// Marks a file as ours: "thsb" as a number.
pub(crate) const APPLICATION_ID: i64 = 0x7468_7362;

/// Incremented whenever the tables change.
const VERSION: i64 = 4;

/// Times are milliseconds since the epoch. The index of `record` holds everything that a search
/// without conditions on other values needs.
const TABLES: &str = "
    CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE definition (
        sort TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
        UNIQUE (sort, scope, name));
    CREATE TABLE record (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, archived INTEGER NOT NULL DEFAULT 0,
        archived_at TEXT, inserted INTEGER NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,
        properties TEXT NOT NULL);
    CREATE INDEX record_by_kind ON record (kind, archived, id, inserted, created, modified);
    CREATE TABLE late (
        record INTEGER NOT NULL, changed INTEGER NOT NULL, kind TEXT NOT NULL, archived INTEGER NOT NULL,
        inserted INTEGER NOT NULL, properties TEXT NOT NULL);
    CREATE INDEX late_by_time ON late (changed, kind);
    CREATE TABLE version (
        record INTEGER NOT NULL, property TEXT NOT NULL, at TEXT NOT NULL, value TEXT);
    CREATE INDEX version_by_record ON version (record, property);
    CREATE TABLE unique_value (
        kind TEXT NOT NULL, property TEXT NOT NULL, value TEXT NOT NULL, record INTEGER NOT NULL,
        PRIMARY KEY (kind, property, value, record)) WITHOUT ROWID;
    CREATE TABLE link (
        record INTEGER NOT NULL, link_type INTEGER NOT NULL, target INTEGER NOT NULL,
        PRIMARY KEY (record, link_type, target)) WITHOUT ROWID;
";

/// What version 3 adds to version 2: ids that are gone for good, and the record that they were
/// merged into, if any.
const GONE: &str = "
    CREATE TABLE gone (record INTEGER PRIMARY KEY, kind TEXT NOT NULL, survivor INTEGER);
    CREATE INDEX gone_by_survivor ON gone (survivor);
";

/// Why a state cannot be opened.
#[derive(Debug, Error)]
pub(crate) enum StoreError {
    #[error("it is not a sandbox state")]
    Foreign,
    #[error(
        "it was made by a newer version (its format is {0}, this version knows up to {VERSION})"
    )]
    Newer(i64),
    #[error(
        "it was made by an older version (its format is {0}, this version's is {VERSION}); \
         delete it, or name another file"
    )]
    Older(i64),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// An open state. Used by one thread at a time.
#[derive(Debug)]
pub(crate) struct Store {
    pub(super) connection: Connection,
    last_id: Cell<i64>,
    random: RefCell<fastrand::Rng>,
}

impl Store {
    /// Opens a state and returns whether it is new, and so still empty. `seed` determines the ids
    /// that a new state assigns.
    pub(crate) fn open(data: &Data, seed: u64) -> Result<(Store, bool), StoreError> {
        let connection = match data {
            Data::Memory => Connection::open_in_memory()?,
            Data::File(path) => open_file(path)?,
        };
        // Otherwise SQLite recompiles statements for every value that is bound to them.
        let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
        let mut random = fastrand::Rng::with_seed(seed);
        if tables == 0 {
            create(&connection, &mut random)?;
        } else {
            recognise(&connection)?;
        }
        let last_id = last_id(&connection)?;
        connection.set_prepared_statement_cache_capacity(64);
        let store = Store {
            connection,
            last_id: Cell::new(last_id),
            random: RefCell::new(random),
        };
        Ok((store, tables == 0))
    }

    /// Begins a transaction; dropped without a commit, it leaves no trace.
    pub(crate) fn begin(&self) -> rusqlite::Result<Transaction<'_>> {
        self.connection.unchecked_transaction()
    }

    /// Runs a large write that is all or nothing. New pages are written only once this way, whereas
    /// the write-ahead log writes them twice.
    pub(crate) fn in_bulk<E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce() -> Result<(), E>,
    ) -> Result<(), E> {
        set_journal(&self.connection, "DELETE")?;
        let transaction = self.begin()?;
        work()?;
        transaction.commit()?;
        Ok(set_journal(&self.connection, "WAL")?)
    }

    /// Removes records and files with everything that belongs to them. Ids continue from where they
    /// are.
    pub(crate) fn remove_records(&self) -> rusqlite::Result<()> {
        let transaction = self.begin()?;
        for table in [
            "record",
            "late",
            "version",
            "unique_value",
            "link",
            "gone",
            "file",
            "folder",
            "content",
        ] {
            let _rows = transaction.execute(&format!("DELETE FROM {table}"), [])?;
        }
        self.keep_words("first_id", &self.last_id.get().to_string())?;
        transaction.commit()
    }

    /// A number fixed when the state was created.
    pub(crate) fn fact(&self, name: &str) -> rusqlite::Result<i64> {
        fact(&self.connection, name)
    }

    /// A text that is stored with the state.
    pub(crate) fn words(&self, name: &str) -> rusqlite::Result<Option<String>> {
        let query = "SELECT value FROM fact WHERE name = ?1";
        self.connection
            .query_row(query, [name], |row| row.get(0))
            .optional()
    }

    /// Stores a text with the state.
    pub(crate) fn keep_words(&self, name: &str, words: &str) -> rusqlite::Result<()> {
        let statement = "INSERT OR REPLACE INTO fact (name, value) VALUES (?1, ?2)";
        self.connection.execute(statement, [name, words]).map(drop)
    }

    /// The id of the next record. One that is not used leaves a gap.
    pub(crate) fn next_id(&self) -> i64 {
        let id = ids::next(self.last_id.get(), &mut self.random.borrow_mut());
        self.last_id.set(id);
        id
    }
}

/// The write-ahead log without a sync per commit: a power cut may lose the last commits, which is
/// acceptable for a sandbox; killing the process loses nothing.
fn open_file(path: &Path) -> rusqlite::Result<Connection> {
    // A path is treated as a path, even if it looks like a URI.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let connection = Connection::open_with_flags(absolute, flags)?;
    set_journal(&connection, "WAL")?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    connection.pragma_update(None, "wal_autocheckpoint", 8_000)?;
    Ok(connection)
}

/// Sets the journal mode; a state in memory keeps its own.
fn set_journal(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    let query = format!("PRAGMA journal_mode = {mode}");
    let _: String = connection.query_row(&query, [], |row| row.get(0))?;
    Ok(())
}

fn create(connection: &Connection, random: &mut fastrand::Rng) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.execute_batch(TABLES)?;
    transaction.execute_batch(GONE)?;
    transaction.execute_batch(FILES)?;
    let portal_id = random.i64(10_000_000..100_000_000);
    for (name, value) in [("portal_id", portal_id), ("first_id", ids::start(random))] {
        let _ = transaction.execute(
            "INSERT INTO fact VALUES (?1, ?2)",
            params![name, value.to_string()],
        )?;
    }
    transaction.commit()
}

fn recognise(connection: &Connection) -> Result<(), StoreError> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    if number("application_id")? != APPLICATION_ID {
        return Err(StoreError::Foreign);
    }
    match number("user_version")? {
        version if version > VERSION => Err(StoreError::Newer(version)),
        version @ (2 | 3) => Ok(upgrade(connection, version)?),
        version if version < VERSION => Err(StoreError::Older(version)),
        _ => Ok(()),
    }
}

fn upgrade(connection: &Connection, version: i64) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    if version < 3 {
        transaction.execute_batch(GONE)?;
    }
    transaction.execute_batch(FILES)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

fn last_id(connection: &Connection) -> rusqlite::Result<i64> {
    let query = "SELECT max(id) FROM (SELECT max(id) AS id FROM record UNION ALL SELECT max(record) FROM gone)";
    let last: Option<i64> = connection.query_row(query, [], |row| row.get(0))?;
    let last = last.max(last_file_id(connection)?);
    last.map_or_else(|| fact(connection, "first_id"), Ok)
}

fn fact(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.query_row(
        "SELECT CAST(value AS INTEGER) FROM fact WHERE name = ?1",
        [name],
        |row| row.get(0),
    )
}

/// A column that holds JSON.
pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
    })
}

/// A value as the JSON of a column.
pub(super) fn text<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::super::{Store, StoreError};
    use crate::sandbox::options::Data;
    use crate::sandbox::records::shapes::Values;
    use crate::sandbox::schema::kind::Kind;
    use rusqlite::Connection;

    fn values(subject: &str) -> Values {
        Values::from([("subject".to_owned(), subject.to_owned())])
    }

    #[test]
    fn a_state_is_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = Data::File(folder.path().join("portal.db"));
        let (store, fresh) = Store::open(&data, 1).expect("a new state");
        assert!(fresh);
        let (portal, id) = (store.fact("portal_id").expect("a fact"), store.next_id());
        store
            .insert(Kind::Ticket, id, &values("kept"))
            .expect("a row");
        drop(store);
        let (store, fresh) = Store::open(&data, 1).expect("the state");
        assert!(!fresh);
        assert_eq!(store.fact("portal_id").expect("a fact"), portal);
        let kept = store
            .record(Kind::Ticket, id, false)
            .expect("a query")
            .expect("the record");
        assert_eq!(kept.values, values("kept"));
        assert!(store.next_id() > id);
    }

    #[test]
    fn other_files_are_not_touched() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("other.db");
        Connection::open(&path)
            .expect("a database")
            .execute_batch("CREATE TABLE mine (x)")
            .expect("a table");
        let error = Store::open(&Data::File(path.clone()), 1).expect_err("not ours");
        assert!(matches!(error, StoreError::Foreign), "{error}");
        std::fs::write(
            &path,
            "a text file, by its length surely no header of a database",
        )
        .expect("a file");
        assert!(Store::open(&Data::File(path), 1).is_err());
    }

    #[test]
    fn a_newer_state_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = Data::File(folder.path().join("portal.db"));
        let (store, _) = Store::open(&data, 1).expect("a state");
        store
            .connection
            .pragma_update(None, "user_version", 99)
            .expect("a version");
        drop(store);
        assert!(matches!(Store::open(&data, 1), Err(StoreError::Newer(99))));
    }

    #[test]
    fn a_state_of_the_version_before_is_taken_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = Data::File(folder.path().join("portal.db"));
        let (store, _) = Store::open(&data, 1).expect("a state");
        let id = store.next_id();
        store
            .insert(Kind::Ticket, id, &values("kept"))
            .expect("a row");
        store
            .connection
            .execute_batch("DROP TABLE gone; DROP TABLE file; DROP TABLE folder; DROP TABLE content; PRAGMA user_version = 2")
            .expect("the version before");
        drop(store);
        let (store, fresh) = Store::open(&data, 1).expect("the state");
        assert!(!fresh && store.exists(Kind::Ticket, id).expect("a query"));
        store.remove(Kind::Ticket, id, None).expect("a removal");
        drop(store);
        let (store, _) = Store::open(&data, 1).expect("the state");
        assert!(store.next_id() > id, "no id comes again");
    }

    #[test]
    fn what_is_not_committed_is_gone() {
        let (store, _) = Store::open(&Data::Memory, 1).expect("a state");
        let transaction = store.begin().expect("a transaction");
        let id = store.next_id();
        store
            .insert(Kind::Ticket, id, &values("lost"))
            .expect("a row");
        store
            .hold(Kind::Ticket, &("key".to_owned(), "1".to_owned()), id)
            .expect("a value");
        drop(transaction);
        assert!(
            store
                .record(Kind::Ticket, id, false)
                .expect("a query")
                .is_none()
        );
        assert!(
            store
                .holders(Kind::Ticket, "key", "1")
                .expect("a query")
                .is_empty()
        );
    }

    #[test]
    fn unique_values_mind_case_and_know_the_recycle_bin() {
        let (store, _) = Store::open(&Data::Memory, 1).expect("a state");
        let id = store.next_id();
        store
            .insert(Kind::Ticket, id, &values("one"))
            .expect("a row");
        store
            .hold(Kind::Ticket, &("key".to_owned(), "Ab".to_owned()), id)
            .expect("a value");
        let holders = |value: &str| store.holders(Kind::Ticket, "key", value).expect("a query");
        assert_eq!(holders("ab"), []);
        assert_eq!(holders("Ab"), [(id, false)]);
        let archived = store.archive(Kind::Ticket, id, "2026-09-01T10:00:00Z");
        assert!(archived.expect("an archive"));
        assert_eq!(holders("Ab"), [(id, true)]);
        assert_eq!(
            store
                .page(Kind::Ticket, false, 0, 10)
                .expect("a page")
                .len(),
            0
        );
        assert_eq!(
            store.page(Kind::Ticket, true, 0, 10).expect("a page").len(),
            1
        );
    }
}
