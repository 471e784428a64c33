//! `tickethaul runs clean`: removes old run folders and plans. They hold customers' tickets
//! and former values. Only folders that contain nothing but the tool's own files are removed,
//! and never those of a run that can still be resumed.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::{Value, json};

use super::console::Console;
use super::exit::Exit;
use super::find_runs::forget;
use super::local_time::second;
use super::run_status::{RunStatus, State, all};
use crate::error::Error;
use crate::export::is_file_of_export;
use crate::journal::{LOCK, Lock, is_leftover, now};
use crate::model::count::counted;
use crate::model::visible::one_line;

/// Folders that are named in the question.
const NAMED: usize = 10;

/// Files that runs, undos and plans make in their folders.
const OURS: [&str; 25] = [
    "done.csv",
    "idmap.csv",
    "plan.db",
    "plan.db-journal",
    "plan.db-shm",
    "plan.db-wal",
    "plan.json",
    "plan.txt",
    "refused.csv",
    "refused.jsonl",
    "report.html",
    "report.html.new",
    "run.db",
    "run.db-journal",
    "run.db-shm",
    "run.db-wal",
    "run.log",
    "summary.json",
    "summary.json.new",
    "undo.csv",
    "undo.csv.new",
    "verify.csv",
    "verify.csv.new",
    "verify.json",
    "verify.json.new",
];

/// Remove the folders of old runs and plans: journals, reports, and former values of tickets
///
/// A run whose folder is gone can no longer be verified, undone or retried. Folders that
/// contain anything not made by tickethaul are left as they are.
#[derive(Debug, Args)]
pub struct CleanArgs {
    /// Only those started longer ago than this, such as 30d or 12h
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    older_than: Span,
    /// Also unfinished runs, which then can't be resumed
    #[arg(long)]
    unfinished: bool,
    /// Also those started in other folders
    #[arg(long)]
    all: bool,
    /// Don't ask; required without a terminal
    #[arg(long)]
    yes: bool,
}

/// Removes old runs.
pub fn run(args: &CleanArgs, console: &Console) -> Result<Exit, Error> {
    console.expect_answer(args.yes, "remove runs")?;
    let before = now()
        .to_zoned(TimeZone::system())
        .checked_sub(args.older_than)
        .map_err(|error| Error::usage("--older-than is too long").because(error))?;
    let before = before.timestamp();
    let mut old = all(args.all, console);
    old.retain(|run| run.begun() < before);
    old.sort_by_key(RunStatus::begun);
    let mut left: Vec<(PathBuf, String)> = Vec::new();
    let mut going = Vec::new();
    for run in old {
        match why_kept(&run, args.unfinished) {
            Some(why) => left.push((run.path, why)),
            None => going.push(run.path),
        }
    }
    let mut removed = Vec::new();
    if going.is_empty() {
        console.say(&format!(
            "nothing to remove that began before {}",
            second(before)
        ));
    } else if console.confirmed(args.yes, &question(&going, before)) {
        for path in going {
            match remove(&path) {
                Ok(()) => removed.push(path),
                Err(error) => left.push((path, format!("it can't be removed: {error}"))),
            }
        }
    }
    for (path, why) in &left {
        console.say(&format!("{} stays: {why}", path.display()));
    }
    console.result(&as_json(&removed, &left));
    Ok(Exit::Fine)
}

/// A span of time as people write it; must not be zero.
fn duration(text: &str) -> Result<Span, String> {
    let span: Option<Span> = text.parse().ok();
    let span = span.filter(|span| !span.is_negative() && !span.is_zero());
    span.ok_or_else(|| "a span such as 30d, 12h or 2w is expected".to_owned())
}

/// Why an old folder is kept.
fn why_kept(run: &RunStatus, unfinished_too: bool) -> Option<String> {
    if run.state == State::Running || Lock::is_held(&run.path) {
        return Some("a process works on it".to_owned());
    }
    let is_open = matches!(
        run.state,
        State::Stopped | State::Limited | State::Superseded
    );
    if is_open && !unfinished_too {
        return Some("it is not finished; --unfinished removes it too".to_owned());
    }
    match stranger(&run.path) {
        Ok(None) => None,
        Ok(Some(name)) => Some(format!(
            "it holds {}, which tickethaul did not make",
            one_line(&name)
        )),
        Err(error) => Some(format!("it can't be read: {error}")),
    }
}

fn is_ours(name: &str) -> bool {
    OURS.contains(&name) || is_leftover(name) || is_file_of_export(name)
}

/// Something in a folder that the tool did not make.
fn stranger(folder: &Path) -> io::Result<Option<String>> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !entry.file_type()?.is_file() || !is_ours(&name) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

fn question(going: &[PathBuf], before: Timestamp) -> String {
    let named = going.iter().take(NAMED);
    let named: Vec<String> = named.map(|path| path.display().to_string()).collect();
    let more = match going.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "remove {} that began before {}: {}{more}",
        counted(going.len(), "folder"),
        second(before),
        named.join(", ")
    )
}

/// Removes what the tool made in a folder, the lock last, and the folder once it is empty.
fn remove(folder: &Path) -> io::Result<()> {
    let lock = Lock::take(folder).map_err(io::Error::other)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != LOCK && entry.file_type()?.is_file() && is_ours(&name) {
            fs::remove_file(entry.path())?;
        }
    }
    forget(folder);
    fs::remove_file(folder.join(LOCK))?;
    drop(lock);
    fs::remove_dir(folder)
}

fn as_json(removed: &[PathBuf], left: &[(PathBuf, String)]) -> Value {
    let removed: Vec<String> = removed
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    let left: Vec<Value> = left
        .iter()
        .map(|(path, why)| json!({"folder": path.display().to_string(), "why": why}))
        .collect();
    json!({"version": 1, "removed": removed, "left": left})
}
