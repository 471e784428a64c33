//! The steps of notes, as values: what is intended, its state, and how many there are.

use crate::model::note::Activity;

/// The state of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoteState {
    /// Intended, and perhaps sent.
    Open,
    /// Made by this run.
    Made,
    /// It existed before.
    There,
    /// Made by this run, perhaps twice.
    Twin,
}

impl NoteState {
    pub(super) const ALL: [NoteState; 4] = [
        NoteState::Open,
        NoteState::Made,
        NoteState::There,
        NoteState::Twin,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            NoteState::Open => "open",
            NoteState::Made => "made",
            NoteState::There => "there",
            NoteState::Twin => "twin",
        }
    }
}

/// A note to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteEntry {
    /// Number of its row.
    pub seq: u64,
    /// Its key.
    pub key: String,
    /// Its time, in milliseconds since 1970.
    pub at_ms: i64,
    /// Hash of its text.
    pub text: [u8; 16],
    /// What it is.
    pub activity: Activity,
    /// Record ids of its files; not read back with it.
    pub files: Vec<String>,
}

/// What the journal knows about a note.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteStep {
    /// The note.
    pub entry: NoteEntry,
    /// Its state.
    pub state: NoteState,
    /// Its record id, if known.
    pub record: Option<String>,
    /// The key that it was sent with, if that is a different one.
    pub written: Option<String>,
    /// The latest time at which a lost call can have been carried out, in milliseconds of the
    /// portal's clock.
    pub until_ms: Option<i64>,
}

/// An existing note.
#[derive(Clone, Debug)]
pub struct SettledNote {
    /// The note.
    pub entry: NoteEntry,
    /// The key that it was sent with, if that is a different one.
    pub written: Option<String>,
    /// Its record id.
    pub record: String,
    /// `Made`, `There` or `Twin`.
    pub state: NoteState,
}

/// Counts of existing notes of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoteCounts {
    /// Made by the run.
    pub made: u64,
    /// Those that existed before.
    pub there: u64,
}
