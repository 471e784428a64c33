//! `tickethaul report`: a run, an undo, an export or a plan as a page, made of what its
//! folder holds (`rows`, `exported`, `planned`); each leaves one in its folder as it ends. A
//! check, which has no folder, writes one to a given path (`checked`).

mod head;
mod rows;
mod exported;
mod planned;
mod checked;

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::console::Console;
use super::exit::Exit;
use super::find_runs::{find, is_run, no_run};
use super::output::new_file;
use super::run_status::latest;
use crate::error::Error;
use crate::export::is_export;
use crate::journal::PlanReading;
use crate::output::{Privacy, Target, write_anew};

pub use checked::CheckPage;

/// Name of the page in a run folder.
const NAME: &str = "report.html";

/// Show a run, an undo, an export or a plan as a page: counts, refused rows by reason, values
/// left blank, what was verified, columns of an export, calls over time, the first tickets
///
/// The page needs no network and no script. A run leaves one in its folder as it ends.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The run, by name or folder, or the folder of a plan [default: the last run of this folder]
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    /// Where the page goes instead of the run folder; - is standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Write over a page that is there; the one in the run folder always is
    #[arg(long)]
    force: bool,
}

/// Writes the report of a run.
pub fn run(args: &ReportArgs, console: &Console) -> Result<Exit, Error> {
    let folder = match &args.run {
        Some(run) => find(run)?,
        None => last()?,
    };
    let page = page(&folder, console)?;
    let written = match &args.output {
        None => keep(&folder, &page)?,
        Some(path) => match new_file(path, &["html", "htm"], args.force)? {
            Target::File(path) => {
                Target::File(path.clone()).write(&page, Privacy::Private)?;
                path
            }
            stream => {
                stream.write(&page, Privacy::Usual)?;
                return Ok(Exit::Fine);
            }
        },
    };
    console.say(&format!("written to {}", written.display()));
    console.result(&json!({"report": written.display().to_string()}));
    Ok(Exit::Fine)
}

/// The most recent run of this folder.
fn last() -> Result<PathBuf, Error> {
    let run = latest(|_| true).ok_or_else(|| {
        Error::usage("no runs in this folder").advise("name a run, or the folder of one")
    })?;
    Ok(run.path)
}

/// Leaves the report of a run, or of a plan, in its folder. The run is what counts: a page
/// that can't be written is only mentioned.
pub fn leave(folder: &Path, console: &Console) {
    match page(folder, console).and_then(|page| keep(folder, &page)) {
        Ok(path) => console.say(&format!("the report: {}", path.display())),
        Err(error) => console.say(&format!("there is no {NAME}: {error:#}")),
    }
}

fn keep(folder: &Path, page: &str) -> Result<PathBuf, Error> {
    let path = folder.join(NAME);
    let building = folder.join(format!("{NAME}.new"));
    let write = || {
        drop(write_anew(&building, page.as_bytes())?);
        fs::rename(&building, &path)
    };
    write().map_err(|error| {
        Error::must_fix(format!("can't write {}", path.display()))
            .because(error)
            .advise("name a file elsewhere with -o")
    })?;
    Ok(path)
}

/// The page of what a folder holds.
fn page(folder: &Path, console: &Console) -> Result<String, Error> {
    if is_export(folder) {
        exported::page(folder)
    } else if is_run(folder) {
        rows::page(folder, console)
    } else if PlanReading::is_there(folder) {
        planned::page(folder)
    } else {
        Err(no_run(folder))
    }
}
