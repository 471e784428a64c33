//! The section on rows that can't go in, by reason, with the first of each.

use super::page::{Cell, Page, Part, Table};
use crate::model::count::{count, counted};

/// Rows of one reason.
pub(super) struct Reason {
    /// Its stable code.
    pub(super) code: String,
    /// What the portal said, if the code is its own; else empty.
    pub(super) words: String,
    /// How many rows.
    pub(super) rows: u64,
    /// The first of them: place, key, column, value, hint.
    pub(super) examples: Vec<[String; 5]>,
}

/// Adds the section.
pub(super) fn add_refused(page: &mut Page, heading: &str, lead: String, reasons: Vec<Reason>) {
    if reasons.is_empty() {
        return;
    }
    let mut parts = vec![Part::words(lead)];
    let groups = reasons.into_iter().enumerate();
    parts.extend(groups.map(|(nth, reason)| group(reason, nth == 0)));
    page.section(heading, parts);
}

fn group(reason: Reason, open: bool) -> Part {
    let shown = reason.examples.len() as u64;
    let caption = match reason.rows > shown {
        true => format!("The first {}", count(shown)),
        false => "All of them".to_owned(),
    };
    let has_keys = reason.examples.iter().any(|row| !row[1].is_empty());
    let rows = reason.examples.into_iter().map(|row| row.map(Cell::from));
    let name = match reason.words.as_str() {
        "" => reason.code,
        words => format!("{}: {words}", reason.code),
    };
    let label = format!("Rows of {name}");
    let hint = "…What is wrong and what to do";
    let table = match has_keys {
        true => Table::new(label, &["Line", "Key", "Column", "Value", hint]).rows(rows),
        false => {
            let rows = rows.map(|[place, _, column, value, hint]| [place, column, value, hint]);
            Table::new(label, &["Line", "Column", "Value", hint]).rows(rows)
        }
    };
    let table = table.caption(caption);
    Part::from(table).folded(&name, counted(reason.rows, "row"), open)
}
