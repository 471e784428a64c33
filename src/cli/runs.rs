//! `tickethaul runs` and `tickethaul status`: how far runs came, read from their
//! journals; a run may be going on meanwhile.

use std::path::PathBuf;

use clap::Args;
use jiff::SpanRound;
use serde_json::{Value, json};

use super::exit::Exit;
use super::talk::Talk;
use crate::error::Error;
use crate::import::folder::{all, find};
use crate::journal::{Lock, Past, Reading, RunState};
use crate::model::outcome::Fate;
use crate::model::visible::one_line;

/// List the runs of this folder
#[derive(Debug, Args)]
pub struct RunsArgs {}

/// Show how far a run came
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The run, by name or folder [default: the last one]
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
}

/// A run as it is shown.
struct Shown {
    name: String,
    state: &'static str,
    past: Past,
}

/// Lists all runs, oldest first.
pub fn list(_args: &RunsArgs, talk: &Talk) -> Result<Exit, Error> {
    let mut shown = Vec::new();
    for path in all() {
        match look(path.clone()) {
            Ok(run) => shown.push(run),
            Err(error) => talk.say(&format!("{}: {error}", path.display())),
        }
    }
    if shown.is_empty() {
        talk.say("no runs in this folder");
    }
    talk.result(&Value::Array(shown.iter().map(as_json).collect()));
    if !talk.is_json() {
        let mut table = comfy_table::Table::new();
        let _same = table.load_style(comfy_table::presets::NOTHING);
        let _same = table.set_header([
            "run",
            "state",
            "done",
            "exists",
            "unchanged",
            "skipped",
            "refused",
            "unknown",
        ]);
        for run in &shown {
            let count = |fate| count(&run.past, fate).to_string();
            let _same = table.add_row([
                one_line(&run.name).into_owned(),
                run.state.to_owned(),
                count(Fate::Done),
                count(Fate::Exists),
                count(Fate::Unchanged),
                count(Fate::Skipped),
                count(Fate::Refused),
                run.past.unknown.len().to_string(),
            ]);
        }
        talk.data(&table.to_string());
    }
    Ok(Exit::Fine)
}

/// Shows one run.
pub fn status(args: &StatusArgs, talk: &Talk) -> Result<Exit, Error> {
    let path = match &args.run {
        Some(run) => find(run)?,
        None => all()
            .pop()
            .ok_or_else(|| Error::usage("no runs in this folder").advise("name a run's folder"))?,
    };
    let run = look(path)?;
    talk.result(&as_json(&run));
    if !talk.is_json() {
        talk.data(&in_words(&run));
    }
    Ok(Exit::Fine)
}

fn look(path: PathBuf) -> Result<Shown, Error> {
    let past = Reading::open(&path)?.past()?;
    let state = match past.state {
        RunState::Finished => "finished",
        RunState::Limited => "at its limit",
        RunState::Open if Lock::is_held(&path) => "running",
        RunState::Open => "stopped",
    };
    let name = path.file_name().unwrap_or(path.as_os_str());
    Ok(Shown {
        name: name.to_string_lossy().into_owned(),
        state,
        past,
    })
}

fn count(past: &Past, fate: Fate) -> u64 {
    let mut fates = past.fates.iter();
    fates
        .find(|(other, _)| *other == fate)
        .map_or(0, |(_, rows)| *rows)
}

fn size(past: &Past) -> u64 {
    past.header.inputs.iter().map(|input| input.size).sum()
}

fn in_words(run: &Shown) -> String {
    let past = &run.past;
    let mut text = format!("{}  {}\n", one_line(&run.name), run.state);
    for fate in Fate::ALL.into_iter().filter(|fate| fate.is_final()) {
        let rows = count(past, fate);
        if rows > 0 {
            text.push_str(&format!("{rows:>12} {}\n", fate.word()));
        }
    }
    if !past.unknown.is_empty() {
        text.push_str(&format!("{:>12} unknown\n", past.unknown.len()));
    }
    if past.waiting > 0 {
        let rows = past.waiting;
        text.push_str(&format!(
            "{rows:>12} written, to be linked to other tickets\n"
        ));
    }
    let percent = past.offset * 100 / size(past).max(1);
    text.push_str(&format!("{percent:>11}% of the input read"));
    if let Some(left) = time_left(past).filter(|_| run.state == "running") {
        text.push_str(&format!(", about {left} left"));
    }
    text
}

/// From the share of the input that was read in the time so far.
fn time_left(past: &Past) -> Option<String> {
    let (started, updated) = past.times;
    let spent = updated.duration_since(started);
    let left = size(past).saturating_sub(past.offset);
    let factor = u32::try_from(left * 1_000 / past.offset.max(1)).ok()?;
    let left = spent
        .checked_mul(i32::try_from(factor).ok()?)?
        .checked_div(1_000)?;
    let span = jiff::Span::try_from(left).ok()?;
    let rounding = SpanRound::new()
        .smallest(jiff::Unit::Second)
        .largest(jiff::Unit::Hour);
    span.round(rounding).ok().map(|span| format!("{span:#}"))
}

fn as_json(run: &Shown) -> Value {
    let past = &run.past;
    let rows: serde_json::Map<String, Value> = Fate::ALL
        .into_iter()
        .filter(|fate| fate.is_final())
        .map(|fate| (fate.word().to_owned(), json!(count(past, fate))))
        .collect();
    json!({
        "version": 1,
        "run": run.name,
        "operation": past.header.operation,
        "state": run.state,
        "rows": rows,
        "unknown": past.unknown.len(),
        "waiting": past.waiting,
        "bytes_read": past.offset,
        "bytes": size(past),
        "portal": past.header.portal_id,
        "started": past.times.0.to_string(),
        "updated": past.times.1.to_string(),
    })
}
