//! Rows as Parquet, typed from the portal's definitions: numbers, booleans, instants (milliseconds,
//! UTC), days, lists. A value that does not fit its type is a `Misfit` and its row is not written:
//! it never silently becomes a null. Files are written by row groups; what a group holds is kept in
//! `parquet_column` until it is full.

use std::io;
use std::sync::Arc;

use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::parquet_column::Builder;
use super::shape::{About, WriteError};
use super::sink::Sink;
use crate::export::cell::{Cell, Misfit};
use crate::export::columns::Column;

/// Rows of a row group, at most.
const GROUP_ROWS: usize = 100_000;

/// An open Parquet file.
pub struct ParquetRows {
    writer: SerializedFileWriter<Sink>,
    columns: Vec<(String, Builder)>,
    rows: usize,
    bytes: usize,
    group_bytes: usize,
}

impl ParquetRows {
    /// Begins a file whose row groups hold about `group_bytes` of values, which is the
    /// memory that it takes.
    pub fn open(
        sink: Sink,
        columns: &[Column],
        about: &About,
        group_bytes: usize,
    ) -> io::Result<ParquetRows> {
        let fields = columns
            .iter()
            .map(|column| Builder::field(&column.header, column.kind).map(Arc::new));
        let fields = fields.collect::<Result<Vec<_>, _>>().map_err(plain)?;
        let schema = Type::group_type_builder("ticket").with_fields(fields);
        let schema = Arc::new(schema.build().map_err(plain)?);
        let said = about.pairs().into_iter();
        let said = said.map(|(name, value)| KeyValue::new(name.to_owned(), value));
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_key_value_metadata(Some(said.collect()))
            .build();
        let writer = SerializedFileWriter::new(sink, schema, Arc::new(properties));
        let builder = |column: &Column| (column.header.clone(), Builder::new(column.kind));
        Ok(ParquetRows {
            writer: writer.map_err(plain)?,
            columns: columns.iter().map(builder).collect(),
            rows: 0,
            bytes: 0,
            group_bytes,
        })
    }

    /// Writes a row, or says which value does not fit; nothing of the row is written then.
    pub fn write(&mut self, cells: &[Cell<'_>]) -> Result<(), WriteError> {
        let mut values = Vec::with_capacity(cells.len());
        for (place, (cell, (header, builder))) in cells.iter().zip(&self.columns).enumerate() {
            match builder.value(cell) {
                Some(value) => values.push(value),
                None => {
                    return Err(WriteError::Misfit(Misfit {
                        column: header.clone(),
                        value: cell.to_string(),
                        wanted: builder.words(),
                        cell: Some(place),
                    }));
                }
            }
        }
        for (value, (_, builder)) in values.into_iter().zip(&mut self.columns) {
            self.bytes += builder.append(value);
        }
        self.rows += 1;
        if self.rows >= GROUP_ROWS || self.bytes >= self.group_bytes {
            self.end_group()?;
        }
        Ok(())
    }

    /// Ends the file.
    pub fn finish(mut self) -> io::Result<Sink> {
        self.end_group()?;
        self.writer.into_inner().map_err(plain)
    }

    fn end_group(&mut self) -> io::Result<()> {
        if self.rows > 0 {
            self.write_group().map_err(plain)?;
            self.rows = 0;
            self.bytes = 0;
        }
        Ok(())
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for (_, builder) in &mut self.columns {
            if let Some(mut column) = group.next_column()? {
                builder.write(&mut column)?;
                column.close()?;
            }
        }
        let _facts = group.close()?;
        Ok(())
    }
}

/// The file's own error if there is one.
fn plain(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(error) => match error.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(error) => io::Error::other(error),
        },
        error => io::Error::other(error),
    }
}
