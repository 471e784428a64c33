//! How a run continues from the data set at its target (E3): by what changed since, or,
//! if that is not enough, by reading all.

use jiff::{SignedDuration, Timestamp};

use super::base::Base;
use super::columns::columns;
use super::evolve::Evolved;
use super::fingerprint::{relabelled, shown};
use crate::export::job::{Job, Onward};
use crate::export::output::Target;
use crate::export::window::Window;

/// The end of the last run's window is read again: the search index shows some changes
/// late.
const OVERLAP: SignedDuration = SignedDuration::from_hours(1);

/// The mark stays this far behind the beginning of a run.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// How a run continues, and what to report about it. Everything is read if `reconcile` is set, or
/// after any change that no ticket's date shows.
pub fn onward(job: &Job, base: Option<&Base>, reconcile: bool) -> (Onward, Vec<String>) {
    let Some(base) = base else {
        return (Onward::Anew, Vec::new());
    };
    let evolved = columns(job, Some(base));
    let mut words = column_words(&evolved);
    let unseen = unseen(job, base);
    let reads_all =
        !(unseen.is_empty() && evolved.retyped.is_empty() && evolved.returned.is_empty());
    words.extend(unseen);
    if reads_all {
        words.push("all tickets are read again".to_owned());
    }
    let run = base.state.run.clone();
    let from = base.state.mark.checked_sub(OVERLAP);
    let from = from.unwrap_or(Timestamp::UNIX_EPOCH);
    match job.started.filter(|_| !reads_all && !reconcile) {
        Some(to) => (Onward::Since(run, Window { from, to }), words),
        None => (Onward::Whole(run), words),
    }
}

/// Reasons why rows differ although their tickets did not change. Rows of a log stay as they were.
fn unseen(job: &Job, base: &Base) -> Vec<String> {
    let mut unseen = Vec::new();
    let mark = base.state.mark;
    if let Some(started) = job.started.filter(|started| *started < mark) {
        unseen.push(format!(
            "by the portal's clock it is {started:.0}, and the last run was after that"
        ));
    }
    let (by, lost) = match &job.target {
        Target::Folder(_, by) => (by.property.as_str(), by.lost),
        Target::File(_) | Target::Stream(_) => ("", false),
    };
    if base.state.parts_lost && !lost {
        unseen.push(format!(
            "the portal has {by} again, by which the parts are made"
        ));
    }
    let relabelled = relabelled(&base.state.labels, &shown(job, by));
    if !relabelled.is_empty() && !job.selection.append {
        let names = relabelled.join(", ");
        unseen.push(format!("labels of {names} have changed"));
    }
    unseen
}

/// Where the next run continues.
pub fn mark(started: Option<Timestamp>) -> Timestamp {
    let mark = started.and_then(|started| started.checked_sub(MARGIN).ok());
    mark.unwrap_or(Timestamp::UNIX_EPOCH)
}

fn column_words(evolved: &Evolved) -> Vec<String> {
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
    for one in &evolved.continued {
        words.push(format!(
            "the column {} holds {} now, not {}: it continues in the column {}",
            one.column, one.now, one.before, one.continues_in
        ));
    }
    for (column, before, now) in &evolved.retyped {
        words.push(format!("the column {column} holds {now} now, not {before}"));
    }
    words
}
