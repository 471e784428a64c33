//! What the columns of an export hold, counted while its rows are written: how many rows have a
//! value, how many values differ, which are the most frequent. Memory does not grow with the rows:
//! of a column with more different values than are kept at once, those that make up more than a
//! fixed share of them are still found (Misra and Gries), each with a lower bound of its number of
//! occurrences.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use super::cell::Cell;
use super::columns::Column;
use crate::model::column_report::{FrequentValue, ReportedColumn, ReportedColumns};

/// Different values of a column that are kept at once.
const KEPT: usize = 256;
/// Values that are reported.
const TOLD: usize = 10;
/// Characters of a value that are reported.
const LETTERS: usize = 80;

/// The columns of the rows so far.
#[derive(Default)]
pub struct Profile {
    rows: u64,
    columns: Vec<Counted>,
    hasher: RandomState,
}

/// A column so far.
struct Counted {
    name: String,
    kind: &'static str,
    filled: u64,
    values: Frequent,
}

/// The most frequent values of a column.
#[derive(Default)]
struct Frequent {
    /// By the hash of the whole value.
    kept: HashMap<u64, (Box<str>, u64)>,
    /// Upper bound of the occurrences that each count may lack.
    missed: u64,
}

impl Profile {
    /// A profile of no rows yet.
    pub fn new(columns: &[Column]) -> Profile {
        let counted = |column: &Column| Counted {
            name: column.header.clone(),
            kind: column.kind.word(),
            filled: 0,
            values: Frequent::default(),
        };
        Profile {
            columns: columns.iter().map(counted).collect(),
            ..Profile::default()
        }
    }

    /// Takes a row that was written.
    pub fn take(&mut self, cells: &[Cell<'_>]) {
        self.rows += 1;
        for (column, cell) in self.columns.iter_mut().zip(cells) {
            let values: &[_] = match cell {
                Cell::Empty => continue,
                Cell::One(text) => std::slice::from_ref(text),
                Cell::Many(texts) => texts,
            };
            column.filled += 1;
            for value in values {
                column.values.take(self.hasher.hash_one(value), value);
            }
        }
    }

    /// The counts, for the report.
    pub fn reported(&self) -> ReportedColumns {
        ReportedColumns {
            rows: self.rows,
            columns: self.columns.iter().map(Counted::reported).collect(),
        }
    }
}

impl Counted {
    fn reported(&self) -> ReportedColumn {
        let is_exact = self.values.missed == 0;
        ReportedColumn {
            name: self.name.clone(),
            kind: self.kind.to_owned(),
            filled: self.filled,
            different: is_exact.then_some(self.values.kept.len() as u64),
            values: self.values.first(),
        }
    }
}

impl Frequent {
    fn take(&mut self, hash: u64, value: &str) {
        if let Some((_, times)) = self.kept.get_mut(&hash) {
            *times += 1;
        } else if self.kept.len() < KEPT {
            let shown = match value.char_indices().nth(LETTERS) {
                Some((end, _)) => format!("{}…", &value[..end]),
                None => value.to_owned(),
            };
            let _new = self.kept.insert(hash, (shown.into(), 1));
        } else {
            // A value that is not kept cancels one occurrence of each that is.
            self.missed += 1;
            self.kept.retain(|_, (_, times)| {
                *times -= 1;
                *times > 0
            });
        }
    }

    /// The most frequent ones. Those only known to occur at all are not reported.
    fn first(&self) -> Vec<FrequentValue> {
        let mut kept: Vec<&(Box<str>, u64)> = self.kept.values().collect();
        kept.retain(|(_, times)| *times > 1 || self.missed == 0);
        kept.sort_by(|(one, times), (other, more)| more.cmp(times).then_with(|| one.cmp(other)));
        let first = kept.into_iter().take(TOLD);
        first
            .map(|(value, times)| FrequentValue {
                value: value.to_string(),
                times: Some(*times),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::columns::Kind;

    fn profile(rows: impl Iterator<Item = Vec<String>>) -> ReportedColumn {
        let column = Column::plain("tags", "Tags", Kind::List);
        let mut profile = Profile::new(&[column]);
        for row in rows {
            let cell = match row.as_slice() {
                [] => Cell::Empty,
                values => Cell::Many(values.iter().map(|value| value.as_str().into()).collect()),
            };
            profile.take(&[cell]);
        }
        profile.reported().columns.remove(0)
    }

    fn values(column: &ReportedColumn) -> Vec<(&str, u64)> {
        let values = column.values.iter();
        values
            .map(|value| (value.value.as_str(), value.times.unwrap_or(0)))
            .collect()
    }

    #[test]
    fn few_values_are_counted_exactly() {
        let rows = [vec!["a", "b"], vec![], vec!["b"], vec!["c"], vec!["b", "c"]];
        let column = profile(
            rows.iter()
                .map(|row| row.iter().map(|v| (*v).to_owned()).collect()),
        );
        assert_eq!((column.filled, column.different), (4, Some(3)));
        assert_eq!(values(&column), [("b", 3), ("c", 2), ("a", 1)]);
    }

    #[test]
    fn among_many_values_frequent_ones_are_found_and_counted_at_least() {
        let rows = (0..100_000_u64).map(|n| {
            vec![match n % 10 {
                0..3 => "often".to_owned(),
                3 => "sometimes".to_owned(),
                _ => format!("once {n}"),
            }]
        });
        let column = profile(rows);
        assert_eq!(column.different, None, "more than are kept");
        let found = values(&column);
        let missed_at_most = 100_000 / (KEPT as u64 + 1);
        for ((value, times), (expected, real)) in
            found.iter().zip([("often", 30_000), ("sometimes", 10_000)])
        {
            assert_eq!(*value, expected, "{found:?}");
            assert!(
                *times <= real && *times + missed_at_most >= real,
                "{found:?}"
            );
        }
    }

    #[test]
    fn long_values_are_told_by_their_beginning_and_kept_apart() {
        let long = "x".repeat(200);
        let rows = ["1", "2", "2"].map(|end| vec![format!("{long}{end}")]);
        let column = profile(rows.into_iter());
        assert_eq!(column.different, Some(2));
        assert_eq!(column.values[0].times, Some(2));
        assert_eq!(column.values[0].value.chars().count(), LETTERS + 1);
    }
}
