//! The folder of a plan: for its owner alone, locked while it is made or applied. A plan
//! that is only shown has a folder that goes with the command.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::Error;
use crate::journal::{Lock, LockError, is_leftover};
use crate::output::{Temporary, private_folder, write_anew};

/// The report as it was printed.
pub const WORDS: &str = "plan.txt";

/// The report for scripts.
pub const JSON: &str = "plan.json";

/// A folder that is ours.
#[derive(Debug)]
pub struct PlanFolder {
    path: PathBuf,
    is_new: bool,
    _lock: Option<Lock>,
    /// Set while nothing of it is to stay.
    temporary: Option<(Temporary, Option<tempfile::TempDir>)>,
}

impl PlanFolder {
    /// Makes the folder of a new plan, or takes one that is empty.
    ///
    /// # Errors
    /// When something else is in it, or it can't be made.
    pub fn create(path: &Path) -> Result<PlanFolder, Error> {
        let unusable = |error: &io::Error| unusable(path, error);
        let is_new = !path.exists();
        private_folder(path).map_err(|error| unusable(&error))?;
        let lock = lock(path)?;
        let held = fs::read_dir(path).map_err(|error| unusable(&error))?;
        for entry in held {
            let name = entry.map_err(|error| unusable(&error))?.file_name();
            if !name.to_str().is_some_and(is_leftover) {
                let message = format!("the folder {} is not empty", path.display());
                return Err(Error::usage(message).advise("name a new folder with -o"));
            }
        }
        Ok(PlanFolder {
            path: path.to_owned(),
            is_new,
            _lock: Some(lock),
            temporary: is_new.then(|| (Temporary::new(path), None)),
        })
    }

    /// A folder for a plan that is only shown.
    ///
    /// # Errors
    /// When the system's folder for such files can't be written.
    pub fn passing() -> Result<PlanFolder, Error> {
        let folder = tempfile::tempdir().map_err(|error| {
            Error::unexpected(format!("can't make a temporary folder: {error}"))
        })?;
        let path = folder.path().to_owned();
        Ok(PlanFolder {
            temporary: Some((Temporary::new(&path), Some(folder))),
            path,
            is_new: true,
            _lock: None,
        })
    }

    /// Opens the folder of a plan that is to be applied.
    ///
    /// # Errors
    /// When another process has it.
    pub fn open(path: &Path) -> Result<PlanFolder, Error> {
        Ok(PlanFolder {
            path: path.to_owned(),
            is_new: false,
            _lock: Some(lock(path)?),
            temporary: None,
        })
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the report beside the plan; from now on the folder stays.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn keep(&mut self, words: &str, json: &str) -> Result<(), Error> {
        for (name, text) in [(WORDS, words), (JSON, json)] {
            let path = self.path.join(name);
            let written = write_anew(&path, format!("{text}\n").as_bytes());
            let synced = written.and_then(|file| file.sync_all());
            synced.map_err(|error| unusable(&self.path, &error))?;
        }
        self.temporary = None;
        Ok(())
    }

    /// Takes it away again: there is no plan.
    pub fn abandon(self) {
        if self.is_new {
            // Whatever can't be removed harms nobody: it holds no plan.
            let _gone = fs::remove_dir_all(&self.path);
        }
    }
}

fn lock(path: &Path) -> Result<Lock, Error> {
    Lock::take(path).map_err(|error| match error {
        LockError::Held(holder) => {
            Error::mend(format!("the plan {} is in use by {holder}", path.display()))
                .advise("wait for it, or end that process first")
        }
        LockError::Io(error) => unusable(path, &error),
    })
}

fn unusable(path: &Path, error: &io::Error) -> Error {
    Error::mend(format!(
        "can't use the folder {} for a plan: {error}",
        path.display()
    ))
    .advise("nothing was written to the portal; make room or name another folder")
}
