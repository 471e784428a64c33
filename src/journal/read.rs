//! Reading run.db back: what a run is about, and its state.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;

use super::changes::changes_from;
use super::entry::RowEntry;
use super::error::{JournalError, at};
use super::file_steps::FileCounts;
use super::format::{Header, InputFile, UndoneRun, refusal_from, schema_from};
use super::intents::UNTIL;
use super::note_steps::NoteCounts;
use super::remarks::{remarks, values};
use super::run_state::RunState;
use super::schema::{Tables, VERSION};
use super::validate::{is_regular, look_at, stranger};
use crate::model::issue::Refusal;
use crate::model::key::Key;
use crate::model::outcome::{Change, Fate, RowEnd, Tally};
use crate::model::place::RowAddress;
use crate::model::property_change::PropertyChange;
use crate::model::ticket::{PlacedRemark, Remark};
use crate::model::window::Window;

/// The mark that counts the notes that an undo put into the recycle bin.
pub const NOTES_ARCHIVED: &str = "notes_archived";

/// A row that was intended and whose outcome is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastIntent {
    /// When its calls may have been carried out, by the portal's clock (K6).
    pub window: Window,
    /// Hash of what was to be sent (R1).
    pub body: [u8; 16],
    /// The key that it was to be sent with.
    pub key: Key,
    /// Id of the record that it means, if it was looked up (R4).
    pub record: Option<String>,
    /// What it was to change, with what the ticket held before; none if that was not
    /// read (PL6).
    pub changes: Option<Vec<PropertyChange>>,
}

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

/// Refused rows of one code.
#[derive(Clone, Debug)]
pub struct PastRefusals {
    /// The code.
    pub code: String,
    /// How many rows.
    pub rows: u64,
    /// File and line of the first of them.
    pub file: u32,
    /// Line of the first of them.
    pub line: u64,
    /// Its hint.
    pub hint: String,
}

/// Everything that a resume needs to know about the past.
#[derive(Clone, Debug)]
pub struct Past {
    /// What the run is about.
    pub header: Header,
    /// Its state.
    pub state: RunState,
    /// Settled rows by fate.
    pub fates: Vec<(Fate, u64)>,
    /// All rows that were read, by fate; rows whose links wait are pending.
    pub tally: Tally,
    /// Refusals by code.
    pub refusals: Vec<PastRefusals>,
    /// What mapping did to values.
    pub remarks: BTreeMap<Remark, u64>,
    /// The values of remarks whose values are counted one by one.
    pub values: BTreeMap<PlacedRemark, u64>,
    /// What was done with the tickets of rows that are done.
    pub changes: BTreeMap<Change, u64>,
    /// Contacts that the run created.
    pub contacts_created: u64,
    /// Counts of existing notes.
    pub notes: NoteCounts,
    /// Counts of existing files.
    pub files: FileCounts,
    /// Notes that an undo put into the recycle bin.
    pub notes_archived: u64,
    /// Rows that were refused after something was done for them.
    pub refused_in_part: u64,
    /// Rows whose ticket is written and whose links wait.
    pub waiting: u64,
    /// Rows up to this one are settled or wait; none when the first is open.
    pub contiguous: Option<RowEntry>,
    /// Such rows after that one.
    pub beyond: HashSet<u64>,
    /// Rows that were intended and whose outcome is not known.
    pub unknown: HashMap<u64, PastIntent>,
    /// Lengths of the derived files, by name (D3).
    pub lengths: BTreeMap<String, u64>,
    /// Number of the last settlement that is in those lengths.
    pub filed: u64,
    /// Number of the last settlement.
    pub settled: u64,
    /// After how many rows the run pauses.
    pub limit: Option<u64>,
    /// How far the input had been read, in bytes.
    pub offset: u64,
    /// When the run began and when it last wrote, by this machine's clock.
    pub times: (Timestamp, Timestamp),
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

    /// Everything that a resume needs.
    pub fn past(&self) -> Result<Past, JournalError> {
        let marks = self.marks().map_err(at(&self.path))?;
        let mark = |name: &str| marks.get(name).copied().unwrap_or(0);
        let (contiguous, beyond) = self.frontier().map_err(at(&self.path))?;
        let lengths = marks
            .iter()
            .filter(|(name, _)| name.ends_with(".csv"))
            .map(|(name, length)| (name.clone(), *length))
            .collect();
        let fates = self.fates()?;
        let unknown = self.unknown(marks.get(UNTIL).copied())?;
        let waiting = self.waiting().map_err(at(&self.path))?;
        let tally = tally(&fates, mark("rows_read"), waiting, unknown.len() as u64);
        Ok(Past {
            header: self.header()?,
            state: RunState::numbered(mark("state")),
            fates,
            tally,
            refusals: self.refusals()?,
            remarks: remarks(&marks),
            values: values(&marks),
            changes: self.changes()?,
            contacts_created: self.contacts_created().map_err(at(&self.path))?,
            notes: self.note_counts()?,
            files: self.file_counts()?,
            notes_archived: mark(NOTES_ARCHIVED),
            refused_in_part: self.refused_in_part().map_err(at(&self.path))?,
            waiting,
            contiguous,
            beyond,
            unknown,
            lengths,
            filed: mark("filed"),
            settled: self.last_settled().map_err(at(&self.path))?,
            limit: Some(mark("limit")).filter(|limit| *limit > 0),
            offset: mark("offset"),
            times: (stamp(mark("started_ms")), stamp(mark("updated_ms"))),
        })
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

    pub(super) fn header(&self) -> Result<Header, JournalError> {
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

    fn marks(&self) -> rusqlite::Result<BTreeMap<String, u64>> {
        let mut query = self.db.prepare("SELECT name, value FROM mark")?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    }

    pub(super) fn fates(&self) -> Result<Vec<(Fate, u64)>, JournalError> {
        let known = |(word, count): (String, u64)| {
            let fate = Fate::ALL.into_iter().find(|fate| fate.word() == word);
            let broken = || self.broken(&format!("fate \"{word}\""));
            Ok((fate.ok_or_else(broken)?, count))
        };
        let counted = self.count_by_fate().map_err(at(&self.path))?;
        counted.into_iter().map(known).collect()
    }

    fn count_by_fate(&self) -> rusqlite::Result<Vec<(String, u64)>> {
        let mut query = self
            .db
            .prepare("SELECT fate, count(*) FROM row WHERE settled IS NOT NULL GROUP BY fate")?;
        let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        rows.collect()
    }

    fn changes(&self) -> Result<BTreeMap<Change, u64>, JournalError> {
        if self.version == 1 {
            // That version only knew creates.
            let done = self.fates()?;
            let done = done.into_iter().find(|(fate, _)| *fate == Fate::Done);
            let created = done.map(|(_, rows)| (Change::Created, rows));
            return Ok(created.into_iter().collect());
        }
        let counted = self.count_by_change().map_err(at(&self.path))?;
        let known = |(word, rows): (String, u64)| Ok((self.change(Some(&word))?, rows));
        counted.into_iter().map(known).collect()
    }

    fn count_by_change(&self) -> rusqlite::Result<Vec<(String, u64)>> {
        let mut query = self.db.prepare(
            "SELECT change, count(*) FROM row
             WHERE change IS NOT NULL AND fate = 'done' GROUP BY change",
        )?;
        let rows = query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
        rows.collect()
    }

    /// Rows are fetched from the database one by one.
    fn refusals(&self) -> Result<Vec<PastRefusals>, JournalError> {
        let failed = || at(&self.path);
        let mut query = self
            .db
            .prepare("SELECT file, line, issue FROM row WHERE fate = 'refused' ORDER BY settled")
            .map_err(failed())?;
        let rows = query.query_map([], |row| {
            Ok((row.get::<_, u32>(0)?, row.get(1)?, row.get::<_, String>(2)?))
        });
        let mut groups: BTreeMap<String, PastRefusals> = BTreeMap::new();
        for row in rows.map_err(failed())? {
            let (file, line, text) = row.map_err(failed())?;
            let Refusal { code, hint, .. } = self.refusal(&text)?;
            let first = PastRefusals {
                code: code.clone(),
                rows: 0,
                file,
                line,
                hint,
            };
            groups.entry(code).or_insert(first).rows += 1;
        }
        Ok(groups.into_values().collect())
    }

    fn refusal(&self, text: &str) -> Result<Refusal, JournalError> {
        refusal_from(text).map_err(|_| self.broken("issue"))
    }

    fn contacts_created(&self) -> rusqlite::Result<u64> {
        let sql = "SELECT count(*) FROM step WHERE state = 'done'
                   AND (kind = 'contact' OR kind LIKE 'contacts.%')";
        self.db.query_row(sql, [], |row| row.get(0))
    }

    pub(super) fn waiting(&self) -> rusqlite::Result<u64> {
        let sql = "SELECT count(*) FROM row WHERE fate = 'waiting'";
        self.db.query_row(sql, [], |row| row.get(0))
    }

    fn refused_in_part(&self) -> rusqlite::Result<u64> {
        if self.version == 1 {
            return Ok(0);
        }
        let sql = "SELECT count(*) FROM row WHERE fate = 'refused' AND change IS NOT NULL";
        self.db.query_row(sql, [], |row| row.get(0))
    }

    fn last_settled(&self) -> rusqlite::Result<u64> {
        let sql = "SELECT coalesce(max(settled), 0) FROM row";
        self.db.query_row(sql, [], |row| row.get(0))
    }

    /// The last row before the first open one, and settled rows after that.
    fn frontier(&self) -> rusqlite::Result<(Option<RowEntry>, HashSet<u64>)> {
        let mut query = self.db.prepare(
            "SELECT seq FROM row WHERE settled IS NOT NULL OR fate = 'waiting' ORDER BY seq",
        )?;
        let mut rows = query.query([])?;
        let mut contiguous = 0;
        let mut beyond = HashSet::new();
        while let Some(row) = rows.next()? {
            let seq: u64 = row.get(0)?;
            if seq == contiguous + 1 && beyond.is_empty() {
                contiguous = seq;
            } else {
                let _new = beyond.insert(seq);
            }
        }
        let entry = self
            .db
            .query_row(
                "SELECT seq, file, record, line, byte FROM row WHERE seq = ?1",
                params![contiguous],
                entry,
            )
            .optional()?;
        Ok((entry, beyond))
    }

    /// How many rows have no known outcome.
    pub(super) fn count_unknown(&self) -> rusqlite::Result<u64> {
        let sql = self.tables().statements().count_unknown;
        self.db.query_row(sql, [], |row| row.get(0))
    }

    /// Rows that were intended and have no outcome. Calls of the previous process were carried out
    /// by `until` at the latest.
    fn unknown(&self, until: Option<u64>) -> Result<HashMap<u64, PastIntent>, JournalError> {
        let stored = self.open_intents(until).map_err(at(&self.path))?;
        let intent = |(seq, intent, changes): (u64, PastIntent, Option<String>)| {
            let changes = changes.as_deref().map(changes_from).transpose();
            let changes = changes.map_err(|_| self.broken("changes"))?;
            Ok((seq, PastIntent { changes, ..intent }))
        };
        stored.into_iter().map(intent).collect()
    }

    fn open_intents(
        &self,
        until: Option<u64>,
    ) -> rusqlite::Result<Vec<(u64, PastIntent, Option<String>)>> {
        let mut query = self.db.prepare(self.tables().statements().unknown)?;
        let rows = query.query_map([], |row| {
            let (at, dated): (Option<i64>, Option<u64>) = (row.get(1)?, row.get(6)?);
            let until = dated.or(until);
            let intent = PastIntent {
                window: Window {
                    since: at.and_then(|millis| Timestamp::from_millisecond(millis).ok()),
                    until: until.map(stamp),
                },
                body: row.get(2)?,
                key: row.get(3)?,
                record: row.get(4)?,
                changes: None,
            };
            Ok((row.get(0)?, intent, row.get(5)?))
        })?;
        rows.collect()
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

    /// A value that makes no sense.
    pub(super) fn broken(&self, what: &str) -> JournalError {
        JournalError::Broken {
            path: self.path.clone(),
            what: what.to_owned(),
        }
    }
}

/// All rows that were read, by fate.
pub(super) fn tally(fates: &[(Fate, u64)], read: u64, waiting: u64, unknown: u64) -> Tally {
    let mut tally = Tally::resumed(fates.iter().copied());
    let read = read.max(tally.settled() + waiting + unknown);
    tally.hold_open(read, unknown);
    tally
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
