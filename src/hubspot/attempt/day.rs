//! The day's allowance, from replies. It belongs to the whole account, so calls stop
//! while a share of it is left. Only replies to private apps show it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::hubspot::contract;
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::Headers;
use crate::model::count::count;

/// How long to wait if it is not known when the day ends, or if it should have ended.
const NOT_KNOWN: Duration = Duration::from_secs(15 * 60);

/// The portal's day may not begin exactly at midnight by its clock.
const MARGIN: Duration = Duration::from_secs(1);

/// Calls of the day, allowed and left, as of the last reply.
#[derive(Debug)]
pub(crate) struct Day {
    /// Share that is left for others, from 0 to 1.
    reserve: f64,
    last: Mutex<Option<(u64, u64)>>,
    /// The account's time zone, at whose midnight the count is reset.
    zone: Mutex<Option<TimeZone>>,
}

impl Day {
    /// Nothing is known yet.
    pub(crate) fn new(reserve: f64) -> Day {
        Day {
            reserve,
            last: Mutex::default(),
            zone: Mutex::default(),
        }
    }

    /// Sets the account's time zone, by IANA name.
    pub(crate) fn is_in(&self, zone: &str) {
        *held(&self.zone) = TimeZone::get(zone).ok();
    }

    /// The count has been reset, as far as is known.
    pub(crate) fn begin(&self) {
        *held(&self.last) = None;
    }

    /// How long until the count is reset; `now` is the portal's clock. If it should
    /// have been reset already, it is checked again after a while.
    pub(crate) fn left(&self, now: Option<Timestamp>, is_late: bool) -> Duration {
        let zone = held(&self.zone).clone();
        let left = || {
            let now = now?.to_zoned(zone?);
            let midnight = now.tomorrow().ok()?.start_of_day().ok()?;
            Duration::try_from(midnight.timestamp().duration_since(now.timestamp())).ok()
        };
        match left() {
            Some(left) if !is_late => left + MARGIN,
            _ => NOT_KNOWN,
        }
    }

    /// Reads a reply's headers.
    pub(crate) fn note(&self, headers: &Headers) {
        let allowed = headers.number(contract::RATE_DAILY);
        let left = headers.number(contract::RATE_DAILY_REMAINING);
        if let (Some(allowed), Some(left)) = (allowed, left) {
            *held(&self.last) = Some((allowed, left));
        }
    }

    /// Whether a reply has shown it.
    pub(crate) fn is_told(&self) -> bool {
        held(&self.last).is_some()
    }

    /// Whether another call may be made.
    pub(crate) fn check(&self) -> Result<(), CallError> {
        let last = *held(&self.last);
        match last {
            Some((allowed, left)) if (left as f64) < allowed as f64 * self.reserve => {
                let percent = self.reserve * 100.0;
                Err(CallError::Paused(format!(
                    "{} of the account's {} calls of today are left, and {percent} % \
                     stay for other uses of the account (--reserve); the count starts again at \
                     midnight of the account's time zone",
                    count(left),
                    count(allowed)
                )))
            }
            _ => Ok(()),
        }
    }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(allowed: &str, left: &str) -> Headers {
        Headers::default()
            .with("X-HubSpot-RateLimit-Daily", allowed)
            .with("X-HubSpot-RateLimit-Daily-Remaining", left)
    }

    #[test]
    fn calls_stop_when_less_than_the_reserve_is_left() {
        let day = Day::new(0.1);
        assert!(day.check().is_ok());
        day.note(&said("250000", "25000"));
        assert!(day.check().is_ok());
        day.note(&said("250000", "24999"));
        day.note(&Headers::default());
        let stopped = day.check().expect_err("the reserve");
        assert!(matches!(stopped, CallError::Paused(_)));
        let words = stopped.to_string();
        assert!(
            words.starts_with("24,999 of the account's 250,000 calls of today are left, and 10 %")
        );
        day.note(&said("250000", "250000"));
        assert!(day.check().is_ok());
    }

    #[test]
    fn without_a_reserve_the_portal_says_when_the_day_is_used_up() {
        let day = Day::new(0.0);
        day.note(&said("250000", "0"));
        assert!(day.check().is_ok());
    }

    #[test]
    fn a_day_ends_at_midnight_of_the_account() {
        let now: Option<Timestamp> = Some("2026-07-01T21:59:00Z".parse().expect("a time"));
        let minutes = |minutes: u64| Duration::from_secs(60 * minutes);
        let day = Day::new(0.1);
        assert_eq!(day.left(now, false), NOT_KNOWN, "no zone is known");
        for (zone, expected) in [
            ("Europe/Berlin", minutes(1) + MARGIN),
            ("UTC", minutes(121) + MARGIN),
            ("US/Eastern", minutes(6 * 60 + 1) + MARGIN),
            ("Nowhere/Else", NOT_KNOWN),
        ] {
            day.is_in(zone);
            assert_eq!(day.left(now, false), expected, "{zone}");
            assert_eq!(day.left(now, true), NOT_KNOWN, "{zone}");
            assert_eq!(day.left(None, false), NOT_KNOWN, "{zone}");
        }
        day.note(&said("250000", "1"));
        assert!(day.check().is_err());
        day.begin();
        assert!(day.check().is_ok());
    }
}
