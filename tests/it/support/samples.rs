//! The samples that come with the tool, what becomes of them, and what people do with the
//! rows that are refused.

use std::fs;
use std::path::PathBuf;

use serde::Deserialize;

use super::{Rehearsal, Row, project, write_rows};

/// A sample, its preset, and what becomes of its rows: `samples/NAME.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Name of the file, without its ending.
    #[serde(skip)]
    pub sample: String,
    /// Name of the preset.
    pub preset: String,
    /// For the tests of proposals, as the next: what separates cells, where that is no comma.
    #[serde(default, rename = "delimiter")]
    _delimiter: Option<String>,
    /// Properties of the preset for which no column is proposed.
    #[serde(default, rename = "not_proposed")]
    _not_proposed: Vec<String>,
    /// What is proposed for it wants an edit before it can be imported.
    #[serde(default)]
    pub edit_first: bool,
    pub done: u64,
    #[serde(default)]
    pub skipped: u64,
    /// In file order.
    pub refused: Vec<Refused>,
    /// Columns that nothing uses; the preset is not for them.
    #[serde(default)]
    pub unused: String,
}

/// A row that is refused.
#[derive(Debug, Deserialize)]
pub struct Refused {
    pub line: u64,
    pub code: String,
    pub column: String,
}

/// All of them but those of `first` and of our own export: the files of `samples` with
/// an expectation beside them.
pub fn samples() -> Vec<Expected> {
    let mut samples: Vec<Expected> = fs::read_dir(project("samples"))
        .expect("a folder of the project")
        .filter_map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name()?.to_str()?.strip_suffix(".toml")?;
            let text = fs::read_to_string(&path).expect("an expectation");
            let mut expected: Expected =
                toml::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            name.clone_into(&mut expected.sample);
            Some(expected)
        })
        .collect();
    samples.sort_by(|left, right| left.sample.cmp(&right.sample));
    assert!(samples.len() > 10, "there are expectations");
    samples
}

pub fn sample() -> String {
    project("samples/zendesk-tickets.csv").display().to_string()
}

pub fn preset() -> String {
    project("mappings/zendesk.toml").display().to_string()
}

/// What a non-programmer does with refused.csv, by the code of each row.
pub fn repair(here: &Rehearsal, refused: &str) -> PathBuf {
    repair_some(here, refused, |_code| true)
}

/// Does it with some of the rows.
fn repair_some(here: &Rehearsal, refused: &str, wanted: impl Fn(&str) -> bool) -> PathBuf {
    let mut rows = here.rows(refused);
    for row in rows.iter_mut().filter(|row| wanted(&row["_code"])) {
        let (column, value) = match row["_code"].as_str() {
            "INVALID_EMAIL" => ("Requester email", "grace.okafor@bluepeak.example"),
            "INVALID_DATE" => ("Created at", "2021-03-01 04:27:00"),
            "MISSING_VALUE" => ("Subject", "A subject at last"),
            "AMBIGUOUS_OWNER" => ("Assignee", "alex.kim@northwind-support.example"),
            "REPEATED_KEY" => ("Id", "101602"),
            "UNMAPPED_VALUE" => ("Status", "open"),
            "RAGGED_ROW" => {
                fill_from_raw(row);
                continue;
            }
            other => panic!("a reason that the sample does not have: {other}"),
        };
        row.insert(column.to_owned(), value.to_owned());
    }
    let repaired = here.path("repaired.csv");
    write_rows(&repaired, &here.path(refused), &rows);
    repaired
}

/// Repairs a refused.csv where it lies.
pub fn repair_in_place(here: &Rehearsal, refused: &str) {
    repair_codes_in_place(here, refused, |_code| true);
}

/// Repairs some rows of a refused.csv where it lies.
pub fn repair_codes_in_place(here: &Rehearsal, refused: &str, wanted: impl Fn(&str) -> bool) {
    let repaired = repair_some(here, refused, wanted);
    fs::rename(repaired, here.path(refused)).expect("renamed");
}

/// The record had one comma too many, in the organization.
fn fill_from_raw(row: &mut Row) {
    let columns = csv::Reader::from_path(sample())
        .and_then(|mut reader| reader.headers().cloned())
        .expect("the sample's header");
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(row["_raw"].as_bytes());
    let mut cells: Vec<String> = reader
        .deserialize()
        .next()
        .expect("one record")
        .expect("cells");
    let at = columns
        .iter()
        .position(|name| name == "Organization")
        .expect("the column");
    let cut_off = cells.remove(at + 1);
    cells[at] = format!("{},{cut_off}", cells[at]);
    for (name, cell) in columns.iter().zip(cells) {
        row.insert(name.to_owned(), cell);
    }
}
