//! verify.csv: a line for each finding. It appears under its name when it is complete.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io;
use std::path::{Path, PathBuf};

use super::finding::{Difference, Finding};
use crate::model::run_report::FindingExample;
use crate::output::{open_regular, write_anew};

/// Name of the file, in the run folder.
pub const NAME: &str = "verify.csv";

const COLUMNS: [&str; 13] = [
    "_line",
    "_key",
    "_ticket_id",
    "_finding",
    "_property",
    "_wrote",
    "_holds",
    "_since",
    "_source",
    "_note",
    "_note_id",
    "_file",
    "_file_id",
];

/// The position of `_finding` among them.
const FINDING: usize = 3;

/// The file while it is written.
pub struct FindingsFile {
    building: PathBuf,
    path: PathBuf,
    rows: csv::Writer<std::fs::File>,
}

impl FindingsFile {
    /// Begins the file in a run folder.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn create(folder: &Path) -> io::Result<FindingsFile> {
        let path = folder.join(NAME);
        let building = folder.join(format!("{NAME}.new"));
        let mut rows = csv::Writer::from_writer(write_anew(&building, b"")?);
        rows.write_record(COLUMNS)?;
        Ok(FindingsFile {
            building,
            path,
            rows,
        })
    }

    /// Adds a finding.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn add(&mut self, finding: &Finding) -> io::Result<()> {
        let [property, wrote, holds, since, source] = cells(&finding.difference);
        let (note, note_id) = note_cells(&finding.difference);
        let (file, file_id) = file_cells(&finding.difference);
        self.rows.write_record([
            finding.place.as_str(),
            &finding.key,
            &finding.ticket,
            finding.difference.word(),
            property,
            wrote,
            holds,
            since,
            source,
            note,
            note_id,
            file,
            file_id,
        ])?;
        Ok(())
    }

    /// Gives the file its name.
    ///
    /// # Errors
    /// When the file can't be written.
    pub fn finish(self) -> io::Result<PathBuf> {
        let file = self.rows.into_inner().map_err(|error| error.into_error())?;
        file.sync_all()?;
        std::fs::rename(&self.building, &self.path)?;
        Ok(self.path)
    }
}

/// Findings of one kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoundKind {
    /// The word for it.
    pub word: String,
    /// How many there are.
    pub number: u64,
    /// The first of them.
    pub first: Vec<FindingExample>,
}

/// The findings of the file in a run folder by kind, with at most `most` of each; none if the run
/// was never verified. Findings are read one by one.
///
/// # Errors
/// When it can't be read.
pub fn read(folder: &Path, most: usize) -> io::Result<Option<Vec<FoundKind>>> {
    let file = match open_regular(&folder.join(NAME), OpenOptions::new().read(true)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut found: BTreeMap<String, FoundKind> = BTreeMap::new();
    for row in csv::Reader::from_reader(file).records() {
        let row = row?;
        let cell = |place: usize| row.get(place).unwrap_or_default();
        let kind = found.entry(cell(FINDING).to_owned()).or_default();
        kind.number += 1;
        if kind.first.len() < most {
            kind.first.push(example(cell));
        }
    }
    let found = found.into_iter();
    let named = |(word, kind)| FoundKind { word, ..kind };
    Ok(Some(found.map(named).collect()))
}

/// A finding by the cells of its line, in the order of the columns.
fn example<'a>(cell: impl Fn(usize) -> &'a str) -> FindingExample {
    // The property, or else the file or the note.
    let subject = [4, 11, 10].map(&cell);
    let subject = subject.into_iter().find(|cell| !cell.is_empty());
    FindingExample {
        place: cell(0).to_owned(),
        key: cell(1).to_owned(),
        ticket: cell(2).to_owned(),
        subject: subject.unwrap_or_default().to_owned(),
        wrote: cell(5).to_owned(),
        holds: cell(6).to_owned(),
    }
}

/// What was written, what the portal holds, since when and by what source.
fn cells(difference: &Difference) -> [&str; 5] {
    match difference {
        Difference::Value {
            property,
            wrote,
            holds,
            since,
            source,
        } => [
            property.as_str(),
            wrote,
            holds.as_deref().unwrap_or_default(),
            since,
            source,
        ],
        Difference::MergedInto(id) => ["", "", id.as_str(), "", ""],
        Difference::LinkLacking(link) => ["", link.as_str(), "", "", ""],
        Difference::LinkThere(link) => ["", "", link.as_str(), "", ""],
        Difference::NoteDiffers {
            property,
            wrote,
            holds,
            ..
        }
        | Difference::FileDiffers {
            property,
            wrote,
            holds,
            ..
        } => [*property, wrote.as_str(), holds.as_str(), "", ""],
        Difference::InRecycleBin { since } => ["", "", "", since, ""],
        Difference::Gone
        | Difference::Live
        | Difference::NoteLacking(_)
        | Difference::FileLacking(_)
        | Difference::FileNotNamed { .. } => [""; 5],
    }
}

/// The key of a note, and its id if it exists.
fn note_cells(difference: &Difference) -> (&str, &str) {
    match difference {
        Difference::NoteLacking(key) => (key.as_str(), ""),
        Difference::NoteDiffers { note, id, .. } | Difference::FileNotNamed { note, id, .. } => {
            (note.as_str(), id.as_str())
        }
        _ => ("", ""),
    }
}

/// Path and id of a file.
fn file_cells(difference: &Difference) -> (&str, &str) {
    match difference {
        Difference::FileLacking(file)
        | Difference::FileDiffers { file, .. }
        | Difference::FileNotNamed { file, .. } => (file.path.as_str(), file.id.as_str()),
        _ => ("", ""),
    }
}
