//! One process for a run folder (D5): the file `lock`, locked by the operating system
//! and naming its holder, and, if the system can, the folder itself, because the file
//! could be deleted during a run. A lock dies with its process.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;

use super::run_folder::LOCK;
use crate::output::open_regular;

/// A held lock; released when dropped.
#[derive(Debug)]
pub struct Lock {
    file: File,
    folder: Option<File>,
}

/// Why a folder could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("the run folder is in use by {0}")]
    Held(String),
    /// The lock file can't be created.
    #[error("can't lock the run folder: {0}")]
    Io(#[from] io::Error),
}

impl Lock {
    /// Locks `folder` and writes our process number into the lock file.
    pub fn take(folder: &Path) -> Result<Lock, LockError> {
        let mut options = OpenOptions::new();
        let _same = options.read(true).write(true).create(true).truncate(false);
        let mut file = open_regular(&folder.join(LOCK), &mut options)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LockError::Held(holder(&mut file))),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        let folder = open_folder(folder);
        if let Some(Err(TryLockError::WouldBlock)) = folder.as_ref().map(File::try_lock) {
            return Err(LockError::Held(holder(&mut file)));
        }
        file.set_len(0)?;
        file.rewind()?;
        write!(file, "process {}", std::process::id())?;
        Ok(Lock { file, folder })
    }
}

impl Lock {
    /// True while a process holds the folder's lock.
    pub fn is_held(folder: &Path) -> bool {
        let file = open_regular(&folder.join(LOCK), OpenOptions::new().read(true)).ok();
        let mut locks = file.into_iter().chain(open_folder(folder));
        locks.any(|lock| matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)))
    }
}

/// A folder that can be locked; not every system and file system allows that.
fn open_folder(folder: &Path) -> Option<File> {
    File::open(folder).ok()
}

impl Drop for Lock {
    /// Closing alone may not release it at once: a child process that is being started shares the
    /// open file until it runs its own program.
    fn drop(&mut self) {
        // If unlocking fails, closing unlocks it.
        let _closed = self.file.unlock();
        let _closed = self.folder.as_ref().map(File::unlock);
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

    #[cfg(target_os = "linux")]
    #[test]
    fn a_lock_file_that_was_deleted_does_not_free_the_folder() {
        let folder = tempfile::tempdir().expect("a folder");
        let lock = Lock::take(folder.path()).expect("free");
        std::fs::remove_file(folder.path().join("lock")).expect("deleted");
        assert!(Lock::is_held(folder.path()));
        assert!(matches!(Lock::take(folder.path()), Err(LockError::Held(_))));
        drop(lock);
        let _again = Lock::take(folder.path()).expect("free again");
    }

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let victim = folder.path().join("victim");
        std::fs::write(&victim, "text").expect("a file");
        std::os::unix::fs::symlink(&victim, folder.path().join("lock")).expect("a link");
        assert!(matches!(Lock::take(folder.path()), Err(LockError::Io(_))));
        assert_eq!(std::fs::read_to_string(victim).expect("read"), "text");
    }
}
