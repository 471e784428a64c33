//! Replaces the old folder with the new one (E7). If the file system can exchange two folders it is
//! one step, and a reader sees the old set or the new one at every moment. Otherwise two renames
//! are needed; between them the old folder has another name, and the next run restores it if
//! publishing was interrupted.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use crate::output::{PartFile, Privacy, Temporary, part_of};

/// A folder to be published; removed with this value otherwise.
pub struct Building {
    root: PathBuf,
    path: PathBuf,
    /// Until it is published, it is removed when the process ends.
    temporary: Option<Temporary>,
    _claim: PartFile,
}

/// How folders are exchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// In one step, if possible.
    Exchange,
    /// By two renames.
    Renames,
}

impl Building {
    /// Locks a place and begins a folder next to it. What a killed process left is
    /// removed, or restored.
    pub fn open(path: &Path) -> io::Result<Building> {
        let claim = PartFile::claim(path.to_owned(), Privacy::Usual)?;
        recover(path)?;
        let root = part_of(path, "parts");
        make_like(path, &root)?;
        Ok(Building {
            temporary: Some(Temporary::new(&root)),
            root,
            path: path.to_owned(),
            _claim: claim,
        })
    }

    /// The folder while it is built.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Puts it in its place, if `is_ours` accepts what is there.
    pub fn publish(mut self, is_ours: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
        is_ours(&self.path)?;
        sync_all(&self.root)?;
        drop(self.temporary.take());
        publish(&self.root, &self.path, WAY, &mut || Ok(()))
    }
}

/// What the system may be able to do.
const WAY: Way = match cfg!(any(target_os = "linux", target_os = "macos")) {
    true => Way::Exchange,
    false => Way::Renames,
};

impl Drop for Building {
    fn drop(&mut self) {
        // No longer exists once it was published.
        let _gone = fs::remove_dir_all(&self.root);
    }
}

/// Creates a folder with the mode of the one that it will replace, so that an
/// unfinished private one can't be read by others.
fn make_like(old: &Path, new: &Path) -> io::Result<()> {
    #[cfg_attr(not(unix), expect(unused_mut, reason = "folders have no modes there"))]
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    if let Ok(old) = fs::metadata(old) {
        use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
        // Its owner must be able to write into it.
        let _same = builder.mode(old.permissions().mode() & 0o777 | 0o700);
    }
    #[cfg(not(unix))]
    let _no_modes = old;
    builder.create(new)
}

/// Completes or reverts what a process that was killed while publishing left.
fn recover(path: &Path) -> io::Result<()> {
    let (building, old) = (part_of(path, "parts"), part_of(path, "old"));
    if old.exists() && !path.exists() {
        fs::rename(&old, path)?;
    }
    for left in [building, old] {
        if left.exists() {
            fs::remove_dir_all(left)?;
        }
    }
    Ok(())
}

/// The steps, calling `step` before each except the first.
fn publish(
    built: &Path,
    path: &Path,
    way: Way,
    step: &mut impl FnMut() -> io::Result<()>,
) -> io::Result<()> {
    if !path.exists() {
        fs::rename(built, path)?;
        return sync_around(path);
    }
    if way == Way::Exchange && exchange(built, path)? {
        step()?;
        sync_around(path)?;
        step()?;
        return fs::remove_dir_all(built);
    }
    let old = part_of(path, "old");
    fs::rename(path, &old)?;
    step()?;
    fs::rename(built, path)?;
    step()?;
    sync_around(path)?;
    step()?;
    fs::remove_dir_all(old)
}

/// False if the file system can't.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(one: &Path, other: &Path) -> io::Result<bool> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE) {
        Ok(()) => Ok(true),
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(_one: &Path, _other: &Path) -> io::Result<bool> {
    Ok(false)
}

fn sync_around(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(around) => sync(around),
        None => Ok(()),
    }
}

/// Makes the names in all folders below durable; the files already are.
fn sync_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_all(&entry.path())?;
        }
    }
    sync(folder)
}

#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Files of a set, each of which says which set it is.
    const FILES: [&str; 3] = ["_manifest.json", "_state.json", "tickets/month=1/a.csv"];

    fn set(folder: &Path, word: &str) {
        fs::create_dir_all(folder.join("tickets/month=1")).expect("a folder");
        for file in FILES {
            fs::write(folder.join(file), word).expect("a file");
        }
    }

    /// What a reader sees: the content that all files agree on, or nothing.
    fn seen(folder: &Path) -> Option<String> {
        let read = |file: &str| fs::read_to_string(folder.join(file)).ok();
        let words: Vec<Option<String>> = FILES.into_iter().map(read).collect();
        assert!(
            words.iter().all(|word| *word == words[0]),
            "half: {words:?}"
        );
        words[0].clone()
    }

    /// Publishes and dies before the k-th step; returns what a reader sees then, and after the next
    /// run has begun.
    fn died(way: Way, k: usize) -> (Option<String>, Option<String>, bool) {
        let around = tempfile::tempdir().expect("a folder");
        let (path, built) = (
            around.path().join("lake"),
            part_of(&around.path().join("lake"), "parts"),
        );
        set(&path, "old");
        set(&built, "new");
        let mut left = k;
        let mut step = || match left {
            0 => Err(io::Error::other("killed")),
            _ => {
                left -= 1;
                Ok(())
            }
        };
        let ended = publish(&built, &path, way, &mut step).is_ok();
        let before = seen(&path);
        recover(&path).expect("recovered");
        let names = fs::read_dir(around.path()).expect("a folder").count();
        assert_eq!(names, 1, "{way:?} {k}: nothing is left beside it");
        (before, seen(&path), ended)
    }

    #[test]
    fn a_process_that_dies_at_any_step_leaves_the_old_set_or_the_new_one() {
        for way in [Way::Exchange, Way::Renames] {
            let mut steps = 0;
            loop {
                let (before, after, ended) = died(way, steps);
                let is_gap = way == Way::Renames && steps == 0;
                assert_eq!(before.is_none(), is_gap, "{way:?} {steps}");
                let expected = if is_gap { "old" } else { "new" };
                assert_eq!(after.as_deref(), Some(expected), "{way:?} {steps}");
                if ended {
                    break;
                }
                steps += 1;
            }
            assert_eq!(steps, if way == Way::Exchange { 2 } else { 3 });
        }
    }

    #[test]
    fn a_folder_that_is_not_published_goes() {
        let around = tempfile::tempdir().expect("a folder");
        let path = around.path().join("lake");
        set(&path, "old");
        let building = Building::open(&path).expect("claimed");
        set(building.root(), "new");
        assert!(Building::open(&path).is_err(), "it is claimed");
        drop(building);
        assert_eq!(seen(&path).as_deref(), Some("old"));
        let building = Building::open(&path).expect("claimed");
        set(building.root(), "new");
        building.publish(|_| Ok(())).expect("published");
        assert_eq!(seen(&path).as_deref(), Some("new"));
        let first = around.path().join("first");
        let building = Building::open(&first).expect("claimed");
        set(building.root(), "new");
        building.publish(|_| Ok(())).expect("published");
        assert_eq!(seen(&first).as_deref(), Some("new"));
    }
}
