//! Writing plan.db. It is built under a temporary name, in transactions of many rows and without
//! waiting for the disk: an interrupted plan is built again. It is synced and gets its name when it
//! is complete.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, params};

use super::format::{COLUMNS, FILE_TABLE, NAME, PlannedRow, TABLES, VERSION, links_text, stored};
use crate::journal::build::{ANEW, json, write_header};
use crate::journal::changes::changes_text;
use crate::journal::error::{JournalError, at};
use crate::journal::format::{Header, refusal_text};
use crate::journal::validate::connect;
use crate::model::key::{FoldedKey, Key};
use crate::model::plan::PlannedAction;
use crate::output::rename_durably;

/// Rows of one transaction.
const ROWS: u64 = 10_000;

/// What is known about a record that links lead to, by kind and key.
const FIND_OTHER: &str = "SELECT record FROM other WHERE key = ?1";

/// The ticket that has a key.
#[derive(Debug)]
pub enum KeyHolder {
    /// An existing one, with this id.
    Ticket(String),
    /// One that the plan creates.
    Planned,
}

/// The result of looking up a record.
#[derive(Debug)]
pub enum Sought {
    /// It exists, with this id.
    Found(String),
    /// It does not exist.
    Nowhere,
}

/// A plan.db that is being written.
#[derive(Debug)]
pub struct PlanWriter {
    pub(super) db: Connection,
    folder: PathBuf,
    pub(super) building: PathBuf,
    pending: u64,
}

impl PlanWriter {
    /// Begins the database of a plan in its folder. `lacks` are the properties that the
    /// portal does not have and that count as existing.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn create(
        folder: &Path,
        header: &Header,
        lacks: &[String],
    ) -> Result<PlanWriter, JournalError> {
        let building = folder.join(format!("{NAME}.new"));
        let _old = fs::remove_file(&building);
        let db = build(&building, header, lacks).map_err(at(&building))?;
        Ok(PlanWriter {
            db,
            folder: folder.to_owned(),
            building,
            pending: 0,
        })
    }

    /// Adds a row; an existing one is replaced.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn add(&mut self, row: &PlannedRow) -> Result<(), JournalError> {
        self.insert(row).map_err(at(&self.building))?;
        self.pending += 1;
        if self.pending >= ROWS {
            self.pending = 0;
            let committed = self.db.execute_batch("COMMIT; BEGIN");
            committed.map_err(at(&self.building))?;
        }
        Ok(())
    }

    fn insert(&self, row: &PlannedRow) -> rusqlite::Result<()> {
        let place = row.row.address;
        let issue = row.refusal.as_ref().map(refusal_text).transpose();
        let changes = (!row.changes.is_empty()).then(|| changes_text(&row.changes));
        let mut insert = self.db.prepare_cached(
            "INSERT OR REPLACE INTO row (seq, file, record, line, byte, action, key, folded,
                ticket, body, changes, links, issue, later)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        )?;
        let _one = insert.execute(params![
            row.row.seq,
            place.file,
            place.record,
            place.line,
            place.byte,
            row.action.word(),
            row.key,
            row.key.as_ref().map(Key::folded),
            row.ticket,
            row.body,
            changes,
            json(links_text(&row.links))?,
            json(issue)?,
            row.is_open().then_some(1)
        ])?;
        Ok(())
    }

    /// The rows so far with a key, ignoring case, that are carried out or need nothing;
    /// in the order of the input.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn of_key(&self, key: &str) -> Result<Vec<PlannedRow>, JournalError> {
        let read = || {
            let mut query = self.db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM row
                 WHERE folded = ?1 AND action NOT IN ('refused', 'skipped') ORDER BY seq"
            ))?;
            let rows = query.query_map([FoldedKey::of(key)], stored)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let rows = read().map_err(at(&self.building))?;
        rows.into_iter()
            .map(|row| row.parsed().map_err(|what| self.broken(what)))
            .collect()
    }

    /// Rows after `after` whose links to tickets of the input are not resolved yet.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn open(&self, after: u64, most: usize) -> Result<Vec<PlannedRow>, JournalError> {
        let read = || {
            let mut query = self.db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM row WHERE later IS NOT NULL AND seq > ?1
                 ORDER BY seq LIMIT ?2"
            ))?;
            let rows = query.query_map(params![after, most as u64], stored)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let rows = read().map_err(at(&self.building))?;
        rows.into_iter()
            .map(|row| row.parsed().map_err(|what| self.broken(what)))
            .collect()
    }

    /// The ticket that has a key, or will have it; none if the plan has none.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn ticket_of_key(&self, key: &str) -> Result<Option<KeyHolder>, JournalError> {
        let rows = self.of_key(key)?;
        let mut held = rows.into_iter();
        let found = held.find(|row| row.ticket.is_some() || row.action == PlannedAction::Create);
        Ok(found.map(|row| match row.ticket {
            Some(id) => KeyHolder::Ticket(id),
            None => KeyHolder::Planned,
        }))
    }

    /// What is known about a record that links lead to, if it was looked up.
    ///
    /// # Errors
    /// When the database can't be read.
    pub fn other(&self, kind: &str, key: &str) -> Result<Option<Sought>, JournalError> {
        let sought = |row: &rusqlite::Row<'_>| {
            let record: Option<String> = row.get(0)?;
            Ok(record.map_or(Sought::Nowhere, Sought::Found))
        };
        let find = || {
            let mut query = self.db.prepare_cached(FIND_OTHER)?;
            query.query_row([name(kind, key)], sought).optional()
        };
        find().map_err(at(&self.building))
    }

    /// Stores what is known about such a record.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn keep_other(&self, kind: &str, key: &str, sought: &Sought) -> Result<(), JournalError> {
        let (record, state) = match sought {
            Sought::Found(id) => (Some(id), "there"),
            Sought::Nowhere => (None, "none"),
        };
        let sql = "INSERT OR IGNORE INTO other VALUES (?1, ?2, ?3)";
        let keep = || {
            let mut insert = self.db.prepare_cached(sql)?;
            insert.execute(params![name(kind, key), record, state])
        };
        keep().map(drop).map_err(at(&self.building))
    }

    /// Records that such a record is to be created; true for the first row that needs it.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn want_other(&self, kind: &str, key: &str) -> Result<bool, JournalError> {
        let want = || {
            let sql = "UPDATE other SET state = 'create' WHERE key = ?1 AND state = 'none'";
            let mut update = self.db.prepare_cached(sql)?;
            update.execute([name(kind, key)])
        };
        want().map(|rows| rows > 0).map_err(at(&self.building))
    }

    /// Finishes it: everything is on disk, under its name.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn finish(self) -> Result<(), JournalError> {
        let PlanWriter {
            db,
            folder,
            building,
            ..
        } = self;
        let close = || -> rusqlite::Result<()> {
            db.execute_batch("COMMIT")?;
            db.close().map_err(|(_, error)| error)
        };
        close().map_err(at(&building))?;
        let path = folder.join(NAME);
        let name_it = || -> std::io::Result<()> {
            fs::File::open(&building)?.sync_all()?;
            rename_durably(&building, &path)
        };
        name_it().map_err(|source| JournalError::Io {
            path: path.clone(),
            source,
        })
    }

    fn broken(&self, what: &str) -> JournalError {
        JournalError::Broken {
            path: self.building.clone(),
            what: what.to_owned(),
        }
    }
}

/// How a record is named in the table of those that links lead to.
fn name(kind: &str, key: &str) -> String {
    format!("{kind}\u{1f}{key}")
}

fn build(path: &Path, header: &Header, lacks: &[String]) -> rusqlite::Result<Connection> {
    let mut db = connect(path, ANEW)?;
    // A plan that is being written is not read by anybody else.
    db.execute_batch("PRAGMA synchronous = OFF")?;
    let _mode: String = db.query_row("PRAGMA journal_mode = MEMORY", [], |row| row.get(0))?;
    db.pragma_update(None, "cache_size", -16_000)?;
    db.set_prepared_statement_cache_capacity(32);
    db.pragma_update(None, "user_version", VERSION)?;
    let transaction = db.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.execute_batch(FILE_TABLE)?;
    write_header(&transaction, header)?;
    let lacks = json(serde_json::to_string(lacks))?;
    let sql = "INSERT INTO meta VALUES ('lacks', ?1)";
    let _one = transaction.execute(sql, [lacks])?;
    transaction.commit()?;
    db.execute_batch("BEGIN")?;
    Ok(db)
}
