//! What settle has counted: rows by fate, refusals by reason, what mapping did to
//! values. A resumed run takes it from its journal.

use std::collections::{BTreeMap, HashMap};

use super::values::ValueCounts;
use crate::import::flow::RowOutcome;
use crate::journal::{FileCounts, FileState, NoteCounts, NoteState, Past, RunState};
use crate::model::event::{Files, Progress, RefusalGroup};
use crate::model::outcome::{Change, RowEnd, Tally};
use crate::model::place::Places;
use crate::model::ticket::Remark;

/// The counts of a run.
#[derive(Clone, Debug)]
pub struct Ledger {
    /// Rows by fate.
    pub tally: Tally,
    /// Refusals by code.
    pub refusals: BTreeMap<String, RefusalGroup>,
    /// What mapping did to values.
    pub remarks: BTreeMap<Remark, u64>,
    /// The values that were left blank or replaced.
    pub values: ValueCounts,
    /// What was done with the tickets of rows that are done.
    pub changes: BTreeMap<Change, u64>,
    /// Contacts that this run created.
    pub contacts_created: u64,
    /// Notes written.
    pub notes: NoteCounts,
    /// Files uploaded.
    pub files: FileCounts,
    /// Files in flight, by their keys, with their sizes.
    in_flight: HashMap<String, u64>,
    /// How far the input has been read, in bytes.
    pub offset: u64,
    /// Rows that wait, or waited, for all tickets.
    pub waiting: u64,
    /// The state of the run at its end.
    pub state: RunState,
    /// Rows that were read before the run was resumed, settled or not.
    read_before: u64,
    places: Places,
}

impl Ledger {
    /// The ledger of a new run.
    pub fn new(places: Places) -> Ledger {
        Ledger {
            tally: Tally::default(),
            refusals: BTreeMap::new(),
            remarks: BTreeMap::new(),
            values: ValueCounts::default(),
            changes: BTreeMap::new(),
            contacts_created: 0,
            notes: NoteCounts::default(),
            files: FileCounts::default(),
            in_flight: HashMap::new(),
            offset: 0,
            waiting: 0,
            state: RunState::Open,
            read_before: 0,
            places,
        }
    }

    /// The ledger of a resumed run.
    pub fn resumed(past: &Past, places: Places) -> Ledger {
        let mut tally = Tally::resumed(past.figures.fates.iter().copied());
        (0..past.figures.waiting).for_each(|_| tally.enter());
        Ledger {
            tally,
            refusals: refusals(past, &places),
            remarks: past.figures.remarks.clone(),
            values: ValueCounts::resumed(&past.figures.values),
            changes: past.figures.changes.clone(),
            contacts_created: past.figures.contacts_created,
            notes: past.figures.notes,
            files: past.figures.files,
            in_flight: HashMap::new(),
            offset: past.offset,
            waiting: past.figures.waiting,
            state: past.figures.state,
            read_before: past.figures.tally.read(),
            places,
        }
    }

    /// Counts a settled row's change, reason and remarks.
    pub fn count(&mut self, outcome: &RowOutcome) {
        for placed in &outcome.remarks {
            *self.remarks.entry(placed.remark).or_default() += 1;
        }
        if let Some(change) = outcome.end.change() {
            *self.changes.entry(change).or_default() += 1;
        }
        if let RowEnd::Refused(refusal) = &outcome.end {
            let address = outcome.source.address;
            let place = self.places.words(address.file, address.line);
            RefusalGroup::count(&mut self.refusals, &place, refusal);
        }
    }

    /// Counts a written note.
    pub fn count_note(&mut self, state: NoteState) {
        match state {
            NoteState::Made => self.notes.made += 1,
            NoteState::There => self.notes.there += 1,
            NoteState::Open | NoteState::Twin => {}
        }
    }

    /// Records that a file is in flight.
    pub fn begin_file(&mut self, key: &str, bytes: u64) {
        let _before = self.in_flight.insert(key.to_owned(), bytes);
    }

    /// Records that a file is no longer in flight.
    pub fn end_file(&mut self, key: &str) {
        let _bytes = self.in_flight.remove(key);
    }

    /// Counts an uploaded file.
    pub fn count_file(&mut self, state: FileState, bytes: u64) {
        match state {
            FileState::Made => {
                self.files.made += 1;
                self.files.bytes += bytes;
            }
            FileState::There => self.files.there += 1,
            FileState::Open | FileState::Deleted | FileState::Used | FileState::Changed => {}
        }
    }

    /// Total number of rows read, by every process of the run.
    pub fn rows_read(&self) -> u64 {
        self.tally.read().max(self.read_before)
    }

    /// The progress of the run: bytes are the share of those read that belongs to
    /// settled rows.
    pub fn progress(&self) -> Progress {
        Progress {
            tally: self.tally,
            bytes: self.tally.settled_bytes(self.offset),
            read_bytes: self.offset,
            is_read: false,
            waiting: self.waiting,
            notes: self.notes.made,
            uploaded: Files {
                files: self.files.made,
                bytes: self.files.bytes,
            },
            in_flight: Files {
                files: self.in_flight.len() as u64,
                bytes: self.in_flight.values().sum(),
            },
        }
    }
}

/// Refusals by code, as the journal has them.
fn refusals(past: &Past, places: &Places) -> BTreeMap<String, RefusalGroup> {
    let mut groups = BTreeMap::new();
    for group in &past.refusals {
        let place = places.words(group.file, group.line);
        let example = format!("{place}: {}", group.hint);
        let code = group.code.clone();
        let rows = group.rows;
        let _new = groups.insert(
            code.clone(),
            RefusalGroup {
                code,
                rows,
                example,
            },
        );
    }
    groups
}
