//! Rows of a refused.csv that are to be retried (protocol R5): their records are copied, since the
//! file stays with its run and may be edited further, while the new run may have to read its rows
//! again.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::input::Input;
use super::rows::Reading;
use super::sources::{Sources, Spool};
use super::trouble::unusable;
use crate::error::Error;
use crate::import::settle::files::Records;
use crate::model::dialect::Dialect;
use crate::model::outcome::RowEnd;
use crate::model::row::Kept;

/// Names of the copy in the folder of the new run: of CSV, and of JSON.
const RETRIED: [&str; 2] = ["retried.csv", "retried.jsonl"];

/// The copy in the folder of a run.
pub fn retried_in(folder: &Path) -> PathBuf {
    let [cells, objects] = RETRIED.map(|name| folder.join(name));
    match objects.symlink_metadata() {
        Ok(_) => objects,
        Err(_) => cells,
    }
}

/// Columns without which the rows of a file can't be identified.
const NEEDED: [&str; 2] = ["_line", "_code"];

/// Name of a row: its line in the first input, and how often that line occurred before.
pub type RowName = (Box<str>, u32);

/// Names rows of one file by their line in the first input, and by how often that line occurred
/// before: somebody may have split a row in two.
#[derive(Debug, Default)]
pub struct RowNames(HashMap<Box<str>, u32>);

impl RowNames {
    /// The name of the next row; none if it does not state its line.
    pub fn next(&mut self, kept: Option<&Kept>) -> Option<RowName> {
        let line = kept?.line.clone()?;
        // The header may be repeated in the file.
        if *line == *NEEDED[0] {
            return None;
        }
        let times = self.0.entry(line.clone()).or_default();
        *times += 1;
        Some((line, *times))
    }
}

/// What an earlier run wrote about the row that was read.
pub fn kept(reading: &Reading) -> Option<&Kept> {
    match reading {
        Reading::Row(row) => row.kept.as_deref(),
        Reading::Fallen(outcome) => outcome.source.kept.as_deref(),
    }
}

/// The rows that a run retried, by their number in it: the line in the first input, and how often
/// that line occurred before. None if the run folder has no copy of them.
///
/// # Errors
/// When the copy can't be read.
pub fn names_in(folder: &Path) -> Result<Option<Vec<(u64, RowName)>>, Error> {
    let path = retried_in(folder);
    if !fs::symlink_metadata(&path).is_ok_and(|found| found.is_file()) {
        return Ok(None);
    }
    let sources = Sources::known(std::iter::once((path.as_path(), None)));
    let mut input = Input::open(sources, &Dialect::default())?;
    let mut names = RowNames::default();
    let mut found = Vec::new();
    while let Some(reading) = input.next_row()? {
        if let Some(name) = names.next(kept(&reading)) {
            found.push((reading.seq(), name));
        }
    }
    Ok(Some(found))
}

/// Copies the rows of a refused.csv that are `wanted`; the copy is kept as standard input
/// is. Returns it, and how many rows it has.
///
/// # Errors
/// When the file can't be read, is no longer a refused.csv, or has a record that can't be
/// cut and therefore not identified.
pub fn pick(
    path: &Path,
    dialect: &Dialect,
    spool_folder: &Path,
    mut wanted: impl FnMut(Option<&Kept>) -> bool,
) -> Result<(Sources, u64), Error> {
    let name = path.display().to_string();
    let mut input = Input::open(Sources::known(std::iter::once((path, None))), dialect)?;
    expect_ours(&name, &input)?;
    let failed = |error: io::Error| {
        Error::unexpected(format!("can't keep a copy of {name}"))
            .because(error)
            .advise("make room, or choose another place with --run-dir")
    };
    let kept_as = RETRIED[usize::from(input.is_json())];
    let mut spool = Spool::empty(kept_as, Some(spool_folder)).map_err(failed)?;
    let mut copy = match input.is_json() {
        true => Records::Objects(spool.file()),
        false => Records::begin(spool.file(), input.file_columns()).map_err(failed)?,
    };
    let mut rows = 0;
    while let Some(reading) = input.next_row()? {
        expect_whole(&name, &reading)?;
        if !is_row(&reading) || !wanted(kept(&reading)) {
            continue;
        }
        if let Some(record) = input.last_record() {
            copy.add(record.iter(), record.raw).map_err(failed)?;
            rows += 1;
        }
    }
    copy.finish().map_err(failed)?;
    Ok((Sources::spooled(name, spool), rows))
}

/// Refuses a file whose rows no longer say where they come from.
fn expect_ours(name: &str, input: &Input) -> Result<(), Error> {
    let own = input.headers().own();
    let lacks = NEEDED
        .iter()
        .find(|needed| !own.iter().any(|own| own == *needed));
    match lacks {
        None => Ok(()),
        Some(lacks) => Err(unusable(name, format!("it has no column {lacks} any more")).advise(
            "bring the columns back that the run added, or give the file to `tickethaul import`",
        )),
    }
}

/// Refuses a record that was damaged after the run wrote it.
fn expect_whole(name: &str, reading: &Reading) -> Result<(), Error> {
    let Reading::Fallen(outcome) = reading else {
        return Ok(());
    };
    match &outcome.end {
        RowEnd::Refused(refusal) if outcome.source.kept.is_none() => {
            let line = outcome.source.address.line;
            let words = format!(
                "line {line} of it can't be read as a row ({})",
                refusal.code
            );
            let advice = format!("{}; correct the line there and retry", refusal.hint);
            Err(unusable(name, words).advise(advice))
        }
        _ => Ok(()),
    }
}

/// Blank lines and a repeated header are not rows.
fn is_row(reading: &Reading) -> bool {
    match reading {
        Reading::Row(_) => true,
        Reading::Fallen(outcome) => {
            let is_skipped = outcome.end == RowEnd::Skipped;
            !is_skipped || RowNames::default().next(kept(reading)).is_some()
        }
    }
}
