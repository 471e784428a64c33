//! The run folder: completed before anything is sent, locked while in use, found again
//! by name.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Cause, Error};
use crate::import::settle::files::holds_no_row;
use crate::journal::{
    Journal, LOCK, Lock, LockError, RUNS, is_leftover, new_run_folder, remove_run_folder,
};
use crate::output::{private_folder, replace_file};

const NOTHING_WRITTEN: &str =
    "nothing was written to the portal; make room or choose another place with --run-dir";

/// A run folder that is ours.
#[derive(Debug)]
pub struct RunFolder {
    name: String,
    path: PathBuf,
    /// Whether the folder was made for this run.
    is_new: bool,
    _lock: Lock,
}

impl RunFolder {
    /// Makes a new folder: `tickethaul-runs/<name>` or the one given, which must be
    /// empty. It is locked, and a journal is tried in it, so that storage problems are
    /// known before anything is written to a portal.
    ///
    /// # Errors
    /// When it can't be created or written; nothing has been written to the portal by
    /// then.
    pub fn create(operation: &str, given: Option<&Path>) -> Result<RunFolder, Error> {
        let path = new_run_folder(operation, given);
        let refuse = |error: Cause| unusable(&path, error).advise(NOTHING_WRITTEN);
        let is_new = !path.exists();
        private_folder(&path).map_err(|error| refuse(why(&path, error)))?;
        let held = fs::read_dir(&path).map_err(|error| refuse(error.into()))?;
        let held: io::Result<Vec<_>> = held.map(|entry| Ok(entry?.file_name())).collect();
        let held = held.map_err(|error| refuse(error.into()))?;
        let is_left = |name: &OsString| {
            let text = name.to_str();
            text.is_some_and(is_leftover) || holds_no_row(&path.join(name))
        };
        if has_begun(&path) || !held.iter().all(is_left) {
            let message = format!("the run folder {} is not empty", path.display());
            return Err(Error::usage(message).advise(match has_begun(&path) {
                true => "name a new folder with --run-dir, or continue that run with `tickethaul resume`",
                false => "name a new folder with --run-dir",
            }));
        }
        let folder = RunFolder::lock(path.clone()).map_err(|error| error.advise(NOTHING_WRITTEN));
        let folder = RunFolder { is_new, ..folder? };
        for name in held.iter().filter(|name| *name != LOCK) {
            fs::remove_file(path.join(name)).map_err(|error| refuse(error.into()))?;
        }
        if let Err(error) = Journal::try_in(&path) {
            folder.abandon();
            let words = format!("a journal can't be kept there: {}", error.cause());
            return Err(refuse(words.into()));
        }
        Ok(folder)
    }

    /// Removes the folder again: the run did not begin.
    pub fn abandon(self) {
        // Anything that can't be removed is harmless: it holds no run.
        let _gone = fs::remove_file(self.path.join(LOCK));
        if self.is_new {
            remove_run_folder(&self.path);
        }
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
                Error::must_fix(&error).advise("wait for it, or end that process first")
            }
            LockError::Io(error) => unusable(&path, error),
        })?;
        let name = path.file_name().unwrap_or(path.as_os_str());
        Ok(RunFolder {
            name: name.to_string_lossy().into_owned(),
            path,
            is_new: false,
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
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn write_summary(&self, summary: &Value) -> Result<(), Error> {
        let text = format!("{summary:#}\n");
        replace_file(&self.path.join("summary.json"), text.as_bytes())
            .map_err(|error| self.unusable(error))
    }

    /// Whether the run's last process lived to write its summary.
    pub fn has_summary(&self) -> bool {
        self.path.join("summary.json").is_file()
    }

    /// Removes the summary of an earlier process: it is no longer valid.
    pub fn forget_summary(&self) -> Result<(), Error> {
        match fs::remove_file(self.path.join("summary.json")) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.unusable(error)),
            _ => Ok(()),
        }
    }

    /// An error of the file system in this folder.
    pub fn unusable(&self, error: io::Error) -> Error {
        unusable(&self.path, error)
    }
}

/// Why a folder can't be made.
fn why(path: &Path, error: io::Error) -> Cause {
    let mut above = path.ancestors();
    match above.find(|path| path.is_file()) {
        Some(file) if file == path => "it is a file, and a folder is meant".into(),
        Some(file) => format!("{} is a file", file.display()).into(),
        None => error.into(),
    }
}

/// Whether the run in a folder has a journal, so that it can be resumed (D1).
pub fn has_begun(folder: &Path) -> bool {
    folder.join("run.db").is_file()
}

fn unusable(path: &Path, cause: impl Into<Cause>) -> Error {
    Error::must_fix(format!("can't use the run folder {}", path.display())).because(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn created(names: &[&str]) -> Result<Vec<String>, String> {
        let around = tempfile::tempdir().expect("a folder");
        for name in names {
            fs::write(around.path().join(name), "").expect("written");
        }
        let folder = RunFolder::create("create", Some(around.path()));
        let _folder = folder.map_err(|error| format!("{error:?}"))?;
        let left = fs::read_dir(around.path()).expect("read");
        let left = left.map(|entry| entry.expect("an entry").file_name());
        Ok(left
            .map(|name| name.to_string_lossy().into_owned())
            .collect())
    }

    #[test]
    fn a_folder_in_which_no_run_began_is_used_again() {
        let left = [
            "run.db.try",
            "run.db.try-wal",
            "run.db.new-journal",
            "input-stdin",
        ];
        assert_eq!(created(&left), Ok(vec![LOCK.to_owned()]));
        let files = [
            "run.log",
            "done.csv",
            "refused.csv",
            "refused.jsonl",
            "idmap.csv",
        ];
        assert_eq!(created(&files), Ok(vec![LOCK.to_owned()]));
    }

    #[test]
    fn a_folder_with_anything_else_is_left_alone() {
        let refused = created(&["notes.txt"]).expect_err("refused");
        assert!(
            refused.contains("not empty") && !refused.contains("resume"),
            "{refused}"
        );
        let around = tempfile::tempdir().expect("a folder");
        let lost = "_line,key\n1,a\n";
        fs::write(around.path().join("done.csv"), lost).expect("written");
        let refused = RunFolder::create("create", Some(around.path()));
        assert!(refused.is_err(), "a row of a run whose journal is gone");
        let refused = created(&["run.db"]).expect_err("refused");
        assert!(refused.contains("resume"), "{refused}");
    }
}
