//! The section on what the last verification found.

use super::page::{Cell, Page, Part, Table, moment};
use crate::model::count::{count, counted, counted_as};
use crate::model::run_report::{ReportedFindings, ReportedVerification};

/// Adds the section.
pub(super) fn add_verified(page: &mut Page, verified: Option<&ReportedVerification>) {
    let Some(verified) = verified else { return };
    let mut parts = Vec::new();
    parts.extend(compared(verified).map(Part::words));
    if verified.findings.is_empty() {
        parts.push(Part::words(
            "The tickets were read back, and every one that was compared is as the run left it.",
        ));
    } else {
        parts.push(Part::from(summed_up(&verified.findings)));
        parts.extend(verified.findings.iter().map(group));
    }
    page.section("Verified", parts);
}

fn compared(verified: &ReportedVerification) -> Option<String> {
    let compared = verified.compared?;
    let mut words = format!(
        "On {}, {} compared, of which the tickets of {} are as the run left them.",
        moment(compared.at),
        counted_as(compared.rows, "row was", "rows were"),
        count(compared.equal),
    );
    if compared.unfinished > 0 {
        let rows = counted_as(compared.unfinished, "row is", "rows are");
        words += &format!(" {rows} not finished, and not compared.");
    }
    Some(words)
}

fn summed_up(findings: &[ReportedFindings]) -> Table {
    let rows = findings.iter().map(|found| {
        [
            Cell::from(count(found.number)),
            Cell::from(found.word.as_str()),
            Cell::from(found.meaning),
        ]
    });
    Table::new("Findings", &["#Findings", "Kind", "What that means"])
        .caption("What the last verification found; each finding stands in verify.csv")
        .rows(rows)
}

fn group(found: &ReportedFindings) -> Part {
    let columns = [
        "Line",
        "Key",
        "Ticket",
        "About",
        "…The run wrote",
        "…The portal holds",
    ];
    let rows = found.examples.iter().map(|example| {
        let cells = [
            &example.place,
            &example.key,
            &example.ticket,
            &example.subject,
            &example.wrote,
            &example.holds,
        ];
        cells.map(|cell| Cell::from(cell.as_str()))
    });
    let shown = found.examples.len() as u64;
    let caption = match found.number > shown {
        true => format!("The first {}", count(shown)),
        false => "All of them".to_owned(),
    };
    let table = Table::new(format!("Findings: {}", found.word), &columns)
        .caption(caption)
        .rows(rows);
    Part::from(table).folded(&found.word, counted(found.number, "finding"), false)
}
