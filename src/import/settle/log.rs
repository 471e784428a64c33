//! What goes into run.log: every attempt of a call, and what the run tells.

use std::sync::Arc;

use crate::hubspot::{Attempt, CallLog, Wait};
use crate::journal::RunLog;
use crate::model::event::{Event, Listener};
use crate::model::outcome::Fate;

/// Writes attempts into run.log.
pub struct Calls(pub Arc<RunLog>);

impl CallLog for Calls {
    fn hear(&self, attempt: &Attempt<'_>) {
        let status = attempt
            .status
            .map_or("-".to_owned(), |status| status.to_string());
        self.0.line(format_args!(
            "{} {} attempt {}: {status} in {} ms, {} {}",
            attempt.method,
            attempt.path,
            attempt.number,
            attempt.took.as_millis(),
            attempt.verdict,
            attempt.correlation_id.unwrap_or_default(),
        ));
    }

    fn wait(&self, wait: Wait) {
        match wait {
            Wait::Asked(time) => {
                let seconds = time.as_secs();
                self.0
                    .line(format_args!("the portal asks to wait {seconds} s"));
            }
            Wait::Day(time) => self.0.line(format_args!(
                "the account's calls of today are used up: waiting for {} s",
                time.as_secs()
            )),
        }
    }
}

/// Passes events on and writes the rare ones into run.log.
pub struct Logged {
    /// Hears every event.
    pub listener: Arc<dyn Listener>,
    /// The log.
    pub log: Arc<RunLog>,
}

impl Listener for Logged {
    fn hear(&self, event: &Event) {
        match event {
            Event::Started { run, .. } => {
                let version = env!("CARGO_PKG_VERSION");
                self.log
                    .line(format_args!("tickethaul {version}, run {run}"));
            }
            Event::Notice(words) => self.log.line(words),
            Event::Finished(summary) => {
                let counts =
                    Fate::ALL.map(|fate| format!("{} {}", summary.tally.of(fate), fate.word()));
                self.log.line(counts.join(", "));
                if let Some(stop) = &summary.stop {
                    self.log.line(format_args!("stopped: {}", stop.words()));
                }
            }
            Event::Learned(learned) => self.log.line(learned.words()),
            Event::Progress(_) => {}
        }
        self.listener.hear(event);
    }
}
