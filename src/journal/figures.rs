//! A run in figures: what is counted of it, and no row. Reports read no more than this.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::counted::Counted;
use super::error::{JournalError, at};
use super::file_steps::FileCounts;
use super::note_steps::NoteCounts;
use super::read::{Reading, stamp};
use super::remarks::{remarks, values};
use super::run_state::RunState;
use crate::model::outcome::{Change, Fate, Tally};
use crate::model::ticket::{PlacedRemark, Remark};

/// The mark that counts the notes that an undo put into the recycle bin.
pub const NOTES_ARCHIVED: &str = "notes_archived";

/// What is counted of a run.
#[derive(Clone, Debug)]
pub struct Figures {
    /// Its state.
    pub state: RunState,
    /// Settled rows by fate.
    pub fates: Vec<(Fate, u64)>,
    /// All rows that were read, by fate; rows whose links wait are pending.
    pub tally: Tally,
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
    /// Number of the last settlement.
    pub settled: u64,
    /// When the run began and when it last wrote, by this machine's clock.
    pub times: (Timestamp, Timestamp),
}

impl Reading {
    /// What is counted of the run. No rows are fetched from the database, however many there are.
    ///
    /// # Errors
    /// When the journal can't be read.
    pub fn figures(&self) -> Result<Figures, JournalError> {
        self.figures_with(&self.marks().map_err(at(self.path()))?)
    }

    /// The same, with the marks of the run.
    pub(super) fn figures_with(
        &self,
        marks: &BTreeMap<String, u64>,
    ) -> Result<Figures, JournalError> {
        let mark = |name: &str| marks.get(name).copied().unwrap_or(0);
        let counted = self.counted()?;
        let tally = counted.tally(mark("rows_read"));
        let Counted {
            fates,
            changes,
            refused_in_part,
            waiting,
            unknown: _,
            settled,
        } = counted;
        Ok(Figures {
            state: RunState::numbered(mark("state")),
            fates,
            tally,
            remarks: remarks(marks),
            values: values(marks),
            changes,
            contacts_created: self.contacts_created().map_err(at(self.path()))?,
            notes: self.note_counts()?,
            files: self.file_counts()?,
            notes_archived: mark(NOTES_ARCHIVED),
            refused_in_part,
            waiting,
            settled,
            times: (stamp(mark("started_ms")), stamp(mark("updated_ms"))),
        })
    }

    fn contacts_created(&self) -> rusqlite::Result<u64> {
        let sql = "SELECT count(*) FROM step WHERE state = 'done'
                   AND (kind = 'contact' OR kind LIKE 'contacts.%')";
        self.db().query_row(sql, [], |row| row.get(0))
    }
}
