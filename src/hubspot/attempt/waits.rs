//! Long waits that the portal asks for, reported to a listener: users should know why a
//! command does nothing.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Shorter waits are not reported.
const LONG: Duration = Duration::from_secs(10);

/// A wait that begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The portal asks for a wait of this length.
    Asked(Duration),
    /// The day's allowance is used up, and is reset after this time.
    Day(Duration),
}

/// Hears of a wait that begins.
pub type HearWait = Box<dyn Fn(Wait) + Send + Sync>;

/// Reports waits. All calls wait for the same thing, so it is reported once.
#[derive(Default)]
pub(crate) struct Waits {
    listener: OnceLock<HearWait>,
    reported_until: Mutex<Option<Instant>>,
}

impl Waits {
    /// Sets the listener; only the first one set counts.
    pub(crate) fn report_to(&self, listener: HearWait) {
        let _there_is_one = self.listener.set(listener);
    }

    /// A wait begins; true if it is reported.
    pub(crate) fn begin(&self, wait: Wait) -> bool {
        let (length, is_short) = match wait {
            Wait::Asked(length) => (length, length < LONG),
            Wait::Day(length) => (length, false),
        };
        let now = Instant::now();
        let mut until = self
            .reported_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if is_short || until.is_some_and(|until| now < until) {
            return false;
        }
        *until = now.checked_add(length);
        if let Some(listener) = self.listener.get() {
            listener(wait);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_is_told_once() {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let waits = Waits::default();
        let ears = Arc::clone(&heard);
        waits.report_to(Box::new(move |wait| {
            ears.lock().expect("unpoisoned").push(wait);
        }));
        let asked = |seconds| Wait::Asked(Duration::from_secs(seconds));
        for seconds in [2, 60, 60, 30] {
            let _reported = waits.begin(asked(seconds));
        }
        tokio::time::advance(Duration::from_secs(60)).await;
        let _reported = waits.begin(asked(20));
        tokio::time::advance(Duration::from_secs(20)).await;
        let day = Wait::Day(Duration::from_secs(1));
        let _reported = waits.begin(day);
        let expected = [asked(60), asked(20), day];
        assert_eq!(*heard.lock().expect("unpoisoned"), expected);
    }
}
