//! Rows of a Parquet file that was written by an export.

use std::fs::File;
use std::io;

use jiff::civil::date;
use jiff::{Span, Timestamp};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

use super::other_columns::other_columns;
use crate::export::cell::Cell;

/// The cells of each row.
pub fn rows(
    file: File,
    headers: &[String],
) -> io::Result<impl Iterator<Item = io::Result<Vec<Cell<'static>>>> + use<>> {
    let reader = SerializedFileReader::new(file).map_err(io::Error::other)?;
    let schema = reader.metadata().file_metadata().schema_descr();
    let written = schema.root_schema().get_fields().iter();
    if !written.map(|field| field.name()).eq(headers.iter()) {
        return Err(other_columns());
    }
    let rows = reader.into_iter();
    Ok(rows.map(|row: Result<Row, ParquetError>| {
        let row = row.map_err(io::Error::other)?;
        row.get_column_iter()
            .map(|(_, field)| cell(field))
            .collect()
    }))
}

fn cell(field: &Field) -> io::Result<Cell<'static>> {
    Ok(Cell::One(match field {
        Field::Null => return Ok(Cell::Empty),
        Field::ListInternal(list) => {
            let texts = list.elements().iter().map(|element| match element {
                Field::Str(text) => Ok(text.clone().into()),
                Field::Long(id) => Ok(id.to_string().into()),
                _ => Err(other_columns()),
            });
            return Ok(Cell::Many(texts.collect::<io::Result<_>>()?));
        }
        Field::Str(text) => text.clone().into(),
        Field::Bool(truth) => truth.to_string().into(),
        Field::Long(number) => number.to_string().into(),
        Field::Double(number) => number.to_string().into(),
        Field::Date(days) => {
            let day = date(1970, 1, 1).checked_add(Span::new().days(*days));
            day.map_err(io::Error::other)?.to_string().into()
        }
        Field::TimestampMillis(millis) => {
            let instant = Timestamp::from_millisecond(*millis).map_err(io::Error::other)?;
            format!("{instant:.3}").into()
        }
        _ => return Err(other_columns()),
    }))
}
