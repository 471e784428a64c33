//! How far an export is: a line on a terminal, plain lines or JSON lines elsewhere.
//! The time left is told while tickets are read and their number is known.

use std::io::Write;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::words::{duration, rate};
use crate::model::count::{count, counted};

/// Time between two plain lines, and between two JSON lines.
const PLAIN_EVERY: Duration = Duration::from_secs(10);
const JSON_EVERY: Duration = Duration::from_millis(500);

/// Shows how far an export is.
pub struct HaulProgress {
    face: Face,
    total: Option<u64>,
    started: Instant,
    last: Instant,
}

/// How it is shown.
pub enum Face {
    /// Nothing is shown.
    Silent,
    /// A line that moves.
    Bar(Box<ProgressBar>),
    /// A line now and then.
    Plain(Box<dyn Write + Send>),
    /// A JSON object a line; fields may be added, never changed.
    Json(Box<dyn Write + Send>),
}

impl Face {
    /// A line that moves, on stderr.
    pub fn bar() -> Face {
        let style = ProgressStyle::with_template("{spinner} {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        Face::Bar(Box::new(ProgressBar::new_spinner().with_style(style)))
    }
}

impl HaulProgress {
    /// Begins; `total` is the number of tickets as far as it is known.
    pub fn new(face: Face, total: Option<u64>) -> HaulProgress {
        let now = Instant::now();
        HaulProgress {
            face,
            total,
            started: now,
            last: now,
        }
    }

    /// So many tickets are read.
    pub fn read(&mut self, tickets: u64) {
        let elapsed = self.started.elapsed();
        let total = self.total.filter(|total| *total >= tickets);
        let of = total.map_or_else(String::new, |total| format!(" of {}", count(total)));
        let left = total.and_then(|total| time_left(tickets, total, elapsed));
        let left = left.map_or_else(String::new, |left| format!(", {} left", duration(left)));
        let pace = rate(tickets, elapsed);
        let words = || format!("{}{of} tickets read, {pace}{left}", count(tickets));
        self.show("reading", tickets, words);
    }

    /// Of so many tickets the links are read.
    pub fn linked(&mut self, tickets: u64) {
        self.show("linking", tickets, || {
            format!("links of {} read", counted(tickets, "ticket"))
        });
    }

    /// So many files are downloaded, or there already.
    pub fn brought(&mut self, files: u64) {
        self.show("downloading", files, || {
            format!("{} settled", counted(files, "file"))
        });
    }

    /// So many tickets are written.
    pub fn written(&mut self, tickets: u64) {
        self.show("writing", tickets, || {
            format!("{} written", counted(tickets, "ticket"))
        });
    }

    fn show(&mut self, phase: &str, tickets: u64, words: impl FnOnce() -> String) {
        let every = match self.face {
            Face::Silent => return,
            Face::Bar(_) => Duration::from_millis(100),
            Face::Plain(_) => PLAIN_EVERY,
            Face::Json(_) => JSON_EVERY,
        };
        if self.last.elapsed() < every {
            return;
        }
        self.last = Instant::now();
        match &mut self.face {
            Face::Silent => {}
            Face::Bar(bar) => {
                bar.set_message(words());
                bar.tick();
            }
            Face::Plain(out) => {
                let _gone = writeln!(out, "{}", words());
            }
            Face::Json(out) => {
                let line = json!({
                    "v": 1, "event": "progress", "phase": phase,
                    "tickets": tickets, "total": self.total,
                });
                let _gone = writeln!(out, "{line}");
            }
        }
    }
}

impl Drop for HaulProgress {
    fn drop(&mut self) {
        if let Face::Bar(bar) = &self.face {
            bar.finish_and_clear();
        }
    }
}

/// None before anything is read.
fn time_left(tickets: u64, total: u64, elapsed: Duration) -> Option<Duration> {
    let per_ticket = elapsed.checked_div(u32::try_from(tickets).ok()?)?;
    per_ticket.checked_mul(u32::try_from(total - tickets).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_left_is_told_once_something_is_read() {
        let second = Duration::from_secs(1);
        assert_eq!(time_left(0, 100, second), None);
        assert_eq!(time_left(25, 100, second), Some(3 * second));
        assert_eq!(time_left(100, 100, second), Some(Duration::ZERO));
    }
}
