//! How a run goes on from the data set that stands at its target (E3): by what changed
//! since, or, where that would not do, by reading all.

use jiff::{SignedDuration, Timestamp};

use super::base::Base;
use super::columns::columns;
use super::evolve::Evolved;
use crate::export::job::{Job, Onward, Window};

/// What was in the window of the last run is looked at again: the search index shows
/// some changes late.
const OVERLAP: SignedDuration = SignedDuration::from_hours(1);

/// The mark stays this far behind the beginning of a run.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// How a run goes on, and what is to be said of it. `reconcile` reads all.
pub fn onward(job: &Job, base: Option<&Base>, reconcile: bool) -> (Onward, Vec<String>) {
    let Some(base) = base else {
        return (Onward::Anew, Vec::new());
    };
    let evolved = columns(job, Some(base));
    let run = base.state.run.clone();
    let mut words = told(&evolved);
    let window = job.started.map(|to| Window {
        from: base
            .state
            .mark
            .checked_sub(OVERLAP)
            .unwrap_or(Timestamp::UNIX_EPOCH),
        to,
    });
    match window {
        Some(window) if !reconcile && evolved.retyped.is_empty() => {
            (Onward::Since(run, window), words)
        }
        _ => {
            if !evolved.retyped.is_empty() {
                words.push("all tickets are read anew".to_owned());
            }
            (Onward::Whole(run), words)
        }
    }
}

/// Where the next run goes on.
pub fn mark(started: Option<Timestamp>) -> Timestamp {
    let mark = started.and_then(|started| started.checked_sub(MARGIN).ok());
    mark.unwrap_or(Timestamp::UNIX_EPOCH)
}

fn told(evolved: &Evolved) -> Vec<String> {
    let mut words = Vec::new();
    if !evolved.added.is_empty() {
        words.push(format!("new columns: {}", evolved.added.join(", ")));
    }
    if !evolved.dropped.is_empty() {
        words.push(format!(
            "the portal does not have {} any more: empty columns from now on",
            evolved.dropped.join(", ")
        ));
    }
    for (column, before, now) in &evolved.retyped {
        words.push(format!("the column {column} holds {now} now, not {before}"));
    }
    words
}
