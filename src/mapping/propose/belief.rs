//! Beliefs about a file, each with its evidence.

/// A claim with what it rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Belief<T> {
    /// What is believed.
    pub claim: T,
    /// How certain it is, from 0 to 1; never 1 if a cell disproves it.
    pub score: f64,
    /// Why, in words.
    pub reason: String,
    /// The first cell that disproves it.
    pub against: Option<Counter>,
}

impl<T> Belief<T> {
    /// A belief without counter-evidence.
    pub(crate) fn sure(claim: T, reason: impl Into<String>) -> Belief<T> {
        Belief {
            claim,
            score: 1.0,
            reason: reason.into(),
            against: None,
        }
    }
}

/// A cell that disproves a belief, or is its example.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// Its line in the file.
    pub line: u64,
    /// What it says, shortened.
    pub value: String,
}

/// How many cells a claim holds for, and the first for which it does not.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Cells for which it holds.
    pub(crate) yes: u64,
    /// The first other one.
    pub(crate) against: Option<Counter>,
}

impl Tally {
    /// Counts a cell.
    pub(crate) fn add(&mut self, holds: bool, at: At<'_>) {
        if holds {
            self.yes += 1;
        } else if self.against.is_none() {
            self.against = Some(at.counter());
        }
    }
}

/// A cell and its line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At<'a> {
    /// Its line.
    pub(crate) line: u64,
    /// Its text, trimmed.
    pub(crate) cell: &'a str,
}

impl At<'_> {
    /// The cell, kept.
    pub(crate) fn counter(self) -> Counter {
        /// Enough to find it again.
        const SHOWN: usize = 60;
        let end = self.cell.char_indices().nth(SHOWN);
        let clean = |c: char| if c.is_control() { ' ' } else { c };
        let mut value: String = match end {
            Some((end, _)) => self.cell[..end].chars().map(clean).collect(),
            None => self.cell.chars().map(clean).collect(),
        };
        if end.is_some() {
            value.push('…');
        }
        Counter {
            line: self.line,
            value,
        }
    }
}
