//! What is on disk only as long as this process lives: copies of stdin, pages for a
//! stream, unfinished files. Code that ends the process at once, as a signal does,
//! removes them here.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

static HELD: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// A file or folder that is removed with the process. Its owner removes it or moves it
/// away before this is dropped.
#[derive(Debug)]
pub struct Temporary(PathBuf);

impl Temporary {
    /// From now on this path is removed with the process.
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

/// Removes everything: the process ends now.
pub fn remove_temporary() {
    for path in held().iter() {
        // A failure must not keep the process alive.
        let _gone = match path.is_dir() {
            true => fs::remove_dir_all(path),
            false => fs::remove_file(path),
        };
    }
}

fn held() -> MutexGuard<'static, BTreeSet<PathBuf>> {
    HELD.lock().unwrap_or_else(PoisonError::into_inner)
}
