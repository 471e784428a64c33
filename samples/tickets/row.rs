//! A record of the export: the columns in file order, and cells that are filled from
//! left to right. The memory of the cells serves all rows.

use std::fmt::Write as _;

use super::life::Minutes;
use super::moment::Moment;

/// Zendesk's legacy account export, with a `Description` after the subject and one
/// custom field at the end.
pub(crate) const HEADER: [&str; 43] = [
    "Summation column",
    "Id",
    "Requester",
    "Requester id",
    "Requester external id",
    "Requester email",
    "Requester domain",
    "Submitter",
    "Assignee",
    "Group",
    "Subject",
    "Description",
    "Tags",
    "Status",
    "Priority",
    "Via",
    "Ticket type",
    "Created at",
    "Updated at",
    "Assigned at",
    "Organization",
    "Due date",
    "Initially assigned at",
    "Solved at",
    "Resolution time",
    "Satisfaction Score",
    "Group stations",
    "Assignee stations",
    "Reopens",
    "Replies",
    "First reply time in minutes",
    "First reply time in minutes within business hours",
    "First resolution time in minutes",
    "First resolution time in minutes within business hours",
    "Full resolution time in minutes",
    "Full resolution time in minutes within business hours",
    "Agent wait time in minutes",
    "Agent wait time in minutes within business hours",
    "Requester wait time in minutes",
    "Requester wait time in minutes within business hours",
    "On hold time in minutes",
    "On hold time in minutes within business hours",
    "Product area [list]",
];

/// One record under construction.
#[derive(Default)]
pub(crate) struct Row {
    cells: Vec<String>,
    filled: usize,
}

impl Row {
    /// Forgets the last record.
    pub(crate) fn clear(&mut self) {
        self.filled = 0;
    }

    /// The record's cells.
    pub(crate) fn cells(&self) -> &[String] {
        &self.cells[..self.filled]
    }

    /// The next cell, empty.
    fn next(&mut self) -> &mut String {
        if self.filled == self.cells.len() {
            self.cells.push(String::new());
        }
        let cell = &mut self.cells[self.filled];
        self.filled += 1;
        cell.clear();
        cell
    }

    /// Fills the next cell.
    pub(crate) fn text(&mut self, text: &str) {
        self.next().push_str(text);
    }

    /// Fills the next cell, or leaves it empty.
    pub(crate) fn number(&mut self, number: impl Into<Option<u64>>) {
        let cell = self.next();
        if let Some(number) = number.into() {
            write!(cell, "{number}").expect("a String takes any text");
        }
    }

    /// Fills the next cell with an instant like `2020-02-19 01:54:52`, or leaves it empty.
    pub(crate) fn moment(&mut self, moment: impl Into<Option<Moment>>) {
        let cell = self.next();
        if let Some(moment) = moment.into() {
            let at = moment.civil();
            let (year, month, day) = (at.year(), at.month(), at.day());
            let (hour, minute, second) = (at.hour(), at.minute(), at.second());
            write!(
                cell,
                "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
            )
            .expect("a String takes any text");
        }
    }

    /// Fills two cells: by the clock, and within business hours.
    pub(crate) fn minutes(&mut self, minutes: impl Into<Option<Minutes>>) {
        let minutes = minutes.into();
        self.number(minutes.map(|both| both.calendar));
        self.number(minutes.map(|both| both.business));
    }

    /// The text of a column of the header, which is filled already.
    pub(crate) fn get(&self, column: &'static str) -> &str {
        &self.cells[position(column)]
    }

    /// The cell of a column of the header, to be changed.
    pub(crate) fn cell(&mut self, column: &'static str) -> &mut String {
        &mut self.cells[position(column)]
    }

    /// Puts one cell too many after a column.
    pub(crate) fn insert_after(&mut self, column: &'static str, text: &str) {
        self.cells.insert(position(column) + 1, text.to_owned());
        self.filled += 1;
    }
}

fn position(column: &'static str) -> usize {
    HEADER
        .iter()
        .position(|name| *name == column)
        .expect("a column that this program names")
}
