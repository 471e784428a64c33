//! What to do about trouble: stop, or try again after a while. Pure, but for the
//! quota that it spends; the loop sleeps and rolls the dice.

use std::time::Duration;

use super::classify::{Kind, Trouble};
use crate::hubspot::contract;
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::Effect;

/// First of the growing waits between attempts.
const FIRST_WAIT: Duration = Duration::from_millis(1_000);

/// Last of them.
const LONGEST_OWN_WAIT: Duration = Duration::from_secs(20);

/// Repeats that the quota starts with, times their price.
const QUOTA: u32 = 500;

/// What a repeat costs; an answered call earns one back, so up to a third of all
/// attempts can fail indefinitely.
const REPEAT_PRICE: u32 = 2;

/// The tool's patience with the portal as a whole, shared by all calls: when
/// everything fails, it ends a storm of repeats early.
#[derive(Debug)]
pub(crate) struct Quota(u32);

impl Default for Quota {
    fn default() -> Quota {
        Quota(QUOTA)
    }
}

impl Quota {
    /// A call was answered.
    pub(crate) fn earn(&mut self) {
        self.0 = (self.0 + 1).min(QUOTA);
    }

    fn spend(&mut self) -> bool {
        let left = self.0.checked_sub(REPEAT_PRICE);
        self.0 = left.unwrap_or(self.0);
        left.is_some()
    }
}

/// The call that an attempt was part of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Situation {
    /// What repeating the call does.
    pub(crate) effect: Effect,
    /// Attempts of this call so far, this one included.
    pub(crate) attempts: u32,
    /// Whether an earlier attempt of this call may have been carried out.
    pub(crate) unclear_before: bool,
    /// Whether this client ever got a reply. A user with a wrong address should
    /// not wait for the repeats.
    pub(crate) answered_before: bool,
}

/// The decision.
#[derive(Debug)]
pub(crate) enum Decision {
    /// The call is over.
    Stop(CallError),
    /// Try again after this wait.
    After(Duration),
}

/// Decides; `jitter` is a random number from 0 to 1.
pub(crate) fn decide(
    trouble: &Trouble,
    situation: Situation,
    quota: &mut Quota,
    jitter: f64,
) -> Decision {
    let may = may_repeat(trouble.kind, situation);
    if may && (trouble.kind.is_wait() || quota.spend()) {
        Decision::After(delay(trouble, situation.attempts, jitter))
    } else {
        Decision::Stop(ending(trouble, situation))
    }
}

fn may_repeat(kind: Kind, situation: Situation) -> bool {
    let repeatable = kind.nothing_written() || situation.effect != Effect::Once;
    let reachable = kind != Kind::NotSent || situation.answered_before;
    repeatable && reachable && situation.attempts < most_attempts(kind)
}

fn most_attempts(kind: Kind) -> u32 {
    match kind {
        Kind::Limited | Kind::Secondly => 20,
        Kind::Locked | Kind::Moving => 10,
        Kind::NotSent | Kind::Failing | Kind::Lost => 6,
        Kind::Cut | Kind::Garbled => 3,
        Kind::Strange => 1,
    }
}

/// The portal's own wait wins over ours, except that a lock and a search budget
/// take their time whatever it says.
fn delay(trouble: &Trouble, attempts: u32, jitter: f64) -> Duration {
    let asked = trouble.delay.map(|delay| delay.min(contract::LONGEST_WAIT));
    let grown = FIRST_WAIT.saturating_mul(1 << (attempts - 1).min(16));
    let grown = grown.min(LONGEST_OWN_WAIT).mul_f64(0.5 + jitter / 2.0);
    match trouble.kind {
        Kind::Limited => asked.unwrap_or(contract::BURST_WINDOW),
        Kind::Secondly => asked.unwrap_or(grown).max(Duration::from_secs(1)),
        Kind::Locked => asked.unwrap_or(grown).max(contract::LOCK_TIME),
        _ => asked.unwrap_or(grown),
    }
}

fn ending(trouble: &Trouble, situation: Situation) -> CallError {
    let words = match situation.attempts {
        1 => trouble.words.clone(),
        many => format!("{}, after {many} attempts", trouble.words),
    };
    let unclear = situation.unclear_before || !trouble.kind.nothing_written();
    match (trouble.kind, situation.effect) {
        (_, Effect::Once | Effect::Repeatable) if unclear => CallError::Ambiguous(words),
        (Kind::Moving, _) => CallError::Paused(words),
        (Kind::Garbled | Kind::Strange, _) => CallError::Garbled(words),
        _ => CallError::Unavailable(words),
    }
}

#[cfg(test)]
mod tests;
