//! The book of one allowance: so many calls in any window, and who holds slots of it.
//! Pure; callers pass in the time.

use std::collections::VecDeque;
use std::iter::repeat_n;
use std::time::Duration;

use tokio::time::Instant;

/// When the next call may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// At once.
    Now,
    /// At that time, if nothing changes before.
    At(Instant),
    /// When a call that is in flight has its reply.
    AfterAReply,
}

/// A call as kept after its reply.
#[derive(Clone, Copy, Debug)]
struct Held {
    sent: Instant,
    /// Reply plus window.
    free: Instant,
    /// Whether the portal certainly counted it.
    counted: bool,
}

/// Slots of one allowance: a call holds one from its send until its reply plus one
/// window (protocol P1). It can't be seen from outside when the portal counts a call:
/// with slots freed one window after the middle of a call, the scenarios had refusals
/// at steady latencies and a smaller share at uneven ones.
#[derive(Debug)]
pub(super) struct Book {
    window: Duration,
    in_flight: usize,
    /// By the time when they come free, soonest first.
    held: VecDeque<Held>,
}

impl Book {
    pub(super) fn new(window: Duration) -> Book {
        Book {
            window,
            in_flight: 0,
            held: VecDeque::new(),
        }
    }

    pub(super) fn window(&self) -> Duration {
        self.window
    }

    pub(super) fn set_window(&mut self, window: Duration) {
        self.window = window;
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// Slots in use.
    pub(super) fn used(&self) -> usize {
        self.in_flight + self.held.len()
    }

    /// Forgets slots that have come free.
    pub(super) fn expire(&mut self, now: Instant) {
        while self.held.front().is_some_and(|held| held.free <= now) {
            let _ = self.held.pop_front();
        }
    }

    /// Whether one more fits under `limit`, and otherwise when.
    pub(super) fn room(&self, limit: usize) -> Room {
        let used = self.used();
        if used < limit {
            return Room::Now;
        }
        // This many have to be freed before one more fits.
        let over = used - limit;
        match self.held.get(over) {
            Some(held) => Room::At(held.free),
            None => Room::AfterAReply,
        }
    }

    /// How long until each of `limit` slots comes free, soonest first. A call in flight is assumed
    /// to keep its own for a whole cycle.
    pub(super) fn slots(&self, limit: usize, cycle: Duration, now: Instant) -> Vec<Duration> {
        let used = self.used();
        let free = repeat_n(Duration::ZERO, limit.saturating_sub(used));
        let held = self.held.iter();
        let held = held.map(|held| held.free.saturating_duration_since(now));
        let in_flight = repeat_n(cycle, self.in_flight);
        // Those beyond the limit make no room when they come free.
        let over = used.saturating_sub(limit);
        let mut slots: Vec<Duration> = free.chain(held).chain(in_flight).skip(over).collect();
        slots.sort_unstable();
        slots
    }

    pub(super) fn send(&mut self) {
        self.in_flight += 1;
    }

    /// Ends a call that reached the portal, or may have.
    pub(super) fn hold(&mut self, sent: Instant, now: Instant, counted: bool) {
        self.in_flight -= 1;
        let free = now + self.window;
        // Stays in order when a reply shortens the window.
        let free = self.held.back().map_or(free, |last| free.max(last.free));
        self.held.push_back(Held {
            sent,
            free,
            counted,
        });
    }

    /// Ends a call that takes no slot.
    pub(super) fn release(&mut self) {
        self.in_flight -= 1;
    }

    /// The least that the portal can have counted of our calls, at any time between
    /// `from` and `to`.
    pub(super) fn surely_counted(&self, from: Instant, to: Instant) -> usize {
        let sure = |held: &&Held| {
            held.counted && held.free <= from + self.window && held.sent + self.window > to
        };
        self.held.iter().filter(sure).count()
    }
}
