//! verify.json: how much the last verification of a run compared. The findings are in
//! verify.csv.

use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::verify::Verified;
use crate::journal::now;
use crate::model::run_report::ReportedComparison;
use crate::output::{read_regular, replace_file};

/// Name of the file, in the run folder.
const NAME: &str = "verify.json";
/// A longer file is not ours.
const LONGEST: u64 = 1 << 20;

#[derive(Serialize, Deserialize)]
struct Kept {
    version: u32,
    at: Timestamp,
    rows: u64,
    equal: u64,
    unfinished: u64,
}

/// Removes the result of an earlier verification, before its findings are replaced.
///
/// # Errors
/// When the folder can't be written.
pub fn clear(folder: &Path) -> io::Result<()> {
    match fs::remove_file(folder.join(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes what a verification compared; it did not compare `unfinished` rows.
///
/// # Errors
/// When the folder can't be written.
pub fn write(folder: &Path, verified: &Verified, unfinished: u64) -> io::Result<()> {
    let kept = Kept {
        version: 1,
        at: now(),
        rows: verified.rows,
        equal: verified.equal,
        unfinished,
    };
    let text = format!("{:#}\n", serde_json::to_value(kept)?);
    replace_file(&folder.join(NAME), text.as_bytes())
}

/// What the last verification compared; none if that is not known.
pub fn read(folder: &Path) -> Option<ReportedComparison> {
    let text = read_regular(&folder.join(NAME), LONGEST).ok()?;
    let kept: Kept = serde_json::from_slice(&text).ok()?;
    Some(ReportedComparison {
        at: kept.at,
        rows: kept.rows,
        equal: kept.equal,
        unfinished: kept.unfinished,
    })
}
