//! The attempt loop, the one place that sends, waits and repeats. From the outside
//! in: decide → wait → slot of the pacer → attempt deadline → transport; so every
//! attempt pays the pacer, and no wait eats into an attempt's deadline.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::classify::{Kind, Verdict, classify};
use super::day::Day;
use super::halt::Halt;
use super::holds::Holds;
use super::log::{Attempt, CallLog};
use super::policy::{Decision, Quota, Situation, decide};
use super::portal_clock::PortalClock;
use super::secrets::Secrets;
use super::waits::{HearWait, Wait, Waits};
use crate::hubspot::connect::settings::{Rate, Settings};
use crate::hubspot::connect::token::Token;
use crate::hubspot::contract;
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::{Budget, Effect, Reply, Request, Transport, TransportError, Upload};
use crate::hubspot::pace::{Pacer, Slot};
use crate::hubspot::paths;
use crate::hubspot::records::ApiError;
use crate::hubspot::wire::Read;
use crate::model::pace::Pace;

/// After waiting this long to send, the reason is reported.
const PATIENCE: Duration = Duration::from_secs(1);

/// The result of a call.
pub(crate) struct Answer<T> {
    /// The reply, parsed.
    pub(crate) value: T,
    /// Whether an earlier attempt of a write was lost and may still be carried out.
    pub(crate) may_come_late: bool,
}

/// What all calls of a client share.
pub(crate) struct Caller {
    transport: Arc<dyn Transport>,
    deadline: Duration,
    pacer: Pacer,
    day: Day,
    quota: Mutex<Quota>,
    clock: PortalClock,
    /// Whether any reply has ever arrived.
    answered: AtomicBool,
    attempts: AtomicU64,
    log: OnceLock<Arc<dyn CallLog>>,
    secrets: Secrets,
    waits: Waits,
    holds: Holds,
    wait_for_limit: bool,
    /// Cancelled when calls should no longer wait for the next day.
    hurry: CancellationToken,
    halt: Halt,
}

impl Caller {
    /// Sends nothing yet.
    pub(crate) fn new(transport: Arc<dyn Transport>, settings: &Settings) -> Caller {
        Caller {
            transport,
            deadline: settings.timeout,
            pacer: Pacer::new(settings.rate, settings.reserve.burst),
            day: Day::new(settings.reserve.day),
            quota: Mutex::default(),
            clock: PortalClock::default(),
            answered: AtomicBool::new(false),
            attempts: AtomicU64::new(0),
            log: OnceLock::new(),
            secrets: Secrets::default(),
            waits: Waits::default(),
            holds: Holds::default(),
            wait_for_limit: settings.wait_for_limit,
            hurry: CancellationToken::new(),
            halt: Halt::default(),
        }
    }

    /// Makes a call, with as many attempts as its kind of trouble allows. A write that
    /// ends for any reason but the portal's answer is ambiguous if an earlier attempt may
    /// have been carried out.
    pub(crate) async fn call<T>(
        &self,
        request: &Request,
        token: Option<&Token>,
        read: Read<T>,
    ) -> Result<Answer<T>, CallError> {
        let mut situation = Situation {
            effect: request.effect,
            attempts: 0,
            unclear_before: false,
            answered_before: false,
        };
        let ended = self.attempts_of(request, token, read, &mut situation).await;
        ended.map_err(|error| match error {
            CallError::Refused(_) | CallError::Ambiguous(_) => error,
            other if situation.unclear_before => CallError::Ambiguous(other.to_string()),
            other => other,
        })
    }

    async fn attempts_of<T>(
        &self,
        request: &Request,
        token: Option<&Token>,
        read: Read<T>,
        situation: &mut Situation,
    ) -> Result<Answer<T>, CallError> {
        let mut waited = false;
        loop {
            self.halt.check(request)?;
            if let Err(error) = self.day.check() {
                self.wait_for_day(error, &mut waited).await?;
                continue;
            }
            situation.attempts += 1;
            let verdict = self.attempt(request, token, read, situation.attempts).await;
            situation.answered_before = self.answered.load(Ordering::Relaxed);
            let trouble = match verdict {
                Verdict::Answered(value) => {
                    self.quota().earn();
                    let may_come_late = situation.unclear_before;
                    return Ok(Answer {
                        value,
                        may_come_late,
                    });
                }
                Verdict::Final(error) => return Err(finally(request, error, situation)),
                Verdict::Spent(error) => {
                    // Nothing was carried out, so it does not count as an attempt.
                    situation.attempts -= 1;
                    self.wait_for_day(error, &mut waited).await?;
                    continue;
                }
                Verdict::Trouble(trouble) => trouble,
            };
            let next = decide(&trouble, *situation, &mut self.quota(), fastrand::f64());
            match next {
                Decision::Stop(error) => return Err(finally(request, error, situation)),
                Decision::After(delay) => self.wait(trouble.kind, request, delay).await,
            }
            let written = request.effect != Effect::Read && !trouble.kind.nothing_written();
            situation.unclear_before |= written;
        }
    }

    /// A lower bound of the portal's time.
    pub(crate) fn portal_clock(&self) -> &PortalClock {
        &self.clock
    }

    /// How many calls in flight use the whole allowance.
    pub(crate) fn useful_concurrency(&self) -> usize {
        self.pacer.useful_concurrency()
    }

    /// The burst allowance, from replies.
    pub(crate) fn burst(&self) -> Option<Rate> {
        self.pacer.burst()
    }

    /// Whether replies have shown the day's allowance.
    pub(crate) fn is_told_of_day(&self) -> bool {
        self.day.is_told()
    }

    /// What the portal lets through from now on, and what calls wait for.
    pub(crate) fn pace(&self) -> Pace {
        let pace = self.pacer.pace();
        let hold = self.holds.hold(pace.hold);
        Pace { hold, ..pace }
    }

    /// Attempts made so far.
    pub(crate) fn attempts(&self) -> u64 {
        self.attempts.load(Ordering::Relaxed)
    }

    /// Sets the listener for attempts; only the first one set counts.
    pub(crate) fn log_to(&self, log: Arc<dyn CallLog>) {
        let _there_is_one = self.log.set(log);
    }

    /// Sets the listener for long waits; only the first one set counts.
    pub(crate) fn report_waits_to(&self, listener: HearWait) {
        self.waits.report_to(listener);
    }

    /// Ends calls that wait for the next day; from now on no call begins to wait for it.
    pub(crate) fn wait_no_more(&self) {
        self.hurry.cancel();
    }

    /// Sets the account's time zone, in which its day ends.
    pub(crate) fn day_is_in(&self, zone: &str) {
        self.day.is_in(zone);
    }

    /// How far it is wound down.
    pub(crate) fn halt(&self) -> &Halt {
        &self.halt
    }

    /// How long an attempt may take.
    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }

    /// What is cut out of replies.
    pub(crate) fn secrets(&self) -> &Secrets {
        &self.secrets
    }

    async fn attempt<T>(
        &self,
        request: &Request,
        token: Option<&Token>,
        read: Read<T>,
        number: u32,
    ) -> Verdict<T> {
        let slot = tokio::select! {
            biased;
            stopping = self.halt.refused(request) => return Verdict::Final(stopping),
            slot = self.slot(request.budget) => slot,
        };
        let _ = self.attempts.fetch_add(1, Ordering::Relaxed);
        let sent = Instant::now();
        let mut outcome = self.send(request, token).await;
        if let Ok(reply) = &mut outcome {
            self.secrets.cut(request, reply);
        }
        self.learn(slot, &outcome);
        let verdict = classify(&outcome, read);
        if let Some(log) = self.log.get() {
            let reply = outcome.as_ref().ok();
            log.hear(&Attempt {
                method: request.method.as_str(),
                path: request.bare_path(),
                number,
                status: reply.map(|reply| reply.status),
                took: sent.elapsed(),
                correlation_id: reply
                    .and_then(|reply| reply.headers.get(contract::CORRELATION_ID))
                    .map(|id| id.get(..contract::ERROR_WORD_LIMIT).unwrap_or(id)),
                verdict: verdict.words(),
            });
        }
        verdict
    }

    /// One attempt, unless it takes too long or is cancelled.
    async fn send(
        &self,
        request: &Request,
        token: Option<&Token>,
    ) -> Result<Reply, TransportError> {
        let bytes = request.upload.as_ref().map_or(0, Upload::length);
        let deadline = self.deadline + Duration::from_secs(bytes / contract::SLOWEST_UPLOAD);
        let _in_flight = self.holds.send();
        tokio::select! {
            sent = timeout(deadline, self.transport.send(request, token)) => {
                sent.unwrap_or_else(|_| Err(TransportError::Ambiguous(late(deadline))))
            }
            () = self.halt.given_up() => {
                let words = "the run stopped before the answer came".to_owned();
                Err(TransportError::Ambiguous(words))
            }
        }
    }

    /// Waits for permission to send. Waits within the usual window are not reported.
    async fn slot(&self, budget: Budget) -> Slot<'_> {
        let mut slot = pin!(self.pacer.slot(budget));
        if let Ok(slot) = timeout(PATIENCE, &mut slot).await {
            return slot;
        }
        let window = self
            .pacer
            .burst()
            .map_or(Duration::ZERO, |rate| rate.window);
        if window > contract::BURST_WINDOW {
            self.report_wait(Wait::Asked(window));
        }
        slot.await
    }

    fn report_wait(&self, wait: Wait) {
        if let (true, Some(log)) = (self.waits.begin(wait), self.log.get()) {
            log.wait(wait);
        }
    }

    fn learn(&self, slot: Slot<'_>, outcome: &Result<Reply, TransportError>) {
        match outcome {
            Ok(reply) => {
                self.answered.store(true, Ordering::Relaxed);
                if reply.status < 500 {
                    self.holds.answered();
                }
                if let Some(date) = reply.headers.get(contract::DATE) {
                    self.clock.note(date);
                }
                self.day.note(&reply.headers);
                slot.replied(reply);
            }
            Err(TransportError::NotSent(_) | TransportError::Blocked(_)) => slot.not_sent(),
            Err(TransportError::Ambiguous(_)) => drop(slot),
        }
    }

    fn quota(&self) -> MutexGuard<'_, Quota> {
        self.quota.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the day's allowance is reset, if wanted; `waited` says whether this
    /// call has done so before.
    ///
    /// # Errors
    /// With `spent` if the call should not wait, or no longer.
    async fn wait_for_day(&self, spent: CallError, waited: &mut bool) -> Result<(), CallError> {
        if !self.wait_for_limit {
            return Err(spent);
        }
        let left = self.day.left(self.clock.now(), *waited);
        *waited = true;
        self.report_wait(Wait::Day(left));
        self.holds.wait_for_day(left);
        let is_hurried = tokio::select! {
            () = sleep(left) => false,
            () = self.hurry.cancelled() => true,
        };
        self.holds.end_day();
        if is_hurried {
            return Err(spent);
        }
        self.day.begin();
        Ok(())
    }

    /// A used-up window concerns all calls, and so does a move: all of them wait for
    /// its end. A burst limit is that of the general budget, whatever the call was paid
    /// from.
    async fn wait(&self, kind: Kind, request: &Request, delay: Duration) {
        let budget = request.budget;
        if kind.is_wait() {
            self.report_wait(Wait::Asked(delay));
        } else {
            self.holds.try_again(delay);
        }
        if matches!(kind, Kind::Limited | Kind::Secondly | Kind::Moving) {
            self.pacer.hold_all(budget, delay);
        }
        if matches!(kind, Kind::Limited | Kind::Moving) {
            self.pacer.hold_all(Budget::General, delay);
        }
        tokio::select! {
            () = sleep(delay) => {}
            _stopping = self.halt.refused(request) => {}
        }
    }
}

/// An error after which a call is not made again, with what the caller may conclude.
fn finally(request: &Request, error: CallError, situation: &Situation) -> CallError {
    match error {
        CallError::Refused(error) if is_gone(request, &error) => CallError::Gone {
            path: request.bare_path().to_owned(),
            error,
        },
        CallError::Refused(mut error) => {
            error.may_come_late = situation.unclear_before;
            CallError::Refused(error)
        }
        CallError::Garbled(words) => {
            CallError::Garbled(format!("{words} (asked for {})", request.bare_path()))
        }
        error => error,
    }
}

/// True if the path is missing, not a record: HubSpot names a category for missing
/// records.
fn is_gone(request: &Request, error: &ApiError) -> bool {
    matches!(error.status, 404 | 410)
        && error.category.is_empty()
        && error.ids.is_empty()
        && error.problems.is_empty()
        && paths::is_of_version(request.bare_path())
}

fn late(deadline: Duration) -> String {
    format!("no answer within {} s", deadline.as_secs_f64())
}

#[cfg(test)]
mod tests;
