//! Texts without a counterpart, by property and column, with how often each occurs.
//! Whole columns are counted, but no more distinct texts than a person can fill in.

use std::collections::HashMap;

use crate::mapping::{CompiledMapping, Unmatched};
use crate::model::check::{UnmappedColumn, UnmappedValue};
use crate::model::issue::{Problem, Reason, excerpt};

/// Distinct texts that are kept for one column; a column with more is not a list of choices.
const KEPT: usize = 2_000;

/// Counts by property and column.
pub struct Unmapped<'a> {
    mapping: &'a CompiledMapping,
    columns: HashMap<(String, String), Column>,
}

/// Counts by the form in which the mapping compares texts.
#[derive(Default)]
struct Column {
    values: HashMap<String, Count>,
    others: u64,
}

/// A text as first seen.
struct Count {
    text: String,
    count: u64,
    refused: bool,
}

impl<'a> Unmapped<'a> {
    /// No texts yet.
    pub fn new(mapping: &'a CompiledMapping) -> Unmapped<'a> {
        Unmapped {
            mapping,
            columns: HashMap::new(),
        }
    }

    /// Counts a problem of a row, if it is about a text without a counterpart.
    pub fn problem(&mut self, problem: &Problem) {
        if let (true, Some(property)) = (lacks_counterpart(&problem.reason), &problem.property) {
            let column = problem.column.as_deref().unwrap_or_default();
            self.take(property, column, &problem.value, true);
        }
    }

    /// Counts a text that the mapping left blank or replaced.
    pub fn stray(&mut self, stray: &Unmatched) {
        let column = stray.column.as_deref().unwrap_or_default();
        self.take(&stray.property, column, &excerpt(&stray.text), false);
    }

    fn take(&mut self, property: &str, column: &str, text: &str, refused: bool) {
        let form = self.mapping.value_form(property, text);
        let place = (property.to_owned(), column.to_owned());
        let column = self.columns.entry(place).or_default();
        if column.values.len() >= KEPT && !column.values.contains_key(&form) {
            column.others += 1;
            return;
        }
        let value = column.values.entry(form).or_insert_with(|| Count {
            text: text.to_owned(),
            count: 0,
            refused,
        });
        value.count += 1;
        value.refused |= refused;
    }

    /// All of them in the order of the mapping, with what they most likely mean.
    pub fn into_columns(self) -> Vec<UnmappedColumn> {
        let mapping = self.mapping;
        let columns = self.columns.into_iter();
        let mut columns: Vec<UnmappedColumn> = columns
            .map(|((property, column), found)| UnmappedColumn {
                has_map: mapping.has_value_map(&property),
                values: values(found.values, mapping, &property),
                property,
                column,
                others: found.others,
            })
            .collect();
        let order = |column: &UnmappedColumn| {
            let mut properties = mapping.properties().iter();
            let at = properties.position(|property| *property.name == *column.property);
            (
                at.unwrap_or(usize::MAX),
                column.property.clone(),
                column.column.clone(),
            )
        };
        columns.sort_by_cached_key(order);
        columns
    }
}

fn values(
    counts: HashMap<String, Count>,
    mapping: &CompiledMapping,
    property: &str,
) -> Vec<UnmappedValue> {
    let mut values: Vec<UnmappedValue> = counts
        .into_values()
        .map(|value| UnmappedValue {
            suggestion: mapping.suggestion(property, &value.text),
            text: value.text,
            count: value.count,
            refused: value.refused,
        })
        .collect();
    values.sort_by(|left, right| {
        let by_count = right.count.cmp(&left.count);
        by_count.then_with(|| left.text.cmp(&right.text))
    });
    values
}

/// Whether a line of a value map would help.
fn lacks_counterpart(reason: &Reason) -> bool {
    matches!(
        reason,
        Reason::UnmappedValue { .. }
            | Reason::InvalidOption { .. }
            | Reason::AmbiguousOption { .. }
            | Reason::InvalidBool
            | Reason::UnknownPipeline { .. }
            | Reason::UnknownStage { .. }
            | Reason::UnknownOwner { .. }
            | Reason::AmbiguousOwner { .. }
    )
}
