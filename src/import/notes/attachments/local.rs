//! Files in the folder of attachments: below it, whatever their names say.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use md5::{Digest, Md5};

use crate::model::attachment::Attachment;
use crate::model::file_fault::FileFault;

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// A file in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Local {
    /// Where it is.
    pub(super) path: PathBuf,
    /// Whether it was identified by its name alone.
    pub(super) by_name: bool,
}

/// Where a file is in the folder: by the path given in the source, by its id and name, by the
/// end of its address and its name (`6/a.png` for `https://x.example/attachment/6/a.png`), or by
/// its name.
///
/// # Errors
/// If something at one of these places can't be used.
pub(super) fn find(folder: &Path, file: &Attachment) -> Result<Option<Local>, FileFault> {
    let Ok(folder) = folder.canonicalize() else {
        return Ok(None);
    };
    let by_path = file.url.as_ref().filter(|url| !url.contains("://"));
    let by_id = file.id.as_ref().map(|id| Path::new(id).join(&file.name));
    let by_address = file.url.as_deref().and_then(last_folder);
    let by_address = by_address.map(|folder| Path::new(folder).join(&file.name));
    let places = by_path.map(PathBuf::from).into_iter();
    let places = places.chain(by_id).chain(by_address);
    let places = places.map(|place| (place, false));
    let mut fault = None;
    for (place, by_name) in places.chain([(PathBuf::from(&file.name), true)]) {
        match below(&folder, &place) {
            Ok(Some(path)) => return Ok(Some(Local { path, by_name })),
            Ok(None) => {}
            Err(words) => fault = fault.or(Some(words)),
        }
    }
    match fault {
        Some(words) => Err(FileFault::Unreadable { words }),
        None => Ok(None),
    }
}

/// The part of an address before the name at its end.
fn last_folder(url: &str) -> Option<&str> {
    let (_, path) = url.split(['?', '#']).next()?.split_once("://")?;
    let (_, path) = path.split_once('/')?;
    let (folders, _) = path.rsplit_once('/')?;
    folders.rsplit('/').next().filter(|last| !last.is_empty())
}

/// A regular file below a folder, even after following symbolic links.
///
/// # Errors
/// If something else is there, in words.
fn below(folder: &Path, place: &Path) -> Result<Option<PathBuf>, String> {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if place.as_os_str().is_empty() || !place.components().all(is_plain) {
        return Ok(None);
    }
    let place = folder.join(place);
    let shown = place.display();
    let path = match place.canonicalize() {
        Ok(path) => path,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(format!("{shown} can't be read: {error}")),
    };
    if !path.starts_with(folder) {
        return Err(format!("{shown} leads out of {}", folder.display()));
    }
    match path.is_file() {
        true => Ok(Some(path)),
        false => Err(format!("{shown} is not a regular file")),
    }
}

/// Whether an error means that nothing is at a path; an invalid file name counts as absent.
fn is_absent(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};
    matches!(
        error.kind(),
        NotFound | NotADirectory | InvalidFilename | InvalidInput
    )
}

/// Size and MD5 of a file.
pub(super) fn measured(path: &Path, most: u64) -> Result<(u64, String), FileFault> {
    let unreadable = |error: std::io::Error| FileFault::Unreadable {
        words: format!("{} can't be read: {error}", path.display()),
    };
    let mut file = File::open(path).map_err(unreadable)?;
    let (mut hash, mut size) = (Md5::new(), 0);
    let mut buffer = vec![0; CHUNK];
    loop {
        let read = file.read(&mut buffer).map_err(unreadable)?;
        if read == 0 {
            break;
        }
        size += read as u64;
        if size > most {
            return Err(FileFault::TooLarge { most });
        }
        hash.update(&buffer[..read]);
    }
    let digits = hash.finalize();
    let digits = digits.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((size, digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(id: Option<&str>, name: &str, url: Option<&str>) -> Attachment {
        Attachment {
            id: id.map(str::to_owned),
            name: name.to_owned(),
            url: url.map(str::to_owned),
            ..Attachment::default()
        }
    }

    #[test]
    fn files_are_found_below_the_folder_and_nowhere_else() {
        let around = tempfile::tempdir().expect("a folder");
        let folder = around.path().join("files");
        for (place, text) in [
            ("files/9/a.txt", "of 9"),
            ("files/a.txt", "plain"),
            ("files/sub/c.txt", "deep"),
            ("secret.txt", "secret"),
        ] {
            let path = around.path().join(place);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let held = |file: &Attachment| {
            let found = find(&folder, file).ok()??;
            Some(std::fs::read_to_string(found.path).expect("readable"))
        };
        for (file, text) in [
            (file(Some("9"), "a.txt", None), Some("of 9")),
            (file(Some("9"), "a.txt", Some("sub/c.txt")), Some("deep")),
            (
                file(None, "a.txt", Some("https://a.example/files/9/a.txt?x=/1/")),
                Some("of 9"),
            ),
            (file(Some("8"), "a.txt", None), Some("plain")),
            (file(None, "c.txt", Some("sub/c.txt")), Some("deep")),
            (file(None, "c.txt", Some("https://a.example/c.txt")), None),
            (file(None, "secret.txt", Some("../secret.txt")), None),
            (file(Some(".."), "secret.txt", None), None),
            (file(None, "../secret.txt", None), None),
            (file(None, "sub", None), None),
        ] {
            assert_eq!(held(&file).as_deref(), text, "{file:?}");
        }
        let absolute = around.path().join("secret.txt");
        let absolute = absolute.to_str().expect("text");
        assert_eq!(held(&file(None, absolute, Some(absolute))), None);
    }

    #[cfg(unix)]
    #[test]
    fn links_do_not_lead_out() {
        let around = tempfile::tempdir().expect("a folder");
        let folder = around.path().join("files");
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(around.path().join("secret.txt"), "secret").expect("a file");
        std::os::unix::fs::symlink("../secret.txt", folder.join("a.txt")).expect("a link");
        let found = find(&folder, &file(None, "a.txt", None));
        let words = found.expect_err("not taken").words();
        assert!(words.contains("leads out of"), "{words}");
    }

    #[test]
    fn what_is_there_but_cannot_be_taken_is_said() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("9/a.txt")).expect("a folder");
        let found = find(folder.path(), &file(Some("9"), "a.txt", None));
        let words = found.expect_err("not taken").words();
        assert!(words.ends_with("9/a.txt is not a regular file"), "{words}");
        std::fs::write(folder.path().join("a.txt"), "hello").expect("a file");
        let found = find(folder.path(), &file(Some("9"), "a.txt", None));
        assert!(found.is_ok_and(|found| found.is_some_and(|local| local.by_name)));
    }

    #[test]
    fn a_file_is_measured_up_to_its_limit() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        std::fs::write(&path, "hello").expect("a file");
        let md5 = "5d41402abc4b2a76b9719d911017c592".to_owned();
        assert_eq!(measured(&path, 5), Ok((5, md5)));
        assert_eq!(measured(&path, 4), Err(FileFault::TooLarge { most: 4 }));
    }
}
