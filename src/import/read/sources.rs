//! Arguments → files: paths, globs that no shell has expanded, and standard input,
//! which is spooled, since a file is inspected before it is read and a run may have to
//! read it again (protocol D4).

use std::collections::HashSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::trouble::unusable;
use crate::error::Error;
use crate::output::{Temporary, private_folder};

/// The name of standard input on the command line and in the journal.
pub const STDIN: &str = "-";
/// Name of its content in the run folder.
const SPOOLED: &str = "input-stdin";
/// Characters that make a path a glob.
const GLOB: [char; 3] = ['*', '?', '['];

/// The files of a run, in order.
#[derive(Debug, Default)]
pub struct Sources {
    pub(super) files: Vec<Source>,
    pub(super) spool: Option<Spool>,
    /// The sheet that was typed.
    pub(super) sheet: Option<String>,
    /// The folder for the texts of sheets.
    pub(super) folder: Option<PathBuf>,
}

/// A file, and its name in messages.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) path: PathBuf,
    /// The sheet of it that a run has read before.
    pub(super) sheet: Option<String>,
}

/// The content of an input that is not a file of the user's; removed when dropped, unless kept.
#[derive(Debug)]
pub(super) struct Spool {
    file: NamedTempFile,
    _temporary: Temporary,
    /// Its name in a run folder.
    kept_as: &'static str,
}

impl Sources {
    /// Finds the files. Standard input is read to its end, into `spool_folder` or the system's
    /// temporary folder.
    ///
    /// # Errors
    /// When a glob finds nothing, a file is named twice, or standard input can't be
    /// spooled.
    pub fn find(typed: &[PathBuf], spool_folder: Option<&Path>) -> Result<Sources, Error> {
        let mut sources = Sources {
            folder: spool_folder.map(Path::to_owned),
            ..Sources::default()
        };
        let mut seen = HashSet::new();
        for path in typed {
            if path.as_os_str() == STDIN {
                sources.take_stdin(spool_folder)?;
                continue;
            }
            for path in expand(path)? {
                let name = path.display().to_string();
                if !seen.insert(fs::canonicalize(&path).unwrap_or_else(|_| path.clone())) {
                    return Err(Error::usage(format!("{name} is named twice"))
                        .advise("name each file once; a glob may cover it already"));
                }
                sources.files.push(Source {
                    name,
                    path,
                    sheet: None,
                });
            }
        }
        Ok(sources)
    }

    /// Files that a run has read before, in order, with the member of each: an archive may
    /// be named once for each of its members, a spreadsheet with its sheet.
    pub fn known<'a>(inputs: impl Iterator<Item = (&'a Path, Option<&'a str>)>) -> Sources {
        let mut files: Vec<Source> = Vec::new();
        for (path, member) in inputs {
            if files.last().is_none_or(|last| last.path != path) {
                files.push(Source {
                    name: path.display().to_string(),
                    path: path.to_owned(),
                    sheet: member.map(str::to_owned),
                });
            }
        }
        Sources {
            files,
            ..Sources::default()
        }
    }

    /// The same, with the wanted sheet of a spreadsheet.
    #[must_use]
    pub fn with_sheet(self, sheet: Option<&str>) -> Sources {
        Sources {
            sheet: sheet.map(str::to_owned),
            ..self
        }
    }

    /// One file with a text that was typed; kept as standard input is.
    pub fn typed(name: &str, text: &str, spool_folder: Option<&Path>) -> Result<Sources, Error> {
        let mut sources = Sources::default();
        sources.spool(name, &mut text.as_bytes(), spool_folder)?;
        Ok(sources)
    }

    fn take_stdin(&mut self, folder: Option<&Path>) -> Result<(), Error> {
        if self.spool.is_some() {
            return Err(Error::usage("standard input (-) is named twice"));
        }
        self.spool("standard input", &mut io::stdin().lock(), folder)
    }

    fn spool(
        &mut self,
        name: &str,
        from: &mut dyn io::Read,
        folder: Option<&Path>,
    ) -> Result<(), Error> {
        let spool = Spool::fill(from, folder)
            .map_err(|error| Error::unexpected(format!("can't keep {name}")).because(error))?;
        self.files.push(Source {
            name: name.to_owned(),
            path: spool.path().to_owned(),
            sheet: None,
        });
        self.spool = Some(spool);
        Ok(())
    }

    /// One file called `name` in messages, with the content of a spool.
    pub(super) fn spooled(name: String, spool: Spool) -> Sources {
        let path = spool.path().to_owned();
        Sources {
            files: vec![Source {
                name,
                path,
                sheet: None,
            }],
            spool: Some(spool),
            ..Sources::default()
        }
    }
}

impl Spool {
    fn fill(from: &mut dyn io::Read, folder: Option<&Path>) -> io::Result<Spool> {
        let mut spool = Spool::empty(SPOOLED, folder)?;
        let _len = io::copy(from, &mut spool.file)?;
        Ok(spool)
    }

    /// An empty one, in a folder or the system's temporary folder.
    pub(super) fn empty(kept_as: &'static str, folder: Option<&Path>) -> io::Result<Spool> {
        let file = match folder {
            Some(folder) => {
                private_folder(folder)?;
                NamedTempFile::new_in(folder)?
            }
            None => NamedTempFile::new()?,
        };
        Ok(Spool {
            _temporary: Temporary::new(file.path()),
            file,
            kept_as,
        })
    }

    /// The file, to be written.
    pub(super) fn file(&mut self) -> &mut File {
        self.file.as_file_mut()
    }

    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Moves the content into a run folder for good; returns where it is.
    pub(super) fn keep(self, folder: &Path) -> io::Result<PathBuf> {
        let path = folder.join(self.kept_as);
        self.file.as_file().sync_all()?;
        let _file = self.file.persist(&path)?;
        Ok(path)
    }
}

/// A path as it is, or the files that it stands for, by name.
fn expand(path: &Path) -> Result<Vec<PathBuf>, Error> {
    let typed = path.to_string_lossy();
    if !typed.contains(GLOB) || path.exists() {
        return Ok(vec![path.to_owned()]);
    }
    let found = glob::glob(&typed)
        .map_err(|error| unusable(&typed, error))?
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| unusable(&typed, error))?;
    let files: Vec<PathBuf> = found.into_iter().filter(|path| path.is_file()).collect();
    match files.is_empty() {
        false => Ok(files),
        true => Err(unusable(&typed, "there is no such file")),
    }
}
