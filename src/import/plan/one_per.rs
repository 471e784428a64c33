//! One row for each ticket, if the mapping says that a file has several (`one_per`): audit logs,
//! with one row per message. The rows of a ticket are adjacent in such files, so only one row is
//! held back and nothing else is remembered; the others are skipped. Rows of one ticket that are
//! not adjacent are two rows with one key, and the rules for keys apply.

use std::sync::Arc;

use crate::error::Error;
use crate::import::flow::RowOutcome;
use crate::import::read::{Input, Reading};
use crate::journal::RowEntry;
use crate::mapping::{CompiledMapping, Keep};
use crate::model::outcome::RowEnd;
use crate::model::row::SourceRow;

/// The rows of an input, one for each ticket; the others are returned as skipped.
pub struct Rows {
    input: Input,
    mapping: Arc<CompiledMapping>,
    /// The ticket of the last row that counted, if the first one counts.
    group: Option<String>,
    /// The row that counts unless the next is of the same ticket, if the last one counts.
    held: Option<SourceRow>,
}

impl Rows {
    /// All rows of an input that are still to come.
    pub fn new(input: Input, mapping: Arc<CompiledMapping>) -> Rows {
        Rows {
            input,
            mapping,
            group: None,
            held: None,
        }
    }

    /// What the user should know about the rows read since the last call of this.
    pub fn take_notices(&mut self) -> Vec<String> {
        self.input.take_notices()
    }

    /// How far the input has been read, in bytes.
    pub fn offset(&self) -> u64 {
        self.input.offset()
    }

    /// Goes back to a row that was read before; it is returned next.
    pub fn seek_to(&mut self, row: RowEntry) -> Result<(), Error> {
        self.group = None;
        self.held = None;
        self.input.seek_to(row)
    }

    /// Rows returned so far, counted from the first of the run.
    pub fn rows_read(&self) -> u64 {
        self.input.rows_read() - u64::from(self.held.is_some())
    }

    /// Whether any row is still to come.
    pub fn has_rows(&mut self) -> Result<bool, Error> {
        Ok(self.held.is_some() || self.input.has_rows()?)
    }

    /// The next row, or nothing at the end.
    pub fn next(&mut self) -> Result<Option<Reading>, Error> {
        match self.mapping.keep() {
            None => self.input.next_row(),
            Some(Keep::First) => self.first(),
            Some(Keep::Last) => self.last(),
        }
    }

    fn first(&mut self) -> Result<Option<Reading>, Error> {
        let reading = self.input.next_row()?;
        let Some(Reading::Row(row)) = reading else {
            return Ok(reading);
        };
        let group = self.mapping.group(&row);
        if group.is_some() && group == self.group.as_deref() {
            return Ok(Some(skipped(row)));
        }
        self.group = group.map(str::to_owned);
        Ok(Some(Reading::Row(row)))
    }

    fn last(&mut self) -> Result<Option<Reading>, Error> {
        loop {
            let row = match self.input.next_row()? {
                Some(Reading::Row(row)) => row,
                Some(fallen) => return Ok(Some(fallen)),
                None => return Ok(self.held.take().map(Reading::Row)),
            };
            let group = self.mapping.group(&row);
            let held = self.held.as_ref().map(|held| self.mapping.group(held));
            let same = group.is_some() && held == Some(group);
            if let Some(held) = self.held.replace(row) {
                return Ok(Some(match same {
                    true => skipped(held),
                    false => Reading::Row(held),
                }));
            }
        }
    }
}

fn skipped(row: SourceRow) -> Reading {
    Reading::Fallen(Box::new(RowOutcome::early(row, RowEnd::Skipped)))
}
