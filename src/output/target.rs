//! The rule: what a user asked to be written becomes a `Target`, or is refused before
//! anything is done.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::part::{PartFile, Privacy};
use super::place::{Place, parent_of};
use crate::error::Error;

/// Creates a writer to standard output, which this module can't open itself.
pub type Stdout = fn() -> Box<dyn Write + Send>;

/// What a user asked to be written, and how.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// The name.
    pub path: &'a Path,
    /// Extensions of what the command writes, without the first dot.
    pub endings: &'a [&'a str],
    /// True if the format was given, so that the extension need not name it.
    pub any_ending: bool,
    /// Any existing file may be replaced.
    pub force: bool,
}

/// Whose an existing file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// We wrote it and can write it again.
    Ours,
    /// Nothing says that we wrote it.
    Unknown,
    /// We wrote it, and it has been changed since.
    Changed,
}

/// Where a command writes.
#[derive(Clone, Debug)]
pub enum Target {
    /// A file, new or replaced.
    File(PathBuf),
    /// Our standard output.
    Stdout(Stdout),
    /// A device or a pipe.
    Device(PathBuf),
}

/// An open target.
pub enum Writer {
    /// A file that appears at the end.
    File(PartFile),
    /// A stream. Once its reader has gone away the rest is dropped.
    Stream(Box<dyn Write + Send>),
}

impl Wish<'_> {
    /// Applies the rule. `owner` says whose an existing file is.
    ///
    /// # Errors
    /// When nothing may be written there; nothing has been done by then.
    pub fn target(
        &self,
        stdout: Stdout,
        owner: impl FnOnce(&Path) -> Owner,
    ) -> Result<Target, Error> {
        let shown = self.path.display();
        match Place::of(self.path) {
            Place::Stdout => return Ok(Target::Stdout(stdout)),
            Place::Device => return Ok(Target::Device(self.path.to_owned())),
            Place::Folder => {
                return Err(Error::usage(format!("{shown} is a folder"))
                    .advise(format!("name a file, such as {}", self.example())));
            }
            Place::Nothing | Place::File => {}
        }
        self.check_ending()?;
        check_folder(self.path)?;
        if Place::of(self.path) == Place::File && !self.force {
            let what = match owner(self.path) {
                Owner::Ours => return Ok(Target::File(self.path.to_owned())),
                Owner::Unknown => "is there already",
                Owner::Changed => "has been changed since tickethaul wrote it",
            };
            return Err(Error::usage(format!("{shown} {what}"))
                .advise("name another file, or replace this one with --force"));
        }
        Ok(Target::File(self.path.to_owned()))
    }

    fn check_ending(&self) -> Result<(), Error> {
        let name = self.path.file_name().unwrap_or_default();
        let name = name.to_string_lossy().to_lowercase();
        let mut endings = self.endings.iter();
        if self.any_ending || endings.any(|ending| name.ends_with(&format!(".{ending}"))) {
            return Ok(());
        }
        let endings: Vec<String> = self.endings.iter().map(|end| format!(".{end}")).collect();
        let shown = self.path.display();
        let message = format!("the ending of {shown} names no format that is written here");
        Err(Error::usage(message).advise(format!("end it with {}", endings.join(", "))))
    }

    fn example(&self) -> String {
        let ending = self.endings.first().copied().unwrap_or("txt");
        let file = self.path.join(format!("tickets.{ending}"));
        file.display().to_string()
    }
}

/// A file's folder must exist.
fn check_folder(path: &Path) -> Result<(), Error> {
    let folder = parent_of(path);
    match folder.is_dir() {
        true => Ok(()),
        false => Err(Error::usage(format!(
            "can't write {}: there is no folder {}",
            path.display(),
            folder.display()
        ))
        .advise("make it first, or name a file elsewhere")),
    }
}

impl Target {
    /// Opens it; a file is not visible until it is finished.
    pub fn open(&self, privacy: Privacy) -> io::Result<Writer> {
        match self {
            Target::File(path) => PartFile::claim(path.clone(), privacy).map(Writer::File),
            Target::Stdout(stdout) => Ok(Writer::Stream(stdout())),
            Target::Device(path) => open_device(path).map(Writer::Stream),
        }
    }

    /// Writes a whole text.
    ///
    /// # Errors
    /// When it can't be written; an existing file is then untouched.
    pub fn write(&self, text: &str, privacy: Privacy) -> Result<(), Error> {
        let write = || {
            let mut writer = self.open(privacy)?;
            writer.write_all(text.as_bytes())?;
            writer.finish()
        };
        write().map_err(|error| self.unwritten(&error))
    }

    /// A system error, with the target's name added if it does not say it.
    pub fn unwritten(&self, error: &io::Error) -> Error {
        let busy = error.kind() == io::ErrorKind::ResourceBusy;
        let words = match self {
            Target::Stdout(_) => format!("can't write to standard output: {error}"),
            Target::File(path) | Target::Device(path) => {
                let (path, error) = (path.display().to_string(), error.to_string());
                match error.starts_with(&path) {
                    true => format!("can't write {error}"),
                    false => format!("can't write {path}: {error}"),
                }
            }
        };
        match busy {
            true => Error::must_fix(words),
            false => Error::unexpected(words),
        }
    }
}

/// Opens a device or a pipe as it is: never created, never truncated.
pub fn open_device(path: &Path) -> io::Result<Box<dyn Write + Send>> {
    let file = OpenOptions::new().append(true).open(path)?;
    Ok(Box::new(file))
}

impl Writer {
    /// Finishes it: a file appears under its name.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()?;
        match self {
            Writer::File(part) => part.appear().map(drop),
            Writer::Stream(_) => Ok(()),
        }
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Writer::File(part) => part.write(bytes),
            Writer::Stream(stream) => match stream.write(bytes) {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
                written => written,
            },
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Writer::File(part) => part.flush(),
            Writer::Stream(stream) => match stream.flush() {
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
                flushed => flushed,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The result for a file name in a folder that holds `there.csv` and `folder`.
    fn chosen(name: &str, owner: Owner, (any_ending, force): (bool, bool)) -> String {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("there.csv"), "text").expect("a file");
        fs::create_dir(folder.path().join("folder")).expect("a folder");
        let wish = Wish {
            path: &folder.path().join(name),
            endings: &["csv", "csv.gz"],
            any_ending,
            force,
        };
        match wish.target(|| Box::new(io::sink()), |_| owner) {
            Ok(Target::File(_)) => "file".to_owned(),
            Ok(other) => format!("{other:?}"),
            Err(error) => {
                let folder = format!("{}/", folder.path().display());
                error.to_string().replace(&folder, "")
            }
        }
    }

    #[test]
    fn one_rule_for_every_file() {
        let (no, yes) = ((false, false), (false, true));
        for (name, owner, options, expected) in [
            ("new.csv", Owner::Unknown, no, "file"),
            ("NEW.CSV.GZ", Owner::Unknown, no, "file"),
            ("there.csv", Owner::Ours, no, "file"),
            ("there.csv", Owner::Unknown, yes, "file"),
            (
                "there.csv",
                Owner::Unknown,
                no,
                "there.csv is there already",
            ),
            (
                "there.csv",
                Owner::Changed,
                no,
                "there.csv has been changed since tickethaul wrote it",
            ),
            (
                "new.xlsx",
                Owner::Unknown,
                yes,
                "the ending of new.xlsx names no format that is written here",
            ),
            (
                "csv",
                Owner::Unknown,
                no,
                "the ending of csv names no format that is written here",
            ),
            ("new.xlsx", Owner::Unknown, (true, false), "file"),
            ("folder", Owner::Ours, (true, true), "folder is a folder"),
        ] {
            assert_eq!(chosen(name, owner, options), expected, "{name} {owner:?}");
        }
        let nowhere = chosen("no/new.csv", Owner::Unknown, no);
        assert!(nowhere.starts_with("can't write no/new.csv: there is no folder"));
    }

    #[cfg(unix)]
    #[test]
    fn devices_and_pipes_are_written_to() {
        for name in ["/dev/null", "-"] {
            let wish = Wish {
                path: Path::new(name),
                endings: &["csv"],
                any_ending: false,
                force: false,
            };
            let target = wish.target(|| Box::new(io::sink()), |_| Owner::Unknown);
            let target = target.expect("a target");
            assert!(!matches!(target, Target::File(_)));
            target.write("text", Privacy::Usual).expect("written");
        }
        assert_eq!(Place::of(Path::new("/dev/null")), Place::Device);
    }
}
