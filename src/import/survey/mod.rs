//! What a user should know of an input before mapping it: all rows are read as an
//! import would read them, and the engine of beliefs counts them by column.

mod footer;
mod sound;

pub use footer::Footer;
pub use sound::{Sounded, sound};

use std::collections::BTreeMap;

use footer::Tail;

use super::flow::RowOutcome;
use super::read::{Input, Reading, TextFacts};
use crate::error::Error;
use crate::mapping::propose;
use crate::model::event::RefusalGroup;
use crate::model::outcome::RowEnd;
use crate::model::place::Places;

/// Everything found in an input.
#[derive(Debug)]
pub struct Survey {
    /// Its texts.
    pub texts: Vec<TextFacts>,
    /// Records behind the headers, whatever they are.
    pub records: u64,
    /// Rows that can be mapped, and what their columns hold.
    pub cells: propose::Survey,
    /// All-empty rows; an import skips them.
    pub ghosts: u64,
    /// Rows that are the header once more; an import skips them.
    pub headers_again: u64,
    /// Rows that an import would refuse before mapping them, by code.
    pub refusals: Vec<RefusalGroup>,
    /// Names that several columns have, in file order.
    pub repeated: Vec<String>,
    /// Records at the ends of files that are no rows.
    pub footers: Vec<Footer>,
    /// What else was noticed on the way.
    pub notices: Vec<String>,
}

/// Reads the input to its end.
///
/// # Errors
/// When it can't be read any further.
pub fn survey(input: &mut Input) -> Result<Survey, Error> {
    let names = input.headers().names();
    let mut counts = Counts {
        cells: propose::Survey::new(input.headers()),
        places: input.places(),
        ghosts: 0,
        headers_again: 0,
        refusals: BTreeMap::new(),
    };
    let repeated = repeated(names);
    let mut records = 0;
    let mut tail = Tail::default();
    while let Some(reading) = input.next_row()? {
        records += 1;
        counts.take(&reading);
        tail.take(reading);
    }
    Ok(Survey {
        texts: input.facts(),
        records,
        cells: counts.cells,
        ghosts: counts.ghosts,
        headers_again: counts.headers_again,
        refusals: counts.refusals.into_values().collect(),
        repeated,
        footers: tail.finish(),
        notices: input.take_notices(),
    })
}

/// What is counted row by row.
struct Counts {
    cells: propose::Survey,
    places: Places,
    ghosts: u64,
    headers_again: u64,
    refusals: BTreeMap<String, RefusalGroup>,
}

impl Counts {
    fn take(&mut self, reading: &Reading) {
        match reading {
            Reading::Row(row) => self.cells.add(&row.cells, row.address.line),
            Reading::Fallen(outcome) => self.fell(outcome),
        }
    }

    fn fell(&mut self, outcome: &RowOutcome) {
        let RowEnd::Refused(issue) = &outcome.end else {
            match outcome.source.cells.is_blank() {
                true => self.ghosts += 1,
                false => self.headers_again += 1,
            }
            return;
        };
        let address = outcome.source.address;
        let place = self.places.words(address.file, address.line);
        RefusalGroup::count(&mut self.refusals, &place, issue);
    }
}

/// Names that come more than once, each told once.
fn repeated(names: &[String]) -> Vec<String> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut repeated = Vec::new();
    for name in names {
        let count = counts.entry(name).or_default();
        *count += 1;
        if *count == 2 && !name.is_empty() {
            repeated.push(name.clone());
        }
    }
    repeated
}
