//! The run folder: made whole before anything is sent, locked while in use, found
//! again by name.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::journal::{Lock, LockError, run_name};
use crate::model::event::Summary;

use super::flow::Operation;
use super::summary::summary_json;

/// Where run folders go when nobody says otherwise.
const RUNS: &str = "tickethaul-runs";

/// A run folder that is ours.
#[derive(Debug)]
pub struct RunFolder {
    name: String,
    path: PathBuf,
    _lock: Lock,
}

impl RunFolder {
    /// Makes a new folder: `tickethaul-runs/<name>` or the one given, which must be
    /// empty.
    ///
    /// # Errors
    /// When it can't be made or written; nothing was sent then.
    pub fn create(operation: Operation, given: Option<&Path>) -> Result<RunFolder, Error> {
        let path = match given {
            Some(path) => path.to_owned(),
            None => Path::new(RUNS).join(run_name(operation.word())),
        };
        let unusable = |error: io::Error| {
            unusable(&path, &error)
                .advise("nothing was sent; make room or choose another place with --run-dir")
        };
        fs::create_dir_all(&path).map_err(unusable)?;
        if fs::read_dir(&path).map_err(unusable)?.next().is_some() {
            let message = format!("the run folder {} is not empty", path.display());
            return Err(Error::usage(message)
                .advise("name a new folder with --run-dir, or go on with `tickethaul resume`"));
        }
        RunFolder::lock(path)
    }

    /// Opens the folder of a run that exists.
    ///
    /// # Errors
    /// When there is none, or another process has it.
    pub fn open(run: &Path) -> Result<RunFolder, Error> {
        RunFolder::lock(run.to_owned())
    }

    fn lock(path: PathBuf) -> Result<RunFolder, Error> {
        let lock = Lock::take(&path).map_err(|error| match error {
            LockError::Held(_) => {
                Error::mend(&error).advise("wait for it, or end that process first")
            }
            LockError::Io(error) => unusable(&path, &error),
        })?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        Ok(RunFolder {
            name: name.to_string_lossy().into_owned(),
            path,
            _lock: lock,
        })
    }

    /// The folder in which `create` would make the run folder.
    pub fn parent_of(given: Option<&Path>) -> &Path {
        match given.map(|path| path.parent().unwrap_or(path)) {
            None => Path::new(RUNS),
            Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
            Some(parent) => parent,
        }
    }

    /// Name of the run.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Path of the folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes summary.json under a temporary name and renames it (D4).
    pub fn write_summary(&self, summary: &Summary) -> Result<(), Error> {
        let text = format!("{:#}\n", summary_json(summary));
        let write = || -> io::Result<()> {
            let building = self.path.join("summary.json.new");
            fs::write(&building, text)?;
            fs::File::open(&building)?.sync_all()?;
            fs::rename(&building, self.path.join("summary.json"))
        };
        write().map_err(|error| self.unusable(&error))
    }

    /// Whether the run's last process lived to write its summary.
    pub fn has_summary(&self) -> bool {
        self.path.join("summary.json").is_file()
    }

    /// Takes the summary of an earlier process away: it holds no more.
    pub fn forget_summary(&self) -> Result<(), Error> {
        match fs::remove_file(self.path.join("summary.json")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.unusable(&error)),
            _ => Ok(()),
        }
    }

    /// An error of the file system in this folder.
    pub fn unusable(&self, error: &io::Error) -> Error {
        unusable(&self.path, error)
    }
}

fn unusable(path: &Path, error: &dyn fmt::Display) -> Error {
    Error::mend(format!(
        "can't use the run folder {}: {error}",
        path.display()
    ))
}
