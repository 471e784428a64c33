//! The closing words of a run: counts that add up, refusals by reason, files, what
//! to do next.

use std::fmt::Write;

use super::words::{duration, rate};
use crate::model::count::{count, counted};
use crate::model::event::Summary;
use crate::model::outcome::Fate;
use crate::model::shell;
use crate::model::stop::Stop;
use crate::model::ticket::Remark;
use crate::model::visible::{one_line, spelled};

/// Refusal groups that are shown; refused.csv has them all.
const GROUPS: usize = 12;
/// Values of a remark that are shown; done.csv has them all.
const VALUES: usize = 10;

/// The closing words, several lines, with a final line break.
pub fn closing_words(summary: &Summary) -> String {
    let mut text = String::new();
    // Writing to a String can't fail.
    let _ok = write_words(&mut text, summary);
    text
}

fn write_words(text: &mut String, summary: &Summary) -> std::fmt::Result {
    let head = match &summary.stop {
        None => "Finished".to_owned(),
        Some(stop) => format!("Stopped: {}", one_line(&stop.to_string())),
    };
    writeln!(text, "{head}")?;
    write_fates(text, summary)?;
    write_others(text, summary)?;
    for (remark, number) in &summary.remarks {
        writeln!(text, "{}", remark.counted(*number))?;
        write_values(text, *remark, *number, summary)?;
    }
    write_refusals(text, summary)?;
    write_files(text, summary)?;
    write_next(text, summary)
}

/// How many rows were read in what time, and how they ended.
fn write_fates(text: &mut String, summary: &Summary) -> std::fmt::Result {
    let tally = &summary.tally;
    let settled = tally.settled().saturating_sub(summary.settled_before);
    let read = counted(tally.read(), "row");
    let before = match summary.settled_before {
        0 => String::new(),
        rows => format!(", {} of them settled before,", count(rows)),
    };
    writeln!(
        text,
        "\n{read} read from the input{before} in {} ({}, {})",
        duration(summary.elapsed),
        rate(settled, summary.elapsed),
        counted(summary.calls, "call"),
    )?;
    for fate in Fate::ALL {
        let rows = tally.of(fate);
        if rows > 0 {
            let meaning = match fate {
                Fate::Done => changes(summary),
                Fate::Skipped if summary.operation == "archive" => {
                    "empty, left out by the mapping's [rows], or not created by the run whose \
                     file this is"
                        .to_owned()
                }
                _ => meaning(fate).to_owned(),
            };
            writeln!(text, "{:>12} {:<9} {meaning}", count(rows), fate.word())?;
        }
    }
    Ok(())
}

/// What was skipped, and what was created besides tickets.
fn write_others(text: &mut String, summary: &Summary) -> std::fmt::Result {
    if let Some(spared) = summary.spared.filter(|spared| spared.rows > 0) {
        writeln!(
            text,
            "\nreading the tickets first spared {} and {} that write",
            counted(spared.rows, "row"),
            counted(spared.calls, "call")
        )?;
    }
    if summary.contacts_created > 0 {
        writeln!(
            text,
            "\n{} created",
            counted(summary.contacts_created, "contact")
        )?;
    }
    if summary.notes_made + summary.notes_there > 0 {
        let there = match summary.notes_there {
            0 => String::new(),
            there => format!(", {} there before", count(there)),
        };
        writeln!(
            text,
            "\n{} created{there}",
            counted(summary.notes_made, "note")
        )?;
    }
    if summary.files_made + summary.files_there > 0 {
        let there = match summary.files_there {
            0 => String::new(),
            there => format!(", {} there before", count(there)),
        };
        writeln!(
            text,
            "{} uploaded, {} bytes{there}",
            counted(summary.files_made, "file"),
            count(summary.files_bytes)
        )?;
    }
    if summary.comments_left > 0 {
        writeln!(
            text,
            "{} left out: their tickets are not in the input, or they can't be read; see comments-left",
            counted(summary.comments_left, "comment")
        )?;
    }
    Ok(())
}

/// The most frequent values of a remark, if they are counted one by one.
fn write_values(
    text: &mut String,
    remark: Remark,
    number: u64,
    summary: &Summary,
) -> std::fmt::Result {
    if !remark.counts_values() {
        return Ok(());
    }
    let known = summary.values.iter();
    let known = known.filter(|(placed, _)| placed.remark == remark);
    let mut named = 0;
    for (placed, times) in known.take(VALUES) {
        named += times;
        let value = match &*placed.value {
            "" => String::new(),
            value => format!(" \"{}\"", spelled(value)),
        };
        let place = one_line(placed.place());
        writeln!(text, "{:>12} {place}{value}", count(*times))?;
    }
    match number.saturating_sub(named) {
        0 => Ok(()),
        others => writeln!(
            text,
            "{:>12} with other values; the column _remark of done.csv has them all",
            count(others)
        ),
    }
}

/// What was done: `created by this run`, or with numbers if it was not the same for all.
fn changes(summary: &Summary) -> String {
    let words: Vec<String> = match summary.changes.len() {
        0 => return meaning(Fate::Done).to_owned(),
        1 => summary
            .changes
            .keys()
            .map(|one| one.word().to_owned())
            .collect(),
        _ => {
            let counted = summary.changes.iter();
            counted
                .map(|(change, rows)| format!("{} {}", count(*rows), change.word()))
                .collect()
        }
    };
    format!("{} by this run", words.join(", "))
}

pub(super) fn meaning(fate: Fate) -> &'static str {
    match fate {
        Fate::Done => "written by this run",
        Fate::Exists => "the portal had a ticket with this key already",
        Fate::Unchanged => "nothing to change",
        Fate::Skipped => "empty, or left out by the mapping's [rows]",
        Fate::Refused => "not taken; reasons below",
        Fate::Pending => "read but not finished",
        Fate::Unknown => "sent, outcome not known",
    }
}

fn write_refusals(text: &mut String, summary: &Summary) -> std::fmt::Result {
    if summary.refusals.is_empty() {
        return Ok(());
    }
    writeln!(text, "\nRefused, by reason:")?;
    for group in summary.refusals.iter().take(GROUPS) {
        writeln!(text, "{:>12} {}", count(group.rows), one_line(&group.code))?;
        writeln!(text, "{:>12} {}", "", one_line(&group.example))?;
    }
    if summary.refusals.len() > GROUPS {
        writeln!(text, "{:>12} more reasons", summary.refusals.len() - GROUPS)?;
    }
    Ok(())
}

fn write_files(text: &mut String, summary: &Summary) -> std::fmt::Result {
    let folder = summary.folder.display().to_string();
    writeln!(text, "\n{}", one_line(&folder))?;
    let tally = &summary.tally;
    let held = tally.of(Fate::Done) + tally.of(Fate::Exists) + tally.of(Fate::Unchanged);
    writeln!(
        text,
        "  done.csv     {} with {}",
        counted(held, "row"),
        if held == 1 {
            "its ticket id"
        } else {
            "their ticket ids"
        }
    )?;
    let refused = tally.of(Fate::Refused);
    writeln!(
        text,
        "  {:<12} {} with reason and hint",
        summary.refused_file,
        counted(refused, "row")
    )?;
    writeln!(
        text,
        "  idmap.csv    key, ticket id and fate; summary.json, run.db"
    )
}

fn write_next(text: &mut String, summary: &Summary) -> std::fmt::Result {
    let folder = shell::path(&summary.folder);
    let refused = summary.folder.join(summary.refused_file);
    let comments = summary.comments.as_deref();
    let comments = comments.map_or(String::new(), |file| {
        format!(" --comments {}", shell::word(file))
    });
    match &summary.stop {
        Some(Stop::Later(_)) => writeln!(text, "\nContinue with: tickethaul resume {folder}"),
        Some(Stop::MustFix(_)) => {
            writeln!(
                text,
                "\nFix that, then continue with: tickethaul resume {folder}"
            )
        }
        Some(Stop::TooManyRefused(_)) => writeln!(
            text,
            "\nCorrect the mapping or the input, then run again; --max-refused N sets the limit."
        ),
        None if summary.tally.of(Fate::Unknown) > 0 => writeln!(
            text,
            "\nLook in the portal whether the unknown rows are there, then say so with \
             tickethaul resume {folder} --unknown done (or resend)."
        ),
        None if summary.limited => writeln!(
            text,
            "\nThat was the limit; continue with: tickethaul resume {folder} --no-limit"
        ),
        None if summary.tally.of(Fate::Refused) > 0 => writeln!(
            text,
            "\nFix the rows in {}, then: tickethaul retry {folder}{comments}",
            one_line(&refused.display().to_string()),
        ),
        None => Ok(()),
    }
}
