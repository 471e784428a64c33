//! How far a piece of work is, of whatever kind.

use serde_json::{Map, Value};

/// How far work is.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// What is being done, such as `importing`. Another phase is other work, and is timed
    /// separately.
    pub phase: &'static str,
    /// What is counted, one of them: `row`.
    pub unit: &'static str,
    /// How many are done.
    pub done: u64,
    /// Out of how many, if known.
    pub total: Option<u64>,
    /// The share of the work that is done, from 0 to 1, if it is not `done` of `total`.
    pub share: Option<f64>,
    /// What else is counted, for people: `7 refused`.
    pub also: Vec<String>,
    /// What else there is, for programs.
    pub more: Map<String, Value>,
}

impl Snapshot {
    /// Work of which nothing is done yet.
    pub fn new(phase: &'static str, unit: &'static str, total: Option<u64>) -> Snapshot {
        Snapshot {
            phase,
            unit,
            total,
            ..Snapshot::default()
        }
    }

    /// Work on rows, of which so many are done; their bytes in the input are part of its size.
    pub fn of_bytes(phase: &'static str, rows: u64, bytes: u64, size: u64) -> Snapshot {
        Snapshot {
            share: (size > 0).then(|| bytes as f64 / size as f64),
            ..Snapshot::new(phase, "row", None).at(rows)
        }
    }

    /// The same with so many done; a total that turns out too small is dropped.
    #[must_use]
    pub fn at(&self, done: u64) -> Snapshot {
        Snapshot {
            done,
            total: self.total.filter(|total| *total >= done),
            ..self.clone()
        }
    }

    /// The share that is done, from 0 to 1, if known.
    pub fn share(&self) -> Option<f64> {
        let of_total = || {
            let total = self.total.filter(|total| *total > 0)?;
            Some(self.done as f64 / total as f64)
        };
        self.share.or_else(of_total).map(|share| share.min(1.0))
    }

    /// How much is done, in the unit in which speeds are measured: the share if known, else things.
    pub(super) fn amount(&self) -> f64 {
        self.share().unwrap_or(self.done as f64)
    }

    /// Things per second at a speed in that unit.
    pub(super) fn rate(&self, speed: f64) -> f64 {
        match self.share() {
            Some(share) if share > 0.0 => speed * self.done as f64 / share,
            _ => speed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_of_the_total_or_of_what_was_read() {
        let work = Snapshot::new("reading", "ticket", Some(200));
        assert_eq!(work.share(), Some(0.0));
        let half = work.at(100);
        assert_eq!(half.share(), Some(0.5));
        assert!((half.rate(0.01) - 2.0).abs() < 1e-9, "half of 200 in 50 s");
        assert_eq!(work.at(201).share(), None, "there were more");
        let by_bytes = Snapshot {
            share: Some(0.25),
            done: 1_000,
            ..Snapshot::new("importing", "row", None)
        };
        assert_eq!(by_bytes.share(), Some(0.25));
        assert!((by_bytes.rate(0.01) - 40.0).abs() < 1e-9);
        let unknown = Snapshot::new("planning", "row", None).at(7);
        assert_eq!((unknown.share(), unknown.amount()), (None, 7.0));
    }
}
