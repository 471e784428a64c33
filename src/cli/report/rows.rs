//! A run of rows as a page, read from its journal and the files next to it; an undo is such a run,
//! too.

use std::borrow::Cow;
use std::path::Path;

use serde_json::Value;

use super::head;
use crate::cli::console::Console;
use crate::cli::families::known;
use crate::cli::reopen::places_of;
use crate::cli::run_status::{RunStatus, State, look};
use crate::error::Error;
use crate::import::settle::log::calls_over_time;
use crate::journal::{Figures, FileState, Header, PastRow, Reading, RefusedRows};
use crate::model::count::{count, counted};
use crate::model::outcome::{Change, Fate, RowEnd};
use crate::model::place::Places;
use crate::model::run_report::{
    RefusedExample, ReportedFindings, ReportedRefusals, ReportedTicket, ReportedVerification,
    RunReport,
};
use crate::model::shell;
use crate::model::visible::one_line;
use crate::output::read_regular;
use crate::report::run_html;
use crate::review::finding::Difference;
use crate::review::findings_file::{self, FoundKind};
use crate::review::undo::outcome_file;
use crate::review::undo::run::KIND;
use crate::review::verified_file;

/// Refused rows that are shown of each reason.
const EXAMPLES: usize = 100;
/// Refused rows that are shown in all, divided among the reasons if there are many.
const ALL_EXAMPLES: usize = 2_000;
/// Findings of a kind that are shown.
const FINDINGS: usize = 50;
/// Tickets that are shown.
const TICKETS: usize = 20;
/// In bytes; a longer summary is not ours.
const LONGEST: u64 = 16 << 20;

/// The page.
pub(super) fn page(folder: &Path, console: &Console) -> Result<String, Error> {
    let reading = Reading::open(folder)?;
    let mut report = gathered(folder, &reading, reading.header()?)?;
    let mut run = look(folder)?;
    run.relate(&known([folder]), console);
    report.head.state = run.state_words();
    report.since = since(&run);
    report.parent = run.parent.take();
    run_html(&report).map_err(head::unmade)
}

/// What became of a run by later retries and undos.
fn since(run: &RunStatus) -> Vec<(&'static str, String)> {
    let family = run.family.as_ref().filter(|_| !run.is_later());
    let retried = family.map(|family| {
        let fates = Fate::ALL.map(|fate| (family.count(fate), fate.word()));
        let fates = fates.into_iter().chain([(family.undone, "undone")]);
        let fates: Vec<String> = fates
            .filter(|(rows, _)| *rows > 0)
            .map(|(rows, word)| format!("{} {word}", count(rows)))
            .collect();
        let names = family.names.get(1..).unwrap_or_default().join(", ");
        let words = format!("{names}; with what that came to: {}", fates.join(", "));
        ("Retried by", words)
    });
    let undone = run.undone.as_ref().map(|(names, rows)| {
        let words = format!("{}: {}", names.join(", "), counted(*rows, "row"));
        ("Undone by", words)
    });
    retried.into_iter().chain(undone).collect()
}

fn gathered(folder: &Path, reading: &Reading, header: Header) -> Result<RunReport, Error> {
    let figures = reading.figures()?;
    let places = places_of(&header.inputs);
    let refused = reading.refused_rows(EXAMPLES)?;
    let most = ALL_EXAMPLES / refused.len().max(1);
    let is_undo = header.operation == KIND;
    let facts = match is_undo {
        true => undone_facts(folder, reading, &figures)?,
        false => facts(&figures),
    };
    let mut values: Vec<_> = figures.values.into_iter().collect();
    values.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
    let state = State::of_run(folder, figures.state);
    let head = head::of_header(folder, &header, state.word(), figures.times);
    Ok(RunReport {
        parent: header.parent,
        stopped: why_stopped(folder, state, &head.name),
        head,
        undoes: header
            .undoes
            .map(|undone| undone.folder.display().to_string()),
        since: Vec::new(),
        operation: header.operation,
        facts,
        refusals: refused
            .into_iter()
            .map(|group| refusals(group, most, &places))
            .collect(),
        values,
        calls: calls_over_time(folder).ok().flatten(),
        tickets: tickets(folder, reading, &places)?,
        verified: verified(folder)?,
        refused_file: match is_undo {
            true => outcome_file::NAME.to_owned(),
            false => refused_file(folder),
        },
        remarks: figures.remarks.into_iter().collect(),
        tally: figures.tally,
    })
}

/// What the last verification found; none if nobody verified.
fn verified(folder: &Path) -> Result<Option<ReportedVerification>, Error> {
    let unreadable = |error| {
        let folder = folder.display();
        Error::must_fix(format!("can't read verify.csv of {folder}")).because(error)
    };
    let found = findings_file::read(folder, FINDINGS).map_err(unreadable)?;
    let meant = |found: FoundKind| ReportedFindings {
        meaning: Difference::meaning(&found.word),
        word: found.word,
        number: found.number,
        examples: found.first,
    };
    Ok(found.map(|found| ReportedVerification {
        compared: verified_file::read(folder),
        findings: found.into_iter().map(meant).collect(),
    }))
}

/// Why a run stopped, according to its summary, and how to continue it. A run without a summary was
/// ended from outside; one that stopped at its last row has nothing left to resume.
fn why_stopped(folder: &Path, state: State, name: &str) -> Option<String> {
    let summary = summary(folder);
    let why = summary["stopped"]["why"].as_str();
    let why = why.or_else(|| summary["stop"].as_str()).map(one_line);
    match state {
        State::Stopped => {
            let why = why.unwrap_or("its process was ended from outside".into());
            let resume = format!("`tickethaul resume {}`", shell::word(name));
            Some(format!("{why}. {resume} continues"))
        }
        State::Finished => why.map(Cow::into_owned),
        _ => None,
    }
}

/// What was created besides tickets.
fn facts(figures: &Figures) -> Vec<String> {
    let changes = figures.changes.iter();
    let changes = changes.map(|(change, rows)| (*rows, "ticket", change.word()));
    let others = [
        (figures.contacts_created, "contact", "created"),
        (figures.notes.made, "note", "created"),
        (figures.files.made, "file", "uploaded"),
        (figures.notes.there, "note", "there before"),
        (figures.files.there, "file", "there before"),
    ];
    sentences(changes.chain(others))
}

/// What an undo took back, and what stays.
fn undone_facts(folder: &Path, reading: &Reading, figures: &Figures) -> Result<Vec<String>, Error> {
    let files = reading.deletions()?;
    let deleted = files.iter().filter(|file| file.state == FileState::Deleted);
    let deleted = deleted.count() as u64;
    let stays = |state| matches!(state, FileState::Used | FileState::Changed);
    let left = files.iter().filter(|file| stays(file.state)).count() as u64;
    let contacts = summary(folder)["contacts_left"].as_u64().unwrap_or(0);
    let changes = figures.changes.iter();
    let changes = changes.map(|(change, rows)| (*rows, "ticket", undone_words(*change)));
    let others = [
        (figures.refused_in_part, "row", "taken back in part"),
        (figures.notes_archived, "note", "moved to the recycle bin"),
        (deleted, "file", "deleted"),
        (left, "file", "left, as undo.csv says why"),
        (
            contacts,
            "contact",
            "that the run created left in the portal",
        ),
    ];
    Ok(sentences(changes.chain(others)))
}

/// What an undo did with a ticket, in words.
fn undone_words(change: Change) -> &'static str {
    match change {
        Change::Archived => "moved to the recycle bin",
        Change::Updated => "given the former values",
        Change::Unlinked => "without the links that the run made",
        Change::Noted => "without the notes that the run made",
        Change::Created | Change::Linked => change.word(),
    }
}

/// A sentence for each count that is not zero.
fn sentences<'a>(counts: impl Iterator<Item = (u64, &'a str, &'a str)>) -> Vec<String> {
    let counts = counts.filter(|(number, ..)| *number > 0);
    counts
        .map(|(number, noun, words)| format!("{} {words}", counted(number, noun)))
        .collect()
}

fn refusals(group: RefusedRows, most: usize, places: &Places) -> ReportedRefusals {
    let examples = group.first.into_iter().take(most).filter_map(|row| {
        let PastRow { row, key, end, .. } = row;
        let RowEnd::Refused(refusal) = end else {
            return None;
        };
        Some(RefusedExample {
            place: places.cell(row.address),
            key: key.unwrap_or_default().into(),
            column: refusal.column,
            value: refusal.value,
            hint: refusal.hint,
        })
    });
    ReportedRefusals {
        code: group.code,
        words: group.words,
        rows: group.rows,
        examples: examples.collect(),
    }
}

fn tickets(
    folder: &Path,
    reading: &Reading,
    places: &Places,
) -> Result<Vec<ReportedTicket>, Error> {
    let address = ticket_address(folder);
    let rows = reading.done_after(0, TICKETS)?.into_iter();
    let tickets = rows.map(|row| ReportedTicket {
        place: places.cell(row.row.address),
        url: address
            .as_ref()
            .map(|address| format!("{address}{}", row.ticket)),
        key: row.key,
        id: row.ticket,
        change: row.change.word(),
    });
    Ok(tickets.collect())
}

/// The part of a ticket's address before its id, from the summary.
fn ticket_address(folder: &Path) -> Option<String> {
    let summary = summary(folder);
    let address = summary["ticket_address"].as_str()?;
    // A folder is data: the page may link only to a web address.
    address.starts_with("https://").then(|| address.to_owned())
}

/// The outcome of a run, if it has ended.
fn summary(folder: &Path) -> Value {
    let text = read_regular(&folder.join("summary.json"), LONGEST);
    let summary = text
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok());
    summary.unwrap_or_default()
}

fn refused_file(folder: &Path) -> String {
    let is_json = folder.join("refused.jsonl").is_file();
    let name = if is_json {
        "refused.jsonl"
    } else {
        "refused.csv"
    };
    name.to_owned()
}
