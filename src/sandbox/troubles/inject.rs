//! Counts calls and decides what goes wrong with each. With the same seed, shares hit the same
//! calls if these arrive in the same order.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::kind::{HoldAt, TroubleKind};
use super::planned::{Trouble, When};

/// What goes wrong with one call.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Injected {
    pub(crate) kind: Option<TroubleKind>,
    /// Where the call is held, and its number.
    pub(crate) hold: Option<(HoldAt, u64)>,
    /// The position of the trouble that strikes it.
    pub(crate) place: Option<usize>,
    /// How long a migration still lasts, if that is what goes wrong.
    pub(crate) left: Duration,
}

/// All planned troubles, each with its own count of the calls it may hit.
#[derive(Debug)]
pub(crate) struct Troubles(Mutex<State>);

#[derive(Debug)]
struct State {
    planned: Vec<Count>,
    random: fastrand::Rng,
}

#[derive(Debug)]
struct Count {
    trouble: Trouble,
    seen: u64,
    /// Until when it lasts, once it has begun.
    until: Option<Instant>,
}

impl Troubles {
    pub(crate) fn new(planned: Vec<Trouble>, seed: u64) -> Troubles {
        Troubles(Mutex::new(State {
            planned: planned.into_iter().map(Count::of).collect(),
            random: fastrand::Rng::with_seed(seed),
        }))
    }

    /// Those that are planned, as they were typed.
    pub(crate) fn planned(&self) -> Vec<String> {
        let state = self.lock();
        let texts = state.planned.iter().map(|count| count.trouble.text());
        texts.map(str::to_owned).collect()
    }

    /// The one at a position, as it was typed.
    pub(crate) fn text(&self, place: usize) -> Option<String> {
        let state = self.lock();
        let count = state.planned.get(place)?;
        Some(count.trouble.text().to_owned())
    }

    /// Plans another one; it counts its calls from now on.
    pub(crate) fn add(&self, trouble: Trouble) {
        self.lock().planned.push(Count::of(trouble));
    }

    /// Removes the one at a position; returns whether there was one.
    pub(crate) fn remove(&self, place: usize) -> bool {
        let planned = &mut self.lock().planned;
        let is_there = place < planned.len();
        if is_there {
            drop(planned.remove(place));
        }
        is_there
    }

    /// How long a call that arrives is made to wait.
    pub(crate) fn latency(&self, path: &str) -> Duration {
        let State { planned, random } = &mut *self.lock();
        let slow = |count: &&mut Count| matches!(count.trouble.kind, TroubleKind::Slow(..));
        let mut total = Duration::ZERO;
        for count in planned.iter_mut().filter(slow) {
            if let (true, TroubleKind::Slow(mean, spread)) =
                (count.hits(path, random), count.trouble.kind)
            {
                total += (mean - spread) + (2 * spread).mul_f64(random.f64());
            }
        }
        total
    }

    /// Counts a call and names what goes wrong with it. If two troubles hit one call,
    /// the one given first wins; holding is independent of the others.
    pub(crate) fn inject(&self, path: &str, now: Instant) -> Injected {
        let State { planned, random } = &mut *self.lock();
        let mut injected = Injected::default();
        for (place, count) in planned.iter_mut().enumerate() {
            let before = injected;
            let kind = count.trouble.kind;
            if matches!(kind, TroubleKind::Slow(..)) {
                continue;
            }
            let hit = count.hits(path, random);
            match kind {
                TroubleKind::Hold(place) if hit => {
                    injected.hold = injected.hold.or(Some((place, count.seen)))
                }
                TroubleKind::Hold(_) => {}
                TroubleKind::Outage(length)
                | TroubleKind::Migrating(length)
                | TroubleKind::SearchLag(length) => {
                    if hit {
                        count.until = Some(now + length);
                    }
                    let left = count.left(now);
                    if matches!(kind, TroubleKind::SearchLag(_))
                        || left.is_zero()
                        || injected.kind.is_some()
                    {
                        continue;
                    }
                    (injected.kind, injected.left) = (Some(kind), left);
                }
                kind if hit => injected.kind = injected.kind.or(Some(kind)),
                _ => {}
            }
            if injected.place.is_none() && injected != before {
                injected.place = Some(place);
            }
        }
        injected
    }

    /// How late a trouble has made the search index, if one has.
    pub(crate) fn search_lag(&self) -> Option<Duration> {
        let state = self.lock();
        let begun = state.planned.iter().filter(|count| count.until.is_some());
        begun.filter_map(|count| count.trouble.search_lag()).max()
    }

    /// A number below `most`, from the seed.
    pub(crate) fn roll(&self, most: usize) -> usize {
        self.lock().random.usize(0..most)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Count {
    fn of(trouble: Trouble) -> Count {
        Count {
            trouble,
            seen: 0,
            until: None,
        }
    }

    /// Counts a call that the trouble applies to, and returns whether the trouble hits it.
    fn hits(&mut self, path: &str, random: &mut fastrand::Rng) -> bool {
        if !path.contains(&self.trouble.path_part) {
            return false;
        }
        self.seen += 1;
        match self.trouble.when {
            When::Every => true,
            When::Nth(ordinal) => self.seen == ordinal,
            When::Share(share) => random.f64() < share,
        }
    }

    fn left(&self, now: Instant) -> Duration {
        self.until
            .map_or(Duration::ZERO, |until| until.saturating_duration_since(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn troubles(planned: &[&str]) -> Troubles {
        let planned = planned.iter().map(|text| text.parse().expect(text));
        Troubles::new(planned.collect(), 7)
    }

    #[test]
    fn hits_the_named_call_once() {
        let troubles = troubles(&[
            "truncate@2:batch/create",
            "reset-after@4",
            "hold@3=received:/a",
        ]);
        let calls = ["/a", "/batch/create", "/a", "/batch/create", "/a"];
        let now = Instant::now();
        let injected = calls.map(|path| troubles.inject(path, now));
        assert_eq!(
            injected.map(|injected| injected.kind),
            [None, None, None, Some(TroubleKind::Truncate), None]
        );
        assert_eq!(injected[4].hold, Some((HoldAt::Received, 3)));
    }

    #[test]
    fn a_share_is_a_share_and_the_seed_decides_it() {
        let now = Instant::now();
        let rolls = || {
            let troubles = troubles(&["500@20%:x"]);
            (0..1_000)
                .map(|_| troubles.inject("/x", now).kind.is_some())
                .collect::<Vec<bool>>()
        };
        let injected = rolls().iter().filter(|hit| **hit).count();
        assert!((150..250).contains(&injected), "{injected}");
        assert_eq!(rolls(), rolls());
    }

    #[test]
    fn an_outage_lasts_and_ends() {
        let troubles = troubles(&["outage=20s@2", "migrating=60s@4"]);
        let start = Instant::now();
        let at = |seconds| {
            let injected = troubles.inject("/a", start + Duration::from_secs(seconds));
            (injected.kind, injected.left.as_secs())
        };
        let outage = Some(TroubleKind::Outage(Duration::from_secs(20)));
        assert_eq!(at(0), (None, 0));
        assert_eq!(at(1), (outage, 20));
        assert_eq!(at(20), (outage, 1));
        let migrating = Some(TroubleKind::Migrating(Duration::from_secs(60)));
        assert_eq!(at(21), (migrating, 60));
        assert_eq!(at(80), (migrating, 1));
        assert_eq!(at(81), (None, 0));
    }

    #[test]
    fn latency_is_within_its_spread() {
        let troubles = troubles(&["slow=300ms±100", "slow=1s@2:/b"]);
        let millis = |path: &str| troubles.latency(path).as_millis();
        let all: Vec<u128> = (0..200).map(|_| millis("/a")).collect();
        assert!(all.iter().all(|millis| (200..=400).contains(millis)));
        assert!(all.iter().min() < Some(&230) && all.iter().max() > Some(&370));
        assert!(millis("/b") < 1_000);
        assert!(millis("/b") >= 1_200);
    }
}
