//! Rows as JSON lines: an object for each ticket with a member for each column. Numbers and
//! booleans are written as such, several values as an array, and unset values as null. Ids stay
//! text: many readers lose digits of long numbers.

use std::io::{self, Write};

use serde_json::value::RawValue;

use super::pack::Packed;
use super::sink::Sink;
use crate::export::cell::Cell;
use crate::export::columns::{Column, Kind};

/// An open file of JSON lines.
pub struct JsonRows {
    out: Packed,
    /// The members' names as JSON, and their kinds.
    members: Vec<(String, Kind)>,
    line: Vec<u8>,
}

impl JsonRows {
    /// Nothing is written yet.
    pub fn open(out: Packed, columns: &[Column]) -> io::Result<JsonRows> {
        let member = |column: &Column| Ok((serde_json::to_string(&column.header)?, column.kind));
        Ok(JsonRows {
            out,
            members: columns.iter().map(member).collect::<io::Result<_>>()?,
            line: Vec::new(),
        })
    }

    /// Writes one object.
    pub fn write(&mut self, cells: &[Cell<'_>]) -> io::Result<()> {
        self.line.clear();
        for (cell, (name, kind)) in cells.iter().zip(&self.members) {
            self.line
                .push(if self.line.is_empty() { b'{' } else { b',' });
            self.line.extend(name.as_bytes());
            self.line.push(b':');
            value(&mut self.line, cell, *kind)?;
        }
        self.line.extend(b"}\n");
        self.out.write_all(&self.line)
    }

    /// Ends the file.
    pub fn finish(self) -> io::Result<Sink> {
        self.out.finish()
    }
}

/// A value as JSON.
pub(super) fn value(line: &mut Vec<u8>, cell: &Cell<'_>, kind: Kind) -> io::Result<()> {
    match (cell, kind) {
        (Cell::Empty, _) => line.extend(b"null"),
        (Cell::Many(texts), _) => serde_json::to_writer(line, texts)?,
        (Cell::One(text), Kind::Number | Kind::Count) if is_number(text) => {
            line.extend(text.as_bytes())
        }
        (Cell::One(text), Kind::Bool) if matches!(&**text, "true" | "false") => {
            line.extend(text.as_bytes());
        }
        (Cell::One(text), _) => serde_json::to_writer(line, text)?,
    }
    Ok(())
}

/// Whether a text is a number as JSON writes it; every digit is kept.
fn is_number(text: &str) -> bool {
    let digits = text
        .trim_start_matches('-')
        .starts_with(|c: char| c.is_ascii_digit());
    digits && serde_json::from_str::<&RawValue>(text).is_ok()
}
