//! Why a journal can't be read or written.

use std::path::{Path, PathBuf};

use crate::error::{Cause, Error};

/// A failure of the journal. The run ends: without it nothing may be sent.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// SQLite failed: most often a full disk or a lost folder.
    #[error("can't use the journal {path}")]
    Database {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// There is no journal.
    #[error("{} holds no run.db: no run began there, or its journal is gone", .0.display())]
    Missing(PathBuf),
    /// A newer version of the tool wrote it.
    #[error("the journal {} has version {version}, written by a newer tickethaul", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its version.
        version: i32,
    },
    /// It is not one of our databases.
    #[error("{} is not a journal of tickethaul: {what}", path.display())]
    Strange {
        /// The database.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// SQLite can't read it.
    #[error("the journal {} is damaged", path.display())]
    Damaged {
        /// The database.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A value in it can't be read.
    #[error("the journal {} is damaged: {what} can't be read", path.display())]
    Broken {
        /// The database.
        path: PathBuf,
        /// Which value.
        what: String,
    },
    /// There is no plan.
    #[error("{} holds no plan.db: it is not a plan, or one that was cut short", .0.display())]
    NoPlan(PathBuf),
    /// There is another plan where the plan of a run was.
    #[error("the plan in {} is not the one that the run applies", .0.display())]
    OtherPlan(PathBuf),
    /// The file system failed.
    #[error("can't set up the journal {path}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl JournalError {
    /// What the database or the system said, without the path.
    pub fn cause(&self) -> String {
        let cause = std::error::Error::source(self);
        cause.map_or_else(|| self.to_string(), ToString::to_string)
    }

    /// What the database or the system said, if the error came from there.
    fn into_cause(self) -> Option<Cause> {
        match self {
            JournalError::Database { source, .. } | JournalError::Damaged { source, .. } => {
                Some(source.into())
            }
            JournalError::Io { source, .. } => Some(source.into()),
            _ => None,
        }
    }
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Error {
        let advice = match &error {
            JournalError::Database { source, .. } if is_in_use(source) => {
                "close the program that has it open, then resume the run"
            }
            JournalError::Database { .. } => "make room, then resume the run",
            JournalError::Newer { .. } => "use that version of tickethaul, or a newer one",
            JournalError::Strange { .. } => "remove it, or name the folder of another run",
            JournalError::Missing(_) => {
                "run the command that made the folder again: what is in the portal is recognised"
            }
            JournalError::Broken { .. } | JournalError::Damaged { .. } => {
                "import the file again: rows that are in the portal are recognised by their key"
            }
            JournalError::NoPlan(_) => "make one with `tickethaul plan FILE -m MAPPING -o PLAN`",
            JournalError::OtherPlan(_) => "bring the folder of that plan back",
            JournalError::Io { .. } => "make room or choose another place with --run-dir",
        };
        let plain = Error::must_fix(&error).advise(advice);
        plain.because_of(error.into_cause())
    }
}

/// Names the database in an error.
pub(super) fn at(path: &Path) -> impl Fn(rusqlite::Error) -> JournalError + use<> {
    let path = path.to_owned();
    move |source| match is_damage(&source) {
        true => JournalError::Damaged {
            path: path.clone(),
            source,
        },
        false => JournalError::Database {
            path: path.clone(),
            source,
        },
    }
}

/// Another process kept the database for itself for longer than this one waits.
fn is_in_use(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    matches!(
        error.sqlite_error_code(),
        Some(DatabaseBusy | DatabaseLocked)
    )
}

/// Damage: the bytes make no sense, or a value is not where or what it should be; not
/// the fault of the disk or another process.
fn is_damage(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase, TooBig, TypeMismatch, Unknown};
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => matches!(
            failure.code,
            DatabaseCorrupt | NotADatabase | TooBig | TypeMismatch | Unknown
        ),
        _ => true,
    }
}
