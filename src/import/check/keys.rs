//! Repeated keys, and distinct e-mails, without keeping any of them: 64-bit hashes are
//! sorted outside memory. For a million rows the chance that two different texts share
//! a hash is about one in thirty million.

use std::hash::BuildHasher;
use std::io;

use foldhash::quality::RandomState;

use super::sort::{Sorted, Sorter};
use crate::model::key::Key;
use crate::model::row::SourceRow;

/// A key as it is sorted, with the place of its row.
#[derive(Clone, Copy, Debug)]
pub struct KeyHash([u64; 4]);

impl KeyHash {
    /// Hashes the key of a row. Keys are grouped by what they are compared by; the rest of the
    /// exact hash distinguishes variants.
    pub fn new(hasher: &RandomState, key: &Key, row: &SourceRow) -> KeyHash {
        let exact = hasher.hash_one(key.as_str());
        let folded = match key.is_folded() {
            true => exact,
            false => hasher.hash_one(key.folded().as_str()),
        };
        let place = exact << 32 | u64::from(row.address.file);
        KeyHash([folded, row.seq, place, row.address.line])
    }
}

/// The keys of all rows that would be sent.
pub struct Keys {
    seen: Sorter<4>,
}

/// A row whose key an earlier row has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeat {
    /// Number of the row in the run.
    pub seq: u64,
    /// Number of the first row with the key.
    pub first: u64,
    /// Position of that row's file among the inputs.
    pub first_file: u32,
    /// Line of that row.
    pub first_line: u64,
    /// Whether the two keys differ by case.
    pub only_case: bool,
}

impl Keys {
    /// No keys yet.
    pub fn new() -> Keys {
        Keys {
            seen: Sorter::new(),
        }
    }

    /// Adds a key.
    pub fn take(&mut self, key: KeyHash) -> io::Result<()> {
        self.seen.push(key.0)
    }

    /// The rows with a repeated key, in the order of the input, without the first row
    /// of each key.
    pub fn repeats(self) -> io::Result<Repeats> {
        let mut seen = self.seen.sorted()?;
        let (mut repeats, mut variants) = (Sorter::new(), Sorter::new());
        let (mut any, mut first) = (false, None::<[u64; 4]>);
        while let Some(record) = seen.next()? {
            match first.filter(|first| first[0] == record[0]) {
                None => first = Some(record),
                Some(first) => {
                    any = true;
                    let only_case = u64::from(first[2] >> 32 != record[2] >> 32);
                    if only_case != 0 {
                        variants.push([first[1]])?;
                    }
                    let place = only_case << 32 | first[2] & u64::from(u32::MAX);
                    repeats.push([record[1], first[1], place, first[3]])?;
                }
            }
        }
        Ok(Repeats {
            any,
            sorted: repeats.sorted()?,
            variants: variants.sorted()?,
        })
    }
}

/// Rows with repeated keys, in the order of the input.
pub struct Repeats {
    /// Whether there is one.
    pub any: bool,
    sorted: Sorted<4>,
    variants: Sorted<1>,
}

impl Repeats {
    /// The next first row from which a later one differs only by case, in the order of the input; a
    /// row may be returned several times.
    pub fn next_variant(&mut self) -> io::Result<Option<u64>> {
        Ok(self.variants.next()?.map(|[seq]| seq))
    }

    /// The next of them.
    pub fn next(&mut self) -> io::Result<Option<Repeat>> {
        let record = self.sorted.next()?;
        Ok(record.map(|[seq, first, place, first_line]| Repeat {
            seq,
            first,
            #[expect(clippy::cast_possible_truncation, reason = "the lower half holds it")]
            first_file: place as u32,
            first_line,
            only_case: place >> 32 != 0,
        }))
    }
}

/// Counts different texts by their hashes.
pub struct Distinct {
    seen: Sorter<1>,
}

impl Distinct {
    /// No texts yet.
    pub fn new() -> Distinct {
        Distinct {
            seen: Sorter::new(),
        }
    }

    /// Adds a text's hash.
    pub fn take(&mut self, hash: u64) -> io::Result<()> {
        self.seen.push([hash])
    }

    /// How many different ones there were.
    pub fn count(self) -> io::Result<u64> {
        let mut seen = self.seen.sorted()?;
        let (mut count, mut last) = (0, None);
        while let Some(hash) = seen.next()? {
            count += u64::from(last != Some(hash));
            last = Some(hash);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::place::RowAddress;
    use crate::model::row::Cells;

    #[test]
    fn later_rows_with_a_key_are_told_with_the_place_of_the_first() {
        let (mut keys, hasher) = (Keys::new(), RandomState::default());
        for (idx, key) in ["a", "b", "A", "c", "a", "Ä", "ä", "b"]
            .into_iter()
            .enumerate()
        {
            let seq = idx as u64 + 1;
            let row = SourceRow {
                seq,
                address: RowAddress {
                    file: 3,
                    record: seq,
                    line: seq * 10,
                    byte: 0,
                },
                cells: Cells::default(),
                kept: None,
                object: None,
                comments: Vec::new(),
            };
            keys.take(KeyHash::new(&hasher, &Key::from(key), &row))
                .expect("taken");
        }
        let mut repeats = keys.repeats().expect("sorted");
        let mut found = Vec::new();
        while let Some(repeat) = repeats.next().expect("read back") {
            assert_eq!(
                (repeat.first_file, repeat.first_line),
                (3, repeat.first * 10)
            );
            found.push((repeat.seq, repeat.first, repeat.only_case));
        }
        assert_eq!(
            found,
            [(3, 1, true), (5, 1, false), (7, 6, true), (8, 2, false)]
        );
    }

    #[test]
    fn different_texts_are_counted_once() {
        let mut distinct = Distinct::new();
        for hash in [7, 9, 7, 0, 7, 9] {
            distinct.take(hash).expect("taken");
        }
        assert_eq!(distinct.count().expect("sorted"), 3);
    }
}
