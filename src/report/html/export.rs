//! An export as a page: what was asked for, the files with their hashes, what each column
//! holds, the calls.

use super::calls::add_calls;
use super::columns::add_columns;
use super::page::{Cell, Page, Part, Table};
use crate::model::count::{count, counted};
use crate::model::export_report::{ExportReport, ExportedFile};

/// Files that are shown; a data set may have thousands.
const FILES: usize = 200;

/// The page.
///
/// # Errors
/// When the template is broken, which a test rules out.
pub fn export_html(report: &ExportReport) -> Result<String, minijinja::Error> {
    let portal = report.head.portal.as_ref();
    let portal = portal.map_or_else(String::new, |(id, _)| format!(" of portal {id}"));
    let lead = format!("Tickets{portal}, to {}", report.target);
    let mut page = Page::new(&report.head, "export", lead);
    if !report.facts.is_empty() {
        page.section("What it holds", vec![Part::items(report.facts.clone())]);
    }
    add_selection(&mut page, report);
    add_files(&mut page, &report.files);
    if let Some(columns) = &report.columns {
        add_columns(&mut page, columns, "of tickets that this export wrote");
    }
    add_calls(&mut page, report.calls.as_ref());
    page.html()
}

fn add_selection(page: &mut Page, report: &ExportReport) {
    let rows = report.selection.iter();
    let rows = rows.map(|(name, value)| [Cell::from(name.as_str()), Cell::from(value.as_str())]);
    let table = Table::new("Selection", &["Option", "…Value"])
        .caption("Options that differ from the usual")
        .rows(rows);
    page.section("What was asked for", vec![Part::from(table)]);
}

fn add_files(page: &mut Page, files: &[ExportedFile]) {
    if files.is_empty() {
        return;
    }
    let rows = files.iter().take(FILES).map(|file| {
        [
            Cell::from(file.name.as_str()),
            Cell::from(file.rows.map(count).unwrap_or_default()),
            Cell::from(count(file.bytes)),
            Cell::from(file.hash.as_str()),
        ]
    });
    let caption = match files.len() > FILES {
        true => format!(
            "The first {FILES} of {}; the manifest has them all",
            counted(files.len(), "file")
        ),
        false => counted(files.len(), "file"),
    };
    let table = Table::new("Files", &["File", "#Rows", "#Bytes", "…BLAKE3"])
        .caption(caption)
        .rows(rows);
    page.section("Files", vec![Part::from(table)]);
}
