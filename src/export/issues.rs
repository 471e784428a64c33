//! Values that do not fit their columns: they are listed in a CSV file next to the data. The rest
//! of their row is written, unless the row is to be read back: then the whole row is left out.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use super::cell::{Cell, Misfit};
use super::columns::{Column, ID_COLUMN, Kind};
use super::write::{About, Form, Rows, Shape, Sink, WriteError};

/// The outcome of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// All of it was written.
    Whole,
    /// It was written with empty cells for values that are listed.
    WithGaps,
    /// It was left out, and the value is listed.
    Not,
}

/// Values that their columns can't hold: ticket, column, value, what the column holds.
pub struct Issues {
    path: Option<PathBuf>,
    rows: Option<Rows>,
    first: Option<(u64, Misfit)>,
    count: u64,
}

impl Issues {
    /// Lists issues at a path; those of a stream are only counted.
    pub fn at(path: Option<PathBuf>) -> Issues {
        Issues {
            path,
            rows: None,
            first: None,
            count: 0,
        }
    }

    /// Writes a row of this ticket, as far as its values fit.
    pub fn written<'a>(
        &mut self,
        id: u64,
        cells: Result<Vec<Cell<'a>>, Misfit>,
        mut write: impl FnMut(&[Cell<'a>]) -> Result<(), WriteError>,
    ) -> io::Result<Written> {
        let mut cells = match cells {
            Ok(cells) => cells,
            Err(misfit) => {
                self.add(id, misfit)?;
                return Ok(Written::Not);
            }
        };
        let mut written = Written::Whole;
        loop {
            let misfit = match write(&cells) {
                Ok(()) => return Ok(written),
                Err(WriteError::Misfit(misfit)) => misfit,
                Err(WriteError::Io(error)) => return Err(error),
            };
            let cell = misfit.cell.and_then(|place| cells.get_mut(place));
            let cell = cell.filter(|cell| **cell != Cell::Empty);
            self.add(id, misfit)?;
            match cell {
                Some(cell) => *cell = Cell::Empty,
                None => return Ok(Written::Not),
            }
            written = Written::WithGaps;
        }
    }

    fn add(&mut self, id: u64, misfit: Misfit) -> io::Result<()> {
        self.count += 1;
        if self.rows.is_none()
            && let Some(path) = &self.path
        {
            let shape = Shape {
                form: Form::Csv,
                ..Shape::default()
            };
            let sink = Sink::file(path.clone())?;
            self.rows = Some(Rows::open(
                shape,
                &issue_columns(),
                sink,
                &About::default(),
            )?);
        }
        if let Some(rows) = &mut self.rows {
            let id = id.to_string();
            let words = [&*id, &misfit.column, &misfit.value, misfit.wanted];
            let cells = words.map(|word| Cell::One(word.into()));
            match rows.write(&cells) {
                Err(WriteError::Io(error)) => return Err(error),
                Ok(()) | Err(WriteError::Misfit(_)) => {}
            }
        }
        let _first = self.first.get_or_insert((id, misfit));
        Ok(())
    }

    /// Number of values so far.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Finishes the file and returns the first issue. If there are none, a list left by an earlier
    /// export is removed.
    pub fn finish(self) -> io::Result<Option<(u64, Misfit)>> {
        match (self.rows, self.path) {
            (Some(rows), _) => {
                let _facts = rows.finish()?;
            }
            (None, Some(path)) if path.is_file() => fs::remove_file(path)?,
            (None, _) => {}
        }
        Ok(self.first)
    }
}

/// The header of the file, which makes it ours.
const HEADER: [&str; 4] = [ID_COLUMN, "_column", "_value", "_hint"];

/// Whether an export of ours wrote the list at a path. The list is next to the data and appears
/// before it, so a manifest may not include it yet.
pub fn is_list_of_issues(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    let header = HEADER.join(",");
    let mut line = Vec::new();
    let longest = header.len() as u64 + 2;
    let read = BufReader::new(file.take(longest)).read_until(b'\n', &mut line);
    read.is_ok() && line.trim_ascii_end() == header.as_bytes()
}

fn issue_columns() -> Vec<Column> {
    let column = |name| Column::plain(name, name, Kind::Text);
    HEADER.into_iter().map(column).collect()
}
