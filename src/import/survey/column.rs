//! One column: how full it is, what it holds, what it looks like.

use super::kind::{Kind, Sniffer};
use crate::model::issue::excerpt;

/// Examples that are kept of a column.
const EXAMPLES: usize = 3;

/// What the cells of a column are.
#[derive(Debug)]
pub struct ColumnSurvey {
    /// Name in the header; empty where there is none.
    pub name: String,
    /// Rows that have a value here.
    pub filled: u64,
    /// The first three different values, shortened to 200 characters.
    pub examples: Vec<String>,
    sniffer: Sniffer,
}

impl ColumnSurvey {
    /// A column before its first cell.
    pub fn new(name: &str) -> ColumnSurvey {
        ColumnSurvey {
            name: name.to_owned(),
            filled: 0,
            examples: Vec::new(),
            sniffer: Sniffer::default(),
        }
    }

    /// What all its values are.
    pub fn kind(&self) -> Kind {
        self.sniffer.kind()
    }

    /// Takes the next cell.
    pub fn take(&mut self, cell: &str) {
        let value = cell.trim();
        if value.is_empty() {
            return;
        }
        self.filled += 1;
        self.sniffer.take(value);
        if self.examples.len() < EXAMPLES {
            let example = excerpt(value);
            if !self.examples.contains(&example) {
                self.examples.push(example);
            }
        }
    }
}
