//! One budget of the portal: its allowance from replies, our slots in it, and the share
//! that others take. Pure; callers pass in the time.

use std::time::Duration;

use tokio::time::Instant;

use super::book::{Book, Room};
use super::others::{Others, Reading};
use crate::hubspot::connect::settings::Rate;
use crate::hubspot::contract;
use crate::hubspot::exchange::Reply;
use crate::model::pace::Allowance;

/// Share of the allowance that stays free while others are active, so that they can
/// take more when they need it.
const FREE_FOR_OTHERS: f64 = 0.05;

/// What is known of a call when it is sent, for reading its reply.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    at: Instant,
    /// Slots in use then, this call's included.
    used: usize,
    /// Calls sent before, this call included.
    serial: u64,
}

impl Sent {
    pub(super) fn at(&self) -> Instant {
        self.at
    }
}

/// How a call ended, for counting.
#[derive(Clone, Copy, Debug)]
pub(super) enum End<'a> {
    /// With a whole reply.
    Replied(&'a Reply),
    /// Without one: it may have reached the portal.
    Lost,
    /// It did not reach the portal.
    NotSent,
}

/// The slots of one budget.
#[derive(Debug)]
pub(super) struct Lane {
    book: Book,
    /// Calls of a window; unlimited if the portal names no limit.
    allowance: Option<usize>,
    /// One call at a time until a reply shows the allowance (protocol P3).
    alone: bool,
    /// Share of the allowance that is left for others, from 0 to 1.
    reserve: f64,
    /// Slots that stay free, so that a client that starts later gets in and sees how
    /// much is used.
    free: usize,
    others: Others,
    sent: u64,
    held_until: Option<Instant>,
}

impl Lane {
    /// A budget whose allowance replies show.
    pub(super) fn learning(reserve: f64) -> Lane {
        Lane {
            book: Book::new(contract::BURST_WINDOW),
            allowance: None,
            alone: true,
            reserve,
            free: 1,
            others: Others::default(),
            sent: 0,
            held_until: None,
        }
    }

    /// A budget that is known.
    pub(super) fn fixed(calls: usize, window: Duration) -> Lane {
        Lane {
            book: Book::new(window),
            allowance: Some(calls),
            alone: false,
            free: 0,
            ..Lane::learning(0.0)
        }
    }

    /// When the next call may be sent.
    pub(super) fn room(&mut self, now: Instant) -> Room {
        self.book.expire(now);
        if let Some(until) = self.held_until.filter(|until| now < *until) {
            return Room::At(until);
        }
        if self.alone && self.book.in_flight() > 0 {
            return Room::AfterAReply;
        }
        match self.limit(now) {
            Some(limit) => self.book.room(limit),
            None => Room::Now,
        }
    }

    /// Slots that may be in use; none if there is no limit.
    pub(super) fn limit(&self, now: Instant) -> Option<usize> {
        let max = self.allowance?;
        let reserved = portion(max, self.reserve);
        let ours = max.saturating_sub(reserved.max(self.free));
        let left = match self.others.share(now, self.book.window()) {
            Some(share) => max
                .saturating_sub(share)
                .saturating_sub(portion(max, FREE_FOR_OTHERS)),
            None => max,
        };
        Some(ours.min(left).max(1))
    }

    /// Calls of a window, according to the portal.
    pub(super) fn allowance(&self) -> Option<usize> {
        self.allowance
    }

    /// The same with its window.
    pub(super) fn burst(&self) -> Option<Rate> {
        let calls = u32::try_from(self.allowance?).ok()?;
        let window = self.book.window();
        Some(Rate { calls, window })
    }

    /// Calls per second that the budget allows now.
    pub(super) fn rate(&self, now: Instant) -> Option<f64> {
        Some(self.limit(now)? as f64 / self.book.window().as_secs_f64())
    }

    pub(super) fn send(&mut self, now: Instant) -> Sent {
        self.book.send();
        self.sent += 1;
        Sent {
            at: now,
            used: self.book.used(),
            serial: self.sent,
        }
    }

    /// What it lets through from now on; `latency` is that of a usual call.
    pub(super) fn prospect(&mut self, latency: Duration, now: Instant) -> Allowance {
        self.book.expire(now);
        let cycle = self.book.window() + latency;
        let limit = self.limit(now);
        let mut slots = limit.map_or_else(Vec::new, |limit| self.book.slots(limit, cycle, now));
        if let Some(pause) = self.pause(now) {
            slots.iter_mut().for_each(|slot| *slot = pause.max(*slot));
        }
        let in_flight = self.book.in_flight() as u64;
        Allowance {
            calls: self.sent.saturating_sub(in_flight),
            in_flight,
            slots,
            latency,
            cycle,
        }
    }

    /// For how long nothing is sent.
    pub(super) fn pause(&self, now: Instant) -> Option<Duration> {
        let left = self.held_until?.checked_duration_since(now)?;
        (!left.is_zero()).then_some(left)
    }

    /// Nothing is sent until then.
    pub(super) fn hold_until(&mut self, until: Instant) {
        self.held_until = self.held_until.max(Some(until));
    }

    /// Ends a call. `learn` says whether its reply's headers are about this budget.
    pub(super) fn over(&mut self, call: Sent, end: End<'_>, learn: bool, now: Instant) {
        if let (End::Replied(reply), true) = (end, learn) {
            self.learn(call, reply, now);
        }
        let unlimited = self.allowance.is_none() && !self.alone;
        match end {
            // Where nothing is counted, no slot has to wait for its window.
            _ if unlimited => self.book.release(),
            End::NotSent => self.book.release(),
            // The portal may count it from any moment up to now, or not at all.
            End::Lost => self.book.hold(call.at, now, false),
            // Whether the portal counts a call that it refuses is not known.
            End::Replied(reply) => self.book.hold(call.at, now, reply.status != 429),
        }
    }

    /// Replies of the edge have no headers: only a success without them means that the
    /// portal has no limit. The call that brought the reply is still in flight.
    fn learn(&mut self, call: Sent, reply: &Reply, now: Instant) {
        let number = |name| {
            let number = reply.headers.number(name)?;
            usize::try_from(number).ok()
        };
        let Some(max) = number(contract::RATE_MAX).or(self.allowance) else {
            self.alone &= !reply.is_success();
            return;
        };
        self.alone = false;
        self.allowance = Some(max.max(1));
        if let Some(millis) = reply.headers.number(contract::RATE_INTERVAL) {
            let window = Duration::from_millis(millis.max(1));
            self.book.set_window(window.min(contract::LONGEST_WINDOW));
        }
        // A refusal need not say what remains: nothing does.
        let refused = reply.status == 429;
        let remaining = number(contract::RATE_REMAINING).or(refused.then_some(0));
        let Some(remaining) = remaining else {
            return;
        };
        // Of our calls the portal has counted those that were surely there, and perhaps those that
        // were sent after this one; whatever is used beyond is that of others.
        let since = usize::try_from(self.sent - call.serial).unwrap_or(usize::MAX);
        let itself = usize::from(!refused);
        let reading = Reading {
            at: now,
            used: max.saturating_sub(remaining),
            ours_at_least: self.book.surely_counted(call.at, now) + itself,
            ours_at_most: call.used.saturating_add(since),
            refused,
        };
        self.others.note(reading, self.book.window());
    }
}

fn portion(calls: usize, share: f64) -> usize {
    (calls as f64 * share).ceil() as usize
}
