//! The portal's clock, from replies. Used to decide whether a ticket was inserted after
//! an intent (protocol K6), so it must never run ahead of the portal.

use std::sync::{Mutex, PoisonError};

use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// How far a `Date` may be behind our estimate merely because it is truncated to its
/// second; beyond that the earlier ones were wrong.
const CUT: SignedDuration = SignedDuration::from_secs(2);

/// The most informative `Date` header, and when it arrived.
///
/// A `Date` is truncated to whole seconds and was written before it arrived, so header plus time
/// since then is never later than the portal's own clock, and of several such times the latest is
/// the best.
#[derive(Debug, Default)]
pub(crate) struct PortalClock {
    last: Mutex<Option<(Timestamp, Instant)>>,
}

impl PortalClock {
    /// Adds a `Date` header that has just arrived; an unreadable one is ignored.
    pub(crate) fn note(&self, date: &str) {
        let Ok(zoned) = rfc2822::parse(date) else {
            return;
        };
        let stamp = zoned.timestamp();
        let behind = self.now().map(|believed| believed.duration_since(stamp));
        if behind.is_none_or(|behind| !(SignedDuration::ZERO..CUT).contains(&behind)) {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((stamp, Instant::now()));
        }
    }

    /// A lower bound of the portal's time; none before the first `Date`.
    pub(crate) fn now(&self) -> Option<Timestamp> {
        let last = *self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let (stamp, came) = last?;
        stamp.checked_add(came.elapsed()).ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_runs_on_from_the_last_date() {
        let clock = PortalClock::default();
        assert_eq!(clock.now(), None);
        clock.note("Mon, 23 Nov 2026 10:00:00 GMT");
        tokio::time::advance(Duration::from_millis(1_500)).await;
        clock.note("yesterday, about tea time");
        let now = clock.now().expect("a time");
        assert_eq!(now.to_string(), "2026-11-23T10:00:01.5Z");
    }
    #[tokio::test(start_paused = true)]
    async fn a_date_that_is_cut_does_not_turn_it_back() {
        let clock = PortalClock::default();
        clock.note("Mon, 23 Nov 2026 10:00:00 GMT");
        tokio::time::advance(Duration::from_millis(900)).await;
        clock.note("Mon, 23 Nov 2026 10:00:00 GMT");
        let now = clock.now().expect("a time");
        assert_eq!(now.to_string(), "2026-11-23T10:00:00.9Z");
        clock.note("Mon, 23 Nov 2026 10:00:02 GMT");
        let now = clock.now().expect("a time");
        assert_eq!(now.to_string(), "2026-11-23T10:00:02Z");
        clock.note("Mon, 23 Nov 2026 09:00:00 GMT");
        let now = clock.now().expect("a time");
        assert_eq!(now.to_string(), "2026-11-23T09:00:00Z");
    }
}
