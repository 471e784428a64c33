//! Rows of files that an earlier export wrote, read back as the cells that were written, so that a
//! part of a data set can be rewritten without a call. Each format has its reader. A file that has
//! changed since it was written is not read.

mod csv_rows;
mod json_rows;
mod parquet_rows;
mod other_columns;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::cell::Cell;
use super::columns::Column;
use super::write::{FileFacts, Form, Shape, unpacked};

/// A row as it was written; the first cell is a record's id.
#[derive(Clone, Debug, PartialEq)]
pub struct HeldRow {
    /// Record id.
    pub id: u64,
    /// Its cells, in the order of the columns that the file was written with.
    pub cells: Vec<Cell<'static>>,
}

/// The cells of rows, one after the other.
type Rows = Box<dyn Iterator<Item = io::Result<Vec<Cell<'static>>>>>;

/// The rows of files in their order.
pub struct HeldRows {
    files: std::vec::IntoIter<FileFacts>,
    shape: Shape,
    headers: Vec<String>,
    open: Option<(PathBuf, Rows)>,
}

impl HeldRows {
    /// The rows of these files, which were written with these columns.
    pub fn of(files: Vec<FileFacts>, shape: Shape, columns: &[Column]) -> HeldRows {
        HeldRows {
            files: files.into_iter(),
            shape,
            headers: columns.iter().map(|column| column.header.clone()).collect(),
            open: None,
        }
    }

    fn read(&mut self) -> io::Result<Option<(PathBuf, Vec<Cell<'static>>)>> {
        loop {
            if let Some((path, rows)) = &mut self.open
                && let Some(cells) = rows.next()
            {
                let cells = cells.map_err(|error| unreadable(path, &error))?;
                return Ok(Some((path.clone(), cells)));
            }
            let Some(file) = self.files.next() else {
                return Ok(None);
            };
            let path = file.path.clone().unwrap_or_default();
            let intact = file
                .is_intact()
                .map_err(|error| unreadable(&path, &error))?;
            if !intact {
                return Err(damaged(&path, "it was changed after it was written"));
            }
            let rows = open(&path, self.shape, &self.headers)?;
            self.open = Some((path, rows));
        }
    }
}

impl Iterator for HeldRows {
    type Item = io::Result<HeldRow>;

    fn next(&mut self) -> Option<io::Result<HeldRow>> {
        let (path, cells) = self.read().transpose()?.map_or_else(
            |error| (PathBuf::new(), Err(error)),
            |(path, cells)| (path, Ok(cells)),
        );
        let row = cells.and_then(|cells| match cells.first() {
            Some(Cell::One(id)) => match id.parse() {
                Ok(id) => Ok(HeldRow { id, cells }),
                Err(_) => Err(damaged(&path, &format!("`{id}` is not a record id"))),
            },
            _ => Err(damaged(&path, "a row has no record id")),
        });
        Some(row)
    }
}

fn open(path: &Path, shape: Shape, headers: &[String]) -> io::Result<Rows> {
    let named = |error: io::Error| unreadable(path, &error);
    let file = File::open(path).map_err(named)?;
    let text = |file| unpacked(shape.packing, file).map_err(named);
    Ok(match shape.form {
        Form::Csv => Box::new(csv_rows::rows(text(file)?, headers).map_err(named)?),
        // A data set never has the case format.
        Form::Jsonl | Form::Case => Box::new(json_rows::rows(text(file)?, headers.to_vec())),
        Form::Parquet => Box::new(parquet_rows::rows(file, headers).map_err(named)?),
    })
}

/// An error that is not the system's is the file's.
fn unreadable(path: &Path, error: &io::Error) -> io::Error {
    let kind = match error.kind() {
        io::ErrorKind::Other | io::ErrorKind::UnexpectedEof => io::ErrorKind::InvalidData,
        kind => kind,
    };
    io::Error::new(kind, format!("can't read {}: {error}", path.display()))
}

fn damaged(path: &Path, what: &str) -> io::Error {
    let words = format!("{}: {what}", path.display());
    io::Error::new(io::ErrorKind::InvalidData, words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::columns::Kind;
    use crate::export::write::{About, Packing, Rows as Writer, Sink};

    #[test]
    fn what_was_written_comes_back_and_is_written_the_same() {
        let kinds = [
            Kind::Id,
            Kind::Text,
            Kind::Number,
            Kind::Bool,
            Kind::Instant,
            Kind::Day,
            Kind::List,
            Kind::Count,
            Kind::OtherId,
            Kind::Ids,
        ];
        let named = |(place, kind): (usize, Kind)| {
            let name = format!("c \"{place}\"");
            Column::plain(&name, &name, kind)
        };
        let columns: Vec<Column> = kinds.into_iter().enumerate().map(named).collect();
        let one = |text: &str| Cell::One(text.to_owned().into());
        let full = vec![
            one("12345678901"),
            one("=a,\"b\"\nü;"),
            one("-0.1"),
            one("true"),
            one("2026-09-01T10:00:00.120Z"),
            one("1969-12-31"),
            Cell::Many(vec!["a".into(), "b c".into()]),
            one("3"),
            one("9007199254740993"),
            Cell::Many(vec!["9007199254740993".into(), "8".into()]),
        ];
        let mut empty = vec![Cell::Empty; columns.len()];
        empty[0] = one("7");
        let folder = tempfile::tempdir().expect("a folder");
        for (form, packing) in [
            (Form::Csv, Packing::Gzip),
            (Form::Csv, Packing::None),
            (Form::Jsonl, Packing::Zstd),
            (Form::Parquet, Packing::None),
        ] {
            let shape = Shape {
                form,
                packing,
                escape_formulas: true,
            };
            let write = |name: &str, rows: &[Vec<Cell<'_>>]| {
                let path = folder.path().join(format!("{name}.{}", shape.ending()));
                let sink = Sink::file(path).expect("claimed");
                let mut writer = Writer::open(shape, &columns, sink, &About::default());
                let open = writer.as_mut().expect("open");
                for row in rows {
                    open.write(row).expect("it fits");
                }
                let facts = writer.and_then(Writer::finish).expect("finished");
                (facts.clone(), facts.hash)
            };
            let (path, hash) = write("first", &[empty.clone(), full.clone()]);
            let held = HeldRows::of(vec![path], shape, &columns);
            let held: Vec<HeldRow> = held.collect::<io::Result<_>>().expect("readable");
            assert_eq!(
                held.iter().map(|row| row.id).collect::<Vec<_>>(),
                [7, 12_345_678_901]
            );
            let cells: Vec<Vec<Cell<'_>>> = held.into_iter().map(|row| row.cells).collect();
            let (path, again) = write("second", &cells);
            assert_eq!(again, hash, "{path:?}");
            let fewer = HeldRows::of(vec![path.clone()], shape, &columns[..3]);
            assert!(fewer.collect::<io::Result<Vec<_>>>().is_err(), "{form:?}");
            let other = FileFacts {
                hash: blake3::hash(b"other").to_hex().to_string(),
                ..path
            };
            let changed = HeldRows::of(vec![other], shape, &columns);
            let error = changed
                .collect::<io::Result<Vec<_>>>()
                .expect_err("changed");
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{form:?}");
        }
    }
}
