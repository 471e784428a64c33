//! Rows that a run carried out, page by page: read later to verify the run or to undo it.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::params;

use super::changes::changes_from;
use super::entry::RowEntry;
use super::error::{JournalError, at};
use super::read::{Reading, entry};
use super::schema::Tables;
use super::{v2_tables, v3_tables};
use crate::model::key::FoldedKey;
use crate::model::outcome::Change;
use crate::model::property_change::PropertyChange;

/// A row that is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoneRow {
    /// Its number and place.
    pub row: RowEntry,
    /// Value of the key property, or the record id if that is the key.
    pub key: String,
    /// Id of its ticket.
    pub ticket: String,
    /// What was done.
    pub change: Change,
    /// What was changed, with what the ticket held before; none if it was not read.
    pub changes: Option<Vec<PropertyChange>>,
    /// What later rows of the run wrote to the same ticket.
    pub later: Later,
    /// Whether it was refused after its ticket was written.
    pub refused: bool,
}

/// Rows for which something was done.
const ACTED: &str =
    "(fate = 'done' OR (fate = 'refused' AND change IS NOT NULL AND ticket IS NOT NULL))";

/// What later rows of a run wrote to a ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Later {
    /// Nothing.
    #[default]
    Nothing,
    /// These properties.
    Properties(BTreeSet<String>),
    /// The journal does not know what: the run did not read the tickets first.
    Unknown,
}

impl Later {
    /// The properties, as far as the journal names them.
    pub fn properties(self) -> BTreeSet<String> {
        match self {
            Later::Properties(names) => names,
            Later::Nothing | Later::Unknown => BTreeSet::new(),
        }
    }
}

impl Reading {
    /// At most `most` rows for which something was done, after row `after`, in the order of the
    /// input. These include rows that were refused after their ticket was written.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn done_after(&self, after: u64, most: usize) -> Result<Vec<DoneRow>, JournalError> {
        self.page(&format!("{ACTED} AND seq > ?1 ORDER BY seq"), after, most)
    }

    /// At most `most` rows for which something was done, before row `before`, the last ones first.
    /// These include rows that were refused after their ticket was written.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn done_before(&self, before: u64, most: usize) -> Result<Vec<DoneRow>, JournalError> {
        self.page(
            &format!("{ACTED} AND seq < ?1 ORDER BY seq DESC"),
            before,
            most,
        )
    }

    /// How many tickets the run changed, by kind of change. A ticket that it created is not also
    /// counted as updated.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn tickets(&self) -> Result<BTreeMap<Change, u64>, JournalError> {
        let read = || -> rusqlite::Result<Vec<(String, u64)>> {
            let mut query = self.db().prepare(&format!(
                "SELECT change, count(DISTINCT ticket) FROM row
                 WHERE {ACTED} AND (change = 'created' OR ticket NOT IN (
                    SELECT ticket FROM row WHERE change = 'created' AND ticket IS NOT NULL))
                 GROUP BY change"
            ))?;
            let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        let counted = read().map_err(at(self.path()))?.into_iter();
        let known = counted.map(|(word, tickets)| Ok((self.change(Some(&word))?, tickets)));
        known.collect()
    }

    /// Whether an earlier row of the run has this key.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn has_before(&self, key: &str, seq: u64) -> Result<bool, JournalError> {
        let sql = match self.tables() {
            Tables::Second => v2_tables::HAS_BEFORE,
            Tables::Third => v3_tables::HAS_BEFORE,
        };
        let read = || {
            let mut query = self.db().prepare_cached(sql)?;
            query.exists(params![FoldedKey::of(key), seq])
        };
        read().map_err(at(self.path()))
    }

    fn page(&self, rows: &str, seq: u64, most: usize) -> Result<Vec<DoneRow>, JournalError> {
        let stored = self.stored(rows, seq, most).map_err(at(self.path()))?;
        stored.into_iter().map(|stored| self.done(stored)).collect()
    }

    fn stored(&self, rows: &str, seq: u64, most: usize) -> rusqlite::Result<Vec<Stored>> {
        let changes = match self.tables() {
            Tables::Second => "NULL",
            Tables::Third => "changes",
        };
        let mut query = self.db().prepare_cached(&format!(
            "SELECT seq, file, record, line, byte, {}, ticket, change, {changes},
                fate = 'refused' FROM row
             WHERE {rows} LIMIT ?2",
            self.tables().statements().key
        ))?;
        let rows = query.query_map(params![seq, most as u64], |row| {
            Ok(Stored {
                row: entry(row)?,
                key: row.get::<_, Option<String>>(5)?.unwrap_or_default(),
                ticket: row.get::<_, Option<String>>(6)?.unwrap_or_default(),
                change: row.get(7)?,
                changes: row.get(8)?,
                refused: row.get(9)?,
            })
        })?;
        rows.collect()
    }

    fn done(&self, stored: Stored) -> Result<DoneRow, JournalError> {
        Ok(DoneRow {
            row: stored.row,
            change: self.change(stored.change.as_deref())?,
            changes: self.changes_of(stored.changes.as_deref())?,
            later: self.later(&stored.key, stored.row.seq)?,
            key: stored.key,
            ticket: stored.ticket,
            refused: stored.refused,
        })
    }

    fn later(&self, key: &str, seq: u64) -> Result<Later, JournalError> {
        let sql = match self.tables() {
            Tables::Second => v2_tables::LATER,
            Tables::Third => v3_tables::LATER,
        };
        let read = || -> rusqlite::Result<Vec<Option<String>>> {
            let mut query = self.db().prepare_cached(sql)?;
            let rows = query.query_map(params![FoldedKey::of(key), seq], |row| row.get(0))?;
            rows.collect()
        };
        let rows = read().map_err(at(self.path()))?;
        let mut names = BTreeSet::new();
        for text in &rows {
            match self.changes_of(text.as_deref())? {
                Some(changes) => names.extend(changes.iter().map(|one| one.name.to_string())),
                None => return Ok(Later::Unknown),
            }
        }
        Ok(match rows.is_empty() {
            true => Later::Nothing,
            false => Later::Properties(names),
        })
    }

    fn changes_of(&self, text: Option<&str>) -> Result<Option<Vec<PropertyChange>>, JournalError> {
        let changes = text.map(changes_from).transpose();
        changes.map_err(|_| self.broken("changes"))
    }

    /// The record that the run found or created by a natural key; `kind` is that of its step.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn other_record(&self, kind: &str, key: &str) -> Result<Option<String>, JournalError> {
        let sql = self.tables().statements().find_other;
        self.one(sql, [key, kind], 2)
    }

    /// The ticket that a row of the run has by a key, wherever in the input it is.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn ticket_of_key(&self, key: &str) -> Result<Option<String>, JournalError> {
        let sql = match self.tables() {
            Tables::Second => v2_tables::TICKET_OF_KEY,
            Tables::Third => v3_tables::TICKET_OF_KEY,
        };
        self.one(sql, [FoldedKey::of(key)], 0)
    }

    fn one(
        &self,
        sql: &str,
        asked: impl rusqlite::Params,
        column: usize,
    ) -> Result<Option<String>, JournalError> {
        let read = || -> rusqlite::Result<Option<String>> {
            let mut query = self.db().prepare_cached(sql)?;
            let mut rows = query.query(asked)?;
            match rows.next()? {
                Some(row) => row.get(column),
                None => Ok(None),
            }
        };
        read().map_err(at(self.path()))
    }
}

struct Stored {
    row: RowEntry,
    key: String,
    ticket: String,
    change: Option<String>,
    changes: Option<String>,
    refused: bool,
}
