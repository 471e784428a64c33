//! A file that is written next to its place and renamed at the end, so it appears
//! complete or not at all, and what it replaces is intact until then.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use super::durable::rename_durably;
use super::temporary::Temporary;

/// Who may read a new file. One that is replaced keeps its mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Privacy {
    /// As the system's default.
    #[default]
    Usual,
    /// Its owner.
    Private,
}

/// An unfinished file, named after the one that it becomes, so that what a killed
/// process left is found and removed by the next. Locked while it is written.
#[derive(Debug)]
pub struct PartFile {
    file: File,
    _temporary: Temporary,
    part: PathBuf,
    path: PathBuf,
    appeared: bool,
}

impl PartFile {
    /// Claims a path for this process.
    ///
    /// # Errors
    /// `ResourceBusy` while another process writes it.
    pub fn claim(path: PathBuf, privacy: Privacy) -> io::Result<PartFile> {
        let named = |error: io::Error| {
            let words = format!("{}: {error}", path.display());
            io::Error::new(error.kind(), words)
        };
        PartFile::open(path.clone(), privacy).map_err(named)
    }

    fn open(path: PathBuf, privacy: Privacy) -> io::Result<PartFile> {
        let part = part_of(&path, "part");
        clear(&part)?;
        let mut options = OpenOptions::new();
        let _same = options.write(true).create_new(true);
        #[cfg(unix)]
        {
            use std::os::unix::fs::OpenOptionsExt;
            let _same = options.mode(mode(&path, privacy));
        }
        #[cfg(not(unix))]
        let _no_modes = privacy;
        let file = options.open(&part)?;
        let temporary = Temporary::new(&part);
        lock(&file)?;
        Ok(PartFile {
            file,
            _temporary: temporary,
            part,
            path,
            appeared: false,
        })
    }

    /// The file, empty, to be written by other means.
    pub fn emptied(&self) -> io::Result<File> {
        let mut file = self.file.try_clone()?;
        file.set_len(0)?;
        file.rewind()?;
        Ok(file)
    }

    /// Gives the file its name, durably, with the mode of the one that it replaces.
    pub fn appear(mut self) -> io::Result<PathBuf> {
        if let Ok(old) = fs::metadata(&self.path)
            && old.is_file()
        {
            self.file.set_permissions(old.permissions())?;
        }
        self.file.sync_all()?;
        rename_durably(&self.part, &self.path)?;
        self.appeared = true;
        Ok(self.path.clone())
    }
}

impl Write for PartFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.appeared {
            let _gone = fs::remove_file(&self.part);
        }
    }
}

/// The mode with which a file is created: that of the one that it replaces, so that
/// nobody can read an unfinished private one.
#[cfg(unix)]
fn mode(path: &Path, privacy: Privacy) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    match fs::metadata(path) {
        // Its owner has to be able to write it.
        Ok(old) if old.is_file() => old.permissions().mode() & 0o666 | 0o200,
        _ if privacy == Privacy::Private => 0o600,
        _ => 0o666,
    }
}

/// The name of the unfinished file for `path`: hidden, next to it.
pub fn part_of(path: &Path, kind: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or(path.as_os_str()));
    name.push(".tickethaul-");
    name.push(kind);
    path.with_file_name(name)
}

/// Removes what a killed process left. It is never written to: if its process is about
/// to finish, it is the output itself.
fn clear(part: &Path) -> io::Result<()> {
    match File::open(part) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
        Ok(left) => {
            lock(&left)?;
            fs::remove_file(part)
        }
    }
}

fn lock(file: &File) -> io::Result<()> {
    file.try_lock().map_err(|error| match error {
        TryLockError::Error(error) => error,
        TryLockError::WouldBlock => {
            io::Error::new(io::ErrorKind::ResourceBusy, "another process is writing it")
        }
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn held(path: &Path) -> u32 {
        let found = fs::metadata(path).expect("a file");
        found.permissions().mode() & 0o777
    }

    #[test]
    fn a_replaced_file_keeps_its_mode() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("kept.csv");
        for privacy in [Privacy::Private, Privacy::Usual] {
            let mut part = PartFile::claim(path.clone(), privacy).expect("claimed");
            part.write_all(b"text").expect("written");
            if privacy == Privacy::Usual {
                assert_eq!(held(&part.part), 0o600, "while it is written");
            }
            let _path = part.appear().expect("there");
            assert_eq!(held(&path), 0o600, "{privacy:?}");
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).expect("set");
        let part = PartFile::claim(path.clone(), Privacy::Private).expect("claimed");
        let _path = part.appear().expect("there");
        assert_eq!(held(&path), 0o444);
    }
}
