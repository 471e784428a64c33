//! The allowance of the day, as replies tell it. It belongs to the whole account, so
//! calls stop while a share of it is left. Other replies than those of private apps
//! name none.

use std::sync::{Mutex, PoisonError};

use crate::hubspot::contract;
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::Headers;

/// Calls of the day, allowed and left, as of the last reply.
#[derive(Debug)]
pub(crate) struct Day {
    /// Share that is left to others, from 0 to 1.
    reserve: f64,
    last: Mutex<Option<(u64, u64)>>,
}

impl Day {
    /// Nothing is known yet.
    pub(crate) fn new(reserve: f64) -> Day {
        Day {
            reserve,
            last: Mutex::default(),
        }
    }

    /// Takes a reply's headers.
    pub(crate) fn note(&self, headers: &Headers) {
        let allowed = headers.number(contract::RATE_DAILY);
        let left = headers.number(contract::RATE_DAILY_REMAINING);
        if let (Some(allowed), Some(left)) = (allowed, left) {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((allowed, left));
        }
    }

    /// Whether another call may be made.
    pub(crate) fn check(&self) -> Result<(), CallError> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match last {
            Some((allowed, left)) if (left as f64) < allowed as f64 * self.reserve => {
                let percent = self.reserve * 100.0;
                Err(CallError::Paused(format!(
                    "{left} of the account's {allowed} calls of today are left, and {percent} % \
                     stay for other uses of the account (--reserve); the count starts anew at \
                     midnight of the account's time zone"
                )))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(allowed: &str, left: &str) -> Headers {
        Headers::default()
            .with("X-HubSpot-RateLimit-Daily", allowed)
            .with("X-HubSpot-RateLimit-Daily-Remaining", left)
    }

    #[test]
    fn calls_stop_when_less_than_the_reserve_is_left() {
        let day = Day::new(0.1);
        assert!(day.check().is_ok());
        day.note(&told("250000", "25000"));
        assert!(day.check().is_ok());
        day.note(&told("250000", "24999"));
        day.note(&Headers::default());
        let stopped = day.check().expect_err("the reserve");
        assert!(matches!(stopped, CallError::Paused(_)));
        let words = stopped.to_string();
        assert!(
            words.starts_with("24999 of the account's 250000 calls of today are left, and 10 %")
        );
        day.note(&told("250000", "250000"));
        assert!(day.check().is_ok());
    }

    #[test]
    fn without_a_reserve_the_portal_says_when_the_day_is_used_up() {
        let day = Day::new(0.0);
        day.note(&told("250000", "0"));
        assert!(day.check().is_ok());
    }
}
