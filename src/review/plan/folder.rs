//! The folder of a plan: readable by its owner only, locked while it is made or applied. A plan
//! that is only shown has a folder that is removed with the command.

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
    /// Set while the folder is to be removed at the end.
    temporary: Option<(Temporary, Option<tempfile::TempDir>)>,
}

impl PlanFolder {
    /// Creates the folder of a new plan, or uses an empty one.
    ///
    /// # Errors
    /// When it is not empty, or can't be created.
    pub fn create(path: &Path) -> Result<PlanFolder, Error> {
        let unusable = |error: io::Error| unusable(path, error);
        let is_new = !path.exists();
        private_folder(path).map_err(unusable)?;
        let lock = lock(path)?;
        let held = fs::read_dir(path).map_err(unusable)?;
        for entry in held {
            let name = entry.map_err(unusable)?.file_name();
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
    /// When the system's temporary folder can't be written.
    pub fn passing() -> Result<PlanFolder, Error> {
        let folder = tempfile::tempdir()
            .map_err(|error| Error::unexpected("can't make a temporary folder").because(error))?;
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

    /// Writes the report next to the plan; from now on the folder is kept.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn keep(&mut self, words: &str, json: &str) -> Result<(), Error> {
        for (name, text) in [(WORDS, words), (JSON, json)] {
            let path = self.path.join(name);
            let written = write_anew(&path, format!("{text}\n").as_bytes());
            let synced = written.and_then(|file| file.sync_all());
            synced.map_err(|error| unusable(&self.path, error))?;
        }
        self.temporary = None;
        Ok(())
    }

    /// Removes it again: there is no plan.
    pub fn abandon(self) {
        if self.is_new {
            // Anything that can't be removed is harmless: it holds no plan.
            let _gone = fs::remove_dir_all(&self.path);
        }
    }
}

fn lock(path: &Path) -> Result<Lock, Error> {
    Lock::take(path).map_err(|error| match error {
        LockError::Held(holder) => {
            Error::must_fix(format!("the plan {} is in use by {holder}", path.display()))
                .advise("wait for it, or end that process first")
        }
        LockError::Io(error) => unusable(path, error),
    })
}

fn unusable(path: &Path, error: io::Error) -> Error {
    Error::must_fix(format!(
        "can't use the folder {} for a plan",
        path.display()
    ))
    .because(error)
    .advise("nothing was written to the portal; make room or name another folder")
}
