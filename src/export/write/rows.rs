//! The forms of an export behind one face.

use std::io;

use super::csv_rows::CsvRows;
use super::json_rows::JsonRows;
use super::pack::{Packed, Packing};
use super::sink::{FileFacts, Sink};
use crate::export::columns::Column;
use crate::export::project::Cell;

/// The form of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Form {
    /// Comma-separated values with a header.
    #[default]
    Csv,
    /// A JSON object a line.
    Jsonl,
}

/// Form and compression, with what belongs to one form only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// The form.
    pub form: Form,
    /// How it is compressed.
    pub packing: Packing,
    /// Puts a `'` before texts in CSV that a spreadsheet would take for formulas.
    pub escape_formulas: bool,
}

/// An open file of rows.
pub enum Rows {
    /// CSV.
    Csv(Box<CsvRows>),
    /// JSON lines.
    Json(Box<JsonRows>),
}

impl Rows {
    /// Begins a file.
    pub fn open(shape: Shape, columns: &[Column], sink: Sink) -> io::Result<Rows> {
        let packed = Packed::new(shape.packing, sink)?;
        Ok(match shape.form {
            Form::Csv => Rows::Csv(Box::new(CsvRows::open(
                packed,
                columns,
                shape.escape_formulas,
            )?)),
            Form::Jsonl => Rows::Json(Box::new(JsonRows::open(packed, columns)?)),
        })
    }

    /// Writes a row.
    pub fn write(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        match self {
            Rows::Csv(rows) => rows.write(cells),
            Rows::Json(rows) => rows.write(cells),
        }
    }

    /// Ends the file; it appears under its name.
    pub fn finish(self) -> io::Result<FileFacts> {
        let sink = match self {
            Rows::Csv(rows) => rows.finish()?,
            Rows::Json(rows) => rows.finish()?,
        };
        sink.finish()
    }
}
