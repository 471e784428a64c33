//! A check in words: what would be refused and why, texts without a counterpart, what the run would
//! do and cost. At most a page, whatever was found; the JSON and the files have the rest.

use std::fmt::{self, Write};

use super::words::duration;
use crate::model::check::{
    CallCounts, CheckReport, Effects, FileSums, RefusedRows, UnmappedColumn,
};
use crate::model::count::{count, counted};
use crate::model::ticket::Remark;
use crate::model::visible::one_line;

/// Rows of one code that are shown.
const EXAMPLES: usize = 3;
/// Texts of one column that are shown.
const VALUES: usize = 10;
/// Stages that are shown.
const STAGES: usize = 8;

/// The whole report, several lines, without a final line break.
pub fn check_words(report: &CheckReport) -> String {
    let mut text = String::new();
    // Writing to a String can't fail.
    let _ok = write_report(&mut text, report);
    text.trim_end().to_owned()
}

fn write_report(text: &mut String, report: &CheckReport) -> fmt::Result {
    write_clashes(text, &report.clashes)?;
    for notice in &report.notices {
        writeln!(text, "{}", one_line(notice))?;
    }
    writeln!(text, "{}", rows_words(report))?;
    write_refusals(text, &report.refusals)?;
    for column in &report.unmapped {
        write_unmapped(text, column)?;
    }
    write_remarks(text, report)?;
    if !report.unused_columns.is_empty() {
        let columns = report.unused_columns.join(", ");
        let columns = one_line(&columns);
        writeln!(text, "\nColumns that nothing uses: {columns}")?;
    }
    if report.ready > 0 {
        write_effects(text, report.ready, &report.effects)?;
    }
    Ok(())
}

/// These come first: no row can be imported before they are settled.
fn write_clashes(text: &mut String, clashes: &[String]) -> fmt::Result {
    if clashes.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "The portal and the mapping differ, so an import would stop before its first row:"
    )?;
    for words in clashes {
        writeln!(text, "  {words}")?;
    }
    writeln!(
        text,
        "The rows as if the portal were as the mapping wants it:\n"
    )
}

fn rows_words(report: &CheckReport) -> String {
    let mut words = format!(
        "{}: {} would go in",
        counted(report.read, "row"),
        count(report.ready)
    );
    for (rows, what) in [
        (report.skipped, "be skipped"),
        (report.refused, "be refused"),
    ] {
        if rows > 0 {
            let _ok = write!(words, ", {} would {what}", count(rows));
        }
    }
    words
}

pub(super) fn write_refusals(text: &mut String, groups: &[RefusedRows]) -> fmt::Result {
    if groups.is_empty() {
        return Ok(());
    }
    writeln!(text, "\nWould be refused, by reason:")?;
    for group in groups {
        writeln!(text, "{:>12} {}", count(group.rows), one_line(&group.code))?;
        for row in group.examples.iter().take(EXAMPLES) {
            let words = format!("{}: {}", row.place, row.hint);
            writeln!(text, "{:>12} line {}", "", one_line(&words))?;
        }
    }
    Ok(())
}

fn write_unmapped(text: &mut String, column: &UnmappedColumn) -> fmt::Result {
    let property = one_line(&column.property);
    match &*one_line(&column.column) {
        "" => writeln!(text, "\nNo counterpart for property {property}:")?,
        name => writeln!(
            text,
            "\nNo counterpart, column \"{name}\" for property {property}:"
        )?,
    }
    for value in column.values.iter().take(VALUES) {
        let nearest = value.suggestion.as_ref();
        let nearest = nearest.map_or_else(String::new, |near| {
            format!("; nearest: \"{}\"", one_line(near))
        });
        let fate = if value.refused {
            "refused"
        } else {
            "blank or replaced as mapped"
        };
        let (times, value) = (count(value.count), one_line(&value.text));
        writeln!(text, "{times:>12} \"{value}\": {fate}{nearest}")?;
    }
    match column.values.len().saturating_sub(VALUES) {
        0 if column.others == 0 => Ok(()),
        more if column.others == 0 => writeln!(text, "{:>12} and {} more", "", count(more as u64)),
        _ => writeln!(text, "{:>12} and thousands more", ""),
    }
}

/// What was left blank or replaced is reported by column.
fn write_remarks(text: &mut String, report: &CheckReport) -> fmt::Result {
    let by_column = [Remark::LeftBlank, Remark::FellBack];
    let mut remarks = report
        .remarks
        .iter()
        .filter(|(remark, _)| !by_column.contains(remark))
        .peekable();
    if remarks.peek().is_some() {
        writeln!(text)?;
    }
    for (remark, number) in remarks {
        writeln!(text, "{}", remark.counted(*number))?;
    }
    Ok(())
}

/// What an import would set off and cost, one per line; the first line says when.
pub(super) fn effect_lines(report: &CheckReport) -> Vec<String> {
    let mut text = String::new();
    if report.ready > 0 {
        // Writing to a String can't fail.
        let _ok = write_effects(&mut text, report.ready, &report.effects);
    }
    lines(&text)
}

/// The lines of a text, without their indents.
pub(super) fn lines(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn write_effects(text: &mut String, tickets: u64, effects: &Effects) -> fmt::Result {
    // A ticket that exists is not made again.
    let portal = match (effects.operation, effects.held) {
        ("create" | "upsert", None) => ", as if the portal were empty,",
        ("create" | "upsert", Some(held)) if held.found == 0 && held.all => {
            ", into a portal that holds none of these tickets,"
        }
        _ => "",
    };
    writeln!(text, "\nAn import{portal} would")?;
    write_held(text, effects)?;
    writeln!(
        text,
        "  {} {}{}",
        effects.operation,
        counted(tickets, "ticket"),
        stages(effects)
    )?;
    write_undated(text, effects)?;
    write_contacts(text, effects)?;
    write_notes(text, effects)?;
    write_uploads(text, effects)?;
    write_workflows(text)?;
    write_calls(text, effects)
}

/// The tickets that the portal dates itself, since no column does.
pub(super) fn write_undated(text: &mut String, effects: &Effects) -> fmt::Result {
    for (tickets, what) in [
        (
            effects.undated,
            "date {} today: nothing says when they were created",
        ),
        (
            effects.closed_undated,
            "close {} today: they are in a closed stage without closed_date",
        ),
    ] {
        if tickets > 0 {
            writeln!(
                text,
                "  {}",
                what.replace("{}", &counted(tickets, "ticket"))
            )?;
        }
    }
    Ok(())
}

fn write_contacts(text: &mut String, effects: &Effects) -> fmt::Result {
    let contacts = counted(effects.emails, "contact");
    match (effects.emails, effects.creates_contacts) {
        (0, _) => Ok(()),
        (_, true) => writeln!(text, "  create at most {contacts}"),
        (_, false) => writeln!(text, "  link {contacts}, and create none"),
    }
}

pub(super) fn write_workflows(text: &mut String) -> fmt::Result {
    writeln!(
        text,
        "  set off workflows of the portal that answer to such tickets, their stages or new contacts: \
         pause those that send mail"
    )
}

/// Calls, their time at the portal's rate, and their share of a day's.
pub(super) fn write_calls(text: &mut String, effects: &Effects) -> fmt::Result {
    let (in_window, window) = effects.rate;
    write!(
        text,
        "  make at most {} ({}) if none has to be repeated: {} at {in_window} calls in {} s",
        counted(effects.calls.total(), "call"),
        call_words(effects.calls),
        duration(effects.time),
        window.as_secs(),
    )?;
    match effects.daily_calls {
        Some(day) => writeln!(
            text,
            ", {} of a day's {}",
            share(effects.calls.total(), day),
            count(day)
        ),
        None => writeln!(text),
    }
}

/// How many notes are written, if any. Nobody has looked for notes that exist already.
pub(super) fn write_notes(text: &mut String, effects: &Effects) -> fmt::Result {
    let notes = effects.notes;
    if notes.notes == 0 {
        return Ok(());
    }
    let most = match effects.operation {
        "create" => "",
        _ => "at most ",
    };
    let cut = match notes.parts > notes.notes {
        true => format!(", long ones in parts: {} in all", count(notes.parts)),
        false => String::new(),
    };
    let tickets = counted(notes.tickets, "ticket");
    let notes = counted(notes.notes, "note");
    writeln!(
        text,
        "  write {most}{notes} to {tickets}, each with its own time{cut}"
    )
}

/// How many files are uploaded, if any. Files of notes that exist already are not.
pub(super) fn write_uploads(text: &mut String, effects: &Effects) -> fmt::Result {
    let FileSums {
        files,
        bytes,
        unsized_files,
    } = effects.files;
    if files == 0 {
        return Ok(());
    }
    let most = match effects.operation {
        "create" => "",
        _ => "at most ",
    };
    let rest = match unsized_files {
        0 => String::new(),
        more => format!(
            ", and those of {}, size unknown",
            counted(more, "more file")
        ),
    };
    writeln!(
        text,
        "  upload {most}{}, {} bytes{rest}",
        counted(files, "file"),
        count(bytes)
    )
}

/// What becomes of rows whose tickets the portal has, or lacks.
fn write_held(text: &mut String, effects: &Effects) -> fmt::Result {
    let Some(held) = effects.held else {
        return Ok(());
    };
    let of = match held.all {
        true => counted(held.looked_up, "key"),
        false => format!("the first {}", counted(held.looked_up, "key")),
    };
    let lacking = held.looked_up.saturating_sub(held.found);
    let found = count(held.found);
    match effects.operation {
        "create" if held.found > 0 => writeln!(
            text,
            "  leave {found} of {of} as they are: the portal has their tickets (exists)"
        ),
        "upsert" => writeln!(text, "  update {found} of {of}, and create the others"),
        "create" => Ok(()),
        _ if lacking > 0 => writeln!(
            text,
            "  find no ticket for {} of {of}: their rows would be refused",
            count(lacking)
        ),
        _ => Ok(()),
    }
}

/// `4 to begin, 11 for tickets`.
fn call_words(calls: CallCounts) -> String {
    let parts = calls.parts().into_iter().filter(|(calls, _)| *calls > 0);
    let words: Vec<String> = parts
        .map(|(calls, what)| format!("{} {what}", count(calls)))
        .collect();
    words.join(", ")
}

pub(super) fn stages(effects: &Effects) -> String {
    if effects.stages.is_empty() {
        return String::new();
    }
    let shown = effects.stages.iter().take(STAGES);
    let mut words: Vec<String> = shown
        .map(|stage| {
            format!(
                "{} in {} / {}",
                count(stage.rows),
                one_line(&stage.pipeline),
                one_line(&stage.stage)
            )
        })
        .collect();
    if effects.stages.len() > STAGES {
        words.push(format!("and {} more stages", effects.stages.len() - STAGES));
    }
    format!(": {}", words.join(", "))
}

/// `4.2 %`; never rounded down to none.
fn share(part: u64, whole: u64) -> String {
    let permille = part.saturating_mul(1_000) / whole.max(1);
    match permille {
        0 => "less than 0.1 %".to_owned(),
        _ => format!("{}.{} %", permille / 10, permille % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_never_rounded_to_none() {
        assert_eq!(share(10_007, 650_000), "1.5 %");
        assert_eq!(share(1, 650_000), "less than 0.1 %");
        assert_eq!(share(1_300_000, 650_000), "200.0 %");
    }
}
