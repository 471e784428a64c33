//! A run of rows as a page: how its rows ended, what was refused, what became of values,
//! what was verified, its calls, the first tickets. An undo is a run of rows too, whose
//! rows end as the run's own left them.

use super::calls::add_calls;
use super::chart::bar;
use super::page::{Cell, Page, Part, Table};
use super::refused::{Reason, add_refused};
use super::verified::add_verified;
use crate::model::count::{count, counted, counted_as};
use crate::model::outcome::Fate;
use crate::model::run_report::{ReportedRefusals, RunReport};
use crate::model::shell;
use crate::report::summary::meaning;

/// Values of a remark that are shown.
const VALUES: usize = 20;

/// The page.
///
/// # Errors
/// When the template is broken, which a test rules out.
pub fn run_html(report: &RunReport) -> Result<String, minijinja::Error> {
    let read = counted(report.tally.read(), "row");
    let mut page = Page::new(&report.head, &read, lead(report, &read));
    if let Some(parent) = &report.parent {
        page.fact("Retries", format!("refused rows of {parent}"));
    }
    if let Some(undone) = &report.undoes {
        page.fact("Takes back", undone.clone());
    }
    for (name, words) in &report.since {
        page.fact(*name, words.clone());
    }
    if let Some(why) = &report.stopped {
        page.fact("Stopped", why.clone());
    }
    add_fates(&mut page, report, &read);
    let (heading, words) = refused_words(report);
    let reasons = report.refusals.iter().map(reason).collect();
    add_refused(&mut page, heading, words, reasons);
    add_remarks(&mut page, report);
    add_verified(&mut page, report.verified.as_ref());
    add_calls(&mut page, report.calls.as_ref());
    add_tickets(&mut page, report);
    page.html()
}

/// What was done with which rows, in a sentence.
fn lead(report: &RunReport, read: &str) -> String {
    let portal = report.head.portal.as_ref();
    let portal = portal.map_or_else(String::new, |(id, _)| format!(" portal {id}"));
    if let Some(undone) = &report.undoes {
        return format!("{read} of {undone} to be taken back in{portal}");
    }
    let input = match report.head.inputs.as_slice() {
        [] => "the input".to_owned(),
        [one] => one.name.clone(),
        [first, more @ ..] => format!("{} and {} more", first.name, more.len()),
    };
    format!("{read} of {input}, {}, into{portal}", report.operation)
}

fn add_fates(page: &mut Page, report: &RunReport, read: &str) {
    let undoes = report.undoes.is_some();
    let fates = Fate::ALL.map(|fate| (word(fate, undoes), report.rows(fate), fate));
    let shares = fates.map(|(word, rows, _)| (word, rows));
    let rows = fates.iter().filter(|(_, rows, _)| *rows > 0);
    let rows = rows.map(|(word, rows, fate)| {
        let meaning = match undoes {
            true => undone_meaning(*fate),
            false => meaning(*fate),
        };
        [
            Cell::from(count(*rows)),
            Cell::marked(word),
            Cell::from(meaning),
        ]
    });
    let table = Table::new("Fates", &["#Rows", "Fate", "What that means"])
        .caption(format!("{read} read; the fates add up to them"))
        .rows(rows);
    let mut parts = vec![Part::chart(bar("Rows by fate", &shares)), Part::from(table)];
    if !report.facts.is_empty() {
        parts.push(Part::items(report.facts.clone()));
    }
    page.section("How the rows ended", parts);
}

/// The word for a fate; an undo calls some by other words, as undo.csv does.
fn word(fate: Fate, undoes: bool) -> &'static str {
    match (fate, undoes) {
        (Fate::Refused, true) => "left",
        (Fate::Skipped, true) => "before",
        _ => fate.word(),
    }
}

/// What a fate means to an undo.
fn undone_meaning(fate: Fate) -> &'static str {
    match fate {
        Fate::Done => "taken back",
        Fate::Exists | Fate::Unchanged => "nothing was left to take back",
        Fate::Skipped => "taken back by an undo before",
        Fate::Refused => "left as it is, or in part; reasons below",
        Fate::Pending => "not looked at yet",
        Fate::Unknown => "sent, outcome not known",
    }
}

/// Heading and first sentence of the section on refused rows.
fn refused_words(report: &RunReport) -> (&'static str, String) {
    let rows = report.rows(Fate::Refused);
    let file = &report.refused_file;
    if report.undoes.is_some() {
        let left = counted_as(
            rows,
            "row was left as it is, or in part",
            "rows were left as they are, or in part",
        );
        let words = format!("{left}. All of them are in {file}.");
        return ("Left by reason", words);
    }
    let words = format!(
        "{} not taken. All of them are in {file}, each with its reason; once they are fixed there, \
         `tickethaul retry {}` takes them up.",
        counted_as(rows, "row was", "rows were"),
        shell::word(&report.head.name)
    );
    ("Refused rows by reason", words)
}

fn reason(group: &ReportedRefusals) -> Reason {
    let examples = group.examples.iter().map(|example| {
        [
            &example.place,
            &example.key,
            &example.column,
            &example.value,
            &example.hint,
        ]
        .map(String::clone)
    });
    Reason {
        code: group.code.clone(),
        words: group.words.clone(),
        rows: group.rows,
        examples: examples.collect(),
    }
}

fn add_remarks(page: &mut Page, report: &RunReport) {
    let mut parts = Vec::new();
    for (remark, rows) in &report.remarks {
        parts.push(Part::words(remark.counted(*rows)));
        let values = report.values.iter();
        let values = values.filter(|(placed, _)| placed.remark == *remark);
        let mut values = values.take(VALUES).peekable();
        if values.peek().is_none() {
            continue;
        }
        let rows = values.map(|(placed, times)| {
            [
                Cell::from(count(*times)),
                Cell::from(placed.place()),
                Cell::from(&*placed.value),
            ]
        });
        let table = Table::new(remark.words(), &["#Times", "Where", "Value"])
            .caption("The most frequent; the column _remark of done.csv has them all")
            .rows(rows);
        parts.push(Part::from(table));
    }
    page.section("What became of values", parts);
}

fn add_tickets(page: &mut Page, report: &RunReport) {
    if report.tickets.is_empty() {
        return;
    }
    let rows = report.tickets.iter().map(|ticket| {
        [
            Cell::from(ticket.place.as_str()),
            Cell::from(ticket.key.as_str()),
            Cell::linked(&ticket.id, ticket.url.as_deref()),
            Cell::from(ticket.change),
        ]
    });
    let files = match report.undoes {
        Some(_) => "undo.csv has them all",
        None => "done.csv and idmap.csv have them all",
    };
    let table = Table::new("Tickets", &["Line", "Key", "Ticket", "What was done"])
        .caption(format!("In the order of the input; {files}"))
        .rows(rows);
    page.section("The first tickets", vec![Part::from(table)]);
}
