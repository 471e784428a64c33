//! Options that a run and its resume share.

use std::time::Duration;

use clap::Args;

use super::console::Console;
use super::signals::Signals;
use crate::import::job::{Options, Unknown};
use crate::import::settle::steps::Steps;
use crate::import::stop::StopSwitch;
use crate::journal::Durability;
use crate::model::stop::{Delay, Stop};
use crate::output::remove_temporary;

/// How a run goes.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// Rows of one call, at most 100
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(1..=100))]
    batch_size: u16,
    /// Most batches in flight; fewer if that is enough to use the portal's allowance
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..=64))]
    concurrency: u16,
    /// Stop when more rows than this are refused
    #[arg(long, value_name = "N")]
    max_refused: Option<u64>,
    /// Stop after this many seconds, with exit code 5; `tickethaul resume` continues
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    max_duration: Option<Duration>,
    /// Don't write report.html into the run folder; `tickethaul report` makes one later
    #[arg(long)]
    no_report: bool,
}

impl Default for RunArgs {
    /// The defaults.
    fn default() -> RunArgs {
        RunArgs {
            batch_size: 100,
            concurrency: 64,
            max_refused: None,
            max_duration: None,
            no_report: false,
        }
    }
}

impl RunArgs {
    /// Calls or batches in flight, at most.
    pub fn concurrency(&self) -> u16 {
        self.concurrency
    }

    /// Whether the run leaves a report.
    pub fn leaves_report(&self) -> bool {
        !self.no_report
    }

    /// When to stop, if given.
    pub fn max_duration(&self) -> Option<Duration> {
        self.max_duration
    }

    /// The options of a run that Ctrl-C can stop.
    pub fn options(&self, limit: Option<u64>, unknown: Unknown, horizon: Duration) -> Options {
        let stop = StopSwitch::default();
        stop_on_signal(stop.clone());
        if let Some(time) = self.max_duration {
            stop_after(stop.clone(), time);
        }
        Options {
            batch_size: usize::from(self.batch_size),
            concurrency: usize::from(self.concurrency),
            max_refused: self.max_refused,
            limit,
            horizon,
            unknown,
            durability: Durability::Full,
            stop,
            steps: Steps::default(),
        }
    }
}

/// The first signal lets calls in flight finish; a second one exits at once. Either way
/// the run can be resumed.
pub(super) fn stop_on_signal(stop: StopSwitch) {
    let Ok(mut signals) = Signals::expect() else {
        return;
    };
    let _task = tokio::spawn(async move {
        let _number = signals.next().await;
        stop.pull(Stop::Later(Delay::Interrupted));
        Console::aside(
            "stopping once the calls in flight are answered; interrupt again to leave at once",
        );
        let _number = signals.next().await;
        Console::aside("interrupted twice: left at once; `tickethaul resume` continues");
        remove_temporary();
        std::process::exit(super::exit::INTERRUPTED_TWICE);
    });
}

/// Calls in flight may finish, as with a signal.
fn stop_after(stop: StopSwitch, time: Duration) {
    let _task = tokio::spawn(async move {
        tokio::time::sleep(time).await;
        stop.pull(Stop::Later(Delay::OutOfTime(time)));
    });
}

/// A number of at least 1.
pub fn from_one(text: &str) -> Result<u64, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "a whole number from 1 on is expected".to_owned())
}

/// A time longer than zero.
pub fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().filter(|seconds| *seconds > 0.0);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| "a number of seconds above 0 is expected".to_owned())
}
