//! What is in the columns of a file: every cell is counted once, in bounded memory.

use super::column::is_text_formula;
use super::likeness::is_called_time;
use crate::mapping::convert::{Order, SPREADSHEET};
use crate::mapping::propose::belief::At;
use crate::mapping::propose::column::Column;
use crate::mapping::propose::dates::{DateFormats, Dates};
use crate::model::invisible::trim_invisible;
use crate::model::row::{Cells, Headers};

/// How many values of all columns together are kept to detect repeats.
const HASHES: usize = 4_000_000;
/// How many of one column, at most.
const COLUMN_HASHES: usize = 200_000;

/// A file, counted.
#[derive(Clone, Debug)]
pub struct Survey {
    headers: Headers,
    pub(crate) columns: Vec<Column>,
    /// Positions of the columns that are counted here, and not in a share.
    counted: Vec<usize>,
    pub(crate) rows: u64,
}

/// Some columns of a file, with their positions, to be counted by another thread.
#[derive(Debug)]
pub struct Share(Vec<(usize, Column)>);

impl Share {
    /// Counts a row, which is on this line.
    pub fn add(&mut self, cells: &Cells, line: u64) {
        for (idx, column) in &mut self.0 {
            add(column, cells.get(*idx), line);
        }
    }
}

fn add(column: &mut Column, cell: Option<&str>, line: u64) {
    let cell = trim_invisible(cell.unwrap_or_default());
    column.add(At { line, cell });
}

impl Survey {
    /// Nothing counted yet.
    pub fn new(headers: &Headers) -> Survey {
        let hashes = (HASHES / headers.len().max(1)).min(COLUMN_HASHES);
        let columns = headers.names().iter();
        Survey {
            columns: columns.map(|name| Column::new(name, hashes)).collect(),
            headers: headers.clone(),
            counted: (0..headers.len()).collect(),
            rows: 0,
        }
    }

    /// Counts a row, which is on this line.
    pub fn add(&mut self, cells: &Cells, line: u64) {
        self.rows += 1;
        for idx in &self.counted {
            if let Some(column) = self.columns.get_mut(*idx) {
                add(column, cells.get(*idx), line);
            }
        }
    }

    /// Hands out every `nth` column; it has to come back before anything is asked.
    pub fn share(&mut self, nth: usize) -> Share {
        self.counted.retain(|idx| !idx.is_multiple_of(nth));
        let columns = self.columns.iter_mut().enumerate().step_by(nth);
        Share(
            columns
                .map(|(idx, column)| (idx, std::mem::take(column)))
                .collect(),
        )
    }

    /// Takes back what was handed out.
    pub fn take_back(&mut self, share: Share) {
        for (idx, column) in share.0 {
            if let Some(place) = self.columns.get_mut(idx) {
                *place = column;
            }
        }
        self.counted = (0..self.columns.len()).collect();
    }

    /// The columns of the file.
    pub fn headers(&self) -> &Headers {
        &self.headers
    }

    /// Rows that were counted.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// What is known of each column.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// A cell such as `="0017"`, if most cells of a column are written so; or the name of a column
    /// that is.
    pub fn text_formula(&self) -> Option<&str> {
        let names = self.headers.names().iter().map(String::as_str);
        let named = names.filter(|name| is_text_formula(name));
        let filled = self.columns.iter().filter(|column| {
            let formulas = &column.formulas;
            formulas.yes * 2 > column.filled
        });
        let example = filled.filter_map(|column| {
            let mut examples = column.examples.iter().map(|one| one.value.as_str());
            examples.find(|value| is_text_formula(value))
        });
        named.chain(example).next()
    }

    /// What the numbers of a column are if they are dates, provided that its name suggests dates.
    pub fn dates_of_numbers(&self, column: &Column) -> Option<&'static str> {
        let is_called = || is_called_time(&column.header);
        let found = column
            .dates
            .formats()
            .filter(|_| column.dates.are_digits())?;
        (found.against.is_none() && is_called()).then_some(match found.formats.as_slice() {
            [SPREADSHEET] => "dates, as day numbers of a spreadsheet",
            _ => "dates, as seconds or milliseconds since 1970",
        })
    }

    /// How the dates of a column are written. If its own cells leave the order of day and month
    /// open, another column of the file may settle it, whose name is then returned too.
    pub(crate) fn dates(&self, idx: usize) -> Option<(DateFormats, Option<&str>)> {
        self.decided(&self.columns.get(idx)?.dates)
    }

    /// The same for the dates before a `;` in the cells of a column.
    pub(crate) fn leading_dates(&self, idx: usize) -> Option<(DateFormats, Option<&str>)> {
        self.decided(&self.columns.get(idx)?.leading)
    }

    fn decided(&self, dates: &Dates) -> Option<(DateFormats, Option<&str>)> {
        let found = dates.formats()?;
        let is_open = found
            .other
            .as_ref()
            .is_some_and(|other| !other.contradicted);
        match self.proven_order().filter(|_| is_open) {
            Some((order, name)) => Some((dates.formats_as(order)?, Some(name))),
            None => Some((found, None)),
        }
    }

    /// The order of day and month that columns prove, if none proves another.
    fn proven_order(&self) -> Option<(Order, &str)> {
        let mut proven = self.columns.iter().filter_map(|column| {
            let found = column
                .dates
                .formats()
                .filter(|found| found.read * 10 >= column.filled * 9);
            found.and_then(|_| Some((column.dates.proven()?, column.header.as_str())))
        });
        let first = proven.next()?;
        proven.all(|(order, _)| order == first.0).then_some(first)
    }
}
