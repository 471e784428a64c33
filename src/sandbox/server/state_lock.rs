//! One portal per state file: a lock on a file next to it, which names the process that holds it.
//! The lock is released with the process, however that ends.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// The right to use a state file, for as long as this value lives.
#[derive(Debug)]
pub(crate) struct StateLock {
    lock: File,
}

/// Why a state file cannot be locked.
#[derive(Debug, Error)]
pub(crate) enum LockError {
    #[error("it is in use")]
    Held {
        /// Process id, if the lock file names it.
        holder: Option<u32>,
    },
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl StateLock {
    /// Claims `state`, and creates its folder if it is missing.
    pub(crate) fn take(state: &Path) -> Result<StateLock, LockError> {
        if let Some(folder) = state.parent() {
            make_private(folder)?;
        }
        let mut options = OpenOptions::new();
        let _same = options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            // The target of a symbolic link must not be written.
            let _same = options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
            let _same = options.mode(0o600);
        }
        let mut lock = options.open(lock_path(state))?;
        if !lock.metadata()?.is_file() {
            return Err(io::Error::other("its lock is not a regular file").into());
        }
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(LockError::Held {
                    holder: holder(&mut lock),
                });
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        lock.set_len(0)?;
        writeln!(lock, "{}", std::process::id())?;
        make_state(state)?;
        Ok(StateLock { lock })
    }
}

/// Creates a folder for its owner alone: the state holds tickets. An existing folder stays as it
/// is.
fn make_private(folder: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    let _same = builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        let _same = builder.mode(0o700);
    }
    builder.create(folder)
}

/// Creates a new state for its owner alone, before SQLite would create it readable by everybody;
/// the files that SQLite keeps next to it get the same mode.
fn make_state(state: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let _same = options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let _same = options.mode(0o600);
    }
    match options.open(state) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

impl Drop for StateLock {
    /// Closing alone may not release it at once: a child process that is being started shares the
    /// open file until it runs its own program.
    fn drop(&mut self) {
        // If unlocking fails, closing unlocks it.
        let _closed = self.lock.unlock();
    }
}

fn lock_path(state: &Path) -> PathBuf {
    let mut name = state.as_os_str().to_owned();
    name.push(".lock");
    PathBuf::from(name)
}

fn holder(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    let _ = lock.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn no_link_is_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let (state, victim) = (folder.path().join("s.db"), folder.path().join("victim"));
        std::fs::write(&victim, "text").expect("a file");
        std::os::unix::fs::symlink(&victim, lock_path(&state)).expect("a link");
        assert!(matches!(StateLock::take(&state), Err(LockError::Io(_))));
        assert_eq!(std::fs::read_to_string(victim).expect("read"), "text");
    }

    #[test]
    fn a_state_has_one_owner_at_a_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = folder.path().join("new").join("portal.db");
        let lock = StateLock::take(&state).expect("a lock");
        let Err(LockError::Held { holder }) = StateLock::take(&state) else {
            panic!("locked twice")
        };
        assert_eq!(holder, Some(std::process::id()));
        drop(lock);
        assert!(StateLock::take(&state).is_ok());
    }
}
