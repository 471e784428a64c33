//! Files that were looked at without a mapping, as a page: what they are, what their columns
//! hold, and rows that no mapping could read.

use super::columns::add_columns;
use super::page::{Cell, Page, Part, Table};
use crate::model::column_report::ReportedColumns;
use crate::model::count::count;
use crate::model::event::RefusalGroup;
use crate::model::run_report::ReportHead;

/// What is known of files.
#[derive(Clone, Debug)]
pub struct Surveyed {
    /// What it is about.
    pub head: ReportHead,
    /// What each file is, what was noticed and how many rows there are, a sentence each.
    pub facts: Vec<String>,
    /// Rows that would be refused before any mapping, by code.
    pub refusals: Vec<RefusalGroup>,
    /// What the columns hold.
    pub columns: ReportedColumns,
}

/// The page.
///
/// # Errors
/// When the template is broken, which a test rules out.
pub fn survey_html(surveyed: &Surveyed) -> Result<String, minijinja::Error> {
    let lead = "Looked at without a mapping".to_owned();
    let mut page = Page::new(&surveyed.head, "check", lead);
    page.section("What it is", vec![Part::items(surveyed.facts.clone())]);
    if !surveyed.refusals.is_empty() {
        let rows = surveyed.refusals.iter().map(|group| {
            [
                Cell::from(count(group.rows)),
                Cell::from(group.code.as_str()),
                Cell::from(group.example.as_str()),
            ]
        });
        let table = Table::new("Refused rows", &["#Rows", "Reason", "…The first of them"])
            .caption("Whatever the mapping says")
            .rows(rows);
        page.section("Would be refused", vec![Part::from(table)]);
    }
    add_columns(&mut page, &surveyed.columns, "of the input");
    page.html()
}
