//! When a record must have been inserted for a call of ours to have created it
//! (protocol K6).

use jiff::{SignedDuration, Timestamp};

/// How far the portal's clocks may differ.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(5);

/// The time in which calls with one intent may have been carried out, by the portal's
/// clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Window {
    /// When it was intended; none when that was not known.
    pub since: Option<Timestamp>,
    /// When the last of its calls can have been carried out; none while calls may begin,
    /// and if that was not known.
    pub until: Option<Timestamp>,
}

impl Window {
    /// Calls that were intended at this time, and may still begin.
    pub fn open(since: Option<Timestamp>) -> Window {
        Window { since, until: None }
    }

    /// Whether a record that was inserted at this time can have been created by these
    /// calls. In doubt it was not.
    pub fn holds(&self, inserted: Option<Timestamp>) -> bool {
        let (Some(since), Some(inserted)) = (self.since, inserted) else {
            return false;
        };
        let earliest = since.checked_sub(CLOCK_SLACK).unwrap_or(since);
        let latest = self
            .until
            .map(|until| until.checked_add(CLOCK_SLACK).unwrap_or(until));
        inserted >= earliest && latest.is_none_or(|latest| inserted <= latest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_what_came_from_the_intent_to_the_last_call_and_5_s_more_on_both_sides() {
        let at = |seconds: i64| Timestamp::from_second(1_800_000_000 + seconds).ok();
        let closed = Window {
            since: at(0),
            until: at(60),
        };
        let table = [
            (closed, at(-6), false),
            (closed, at(-5), true),
            (closed, at(60), true),
            (closed, at(65), true),
            (closed, at(66), false),
            (closed, None, false),
            (Window::open(at(0)), at(9_999), true),
            (Window::open(at(0)), at(-6), false),
            (Window::open(None), at(1), false),
        ];
        for (window, inserted, held) in table {
            assert_eq!(window.holds(inserted), held, "{window:?} {inserted:?}");
        }
    }
}
