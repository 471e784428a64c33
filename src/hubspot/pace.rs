//! The pacer (protocol P1 to P3). A call holds a slot from its send until its reply
//! plus one window; with N slots no window can hold more than N calls, whether the
//! portal counts them on arrival or before the reply. N comes from reply headers, so
//! the first call goes alone; calls of others show in `Remaining` and take slots too.
//! A ceiling of our own is a second book of the same kind.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use crate::hubspot::connection::Rate;
use crate::hubspot::contract;
use crate::hubspot::exchange::{Headers, Reply};

/// Gives out slots, first come first served.
pub(crate) struct Pacer {
    /// Whoever holds it is the one that waits for the next free slot.
    turn: tokio::sync::Mutex<()>,
    /// Rung whenever a slot may have become free.
    bell: Notify,
    books: Mutex<Books>,
}

impl Pacer {
    /// With a ceiling of our own, or without.
    pub(crate) fn new(ceiling: Option<Rate>) -> Pacer {
        Pacer {
            turn: tokio::sync::Mutex::default(),
            bell: Notify::new(),
            books: Mutex::new(Books::new(ceiling)),
        }
    }

    /// Waits until a call may be sent.
    pub(crate) async fn slot(&self) -> Slot<'_> {
        let _turn = self.turn.lock().await;
        loop {
            let room = self.books().take(Instant::now());
            match room {
                Room::Now => {
                    return Slot {
                        pacer: self,
                        sent: true,
                    };
                }
                Room::At(time) => tokio::select! {
                    () = sleep_until(time) => {}
                    () = self.bell.notified() => {}
                },
                Room::AfterAReply => self.bell.notified().await,
            }
        }
    }

    /// Nothing is sent for that long: the portal says that its window is used up.
    pub(crate) fn hold_all(&self, time: Duration) {
        let until = Instant::now() + time;
        let mut books = self.books();
        books.held_until = books.held_until.max(Some(until));
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave to send one call. Dropped, it counts as sent, and is held for one window
/// more.
#[must_use]
pub(crate) struct Slot<'a> {
    pacer: &'a Pacer,
    sent: bool,
}

impl Slot<'_> {
    /// A reply came: its headers tell the allowance.
    pub(crate) fn replied(self, reply: &Reply) {
        self.pacer
            .books()
            .learn(&reply.headers, reply.is_success(), Instant::now());
    }

    /// Nothing reached the portal: the slot is free at once.
    pub(crate) fn not_sent(mut self) {
        self.sent = false;
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        self.pacer.books().give_back(self.sent, Instant::now());
        self.pacer.bell.notify_one();
    }
}

/// When the next call may be sent.
enum Room {
    Now,
    At(Instant),
    AfterAReply,
}

/// Who holds slots; pure but for the time that is handed in.
struct Books {
    in_flight: usize,
    /// Until a reply told the allowance, one call at a time.
    alone: bool,
    /// The portal's allowance; unlimited where it names none.
    portal: Book,
    /// Our own ceiling.
    own: Book,
    held_until: Option<Instant>,
}

impl Books {
    fn new(ceiling: Option<Rate>) -> Books {
        Books {
            in_flight: 0,
            alone: true,
            portal: Book::new(None, contract::BURST_WINDOW),
            own: match ceiling {
                Some(rate) => Book::new(Some(rate.calls as usize), rate.window),
                None => Book::new(None, Duration::ZERO),
            },
            held_until: None,
        }
    }

    fn take(&mut self, now: Instant) -> Room {
        if let Some(until) = self.held_until.filter(|until| now < *until) {
            return Room::At(until);
        }
        if self.alone && self.in_flight > 0 {
            return Room::AfterAReply;
        }
        for book in [&mut self.portal, &mut self.own] {
            match book.room(self.in_flight, now) {
                Room::Now => {}
                later => return later,
            }
        }
        self.in_flight += 1;
        Room::Now
    }

    fn give_back(&mut self, sent: bool, now: Instant) {
        self.in_flight -= 1;
        if sent {
            // While the allowance is unknown, calls may turn out to count.
            if self.alone || self.portal.limit.is_some() {
                self.portal.hold(now);
            }
            if self.own.limit.is_some() {
                self.own.hold(now);
            }
        }
    }

    /// Replies of the edge carry no headers: only a success without them says that
    /// the portal names no limit. The call that brought the reply is still in flight.
    fn learn(&mut self, headers: &Headers, success: bool, now: Instant) {
        let Some(max) = headers.number(contract::RATE_MAX).and_then(size) else {
            self.alone &= !success;
            return;
        };
        self.alone = false;
        self.portal.limit = Some(max.max(1));
        if let Some(millis) = headers.number(contract::RATE_INTERVAL).filter(|ms| *ms > 0) {
            self.portal.window = Duration::from_millis(millis);
        }
        if let Some(remaining) = headers.number(contract::RATE_REMAINING).and_then(size) {
            let used = max.saturating_sub(remaining);
            let known = self.in_flight + self.portal.held.len();
            for _ in known..used {
                self.portal.hold(now);
            }
        }
    }
}

fn size(number: u64) -> Option<usize> {
    usize::try_from(number).ok()
}

/// One allowance and the slots of it that are still held after their reply.
struct Book {
    limit: Option<usize>,
    window: Duration,
    /// When they come free, soonest first.
    held: VecDeque<Instant>,
}

impl Book {
    fn new(limit: Option<usize>, window: Duration) -> Book {
        Book {
            limit,
            window,
            held: VecDeque::new(),
        }
    }

    fn room(&mut self, in_flight: usize, now: Instant) -> Room {
        while self.held.front().is_some_and(|free| *free <= now) {
            let _ = self.held.pop_front();
        }
        match self.limit {
            Some(limit) if in_flight + self.held.len() >= limit => self
                .held
                .front()
                .map_or(Room::AfterAReply, |free| Room::At(*free)),
            _ => Room::Now,
        }
    }

    fn hold(&mut self, now: Instant) {
        let free = now + self.window;
        // Stays in order when a reply shortens the window.
        let free = self.held.back().map_or(free, |last| free.max(*last));
        self.held.push_back(free);
    }
}

#[cfg(test)]
mod tests;
