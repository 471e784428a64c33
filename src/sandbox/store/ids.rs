//! Record ids: 11 digits, ascending, in bursts with gaps between 1 and 10^9, so that nothing can
//! rely on their density. Large gaps are rare enough for a million tickets to use about an eighth
//! of the room.

use std::ops::RangeInclusive;

/// The ids of 11 digits.
const ROOM: RangeInclusive<i64> = 10_000_000_000..=99_999_999_999;

/// Sizes of gaps and how many in 100,000 ids they precede. On average a million
/// ids take 10 billion (the first line) + 0.5 + 0.25 billion and a little.
const GAPS: &[(u32, i64)] = &[
    (2, 1_000_000_000),
    (100, 1_000_000),
    (5_000, 10_000),
    (94_898, 9),
];

/// Where the ids of a new portal start: in the first ninth of the room.
pub(crate) fn start(random: &mut fastrand::Rng) -> i64 {
    random.i64(*ROOM.start()..20_000_000_000)
}

/// The id that follows `last`. A gap is never more than a 64th of what is left, so gaps alone
/// cannot exhaust the room, however many records there are.
pub(crate) fn next(last: i64, random: &mut fastrand::Rng) -> i64 {
    let widest = ((ROOM.end() - last) / 64).max(1);
    let size = gap(random.u32(0..100_000));
    last + random.i64(1..=size.min(widest))
}

fn gap(roll: u32) -> i64 {
    let mut below = 0;
    for (share, size) in GAPS {
        below += share;
        if roll < below {
            return *size;
        }
    }
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_whole() {
        assert_eq!(GAPS.iter().map(|(share, _)| share).sum::<u32>(), 100_000);
        assert_eq!(
            GAPS.iter().map(|(_, size)| *size).max(),
            Some(1_000_000_000)
        );
    }

    #[test]
    fn two_million_ids_rise_and_stay_at_eleven_digits() {
        for seed in 0..3 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut last = start(&mut random);
            let (mut dense, mut wide) = (0, 0);
            for _ in 0..2_000_000 {
                let id = next(last, &mut random);
                assert!(id > last && id - last <= 1_000_000_000 && ROOM.contains(&id));
                dense += u32::from(id - last < 10);
                wide += u32::from(id - last > 1_000_000);
                last = id;
            }
            assert!(dense > 1_850_000 && wide > 12, "{dense} {wide}");
            assert!(last < 60_000_000_000, "{last}");
        }
    }

    #[test]
    fn the_end_of_the_room_is_approached_by_single_steps() {
        let mut random = fastrand::Rng::with_seed(1);
        assert_eq!(next(99_999_999_990, &mut random), 99_999_999_991);
    }
}
