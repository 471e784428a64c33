//! The request allowance of the account (C1 §4.5 and §5): a rolling window, another for searches,
//! and a daily budget. Decides and keeps the numbers; when a call counts, the headers and the 429
//! are up to the front.

use std::collections::VecDeque;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;
use tokio::time::Instant;

use crate::sandbox::clock::Moment;
use crate::sandbox::switches::time_text::time;

/// How many calls the portal allows, for all its clients together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// No limit, and no rate headers.
    Off,
    /// At most `calls` in any stretch of time as long as `window`.
    Per {
        /// Calls in one window.
        calls: u32,
        /// Length of the window.
        window: Duration,
    },
}

impl Default for Rate {
    /// 190 calls in 10 s, the limit of a private app in a Professional portal.
    fn default() -> Rate {
        Rate::Per {
            calls: 190,
            window: Duration::from_secs(10),
        }
    }
}

/// A rate that could not be read.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not a rate: expected CALLS/TIME such as 190/10s or 5/500ms, or off")]
pub struct RateError(String);

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Rate, RateError> {
        if text == "off" {
            return Ok(Rate::Off);
        }
        per(text).ok_or_else(|| RateError(text.to_owned()))
    }
}

fn per(text: &str) -> Option<Rate> {
    let (calls, window) = text.split_once('/')?;
    let calls = calls.parse().ok().filter(|calls| *calls > 0)?;
    let window = time(window)?;
    (!window.is_zero()).then_some(Rate::Per { calls, window })
}

/// What is left after a call: the numbers of the rate headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Meter {
    pub(crate) max: u32,
    pub(crate) remaining: u32,
    pub(crate) window: Duration,
    pub(crate) daily: u64,
    pub(crate) daily_remaining: u64,
}

/// The limit that a refused call ran into; `policyName` in the 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    TenSecondlyRolling,
    Secondly,
    Daily,
}

/// The budget that a call counts against, besides the daily one. Associations count like all other
/// calls: whether they have a separate budget is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Budget {
    General,
    Search,
}

/// The outcome of one arriving call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Arrival {
    /// None if there is no limit to report, and for searches.
    pub(crate) meter: Option<Meter>,
    pub(crate) refused: Option<Policy>,
}

/// Calls within a sliding window of time.
#[derive(Debug)]
struct Window {
    calls: u32,
    length: Duration,
    arrivals: VecDeque<Instant>,
}

impl Window {
    fn of(rate: Rate) -> Option<Window> {
        match rate {
            Rate::Off => None,
            Rate::Per { calls, window } => Some(Window {
                calls,
                length: window,
                arrivals: VecDeque::new(),
            }),
        }
    }

    fn forget(&mut self, now: Instant) {
        while let Some(first) = self.arrivals.front()
            && now.saturating_duration_since(*first) >= self.length
        {
            let _ = self.arrivals.pop_front();
        }
    }

    fn is_full(&self) -> bool {
        self.arrivals.len() >= self.calls as usize
    }
}

/// The account's counters. Refused calls are not counted.
#[derive(Debug)]
pub(crate) struct Allowance {
    general: Option<Window>,
    search: Option<Window>,
    daily: u64,
    day: i64,
    today: u64,
}

impl Allowance {
    /// Without a general rate there is no limit at all, neither for searches nor per day.
    pub(crate) fn new(rate: Rate, search: Rate, daily: u64) -> Allowance {
        let general = Window::of(rate);
        Allowance {
            search: Window::of(search).filter(|_| general.is_some()),
            general,
            daily,
            day: i64::MIN,
            today: 0,
        }
    }

    /// Changes the limits from now on; the general rate stays.
    pub(crate) fn limit(&mut self, search: Rate, daily: u64) {
        self.search = Window::of(search).filter(|_| self.general.is_some());
        self.daily = daily;
    }

    /// Calls of today, and how many there may be.
    pub(crate) fn today(&self) -> (u64, u64) {
        (self.today, self.daily)
    }

    /// Counts a call that arrives at `now`, or refuses it.
    pub(crate) fn arrive(&mut self, now: Moment, budget: Budget) -> Arrival {
        if self.day != now.day() {
            self.day = now.day();
            self.today = 0;
        }
        let is_spent = self.general.is_some() && self.today >= self.daily;
        let (window, policy) = match budget {
            Budget::General => (self.general.as_mut(), Policy::TenSecondlyRolling),
            Budget::Search => (self.search.as_mut(), Policy::Secondly),
        };
        let refused = match window {
            _ if is_spent => Some(Policy::Daily),
            None => None,
            Some(window) => {
                window.forget(now.instant);
                let refused = window.is_full().then_some(policy);
                if refused.is_none() {
                    window.arrivals.push_back(now.instant);
                }
                refused
            }
        };
        if refused.is_none() {
            self.today += 1;
        }
        Arrival {
            meter: self.meter(budget),
            refused,
        }
    }

    fn meter(&self, budget: Budget) -> Option<Meter> {
        let window = self
            .general
            .as_ref()
            .filter(|_| budget == Budget::General)?;
        let used = u32::try_from(window.arrivals.len()).unwrap_or(u32::MAX);
        Some(Meter {
            max: window.calls,
            remaining: window.calls.saturating_sub(used),
            window: window.length,
            daily: self.daily,
            daily_remaining: self.daily.saturating_sub(self.today),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sandbox::clock::Clock;

    const DAILY: u64 = 625_000;

    #[test]
    fn reads_rates() {
        assert_eq!("off".parse(), Ok(Rate::Off));
        assert_eq!("190/10s".parse(), Ok(Rate::default()));
        assert_eq!(
            "5/500ms".parse(),
            Ok(Rate::Per {
                calls: 5,
                window: Duration::from_millis(500)
            })
        );
        for wrong in [
            "", "190", "0/10s", "190/0s", "190/10", "-1/10s", "OFF", "190/s",
        ] {
            let error = wrong.parse::<Rate>().expect_err(wrong);
            assert!(error.to_string().contains("190/10s"), "{error}");
        }
    }

    fn allowance(rate: &str) -> Allowance {
        let search = "2/1s".parse().expect("a rate");
        Allowance::new(rate.parse().expect("a rate"), search, DAILY)
    }

    #[test]
    fn the_window_rolls() {
        let start = Clock::start().now();
        let at = |seconds| start.later(Duration::from_secs(seconds));
        let mut allowance = allowance("2/10s");
        let mut arrive = |seconds| allowance.arrive(at(seconds), Budget::General);
        let remaining = |arrival: Arrival| arrival.meter.map(|meter| meter.remaining);
        assert_eq!(remaining(arrive(0)), Some(1));
        assert_eq!(remaining(arrive(6)), Some(0));
        let third = arrive(6);
        assert_eq!(third.refused, Some(Policy::TenSecondlyRolling));
        assert_eq!(remaining(third), Some(0));
        assert_eq!(arrive(10).refused, None);
        assert_eq!(arrive(10).refused, Some(Policy::TenSecondlyRolling));
        assert_eq!(arrive(16).refused, None);
    }

    #[test]
    fn searches_have_a_window_of_their_own() {
        let now = Clock::start().now();
        let mut allowance = allowance("1/10s");
        assert_eq!(allowance.arrive(now, Budget::General).refused, None);
        for _ in 0..2 {
            let arrival = allowance.arrive(now, Budget::Search);
            assert_eq!((arrival.refused, arrival.meter), (None, None));
        }
        let third = allowance.arrive(now, Budget::Search);
        assert_eq!(third.refused, Some(Policy::Secondly));
        assert_eq!(allowance.today(), (3, DAILY));
        let later = now.later(Duration::from_secs(1));
        assert_eq!(allowance.arrive(later, Budget::Search).refused, None);
    }

    #[test]
    fn without_a_rate_nothing_is_refused() {
        let now = Clock::start().now();
        let mut allowance = allowance("off");
        allowance.today = DAILY;
        for budget in [
            Budget::General,
            Budget::Search,
            Budget::Search,
            Budget::Search,
        ] {
            let arrival = allowance.arrive(now, budget);
            assert_eq!((arrival.refused, arrival.meter), (None, None));
        }
    }

    #[test]
    fn the_day_ends() {
        let now = Clock::start().now();
        let mut allowance = allowance("190/10s");
        let _ = allowance.arrive(now, Budget::General);
        allowance.today = DAILY;
        for budget in [Budget::General, Budget::Search] {
            assert_eq!(allowance.arrive(now, budget).refused, Some(Policy::Daily));
        }
        let tomorrow = now.later(Duration::from_secs(24 * 60 * 60));
        let arrival = allowance.arrive(tomorrow, Budget::General);
        assert_eq!(arrival.refused, None);
        assert_eq!(
            arrival.meter.map(|meter| meter.daily_remaining),
            Some(DAILY - 1)
        );
    }

    proptest! {
        #[test]
        fn no_window_holds_more_than_the_rate(pauses in prop::collection::vec(0u64..400, 1..200)) {
            let window = Duration::from_secs(1);
            let mut allowance = allowance("7/1s");
            let mut now = Clock::start().now();
            let mut granted = Vec::new();
            for pause in pauses {
                now = now.later(Duration::from_millis(pause));
                if allowance.arrive(now, Budget::General).refused.is_none() {
                    granted.push(now.instant);
                }
            }
            for eight in granted.windows(8) {
                prop_assert!(eight[7] - eight[0] >= window);
            }
        }
    }
}
