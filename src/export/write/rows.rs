//! The formats of an export behind one interface.

use std::io;

use super::case_rows::CaseRows;
use super::csv_rows::CsvRows;
use super::json_rows::JsonRows;
use super::nested::Nested;
use super::pack::Packed;
use super::parquet_rows::ParquetRows;
use super::shape::{About, Form, Shape, WriteError};
use super::sink::{FileFacts, Sink};
use crate::export::cell::Cell;
use crate::export::columns::Column;

/// Bytes of a row group in the only file of an export.
const ONE_FILE: usize = 24 << 20;

/// The same in each file of a folder: a hundred of them may be open.
const ONE_OF_MANY: usize = 256 << 10;

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
    /// Whole cases.
    Case(Box<CaseRows>),
    /// Parquet.
    Parquet(Box<ParquetRows>),
}

impl Rows {
    /// Begins the only file of an export.
    pub fn open(shape: Shape, columns: &[Column], sink: Sink, about: &About) -> io::Result<Rows> {
        Rows::buffered(shape, columns, sink, about, ONE_FILE)
    }

    /// Begins one file of many that are open at the same time.
    pub fn open_one_of_many(
        shape: Shape,
        columns: &[Column],
        sink: Sink,
        about: &About,
    ) -> io::Result<Rows> {
        Rows::buffered(shape, columns, sink, about, ONE_OF_MANY)
    }

    fn buffered(
        shape: Shape,
        columns: &[Column],
        sink: Sink,
        about: &About,
        group_bytes: usize,
    ) -> io::Result<Rows> {
        let packed = |sink| Packed::new(shape.packing, sink);
        let form = match shape.form {
            Form::Csv => {
                let rows = CsvRows::open(packed(sink)?, columns, shape.escape_formulas)?;
                FormRows::Csv(Box::new(rows))
            }
            Form::Jsonl => FormRows::Json(Box::new(JsonRows::open(packed(sink)?, columns)?)),
            Form::Case => FormRows::Case(Box::new(CaseRows::open(packed(sink)?, columns))),
            Form::Parquet => {
                let rows = ParquetRows::open(sink, columns, about, group_bytes)?;
                FormRows::Parquet(Box::new(rows))
            }
        };
        Ok(Rows { form, written: 0 })
    }

    /// Writes a row, whole or not at all.
    pub fn write(&mut self, cells: &[Cell<'_>]) -> Result<(), WriteError> {
        self.write_case(cells, &[])
    }

    /// Writes a row with what is attached to its ticket, if the format can hold that.
    pub fn write_case(
        &mut self,
        cells: &[Cell<'_>],
        nested: &[Nested<'_>],
    ) -> Result<(), WriteError> {
        match &mut self.form {
            FormRows::Case(rows) => rows.write(cells, nested)?,
            FormRows::Csv(rows) => rows.write(cells)?,
            FormRows::Json(rows) => rows.write(cells)?,
            FormRows::Parquet(rows) => rows.write(cells)?,
        }
        self.written += 1;
        Ok(())
    }

    /// Finishes the file; it appears under its name.
    pub fn finish(self) -> io::Result<FileFacts> {
        let sink = match self.form {
            FormRows::Csv(rows) => rows.finish()?,
            FormRows::Json(rows) => rows.finish()?,
            FormRows::Case(rows) => rows.finish()?,
            FormRows::Parquet(rows) => rows.finish()?,
        };
        Ok(FileFacts {
            rows: Some(self.written),
            ..sink.finish()?
        })
    }
}
