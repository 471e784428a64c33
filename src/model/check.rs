//! What a check of a whole input against a mapping found: rows that would be refused,
//! texts without a counterpart, what a run would cost and cause. `import` fills it,
//! `report` puts it into words.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::ticket::Remark;

/// Everything that a check found.
#[derive(Clone, Debug)]
pub struct CheckReport {
    /// What the portal defines differently from the mapping: an import stops before its
    /// first row. Rows are judged as if the portal were as the mapping needs it.
    pub clashes: Vec<String>,
    /// Rows of the input: the sum of `ready`, `skipped` and `refused`.
    pub read: u64,
    /// Rows that would be sent.
    pub ready: u64,
    /// Empty rows, repeated headers, and those that the mapping's `[rows]` leaves out.
    pub skipped: u64,
    /// Rows that would be refused.
    pub refused: u64,
    /// Rows that would be refused, by code, most rows first.
    pub refusals: Vec<RefusedRows>,
    /// Texts without a counterpart, by property in the order of the mapping.
    pub unmapped: Vec<UnmappedColumn>,
    /// What mapping did to values, by kind.
    pub remarks: BTreeMap<Remark, u64>,
    /// Columns that the mapping does not read.
    pub unused_columns: Vec<String>,
    /// What a run would cause in the portal.
    pub effects: Effects,
    /// Notes from reading the input.
    pub notices: Vec<String>,
}

/// Rows that would be refused for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRows {
    /// The code of refused.csv.
    pub code: String,
    /// How many rows.
    pub rows: u64,
    /// The first of them.
    pub examples: Vec<RefusedRow>,
}

/// One row that would be refused, as refused.csv would say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedRow {
    /// `17`, or with several inputs `b.csv:17`.
    pub place: String,
    /// Column of the first problem; may be empty.
    pub column: String,
    /// Its value, shortened; may be empty.
    pub value: String,
    /// Every problem in words, with what to do about it.
    pub hint: String,
}

/// Texts of one column that a property has no counterpart for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmappedColumn {
    /// Internal name of the property.
    pub property: String,
    /// The column; empty if no column feeds the property.
    pub column: String,
    /// Whether the mapping has a value map for the property.
    pub has_map: bool,
    /// The texts, the most frequent first.
    pub values: Vec<UnmappedValue>,
    /// How often other texts occur, beyond those that were kept.
    pub others: u64,
}

/// A text without a counterpart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnmappedValue {
    /// The text, shortened to 200 characters.
    pub text: String,
    /// How often it occurs.
    pub count: u64,
    /// What it most likely means, as a value for the mapping.
    pub suggestion: Option<String>,
    /// True if its rows are refused; otherwise the mapping leaves the text blank or
    /// replaces it.
    pub refused: bool,
}

/// What a run would cause in the portal, and what it costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Effects {
    /// What is done with the tickets: `create`, `update`, `upsert`, `archive`.
    pub operation: &'static str,
    /// Tickets by the label of their pipeline and stage, most first.
    pub stages: Vec<StageRows>,
    /// Distinct e-mails of contacts that are linked.
    pub emails: u64,
    /// Whether contacts that the portal lacks are created.
    pub creates_contacts: bool,
    /// Tickets that get notes, and how many notes these are.
    pub notes: NoteCounts,
    /// Files that are uploaded with them.
    pub files: FileSums,
    /// Tickets that would be dated today because their creation date is missing.
    pub undated: u64,
    /// Tickets in closed stages that would be closed today because their closing date is missing.
    pub closed_undated: u64,
    /// Calls to the portal, at most, by what they are for.
    pub calls: CallCounts,
    /// Which of the tickets the portal already has; none if it was not asked.
    pub held: Option<Held>,
    /// How long the calls take at the rate.
    pub time: Duration,
    /// The rate that is assumed: calls in a window.
    pub rate: (u32, Duration),
    /// Calls that the portal allows in a day, if known.
    pub daily_calls: Option<u64>,
}

/// Calls of a run, at most, if none has to be repeated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCounts {
    /// Before the first row: the account and what the portal defines.
    pub begin: u64,
    /// Creating properties that the portal lacks.
    pub properties: u64,
    /// Writing tickets.
    pub tickets: u64,
    /// Reading tickets: the first that were written, those that are named by a key.
    pub look_ups: u64,
    /// Finding and creating contacts and other records that are linked.
    pub contacts: u64,
    /// Making links that are not sent with the tickets.
    pub links: u64,
    /// Writing notes.
    pub notes: u64,
    /// Uploading files.
    pub files: u64,
}

/// Files that would be uploaded, each once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileSums {
    /// How many.
    pub files: u64,
    /// Total of the known sizes, in bytes.
    pub bytes: u64,
    /// Those of unknown size.
    pub unsized_files: u64,
}

/// The comments of tickets that would be written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoteCounts {
    /// Tickets that have some.
    pub tickets: u64,
    /// Those of them that have files.
    pub filed_tickets: u64,
    /// All comments.
    pub notes: u64,
    /// Notes that are written for them: a long comment takes several.
    pub parts: u64,
}

impl CallCounts {
    /// Each with what it is for, in words.
    pub fn parts(self) -> [(u64, &'static str); 8] {
        [
            (self.begin, "to begin"),
            (self.properties, "for properties"),
            (self.tickets, "for tickets"),
            (self.look_ups, "for look-ups"),
            (self.contacts, "for contacts and other records"),
            (self.links, "for links"),
            (self.notes, "for notes"),
            (self.files, "for files"),
        ]
    }

    /// All of them.
    pub fn total(self) -> u64 {
        self.parts().into_iter().map(|(calls, _)| calls).sum()
    }
}

/// Which tickets the portal already has, by their keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Distinct keys that were looked up: the first of the input.
    pub looked_up: u64,
    /// Whether these were all.
    pub all: bool,
    /// Those that live tickets have.
    pub found: u64,
}

/// Tickets that would be written with one stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageRows {
    /// Label of the pipeline.
    pub pipeline: String,
    /// Label of the stage.
    pub stage: String,
    /// How many tickets.
    pub rows: u64,
}
