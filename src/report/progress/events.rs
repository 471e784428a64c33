//! The events of a run on a board: rows that are brought in, then what waits until all
//! tickets are written.

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value, json};

use super::board::Board;
use super::snapshot::Snapshot;
use crate::model::count::{count, counted};
use crate::model::event::{Event, Listener, Progress, Summary};
use crate::model::outcome::{Fate, Tally};
use crate::report::words::files;

/// Shows a run.
pub struct RunBoard {
    board: Board,
    course: Mutex<Course>,
}

/// What is known of the run from its beginning.
#[derive(Clone, Copy, Debug, Default)]
struct Course {
    bytes: Option<u64>,
    limit: Option<u64>,
}

impl RunBoard {
    /// Shows a run on a board.
    pub fn new(board: Board) -> RunBoard {
        RunBoard {
            board,
            course: Mutex::default(),
        }
    }
}

impl Listener for RunBoard {
    fn hear(&self, event: &Event) {
        let mut course = self.course.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Started {
                run,
                total_bytes,
                limit,
            } => {
                *course = Course {
                    bytes: *total_bytes,
                    limit: *limit,
                };
                let fields = json!({"run": run, "bytes": total_bytes});
                self.board.event("started", object(fields));
            }
            Event::Notice(words) => self.board.notice(words),
            Event::Learned(learned) => {
                let fields = json!({"text": learned.words()});
                self.board.event("learned", object(fields));
            }
            Event::Progress(progress) => self.board.at(course.snapshot(progress)),
            Event::Finished(summary) => {
                self.board.end();
                self.board.event("finished", finished(summary));
            }
        }
    }
}

impl Course {
    /// How far the run is. What waits until all tickets are written is a separate phase.
    fn snapshot(&self, progress: &Progress) -> Snapshot {
        let (read, settled) = (progress.tally.read(), progress.tally.settled());
        let written = (settled + progress.waiting).min(read);
        let is_last = progress.is_read && progress.waiting > 0 && written == read;
        let also = also(progress, is_last);
        let more = fields(progress);
        let (phase, done, total, share) = match is_last {
            true => ("adding links and notes", settled, Some(read), None),
            false => ("importing", written, None, self.share(progress, written)),
        };
        Snapshot {
            total,
            share,
            also,
            more,
            ..Snapshot::new(phase, "row", total).at(done)
        }
    }

    /// The share of the input that is written. A run ends at the end of the file, or at its limit.
    fn share(&self, progress: &Progress, written: u64) -> Option<f64> {
        let read = progress.tally.read().max(1) as f64;
        if progress.is_read {
            return Some(written as f64 / read);
        }
        let bytes = self.bytes.filter(|bytes| *bytes > 0)? as f64;
        let by_bytes = progress.read_bytes as f64 / bytes * written as f64 / read;
        let limit = self.limit.filter(|limit| *limit > 0);
        let by_limit = limit.map_or(0.0, |limit| written as f64 / limit as f64);
        Some(by_bytes.max(by_limit).min(1.0))
    }
}

fn also(progress: &Progress, is_last: bool) -> Vec<String> {
    let refused = format!("{} refused", count(progress.tally.of(Fate::Refused)));
    let notes = (progress.notes > 0 || is_last).then(|| counted(progress.notes, "note"));
    let more = [notes, files(progress)].into_iter().flatten();
    std::iter::once(refused).chain(more).collect()
}

fn fields(progress: &Progress) -> Map<String, Value> {
    object(json!({
        "bytes": progress.bytes,
        "read": progress.tally.read(),
        "rows": rows(&progress.tally),
        "notes": progress.notes,
        "files": progress.uploaded.files,
        "file_bytes": progress.uploaded.bytes,
        "files_in_flight": progress.in_flight.files,
        "file_bytes_in_flight": progress.in_flight.bytes,
    }))
}

fn finished(summary: &Summary) -> Map<String, Value> {
    object(json!({
        "run": summary.run,
        "read": summary.tally.read(),
        "rows": rows(&summary.tally),
        "seconds": (summary.elapsed.as_secs_f64() * 10.0).round() / 10.0,
        "stopped": summary.stop.as_ref().map(|stop| stop.to_string()),
    }))
}

fn rows(tally: &Tally) -> Value {
    Fate::ALL
        .into_iter()
        .map(|fate| (fate.word().to_owned(), json!(tally.of(fate))))
        .collect::<Map<_, _>>()
        .into()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many rows are read, of which some are done and some wait.
    fn progress(read: u64, done: u64, waiting: u64) -> Progress {
        let mut tally = Tally::resumed([(Fate::Done, done)]);
        (done..read).for_each(|_| tally.enter());
        Progress {
            tally,
            waiting,
            read_bytes: read * 10,
            ..Progress::default()
        }
    }

    #[test]
    fn the_share_is_of_the_input_or_of_a_limit() {
        let course = Course {
            bytes: Some(10_000),
            limit: None,
        };
        let limited = Course {
            limit: Some(200),
            ..course
        };
        for (course, done, expected) in
            [(course, 50, 0.05), (course, 100, 0.1), (limited, 50, 0.25)]
        {
            let snapshot = course.snapshot(&progress(100, done, 0));
            assert_eq!(snapshot.share(), Some(expected));
            assert_eq!((snapshot.phase, snapshot.done), ("importing", done));
        }
        let unknown = Course::default().snapshot(&progress(100, 50, 0));
        assert_eq!((unknown.share(), unknown.done), (None, 50));
    }

    #[test]
    fn rows_that_wait_for_all_tickets_are_a_phase_of_their_own() {
        let course = Course {
            bytes: Some(10_000),
            limit: None,
        };
        let first = course.snapshot(&progress(500, 10, 300));
        assert_eq!((first.phase, first.done), ("importing", 310));
        assert_eq!(first.share(), Some(0.31));
        let read = |done, waiting| Progress {
            is_read: true,
            ..progress(1_000, done, waiting)
        };
        let whole = course.snapshot(&read(10, 600));
        assert_eq!((whole.phase, whole.share()), ("importing", Some(0.61)));
        let last = course.snapshot(&read(100, 990));
        assert_eq!(
            (last.phase, last.share()),
            ("adding links and notes", Some(0.1))
        );
        assert_eq!(last.also, ["0 refused", "0 notes"]);
    }
}
