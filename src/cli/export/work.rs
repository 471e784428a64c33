//! Where the pages of an export lie on their way: a run folder that `tickethaul resume`
//! takes up, or, for what goes to stdout, a folder that ends with the process.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::args::ExportArgs;
use crate::error::Error;
use crate::export::{Asked, FolderError, RunFolder};

/// Where pages lie on their way.
pub(super) enum Work {
    /// A run folder: the export can be resumed.
    Run(RunFolder),
    /// What went to stdout can't be taken up again.
    Temporary(TempDir),
}

impl Work {
    /// A new one; nothing of the portal is read yet.
    pub(super) fn new(args: &ExportArgs, asked: &Asked) -> Result<Work, Error> {
        match args.output {
            Some(_) => {
                let folder = RunFolder::create(args.run_dir.as_deref(), asked);
                Ok(Work::Run(folder.map_err(folder_error)?))
            }
            None => tempfile::tempdir().map(Work::Temporary).map_err(|error| {
                Error::usage(format!("can't make a folder for the export: {error}"))
            }),
        }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        match self {
            Work::Run(folder) => folder.path(),
            Work::Temporary(folder) => folder.path(),
        }
    }

    /// Takes it away: the export is finished.
    pub(super) fn end(self) -> Result<(), Error> {
        let Work::Run(folder) = self else {
            return Ok(());
        };
        let path = folder.path().to_owned();
        folder.remove().map_err(|error| {
            let path = path.display();
            Error::unexpected(format!("can't remove the run folder {path}: {error}"))
        })
    }

    /// The error, with how to go on where that can be done.
    pub(super) fn resumable(&self, error: Error) -> Error {
        match self {
            Work::Run(folder) => error.advise(format!(
                "no file has appeared; `tickethaul resume {}` goes on",
                folder.path().display()
            )),
            Work::Temporary(_) => error,
        }
    }
}

/// The folder that paths of the command line start from.
pub(super) fn here() -> Result<PathBuf, Error> {
    std::path::absolute(".")
        .map_err(|error| Error::unexpected(format!("can't find this folder: {error}")))
}

/// What can be wrong with a run folder.
pub fn folder_error(error: FolderError) -> Error {
    match &error {
        FolderError::Held(_) => {
            Error::mend(&error).advise("wait for it, or end that process first")
        }
        FolderError::Unusable { .. } | FolderError::Newer(_) => Error::mend(error),
        FolderError::NotEmpty(_) => Error::usage(error)
            .advise("name a new folder with --run-dir, or go on with `tickethaul resume`"),
    }
}
