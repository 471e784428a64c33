//! A small generator of pseudo-random numbers (splitmix64), so that the same seed gives
//! the same file on every machine and with every version of the tool's dependencies.

/// One stream of numbers; every row has its own.
pub(crate) struct Random {
    state: u64,
}

impl Random {
    /// The stream of one row: far apart for neighbouring rows and seeds.
    pub(crate) fn for_row(seed: u64, row: u64) -> Random {
        let mut of_seed = Random { state: seed };
        let mut of_row = Random { state: row };
        Random {
            state: of_seed.next() ^ of_row.next().rotate_left(32),
        }
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 up to, not including, `bound`; 0 for a bound of 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        // The high half of the product; its bias is below 2^-32 for the bounds used here.
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// A number below `bound` that is more often small than large.
    pub(crate) fn mostly_small(&mut self, bound: u64) -> u64 {
        let smaller = self.below(bound) + 1;
        self.below(smaller)
    }

    /// True `percent` times in a hundred.
    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of the items, which are never none: the lists are this program's own.
    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len() as u64) as usize]
    }

    /// One of the items, as often as its weight says.
    pub(crate) fn weighted<T: Copy>(&mut self, items: &[(T, u64)]) -> T {
        let mut left = self.below(items.iter().map(|(_, weight)| weight).sum());
        let mut chosen = items[0].0;
        for (item, weight) in items {
            chosen = *item;
            if left < *weight {
                break;
            }
            left -= weight;
        }
        chosen
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_row_gives_the_same_numbers_and_its_neighbour_others() {
        let mut rows = [(7, 0), (7, 0), (7, 1), (8, 0)].map(|(s, r)| Random::for_row(s, r));
        let [first, again, neighbour, other_seed] = rows.each_mut().map(Random::next);
        assert_eq!(first, again);
        assert_ne!(first, neighbour);
        assert_ne!(first, other_seed);
    }

    #[test]
    fn numbers_stay_within_their_bounds_and_reach_both_ends() {
        let mut random = Random::for_row(1, 1);
        let drawn: Vec<u64> = (0..1000).map(|_| random.between(3, 6)).collect();
        assert_eq!(drawn.iter().min(), Some(&3));
        assert_eq!(drawn.iter().max(), Some(&6));
        assert!((0..1000).all(|_| random.mostly_small(5) < 5));
    }

    #[test]
    fn a_weight_of_zero_is_never_chosen() {
        let mut random = Random::for_row(1, 2);
        let drawn: Vec<char> = (0..500)
            .map(|_| random.weighted(&[('a', 1), ('b', 0), ('c', 3)]))
            .collect();
        assert!(drawn.contains(&'a') && drawn.contains(&'c') && !drawn.contains(&'b'));
    }
}
