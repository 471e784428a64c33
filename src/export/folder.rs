//! The run folder of an export: what was requested, and the pages so far, from which `tickethaul
//! resume` can continue. Once the export has finished, the pages are removed and the outcome stays
//! for commands that read it later.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::job::Onward;
use super::outcome::Outcome;
use super::selection::Selection;
use super::spool::tickets_in;
use crate::error::Cause;
use crate::hubspot::Search;
use crate::journal::{
    LOCK, Lock, LockError, PortalPath, RunOptions, new_run_folder, remove_run_folder,
};
use crate::output::{private_folder, read_regular, replace_file, write_anew};

/// The file that makes a folder that of an export.
const ASKED: &str = "export.json";

/// The same while it is written.
const NEW_ASKED: &str = "export.json.new";

/// Exists once the export has started to replace what is at its target.
const PUBLISHING: &str = "publishing";

/// The outcome of the export; exists once it has finished.
const SUMMARY: &str = "summary.json";

/// What stays of a finished export.
const KEPT: [&str; 5] = [ASKED, LOCK, "report.html", "run.log", SUMMARY];

/// What an export creates in its run folder, except the spools of linked records.
const OURS: [&str; 23] = [
    "archived.pages",
    "archived.rows",
    ASKED,
    NEW_ASKED,
    "files.pages",
    "files.rows",
    "links.pages",
    "links.rows",
    "restored.pages",
    "restored.rows",
    "gathered.json",
    "gathered.json.new",
    "live.pages",
    "live.rows",
    PUBLISHING,
    "whole.json",
    "whole.json.new",
    "report.html",
    "report.html.new",
    "run.log",
    SUMMARY,
    "summary.json.new",
    LOCK,
];

/// Name of the spool of downloaded files.
pub const FILES: &str = "files";

/// Prefix of the names of the spools of linked records; the kind's position follows it.
const LINKED: &str = "linked-";

/// Name of the spool of linked records of the kind at this position in the request.
pub fn linked_spool(place: usize) -> String {
    format!("{LINKED}{place}")
}

/// Whether an export creates a file of this name in its run folder.
pub fn is_file_of_export(name: &str) -> bool {
    let place = name.strip_prefix(LINKED).and_then(|rest| {
        rest.strip_suffix(".pages")
            .or_else(|| rest.strip_suffix(".rows"))
    });
    let is_spool = place
        .is_some_and(|place| !place.is_empty() && place.bytes().all(|byte| byte.is_ascii_digit()));
    is_spool || OURS.contains(&name)
}

/// A longer file is not ours: it would hold millions of ids.
const LONGEST: u64 = 256 << 20;

/// A longer summary is not ours.
const LONGEST_SUMMARY: u64 = 64 << 20;

/// The version that is written; a newer one is refused, and so is an older one, which held a
/// command line.
const VERSION: u32 = 2;

/// An export as it was requested, resolved: nothing in it depends on where or in what environment
/// it is resumed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Version of the folder; a newer one can't be understood.
    pub version: u32,
    /// Id of the run, which nobody can guess.
    pub run: String,
    /// When it began, by this machine's clock.
    pub begun: Timestamp,
    /// What was selected.
    pub selection: Selection,
    /// The ids that were chosen, if any were.
    #[serde(default)]
    pub ids: Option<Vec<u64>>,
    /// The search that the filter became, its names and relative dates resolved.
    #[serde(default)]
    pub search: Option<Search>,
    /// How a data set continues.
    #[serde(default)]
    pub onward: Onward,
    /// Whether properties that the portal does not have become empty columns.
    #[serde(default)]
    pub missing_as_null: bool,
    /// The mapping that is run backwards.
    #[serde(default)]
    pub mapping: Option<AskedMapping>,
    /// The file or folder, absolute.
    pub target: PathBuf,
    /// What may be replaced at the target.
    pub replace: Replace,
    /// How the portal is reached; never a token.
    pub portal: PortalPath,
    /// HubSpot portal id.
    pub portal_id: u64,
    /// Properties that are read, in the order of the values of each ticket.
    pub properties: Vec<String>,
    /// The portal's time when reading began.
    pub started: Option<Timestamp>,
    /// Options that a resume uses again (R3).
    #[serde(default, rename = "told")]
    pub run_options: RunOptions,
}

/// A mapping, as it was when the export began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedMapping {
    /// Absolute path.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
    /// The files that it names, with the BLAKE3 of each in hex.
    #[serde(default)]
    pub tables: BTreeMap<String, String>,
}

/// What may be replaced at the target. Files that are not ours and exports of something else are
/// separate questions, each with its own answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Replace {
    /// The same export.
    #[default]
    Same,
    /// Any export of ours (`--replace`).
    Export,
    /// The same export, and files that are not ours or were changed (`--force`).
    Files,
    /// Any export and any file (both).
    Anything,
}

impl Replace {
    /// Whether an export of other tickets, columns or parts may be replaced.
    pub fn other_exports(self) -> bool {
        matches!(self, Replace::Export | Replace::Anything)
    }

    /// The same, and files that are not as an export left them.
    pub fn and_files(self) -> Replace {
        match self.other_exports() {
            true => Replace::Anything,
            false => Replace::Files,
        }
    }

    /// Whether a file that no export of ours left there may be replaced.
    pub fn other_files(self) -> bool {
        matches!(self, Replace::Files | Replace::Anything)
    }
}

/// Why a run folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process has it.
    #[error(transparent)]
    Held(LockError),
    /// It can't be read or written.
    #[error("can't use the run folder {}", .path.display())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file was given; a folder is expected.
    #[error("the run folder {} is a file", .0.display())]
    File(PathBuf),
    /// A new run needs a new folder.
    #[error("the run folder {} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// It was written by a newer version.
    #[error("the run {} belongs to a newer version of tickethaul", .0.display())]
    Newer(PathBuf),
    /// What was requested can't be parsed.
    #[error("{} is damaged", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// It was written by an older version.
    #[error("the export {} was started by an older version of tickethaul, whose exports this one \
         can't resume", .0.display())]
    Older(PathBuf),
}

impl FolderError {
    /// What the system or a library said, if the error came from there.
    pub fn into_cause(self) -> Option<Cause> {
        match self {
            FolderError::Unusable { source, .. } => Some(source.into()),
            FolderError::Damaged { source, .. } => Some(source.into()),
            FolderError::Held(_)
            | FolderError::File(_)
            | FolderError::NotEmpty(_)
            | FolderError::Newer(_)
            | FolderError::Older(_) => None,
        }
    }
}

impl Asked {
    /// The version that is written.
    pub const VERSION: u32 = VERSION;
}

/// A run folder that is ours.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    _lock: Lock,
}

/// The state of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportState {
    /// A process is working on it.
    Running,
    /// It can be resumed.
    Stopped,
    /// It has finished.
    Finished,
}

impl RunFolder {
    /// Creates the folder of a new export: `tickethaul-runs/<name>`, or the one given, which may
    /// hold a finished export, or one that stopped and had the same target. It is the folder of
    /// this export once `keep` has stored what is requested.
    pub fn create(given: Option<&Path>, asked: &Asked) -> Result<RunFolder, FolderError> {
        let path = new_run_folder("export", given);
        let unusable = |error| unusable(&path, error);
        if path.is_file() {
            return Err(FolderError::File(path));
        }
        private_folder(&path).map_err(unusable)?;
        if !gives_way(&path, asked).map_err(unusable)? {
            return Err(FolderError::NotEmpty(path));
        }
        let folder = RunFolder::lock(path)?;
        folder.clear(asked)?;
        Ok(folder)
    }

    /// Removes what the last export left: a fixed `--run-dir` holds only the latest one. If that one
    /// was replacing the same target, what says so stays.
    fn clear(&self, asked: &Asked) -> Result<(), FolderError> {
        let unusable = |error| unusable(&self.path, error);
        // Another process may have started an export in it meanwhile.
        if !gives_way(&self.path, asked).map_err(unusable)? {
            return Err(FolderError::NotEmpty(self.path.clone()));
        }
        let kept: &[&str] = match is_replacing(&self.path) {
            true => &[LOCK, ASKED, PUBLISHING],
            false => &[LOCK],
        };
        let goes = |name: &str| !kept.contains(&name);
        self.remove_files(goes).map_err(unusable)
    }

    /// Stores what is requested, replacing what was stored before.
    pub fn keep(&self, asked: &Asked) -> Result<(), FolderError> {
        let stored = self.store(asked);
        stored.map_err(|error| unusable(&self.path, error))
    }

    fn store(&self, asked: &Asked) -> io::Result<()> {
        replace_file(&self.path.join(ASKED), &serde_json::to_vec_pretty(asked)?)
    }

    /// Opens the folder of an export that stopped.
    pub fn open(path: &Path) -> Result<(RunFolder, Asked), FolderError> {
        let _known = look(path)?;
        let folder = RunFolder::lock(path.to_owned())?;
        // Once more: it may have finished meanwhile.
        let asked = look(path)?;
        Ok((folder, asked))
    }

    fn lock(path: PathBuf) -> Result<RunFolder, FolderError> {
        match Lock::take(&path) {
            Ok(lock) => Ok(RunFolder { path, _lock: lock }),
            Err(LockError::Io(error)) => Err(unusable(&path, error)),
            Err(held) => Err(FolderError::Held(held)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps the outcome of the export and removes its pages. The chosen ids are removed too: there
    /// may be millions.
    pub fn finish(self, outcome: &Outcome) -> io::Result<()> {
        let text = format!("{:#}\n", serde_json::to_value(outcome)?);
        replace_file(&self.path.join(SUMMARY), text.as_bytes())?;
        if let Ok(asked) = look(&self.path)
            && asked.ids.is_some()
        {
            let asked = Asked { ids: None, ..asked };
            self.store(&asked)?;
        }
        self.remove_files(|name| !KEPT.contains(&name))
    }

    /// Removes those of our files for which `goes` is true.
    fn remove_files(&self, goes: impl Fn(&str) -> bool) -> io::Result<()> {
        let mut going = self.going(goes)?.into_iter();
        going.try_for_each(|name| fs::remove_file(self.path.join(name)))
    }

    /// Those of our files for which `goes` is true, in the order of their removal, so that a process
    /// that is killed meanwhile leaves a folder that the next export can take: what says that this
    /// is an export goes late, and that it has finished, last. Until then it can be resumed:
    /// archived tickets go before live ones, and are read after them (protocol E2).
    fn going(&self, goes: impl Fn(&str) -> bool) -> io::Result<Vec<OsString>> {
        let mut going = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let entry = entry?;
            let name = entry.file_name();
            let is_ours = |name: &str| is_file_of_export(name) && goes(name);
            if name.to_str().is_some_and(is_ours) && !entry.file_type()?.is_dir() {
                going.push(name);
            }
        }
        going.sort();
        going.sort_by_key(|name| (name == SUMMARY, name == ASKED));
        Ok(going)
    }

    /// Removes everything that is ours: nothing of the export stays. `tickethaul-runs` is removed
    /// with the last run. Returns what is left, which is not ours.
    pub fn remove(self) -> io::Result<Vec<PathBuf>> {
        self.remove_files(|name| name != LOCK)?;
        // Until then no other process can take the folder.
        match fs::remove_file(self.path.join(LOCK)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let left = fs::read_dir(&self.path)?.map(|entry| Ok(entry?.path()));
        let left: Vec<PathBuf> = left.collect::<io::Result<_>>()?;
        if !left.is_empty() {
            return Ok(left);
        }
        remove_run_folder(&self.path);
        Ok(left)
    }
}

/// What was requested of an export; nothing in the folder is touched.
pub fn look(path: &Path) -> Result<Asked, FolderError> {
    let text = read_regular(&path.join(ASKED), LONGEST);
    let text = text.map_err(|error| unusable(path, error))?;
    let damaged = |source| FolderError::Damaged {
        path: path.join(ASKED),
        source,
    };
    let Versioned { version } = serde_json::from_slice(&text).map_err(damaged)?;
    match version.cmp(&VERSION) {
        Ordering::Less => Err(FolderError::Older(path.to_owned())),
        Ordering::Equal => serde_json::from_slice(&text).map_err(damaged),
        Ordering::Greater => Err(FolderError::Newer(path.to_owned())),
    }
}

/// The part that every version writes.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

/// The outcome of the export in a folder; none if it has not finished.
///
/// # Errors
/// If it can't be read.
pub fn outcome(path: &Path) -> io::Result<Option<Outcome>> {
    match read_regular(&path.join(SUMMARY), LONGEST_SUMMARY) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        text => Ok(Some(serde_json::from_slice(&text?)?)),
    }
}

/// Whether the export in a folder has finished.
pub fn is_finished(path: &Path) -> bool {
    is_export(path) && path.join(SUMMARY).is_file()
}

/// Whether a new export may take a folder: it is empty, or holds only an export that has finished
/// or that the new one replaces.
fn gives_way(path: &Path, asked: &Asked) -> io::Result<bool> {
    let is_superseded = || look(path).is_ok_and(|other| other.target == asked.target);
    match is_export(path) {
        true => Ok((is_finished(path) || is_superseded()) && holds_only(path, is_file_of_export)?),
        // At most what is left of an export that ran out of disk space before it began, or whose
        // files were being removed.
        false => {
            let is_ours = path.join(LOCK).is_file();
            holds_only(path, |name| {
                [LOCK, NEW_ASKED].contains(&name) || (is_ours && name == SUMMARY)
            })
        }
    }
}

/// Whether a folder holds only files with such names.
fn holds_only(path: &Path, is_ours: impl Fn(&str) -> bool) -> io::Result<bool> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let is_ours = entry.file_name().to_str().is_some_and(&is_ours);
        if !is_ours || entry.file_type()?.is_dir() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How far the export in a folder has got, and how many tickets it has read; for a finished one,
/// the tickets in it.
pub fn progress(path: &Path) -> (ExportState, u64) {
    if is_finished(path) {
        let outcome = outcome(path).ok().flatten();
        let tickets = outcome.map_or(0, |outcome| outcome.tickets);
        return (ExportState::Finished, tickets);
    }
    let state = match Lock::is_held(path) {
        true => ExportState::Running,
        false => ExportState::Stopped,
    };
    let spools = ["live", "archived"].map(|name| tickets_in(path, name));
    (state, spools.iter().sum())
}

/// Records that the target is being replaced from now on: if the process is killed meanwhile, what
/// it leaves there is ours.
pub fn begin_to_publish(folder: &Path) -> io::Result<()> {
    write_anew(&folder.join(PUBLISHING), b"").map(drop)
}

/// Whether a process ended while replacing the target.
pub fn has_published(folder: &Path) -> bool {
    folder.join(PUBLISHING).is_file()
}

/// The same of an export that has not finished: its target may hold only some of its files.
pub fn is_replacing(folder: &Path) -> bool {
    has_published(folder) && is_export(folder) && !is_finished(folder)
}

/// True for the run folder of an export.
pub fn is_export(path: &Path) -> bool {
    let found = fs::symlink_metadata(path.join(ASKED));
    found.is_ok_and(|found| found.is_file())
}

fn unusable(path: &Path, source: io::Error) -> FolderError {
    FolderError::Unusable {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An export to this target.
    fn asked(target: &str) -> Asked {
        let asked = json!({
            "version": VERSION,
            "run": "4f",
            "begun": "2026-11-30T20:00:00Z",
            "selection": {},
            "target": target,
            "replace": "same",
            "portal": PortalPath::Url("http://127.0.0.1".to_owned()),
            "portal_id": 1,
            "properties": [],
        });
        serde_json::from_value(asked).expect("an export")
    }

    /// The folder of an export of which these files are there.
    fn folder(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for name in names {
            fs::write(folder.path().join(name), "").expect("written");
        }
        let path = folder.path().to_owned();
        let run = RunFolder::lock(path).expect("locked");
        run.keep(&asked("/a.csv")).expect("kept");
        folder
    }

    /// The folder as each kill leaves it while files are removed from it.
    fn killed(names: &[&str], goes: fn(&str) -> bool) -> Vec<tempfile::TempDir> {
        let going = |folder: &tempfile::TempDir| {
            let run = RunFolder::lock(folder.path().to_owned()).expect("locked");
            run.going(goes).expect("files")
        };
        let steps = going(&folder(names)).len();
        assert!(steps >= names.len());
        let kills = (0..=steps).map(|removed| {
            let folder = folder(names);
            for name in going(&folder).iter().take(removed) {
                fs::remove_file(folder.path().join(name)).expect("removed");
            }
            folder
        });
        kills.collect()
    }

    #[test]
    fn a_folder_that_was_being_cleared_is_taken_by_any_export() {
        let finished = [
            "live.pages",
            "linked-0.rows",
            "report.html",
            "run.log",
            SUMMARY,
        ];
        for folder in killed(&finished, |name| name != LOCK) {
            let other = RunFolder::create(Some(folder.path()), &asked("/b.csv"));
            let _folder = other.expect("taken");
        }
    }

    #[test]
    fn a_summary_alone_is_nobodys() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(SUMMARY), "").expect("written");
        let taken = RunFolder::create(Some(folder.path()), &asked("/a.csv"));
        assert!(matches!(taken, Err(FolderError::NotEmpty(_))));
    }

    #[test]
    fn that_the_target_was_being_replaced_is_known_until_an_export_has_finished() {
        let stopped = ["live.pages", "live.rows", "run.log", PUBLISHING];
        let goes = |name: &str| ![LOCK, ASKED, PUBLISHING].contains(&name);
        let killed = killed(&["live.pages", "live.rows", "run.log"], goes);
        for folder in killed.into_iter().chain([folder(&stopped)]) {
            fs::write(folder.path().join(PUBLISHING), "").expect("written");
            let next = RunFolder::create(Some(folder.path()), &asked("/a.csv"));
            let _folder = next.expect("taken");
            assert!(is_replacing(folder.path()));
            assert!(!folder.path().join("live.pages").exists());
        }
    }
}
