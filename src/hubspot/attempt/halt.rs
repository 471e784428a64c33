//! Ending a client's work. A process that stops must know for every write whether a
//! call began that may have carried it out, so a client is wound down in two steps:
//! first no new write begins, then what is still in flight is cancelled.

use tokio_util::sync::CancellationToken;

use crate::hubspot::error::CallError;
use crate::hubspot::exchange::{Budget, Effect, Request};

/// How far the client is wound down.
#[derive(Debug, Default)]
pub(crate) struct Halt {
    writes: CancellationToken,
    all: CancellationToken,
}

impl Halt {
    /// From now on no attempt of a write begins.
    pub(crate) fn wind_down(&self) {
        self.writes.cancel();
    }

    /// From now on no attempt begins, and those in flight are cancelled.
    pub(crate) fn give_up(&self) {
        self.writes.cancel();
        self.all.cancel();
    }

    /// Whether an attempt of this request may begin.
    pub(crate) fn check(&self, request: &Request) -> Result<(), CallError> {
        match self.of(request).is_cancelled() {
            true => Err(stopping()),
            false => Ok(()),
        }
    }

    /// Returns once no attempt of this request may begin.
    pub(crate) async fn refused(&self, request: &Request) -> CallError {
        self.of(request).cancelled().await;
        stopping()
    }

    /// Returns once attempts in flight are cancelled.
    pub(crate) async fn given_up(&self) {
        self.all.cancelled().await;
    }

    /// A new token for reads is not a write.
    fn of(&self, request: &Request) -> &CancellationToken {
        match request.effect == Effect::Read || request.budget == Budget::Tokens {
            true => &self.all,
            false => &self.writes,
        }
    }
}

fn stopping() -> CallError {
    CallError::Paused("the run is stopping".to_owned())
}
