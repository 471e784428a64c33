//! What a portal lets through: when calls that have not been sent yet may be sent, and what calls
//! wait for right now. It is used to show progress and to estimate the time left.

use std::time::Duration;

/// What a portal lets through at a moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pace {
    /// Its allowances, always in the same order.
    pub allowances: Vec<Allowance>,
    /// For how long the portal has asked that nothing be sent.
    pub pause: Option<Duration>,
    /// What calls wait for.
    pub hold: Option<Hold>,
}

/// An allowance: so many calls in any window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowance {
    /// Finished calls that were paid from it.
    pub calls: u64,
    /// Those in flight.
    pub in_flight: u64,
    /// How long until each of its slots comes free, soonest first; empty if there is no limit.
    pub slots: Vec<Duration>,
    /// How long a call takes.
    pub latency: Duration,
    /// How long it keeps its slot.
    pub cycle: Duration,
}

impl Allowance {
    /// Whether a call would have to wait.
    pub fn is_used_up(&self) -> bool {
        self.slots.first().is_some_and(|slot| !slot.is_zero())
    }

    /// The time until so many more calls can be over; some of them are in flight. They are made no
    /// faster than one in `each`.
    pub fn time_for(&self, calls: f64, each: Duration) -> Duration {
        let slots = self.slots.len() as u64;
        let calls = calls - self.in_flight as f64;
        if slots == 0 || calls <= 0.0 {
            return Duration::ZERO;
        }
        // An estimate of a whole number may be slightly too high, which is not another call.
        let last = (calls.round() as u64).saturating_sub(1);
        let slot = usize::try_from(last % slots).unwrap_or_default();
        let turns = u32::try_from(last / slots).unwrap_or(u32::MAX);
        let own = |calls: u64| each.saturating_mul(u32::try_from(calls).unwrap_or(u32::MAX));
        let free = self.slots.get(slot).copied().unwrap_or_default();
        let first = free.max(own(last % slots));
        let cycle = self.cycle.max(own(slots));
        let sent = first.saturating_add(cycle.saturating_mul(turns));
        sent.saturating_add(self.latency)
    }
}

/// What calls wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// What it is.
    pub cause: Cause,
    /// How long it will take; for an answer, how long it has taken so far.
    pub time: Duration,
}

/// What a call can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Room in the portal's allowance.
    Limit,
    /// Room in its allowance for searches.
    SearchLimit,
    /// Room under the ceiling that the user set.
    Ceiling,
    /// The end of a pause that the portal asked for.
    Pause,
    /// The allowance of the next day.
    Day,
    /// The next attempt, while the portal fails.
    Trouble,
    /// An answer.
    Answer,
}

impl Cause {
    /// The word for it in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Cause::Limit => "limit",
            Cause::SearchLimit => "search_limit",
            Cause::Ceiling => "rate",
            Cause::Pause => "pause",
            Cause::Day => "day",
            Cause::Trouble => "trouble",
            Cause::Answer => "answer",
        }
    }

    /// What it is, for people.
    pub fn words(self) -> &'static str {
        match self {
            Cause::Limit => "portal's limit",
            Cause::SearchLimit => "portal's search limit",
            Cause::Ceiling => "limit of --rate",
            Cause::Pause => "pause that the portal asked for",
            Cause::Day => "the next day's calls",
            Cause::Trouble => "next attempt at a failing portal",
            Cause::Answer => "portal's answer",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_take_the_slots_in_turn() {
        let seconds = Duration::from_secs;
        let allowance = Allowance {
            calls: 0,
            in_flight: 2,
            slots: vec![seconds(0), seconds(2), seconds(7)],
            latency: Duration::from_millis(1),
            cycle: seconds(10),
        };
        for (calls, expected) in [
            (0.0, 0),
            (0.2, 0),
            (1.0, 0),
            (1.4, 0),
            (1.6, 2),
            (3.0, 7),
            (4.0, 10),
            (9.0, 27),
        ] {
            let time = allowance.time_for(calls + 2.0, Duration::ZERO);
            assert_eq!(time.as_secs(), expected, "{calls}");
            assert_eq!(time.subsec_millis(), u32::from(calls > 0.0), "{calls}");
        }
        let endless = allowance.time_for(f64::INFINITY, Duration::ZERO);
        assert!(endless > seconds(1 << 32));
        let slow = |calls: f64, each| allowance.time_for(calls + 2.0, seconds(each)).as_secs();
        assert_eq!(slow(2.0, 4), 4, "the slot was free before");
        assert_eq!(slow(9.0, 4), 8 + 2 * 12);
        let none = Allowance::default();
        assert_eq!(none.time_for(5.0, Duration::ZERO), Duration::ZERO);
    }
}
