//! Progress for scripts: one JSON object a line, versioned. Fields may be added,
//! never changed.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::model::event::{Event, Listener};
use crate::model::outcome::{Fate, Tally};
use crate::model::visible::safe_json;

/// Time between two progress lines.
const EVERY: Duration = Duration::from_millis(500);

/// Writes events as JSON lines.
pub struct JsonLines {
    state: Mutex<(Box<dyn Write + Send>, Option<Instant>)>,
}

impl JsonLines {
    /// Lines go to `out`; a reader that went away is no error.
    pub fn new(out: Box<dyn Write + Send>) -> JsonLines {
        JsonLines {
            state: Mutex::new((out, None)),
        }
    }
}

impl Listener for JsonLines {
    fn hear(&self, event: &Event) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(event, Event::Progress(_)) {
            if state.1.is_some_and(|last| last.elapsed() < EVERY) {
                return;
            }
            state.1 = Some(Instant::now());
        }
        let line = line(event).to_string();
        let _gone = writeln!(state.0, "{}", safe_json(&line));
    }
}

fn line(event: &Event) -> Value {
    match event {
        Event::Started { run, total_bytes } => {
            json!({"v": 1, "event": "started", "run": run, "bytes": total_bytes})
        }
        Event::Notice(words) => json!({"v": 1, "event": "notice", "text": words}),
        Event::Learned(learned) => {
            json!({"v": 1, "event": "learned", "text": learned.words()})
        }
        Event::Progress(progress) => json!({
            "v": 1, "event": "progress", "bytes": progress.bytes,
            "read": progress.tally.read(), "rows": rows(&progress.tally), "notes": progress.notes,
            "files": progress.uploaded.files, "file_bytes": progress.uploaded.bytes,
            "files_in_flight": progress.in_flight.files,
            "file_bytes_in_flight": progress.in_flight.bytes,
        }),
        Event::Finished(summary) => json!({
            "v": 1, "event": "finished", "run": summary.run,
            "read": summary.tally.read(), "rows": rows(&summary.tally),
            "stopped": summary.stop.as_ref().map(|stop| stop.words()),
        }),
    }
}

fn rows(tally: &Tally) -> Value {
    Fate::ALL
        .into_iter()
        .map(|fate| (fate.word().to_owned(), json!(tally.of(fate))))
        .collect::<serde_json::Map<_, _>>()
        .into()
}
