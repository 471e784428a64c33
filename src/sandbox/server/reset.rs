//! Emptying a state file: its content is counted, and the file removed. A file that is
//! not a sandbox's state is left alone.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::StartError;
use super::state_lock::{LockError, StateLock};
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::store::APPLICATION_ID;

/// Records that were in a state, by the plural of their kind; kinds without any are
/// left out.
pub type Emptied = Vec<(&'static str, u64)>;

/// Empties the state in a file; nothing if there is none.
///
/// # Errors
/// When a portal has it open, when it is not a sandbox's state, or can't be removed.
pub fn reset(state: &Path) -> Result<Option<Emptied>, StartError> {
    if !state.exists() {
        return Ok(None);
    }
    let lock = StateLock::take(state).map_err(|error| match error {
        LockError::Held { holder } => StartError::Held {
            path: state.to_owned(),
            holder,
        },
        LockError::Io(error) => cannot(state, error),
    })?;
    let held = count(state).map_err(|error| cannot(state, error))?;
    let Some(held) = held else {
        let error = io::Error::other("it is not a sandbox state");
        return Err(cannot(state, error));
    };
    for ending in ["", "-wal", "-shm"] {
        match fs::remove_file(beside(state, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(cannot(state, error));
            }
            _ => {}
        }
    }
    drop(lock);
    Ok(Some(held))
}

/// None for a database that is not ours.
fn count(state: &Path) -> rusqlite::Result<Option<Emptied>> {
    let db = Connection::open_with_flags(state, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let id: i64 = db.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    if id != APPLICATION_ID {
        return Ok(None);
    }
    let mut query = db.prepare("SELECT count(*) FROM record WHERE kind = ?1 AND archived = 0")?;
    let mut held = Emptied::new();
    for kind in Kind::ALL {
        let records: i64 = query.query_row([kind.type_id()], |row| row.get(0))?;
        if records > 0 {
            held.push((kind.plural(), records.unsigned_abs()));
        }
    }
    Ok(Some(held))
}

fn beside(state: &Path, ending: &str) -> PathBuf {
    let mut name = state.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn cannot(state: &Path, source: impl std::error::Error + Send + Sync + 'static) -> StartError {
    StartError::Open {
        path: state.display().to_string(),
        source: Box::new(source),
    }
}
