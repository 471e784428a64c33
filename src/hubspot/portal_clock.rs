//! The portal's clock, as far as replies tell it. Used to say whether a ticket was
//! inserted after an intent (protocol K6), so it must never run ahead of the portal.

use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use tokio::time::Instant;

/// The last `Date` header and when it came.
///
/// A `Date` is cut to whole seconds and was written before it came here, so header
/// plus time since then is never later than the portal's own clock.
#[derive(Debug, Default)]
pub(crate) struct PortalClock {
    last: Mutex<Option<(Timestamp, Instant)>>,
}

impl PortalClock {
    /// Takes a `Date` header that came just now; an unreadable one is passed over.
    pub(crate) fn note(&self, date: &str) {
        if let Ok(zoned) = rfc2822::parse(date) {
            *self.last.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((zoned.timestamp(), Instant::now()));
        }
    }

    /// The portal's time, at the latest; none before the first `Date`.
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
}
