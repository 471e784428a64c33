//! The portal's memory: SQLite, in a file or in memory. One row per record with
//! its values as JSON text, a side table for unique values (case-sensitive), one
//! for associations, one for definitions. No rules live here: callers check first
//! and write inside a transaction.

use std::cell::{Cell, RefCell};
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

use super::ids;
use super::kind::Kind;
use super::links::Link;
use super::options::Data;
use super::shapes::Values;

/// Marks a file as ours: "thsb" as a number.
const APPLICATION_ID: i64 = 0x7468_7362;

/// Raised whenever the tables change.
const VERSION: i64 = 1;

const TABLES: &str = "
    CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE definition (
        sort TEXT NOT NULL, scope TEXT NOT NULL, name TEXT NOT NULL, body TEXT NOT NULL,
        UNIQUE (sort, scope, name));
    CREATE TABLE record (
        id INTEGER PRIMARY KEY, kind TEXT NOT NULL, archived INTEGER NOT NULL DEFAULT 0,
        archived_at TEXT, properties TEXT NOT NULL);
    CREATE INDEX record_by_kind ON record (kind, archived, id);
    CREATE TABLE unique_value (
        kind TEXT NOT NULL, property TEXT NOT NULL, value TEXT NOT NULL, record INTEGER NOT NULL,
        PRIMARY KEY (kind, property, value, record)) WITHOUT ROWID;
    CREATE TABLE link (
        record INTEGER NOT NULL, link_type INTEGER NOT NULL, target INTEGER NOT NULL,
        PRIMARY KEY (record, link_type, target)) WITHOUT ROWID;
";

/// Why a state cannot be opened.
#[derive(Debug, Error)]
pub(super) enum StoreError {
    #[error("it is not a sandbox state")]
    Foreign,
    #[error(
        "it was made by a newer version (its format is {0}, this version knows up to {VERSION})"
    )]
    Newer(i64),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// A stored record.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) id: i64,
    pub(super) values: Values,
    /// When it went to the recycle bin.
    pub(super) archived_at: Option<String>,
}

/// The value of a unique property: property name and value.
pub(super) type UniqueValue = (String, String);

/// An open state. Used by one thread at a time.
#[derive(Debug)]
pub(super) struct Store {
    connection: Connection,
    last_id: Cell<i64>,
    random: RefCell<fastrand::Rng>,
}

impl Store {
    /// Opens a state and says whether it is new, and so still empty.
    pub(super) fn open(data: &Data) -> Result<(Store, bool), StoreError> {
        let connection = match data {
            Data::Memory => Connection::open_in_memory()?,
            Data::File(path) => open_file(path)?,
        };
        let tables: i64 =
            connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
        let mut random = fastrand::Rng::new();
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
    pub(super) fn begin(&self) -> rusqlite::Result<Transaction<'_>> {
        self.connection.unchecked_transaction()
    }

    /// A number fixed when the state was made.
    pub(super) fn fact(&self, name: &str) -> rusqlite::Result<i64> {
        fact(&self.connection, name)
    }

    /// The id of the next record. One that is not used leaves a gap.
    pub(super) fn next_id(&self) -> i64 {
        let id = ids::next(self.last_id.get(), &mut self.random.borrow_mut());
        self.last_id.set(id);
        id
    }

    pub(super) fn insert(&self, kind: Kind, id: i64, values: &Values) -> rusqlite::Result<()> {
        let mut statement = self
            .connection
            .prepare_cached("INSERT INTO record (id, kind, properties) VALUES (?1, ?2, ?3)")?;
        statement
            .execute(params![id, kind.type_id(), text(values)?])
            .map(drop)
    }

    pub(super) fn replace(&self, id: i64, values: &Values) -> rusqlite::Result<()> {
        let mut statement = self
            .connection
            .prepare_cached("UPDATE record SET properties = ?2 WHERE id = ?1")?;
        statement.execute(params![id, text(values)?]).map(drop)
    }

    /// Puts a live record into the recycle bin; others are left as they are.
    pub(super) fn archive(&self, kind: Kind, id: i64, at: &str) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "UPDATE record SET archived = 1, archived_at = ?3 WHERE id = ?1 AND kind = ?2 AND archived = 0",
        )?;
        statement.execute(params![id, kind.type_id(), at]).map(drop)
    }

    /// A record, if it is there and (not) archived as asked.
    pub(super) fn record(
        &self,
        kind: Kind,
        id: i64,
        archived: bool,
    ) -> rusqlite::Result<Option<Record>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, properties, archived_at FROM record WHERE id = ?1 AND kind = ?2 AND archived = ?3",
        )?;
        statement
            .query_row(params![id, kind.type_id(), archived], stored)
            .optional()
    }

    /// Up to `limit` records with ids from `from` on, in id order.
    pub(super) fn page(
        &self,
        kind: Kind,
        archived: bool,
        from: i64,
        limit: u32,
    ) -> rusqlite::Result<Vec<Record>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, properties, archived_at FROM record
             WHERE kind = ?1 AND archived = ?2 AND id >= ?3 ORDER BY id LIMIT ?4",
        )?;
        let rows = statement.query_map(params![kind.type_id(), archived, from, limit], stored)?;
        rows.collect()
    }

    /// Which records have a unique value: id, and whether archived. Newest first.
    pub(super) fn holders(
        &self,
        kind: Kind,
        property: &str,
        value: &str,
    ) -> rusqlite::Result<Vec<(i64, bool)>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT record.id, record.archived FROM unique_value JOIN record ON record.id = unique_value.record
             WHERE unique_value.kind = ?1 AND property = ?2 AND value = ?3 ORDER BY record.id DESC",
        )?;
        let rows = statement.query_map(params![kind.type_id(), property, value], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })?;
        rows.collect()
    }

    pub(super) fn hold(
        &self,
        kind: Kind,
        (property, value): &UniqueValue,
        id: i64,
    ) -> rusqlite::Result<()> {
        let mut statement = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO unique_value VALUES (?1, ?2, ?3, ?4)")?;
        statement
            .execute(params![kind.type_id(), property, value, id])
            .map(drop)
    }

    pub(super) fn release(
        &self,
        kind: Kind,
        (property, value): &UniqueValue,
        id: i64,
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "DELETE FROM unique_value WHERE kind = ?1 AND property = ?2 AND value = ?3 AND record = ?4",
        )?;
        statement
            .execute(params![kind.type_id(), property, value, id])
            .map(drop)
    }

    /// Stores an association, seen from both ends.
    pub(super) fn link(&self, id: i64, link: Link) -> rusqlite::Result<()> {
        let mut statement = self
            .connection
            .prepare_cached("INSERT OR IGNORE INTO link VALUES (?1, ?2, ?3)")?;
        let _ = statement.execute(params![id, link.link_type, link.to])?;
        statement
            .execute(params![link.to, link.inverse, id])
            .map(drop)
    }

    /// Associations of a record: type and target, in order of target.
    pub(super) fn links(&self, id: i64) -> rusqlite::Result<Vec<(u32, i64)>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT link_type, target FROM link JOIN record ON record.id = target
             WHERE record = ?1 AND archived = 0 ORDER BY target, link_type",
        )?;
        let rows = statement.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    }

    /// Keeps a property, group, pipeline or owner.
    pub(super) fn define<T: Serialize>(
        &self,
        sort: &str,
        scope: &str,
        name: &str,
        body: &T,
    ) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(
            "INSERT INTO definition (sort, scope, name, body) VALUES (?1, ?2, ?3, ?4)",
        )?;
        statement
            .execute(params![sort, scope, name, text(body)?])
            .map(drop)
    }

    /// All definitions of one sort, oldest first.
    pub(super) fn definitions<T: DeserializeOwned>(
        &self,
        sort: &str,
        scope: &str,
    ) -> rusqlite::Result<Vec<T>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT body FROM definition WHERE sort = ?1 AND scope = ?2 ORDER BY rowid",
        )?;
        let rows = statement.query_map([sort, scope], |row| json(row, 0))?;
        rows.collect()
    }
}

/// The write-ahead log without a sync per commit: a power cut may lose the last
/// commits, which a sandbox can bear; killing the process loses nothing.
fn open_file(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    let _: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    connection.pragma_update(None, "wal_autocheckpoint", 8_000)?;
    Ok(connection)
}

fn create(connection: &Connection, random: &mut fastrand::Rng) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.execute_batch(TABLES)?;
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
        _ => Ok(()),
    }
}

fn last_id(connection: &Connection) -> rusqlite::Result<i64> {
    let last: Option<i64> =
        connection.query_row("SELECT max(id) FROM record", [], |row| row.get(0))?;
    last.map_or_else(|| fact(connection, "first_id"), Ok)
}

fn fact(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.query_row(
        "SELECT CAST(value AS INTEGER) FROM fact WHERE name = ?1",
        [name],
        |row| row.get(0),
    )
}

fn stored(row: &Row<'_>) -> rusqlite::Result<Record> {
    Ok(Record {
        id: row.get(0)?,
        values: json(row, 1)?,
        archived_at: row.get(2)?,
    })
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    serde_json::from_str(text).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(
            column,
            rusqlite::types::Type::Text,
            Box::new(error),
        )
    })
}

fn text<T: Serialize>(value: &T) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(Box::new(error)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(subject: &str) -> Values {
        Values::from([("subject".to_owned(), subject.to_owned())])
    }

    #[test]
    fn a_state_is_found_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = Data::File(folder.path().join("portal.db"));
        let (store, fresh) = Store::open(&data).expect("a new state");
        assert!(fresh);
        let (portal, id) = (store.fact("portal_id").expect("a fact"), store.next_id());
        store
            .insert(Kind::Ticket, id, &values("kept"))
            .expect("a row");
        drop(store);
        let (store, fresh) = Store::open(&data).expect("the state");
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
        let error = Store::open(&Data::File(path.clone())).expect_err("not ours");
        assert!(matches!(error, StoreError::Foreign), "{error}");
        std::fs::write(
            &path,
            "a text file, by its length surely no header of a database",
        )
        .expect("a file");
        assert!(Store::open(&Data::File(path)).is_err());
    }

    #[test]
    fn a_newer_state_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = Data::File(folder.path().join("portal.db"));
        let (store, _) = Store::open(&data).expect("a state");
        store
            .connection
            .pragma_update(None, "user_version", 99)
            .expect("a version");
        drop(store);
        assert!(matches!(Store::open(&data), Err(StoreError::Newer(99))));
    }

    #[test]
    fn what_is_not_committed_is_gone() {
        let (store, _) = Store::open(&Data::Memory).expect("a state");
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
        let (store, _) = Store::open(&Data::Memory).expect("a state");
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
        store
            .archive(Kind::Ticket, id, "2026-09-01T10:00:00Z")
            .expect("an archive");
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
