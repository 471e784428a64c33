//! The run folder of an export: what was asked for, and the pages so far. It goes when
//! the export is finished; while it stands, `tickethaul resume` can go on.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::journal::{Lock, LockError, run_name};

/// Where run folders go when nobody says otherwise.
const RUNS: &str = "tickethaul-runs";

/// What makes a folder that of an export.
const ASKED: &str = "export.json";

/// Written by this version; a newer one is refused.
const VERSION: u32 = 1;

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Of the folder; what a newer one says is not understood.
    pub version: u32,
    /// The command line behind the program's name.
    pub args: Vec<String>,
    /// The folder in which it was typed.
    pub folder: PathBuf,
    /// HubSpot portal id.
    pub portal_id: u64,
    /// Properties that are read, in the order of the values of each ticket.
    pub properties: Vec<String>,
    /// Text of the mapping that is run backwards.
    #[serde(default)]
    pub mapping: Option<String>,
    /// The portal's time when reading began.
    pub started: Option<Timestamp>,
}

impl Default for Asked {
    /// Nothing, in the words of this version.
    fn default() -> Asked {
        Asked {
            version: VERSION,
            args: Vec::new(),
            folder: PathBuf::new(),
            portal_id: 0,
            properties: Vec::new(),
            mapping: None,
            started: None,
        }
    }
}

/// Why a run folder can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// Another process has it.
    #[error(transparent)]
    Held(LockError),
    /// It can't be read or written.
    #[error("can't use the run folder {}: {error}", .path.display())]
    Unusable {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A new run wants a new folder.
    #[error("the run folder {} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// It was written by a newer version.
    #[error("the run {} belongs to a newer version of tickethaul", .0.display())]
    Newer(PathBuf),
}

/// A run folder that is ours.
#[derive(Debug)]
pub struct RunFolder {
    path: PathBuf,
    _lock: Lock,
}

impl RunFolder {
    /// Makes the folder of a new export: `tickethaul-runs/<name>` or the one given.
    pub fn create(given: Option<&Path>, asked: &Asked) -> Result<RunFolder, FolderError> {
        let path = match given {
            Some(path) => path.to_owned(),
            None => Path::new(RUNS).join(run_name("export")),
        };
        let unusable = |error| unusable(&path, error);
        fs::create_dir_all(&path).map_err(unusable)?;
        if fs::read_dir(&path).map_err(unusable)?.next().is_some() {
            return Err(FolderError::NotEmpty(path));
        }
        let folder = RunFolder::lock(path.clone())?;
        folder.keep(asked)?;
        Ok(folder)
    }

    /// Writes down what is asked for, in place of what was.
    pub fn keep(&self, asked: &Asked) -> Result<(), FolderError> {
        let write = || -> io::Result<()> {
            let building = self.path.join("export.json.new");
            fs::write(&building, serde_json::to_vec_pretty(asked)?)?;
            fs::rename(building, self.path.join(ASKED))
        };
        write().map_err(|error| unusable(&self.path, error))
    }

    /// Opens the folder of an export that stopped.
    pub fn open(path: &Path) -> Result<(RunFolder, Asked), FolderError> {
        let folder = RunFolder::lock(path.to_owned())?;
        let read =
            || -> io::Result<Asked> { Ok(serde_json::from_slice(&fs::read(path.join(ASKED))?)?) };
        let asked = read().map_err(|error| unusable(path, error))?;
        match asked.version > VERSION {
            true => Err(FolderError::Newer(path.to_owned())),
            false => Ok((folder, asked)),
        }
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

    /// Takes everything away: the export is finished. `tickethaul-runs` goes with the
    /// last run.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_dir_all(&self.path)?;
        if let Some(runs) = self.path.parent().filter(|runs| runs.ends_with(RUNS)) {
            let _other_runs = fs::remove_dir(runs);
        }
        Ok(())
    }
}

/// True for the run folder of an export.
pub fn is_export(path: &Path) -> bool {
    path.join(ASKED).is_file()
}

/// Exports of this folder that are not finished, oldest first.
pub fn unfinished() -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(RUNS) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| is_export(path) && !Lock::is_held(path))
        .collect();
    paths.sort();
    paths
}

fn unusable(path: &Path, error: io::Error) -> FolderError {
    FolderError::Unusable {
        path: path.to_owned(),
        error,
    }
}
