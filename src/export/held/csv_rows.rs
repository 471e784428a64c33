//! Rows of a CSV file that was written by an export. An empty cell is one without a
//! value; several values stay joined, as they are written again.

use std::io::{self, Read};

use super::other_columns::other_columns;
use crate::export::cell::Cell;

/// The cells of each record.
pub fn rows(
    text: Box<dyn Read>,
    headers: &[String],
) -> io::Result<impl Iterator<Item = io::Result<Vec<Cell<'static>>>> + use<>> {
    let mut reader = csv::Reader::from_reader(text);
    let written = reader.headers().map_err(io::Error::from)?;
    let plain = |header: &str| header.strip_prefix('\'').unwrap_or(header).to_owned();
    if !written
        .iter()
        .map(plain)
        .eq(headers.iter().map(|header| plain(header)))
    {
        return Err(other_columns());
    }
    let cell = |text: &str| match text {
        "" => Cell::Empty,
        text => Cell::One(text.to_owned().into()),
    };
    let records = reader.into_records();
    Ok(records.map(move |record| Ok(record?.iter().map(cell).collect())))
}
