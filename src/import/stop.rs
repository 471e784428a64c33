//! How a run is stopped from within: any part that finds that the run can't continue sets this
//! switch, and all others finish what is in flight.

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use crate::hubspot::error::CallError;
use crate::model::stop::{Delay, Obstacle, Stop};

/// Shared by all parts of a run; the first reason counts.
#[derive(Clone, Debug, Default)]
pub struct StopSwitch {
    token: CancellationToken,
    reason: Arc<Mutex<Option<Stop>>>,
}

impl StopSwitch {
    /// Stops the run.
    pub fn pull(&self, stop: Stop) {
        let mut reason = self.reason.lock().unwrap_or_else(PoisonError::into_inner);
        let _first = reason.get_or_insert(stop);
        self.token.cancel();
    }

    /// True once it is set.
    pub fn is_pulled(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Returns when it is set.
    pub async fn pulled(&self) {
        self.token.cancelled().await;
    }

    /// Why the run stops, if it does.
    pub fn reason(&self) -> Option<Stop> {
        self.reason
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

/// What a failed call means for the run. A lost write is not among these: it is looked
/// up before it gets here.
pub fn stop_for(error: CallError) -> Stop {
    match error {
        CallError::Refused(_)
        | CallError::Denied(_)
        | CallError::Garbled(_)
        | CallError::Gone { .. }
        | CallError::Blocked(_) => Stop::MustFix(Obstacle::Call(error.to_string())),
        CallError::Ambiguous(_) | CallError::Unavailable(_) | CallError::Paused(_) => {
            Stop::Later(Delay::Call(error.to_string()))
        }
    }
}

/// No reply from the portal shows the outcome of a row.
pub fn replies_say_nothing() -> Stop {
    Stop::Later(Delay::Undecided("rows"))
}
