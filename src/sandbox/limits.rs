//! The request allowance of the account (contract 4.5 and 5): a rolling window,
//! counted when a call arrives, and a daily budget. Decides and keeps the
//! numbers; the headers and the 429 are written by the front.

use std::collections::VecDeque;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;
use tokio::time::Instant;

use super::clock::Moment;

/// Calls a day of the tier that has 190 calls in 10 s (contract 5, Professional).
const DAILY: u64 = 625_000;

/// How many calls the portal takes, for all its clients together.
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
    /// 190 calls in 10 s, what a private app of a Professional portal has.
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
    let window = match window.strip_suffix("ms") {
        Some(millis) => Duration::from_millis(millis.parse().ok()?),
        None => Duration::from_secs(window.strip_suffix('s')?.parse().ok()?),
    };
    (!window.is_zero()).then_some(Rate::Per { calls, window })
}

/// What is left after a call: the numbers of the rate headers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meter {
    pub(super) max: u32,
    pub(super) remaining: u32,
    pub(super) window: Duration,
    pub(super) daily: u64,
    pub(super) daily_remaining: u64,
}

/// The limit that a refused call ran into; `policyName` in the 429.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Policy {
    TenSecondlyRolling,
    Daily,
}

/// What became of one arriving call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    /// None when there is no limit to tell of.
    pub(super) meter: Option<Meter>,
    pub(super) refused: Option<Policy>,
}

/// The account's books. Refused calls are not counted.
#[derive(Debug)]
pub(super) struct Allowance {
    rate: Rate,
    arrivals: VecDeque<Instant>,
    day: i64,
    today: u64,
}

impl Allowance {
    pub(super) fn new(rate: Rate) -> Allowance {
        Allowance {
            rate,
            arrivals: VecDeque::new(),
            day: i64::MIN,
            today: 0,
        }
    }

    /// Counts a call that arrives at `now`, or refuses it.
    pub(super) fn arrive(&mut self, now: Moment) -> Arrival {
        let Rate::Per { calls, window } = self.rate else {
            return Arrival {
                meter: None,
                refused: None,
            };
        };
        self.forget(now, window);
        let refused = self.verdict(calls);
        if refused.is_none() {
            self.arrivals.push_back(now.instant);
            self.today += 1;
        }
        let used = u32::try_from(self.arrivals.len()).unwrap_or(u32::MAX);
        let meter = Meter {
            max: calls,
            remaining: calls.saturating_sub(used),
            window,
            daily: DAILY,
            daily_remaining: DAILY.saturating_sub(self.today),
        };
        Arrival {
            meter: Some(meter),
            refused,
        }
    }

    fn forget(&mut self, now: Moment, window: Duration) {
        while let Some(first) = self.arrivals.front()
            && now.instant.saturating_duration_since(*first) >= window
        {
            let _ = self.arrivals.pop_front();
        }
        if self.day != now.day() {
            self.day = now.day();
            self.today = 0;
        }
    }

    fn verdict(&self, calls: u32) -> Option<Policy> {
        if self.today >= DAILY {
            Some(Policy::Daily)
        } else if self.arrivals.len() >= calls as usize {
            Some(Policy::TenSecondlyRolling)
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::clock::Clock;
    use super::*;

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

    #[test]
    fn the_window_rolls() {
        let start = Clock::start().now();
        let at = |seconds| start.later(Duration::from_secs(seconds));
        let mut allowance = Allowance::new("2/10s".parse().expect("a rate"));
        let remaining = |arrival: Arrival| arrival.meter.map(|meter| meter.remaining);
        assert_eq!(remaining(allowance.arrive(at(0))), Some(1));
        assert_eq!(remaining(allowance.arrive(at(6))), Some(0));
        let third = allowance.arrive(at(6));
        assert_eq!(third.refused, Some(Policy::TenSecondlyRolling));
        assert_eq!(remaining(third), Some(0));
        assert_eq!(allowance.arrive(at(10)).refused, None);
        assert_eq!(
            allowance.arrive(at(10)).refused,
            Some(Policy::TenSecondlyRolling)
        );
        assert_eq!(allowance.arrive(at(16)).refused, None);
    }

    #[test]
    fn the_day_ends() {
        let now = Clock::start().now();
        let mut allowance = Allowance::new(Rate::default());
        let _ = allowance.arrive(now);
        allowance.today = DAILY;
        assert_eq!(allowance.arrive(now).refused, Some(Policy::Daily));
        let arrival = allowance.arrive(now.later(Duration::from_secs(24 * 60 * 60)));
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
            let mut allowance = Allowance::new(Rate::Per { calls: 7, window });
            let mut now = Clock::start().now();
            let mut granted = Vec::new();
            for pause in pauses {
                now = now.later(Duration::from_millis(pause));
                if allowance.arrive(now).refused.is_none() {
                    granted.push(now.instant);
                }
            }
            for eight in granted.windows(8) {
                prop_assert!(eight[7] - eight[0] >= window);
            }
        }
    }
}
