//! Reading run.db back: what a run is about, and its rows.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;

use super::entry::RowEntry;
use super::error::{JournalError, at};
use super::format::{Header, InputFile, UndoneRun, refusal_from, schema_from};
use super::schema::{Tables, VERSION};
use super::validate::{is_regular, look_at, stranger};
use crate::model::issue::Refusal;
use crate::model::key::Key;
use crate::model::outcome::{Change, RowEnd};
use crate::model::place::RowAddress;

/// A settled row.
#[derive(Clone, Debug)]
pub struct PastRow {
    /// The row's number and place.
    pub row: RowEntry,
    /// Its key, if one could be made.
    pub key: Option<Key>,
    /// Id of its ticket, if known; also for a refused row.
    pub record: Option<String>,
    /// How it ended.
    pub end: RowEnd,
    /// Whether something was done for it although it is refused.
    pub in_part: bool,
}

/// A run.db opened for reading. The run may be in progress.
#[derive(Debug)]
pub struct Reading {
    pub(super) db: Connection,
    pub(super) path: std::path::PathBuf,
    version: i32,
}

impl Reading {
    /// Opens run.db in `folder` for reading. The folder may have come from anywhere:
    /// nothing is queried unless it is one of our journals.
    ///
    /// # Errors
    /// When there is none, when it can't be read, or when a newer version of the
    /// tool wrote it.
    pub fn open(folder: &Path) -> Result<Reading, JournalError> {
        let path = folder.join("run.db");
        if fs::symlink_metadata(&path).is_err() {
            return Err(JournalError::Missing(folder.to_owned()));
        }
        let strange = |what: String| JournalError::Strange {
            path: path.clone(),
            what,
        };
        if !is_regular(&path) {
            return Err(strange("it is a link or no regular file".to_owned()));
        }
        let (db, version) = look_at(&path).map_err(at(&path))?;
        if version > VERSION {
            return Err(JournalError::Newer { path, version });
        }
        match stranger(&db).map_err(at(&path))? {
            Some(what) => Err(strange(what)),
            None => Ok(Reading { db, path, version }),
        }
    }

    /// Wraps a database of another kind that has the same header.
    pub(super) fn over(db: Connection, path: PathBuf) -> Reading {
        Reading {
            db,
            path,
            version: VERSION,
        }
    }

    /// Removes the time limit of queries.
    pub(super) fn unbound(&mut self) -> rusqlite::Result<()> {
        self.db.progress_handler(0, None::<fn() -> bool>)
    }

    /// Rows settled after `filed`, in file order: those that may be missing in the
    /// derived files.
    pub fn settled_after(&self, filed: u64) -> Result<Vec<PastRow>, JournalError> {
        let read = || {
            let mut query = self.db.prepare(&format!(
                "SELECT seq, file, record, line, byte, {}, fate, ticket, issue, change FROM row
                 WHERE settled > ?1 ORDER BY seq",
                self.tables().statements().key
            ))?;
            let rows = query.query_map([filed], past_row)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let rows = read().map_err(at(&self.path))?;
        rows.into_iter().map(|row| self.ended(row)).collect()
    }

    /// At most `most` settled rows after row `after`, in the order of the input.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn settled_rows(&self, after: u64, most: usize) -> Result<Vec<PastRow>, JournalError> {
        let read = || {
            let mut query = self.db.prepare_cached(&format!(
                "SELECT seq, file, record, line, byte, {}, fate, ticket, issue, change FROM row
                 WHERE settled IS NOT NULL AND seq > ?1 ORDER BY seq LIMIT ?2",
                self.tables().statements().key
            ))?;
            let rows = query.query_map(params![after, most as u64], past_row)?;
            rows.collect::<rusqlite::Result<Vec<_>>>()
        };
        let rows = read().map_err(at(&self.path))?;
        rows.into_iter().map(|row| self.ended(row)).collect()
    }

    pub(super) fn ended(&self, stored: StoredRow) -> Result<PastRow, JournalError> {
        let ticket = stored.ticket.clone().unwrap_or_default();
        let end = match stored.fate.as_str() {
            "done" => RowEnd::Done {
                ticket,
                change: self.change(stored.change.as_deref())?,
            },
            "exists" => RowEnd::Exists { ticket },
            "unchanged" => RowEnd::Unchanged { ticket },
            "skipped" => RowEnd::Skipped,
            "refused" => RowEnd::Refused(self.refusal(&stored.issue.unwrap_or_default())?),
            other => return Err(self.broken(&format!("fate \"{other}\""))),
        };
        let is_refused = matches!(end, RowEnd::Refused(_));
        Ok(PastRow {
            in_part: is_refused && stored.change.is_some(),
            row: stored.row,
            key: stored.key,
            record: stored.ticket,
            end,
        })
    }

    /// What was done for a row, from its name.
    pub(super) fn change(&self, word: Option<&str>) -> Result<Change, JournalError> {
        let named = |change: &Change| Some(change.word()) == word;
        let found = Change::ALL.into_iter().find(named);
        found.ok_or_else(|| self.broken("change"))
    }

    /// What the run is about.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn header(&self) -> Result<Header, JournalError> {
        let meta = |name: &str| self.meta(name);
        let broken = |what| self.broken(what);
        Ok(Header {
            run: self.word("run")?.unwrap_or_default(),
            parent: self.parent().map_err(at(&self.path))?,
            operation: meta("operation")?,
            portal_id: meta("portal")?.parse().map_err(|_| broken("portal"))?,
            portal: serde_json::from_str(&meta("portal_path")?)
                .map_err(|_| broken("portal_path"))?,
            mapping_path: meta("mapping_path")?.into(),
            mapping_text: meta("mapping")?,
            tables: self.parsed("tables")?.unwrap_or_default(),
            inputs: self.inputs().map_err(at(&self.path))?,
            schema: schema_from(&meta("schema")?).map_err(|_| broken("schema"))?,
            diff: self.word("diff")?.as_deref() == Some("true"),
            no_key: meta("no_key")? == "true",
            encoding: Some(meta("encoding")?).filter(|name| !name.is_empty()),
            delimiter: meta("delimiter")?.bytes().next(),
            run_options: self.parsed("told")?.unwrap_or_default(),
            undoes: match self.word("undoes")?.filter(|path| !path.is_empty()) {
                Some(folder) => Some(UndoneRun {
                    run: self.word("undoes_run")?.unwrap_or_default(),
                    folder: folder.into(),
                }),
                None => None,
            },
            plan: self.parsed("plan")?,
        })
    }

    /// Values that only newer journals have.
    fn word(&self, name: &str) -> Result<Option<String>, JournalError> {
        self.later_meta(name).map_err(at(&self.path))
    }

    /// The same as JSON; an empty text counts as absent.
    fn parsed<T: DeserializeOwned>(&self, name: &'static str) -> Result<Option<T>, JournalError> {
        let text = self.word(name)?.filter(|text| !text.is_empty());
        let parsed = text.map(|text| serde_json::from_str(&text));
        parsed.transpose().map_err(|_| self.broken(name))
    }

    /// Values that every journal has.
    pub(super) fn meta(&self, name: &str) -> Result<String, JournalError> {
        let sql = "SELECT value FROM meta WHERE name = ?1";
        let value = self.db.query_row(sql, [name], |row| row.get(0));
        value.map_err(at(&self.path))
    }

    /// Id of the run whose refused rows this one retries.
    pub(super) fn parent(&self) -> rusqlite::Result<Option<String>> {
        let parent = self.later_meta("parent")?;
        Ok(parent.filter(|parent| !parent.is_empty()))
    }

    /// Values that older journals lack.
    pub(super) fn later_meta(&self, name: &str) -> rusqlite::Result<Option<String>> {
        let sql = "SELECT value FROM meta WHERE name = ?1";
        self.db.query_row(sql, [name], |row| row.get(0)).optional()
    }

    fn inputs(&self) -> rusqlite::Result<Vec<InputFile>> {
        let mut query = self
            .db
            .prepare("SELECT path, member, size, modified_ms, hash FROM input ORDER BY file")?;
        let rows = query.query_map([], |row| {
            Ok(InputFile {
                path: row.get::<_, String>(0)?.into(),
                member: row.get(1)?,
                size: row.get(2)?,
                modified: stamp(row.get(3)?),
                hash: row.get(4)?,
            })
        })?;
        rows.collect()
    }

    /// All numbers that the run keeps by name.
    pub(super) fn marks(&self) -> rusqlite::Result<BTreeMap<String, u64>> {
        let mut query = self.db.prepare("SELECT name, value FROM mark")?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    }

    /// Why a row is refused.
    pub(super) fn refusal(&self, text: &str) -> Result<Refusal, JournalError> {
        refusal_from(text).map_err(|_| self.broken("issue"))
    }

    /// The database.
    pub(super) fn db(&self) -> &Connection {
        &self.db
    }

    /// Its path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The tables that it has.
    pub(super) fn tables(&self) -> Tables {
        Tables::of(self.version)
    }

    /// Whether its rows say what was done for them; those of version 1 don't.
    pub(super) fn has_changes(&self) -> bool {
        self.version > 1
    }

    /// A value that makes no sense.
    pub(super) fn broken(&self, what: &str) -> JournalError {
        JournalError::Broken {
            path: self.path.clone(),
            what: what.to_owned(),
        }
    }
}

/// A settled row as in the table.
pub(super) struct StoredRow {
    row: RowEntry,
    key: Option<Key>,
    fate: String,
    ticket: Option<String>,
    pub(super) issue: Option<String>,
    change: Option<String>,
}

pub(super) fn past_row(row: &Row<'_>) -> rusqlite::Result<StoredRow> {
    Ok(StoredRow {
        row: entry(row)?,
        key: row.get(5)?,
        fate: row.get(6)?,
        ticket: row.get(7)?,
        issue: row.get(8)?,
        change: row.get(9)?,
    })
}

pub(super) fn entry(row: &Row<'_>) -> rusqlite::Result<RowEntry> {
    Ok(RowEntry {
        seq: row.get(0)?,
        address: RowAddress {
            file: row.get(1)?,
            record: row.get(2)?,
            line: row.get(3)?,
            byte: row.get(4)?,
        },
    })
}

pub(super) fn stamp(millis: u64) -> Timestamp {
    let millis = i64::try_from(millis).unwrap_or(0);
    Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH)
}
