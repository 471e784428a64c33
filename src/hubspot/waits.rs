//! Long waits that the portal asks for, told to whoever listens: nobody should look at a
//! command that does nothing without knowing why.

use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Shorter waits are told to nobody.
const LONG: Duration = Duration::from_secs(10);

/// Hears of a wait of that length that begins.
pub type HearWait = Box<dyn Fn(Duration) + Send + Sync>;

/// Tells waits. All calls wait for the same, so it is told once.
#[derive(Default)]
pub(crate) struct Waits {
    listener: OnceLock<HearWait>,
    told_until: Mutex<Option<Instant>>,
}

impl Waits {
    /// From now on this listener hears of waits; the first one stays.
    pub(crate) fn tell(&self, listener: HearWait) {
        let _there_is_one = self.listener.set(listener);
    }

    /// A wait begins; true where it is told. It is one of those that the client allows.
    pub(crate) fn begin(&self, wait: Duration) -> bool {
        let now = Instant::now();
        let mut until = self
            .told_until
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if wait < LONG || until.is_some_and(|until| now < until) {
            return false;
        }
        *until = now.checked_add(wait);
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
        waits.tell(Box::new(move |wait| {
            ears.lock().expect("unpoisoned").push(wait.as_secs());
        }));
        for seconds in [2, 60, 60, 30] {
            let _told = waits.begin(Duration::from_secs(seconds));
        }
        tokio::time::advance(Duration::from_secs(60)).await;
        let _told = waits.begin(Duration::from_secs(20));
        assert_eq!(*heard.lock().expect("unpoisoned"), [60, 20]);
    }
}
