//! What a name refers to: nothing yet, a file, a folder, standard output, or a device
//! or pipe.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Names of our own standard output. If it was redirected to a file, opening it again
/// would write from the start.
const STDOUT: [&str; 4] = ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"];

/// Folders of the system whose files are never replaced.
const SYSTEM: [&str; 2] = ["/dev", "/proc"];

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing, or a dangling link.
    Nothing,
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// Our standard output.
    Stdout,
    /// A device, a pipe, a socket, or an open file of the system.
    Device,
}

impl Place {
    /// Inspects a path; links are followed.
    pub fn of(path: &Path) -> Place {
        if STDOUT.iter().any(|name| path == Path::new(name)) {
            return Place::Stdout;
        }
        match fs::metadata(path) {
            Err(_) => Place::Nothing,
            Ok(found) if found.is_dir() => Place::Folder,
            Ok(found) if found.is_file() && !is_of_the_system(path) => Place::File,
            Ok(_) => Place::Device,
        }
    }
}

fn is_of_the_system(path: &Path) -> bool {
    SYSTEM.iter().any(|folder| path.starts_with(folder))
}

/// The folder of a file.
pub fn parent_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// The canonical path of a file or folder that need not exist yet: its folder without
/// links, and its name.
pub fn resolved(path: &Path) -> io::Result<PathBuf> {
    match (path.canonicalize(), path.file_name()) {
        (Ok(path), _) if path.is_dir() => Ok(path),
        (_, Some(name)) => Ok(parent_of(path).canonicalize()?.join(name)),
        (_, None) => std::path::absolute(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_files_folders_and_devices() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file");
        fs::write(&file, "text").expect("a file");
        for (path, expected) in [
            (file.as_path(), Place::File),
            (folder.path(), Place::Folder),
            (&folder.path().join("new"), Place::Nothing),
            (Path::new("-"), Place::Stdout),
        ] {
            assert_eq!(Place::of(path), expected, "{}", path.display());
        }
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_told_from_files() {
        for (name, expected) in [
            ("/dev/null", Place::Device),
            ("/proc/self/status", Place::Device),
            ("/dev/stdout", Place::Stdout),
        ] {
            assert_eq!(Place::of(Path::new(name)), expected, "{name}");
        }
    }

    #[test]
    fn a_file_has_one_path_before_it_is_there_and_after() {
        let folder = tempfile::tempdir().expect("a folder");
        let around = folder.path().join("a").join("..").join("file");
        fs::create_dir(folder.path().join("a")).expect("a folder");
        let before = resolved(&around).expect("a path");
        fs::write(&around, "text").expect("a file");
        assert_eq!(
            before,
            resolved(&folder.path().join("file")).expect("a path")
        );
    }
}
