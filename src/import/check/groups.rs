//! Rows that would be refused, by code: their number and the first of them.

use std::collections::BTreeMap;

use crate::import::flow::RowOutcome;
use crate::model::check::{RefusedRow, RefusedRows};
use crate::model::issue::Refusal;
use crate::model::place::Places;

/// Rows of one code that are listed; `--output` has all.
const EXAMPLES: usize = 20;

/// Refusals by code.
pub struct Groups {
    places: Places,
    by_code: BTreeMap<String, RefusedRows>,
}

impl Groups {
    /// No refusals yet; `places` name the inputs.
    pub fn new(places: Places) -> Groups {
        Groups {
            places,
            by_code: BTreeMap::new(),
        }
    }

    /// Adds a row that would be refused.
    pub fn take(&mut self, outcome: &RowOutcome, refusal: &Refusal) {
        if !self.by_code.contains_key(&refusal.code) {
            let new = RefusedRows {
                code: refusal.code.clone(),
                rows: 0,
                examples: Vec::new(),
            };
            let _none = self.by_code.insert(refusal.code.clone(), new);
        }
        let Some(group) = self.by_code.get_mut(&refusal.code) else {
            return;
        };
        group.rows += 1;
        if group.examples.len() < EXAMPLES {
            group.examples.push(RefusedRow {
                place: self.places.cell(outcome.source.address),
                column: refusal.column.clone(),
                value: refusal.value.clone(),
                hint: refusal.hint.clone(),
            });
        }
    }

    /// All of them, most rows first.
    pub fn into_sorted(self) -> Vec<RefusedRows> {
        let mut groups: Vec<RefusedRows> = self.by_code.into_values().collect();
        groups.sort_by(|left, right| {
            let by_rows = right.rows.cmp(&left.rows);
            by_rows.then_with(|| left.code.cmp(&right.code))
        });
        groups
    }
}
