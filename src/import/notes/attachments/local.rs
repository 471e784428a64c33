//! Files in the folder of attachments: below it, whatever their names say.

use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use md5::{Digest, Md5};

use crate::model::attachment::Attachment;
use crate::model::file_fault::FileFault;

/// Bytes read at once.
const CHUNK: usize = 64 * 1024;

/// Where a file is in the folder: by its id and name, by its name, or by the path given in
/// the source.
pub(super) fn find(folder: &Path, file: &Attachment) -> Option<PathBuf> {
    let folder = folder.canonicalize().ok()?;
    let by_id = file.id.as_ref().map(|id| Path::new(id).join(&file.name));
    let by_path = file.url.as_ref().filter(|url| !url.contains("://"));
    let places = by_id
        .into_iter()
        .chain([PathBuf::from(&file.name)])
        .chain(by_path.map(PathBuf::from));
    let mut found = places.filter_map(|place| below(&folder, &place));
    found.next()
}

/// A regular file below a folder, even after following symbolic links.
fn below(folder: &Path, place: &Path) -> Option<PathBuf> {
    let is_plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if !place.components().all(is_plain) {
        return None;
    }
    let path = folder.join(place).canonicalize().ok()?;
    (path.starts_with(folder) && path.is_file()).then_some(path)
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
            size: None,
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
            let path = find(&folder, file)?;
            Some(std::fs::read_to_string(path).expect("readable"))
        };
        for (file, text) in [
            (file(Some("9"), "a.txt", None), Some("of 9")),
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
        assert_eq!(find(&folder, &file(None, "a.txt", None)), None);
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
