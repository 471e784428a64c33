//! The section on columns: how far each is filled, what it holds, its most frequent values.

use super::page::{Cell, Page, Part, Table};
use crate::model::column_report::{FrequentValue, ReportedColumn, ReportedColumns};
use crate::model::count::{count, counted, counted_as};

/// Adds the section; `of` says which rows were counted.
pub(super) fn add_columns(page: &mut Page, columns: &ReportedColumns, of: &str) {
    if columns.rows == 0 {
        return;
    }
    let names = ["Column", "Kind", "#Filled", "#Different", "…Values"];
    let filled = columns.columns.iter().filter(|column| column.filled > 0);
    let rows = filled.map(|column| {
        [
            Cell::from(column.name.as_str()),
            Cell::from(column.kind.as_str()),
            Cell::from(share(column.filled, columns.rows)),
            Cell::from(different(column)),
            values(column),
        ]
    });
    let table = Table::new("Columns", &names)
        .caption(format!(
            "Counted over {} {of}",
            counted(columns.rows, "row")
        ))
        .rows(rows);
    let mut parts = vec![Part::from(table)];
    parts.extend(empty(&columns.columns).map(Part::words));
    page.section("Columns", parts);
}

/// Which columns hold nothing.
fn empty(columns: &[ReportedColumn]) -> Option<String> {
    let empty = columns.iter().filter(|column| column.filled == 0);
    let names: Vec<&str> = empty.map(|column| column.name.as_str()).collect();
    let are = counted_as(names.len(), "column is", "columns are");
    (!names.is_empty()).then(|| format!("{are} empty: {}", names.join(", ")))
}

/// How many different values there are, as far as they were counted.
fn different(column: &ReportedColumn) -> String {
    let is_example = |value: &FrequentValue| value.times.is_none();
    match column.different {
        Some(number) => count(number),
        None if column.values.iter().any(is_example) => String::new(),
        None => "many".to_owned(),
    }
}

fn values(column: &ReportedColumn) -> Cell {
    let times = |value: &FrequentValue| match (value.times, column.different) {
        (None, _) => String::new(),
        (Some(times), Some(_)) => count(times),
        (Some(times), None) => format!("at least {}", count(times)),
    };
    let values = column.values.iter();
    Cell::values(
        values
            .map(|value| (times(value), value.value.clone()))
            .collect(),
    )
}

/// `98 %`; never rounded up to all or down to none.
fn share(part: u64, whole: u64) -> String {
    match part.saturating_mul(100) / whole.max(1) {
        0 if part > 0 => "< 1 %".to_owned(),
        share => format!("{share} %"),
    }
}
