//! The portal's clock. The wall clock is read once, when the portal starts; from then on time moves
//! with tokio's clock, so that a paused runtime pauses the portal too. This is the only file of the
//! room that reads the wall clock.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// Wall-clock time at the start, and the corresponding tokio instant.
#[derive(Debug)]
pub(super) struct Clock {
    wall: Timestamp,
    origin: Instant,
}

impl Clock {
    pub(super) fn start() -> Clock {
        Clock {
            wall: Timestamp::now(),
            origin: Instant::now(),
        }
    }

    /// A clock set ahead of the wall clock so that it is midnight in UTC after this time.
    pub(super) fn before_midnight(by: Duration) -> Clock {
        let clock = Clock::start();
        let start = clock.now().next_midnight().before(by);
        Clock {
            wall: start.timestamp(),
            ..clock
        }
    }

    pub(super) fn now(&self) -> Moment {
        let instant = Instant::now();
        let elapsed = instant.saturating_duration_since(self.origin);
        let millis = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
        Moment {
            instant,
            millis: self.wall.as_millisecond().saturating_add(millis),
        }
    }
}

/// One point in time: for measuring (`instant`) and for recording.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) instant: Instant,
    millis: i64,
}

impl Moment {
    /// Milliseconds since the epoch.
    pub(super) fn millis(self) -> i64 {
        self.millis
    }

    /// The moment with its recorded time moved back by that much. The instant for measuring stays.
    pub(super) fn before(self, by: Duration) -> Moment {
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Moment {
            millis: self.millis.saturating_sub(by),
            ..self
        }
    }

    /// The next midnight in UTC.
    pub(super) fn next_midnight(self) -> Moment {
        Moment {
            millis: (self.day() + 1).saturating_mul(DAY_MILLIS),
            ..self
        }
    }

    /// In the form of property values and envelopes.
    pub(super) fn iso(self) -> String {
        iso(self.timestamp())
    }

    /// In the form of the `Date` header, to the second.
    pub(super) fn http_date(self) -> String {
        self.timestamp()
            .strftime("%a, %d %b %Y %H:%M:%S GMT")
            .to_string()
    }

    /// Days since the epoch in UTC, the portal's time zone: the daily allowance is
    /// reset when it changes.
    pub(super) fn day(self) -> i64 {
        self.millis.div_euclid(DAY_MILLIS)
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.millis).unwrap_or(Timestamp::MAX)
    }
}

/// ISO 8601 in UTC to the millisecond; the fraction is left out when it is zero
/// (C1 §3.2, §12.26).
pub(super) fn iso(timestamp: Timestamp) -> String {
    if timestamp.as_millisecond().rem_euclid(1000) == 0 {
        format!("{timestamp:.0}")
    } else {
        format!("{timestamp:.3}")
    }
}

#[cfg(test)]
impl Moment {
    /// The moment this much later, for tests of what depends on time.
    pub(super) fn later(self, by: Duration) -> Moment {
        let millis = i64::try_from(by.as_millis()).expect("a time that fits");
        Moment {
            instant: self.instant + by,
            millis: self.millis + millis,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(millis: i64) -> Moment {
        Moment {
            instant: Instant::now(),
            millis,
        }
    }

    #[test]
    fn writes_instants_as_the_portal_does() {
        assert_eq!(moment(0).iso(), "1970-01-01T00:00:00Z");
        assert_eq!(moment(1_788_256_800_120).iso(), "2026-09-01T10:00:00.120Z");
        assert_eq!(moment(-1).iso(), "1969-12-31T23:59:59.999Z");
        assert_eq!(
            moment(1_788_256_800_999).http_date(),
            "Tue, 01 Sep 2026 10:00:00 GMT"
        );
        assert_eq!(moment(-1).day(), -1);
    }

    #[test]
    fn the_next_day_can_be_near() {
        let clock = Clock::before_midnight(Duration::from_secs(60));
        let now = clock.now();
        assert_eq!(now.later(Duration::from_secs(30)).day(), now.day());
        assert_eq!(now.later(Duration::from_secs(60)).day(), now.day() + 1);
    }

    #[test]
    fn time_goes_on() {
        let clock = Clock::start();
        let (first, second) = (clock.now(), clock.now());
        assert!(second.instant >= first.instant && second.millis >= first.millis);
        assert_eq!(
            first.later(Duration::from_secs(7)).millis - first.millis,
            7_000
        );
    }
}
