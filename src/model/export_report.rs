//! What a report says of an export.

use crate::model::column_report::ReportedColumns;
use crate::model::run_report::{CallsOverTime, ReportHead};

/// An export as its report shows it.
#[derive(Clone, Debug)]
pub struct ExportReport {
    /// What it is.
    pub head: ReportHead,
    /// The file or folder that it went to.
    pub target: String,
    /// What was asked for, an option each with its value.
    pub selection: Vec<(String, String)>,
    /// The results, a sentence each.
    pub facts: Vec<String>,
    /// The files that it wrote or kept; empty if it has not finished.
    pub files: Vec<ExportedFile>,
    /// The columns of the tickets; none if nobody counted.
    pub columns: Option<ReportedColumns>,
    /// Calls over time; none if the log is gone.
    pub calls: Option<CallsOverTime>,
}

/// A file of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedFile {
    /// Its name, in a data set the path in its folder.
    pub name: String,
    /// Rows in it, if it holds rows.
    pub rows: Option<u64>,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of it, in hex.
    pub hash: String,
}
