//! Whether the values of a column repeat, and whether equal ones are adjacent.

use std::collections::HashSet;
use std::hash::BuildHasher;

use foldhash::quality::RandomState;

/// The distinct values of a column, as far as they are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Distinct {
    hasher: RandomState,
    hashes: HashSet<u64, RandomState>,
    room: usize,
    /// Cells that were counted.
    counted: u64,
    /// Cells that begin a group of equal ones.
    groups: u64,
    last: Option<u64>,
}

impl Distinct {
    /// No values yet; room for this many.
    pub(crate) fn new(room: usize) -> Distinct {
        Distinct {
            room,
            ..Distinct::default()
        }
    }

    /// Counts a cell, unless enough were.
    pub(crate) fn add(&mut self, cell: &str) {
        if self.hashes.len() >= self.room {
            return;
        }
        let hash = self.hasher.hash_one(cell);
        let _new = self.hashes.insert(hash);
        self.counted += 1;
        self.groups += u64::from(self.last != Some(hash));
        self.last = Some(hash);
    }

    /// Share of the cells whose value is new.
    pub(crate) fn share(&self) -> f64 {
        match self.counted {
            0 => 0.0,
            _ => self.hashes.len() as f64 / self.counted as f64,
        }
    }

    /// How many different values there are, of the cells that were looked at.
    pub(crate) fn values(&self) -> u64 {
        self.hashes.len() as u64
    }

    /// Whether equal values are adjacent, as rows of one ticket are.
    pub(crate) fn are_grouped(&self) -> bool {
        self.groups == self.values()
    }
}
