//! Where the bytes of an export go, a file or a stream, and what is known about them at the end.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use crate::output::{PartFile, Privacy};

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

/// What is known about a finished target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFacts {
    /// Where it is; none for a stream.
    pub path: Option<PathBuf>,
    /// Its length.
    pub bytes: u64,
    /// BLAKE3 of its bytes, in hex.
    pub hash: String,
    /// Number of rows, if it holds rows.
    pub rows: Option<u64>,
}

impl FileFacts {
    /// Whether the file holds the bytes that were written.
    pub fn is_intact(&self) -> io::Result<bool> {
        let Some(path) = &self.path else {
            return Ok(false);
        };
        let mut hasher = blake3::Hasher::new();
        let _same = hasher.update_reader(File::open(path)?)?;
        Ok(hasher.finalize().to_hex().as_str() == self.hash)
    }
}

impl Sink {
    /// Opens a file before anything is read from the portal, so that a bad path fails
    /// at once, and so does a second process that writes the same file.
    pub fn file(path: PathBuf) -> io::Result<Sink> {
        Ok(Sink::new(To::File(PartFile::claim(path, Privacy::Usual)?)))
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

    /// Finishes it: a file appears under its name, durably.
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
            rows: None,
        })
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.to {
            To::File(part) => part.write(bytes)?,
            To::Stream(stream) => stream.write(bytes)?,
        };
        let _same = self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::File(part) => part.flush(),
            To::Stream(stream) => stream.flush(),
        }
    }
}
