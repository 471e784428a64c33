//! The columns of a table of linked records, and their cells: stored values, and what is made
//! of them. Pure.

use super::cell::{Cell, Misfit};
use super::columns::{Column, Others, Wanted, What};
use super::project::worded;

/// A column of a table of linked records.
#[derive(Clone, Debug)]
pub struct RecordColumn {
    /// The column.
    pub column: Column,
    /// Positions of its values among those that are read; the first one present counts.
    places: Vec<usize>,
}

/// The columns of records of a kind, in the order in which they were requested, each once.
pub fn record_columns(wanted: &Wanted, others: &Others) -> Vec<RecordColumn> {
    let mut columns: Vec<RecordColumn> = Vec::new();
    let with = wanted.with.iter();
    for what in with.filter_map(|with| (with.object == others.object).then_some(&with.what)) {
        let column = match what {
            What::Ids => continue,
            What::Property(property) => Column {
                dropped: wanted.is_absent(others.object, &property.name),
                ..Column::stored(property, &wanted.dates)
            },
            What::Made(column, _) => column.clone(),
        };
        let place = |name: &str| others.properties.iter().position(|other| other == name);
        let properties = what.properties().into_iter();
        let new = RecordColumn {
            column,
            places: properties.filter_map(place).collect(),
        };
        let is_same = |known: &RecordColumn| {
            known.column.name == new.column.name && known.places == new.places
        };
        if !columns.iter().any(is_same) {
            columns.push(new);
        }
    }
    columns
}

impl RecordColumn {
    /// The cell of a record.
    pub fn cell<'a>(&'a self, values: &'a [Option<String>]) -> Result<Cell<'a>, Misfit> {
        let values = self.places.iter().map(|place| values.get(*place));
        let mut values = values.filter_map(|value| value?.as_deref());
        worded(values.find(|value| !value.is_empty()), &self.column)
    }
}
