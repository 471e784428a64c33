//! Where an export goes, decided before the first call: what is there already is
//! replaced only by the same export, unless the user says otherwise (E7).

use std::io;
use std::path::{Path, PathBuf};

use super::args::ExportArgs;
use super::resolve::part_by;
use super::words::ENDINGS;
use crate::cli::output::stdout;
use crate::error::Error;
use crate::export::{Earlier, Replace, Selection, Taken, Target, at_file, at_folder, is_data_set};
use crate::output::{Owner, Place, Target as Named, Wish, open_device, resolved};

/// What to do when files of a data set are not as they were written.
pub(super) const ANEW: &str = "`--replace` reads all tickets and writes the data set again";

/// Where an export goes.
#[derive(Clone, Debug)]
pub(super) enum Goes {
    /// Into a file or a folder of parts, at this absolute path.
    There(PathBuf),
    /// To standard output, or to a device or pipe.
    Stream(Option<PathBuf>),
}

impl Goes {
    /// The path that a resume needs; a stream can't be resumed.
    pub(super) fn path(&self) -> Option<&Path> {
        match self {
            Goes::There(path) => Some(path),
            Goes::Stream(_) => None,
        }
    }

    /// The target of the job.
    pub(super) fn target(&self, selection: &Selection) -> Result<Target, Error> {
        Ok(match (self, part_by(selection)?) {
            (Goes::There(path), None) => Target::File(path.clone()),
            (Goes::There(path), Some(by)) => Target::Folder(path.clone(), by),
            (Goes::Stream(None), _) => Target::Stream(stdout()),
            (Goes::Stream(Some(device)), _) => {
                let opened = open_device(device);
                Target::Stream(opened.map_err(|error| unwritable(device, error))?)
            }
        })
    }
}

/// Applies the rules for outputs to the command line.
pub(super) fn choose(args: &ExportArgs, selection: &Selection) -> Result<Goes, Error> {
    let Some(path) = args.output.as_deref() else {
        refuse_tables_beside(selection, "standard output")?;
        return Ok(Goes::Stream(None));
    };
    let goes = match selection.partition_by {
        None => named_file(args, path)?,
        Some(_) => named_folder(path)?,
    };
    if let Goes::There(path) = &goes {
        refuse_inside_a_set(path)?;
        if selection.partition_by.is_some() {
            refuse_around_us(path, args.run_dir.as_deref())?;
        }
    }
    if let Goes::Stream(_) = goes {
        refuse_tables_beside(selection, "a device")?;
        if args.run_dir.is_some() {
            return Err(Error::usage("an export to a device can't be resumed")
                .advise("leave --run-dir out"));
        }
    }
    Ok(goes)
}

/// Tables need a place next to the tickets.
fn refuse_tables_beside(selection: &Selection, what: &str) -> Result<(), Error> {
    let tables = selection.tables();
    if tables.is_empty() {
        return Ok(());
    }
    let words = format!(
        "{} would be written beside the output, and {what} has no place beside it",
        tables.join(", ")
    );
    Err(Error::usage(words).advise(
        "name a file with -o; for a column beside the tickets name a property, such as notes.hs_object_id",
    ))
}

fn named_file(args: &ExportArgs, path: &Path) -> Result<Goes, Error> {
    let wish = Wish {
        path,
        endings: &ENDINGS,
        any_ending: args.says_form(),
        force: false,
    };
    // `standing` decides whose an existing file is: there may be tables too.
    match wish.target(stdout, |_| Owner::Ours)? {
        Named::File(path) => absolute(&path).map(Goes::There),
        Named::Stdout(_) => Ok(Goes::Stream(None)),
        Named::Device(path) => Ok(Goes::Stream(Some(path))),
    }
}

/// The folder that files of activities go into, which need not be there yet.
pub(super) fn folder_of_files(folder: &Path) -> Result<PathBuf, Error> {
    if folder.exists() && !folder.is_dir() {
        return Err(Error::usage(format!(
            "--attachments {} is not a folder",
            folder.display()
        ))
        .advise("name the folder that the files are to go into"));
    }
    let folder = std::path::absolute(folder).map_err(|error| unwritable(folder, error))?;
    refuse_inside_a_set(&folder)?;
    Ok(folder)
}

fn named_folder(path: &Path) -> Result<Goes, Error> {
    match Place::of(path) {
        Place::Nothing | Place::Folder => absolute(path).map(Goes::There),
        Place::File => Err(taken(Taken::Unknown(path.to_owned()), true)),
        Place::Stdout | Place::Device => Err(Error::usage("a folder of parts can't be a device")
            .advise("name a folder with -o, or leave --partition-by out")),
    }
}

/// A data set holds only its own files: with any other file in it the next run would be
/// refused.
fn refuse_inside_a_set(path: &Path) -> Result<(), Error> {
    let mut around = path.ancestors().skip(1);
    match around.find(|folder| is_data_set(folder)) {
        Some(set) => Err(Error::usage(format!(
            "{} lies in the data set {}, which holds nothing but its own files",
            path.display(),
            set.display()
        ))
        .advise("name a place outside of it with -o")),
        None => Ok(()),
    }
}

/// The folder of a data set is replaced as a whole, so it can't be anybody's working directory.
fn refuse_around_us(path: &Path, run_dir: Option<&Path>) -> Result<(), Error> {
    let here = Path::new(".").canonicalize();
    let run_dir = run_dir.map(absolute).transpose()?;
    let inside = |folder: &Path| folder.starts_with(path);
    let words = if here.is_ok_and(|here| inside(&here)) {
        "the folder that the command runs in"
    } else if run_dir.as_deref().is_some_and(inside) {
        "the run folder"
    } else {
        return Ok(());
    };
    Err(Error::usage(format!(
        "{words} is {} or lies in it, and a data set takes the place of its folder as a whole",
        path.display()
    ))
    .advise("run the command elsewhere, and name the folder from there"))
}

fn absolute(path: &Path) -> Result<PathBuf, Error> {
    resolved(path).map_err(|error| unwritable(path, error))
}

fn unwritable(path: &Path, error: io::Error) -> Error {
    Error::usage(format!("can't write {}", path.display())).because(error)
}

/// The export at the target that is to be replaced, if there is one.
pub(super) fn standing(
    path: &Path,
    selection: &Selection,
    replace: Replace,
) -> Result<Option<Earlier>, Error> {
    let found = match selection.partition_by {
        None => at_file(path, &selection.tables(), selection.shape()),
        Some(_) => at_folder(path),
    };
    let earlier = match found {
        Ok(earlier) => earlier,
        Err(other) if !may_go(&other, selection, replace) => {
            return Err(match (selection.partition_by.is_some(), other) {
                (true, changed @ Taken::Changed(_)) => Error::must_fix(changed).advise(ANEW),
                (is_set, other) => taken(other, is_set),
            });
        }
        // An export that was changed is still an export, and may be a wider one.
        Err(_) if selection.partition_by.is_some() => Earlier::inside(path),
        Err(_) => Earlier::beside(path).filter(|_| path.exists()),
    };
    if let Some(earlier) = earlier.as_ref().filter(|_| !replace.other_exports()) {
        let differences = earlier.differences(selection);
        if !differences.is_empty() {
            return Err(another(path, &differences.join("; ")));
        }
    }
    Ok(earlier)
}

/// Whether files that are not as an export left them may be removed. What an export did not put
/// there is never removed with a folder; a data set with a changed file is still a data set.
fn may_go(taken: &Taken, selection: &Selection, replace: Replace) -> bool {
    match selection.partition_by {
        None => replace.other_files(),
        Some(_) => replace != Replace::Same && matches!(taken, Taken::Changed(_)),
    }
}

/// The same check for the portal, which is known only later.
pub(super) fn same_portal(
    earlier: Option<&Earlier>,
    path: &Path,
    portal: u64,
    replace: Replace,
) -> Result<(), Error> {
    match earlier {
        Some(earlier) if earlier.portal != portal && !replace.other_exports() => {
            let words = format!("portal {portal} instead of {}", earlier.portal);
            Err(another(path, &words))
        }
        _ => Ok(()),
    }
}

fn another(path: &Path, differences: &str) -> Error {
    Error::usage(format!(
        "{} holds another export: {differences}",
        path.display()
    ))
    .advise("name another place with -o, or replace that export with --replace")
}

fn taken(taken: Taken, is_set: bool) -> Error {
    let advice = match &taken {
        Taken::Manifest(_) => {
            return Error::must_fix(taken).advise(
                "put it back from a backup, or move the folder away: the next run reads all tickets into a new one",
            );
        }
        Taken::Stranger { .. } => "move that away, or name another folder",
        Taken::Unknown(path) if path.is_dir() => "name another folder",
        Taken::Unknown(_) if is_set => "move that file away, or name another folder",
        Taken::Unknown(_) | Taken::Changed(_) => {
            "name another place with -o, or replace what is there with --force"
        }
    };
    Error::usage(taken).advise(advice)
}
