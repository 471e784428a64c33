//! Rows as CSV: a header, then a record for each ticket; several values of a cell are
//! joined by `;` as HubSpot joins them.

use std::borrow::Cow;
use std::io;

use super::pack::Packed;
use super::sink::Sink;
use crate::export::cell::Cell;
use crate::export::columns::{Column, Kind};

/// An open CSV file.
pub struct CsvRows {
    out: csv::Writer<Packed>,
    /// Columns whose cells a spreadsheet might take for formulas.
    escaped: Vec<bool>,
}

impl CsvRows {
    /// Writes the header.
    pub fn open(out: Packed, columns: &[Column], escape_formulas: bool) -> io::Result<CsvRows> {
        let mut out = csv::Writer::from_writer(out);
        let headers = columns.iter().map(|column| {
            let header = column.header.as_str();
            match escape_formulas && is_formula(header) {
                true => Cow::Owned(format!("'{header}")),
                false => Cow::Borrowed(header),
            }
        });
        let headers: Vec<Cow<'_, str>> = headers.collect();
        out.write_record(headers.iter().map(|header| header.as_bytes()))
            .map_err(io_error)?;
        let text = |column: &Column| matches!(column.kind, Kind::Text | Kind::List);
        let escaped = columns.iter().map(|column| escape_formulas && text(column));
        Ok(CsvRows {
            out,
            escaped: escaped.collect(),
        })
    }

    /// Writes one record.
    pub fn write(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        for (cell, escape) in cells.iter().zip(&self.escaped) {
            let joined;
            let text: &str = match cell {
                Cell::Empty => "",
                Cell::One(text) => text,
                Cell::Many(texts) => {
                    joined = texts.join(";");
                    &joined
                }
            };
            let field = match *escape && is_formula(text) {
                true => self.out.write_field(format!("'{text}")),
                false => self.out.write_field(text),
            };
            field.map_err(io_error)?;
        }
        let end: Option<&[u8]> = None;
        self.out.write_record(end).map_err(io_error)
    }

    /// Ends the file.
    pub fn finish(self) -> io::Result<Sink> {
        let packed = self.out.into_inner().map_err(|error| error.into_error())?;
        packed.finish()
    }
}

/// The system's error as it is: a reader that went away must be distinguished from a full disk.
fn io_error(error: csv::Error) -> io::Error {
    let words = error.to_string();
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        _ => io::Error::other(words),
    }
}

/// What spreadsheets take for a formula.
fn is_formula(text: &str) -> bool {
    text.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::write::pack::Packing;

    #[test]
    fn headers_are_no_formulas_either() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        let column = |header: &str| Column::plain(header, header, Kind::Text);
        let columns = [column("=HYPERLINK(\"x\")"), column("Name")];
        for (escape, expected) in [
            (true, "\"'=HYPERLINK(\"\"x\"\")\",Name\n"),
            (false, "\"=HYPERLINK(\"\"x\"\")\",Name\n"),
        ] {
            let stream = file.reopen().expect("the file");
            let out = Packed::new(Packing::None, Sink::stream(Box::new(stream))).expect("open");
            let rows = CsvRows::open(out, &columns, escape).expect("written");
            let _facts = rows.finish().and_then(Sink::finish).expect("finished");
            assert_eq!(
                std::fs::read_to_string(file.path()).expect("read"),
                expected
            );
            file.as_file().set_len(0).expect("emptied");
        }
    }
}
