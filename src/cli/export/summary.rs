//! Reports a finished export, to people and to programs.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::target::Goes;
use crate::cli::console::Console;
use crate::export::{Done, FilesSum};
use crate::model::count::{count, counted, counted_as};

/// For people.
pub(super) fn tell(done: &Done, (goes, goes_on): (&Goes, bool), console: &Console) {
    let archived = match done.archived {
        0 => String::new(),
        archived => format!(", {} of them archived", count(archived)),
    };
    let tables = done.tables.iter();
    let tables: String = tables
        .map(|(name, rows)| format!(", {} of {name}", counted(*rows, "row")))
        .collect();
    let tickets = counted(done.tickets, "ticket");
    let merged = done.merged.filter(|_| goes_on);
    match (merged, done.lines) {
        (Some(merged), Some(lines)) => console.say(&format!(
            "{} added, {} gone; the log holds {} of {tickets}{archived}{tables}",
            counted(merged.changed, "line"),
            count(merged.gone),
            counted(lines, "line"),
        )),
        (None, _) => console.say(&format!("{tickets} exported{archived}{tables}")),
        (Some(merged), None) => console.say(&format!(
            "{} new or changed, {} gone; the data set holds {tickets}{archived}{tables}",
            count(merged.changed),
            count(merged.gone)
        )),
    }
    say_rest(done, console);
    say_issue(done, goes.path().is_none(), console);
}

/// What it lacks, and its files.
fn say_rest(done: &Done, console: &Console) {
    if done.uncounted > 0 {
        console.say(&format!(
            "the portal counts {} fewer: some may have been deleted for good; --reconcile takes those out",
            counted(done.uncounted, "ticket")
        ));
    }
    if let Some(first) = done.missing.first() {
        let ids = counted_as(done.missing.len(), "id is", "ids are");
        console.say(&format!("{ids} not in the portal, such as {first}"));
    }
    if done.left_out > 0 {
        let tickets = counted(done.left_out, "ticket");
        console.say(&format!(
            "left out: {tickets} archived or merged while the export ran"
        ));
    }
    if let Some(sum) = &done.attachments {
        say_files(sum, console);
    }
}

fn say_files(sum: &FilesSum, console: &Console) {
    console.say(&format!(
        "{} downloaded, {} there before; {}",
        counted(sum.downloaded, "attachment"),
        count(sum.there),
        counted(sum.bytes, "byte"),
    ));
    if let Some((file, ticket, why)) = &sum.first {
        console.say(&format!(
            "{} not downloaded, such as file {file} of ticket {ticket}: {why}",
            counted_as(sum.lacking, "attachment is", "attachments are"),
        ));
    }
}

/// For programs, if stdout is free for it.
pub(super) fn tell_json(
    done: &Done,
    (goes, goes_on): (&Goes, bool),
    time: Duration,
    console: &Console,
) {
    // stdout has the tickets.
    if !matches!(goes, Goes::Stream(None)) {
        console.result(&json!({
            "tickets": done.tickets,
            "archived": done.archived,
            "tables": done.tables.iter().cloned().collect::<BTreeMap<_, _>>(),
            "issues": done.issues,
            "left_out": done.left_out,
            "changed": done.merged.filter(|_| goes_on).map(|merged| merged.changed),
            "gone": done.merged.filter(|_| goes_on).map(|merged| merged.gone),
            "lines": done.lines,
            "uncounted": done.uncounted,
            "attachments": done.attachments.as_ref().map(|sum| json!({
                "downloaded": sum.downloaded,
                "there": sum.there,
                "bytes": sum.bytes,
                "lacking": sum.lacking,
            })),
            "files": done.files,
            "calls": done.calls,
            "seconds": time.as_secs_f64(),
            "missing": done.missing.iter().map(u64::to_string).collect::<Vec<_>>(),
        }));
    }
}

fn say_issue(done: &Done, to_stream: bool, console: &Console) {
    let Some((id, misfit)) = &done.first_issue else {
        return;
    };
    let place = match to_stream {
        true => "",
        false => " but in the .issues.csv beside it",
    };
    console.say(&format!(
        "{} not in the export{place}: ticket {id} has `{}` in {}, which holds {}",
        counted_as(done.issues, "row is", "rows are"),
        misfit.value,
        misfit.column,
        misfit.wanted
    ));
}
