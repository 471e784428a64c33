//! What a run reports, and the trait of its listeners. The run never prints; the
//! terminal, JSON lines and the closing words are listeners.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::model::issue::Refusal;
use crate::model::learned::Learned;
use crate::model::outcome::{Change, Fate, Tally};
use crate::model::stop::Stop;
use crate::model::ticket::{PlacedRemark, Remark};

/// Something that happened in a run, in the order it happened.
#[derive(Clone, Debug)]
pub enum Event {
    /// The run folder is complete; sending may begin.
    Started {
        /// Name of the run.
        run: String,
        /// Bytes of all inputs, if known.
        total_bytes: Option<u64>,
        /// The most rows that are read, if there is a limit.
        limit: Option<u64>,
    },
    /// Something the user should read once.
    Notice(String),
    /// Something that HubSpot does not document and the portal has shown. For listeners
    /// that keep facts; it is not shown to the user.
    Learned(Learned),
    /// The progress of the run; sent often, listeners draw when they like.
    Progress(Progress),
    /// The run ended, one way or another.
    Finished(Box<Summary>),
}

/// The progress of a run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    /// Rows by fate.
    pub tally: Tally,
    /// Bytes of input that belong to settled rows, at most.
    pub bytes: u64,
    /// Bytes of input that were read.
    pub read_bytes: u64,
    /// Whether that is all that will be read.
    pub is_read: bool,
    /// Rows whose tickets were written and that wait, or waited, for all others.
    pub waiting: u64,
    /// Notes that were made.
    pub notes: u64,
    /// Files that were uploaded.
    pub uploaded: Files,
    /// Files in flight.
    pub in_flight: Files,
}

/// Some files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// How many.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Refusals of one code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusalGroup {
    /// The code of refused.csv.
    pub code: String,
    /// How many rows.
    pub rows: u64,
    /// The first of them in words, with its line.
    pub example: String,
}

impl RefusalGroup {
    /// Counts a refusal; the first of a code is its example.
    pub fn count(groups: &mut BTreeMap<String, RefusalGroup>, place: &str, refusal: &Refusal) {
        let new = || RefusalGroup {
            code: refusal.code.clone(),
            rows: 0,
            example: format!("{place}: {}", refusal.hint),
        };
        groups.entry(refusal.code.clone()).or_insert_with(new).rows += 1;
    }
}

/// What was saved by reading the tickets first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spared {
    /// Rows that were not sent, since the portal already holds what they say.
    pub rows: u64,
    /// Full batches that were not sent; reading cost calls of its own.
    pub calls: u64,
}

impl Spared {
    /// For rows that changed something and rows that did not, in batches of `size`.
    pub fn of(tally: &Tally, size: u64) -> Spared {
        let (done, unchanged) = (tally.of(Fate::Done), tally.of(Fate::Unchanged));
        let calls = |rows: u64| rows.div_ceil(size.max(1));
        Spared {
            rows: unchanged,
            calls: calls(done + unchanged) - calls(done),
        }
    }
}

/// Everything about a run that ended.
#[derive(Clone, Debug)]
pub struct Summary {
    /// Name of the run.
    pub run: String,
    /// The run folder.
    pub folder: PathBuf,
    /// The file of comments that the run was given, which a retry needs again.
    pub comments: Option<String>,
    /// Name of the file of refused rows in it.
    pub refused_file: &'static str,
    /// `create`…
    pub operation: String,
    /// HubSpot portal id.
    pub portal_id: u64,
    /// The address of a ticket's page up to its id.
    pub ticket_address: String,
    /// Rows by fate.
    pub tally: Tally,
    /// Rows that were settled before this process resumed the run.
    pub settled_before: u64,
    /// Refusals, most rows first.
    pub refusals: Vec<RefusalGroup>,
    /// What mapping did to values, by kind.
    pub remarks: BTreeMap<Remark, u64>,
    /// Values that were left blank or replaced, the most frequent first; not all if
    /// there are very many.
    pub values: Vec<(PlacedRemark, u64)>,
    /// What was done with the tickets of rows that are done.
    pub changes: BTreeMap<Change, u64>,
    /// What was saved by reading the tickets first, if they were read.
    pub spared: Option<Spared>,
    /// Contacts that this run created.
    pub contacts_created: u64,
    /// Notes that this run made of comments.
    pub notes_made: u64,
    /// Notes that were already on their tickets.
    pub notes_there: u64,
    /// Files that this run uploaded.
    pub files_made: u64,
    /// Bytes of those.
    pub files_bytes: u64,
    /// Files that were already in the portal.
    pub files_there: u64,
    /// Comments in files of their own that name no row of the input, or can't be read.
    pub comments_left: u64,
    /// Calls made, repeats included.
    pub calls: u64,
    /// Time from start to end.
    pub elapsed: Duration,
    /// The run reached its `--limit`.
    pub limited: bool,
    /// Set if the run stopped before its end.
    pub stop: Option<Stop>,
}

/// Receives what a run does. Must not block for long and can't stop the run.
pub trait Listener: Send + Sync {
    /// Receives one event.
    fn hear(&self, event: &Event);
}
