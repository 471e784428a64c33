//! What a report says about a run, whatever its form.

use std::time::Duration;

use jiff::Timestamp;

use crate::model::outcome::{Fate, Tally};
use crate::model::ticket::{PlacedRemark, Remark};

/// What every report begins with: what it is about, when that was, and of which portal.
#[derive(Clone, Debug)]
pub struct ReportHead {
    /// Name of the run, the plan or the file.
    pub name: String,
    /// How far it got: `finished`…
    pub state: String,
    /// When it began and when it last wrote, by this machine's clock.
    pub times: (Timestamp, Timestamp),
    /// The portal's id, and what it was reached by: an address, a name of the
    /// configuration, `sandbox`; none if no portal was asked.
    pub portal: Option<(u64, String)>,
    /// What was read.
    pub inputs: Vec<ReportedFile>,
    /// The mapping; its hash is that of its text.
    pub mapping: Option<ReportedFile>,
    /// The version of the tool that made the report.
    pub tool: &'static str,
}

/// A run of rows as its report shows it.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// What it is.
    pub head: ReportHead,
    /// The run whose refused rows it retries.
    pub parent: Option<String>,
    /// The run that it undoes.
    pub undoes: Option<String>,
    /// What became of it since: a label and words for each.
    pub since: Vec<(&'static str, String)>,
    /// Why it stopped, and how to continue it; none if it ran to its end, or is still running.
    pub stopped: Option<String>,
    /// `create`…
    pub operation: String,
    /// Rows by fate.
    pub tally: Tally,
    /// What was done apart from tickets and what was saved, a sentence each.
    pub facts: Vec<String>,
    /// Refused rows by reason, most rows first.
    pub refusals: Vec<ReportedRefusals>,
    /// What mapping did to values, by kind.
    pub remarks: Vec<(Remark, u64)>,
    /// The values of those remarks that count them one by one, the most frequent first.
    pub values: Vec<(PlacedRemark, u64)>,
    /// Calls over time; none if the run's log is gone.
    pub calls: Option<CallsOverTime>,
    /// The first tickets for which something was done.
    pub tickets: Vec<ReportedTicket>,
    /// What `verify` last found; none if it was not run.
    pub verified: Option<ReportedVerification>,
    /// Name of the file that has every row that was refused, or left as it is.
    pub refused_file: String,
}

/// A file that a run read.
#[derive(Clone, Debug)]
pub struct ReportedFile {
    /// Its path, followed by the member of an archive.
    pub name: String,
    /// Size in bytes.
    pub bytes: u64,
    /// BLAKE3 of it, in hex.
    pub hash: String,
}

/// What the last verification of a run found.
#[derive(Clone, Debug)]
pub struct ReportedVerification {
    /// What was compared, and when; none if only the findings are kept.
    pub compared: Option<ReportedComparison>,
    /// What was found, by kind.
    pub findings: Vec<ReportedFindings>,
}

/// How much a verification compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportedComparison {
    /// When it ended, by this machine's clock.
    pub at: Timestamp,
    /// Rows that were compared.
    pub rows: u64,
    /// Those whose tickets are as the run left them.
    pub equal: u64,
    /// Rows that are not finished, and were not compared.
    pub unfinished: u64,
}

/// What `verify` found of one kind.
#[derive(Clone, Debug)]
pub struct ReportedFindings {
    /// The word for it: `differs`…
    pub word: String,
    /// What that means.
    pub meaning: &'static str,
    /// How many findings.
    pub number: u64,
    /// The first of them.
    pub examples: Vec<FindingExample>,
}

/// A finding.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FindingExample {
    /// File and line of its row.
    pub place: String,
    /// Key of the row.
    pub key: String,
    /// Id of its ticket.
    pub ticket: String,
    /// What it is about: a property, a note, a file; may be empty.
    pub subject: String,
    /// What the run wrote; may be empty.
    pub wrote: String,
    /// What the portal holds; may be empty.
    pub holds: String,
}

/// Refused rows of one reason.
#[derive(Clone, Debug)]
pub struct ReportedRefusals {
    /// The stable code of the reason.
    pub code: String,
    /// What the portal said, if the code is its own; else empty.
    pub words: String,
    /// How many rows.
    pub rows: u64,
    /// The first of them.
    pub examples: Vec<RefusedExample>,
}

/// A refused row.
#[derive(Clone, Debug)]
pub struct RefusedExample {
    /// File and line.
    pub place: String,
    /// Its key; empty if none could be made.
    pub key: String,
    /// The column or property; may be empty.
    pub column: String,
    /// Its value, shortened; may be empty.
    pub value: String,
    /// What is wrong and what to do about it.
    pub hint: String,
}

/// A ticket for which something was done.
#[derive(Clone, Debug)]
pub struct ReportedTicket {
    /// File and line of its row.
    pub place: String,
    /// Its key.
    pub key: String,
    /// Its id.
    pub id: String,
    /// Its page in HubSpot, if the run kept the address of such pages.
    pub url: Option<String>,
    /// What was done: `created`…
    pub change: &'static str,
}

/// Calls of a run in intervals of the same length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallsOverTime {
    /// When the first interval begins.
    pub start: Timestamp,
    /// Length of an interval.
    pub width: Duration,
    /// The intervals, in order.
    pub bins: Vec<CallBin>,
    /// Calls that were made before the log began, and are in no interval.
    pub before: u64,
    /// Long waits that the portal asked for: when each began, and for how long.
    pub waits: Vec<(Timestamp, Duration)>,
}

/// The calls of an interval, by how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallBin {
    /// They succeeded.
    pub fine: u64,
    /// The portal's rate limit refused them (429).
    pub limited: u64,
    /// They failed in another way, or were refused.
    pub failed: u64,
}

impl CallBin {
    /// All calls.
    pub fn all(self) -> u64 {
        self.fine + self.limited + self.failed
    }
}

impl CallsOverTime {
    /// The calls of the busiest interval.
    pub fn most(&self) -> u64 {
        self.bins.iter().map(|bin| bin.all()).max().unwrap_or(0)
    }
}

impl RunReport {
    /// How many rows ended in this way.
    pub fn rows(&self, fate: Fate) -> u64 {
        self.tally.of(fate)
    }
}
