//! A plan in words: how many rows get what, updates by property, what is refused, the first
//! changes with what tickets hold and what they would be given, what it sets off and costs.

use std::fmt::{self, Write};

use super::check::{
    lines, stages, write_calls, write_notes, write_refusals, write_undated, write_uploads,
    write_workflows,
};
use crate::model::count::{count, counted, counted_as};
use crate::model::plan::{LinkState, PlanReport, PlannedAction, PlannedLink, ShownRow};
use crate::model::property_change::PropertyChange;
use crate::model::schema::ObjectType;
use crate::model::visible::one_line;

/// Properties that are shown; the JSON has them all.
const PROPERTIES: usize = 15;
/// Values of a row that are shown among the first changes.
const VALUES: usize = 6;
/// Letters of a value that are shown there.
const LETTERS: usize = 60;

/// The whole report, several lines, without a final line break.
pub fn plan_words(report: &PlanReport) -> String {
    let mut text = String::new();
    // Writing to a String can't fail.
    let _ok = write_report(&mut text, report);
    text.trim_end().to_owned()
}

fn write_report(text: &mut String, report: &PlanReport) -> fmt::Result {
    for notice in &report.notices {
        writeln!(text, "{}", one_line(notice))?;
    }
    writeln!(
        text,
        "{} to {} into {}: nothing was written",
        counted(report.read, "row"),
        report.operation,
        one_line(&report.portal)
    )?;
    write_actions(text, report)?;
    write_properties(text, report)?;
    write_links(text, report)?;
    write_refusals(text, &report.refusals)?;
    write_held_in_bin(text, report)?;
    for (remark, number) in &report.remarks {
        writeln!(text, "{}", remark.counted(*number))?;
    }
    if !report.shown.is_empty() {
        writeln!(text, "\nThe first of them:")?;
    }
    for row in &report.shown {
        writeln!(text, "{}", row_words(row, false))?;
    }
    write_effects(text, report)
}

fn write_actions(text: &mut String, report: &PlanReport) -> fmt::Result {
    for action in PlannedAction::ALL {
        let rows = report.rows(action);
        if rows > 0 {
            let (rows, word) = (count(rows), action.word());
            writeln!(text, "{rows:>12} {word:<10} {}", meaning(action))?;
        }
    }
    Ok(())
}

fn write_held_in_bin(text: &mut String, report: &PlanReport) -> fmt::Result {
    if report.held_in_bin > 0 {
        writeln!(
            text,
            "{} in the recycle bin: a portal that keeps such keys refuses these rows \
             (KEY_IN_RECYCLE_BIN)",
            counted_as(
                report.held_in_bin,
                "new ticket has the key of one",
                "new tickets have the keys of others"
            )
        )?;
    }
    Ok(())
}

pub(super) fn meaning(action: PlannedAction) -> &'static str {
    match action {
        PlannedAction::Create => "tickets are made",
        PlannedAction::Update => "tickets get other values",
        PlannedAction::Link => "tickets keep their values and get links",
        PlannedAction::Archive => "tickets go into the recycle bin",
        PlannedAction::Unchanged => "tickets are as their rows say already",
        PlannedAction::Exists => "tickets are there already, and stay as they are",
        PlannedAction::Skipped => "rows are empty, or left out by the mapping's [rows]",
        PlannedAction::Refused => "rows can't be carried out",
    }
}

fn write_properties(text: &mut String, report: &PlanReport) -> fmt::Result {
    if report.properties.is_empty() {
        return Ok(());
    }
    writeln!(text, "\nUpdates, by property:")?;
    let mut properties: Vec<_> = report.properties.iter().collect();
    properties.sort_by_key(|(_, counts)| std::cmp::Reverse(counts.total()));
    for (name, counts) in properties.iter().take(PROPERTIES) {
        let parts = [
            (counts.changed, "changed"),
            (counts.filled, "filled"),
            (counts.cleared, "cleared"),
        ];
        let parts = parts.into_iter().filter(|(rows, _)| *rows > 0);
        let parts: Vec<String> = parts
            .map(|(rows, what)| format!("{} {what}", count(rows)))
            .collect();
        let total = count(counts.total());
        writeln!(text, "{total:>12} {}: {}", one_line(name), parts.join(", "))?;
    }
    match properties.len().saturating_sub(PROPERTIES) {
        0 => Ok(()),
        more => writeln!(text, "{:>12} and {more} more properties", ""),
    }
}

fn write_links(text: &mut String, report: &PlanReport) -> fmt::Result {
    if report.links.is_empty() && report.left_out == 0 {
        return Ok(());
    }
    writeln!(text)?;
    for (to, links) in &report.links {
        let created = report.others.get(to).copied().unwrap_or(0);
        let created = match created {
            0 => String::new(),
            1 => format!(", for which {} is created", many(*to, created)),
            _ => format!(", for which {} are created", many(*to, created)),
        };
        let made = if *links == 1 { "is" } else { "are" };
        let links = counted(*links, "link");
        writeln!(text, "{links} to {} {made} made{created}", to.plural())?;
    }
    match report.left_out {
        0 => Ok(()),
        left => writeln!(
            text,
            "{} left out: the portal has no such record",
            counted_as(left, "link is", "links are")
        ),
    }
}

fn many(object: ObjectType, number: u64) -> String {
    counted_as(number, &object.singular(), &object.plural())
}

/// A row with what is done for it: all of it if `whole`, otherwise the first values.
pub fn row_words(row: &ShownRow, whole: bool) -> String {
    let ticket = row.ticket.iter().map(|id| format!(" ticket {id}"));
    let ticket: String = ticket.collect();
    let key = match &*row.key {
        "" => String::new(),
        key => format!(", key {key}"),
    };
    let mut text = format!("  line {}{key}: {}{ticket}", row.place, row.action.word());
    text = one_line(&text).into_owned();
    let (shown, links) = match whole {
        true => (row.changes.len(), row.links.len()),
        false => (VALUES, VALUES),
    };
    for change in row.changes.iter().take(shown) {
        let words = change_words(row.action, change, whole);
        text.push_str(&format!("\n      {}", one_line(&words)));
    }
    if row.changes.len() > shown {
        let more = row.changes.len() - shown;
        text.push_str(&format!("\n      and {}", counted(more, "more value")));
    }
    let is_told = |link: &&PlannedLink| whole || link.state.writes();
    for link in row.links.iter().filter(is_told).take(links) {
        text.push_str(&format!("\n      {}", one_line(&link_words(link))));
    }
    if let Some(refusal) = row.refusal.as_ref().filter(|_| whole) {
        let words = format!("{}: {}", refusal.code, refusal.hint);
        text.push_str(&format!("\n      {}", one_line(&words)));
    }
    text
}

fn change_words(action: PlannedAction, change: &PropertyChange, whole: bool) -> String {
    let quoted = |value: &str| match value {
        "" => "(empty)".to_owned(),
        _ if whole => format!("\"{value}\""),
        _ => format!("\"{}\"", short(value)),
    };
    let after = quoted(&change.after);
    match action {
        PlannedAction::Create => format!("{}: {after}", change.name),
        _ => {
            let before = quoted(change.before.as_deref().unwrap_or_default());
            format!("{}: {before} → {after}", change.name)
        }
    }
}

fn link_words(link: &PlannedLink) -> String {
    let what = match link.state {
        LinkState::There => "is linked to",
        LinkState::Make | LinkState::Later { .. } => "link to",
        LinkState::Create => "link to a new",
        LinkState::LeftOut | LinkState::Refused => "no link, since there is no",
    };
    let label = match &link.label {
        Some(label) => format!(" as {label}"),
        None => String::new(),
    };
    format!("{what} {} {}{label}", link.to.singular(), link.value)
}

/// The start of a value.
fn short(value: &str) -> String {
    match value.char_indices().nth(LETTERS) {
        Some((end, _)) => format!("{}…", value[..end].trim_end()),
        None => value.to_owned(),
    }
}

/// What a plan sets off and costs, one per line; the first line says when.
pub(super) fn effect_lines(report: &PlanReport) -> Vec<String> {
    let mut text = String::new();
    // Writing to a String can't fail.
    let _ok = write_effects(&mut text, report);
    lines(&text)
}

fn write_effects(text: &mut String, report: &PlanReport) -> fmt::Result {
    let effects = &report.effects;
    if report.writes() == 0 && effects.notes.notes == 0 {
        return writeln!(text, "\nNothing would change in the portal");
    }
    writeln!(text, "\nCarried out, it would")?;
    if !report.lacking.is_empty() {
        writeln!(
            text,
            "  create what the portal lacks: {}",
            one_line(&report.lacking)
        )?;
    }
    if report.blind {
        writeln!(
            text,
            "  send every row whole, also those that change nothing (--blind); what tickets held is \
             not kept, so that it can't be undone"
        )?;
    }
    if !effects.stages.is_empty() {
        let moved = stages(effects);
        writeln!(text, "  put tickets into stages{moved}")?;
    }
    write_undated(text, effects)?;
    write_notes(text, effects)?;
    write_uploads(text, effects)?;
    write_workflows(text)?;
    write_calls(text, effects)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(before: Option<&str>, after: &str) -> PropertyChange {
        PropertyChange {
            name: "subject".into(),
            before: before.map(str::to_owned),
            after: after.to_owned(),
        }
    }

    #[test]
    fn a_change_says_what_is_there_and_what_comes() {
        let words = |action, change: PropertyChange| change_words(action, &change, false);
        for (action, change, expected) in [
            (
                PlannedAction::Update,
                change(Some("old"), "new"),
                "subject: \"old\" → \"new\"",
            ),
            (
                PlannedAction::Update,
                change(None, "new"),
                "subject: (empty) → \"new\"",
            ),
            (
                PlannedAction::Update,
                change(Some("old"), ""),
                "subject: \"old\" → (empty)",
            ),
            (
                PlannedAction::Create,
                change(None, "new"),
                "subject: \"new\"",
            ),
        ] {
            assert_eq!(words(action, change), expected);
        }
        let long = words(PlannedAction::Create, change(None, &"ä".repeat(100)));
        assert_eq!(long, format!("subject: \"{}…\"", "ä".repeat(LETTERS)));
    }
}
