//! The outcome of an export, as its run folder keeps it for the report and for commands
//! that read it later.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::job::Done;
use crate::journal::now;
use crate::model::column_report::ReportedColumns;

/// The outcome of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Of the form.
    pub version: u32,
    /// When it ended, by this machine's clock.
    pub ended: Timestamp,
    /// Tickets in it.
    pub tickets: u64,
    /// Values, rows or files that should be in it but are missing.
    pub lacking: u64,
    /// Calls made, retries included.
    pub calls: u64,
    /// The facts reported about it, one sentence each.
    pub facts: Vec<String>,
    /// Its files, the data first.
    pub files: Vec<OutcomeFile>,
    /// What the columns of the written tickets hold.
    pub columns: ReportedColumns,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeFile {
    /// Its name, in a data set the path in its folder.
    pub name: String,
    /// Number of rows, if it holds rows.
    pub rows: Option<u64>,
    /// Its length.
    pub bytes: u64,
    /// Its BLAKE3 hash, in hex.
    pub blake3: String,
}

impl Outcome {
    /// The outcome of an export that has just finished; `facts` are what was reported about it.
    pub fn of(done: &Done, facts: Vec<String>) -> Outcome {
        let files = done.written.iter().filter_map(|file| {
            Some(OutcomeFile {
                name: file.path.as_ref()?.to_string_lossy().into_owned(),
                rows: file.rows,
                bytes: file.bytes,
                blake3: file.hash.clone(),
            })
        });
        Outcome {
            version: 1,
            ended: now(),
            tickets: done.tickets,
            lacking: done.lacking(),
            calls: done.calls,
            facts,
            files: files.collect(),
            columns: done.columns.clone(),
        }
    }
}
