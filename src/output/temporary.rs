//! What lies on the disk only as long as this process lives: copies of stdin, pages on
//! their way to a stream, files that have not appeared yet. Whoever ends the process
//! without going back through its callers, as a signal does, takes them away here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static HELD: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A file or folder that goes with the process. Its owner removes it or moves it away
/// before this is dropped.
#[derive(Debug)]
pub struct Temporary(PathBuf);

impl Temporary {
    /// From now on this path goes with the process.
    pub fn new(path: &Path) -> Temporary {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let _new = held().insert(path.clone());
        Temporary(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _known = held().remove(&self.0);
    }
}

/// Takes everything away: the process ends now.
pub fn remove_temporary() {
    for path in held().iter() {
        // What can't be removed is no reason to live on.
        let _gone = match path.is_dir() {
            true => fs::remove_dir_all(path),
            false => fs::remove_file(path),
        };
    }
}

fn held() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}
