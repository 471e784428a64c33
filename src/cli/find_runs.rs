//! Finds runs: those in `tickethaul-runs` of this folder, and those in the user's
//! registry, wherever they are.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::console::Console;
use super::registry::{Entry, Kind, NewEntry};
use super::settings::registry;
use crate::error::Error;
use crate::export::{self, Asked, ExportState, is_export, is_finished, progress};
use crate::journal::{JournalError, PlanReading, RUNS};
use crate::model::shell;

/// The run folders that belong to this folder: those in `tickethaul-runs`, those of runs that were
/// started here, and those that lie here but were started elsewhere. A run that was started in a
/// folder below belongs to that folder.
pub fn of_this_folder() -> Vec<PathBuf> {
    let here = Path::new(".").canonicalize().unwrap_or_default();
    collected(&here, |entry| is_of(&here, entry))
}

fn is_of(here: &Path, entry: &Entry) -> bool {
    let lies_here = entry.folder.starts_with(here) && !entry.here.starts_with(here);
    entry.here == here || lies_here
}

/// All run folders that are known.
pub fn everywhere() -> Vec<PathBuf> {
    let here = Path::new(".").canonicalize().unwrap_or_default();
    collected(&here, |_| true)
}

/// Folders of plans that were made here, or of all that are known.
pub fn plans(all: bool) -> Vec<PathBuf> {
    let here = Path::new(".").canonicalize().unwrap_or_default();
    let known = known()
        .into_iter()
        .filter(|entry| entry.kind == Kind::Plan && (all || is_of(&here, entry)));
    let folders = known.map(|entry| shown(&here, &entry.folder));
    folders
        .filter(|folder| PlanReading::is_there(folder))
        .collect()
}

fn collected(here: &Path, wanted: impl Fn(&Entry) -> bool) -> Vec<PathBuf> {
    let mut seen = BTreeSet::new();
    let known = known().into_iter().filter(wanted);
    let known = known.map(|entry| shown(here, &entry.folder));
    let mut folders: Vec<PathBuf> = in_runs().into_iter().chain(known).collect();
    folders.retain(|folder| {
        is_run(folder) && folder.canonicalize().is_ok_and(|path| seen.insert(path))
    });
    folders
}

/// A run by its folder, its name in `tickethaul-runs`, or the name of a folder that the
/// registry knows.
///
/// # Errors
/// When there is none, or when several have the name.
pub fn find(run: &Path) -> Result<PathBuf, Error> {
    let named = Path::new(RUNS).join(run);
    if let Some(found) = [run.to_owned(), named]
        .into_iter()
        .find(|path| path.is_dir())
    {
        return Ok(found);
    }
    let here = Path::new(".").canonicalize().unwrap_or_default();
    let known = known().into_iter();
    let named = known.filter(|entry| entry.folder.file_name() == Some(run.as_os_str()));
    let named: Vec<PathBuf> = named.map(|entry| shown(&here, &entry.folder)).collect();
    match named.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Error::usage(format!("there is no run {}", run.display()))
            .advise("`tickethaul runs` lists those of this folder, with --all those of others")),
        several => {
            let folders: Vec<String> = several
                .iter()
                .map(|path| path.display().to_string())
                .collect();
            let message = format!("several runs are called {}", run.display());
            Err(Error::usage(message).advise(format!("name the folder: {}", folders.join(", "))))
        }
    }
}

/// The error for a folder that holds no run, where a run is needed.
pub fn no_run(folder: &Path) -> Error {
    if !PlanReading::is_there(folder) {
        return JournalError::Missing(folder.to_owned()).into();
    }
    let plan = shell::path(folder);
    Error::usage(format!("{} is a plan, not a run", folder.display())).advise(format!(
        "`tickethaul apply {plan}` carries it out, `tickethaul plan {plan}` shows it, `tickethaul runs` \
         lists runs"
    ))
}

/// True for a folder that holds a run; nothing in it is opened for writing.
pub fn is_run(folder: &Path) -> bool {
    let journal = fs::symlink_metadata(folder.join("run.db"));
    journal.is_ok_and(|found| found.is_file()) || is_export(folder)
}

fn known() -> Vec<Entry> {
    registry()
        .map(|registry| registry.all())
        .unwrap_or_default()
}

/// Sorted by their names, which begin with the time.
fn in_runs() -> Vec<PathBuf> {
    let entries = fs::read_dir(RUNS).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    folders.sort();
    folders
}

/// Relative if it is below this folder.
fn shown(here: &Path, folder: &Path) -> PathBuf {
    match folder.strip_prefix(here) {
        Ok(below) if !below.as_os_str().is_empty() => below.to_owned(),
        _ => folder.to_owned(),
    }
}

/// Stopped exports to this target, with their folders, as far as the registry vouches
/// for them.
pub fn stopped_exports_to(target: &Path) -> Vec<(PathBuf, Asked)> {
    let folders = everywhere().into_iter();
    let folders = folders.filter(|folder| is_export(folder) && !is_finished(folder));
    let exports = folders.filter_map(|folder| Some((export::look(&folder).ok()?, folder)));
    let same = exports.filter(|(asked, folder)| {
        let stopped = progress(folder).0 == ExportState::Stopped;
        stopped && asked.target == target && vouched(folder, &asked.run).is_some()
    });
    same.map(|(asked, folder)| (folder, asked)).collect()
}

/// Records a new run. A run that can't be recorded continues, and is found by its folder
/// alone.
pub fn record(new: &NewEntry<'_>, console: &Console) {
    let Some(registry) = registry() else { return };
    if let Err(error) = registry.record(new) {
        console.say(&format!(
            "this run is not in your record of runs: {error}; `tickethaul resume {}` finds it by its folder",
            shell::path(new.folder)
        ));
    }
}

/// Forgets a run whose folder is removed.
pub fn forget(folder: &Path) {
    if let Some(registry) = registry() {
        registry.forget(folder);
    }
}

/// What the registry knows of the run in a folder.
pub fn vouched(folder: &Path, run: &str) -> Option<Entry> {
    registry()?.of(folder, run)
}
