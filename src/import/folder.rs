//! The run folder: made whole before anything is sent, locked while in use.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::error::Error;
use crate::journal::{Lock, LockError, run_name};
use crate::model::event::{Stop, Summary};
use crate::model::outcome::Fate;

use super::flow::Operation;

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
        let name = run_name(operation.word());
        let (name, path) = match given {
            Some(path) => (given_name(path), path.to_owned()),
            None => (name.clone(), Path::new(RUNS).join(name)),
        };
        fs::create_dir_all(&path).map_err(|error| unusable(&path, &error))?;
        let mut entries = fs::read_dir(&path).map_err(|error| unusable(&path, &error))?;
        if entries.next().is_some() {
            let message = format!("the run folder {} is not empty", path.display());
            return Err(Error::usage(message).advise("name a new folder with --run-dir"));
        }
        let lock = Lock::take(&path).map_err(|error| match error {
            LockError::Held(_) => Error::mend(&error),
            LockError::Io(error) => unusable(&path, &error),
        })?;
        Ok(RunFolder {
            name,
            path,
            _lock: lock,
        })
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
        write().map_err(|error| unusable(&self.path, &error))
    }
}

/// The summary as JSON: for summary.json and for `--json`.
pub fn summary_json(summary: &Summary) -> serde_json::Value {
    let rows: serde_json::Map<String, serde_json::Value> = Fate::ALL
        .into_iter()
        .map(|fate| (fate.word().to_owned(), json!(summary.tally.of(fate))))
        .collect();
    let refusals: Vec<_> = summary
        .refusals
        .iter()
        .map(|group| json!({"code": group.code, "rows": group.rows, "example": group.example}))
        .collect();
    let remarks: Vec<_> = summary
        .remarks
        .iter()
        .map(|(remark, count)| json!({"what": remark.words(), "count": count}))
        .collect();
    let stop = summary.stop.as_ref().map(|stop| {
        let kind = match stop {
            Stop::Later(_) => "later",
            Stop::Mend(_) => "mend",
            Stop::TooManyRefused(_) => "too many refused",
        };
        json!({"kind": kind, "why": stop.words()})
    });
    json!({
        "version": 1,
        "run": summary.run,
        "folder": summary.folder.display().to_string(),
        "operation": summary.operation,
        "portal": summary.portal_id,
        "read": summary.tally.read(),
        "rows": rows,
        "refusals": refusals,
        "remarks": remarks,
        "contacts_created": summary.contacts_created,
        "calls": summary.calls,
        "seconds": summary.elapsed.as_secs_f64(),
        "stopped": stop,
    })
}

fn given_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

fn unusable(path: &Path, error: &io::Error) -> Error {
    Error::unexpected(format!(
        "can't use the run folder {}: {error}",
        path.display()
    ))
    .advise("nothing was sent; make room or choose another place with --run-dir")
}
