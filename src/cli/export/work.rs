//! Where the pages of an export are kept until its output is written: a run folder, which
//! `tickethaul resume` continues and which keeps the result of the export, or, for a stream, a
//! folder that is removed with the process.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::cli::find_runs;
use crate::error::Error;
use crate::export::{Asked, FolderError, Outcome, RunFolder};
use crate::hubspot::Client;
use crate::import::settle::log::log_calls;
use crate::model::shell;
use crate::output::Temporary;

/// Where pages are kept until the output is written.
pub(super) enum Work {
    /// A run folder: the export can be resumed.
    Run(RunFolder),
    /// A folder for an export to a stream, which can't be resumed.
    Temporary(
        TempDir,
        #[expect(dead_code, reason = "it goes with the folder")] Temporary,
    ),
}

impl Work {
    /// For an export to a stream.
    pub(super) fn temporary() -> Result<Work, Error> {
        let mut builder = tempfile::Builder::new();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let _same = builder.permissions(std::fs::Permissions::from_mode(0o700));
        }
        let folder = builder
            .tempdir()
            .map_err(|error| Error::usage("can't make a folder for the export").because(error))?;
        let temporary = Temporary::new(folder.path());
        Ok(Work::Temporary(folder, temporary))
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        match self {
            Work::Run(folder) => folder.path(),
            Work::Temporary(folder, _) => folder.path(),
        }
    }

    /// From now on calls are noted in the run folder.
    pub(super) fn log_calls(&self, client: &Client) {
        if let Work::Run(folder) = self {
            log_calls(client, folder.path());
        }
    }

    /// Finishes it: the pages are removed, and the result of the export stays in the run folder,
    /// whose path is returned. Of an export to a stream nothing stays.
    pub(super) fn finish(self, outcome: &Outcome) -> Result<Option<PathBuf>, Error> {
        let Work::Run(folder) = self else {
            return Ok(None);
        };
        let path = folder.path().to_owned();
        folder.finish(outcome).map_err(|error| {
            let path = path.display();
            Error::unexpected(format!(
                "the export is whole, and the run folder {path} can't be written"
            ))
            .because(error)
        })?;
        Ok(Some(path))
    }

    /// Removes it, because nothing was read or nobody wants it any more. Returns what is left in
    /// it: files that the tool did not make.
    pub(super) fn end(self) -> Result<Vec<PathBuf>, Error> {
        let Work::Run(folder) = self else {
            return Ok(Vec::new());
        };
        let path = folder.path().to_owned();
        find_runs::forget(&path);
        folder.remove().map_err(|error| {
            let path = path.display();
            Error::unexpected(format!("can't remove the run folder {path}")).because(error)
        })
    }

    /// The error, with how to continue if that is possible.
    pub(super) fn resumable(&self, error: Error) -> Error {
        match self {
            Work::Run(folder) => error.advise(format!(
                "no file has appeared; `tickethaul resume {}` continues",
                shell::path(folder.path())
            )),
            Work::Temporary(..) => error,
        }
    }
}

/// The folder of an export that can be resumed, before it holds what is requested; nothing of the
/// portal is read yet.
pub(super) fn resumable_in(given: Option<&Path>, asked: &Asked) -> Result<RunFolder, Error> {
    if let Some(given) = given.filter(|given| is_inside(&asked.target, given)) {
        return Err(Error::usage(format!(
            "the output {} lies in the run folder {}, whose files go when the export is finished",
            asked.target.display(),
            given.display()
        ))
        .advise("name another folder with --run-dir"));
    }
    RunFolder::create(given, asked).map_err(folder_error)
}

/// Whether a path is a folder or inside it; the folder need not exist yet.
pub(super) fn is_inside(path: &Path, folder: &Path) -> bool {
    let Ok(folder) = std::path::absolute(folder) else {
        return true;
    };
    let mut above = folder.ancestors();
    let known = above.find_map(|above| Some((above, above.canonicalize().ok()?)));
    let folder = match known {
        Some((above, real)) => real.join(folder.strip_prefix(above).unwrap_or(&folder)),
        None => folder,
    };
    path.starts_with(folder)
}

/// What can be wrong with a run folder.
pub fn folder_error(error: FolderError) -> Error {
    let plain = match &error {
        FolderError::Held(_) => {
            Error::must_fix(&error).advise("wait for it, or end that process first")
        }
        FolderError::Older(_) | FolderError::Damaged { .. } => {
            Error::must_fix(&error).advise("start the export again")
        }
        FolderError::Unusable { .. } => Error::must_fix(&error).advise(
            "make room, or name a folder that can be written with --run-dir; nothing was exported",
        ),
        FolderError::Newer(_) => Error::must_fix(&error),
        FolderError::File(_) => Error::usage(&error).advise("name a folder with --run-dir"),
        FolderError::NotEmpty(_) => Error::usage(&error)
            .advise("name a new folder with --run-dir, or continue with `tickethaul resume`"),
    };
    plain.because_of(error.into_cause())
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;
    use std::io;

    use super::*;

    #[test]
    fn what_the_system_says_of_a_run_folder_is_kept_and_said_once() {
        let full = || io::Error::from(io::ErrorKind::StorageFull);
        let error = folder_error(FolderError::Unusable {
            path: "runs/7".into(),
            source: full(),
        });
        let cause = error.source().and_then(|cause| cause.downcast_ref());
        assert_eq!(cause.map(io::Error::kind), Some(full().kind()));
        let words = format!("can't use the run folder runs/7: {}", full());
        assert_eq!(error.message(), words);
    }

    #[test]
    fn outputs_in_a_run_folder_are_seen() {
        let around = tempfile::tempdir().expect("a folder");
        let around = around.path().canonicalize().expect("a path");
        let output = around.join("exp").join("out.csv");
        for (folder, expected) in [
            ("exp", true),
            ("exp/out.csv", true),
            (".", true),
            ("ex", false),
            ("exp2", false),
        ] {
            assert_eq!(
                is_inside(&output, &around.join(folder)),
                expected,
                "{folder}"
            );
        }
    }
}
