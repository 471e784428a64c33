//! Replacing a file in one step that survives a power cut: the new one is written next to
//! its place, synced, renamed, and the rename synced too.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::regular::write_anew;

/// The name under which `path` is written before it gets its own: with `.new` added, so
/// that what a killed process left is recognised. For folders that one process has locked.
fn building(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    PathBuf::from(name)
}

/// Replaces a file in a folder that this process has locked; the new one is for its owner
/// alone.
pub fn replace_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let building = building(path);
    write_anew(&building, bytes)?.sync_all()?;
    rename_durably(&building, path)
}

/// The same in a folder that several processes write to.
pub fn replace_shared_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new_in(folder(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    let _file = file.persist(path).map_err(|error| error.error)?;
    sync_folder(path)
}

/// Gives a synced file its name, in place of what has it.
pub fn rename_durably(from: &Path, to: &Path) -> io::Result<()> {
    fs::rename(from, to)?;
    sync_folder(to)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(folder(path))?.sync_all()
}
