//! Progress off a terminal: a line now and then, for logs.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::words::{files, rate};
use crate::model::count::{count, counted};
use crate::model::event::{Event, Listener, Progress};
use crate::model::outcome::Fate;
use crate::model::visible::one_line;

/// Time between two lines.
const EVERY: Duration = Duration::from_secs(10);

/// Writes plain lines.
pub struct PlainLines {
    state: Mutex<State>,
}

struct State {
    out: Box<dyn Write + Send>,
    started: Instant,
    last: Instant,
}

impl PlainLines {
    /// Lines go to `out`; a reader that went away is no error.
    pub fn new(out: Box<dyn Write + Send>) -> PlainLines {
        let now = Instant::now();
        let state = Mutex::new(State {
            out,
            started: now,
            last: now,
        });
        PlainLines { state }
    }
}

impl Listener for PlainLines {
    fn hear(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let line = match event {
            Event::Notice(words) => format!("note: {}", one_line(words)),
            Event::Progress(progress) if state.last.elapsed() >= EVERY => {
                state.last = Instant::now();
                progress_line(progress, state.started.elapsed())
            }
            Event::Started { .. } | Event::Learned(_) | Event::Progress(_) | Event::Finished(_) => {
                return;
            }
        };
        let _gone = writeln!(state.out, "{line}");
    }
}

fn progress_line(progress: &Progress, elapsed: Duration) -> String {
    let tally = &progress.tally;
    let notes = match progress.notes {
        0 => String::new(),
        notes => format!(", {} created", counted(notes, "note")),
    };
    let files = files(progress).map_or_else(String::new, |files| format!(", {files}"));
    format!(
        "{} rows settled, {} refused{notes}{files}, {}",
        count(tally.settled()),
        count(tally.of(Fate::Refused)),
        rate(tally.settled(), elapsed)
    )
}
