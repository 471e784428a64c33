//! What a plan finds out about files (protocol H8): how large each is, or why it can't go in. A
//! file in the folder is recognised by its MD5, which is computed if its size or time differ.

use std::path::Path;

use jiff::Timestamp;

use super::bytes::is_declared;
use super::finder::{Finder, Place};
use super::local::{Local, measured};
use crate::journal::{HeldFile, PlannedFile};
use crate::model::attachment::Attachment;
use crate::model::file_fault::FileFault;

/// What a plan finds out about a file.
#[derive(Clone, Debug)]
pub struct Looked {
    /// What the plan stores.
    pub planned: PlannedFile,
    /// Why the file can't go in.
    pub fault: Option<FileFault>,
}

/// Looks at a file of a ticket; `binds` means that it must be recognised later.
pub fn look(finder: &Finder, ticket: &str, file: &Attachment, binds: bool) -> Looked {
    let mut looked = Looked {
        planned: PlannedFile {
            file: file.clone(),
            size: file.size,
            held: None,
            code: None,
        },
        fault: None,
    };
    let found = match finder.place(file) {
        Ok(Place::Folder(local)) => named(finder, &local, ticket, file)
            .and_then(|()| held(&local.path, finder.most, binds).map(Some)),
        Ok(Place::Address(_)) => Ok(None),
        Err(fault) => Err(fault),
    };
    match found {
        Ok(Some((size, held))) => {
            let declared = is_declared(file, size);
            looked.planned.code = declared.as_ref().err().map(|fault| fault.code().to_owned());
            looked.fault = declared.err();
            looked.planned.size = Some(size);
            looked.planned.held = held;
        }
        Ok(None) => {}
        Err(fault) => {
            looked.planned.code = Some(fault.code().to_owned());
            looked.fault = Some(fault);
        }
    }
    looked
}

/// Checks that a file found by its name alone is not already used for another one.
fn named(finder: &Finder, local: &Local, ticket: &str, file: &Attachment) -> Result<(), FileFault> {
    let is_sure = !local.by_name || file.size.is_some();
    match is_sure || finder.takes_name(local, &file.key(ticket)) {
        true => Ok(()),
        false => Err(FileFault::NameShared {
            path: local.path.display().to_string(),
        }),
    }
}

fn held(path: &Path, most: u64, binds: bool) -> Result<(u64, Option<HeldFile>), FileFault> {
    let (size, modified_ms) = stamp(path).map_err(|error| FileFault::Unreadable {
        words: format!("{} can't be read: {error}", path.display()),
    })?;
    if size > most {
        return Err(FileFault::TooLarge { most });
    }
    if !binds {
        return Ok((size, None));
    }
    let (size, md5) = measured(path, most)?;
    Ok((size, Some(HeldFile { modified_ms, md5 })))
}

/// Size of a file, and when it was last changed, in milliseconds.
fn stamp(path: &Path) -> std::io::Result<(u64, i64)> {
    let found = path.metadata()?;
    let modified = Timestamp::try_from(found.modified()?);
    Ok((found.len(), modified.map_or(0, Timestamp::as_millisecond)))
}

/// Checks that a file is as the plan found it: in the folder with the same bytes, or
/// missing.
///
/// # Errors
/// The difference, in words.
pub fn same(finder: &Finder, planned: &PlannedFile) -> Result<(), String> {
    let found = finder.in_folder(&planned.file).ok().flatten();
    match (found.map(|local| local.path), &planned.held) {
        (None, None) => Ok(()),
        (None, Some(_)) => Err("it is not there any more".to_owned()),
        (Some(_), None) if is_there(planned) => Ok(()),
        (Some(path), None) => Err(format!("it was not there, and is now: {}", path.display())),
        (Some(path), Some(held)) => same_bytes(&path, planned.size, held),
    }
}

/// Whether a file is in the folder although it can't be uploaded.
fn is_there(planned: &PlannedFile) -> bool {
    let code = planned.code.as_deref();
    let there = ["FILE_TOO_LARGE", "FILE_NOT_READ", "FILE_NAME_SHARED"];
    code.is_some_and(|code| there.contains(&code))
}

fn same_bytes(path: &Path, size: Option<u64>, held: &HeldFile) -> Result<(), String> {
    let unreadable = |error: std::io::Error| format!("{} can't be read: {error}", path.display());
    let now = stamp(path).map_err(unreadable)?;
    if (size, held.modified_ms) == (Some(now.0), now.1) {
        return Ok(());
    }
    let (_, md5) = measured(path, u64::MAX).map_err(|fault| fault.words())?;
    match md5 == held.md5 {
        true => Ok(()),
        false => Err(format!("the contents of {} differ", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::hubspot::Route;
    use crate::import::notes::attachments::FileSources;

    #[test]
    fn a_file_is_known_again_by_its_bytes() {
        let around = tempfile::tempdir().expect("a folder");
        let path = around.path().join("a.txt");
        std::fs::write(&path, "hello").expect("written");
        let sources = FileSources {
            folder: Some(around.path().to_owned()),
            hosts: Vec::new(),
            route: Route::default(),
            most: 10,
            earlier: Arc::default(),
        };
        let finder = Finder::new(sources, std::time::Duration::from_secs(1));
        let named = |name: &str| Attachment {
            name: name.to_owned(),
            ..Attachment::default()
        };
        let there = look(&finder, "t", &named("a.txt"), true).planned;
        let absent = look(&finder, "t", &named("b.txt"), true);
        assert_eq!(
            (there.size, &absent.planned.code),
            (Some(5), &Some("FILE_MISSING".to_owned()))
        );
        assert_eq!(same(&finder, &there), Ok(()));
        assert_eq!(same(&finder, &absent.planned), Ok(()));
        std::fs::write(&path, "hello").expect("written again");
        std::fs::write(around.path().join("b.txt"), "new").expect("written");
        assert_eq!(same(&finder, &there), Ok(()), "the time alone differs");
        assert!(same(&finder, &absent.planned).is_err());
        std::fs::write(&path, "hallo").expect("written");
        let file = std::fs::File::options()
            .write(true)
            .open(&path)
            .expect("open");
        let later = std::time::Duration::from_secs(9);
        let modified = file
            .metadata()
            .and_then(|found| found.modified())
            .expect("a time");
        file.set_modified(modified + later).expect("dated");
        assert!(same(&finder, &there).is_err_and(|words| words.contains("differ")));
        std::fs::remove_file(&path).expect("removed");
        assert!(same(&finder, &there).is_err());
        std::fs::write(&path, "more than ten").expect("written");
        let large = look(&finder, "t", &named("a.txt"), true);
        assert_eq!(large.fault, Some(FileFault::TooLarge { most: 10 }));
        assert_eq!(same(&finder, &large.planned), Ok(()));
    }
}
