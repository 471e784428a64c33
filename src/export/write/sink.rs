//! Where the bytes of an export go: a file that is written beside its place and
//! renamed at the end, or a stream.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// An open target.
pub struct Sink {
    to: To,
    hash: blake3::Hasher,
    bytes: u64,
}

enum To {
    File(NamedTempFile, PathBuf),
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
    /// at once.
    pub fn file(path: PathBuf) -> io::Result<Sink> {
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let file = builder().tempfile_in(folder)?;
        Ok(Sink::new(To::File(file, path)))
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
            To::File(file, path) => {
                file.as_file().sync_all()?;
                let _file = file.persist(&path).map_err(|error| error.error)?;
                Some(path)
            }
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
            To::File(file, _) => file.write(bytes)?,
            To::Stream(stream) => stream.write(bytes)?,
        };
        let _same = self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.to {
            To::File(file, _) => file.flush(),
            To::Stream(stream) => stream.flush(),
        }
    }
}

/// A temporary file is private by default; an export is a file like any other, so
/// it gets what the umask leaves of 0666.
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    let _same = builder.prefix(".tickethaul-export-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let _same = builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder
}
