//! What goes into run.log: every attempt of a call, and rare events; and what can be read
//! from it afterwards.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::hubspot::{Attempt, CallLog, Client, Wait};
use crate::journal::RunLog;
use crate::model::event::{Event, Listener};
use crate::model::outcome::Fate;
use crate::model::run_report::{CallBin, CallsOverTime};
use crate::output::open_regular;

/// How lines about waits begin; the seconds follow.
const ASKED: &str = "the portal asks to wait ";
const DAY: &str = "the account's calls of today are used up: waiting for ";

/// Beginning of the line that says how many calls a process made before it had a run folder.
const BEFORE: &str = "calls before: ";

/// Writes attempts into run.log.
struct Calls(Arc<RunLog>);

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
                self.0.line(format_args!("{ASKED}{seconds} s"));
            }
            Wait::Day(time) => self.0.line(format_args!("{DAY}{} s", time.as_secs())),
        }
    }
}

/// From now on logs the client's calls in a run folder, and first how many there were before. A log
/// that can't be written does not stop the run.
pub fn log_calls(client: &Client, folder: &Path) {
    if let Ok(log) = RunLog::open(folder) {
        log_to(client, &Arc::new(log));
    }
}

/// The same for a log that is already open.
pub fn log_to(client: &Client, log: &Arc<RunLog>) {
    let before = client.calls();
    if before > 0 {
        log.line(format_args!("{BEFORE}{before}"));
    }
    client.log_to(Arc::new(Calls(Arc::clone(log))));
}

/// Passes events on and writes the rare ones into run.log.
pub struct Logged {
    /// Receives every event.
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
                    self.log.line(format_args!("stopped: {stop}"));
                }
            }
            Event::Learned(learned) => self.log.line(learned.words()),
            Event::Progress(_) => {}
        }
        self.listener.hear(event);
    }
}

/// Intervals of a run's calls, at most.
const BINS: i64 = 80;

/// The calls of a run over time, by the log in its folder; none if there were none.
///
/// # Errors
/// When the log does not exist or can't be read.
pub fn calls_over_time(folder: &Path) -> io::Result<Option<CallsOverTime>> {
    let path = folder.join("run.log");
    let log = open_regular(&path, OpenOptions::new().read(true))?;
    let mut seconds: BTreeMap<i64, CallBin> = BTreeMap::new();
    let mut waits = Vec::new();
    let mut before = 0;
    for line in BufReader::new(log).lines() {
        let line = line?;
        if let Some((at, status)) = attempt(&line) {
            let bin = seconds.entry(at.as_second()).or_default();
            match status {
                Some(200..=399) => bin.fine += 1,
                Some(429) => bin.limited += 1,
                _ => bin.failed += 1,
            }
        } else if let Some(wait) = wait(&line) {
            waits.push(wait);
        } else {
            before += calls_before(&line).unwrap_or_default();
        }
    }
    let (Some((first, _)), Some((last, _))) = (seconds.first_key_value(), seconds.last_key_value())
    else {
        return Ok(None);
    };
    let (first, span) = (*first, last - first + 1);
    let width = (span + BINS - 1) / BINS;
    let number = usize::try_from((span + width - 1) / width).unwrap_or(1);
    let mut bins = vec![CallBin::default(); number];
    for (second, calls) in seconds {
        let idx = usize::try_from((second - first) / width).unwrap_or(0);
        bins[idx].fine += calls.fine;
        bins[idx].limited += calls.limited;
        bins[idx].failed += calls.failed;
    }
    Ok(Some(CallsOverTime {
        start: Timestamp::from_second(first).unwrap_or_default(),
        width: Duration::from_secs(width.unsigned_abs()),
        bins,
        before,
        waits,
    }))
}

/// How many calls there were before, if a line says so.
fn calls_before(line: &str) -> Option<u64> {
    let (_, rest) = line.split_once(' ')?;
    rest.strip_prefix(BEFORE)?.parse().ok()
}

/// When a wait began and how long it is, if a line is about one.
fn wait(line: &str) -> Option<(Timestamp, Duration)> {
    let (at, rest) = line.split_once(' ')?;
    let length = rest
        .strip_prefix(ASKED)
        .or_else(|| rest.strip_prefix(DAY))?
        .strip_suffix(" s")?;
    Some((at.parse().ok()?, Duration::from_secs(length.parse().ok()?)))
}

/// When an attempt ended, and its status, if it was answered; none if a line is about
/// something else.
fn attempt(line: &str) -> Option<(Timestamp, Option<u16>)> {
    let (at, rest) = line.split_once(' ')?;
    let (method, rest) = rest.split_once(' ')?;
    let is_call = method.bytes().all(|letter| letter.is_ascii_uppercase()) && rest.starts_with('/');
    let (_, rest) = rest.split_once(" attempt ").filter(|_| is_call)?;
    let (_, rest) = rest.split_once(": ")?;
    let (status, _) = rest.split_once(" in ")?;
    Some((at.parse().ok()?, status.parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_interval_and_status() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut log = String::new();
        for second in 0..200 {
            let at = Timestamp::from_second(1_700_000_000 + second).expect("a time");
            log += &format!("{at:.3} POST /crm/v3/x attempt 1: 200 in 12 ms, ok id\n");
        }
        log += "2023-11-14T22:13:20.500Z GET /a attempt 2: 429 in 3 ms, wait id\n";
        log += "2023-11-14T22:13:20.600Z GET /a attempt 3: - in 3 ms, no reply\n";
        log += &format!("2023-11-14T22:13:30.000Z {ASKED}12 s\n");
        // A process that resumes has its own earlier calls.
        for before in [30, 12] {
            log += &format!("2023-11-14T22:13:30.000Z {BEFORE}{before}\n");
        }
        log += "2023-11-14T22:13:20.700Z 5 done, attempt of a note: 3 in all\n";
        std::fs::write(folder.path().join("run.log"), log).expect("written");
        let calls = calls_over_time(folder.path())
            .expect("read")
            .expect("calls");
        assert_eq!(calls.width, Duration::from_secs(3));
        assert_eq!((calls.bins.len(), calls.before), (67, 42));
        let first = CallBin {
            fine: 3,
            limited: 1,
            failed: 1,
        };
        assert_eq!((calls.bins[0], calls.bins[66].all()), (first, 2));
        let at = Timestamp::from_second(1_700_000_010).expect("a time");
        assert_eq!(calls.waits, [(at, Duration::from_secs(12))]);
    }

    #[test]
    fn a_log_without_calls_has_none() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("run.log"), "nothing\n").expect("written");
        assert_eq!(calls_over_time(folder.path()).expect("read"), None);
    }
}
