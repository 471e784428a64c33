//! What a resume needs to know about a run: its figures, how far its rows are settled, and what it
//! intended without learning the outcome.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::Timestamp;
use rusqlite::{OptionalExtension, params};

use super::changes::changes_from;
use super::entry::RowEntry;
use super::error::{JournalError, at};
use super::figures::Figures;
use super::format::Header;
use super::intents::UNTIL;
use super::read::{Reading, entry, stamp};
use crate::model::issue::Refusal;
use crate::model::key::Key;
use crate::model::property_change::PropertyChange;
use crate::model::window::Window;

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
    /// What is counted of it.
    pub figures: Figures,
    /// Refusals by code.
    pub refusals: Vec<PastRefusals>,
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
    /// After how many rows the run pauses.
    pub limit: Option<u64>,
    /// How far the input had been read, in bytes.
    pub offset: u64,
}

impl Reading {
    /// Everything that a resume needs.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn past(&self) -> Result<Past, JournalError> {
        let marks = self.marks().map_err(at(self.path()))?;
        let mark = |name: &str| marks.get(name).copied().unwrap_or(0);
        let (contiguous, beyond) = self.frontier().map_err(at(self.path()))?;
        let lengths = marks
            .iter()
            .filter(|(name, _)| name.ends_with(".csv"))
            .map(|(name, length)| (name.clone(), *length))
            .collect();
        Ok(Past {
            header: self.header()?,
            figures: self.figures_with(&marks)?,
            refusals: self.refusals()?,
            contiguous,
            beyond,
            unknown: self.unknown(marks.get(UNTIL).copied())?,
            lengths,
            filed: mark("filed"),
            limit: Some(mark("limit")).filter(|limit| *limit > 0),
            offset: mark("offset"),
        })
    }

    /// Refused rows by code, with the one of each that was settled first. Rows are fetched from the
    /// database one by one, in the order of their table: sorted, they would be kept.
    fn refusals(&self) -> Result<Vec<PastRefusals>, JournalError> {
        let failed = || at(self.path());
        let mut query = self
            .db()
            .prepare("SELECT settled, file, line, issue FROM row WHERE fate = 'refused'")
            .map_err(failed())?;
        let rows = query.query_map([], |row| {
            let settled: Option<u64> = row.get(0)?;
            Ok((settled, row.get(1)?, row.get(2)?, row.get::<_, String>(3)?))
        });
        let mut groups: BTreeMap<String, (Option<u64>, PastRefusals)> = BTreeMap::new();
        for row in rows.map_err(failed())? {
            let (settled, file, line, text) = row.map_err(failed())?;
            let Refusal { code, hint, .. } = self.refusal(&text)?;
            let rows = groups.get(&code).map_or(0, |(_, group)| group.rows) + 1;
            let group = PastRefusals {
                code: code.clone(),
                rows,
                file,
                line,
                hint,
            };
            match groups.get_mut(&code) {
                Some((first, known)) if *first <= settled => known.rows = rows,
                _ => drop(groups.insert(code, (settled, group))),
            }
        }
        Ok(groups.into_values().map(|(_, group)| group).collect())
    }

    /// The last row before the first open one, and settled rows after that.
    fn frontier(&self) -> rusqlite::Result<(Option<RowEntry>, HashSet<u64>)> {
        let mut query = self.db().prepare(
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
            .db()
            .query_row(
                "SELECT seq, file, record, line, byte FROM row WHERE seq = ?1",
                params![contiguous],
                entry,
            )
            .optional()?;
        Ok((entry, beyond))
    }

    /// Rows that were intended and have no outcome. Calls of the previous process were carried out
    /// by `until` at the latest.
    fn unknown(&self, until: Option<u64>) -> Result<HashMap<u64, PastIntent>, JournalError> {
        let stored = self.open_intents(until).map_err(at(self.path()))?;
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
        let mut query = self.db().prepare(self.tables().statements().unknown)?;
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
}
