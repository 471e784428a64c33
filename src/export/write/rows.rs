//! The forms of an export behind one face.

use std::io;

use serde::{Deserialize, Serialize};

use super::csv_rows::CsvRows;
use super::json_rows::JsonRows;
use super::pack::{Packed, Packing};
use super::parquet_rows::ParquetRows;
use super::sink::{FileFacts, Sink};
use crate::export::columns::Column;
use crate::export::project::{Cell, Misfit};

/// Bytes of a row group in the only file of an export.
const ONE_FILE: usize = 24 << 20;

/// The same in each file of a folder: a hundred of them may be open.
const ONE_OF_MANY: usize = 256 << 10;

/// The form of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Comma-separated values with a header.
    #[default]
    Csv,
    /// A JSON object a line.
    Jsonl,
    /// Typed columns; compressed by itself.
    Parquet,
}

/// Which export a file is of: Parquet files say it in themselves.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Id of the run.
    pub run: String,
    /// HubSpot portal id.
    pub portal: u64,
    /// The portal's time when reading began, as text; "" where it is not known.
    pub extracted_at: String,
}

impl About {
    /// Names and values of what is said.
    pub fn pairs(&self) -> [(&'static str, String); 4] {
        [
            ("tickethaul.version", env!("CARGO_PKG_VERSION").to_owned()),
            ("tickethaul.run", self.run.clone()),
            ("tickethaul.portal", self.portal.to_string()),
            ("tickethaul.extracted_at", self.extracted_at.clone()),
        ]
    }
}

/// Form and compression, with what belongs to one form only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shape {
    /// The form.
    pub form: Form,
    /// How a text form is compressed.
    pub packing: Packing,
    /// Puts a `'` before texts in CSV that a spreadsheet would take for formulas.
    pub escape_formulas: bool,
}

impl Shape {
    /// The ending of files of this shape.
    pub fn ending(self) -> String {
        let form = match self.form {
            Form::Csv => "csv",
            Form::Jsonl => "jsonl",
            Form::Parquet => "parquet",
        };
        let packing = match self.packing {
            _ if self.form == Form::Parquet => "",
            Packing::None => "",
            Packing::Gzip => ".gz",
            Packing::Zstd => ".zst",
        };
        format!("{form}{packing}")
    }
}

/// Why a row was not written.
#[derive(Debug)]
pub enum WriteError {
    /// One of its values has no place; nothing of the row was written.
    Misfit(Misfit),
    /// The file can't be written.
    Io(io::Error),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> WriteError {
        WriteError::Io(error)
    }
}

/// An open file of rows.
pub struct Rows {
    form: FormRows,
    written: u64,
}

enum FormRows {
    /// CSV.
    Csv(Box<CsvRows>),
    /// JSON lines.
    Json(Box<JsonRows>),
    /// Parquet.
    Parquet(Box<ParquetRows>),
}

impl Rows {
    /// Begins a file that is all of an export.
    pub fn open(shape: Shape, columns: &[Column], sink: Sink, about: &About) -> io::Result<Rows> {
        Rows::buffered(shape, columns, sink, (about, ONE_FILE))
    }

    /// Begins one file of many that are open at the same time.
    pub fn open_one_of_many(
        shape: Shape,
        columns: &[Column],
        sink: Sink,
        about: &About,
    ) -> io::Result<Rows> {
        Rows::buffered(shape, columns, sink, (about, ONE_OF_MANY))
    }

    fn buffered(
        shape: Shape,
        columns: &[Column],
        sink: Sink,
        (about, group_bytes): (&About, usize),
    ) -> io::Result<Rows> {
        let packed = |sink| Packed::new(shape.packing, sink);
        let form = match shape.form {
            Form::Csv => {
                let rows = CsvRows::open(packed(sink)?, columns, shape.escape_formulas)?;
                FormRows::Csv(Box::new(rows))
            }
            Form::Jsonl => FormRows::Json(Box::new(JsonRows::open(packed(sink)?, columns)?)),
            Form::Parquet => {
                let rows = ParquetRows::open(sink, columns, (about, group_bytes))?;
                FormRows::Parquet(Box::new(rows))
            }
        };
        Ok(Rows { form, written: 0 })
    }

    /// Writes a row, whole or not at all.
    pub fn write(&mut self, cells: &[Cell<'_>]) -> Result<(), WriteError> {
        match &mut self.form {
            FormRows::Csv(rows) => rows.write(cells)?,
            FormRows::Json(rows) => rows.write(cells)?,
            FormRows::Parquet(rows) => rows.write(cells)?,
        }
        self.written += 1;
        Ok(())
    }

    /// Ends the file; it appears under its name.
    pub fn finish(self) -> io::Result<FileFacts> {
        let sink = match self.form {
            FormRows::Csv(rows) => rows.finish()?,
            FormRows::Json(rows) => rows.finish()?,
            FormRows::Parquet(rows) => rows.finish()?,
        };
        Ok(FileFacts {
            rows: Some(self.written),
            ..sink.finish()?
        })
    }
}
