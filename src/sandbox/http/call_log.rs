//! The latest calls and their outcomes, for people who look at the portal's pages.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::sandbox::api::reply::Reply;
use crate::sandbox::clock::Moment;

/// Calls that are kept.
const MOST: usize = 500;

/// Bytes of a body that are kept.
const BODY: usize = 16 * 1024;

/// A call as it is logged.
#[derive(Debug, Clone)]
pub(crate) struct LoggedCall {
    /// Counted from 1, in the order of their arrival.
    pub(crate) number: u64,
    /// As its reply names it.
    pub(crate) id: String,
    /// ISO 8601.
    pub(crate) at: String,
    pub(crate) method: String,
    /// Path and query.
    pub(crate) address: String,
    /// What was sent, or its beginning.
    pub(crate) sent: Vec<u8>,
    /// What goes wrong with it, as planned.
    pub(crate) trouble: Option<String>,
    /// None until it is answered.
    pub(crate) answer: Option<LoggedAnswer>,
    arrived: Instant,
}

/// The reply to a call.
#[derive(Debug, Clone)]
pub(crate) struct LoggedAnswer {
    pub(crate) status: u16,
    pub(crate) took: Duration,
    /// The body, or its beginning.
    pub(crate) body: Vec<u8>,
}

/// The latest calls.
#[derive(Debug, Default)]
pub(crate) struct CallLog(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    calls: VecDeque<LoggedCall>,
    arrived: u64,
}

impl Kept {
    fn call(&mut self, id: &str) -> Option<&mut LoggedCall> {
        // The latest are looked up most often.
        self.calls.iter_mut().rev().find(|call| call.id == id)
    }
}

impl CallLog {
    /// Logs a call that arrives.
    pub(crate) fn arrives(&self, id: &str, (method, address): (&str, &str), now: Moment) {
        let mut kept = self.lock();
        kept.arrived += 1;
        let number = kept.arrived;
        if kept.calls.len() == MOST {
            drop(kept.calls.pop_front());
        }
        kept.calls.push_back(LoggedCall {
            number,
            id: id.to_owned(),
            at: now.iso(),
            method: method.to_owned(),
            address: address.to_owned(),
            sent: Vec::new(),
            trouble: None,
            answer: None,
            arrived: now.instant,
        });
    }

    /// Logs what a call sent.
    pub(crate) fn sends(&self, id: &str, body: &[u8]) {
        if let Some(call) = self.lock().call(id) {
            call.sent = beginning(body);
        }
    }

    /// Records what goes wrong with a call.
    pub(crate) fn is_struck(&self, id: &str, trouble: String) {
        if let Some(call) = self.lock().call(id) {
            call.trouble = Some(trouble);
        }
    }

    /// Logs the reply to a call.
    pub(crate) fn answered(&self, id: &str, reply: &Reply) {
        if let Some(call) = self.lock().call(id) {
            call.answer = Some(LoggedAnswer {
                status: reply.status,
                took: call.arrived.elapsed(),
                body: beginning(&reply.body),
            });
        }
    }

    /// A call that is still kept.
    pub(crate) fn find(&self, number: u64) -> Option<LoggedCall> {
        let kept = self.lock();
        let call = kept.calls.iter().find(|call| call.number == number);
        call.cloned()
    }

    /// The calls, the latest first, at most this many.
    pub(crate) fn latest(&self, most: usize) -> Vec<LoggedCall> {
        self.lock().calls.iter().rev().take(most).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn beginning(body: &[u8]) -> Vec<u8> {
    body[..body.len().min(BODY)].to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::clock::Clock;

    #[tokio::test]
    async fn the_latest_are_kept_with_what_became_of_them() {
        let (log, clock) = (CallLog::default(), Clock::start());
        log.arrives("one", ("GET", "/a"), clock.now());
        log.sends("one", &vec![b'x'; BODY + 1]);
        log.is_struck("one", "404@1".to_owned());
        log.answered("one", &Reply::json(404, &"none"));
        let call = log.find(1).expect("the call");
        assert_eq!((call.sent.len(), call.method.as_str()), (BODY, "GET"));
        assert_eq!(call.trouble.as_deref(), Some("404@1"));
        assert_eq!(call.answer.expect("an answer").status, 404);
        for _ in 0..MOST {
            log.arrives("another", ("POST", "/b"), clock.now());
        }
        assert!(log.find(1).is_none());
        let latest = log.latest(2);
        assert_eq!(latest.len(), 2);
        assert!(latest[0].number > latest[1].number && latest[0].answer.is_none());
    }
}
