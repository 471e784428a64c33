//! `tickethaul verify`: the tickets of a run as they are now, against what the run wrote.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::console::Console;
use super::exit::Exit;
use super::families::known;
use super::past_run::PastRun;
use super::portal::call_error;
use super::report;
use super::run_args::from_one;
use super::settings::PortalArgs;
use crate::error::Error;
use crate::hubspot::Client;
use crate::journal::Past;
use crate::model::count::{count, counted};
use crate::model::outcome::Fate;
use crate::model::visible::one_line;
use crate::report::Snapshot;
use crate::review::family::undos;
use crate::review::finding::{Difference, Finding};
use crate::review::findings_file::{FindingsFile, NAME};
use crate::review::verified_file;
use crate::review::verify::{Verified, verify};

/// Compare the tickets of a run with what the run wrote: values, links, notes, files, and whether
/// they still exist. Nothing is written to the portal; findings go to verify.csv in the run
/// folder
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// The run, by name or folder [default: the last one of this folder]
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    /// Compare no more than the first N rows that are done
    #[arg(long, value_name = "N", value_parser = from_one, allow_negative_numbers = true)]
    sample: Option<u64>,
    /// Leave the report.html of the run as it is; `tickethaul report` makes it later
    #[arg(long)]
    no_report: bool,
    #[command(flatten)]
    portal: PortalArgs,
}

/// Verifies a run.
pub async fn run(mut args: VerifyArgs, console: &Console) -> Result<Exit, Error> {
    let PastRun {
        path,
        past,
        portal,
        rows: done,
        ..
    } = PastRun::open(args.run.as_deref(), &mut args.portal, console).await?;
    let unwritable = |error| unwritable(&path, error);
    let mut file = FindingsFile::create(&path).map_err(unwritable)?;
    let all = past.figures.tally.of(Fate::Done);
    let all = args.sample.map_or(all, |sample| sample.min(all));
    let show = shown(all, &portal.client, console);
    let hear = |rows, found: &[Finding]| {
        show(rows);
        let mut found = found.iter();
        found.try_for_each(|one| file.add(one)).map_err(unwritable)
    };
    let verified = verify(&portal.client, done, args.sample, call_error, hear).await?;
    drop(show);
    verified_file::clear(&path).map_err(unwritable)?;
    let written = file.finish().map_err(unwritable)?;
    verified_file::write(&path, &verified, unfinished(&past)).map_err(unwritable)?;
    let calls = portal.client.calls();
    portal.close().await;
    say(&past, &verified, &written, calls, console);
    if !args.no_report {
        report::leave(&path, console);
    }
    say_undos(&past, &path, console)?;
    Ok(match verified.is_clean() {
        true => Exit::Fine,
        false => Exit::Found,
    })
}

/// Says which rows of the run were undone, and by which runs.
fn say_undos(past: &Past, path: &Path, console: &Console) -> Result<(), Error> {
    let known = known([path]);
    for (undo, rows) in undos(&past.header.run, &known)? {
        let name = undo.name();
        console.say(&format!(
            "{} of the run {} undone by {}",
            counted(rows.len() as u64, "row"),
            if rows.len() == 1 { "was" } else { "were" },
            one_line(&name)
        ));
    }
    Ok(())
}

/// Shows how many of these rows have been compared.
fn shown(rows: u64, client: &Client, console: &Console) -> impl Fn(u64) + use<> {
    let work = Snapshot::new("comparing", "row", Some(rows));
    let board = console.board(client);
    board.at(work.at(0));
    move |rows| board.at(work.at(rows))
}

fn unwritable(path: &Path, error: std::io::Error) -> Error {
    Error::must_fix(format!("can't write {}", path.join(NAME).display()))
        .because(error)
        .advise("make room, or copy the run folder to where it can be written")
}

/// Rows whose outcome is unknown, or that are not complete yet.
fn unfinished(past: &Past) -> u64 {
    past.figures.waiting + past.unknown.len() as u64
}

fn are(rows: u64, name: &str) -> String {
    let verb = if rows == 1 { "is" } else { "are" };
    format!("{} {verb}", counted(rows, name))
}

fn say(past: &Past, verified: &Verified, file: &Path, calls: u64, console: &Console) {
    console.result(&json!({
        "run": past.header.run,
        "rows": verified.rows,
        "unfinished": unfinished(past),
        "equal": verified.equal,
        "findings": verified.findings,
        "file": file.display().to_string(),
        "calls": calls,
    }));
    let mut text = format!(
        "{} compared, the tickets of {} are as the run left {}\n",
        counted(verified.rows, "row"),
        count(verified.equal),
        if verified.equal == 1 { "it" } else { "them" },
    );
    for (word, number) in &verified.findings {
        text += &format!(
            "{:>12} {word:<12} {}\n",
            count(*number),
            Difference::meaning(word)
        );
    }
    if unfinished(past) > 0 {
        text += &format!(
            "{} not finished, and not compared: resume the run first\n",
            are(unfinished(past), "row"),
        );
    }
    if !verified.is_clean() {
        text += &format!("\neach of them, with what it holds now: {}", file.display());
    }
    console.say_lines(text.trim_end());
    if !verified.is_clean() {
        let differ = verified.rows.saturating_sub(verified.equal);
        console.if_quiet(&format!(
            "{} of {} not as the run left them: {}",
            count(differ),
            counted(verified.rows, "row"),
            file.display()
        ));
    }
}
