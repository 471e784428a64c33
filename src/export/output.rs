//! Where rows go: one file, a folder of parts, or a stream; and beside the data the
//! rows that have no place in it.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use super::columns::{Column, ID_COLUMN, Kind, Source};
use super::project::Cell;
use super::spool::Ticket;
use super::write::{FileFacts, Form, Misfit, PartBy, Parts, Rows, Shape, Sink, WriteError};

/// Where an export goes.
pub enum Target {
    /// A file, with manifest and schema beside it.
    File(PathBuf),
    /// A folder of parts, with manifest and schema in it.
    Folder(PathBuf, PartBy),
    /// A stream, usually stdout.
    Stream(Box<dyn io::Write + Send>),
}

/// An open target.
pub struct Output {
    to: To,
    issues: Issues,
}

enum To {
    File(Rows, PathBuf),
    Stream(Rows),
    /// With the place of the value that says which part.
    Folder(Box<Parts>, usize),
}

/// Places of what is put beside the data.
pub struct Beside {
    /// What each column is.
    pub schema: PathBuf,
    /// What the export is.
    pub manifest: PathBuf,
}

impl Output {
    /// Opens everything that will be written, so that a bad path fails before
    /// anything is read. `places` are the properties of a ticket's values; days of
    /// parts are days in `zone`.
    pub fn open(
        target: Target,
        shape: Shape,
        columns: &[Column],
        places: &[String],
        zone: &TimeZone,
    ) -> io::Result<Output> {
        let rows = |sink| Rows::open(shape, columns, sink);
        let (to, issues) = match target {
            Target::Stream(stream) => (To::Stream(rows(Sink::stream(stream))?), None),
            Target::File(path) => {
                let rows = rows(Sink::file(path.clone())?)?;
                let issues = beside(&path, ".issues.csv");
                (To::File(rows, path), Some(issues))
            }
            Target::Folder(path, by) => {
                let place = places.iter().position(|name| *name == by.property);
                let issues = beside(&path, ".issues.csv");
                let parts = Parts::open(path, (by, zone.clone()), shape, columns)?;
                let place = place.unwrap_or(usize::MAX);
                (To::Folder(Box::new(parts), place), Some(issues))
            }
        };
        let issues = Issues::at(issues);
        Ok(Output { to, issues })
    }

    /// Writes a ticket's row. False when it has no place and became an issue.
    pub fn write(&mut self, ticket: &Ticket, cells: &[Cell<'_>]) -> io::Result<bool> {
        let written = match &mut self.to {
            To::File(rows, _) | To::Stream(rows) => rows.write(cells),
            To::Folder(parts, place) => {
                let value = ticket.values.get(*place).and_then(Option::as_deref);
                parts.write(value, cells)
            }
        };
        match written {
            Ok(()) => Ok(true),
            Err(WriteError::Misfit(misfit)) => {
                self.issues.add(ticket.id, misfit)?;
                Ok(false)
            }
            Err(WriteError::Io(error)) => Err(error),
        }
    }

    /// Ends it: issues, data, and what `tell` writes beside the data, the manifest
    /// last. Nothing is told of a stream. Gives the first issue.
    pub fn finish(
        self,
        tell: impl FnOnce(&Beside, &[FileFacts]) -> io::Result<()>,
    ) -> io::Result<Option<(u64, Misfit)>> {
        let first = self.issues.finish()?;
        match self.to {
            To::Stream(rows) => {
                let _facts = rows.finish()?;
            }
            To::File(rows, path) => {
                let mut file = rows.finish()?;
                file.path = path.file_name().map(PathBuf::from);
                tell(&Beside::file(&path), &[file])?;
            }
            To::Folder(parts, _) => {
                parts.finish(|folder, files| tell(&Beside::inside(folder), files))?;
            }
        }
        Ok(first)
    }
}

impl Beside {
    fn file(data: &Path) -> Beside {
        Beside {
            schema: beside(data, ".schema.json"),
            manifest: beside(data, ".manifest.json"),
        }
    }

    /// Readers of such folders pass over names that begin so.
    fn inside(folder: &Path) -> Beside {
        Beside {
            schema: folder.join("_schema.json"),
            manifest: folder.join("_manifest.json"),
        }
    }
}

fn beside(data: &Path, ending: &str) -> PathBuf {
    let mut path = OsString::from(data);
    path.push(ending);
    path.into()
}

/// Rows with a value that its column can't hold: ticket, column, value, what the
/// column holds.
struct Issues {
    path: Option<PathBuf>,
    rows: Option<Rows>,
    first: Option<(u64, Misfit)>,
}

impl Issues {
    fn at(path: Option<PathBuf>) -> Issues {
        Issues {
            path,
            rows: None,
            first: None,
        }
    }

    fn add(&mut self, id: u64, misfit: Misfit) -> io::Result<()> {
        if self.rows.is_none()
            && let Some(path) = &self.path
        {
            let shape = Shape {
                form: Form::Csv,
                ..Shape::default()
            };
            let sink = Sink::file(path.clone())?;
            self.rows = Some(Rows::open(shape, &issue_columns(), sink)?);
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

    /// Issues of an earlier export do not stay beside a file without any.
    fn finish(self) -> io::Result<Option<(u64, Misfit)>> {
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

fn issue_columns() -> Vec<Column> {
    let names = [ID_COLUMN, "_column", "_value", "_hint"];
    let column = |name| Column::plain(name, name, Source::Id, Kind::Text);
    names.into_iter().map(column).collect()
}
