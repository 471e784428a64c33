//! Where the bytes of an export go: a file that is written beside its place and
//! renamed at the end, or a stream.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// An open target.
pub struct Sink {
    to: To,
    hash: blake3::Hasher,
    bytes: u64,
}

enum To {
    File(PartFile),
    Stream(Box<dyn Write + Send>),
}

/// What is known of a finished target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Where it is; none for a stream.
    pub path: Option<PathBuf>,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of its bytes, in hex.
    pub hash: String,
}

impl Sink {
    /// Opens a file before anything is read from the portal, so that a bad path fails
    /// at once, and so does a second process that writes the same file.
    pub fn file(path: PathBuf) -> io::Result<Sink> {
        Ok(Sink::new(To::File(PartFile::claim(path)?)))
    }

    /// A stream, usually stdout.
    pub fn stream(stream: Box<dyn Write + Send>) -> Sink {
        Sink::new(To::Stream(stream))
    }

    fn new(to: To) -> Sink {
        Sink {
            to,
            hash: blake3::Hasher::new(),
            bytes: 0,
        }
    }

    /// Ends it: a file appears under its name, durable.
    pub fn finish(mut self) -> io::Result<FileFacts> {
        self.flush()?;
        let path = match self.to {
            To::Stream(_) => None,
            To::File(part) => Some(part.appear()?),
        };
        Ok(FileFacts {
            path,
            bytes: self.bytes,
            hash: self.hash.finalize().to_hex().to_string(),
        })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.to {
            To::File(part) => part.file.write(bytes)?,
            To::Stream(stream) => stream.write(bytes)?,
        };
        let _same = self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::File(part) => part.file.flush(),
            To::Stream(stream) => stream.flush(),
        }
    }
}

/// A file on its way, named after the one that it becomes, so what a killed process
/// left is found and taken away by the next. Locked while it is written.
pub struct PartFile {
    file: File,
    part: PathBuf,
    path: PathBuf,
    appeared: bool,
}

impl PartFile {
    /// Claims a path for this process.
    ///
    /// # Errors
    /// `ResourceBusy` while another process writes it.
    pub fn claim(path: PathBuf) -> io::Result<PartFile> {
        let named = |error: io::Error| {
            let words = format!("{}: {error}", path.display());
            io::Error::new(error.kind(), words)
        };
        PartFile::open(path.clone()).map_err(named)
    }

    fn open(path: PathBuf) -> io::Result<PartFile> {
        let part = part_of(&path, "part");
        clear(&part)?;
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&part)?;
        lock(&file)?;
        Ok(PartFile {
            file,
            part,
            path,
            appeared: false,
        })
    }

    fn appear(mut self) -> io::Result<PathBuf> {
        self.file.sync_all()?;
        fs::rename(&self.part, &self.path)?;
        self.appeared = true;
        Ok(self.path.clone())
    }
}

impl Drop for PartFile {
    fn drop(&mut self) {
        if !self.appeared {
            let _gone = fs::remove_file(&self.part);
        }
    }
}

/// The name of what becomes `path`: hidden, beside it.
pub fn part_of(path: &Path, kind: &str) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or(path.as_os_str()));
    name.push(".tickethaul-");
    name.push(kind);
    path.with_file_name(name)
}

/// Takes away what a killed process left. It is never written to: should its process
/// be about to finish, it is the export itself.
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
