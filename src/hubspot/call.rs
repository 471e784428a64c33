//! The attempt loop, the one place that sends, waits and repeats. From the outside
//! in: decide → wait → slot of the pacer → attempt deadline → transport; so every
//! attempt pays the pacer, and no wait eats into an attempt's deadline.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{sleep, timeout};

use crate::hubspot::classify::{Kind, Trouble, Verdict, classify};
use crate::hubspot::connection::Rate;
use crate::hubspot::contract;
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::{Budget, Reply, Request, Transport, TransportError};
use crate::hubspot::pace::{Pacer, Slot};
use crate::hubspot::policy::{Decision, Quota, Situation, decide};
use crate::hubspot::portal_clock::PortalClock;
use crate::hubspot::wire::Read;

/// How a client calls, whatever the transport.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// A ceiling of our own below the portal's.
    pub rate: Option<Rate>,
    /// Deadline of one attempt.
    pub timeout: Duration,
}

impl Default for Settings {
    /// No ceiling, and 100 s: as long as HubSpot's edge waits for an answer (524).
    fn default() -> Settings {
        Settings {
            rate: None,
            timeout: Duration::from_secs(100),
        }
    }
}

/// What all calls of a client share.
pub(crate) struct Caller {
    transport: Arc<dyn Transport>,
    deadline: Duration,
    pacer: Pacer,
    quota: Mutex<Quota>,
    clock: PortalClock,
    /// Whether any reply ever came.
    answered: AtomicBool,
    attempts: AtomicU64,
}

impl Caller {
    /// Nothing is sent yet.
    pub(crate) fn new(transport: Arc<dyn Transport>, settings: Settings) -> Caller {
        Caller {
            transport,
            deadline: settings.timeout,
            pacer: Pacer::new(settings.rate, 0.0),
            quota: Mutex::default(),
            clock: PortalClock::default(),
            answered: AtomicBool::new(false),
            attempts: AtomicU64::new(0),
        }
    }

    /// Makes a call: as many attempts as its trouble is worth, then its end.
    pub(crate) async fn call<T>(&self, request: &Request, read: Read<T>) -> Result<T, CallError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            let trouble = match classify(self.attempt(request).await, read) {
                Verdict::Answered(value) => return Ok(self.earn(value)),
                Verdict::Final(error) => return Err(error),
                Verdict::Trouble(trouble) => trouble,
            };
            match self.decide(&trouble, request, attempts) {
                Decision::Stop(error) => return Err(error),
                Decision::After(delay) => self.wait(trouble.kind, delay).await,
            }
        }
    }

    /// The portal's time, at the latest.
    pub(crate) fn portal_clock(&self) -> &PortalClock {
        &self.clock
    }

    /// Calls in flight that keep the allowance busy.
    pub(crate) fn useful_concurrency(&self) -> usize {
        self.pacer.useful_concurrency()
    }

    /// Attempts made so far.
    pub(crate) fn attempts(&self) -> u64 {
        self.attempts.load(Ordering::Relaxed)
    }

    async fn attempt(&self, request: &Request) -> Result<Reply, TransportError> {
        let slot = self.pacer.slot(Budget::General).await;
        let _ = self.attempts.fetch_add(1, Ordering::Relaxed);
        let outcome = match timeout(self.deadline, self.transport.send(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(TransportError::Ambiguous(late(self.deadline))),
        };
        self.learn(slot, &outcome);
        outcome
    }

    fn learn(&self, slot: Slot<'_>, outcome: &Result<Reply, TransportError>) {
        match outcome {
            Ok(reply) => {
                self.answered.store(true, Ordering::Relaxed);
                if let Some(date) = reply.headers.get(contract::DATE) {
                    self.clock.note(date);
                }
                slot.replied(reply);
            }
            Err(TransportError::NotSent(_)) => slot.not_sent(),
            Err(TransportError::Ambiguous(_)) => drop(slot),
        }
    }

    fn decide(&self, trouble: &Trouble, request: &Request, attempts: u32) -> Decision {
        let situation = Situation {
            effect: request.effect,
            attempts,
            answered_before: self.answered.load(Ordering::Relaxed),
        };
        let mut quota = self.quota.lock().unwrap_or_else(PoisonError::into_inner);
        decide(trouble, situation, &mut quota, fastrand::f64())
    }

    fn earn<T>(&self, value: T) -> T {
        self.quota
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .earn();
        value
    }

    /// A used-up burst window is everybody's: all calls wait for its end.
    async fn wait(&self, kind: Kind, delay: Duration) {
        if kind == Kind::Limited {
            self.pacer.hold_all(Budget::General, delay);
        }
        sleep(delay).await;
    }
}

fn late(deadline: Duration) -> String {
    format!("no answer within {} s", deadline.as_secs_f64())
}

#[cfg(test)]
mod tests;
