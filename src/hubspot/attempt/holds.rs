//! What calls wait for besides slots of the pacer: the next day, the next attempt while the
//! portal fails, an answer. Only for display; nothing is decided by it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::model::pace::{Cause, Hold};

/// An answer counts as waited for once the portal has said nothing for this long.
const QUIET: Duration = Duration::from_secs(5);

/// Shorter waits are normal.
const SHORTEST: Duration = Duration::from_secs(1);

/// What is waited for.
#[derive(Debug, Default)]
pub(crate) struct Holds(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    day_until: Option<Instant>,
    trouble_until: Option<Instant>,
    in_flight: usize,
    /// The last time that a call began alone or ended.
    last: Option<Instant>,
}

/// A call in flight; it is over when this is dropped.
#[must_use]
pub(crate) struct InFlight<'a>(&'a Holds);

impl Holds {
    /// A call goes out.
    pub(crate) fn send(&self) -> InFlight<'_> {
        let mut known = self.known();
        known.in_flight += 1;
        if known.in_flight == 1 {
            known.last = Some(Instant::now());
        }
        InFlight(self)
    }

    /// The portal answered: it no longer fails.
    pub(crate) fn answered(&self) {
        self.known().trouble_until = None;
    }

    /// The portal fails; the next attempt is made after this time.
    pub(crate) fn try_again(&self, after: Duration) {
        self.known().trouble_until = Instant::now().checked_add(after);
    }

    /// Calls wait for the next day.
    pub(crate) fn wait_for_day(&self, left: Duration) {
        self.known().day_until = Instant::now().checked_add(left);
    }

    /// The next day has begun, or nobody waits for it any more.
    pub(crate) fn end_day(&self) {
        self.known().day_until = None;
    }

    /// What is waited for; `slot` is what the pacer says.
    pub(crate) fn hold(&self, slot: Option<Hold>) -> Option<Hold> {
        let (now, known) = (Instant::now(), self.known());
        let until = |cause, until: Option<Instant>| {
            let time = until?.saturating_duration_since(now);
            (time >= SHORTEST).then_some(Hold { cause, time })
        };
        let quiet = known.last.filter(|_| known.in_flight > 0);
        let quiet = quiet.map(|last| now.saturating_duration_since(last));
        let answer = quiet.filter(|time| *time >= QUIET).map(|time| Hold {
            cause: Cause::Answer,
            time,
        });
        until(Cause::Day, known.day_until)
            .or(slot)
            .or_else(|| until(Cause::Trouble, known.trouble_until))
            .or(answer)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        let mut known = self.0.known();
        known.in_flight = known.in_flight.saturating_sub(1);
        known.last = Some(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_weightiest_wait_is_told() {
        let holds = Holds::default();
        let seconds = Duration::from_secs;
        let hold = |cause, time| {
            Some(Hold {
                cause,
                time: seconds(time),
            })
        };
        assert_eq!(holds.hold(None), None);
        let call = holds.send();
        advance(seconds(4)).await;
        assert_eq!(holds.hold(None), None, "as usual");
        advance(seconds(3)).await;
        assert_eq!(holds.hold(None), hold(Cause::Answer, 7));
        drop(call);
        assert_eq!(holds.hold(None), None, "nothing is in flight");
        holds.try_again(seconds(8));
        assert_eq!(holds.hold(None), hold(Cause::Trouble, 8));
        let slot = hold(Cause::Limit, 2);
        assert_eq!(holds.hold(slot), slot);
        holds.answered();
        assert_eq!(holds.hold(None), None, "it is well again");
        holds.wait_for_day(seconds(600));
        advance(seconds(100)).await;
        assert_eq!(holds.hold(slot), hold(Cause::Day, 500));
        holds.end_day();
        assert_eq!(holds.hold(slot), slot);
    }
}
