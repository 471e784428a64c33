//! What the pacer will let through, and what calls wait for, for showing progress. Nothing is
//! decided by it.

use std::time::Duration;

use tokio::time::Instant;

use super::{Books, Pacer};
use crate::model::pace::{Allowance, Hold, Pace};

/// Shorter waits are normal.
const SHORTEST: Duration = Duration::from_secs(1);

impl Pacer {
    /// What it lets through from now on.
    pub(crate) fn pace(&self) -> Pace {
        self.books().pace(Instant::now())
    }
}

impl Books {
    fn pace(&mut self, now: Instant) -> Pace {
        Pace {
            allowances: self.allowances(now),
            pause: self.general.pause(now),
            hold: self.hold(now),
        }
    }

    /// All lanes; the last is the one that may appear only later.
    fn allowances(&mut self, now: Instant) -> Vec<Allowance> {
        let latency = Duration::try_from_secs_f64(self.latency.unwrap_or_default());
        let latency = latency.unwrap_or_default();
        let lanes = [Some(&mut self.general), Some(&mut self.search)].into_iter();
        let lanes = lanes.chain([self.ceiling.as_mut(), self.associations.as_mut()]);
        lanes
            .map(|lane| lane.map_or_else(Allowance::default, |lane| lane.prospect(latency, now)))
            .collect()
    }

    /// What calls wait longest for.
    fn hold(&self, now: Instant) -> Option<Hold> {
        let waits = self.waits.iter().flatten();
        let holds = waits.map(|(until, cause)| Hold {
            cause: *cause,
            time: until.saturating_duration_since(now),
        });
        holds
            .filter(|hold| hold.time >= SHORTEST)
            .max_by_key(|hold| hold.time)
    }
}
