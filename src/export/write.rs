//! `write`: records become a CSV file that appears complete or not at all, or go to
//! stdout.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Where an export goes.
pub enum Target {
    /// A file, written beside its place and renamed at the end.
    File(PathBuf),
    /// A stream, usually stdout.
    Stream(Box<dyn Write + Send>),
}

/// An open CSV target.
pub enum CsvOut {
    /// A temporary file in the folder of the final one.
    File(Box<csv::Writer<NamedTempFile>>, PathBuf),
    /// A stream.
    Stream(Box<csv::Writer<Box<dyn Write + Send>>>),
}

impl CsvOut {
    /// Opens the target before anything is read from the portal, so that a bad
    /// path fails at once.
    pub fn open(target: Target) -> io::Result<CsvOut> {
        Ok(match target {
            Target::Stream(stream) => CsvOut::Stream(Box::new(csv::Writer::from_writer(stream))),
            Target::File(path) => {
                let folder = match path.parent() {
                    Some(folder) if folder != Path::new("") => folder,
                    _ => Path::new("."),
                };
                let file = builder().tempfile_in(folder)?;
                CsvOut::File(Box::new(csv::Writer::from_writer(file)), path)
            }
        })
    }

    /// Writes one record.
    pub fn write<'a>(&mut self, cells: impl Iterator<Item = &'a str>) -> io::Result<()> {
        let written = match self {
            CsvOut::File(writer, _) => writer.write_record(cells),
            CsvOut::Stream(writer) => writer.write_record(cells),
        };
        written.map_err(io::Error::from)
    }

    /// Ends the export: the file appears under its name, durable.
    pub fn finish(self) -> io::Result<()> {
        match self {
            CsvOut::Stream(mut writer) => writer.flush(),
            CsvOut::File(writer, path) => {
                let file = writer.into_inner().map_err(|error| error.into_error())?;
                file.as_file().sync_all()?;
                let _file = file.persist(path).map_err(|error| error.error)?;
                Ok(())
            }
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
