//! What other clients of the portal take, as far as `Remaining` shows it. A reply shows
//! how many calls the window held when the portal counted this one; those that can't
//! have been ours belong to others.
//!
//! Since calls are in flight while the portal counts, each reading gives bounds. The
//! lower one proves that others are active; once it does, the upper one is left to
//! them. It is too high in proportion to our own rate, so of two clients that both do
//! this the busier one yields more, until they are even.

use std::time::Duration;

use tokio::time::Instant;

/// For how many windows others are assumed to be active after definite evidence.
const MEMORY: u32 = 2;

/// The same after a 429: they may make fewer calls than can be proved.
const MEMORY_AFTER_REFUSAL: u32 = 6;

/// What a reply shows of the window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading {
    /// When it arrived.
    pub(super) at: Instant,
    /// Calls of anybody in the window.
    pub(super) used: usize,
    /// The fewest of them that were ours.
    pub(super) ours_at_least: usize,
    /// The most of them that can have been ours.
    pub(super) ours_at_most: usize,
    /// Whether the call itself was refused (429).
    pub(super) refused: bool,
}

/// The others, as known from readings of the last window. What is left to them is
/// the most that was read in the last two half windows: they come in bursts.
#[derive(Debug, Default)]
pub(super) struct Others {
    half: usize,
    half_before: usize,
    half_since: Option<Instant>,
    last: Option<Instant>,
    present_until: Option<Instant>,
}

impl Others {
    /// Adds a reading; readings come in order of time.
    pub(super) fn note(&mut self, reading: Reading, window: Duration) {
        self.turn(reading.at, window / 2);
        let theirs = reading.used.saturating_sub(reading.ours_at_least);
        self.half = self.half.max(theirs);
        self.last = Some(reading.at);
        let memory = match reading.refused {
            true => MEMORY_AFTER_REFUSAL,
            false if reading.used > reading.ours_at_most => MEMORY,
            false => return,
        };
        let until = reading.at + window * memory;
        self.present_until = self.present_until.max(Some(until));
    }

    /// Slots that they take; none if nobody else is active. A reading is valid for one
    /// window: without one, they may take everything.
    pub(super) fn share(&self, now: Instant, window: Duration) -> Option<usize> {
        let _present = self.present_until.filter(|until| now < *until)?;
        let fresh = self.last.is_some_and(|read| now < read + window);
        Some(match fresh {
            true => self.half.max(self.half_before),
            false => usize::MAX,
        })
    }

    fn turn(&mut self, now: Instant, half: Duration) {
        let since = *self.half_since.get_or_insert(now);
        if now < since + half {
            return;
        }
        let gap = now >= since + half * 2;
        self.half_before = if gap { 0 } else { self.half };
        self.half = 0;
        self.half_since = Some(now);
    }
}
