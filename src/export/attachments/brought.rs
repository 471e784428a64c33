//! The outcome of each file that activities name.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::export::cell::Cell;
use crate::export::columns::{Column, Kind};
use crate::export::spool::Kept;

/// The outcome of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Brought {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// Bytes.
    pub bytes: Option<u64>,
    /// Their MD5, in hex digits.
    pub md5: Option<String>,
    /// Its path below the folder of attachments; none if it is not there.
    pub path: Option<String>,
    /// Why it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Brought {
    /// It was downloaded, with this many bytes.
    #[must_use]
    pub fn of(self, bytes: u64, md5: String) -> Brought {
        Brought {
            bytes: Some(bytes),
            md5: Some(md5),
            ..self
        }
    }

    /// It is not there.
    #[must_use]
    pub fn lacking(self, problem: String) -> Brought {
        Brought {
            path: None,
            problem: Some(problem),
            ..self
        }
    }
}

impl Kept for Brought {
    fn id(&self) -> u64 {
        self.id
    }
}

/// All files of an export, by their ids as activities have them.
#[derive(Clone, Debug, Default)]
pub struct Files(pub HashMap<String, Brought>);

/// Counts of the files of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Files that were downloaded.
    pub downloaded: u64,
    /// Files that already existed, with the same bytes.
    pub there: u64,
    /// Total bytes of all files that are there.
    pub bytes: u64,
    /// Files that are not there.
    pub lacking: u64,
    /// The first missing file: its id, the ticket that it belongs to and the reason.
    pub first: Option<(String, u64, String)>,
}

/// Names and labels of the columns for a file.
const TOLD: [(&str, &str, Kind); 6] = [
    ("file_id", "File ID", Kind::OtherId),
    ("name", "Name", Kind::Text),
    ("bytes", "Bytes", Kind::Count),
    ("md5", "MD5", Kind::Text),
    ("path", "Path", Kind::Text),
    ("problem", "Problem", Kind::Text),
];

/// The columns for a file.
pub fn columns() -> Vec<Column> {
    let columns = TOLD.map(|(name, label, kind)| Column::plain(name, label, kind));
    columns.into()
}

impl Files {
    /// The cells for a file.
    pub fn cells<'a>(&'a self, id: &'a str) -> Vec<Cell<'a>> {
        let text = |text: Option<&'a str>| match text {
            Some(text) if !text.is_empty() => Cell::One(text.into()),
            _ => Cell::Empty,
        };
        let mut cells = vec![text(Some(id))];
        let Some(file) = self.0.get(id) else {
            cells.resize(TOLD.len(), Cell::Empty);
            return cells;
        };
        cells.push(text(Some(&file.name)));
        cells.push(match file.bytes {
            Some(bytes) => Cell::One(bytes.to_string().into()),
            None => Cell::Empty,
        });
        cells.extend([&file.md5, &file.path, &file.problem].map(|word| text(word.as_deref())));
        cells
    }
}
