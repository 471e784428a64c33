//! undo.csv: the outcome of each row that was to be undone. Made at the end from the
//! journal alone, so that it is the same however often the undo was killed.

use std::io;
use std::path::{Path, PathBuf};

use super::file_codes::{left_code, left_hint};
use crate::error::Error;
use crate::journal::{PastRow, Reading};
use crate::model::outcome::RowEnd;
use crate::model::place::Places;
use crate::output::{rename_durably, write_anew};

/// Name of the file, in the run folder of the undo.
pub const NAME: &str = "undo.csv";

const COLUMNS: [&str; 8] = [
    "_line",
    "_key",
    "_ticket_id",
    "_undone",
    "_code",
    "_property",
    "_value",
    "_hint",
];

/// Rows that are written together.
const PAGE: usize = 1_000;

/// Writes the file into the folder of an undo.
///
/// # Errors
/// When the journal can't be read or the folder can't be written.
pub fn write(folder: &Path, places: &Places) -> Result<PathBuf, Error> {
    let path = folder.join(NAME);
    let building = folder.join(format!("{NAME}.new"));
    let unwritable = |error: io::Error| {
        Error::must_fix(format!("can't write {}", path.display()))
            .because(error)
            .advise("make room, then resume the undo")
    };
    let file = write_anew(&building, b"").map_err(unwritable)?;
    let mut rows = csv::Writer::from_writer(file);
    let csv_error = |error: csv::Error| unwritable(error.into());
    rows.write_record(COLUMNS).map_err(csv_error)?;
    let journal = Reading::open(folder)?;
    let mut after = 0;
    loop {
        let page = journal.settled_rows(after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last.row.seq;
        for row in page {
            let place = places.cell(row.row.address);
            let (undone, [code, property, value, hint]) = end_cells(&row);
            let key = row.key.as_deref().unwrap_or_default();
            let ticket = row.record.as_deref().unwrap_or_default();
            let cells = [&*place, key, ticket, undone, code, property, value, hint];
            rows.write_record(cells).map_err(csv_error)?;
        }
    }
    for row in files_left(&journal)? {
        rows.write_record(row).map_err(csv_error)?;
    }
    let file = rows.into_inner();
    let file = file.map_err(|error| unwritable(error.into_error()))?;
    file.sync_all().map_err(unwritable)?;
    rename_durably(&building, &path).map_err(unwritable)?;
    Ok(path)
}

/// What was done for a row, and why part of it was left.
fn end_cells(row: &PastRow) -> (&str, [&str; 4]) {
    match &row.end {
        RowEnd::Done { change, .. } => (change.word(), [""; 4]),
        RowEnd::Refused(left) => (
            if row.in_part { "partly" } else { "left" },
            [&*left.code, &*left.column, &*left.value, &*left.hint],
        ),
        RowEnd::Skipped => ("before", [""; 4]),
        RowEnd::Exists { .. } | RowEnd::Unchanged { .. } => ("unchanged", [""; 4]),
    }
}

/// Files that are kept, as rows.
fn files_left(journal: &Reading) -> Result<Vec<[String; 8]>, Error> {
    let files = journal.deletions()?.into_iter();
    let left = files.filter_map(|file| {
        let code = left_code(file.state)?;
        let row = ["", "", "", "left", code, "file", "", left_hint(code)];
        let mut row = row.map(str::to_owned);
        row[6] = file.entry.path;
        Some(row)
    });
    Ok(left.collect())
}
