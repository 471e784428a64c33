//! The progress line on a terminal: rows, rate, refused, time left. Drawn by
//! indicatif on stderr, gone when the run ends.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::words::{files, rate};
use crate::model::count::{count, counted};
use crate::model::event::{Event, Listener, Progress};
use crate::model::outcome::Fate;
use crate::model::visible::one_line;

/// Draws the line.
pub struct ProgressLine {
    bar: Mutex<Option<ProgressBar>>,
    started: Instant,
}

impl ProgressLine {
    /// A line that appears when the run starts.
    pub fn new() -> ProgressLine {
        ProgressLine {
            bar: Mutex::new(None),
            started: Instant::now(),
        }
    }
}

impl Default for ProgressLine {
    fn default() -> ProgressLine {
        ProgressLine::new()
    }
}

impl Listener for ProgressLine {
    fn hear(&self, event: &Event) {
        let mut bar = self.bar.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started { total_bytes, .. } => *bar = Some(new_bar(*total_bytes)),
            Event::Notice(words) => {
                if let Some(bar) = &*bar {
                    bar.println(format!("note: {}", one_line(words)));
                }
            }
            Event::Progress(progress) => {
                if let Some(bar) = &*bar {
                    bar.set_position(progress.bytes);
                    bar.set_message(words(progress, self.started.elapsed()));
                }
            }
            Event::Learned(_) => {}
            Event::Finished(_) => {
                if let Some(bar) = bar.take() {
                    bar.finish_and_clear();
                }
            }
        }
    }
}

fn new_bar(total_bytes: Option<u64>) -> ProgressBar {
    let template = match total_bytes {
        Some(_) => "{bar:24} {percent:>3}%  {msg}  {eta} left",
        None => "{spinner} {msg}",
    };
    let bar = match total_bytes {
        Some(bytes) => ProgressBar::new(bytes),
        None => ProgressBar::new_spinner(),
    };
    let style =
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.with_style(style)
}

fn words(progress: &Progress, elapsed: Duration) -> String {
    let tally = &progress.tally;
    let notes = match progress.notes {
        0 => String::new(),
        notes => format!("  {}", counted(notes, "note")),
    };
    let files = files(progress).map_or_else(String::new, |files| format!("  {files}"));
    format!(
        "{} rows  {}  {} refused{notes}{files}",
        count(tally.settled()),
        rate(tally.settled(), elapsed),
        count(tally.of(Fate::Refused))
    )
}
