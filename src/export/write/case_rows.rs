//! Whole cases as JSON lines: an object for each ticket with its id and what is known about the
//! record itself, its properties in a separate object, and a list of objects for each kind of thing
//! attached to it. Values are those of `json_rows`.

use std::io::{self, Write};

use super::json_rows::value;
use super::nested::{Nested, NestedRow};
use super::pack::Packed;
use super::sink::Sink;
use crate::export::cell::Cell;
use crate::export::columns::Column;

/// The member with the properties of a ticket.
pub const PROPERTIES: &str = "properties";

/// The member with the files of an activity.
const FILES: &str = "attachments";

/// An open file of cases.
pub struct CaseRows {
    out: Packed,
    columns: Vec<Column>,
    line: Vec<u8>,
}

impl CaseRows {
    /// Nothing is written yet.
    pub fn open(out: Packed, columns: &[Column]) -> CaseRows {
        CaseRows {
            out,
            columns: columns.to_vec(),
            line: Vec::new(),
        }
    }

    /// Writes one case.
    pub fn write(&mut self, cells: &[Cell<'_>], nested: &[Nested<'_>]) -> io::Result<()> {
        let (line, columns) = (&mut self.line, &self.columns);
        line.clear();
        let is_own = |place: usize, column: &Column| place == 0 || column.of_record;
        let members = |own: bool| {
            let members = columns.iter().zip(cells).enumerate();
            let wanted = members.filter(move |(place, (column, _))| is_own(*place, column) == own);
            wanted.map(|(_, member)| member)
        };
        line.push(b'{');
        put_members(line, members(true))?;
        put_name(line, PROPERTIES)?;
        line.push(b'{');
        put_members(line, members(false))?;
        line.push(b'}');
        for nested in nested {
            put_name(line, nested.name)?;
            put_list(line, &nested.rows, |line, row| put_row(line, nested, row))?;
        }
        line.extend(b"}\n");
        self.out.write_all(line)
    }

    /// Ends the file.
    pub fn finish(self) -> io::Result<Sink> {
        self.out.finish()
    }
}

fn put_row(line: &mut Vec<u8>, nested: &Nested<'_>, row: &NestedRow<'_>) -> io::Result<()> {
    line.push(b'{');
    put_members(line, nested.columns.iter().zip(&row.cells))?;
    if let Some(files) = &row.files {
        put_name(line, FILES)?;
        put_list(line, files, |line, file| {
            line.push(b'{');
            put_members(line, nested.file_columns.iter().zip(file))?;
            line.push(b'}');
            Ok(())
        })?;
    }
    line.push(b'}');
    Ok(())
}

fn put_list<T>(
    line: &mut Vec<u8>,
    items: &[T],
    put: impl Fn(&mut Vec<u8>, &T) -> io::Result<()>,
) -> io::Result<()> {
    line.push(b'[');
    for (place, item) in items.iter().enumerate() {
        if place > 0 {
            line.push(b',');
        }
        put(line, item)?;
    }
    line.push(b']');
    Ok(())
}

fn put_members<'a>(
    line: &mut Vec<u8>,
    members: impl Iterator<Item = (&'a Column, &'a Cell<'a>)>,
) -> io::Result<()> {
    for (column, cell) in members {
        put_name(line, &column.header)?;
        value(line, cell, column.kind)?;
    }
    Ok(())
}

/// Writes the name of a member, and the punctuation around it.
fn put_name(line: &mut Vec<u8>, name: &str) -> io::Result<()> {
    if !line.ends_with(b"{") {
        line.push(b',');
    }
    serde_json::to_writer(&mut *line, name)?;
    line.push(b':');
    Ok(())
}
