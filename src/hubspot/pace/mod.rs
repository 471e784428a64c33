//! The pacer (protocol P1 to P3). A call holds a slot from its send until its reply
//! plus one window; with N slots no window can hold more than N calls, whether the
//! portal counts them on arrival or before the reply. N comes from reply headers, so
//! the first call is sent alone; other clients show in `Remaining`, and get their
//! share.
//!
//! `book` keeps the slots of one allowance, `others` what other clients take, `lane`
//! joins both for one budget, `prospect` says what they will let through. This file gives
//! out slots, first come first served.

mod book;
mod lane;
mod others;
mod prospect;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::connect::settings::Rate;
use crate::hubspot::contract;
use crate::hubspot::exchange::{Budget, Headers, Reply};
use crate::model::pace::Cause;
use book::Room;
use lane::{End, Lane, Sent};

/// Maximum number of calls in flight, whatever rate and latency are.
const MOST_IN_FLIGHT: usize = 64;

/// Calls in flight while nothing is known of rate or latency.
const USUAL_IN_FLIGHT: usize = 8;

/// Weight of the latest reply in the running mean of latencies.
const LATEST: f64 = 0.1;

/// Hands out slots.
pub(crate) struct Pacer {
    general: Queue,
    search: Queue,
    associations: Queue,
    books: Mutex<Books>,
}

/// The waiters for a slot of one budget.
#[derive(Default)]
struct Queue {
    /// Its holder is the one that waits for the next free slot.
    turn: tokio::sync::Mutex<()>,
    /// Notified whenever a slot may have become free.
    freed: Notify,
}

impl Pacer {
    /// With an optional limit of our own, and the share of the burst allowance that is
    /// left for others.
    pub(crate) fn new(ceiling: Option<Rate>, reserve: f64) -> Pacer {
        Pacer {
            general: Queue::default(),
            search: Queue::default(),
            associations: Queue::default(),
            books: Mutex::new(Books::new(ceiling, reserve)),
        }
    }

    /// Waits until a call may be sent.
    pub(crate) async fn slot(&self, budget: Budget) -> Slot<'_> {
        let queue = self.queue(budget);
        let _turn = queue.turn.lock().await;
        loop {
            let room = self.books().take(budget, Instant::now());
            match room {
                Ok(passes) => {
                    return Slot {
                        pacer: self,
                        budget,
                        passes,
                        open: true,
                    };
                }
                Err(Room::At(time)) => tokio::select! {
                    () = sleep_until(time) => {}
                    () = queue.freed.notified() => {}
                },
                Err(Room::AfterAReply | Room::Now) => queue.freed.notified().await,
            }
        }
    }

    /// Pauses this budget for this long: the portal says that its window is used up.
    pub(crate) fn hold_all(&self, budget: Budget, time: Duration) {
        let until = Instant::now() + time;
        self.books().lane(budget).hold_until(until);
    }

    /// How many calls in flight use the whole general budget: rate × latency, doubled
    /// so that uneven latencies leave no slot unused.
    pub(crate) fn useful_concurrency(&self) -> usize {
        self.books().useful_concurrency(Instant::now())
    }

    /// The burst allowance of the general budget, from replies.
    pub(crate) fn burst(&self) -> Option<Rate> {
        self.books().general.burst()
    }

    fn queue(&self, budget: Budget) -> &Queue {
        match budget {
            Budget::General | Budget::Tokens => &self.general,
            Budget::Search => &self.search,
            Budget::Associations => &self.associations,
        }
    }

    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Permission to send one call. If dropped, the call counts as sent, and the slot is
/// held for one more window.
#[must_use]
pub(crate) struct Slot<'a> {
    pacer: &'a Pacer,
    budget: Budget,
    passes: Passes,
    open: bool,
}

impl Slot<'_> {
    /// A reply arrived: its headers show the allowance.
    pub(crate) fn replied(mut self, reply: &Reply) {
        self.close(End::Replied(reply));
    }

    /// Nothing reached the portal: frees the slot at once.
    pub(crate) fn not_sent(mut self) {
        self.close(End::NotSent);
    }

    fn close(&mut self, end: End<'_>) {
        self.open = false;
        let now = Instant::now();
        self.pacer.books().over(self.budget, self.passes, end, now);
        for queue in [
            &self.pacer.general,
            &self.pacer.search,
            &self.pacer.associations,
        ] {
            queue.freed.notify_one();
        }
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if self.open {
            self.close(End::Lost);
        }
    }
}

/// What a call holds: a slot of its budget, and one of our own ceiling.
#[derive(Clone, Copy)]
struct Passes {
    lane: LaneName,
    budget: Sent,
    ceiling: Option<Sent>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum LaneName {
    General,
    Search,
    Associations,
}

/// All budgets; pure, callers pass in the time.
struct Books {
    general: Lane,
    search: Lane,
    /// The budget of associations once a reply has shown that they have one (protocol
    /// P2); until then they are paid from the general one.
    associations: Option<Lane>,
    ceiling: Option<Lane>,
    reserve: f64,
    /// Running mean of the general budget's latencies, in seconds.
    latency: Option<f64>,
    /// Until when calls wait for a slot, and why, by the lane that they wait for.
    waits: [Option<(Instant, Cause)>; 3],
}

impl Books {
    fn new(ceiling: Option<Rate>, reserve: f64) -> Books {
        let fixed = |rate: Rate| Lane::fixed(rate.calls as usize, rate.window);
        Books {
            general: Lane::learning(reserve),
            search: fixed(contract::SEARCH_RATE),
            associations: None,
            ceiling: ceiling.map(fixed),
            reserve,
            latency: None,
            waits: [None; 3],
        }
    }

    fn name(&self, budget: Budget) -> LaneName {
        match budget {
            Budget::Search => LaneName::Search,
            Budget::Associations if self.associations.is_some() => LaneName::Associations,
            Budget::General | Budget::Associations | Budget::Tokens => LaneName::General,
        }
    }

    fn lane(&mut self, budget: Budget) -> &mut Lane {
        self.named(self.name(budget))
    }

    fn named(&mut self, name: LaneName) -> &mut Lane {
        match (name, &mut self.associations) {
            (LaneName::Search, _) => &mut self.search,
            (LaneName::Associations, Some(own)) => own,
            (LaneName::General | LaneName::Associations, _) => &mut self.general,
        }
    }

    fn take(&mut self, budget: Budget, now: Instant) -> Result<Passes, Room> {
        let lane = self.name(budget);
        let ceiling = self.ceiling.as_mut().map(|own| own.room(now));
        let room = self.named(lane).room(now);
        let cause = self.cause(lane, now);
        self.waits[lane as usize] = None;
        for (room, cause) in [
            (room, cause),
            (ceiling.unwrap_or(Room::Now), Cause::Ceiling),
        ] {
            if let Room::At(until) = room {
                self.waits[lane as usize] = Some((until, cause));
            }
            if room != Room::Now {
                return Err(room);
            }
        }
        Ok(Passes {
            lane,
            budget: self.named(lane).send(now),
            ceiling: self.ceiling.as_mut().map(|own| own.send(now)),
        })
    }

    /// Why a call of that lane has to wait, if it has to.
    fn cause(&mut self, lane: LaneName, now: Instant) -> Cause {
        match (self.named(lane).pause(now), lane) {
            (Some(_), _) => Cause::Pause,
            (None, LaneName::Search) => Cause::SearchLimit,
            (None, LaneName::General | LaneName::Associations) => Cause::Limit,
        }
    }

    fn over(&mut self, budget: Budget, passes: Passes, end: End<'_>, now: Instant) {
        let learn = match budget {
            Budget::General => true,
            Budget::Search | Budget::Tokens => false,
            Budget::Associations => passes.lane == LaneName::Associations,
        };
        self.named(passes.lane).over(passes.budget, end, learn, now);
        if let (Some(own), Some(call)) = (&mut self.ceiling, passes.ceiling) {
            own.over(call, end, false, now);
        }
        if let End::Replied(reply) = end {
            self.note_latency(budget, now - passes.budget.at());
            self.split_associations(budget, &reply.headers);
        }
    }

    fn note_latency(&mut self, budget: Budget, latency: Duration) {
        if budget == Budget::General {
            let latest = latency.as_secs_f64();
            let mean = self.latency.unwrap_or(latest);
            self.latency = Some(mean + LATEST * (latest - mean));
        }
    }

    /// An allowance other than the general one shows a separate budget.
    fn split_associations(&mut self, budget: Budget, headers: &Headers) {
        let shown = headers.number(contract::RATE_MAX);
        let general = self.general.allowance().map(|calls| calls as u64);
        let differs = shown.is_some() && general.is_some() && shown != general;
        if budget == Budget::Associations && self.associations.is_none() && differs {
            self.associations = Some(Lane::learning(self.reserve));
        }
    }

    fn useful_concurrency(&self, now: Instant) -> usize {
        let rates = [Some(&self.general), self.ceiling.as_ref()].into_iter();
        let rates = rates.flatten().filter_map(|lane| lane.rate(now));
        let rate = rates.reduce(f64::min);
        match (rate, self.latency) {
            (Some(rate), Some(latency)) => {
                let useful = (2.0 * rate * latency).ceil() as usize;
                useful.clamp(2, MOST_IN_FLIGHT)
            }
            _ => USUAL_IN_FLIGHT,
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod scenarios;
