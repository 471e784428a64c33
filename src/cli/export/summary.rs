//! Reports a finished export, to people and to programs.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use super::target::Goes;
use crate::cli::console::Console;
use crate::export::{Done, FilesSum};
use crate::model::count::{count, counted, counted_as};

/// The result for people, one sentence each.
pub(super) fn words(done: &Done, goes: &Goes, goes_on: bool) -> Vec<String> {
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
    let mut words = vec![match (merged, done.lines) {
        (Some(merged), Some(lines)) => format!(
            "{} added, {} gone; the log holds {} of {tickets}{archived}{tables}",
            counted(merged.changed, "line"),
            count(merged.gone),
            counted(lines, "line"),
        ),
        (None, _) => format!("{tickets} exported{archived}{tables}"),
        (Some(merged), None) => format!(
            "{} new or changed, {} gone; the data set holds {tickets}{archived}{tables}",
            count(merged.changed),
            count(merged.gone)
        ),
    }];
    words.extend(rest(done));
    words.extend(issue(done, goes.path().is_none()));
    words
}

/// What the export lacks, or has beyond the portal, in words; none if there is nothing of either.
pub(super) fn amiss(done: &Done, goes: &Goes) -> Option<String> {
    let files = || done.attachments.as_ref().and_then(files_lacking);
    let issue = issue(done, goes.path().is_none());
    issue.or_else(files).or_else(|| uncounted(done))
}

fn uncounted(done: &Done) -> Option<String> {
    (done.uncounted > 0).then(|| {
        format!(
            "the portal counts {} fewer: some may have been deleted for good; --reconcile takes those out",
            counted(done.uncounted, "ticket")
        )
    })
}

/// Sentences on what the export lacks, and on its files.
fn rest(done: &Done) -> Vec<String> {
    let mut words = Vec::from_iter(uncounted(done));
    if let Some(first) = done.missing.first() {
        let ids = counted_as(done.missing.len(), "id is", "ids are");
        words.push(format!("{ids} not in the portal, such as {first}"));
    }
    if done.left_out > 0 {
        let tickets = counted(done.left_out, "ticket");
        words.push(format!(
            "left out: {tickets} archived or merged while the export ran"
        ));
    }
    if let Some(sum) = &done.attachments {
        words.extend(files(sum));
    }
    words
}

fn files(sum: &FilesSum) -> Vec<String> {
    let mut words = vec![format!(
        "{} downloaded, {} there before; {}",
        counted(sum.downloaded, "attachment"),
        count(sum.there),
        counted(sum.bytes, "byte"),
    )];
    words.extend(files_lacking(sum));
    words
}

fn files_lacking(sum: &FilesSum) -> Option<String> {
    let (file, ticket, why) = sum.first.as_ref()?;
    Some(format!(
        "{} not downloaded, such as file {file} of ticket {ticket}: {why}",
        counted_as(sum.lacking, "attachment is", "attachments are"),
    ))
}

fn issue(done: &Done, to_stream: bool) -> Option<String> {
    let (id, misfit) = done.first_issue.as_ref()?;
    let place = match to_stream {
        true => "",
        false => " but in the .issues.csv beside it",
    };
    let what = match misfit.cell {
        Some(_) => counted_as(done.issues, "value is", "values are"),
        None => counted_as(done.issues, "row is", "rows are"),
    };
    Some(format!(
        "{what} not in the export{place}: ticket {id} has `{}` in {}, which holds {}",
        misfit.value, misfit.column, misfit.wanted
    ))
}

/// The result for programs, if stdout is free for it.
pub(super) fn print_json(
    done: &Done,
    goes: &Goes,
    goes_on: bool,
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
