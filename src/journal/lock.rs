//! One process for a run folder (D5): the file `lock`, locked by the operating
//! system and naming its holder. A lock dies with its process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

/// A held lock; released when dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

/// Why a folder could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody has it.
    #[error("the run folder is in use by {0}")]
    Held(String),
    /// The lock file can't be made.
    #[error("can't lock the run folder: {0}")]
    Io(#[from] io::Error),
}

impl Lock {
    /// Locks `folder` and writes our process number into the lock file.
    pub fn take(folder: &Path) -> Result<Lock, LockError> {
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join("lock"))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        file.set_len(0)?;
        file.rewind()?;
        write!(file, "process {}", std::process::id())?;
        Ok(Lock { file })
    }
}

impl Lock {
    /// True while a process holds the folder's lock.
    pub fn is_held(folder: &Path) -> bool {
        let Ok(file) = File::open(folder.join("lock")) else {
            return false;
        };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

impl Drop for Lock {
    /// Closing alone would not do at once: a child that is being started shares the
    /// open file until it runs its own program.
    fn drop(&mut self) {
        // What can't be unlocked is closed, which unlocks it.
        let _closed = self.file.unlock();
    }
}

fn holder(file: &mut File) -> String {
    let mut text = String::new();
    match file.read_to_string(&mut text) {
        Ok(_) if !text.trim().is_empty() => text.trim().to_owned(),
        _ => "another process".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_taker_is_told_who_holds_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let lock = Lock::take(folder.path()).expect("free");
        let refused = Lock::take(folder.path()).expect_err("held");
        let expected = format!("the run folder is in use by process {}", std::process::id());
        assert_eq!(refused.to_string(), expected);
        drop(lock);
        let _again = Lock::take(folder.path()).expect("free again");
    }
}
