//! Values that mapping left blank or replaced, with how often each occurred. Bounded:
//! beyond what a person can look through, values are not distinguished.

use std::collections::BTreeMap;

use crate::model::ticket::PlacedRemark;

/// Distinct values that are counted one by one.
const KEPT: usize = 1_000;

/// The counts, by column and value.
#[derive(Clone, Debug, Default)]
pub struct ValueCounts {
    counts: BTreeMap<PlacedRemark, u64>,
}

impl ValueCounts {
    /// Those of a run that is resumed.
    pub fn resumed(counts: &BTreeMap<PlacedRemark, u64>) -> ValueCounts {
        ValueCounts {
            counts: counts.clone(),
        }
    }

    /// Counts a value; false if it is not counted individually.
    pub fn count(&mut self, placed: &PlacedRemark) -> bool {
        if !placed.remark.counts_values() {
            return false;
        }
        if let Some(count) = self.counts.get_mut(placed) {
            *count += 1;
            return true;
        }
        let has_room = self.counts.len() < KEPT;
        if has_room {
            let _none = self.counts.insert(placed.clone(), 1);
        }
        has_room
    }

    /// All of them, the most frequent first.
    pub fn into_sorted(self) -> Vec<(PlacedRemark, u64)> {
        let mut counts: Vec<(PlacedRemark, u64)> = self.counts.into_iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ticket::Remark;

    fn placed(remark: Remark, value: &str) -> PlacedRemark {
        PlacedRemark {
            remark,
            property: "p".into(),
            column: None,
            value: value.into(),
        }
    }

    #[test]
    fn values_are_counted_until_there_are_too_many() {
        let mut counts = ValueCounts::default();
        assert!(!counts.count(&placed(Remark::Shortened, "")));
        for n in 0..KEPT + 5 {
            let value = placed(Remark::LeftBlank, &n.to_string());
            assert_eq!(counts.count(&value), n < KEPT);
        }
        assert!(counts.count(&placed(Remark::LeftBlank, "7")), "known");
        let sorted = counts.into_sorted();
        assert_eq!(sorted.len(), KEPT);
        assert_eq!((&*sorted[0].0.value, sorted[0].1), ("7", 2));
    }
}
