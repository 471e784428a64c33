//! Opens files in folders that may have come from elsewhere: regular files only, and no
//! link is followed, so that no other file is read or written in their place.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use super::private::{new_private_file, private};

/// Opens a file with these options, if it is a regular file and not a link. A new one is
/// for its owner alone.
///
/// # Errors
/// `InvalidInput` if it is something else.
pub fn open_regular(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Opening a pipe would wait for its other end.
        let _same = options.custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    let file = private(options).open(path).map_err(|error| {
        let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
        if is_link {
            no_file(path, "a link")
        } else {
            error
        }
    })?;
    match file.metadata()?.is_file() {
        true => Ok(file),
        false => Err(no_file(path, "no regular file")),
    }
}

/// Reads a regular file to its end.
///
/// # Errors
/// Also when it is longer than `most` bytes.
pub fn read_regular(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let file = open_regular(path, OpenOptions::new().read(true))?;
    let mut bytes = Vec::new();
    let read = file.take(most + 1).read_to_end(&mut bytes)?;
    match read as u64 > most {
        true => Err(no_file(path, &format!("longer than {most} bytes"))),
        false => Ok(bytes),
    }
}

/// Writes a new file in place of whatever has its name, for its owner alone; a link is
/// replaced, not its target.
pub fn write_anew(path: &Path, bytes: &[u8]) -> io::Result<File> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = new_private_file(path)?;
    file.write_all(bytes)?;
    Ok(file)
}

fn no_file(path: &Path, what: &str) -> io::Error {
    let message = format!("{} is {what}", path.display());
    io::Error::new(io::ErrorKind::InvalidInput, message)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn links_and_pipes_are_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("victim"), "text").expect("a file");
        std::os::unix::fs::symlink(at("victim"), at("link")).expect("a link");
        let made = std::process::Command::new("mkfifo")
            .arg(at("pipe"))
            .status();
        assert!(made.expect("mkfifo").success());
        for name in ["link", "pipe", "."] {
            let refused = read_regular(&at(name), 10).expect_err(name);
            assert_eq!(refused.kind(), io::ErrorKind::InvalidInput, "{refused}");
        }
        let mut append = OpenOptions::new();
        let _same = append.append(true).create(true);
        assert!(open_regular(&at("link"), &mut append).is_err());
        assert_eq!(read_regular(&at("victim"), 4).expect("read"), b"text");
        assert!(read_regular(&at("victim"), 3).is_err());
        drop(write_anew(&at("link"), b"mine").expect("written"));
        assert_eq!(fs::read(at("victim")).expect("read"), b"text");
        assert_eq!(read_regular(&at("link"), 10).expect("read"), b"mine");
    }
}
