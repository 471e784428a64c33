//! Messages about unusable inputs: files that can't be opened, and files that are not
//! CSV.

use std::fmt::Display;
use std::io;

use super::json::BrokenObject;
use crate::error::Error;

/// First bytes of other kinds of files, what they are, and what to do.
const OTHER_KINDS: [(&[u8], &str); 10] = [
    (b"%PDF", "a PDF"),
    (
        b"\xD0\xCF\x11\xE0",
        "an old Excel workbook or Word document",
    ),
    (b"PK\x03\x04", "a zip archive inside another"),
    (b"\x1F\x8B", "packed twice (gzip)"),
    (b"BZh", "packed by bzip2"),
    (b"\xFD7zXZ", "packed by xz"),
    (b"7z\xBC\xAF", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3", "a SQLite database"),
    (b"PAR1", "a Parquet file"),
];
/// The offset of a tar archive's signature.
const TAR: (usize, &[u8]) = (257, b"ustar");

/// A file that the user has to replace by another.
pub(super) fn unusable(name: &str, why: impl Display) -> Error {
    Error::usage(format!("can't read {name}: {why}"))
}

/// A text that failed halfway: damaged if an unpacker says so, else the system's own error.
pub(super) fn broken_off(name: &str, error: io::Error) -> Error {
    let inner = error.get_ref();
    if let Some(broken) = inner.and_then(|inner| inner.downcast_ref::<BrokenObject>()) {
        return unusable(name, broken).advise(
            "rows before it were read; correct the file there, or export the tickets as JSON lines, an \
             object on each line: then a broken one costs itself alone",
        );
    }
    match error.raw_os_error() {
        None => unusable(name, format!("the archive is damaged: {error}"))
            .advise("rows before the damage were read; fetch the file again"),
        Some(_) => Error::unexpected(format!("reading {name} failed")).because(error),
    }
}

/// Why a file could not be opened, in words for people.
pub(super) fn plain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "this user may not read it".to_owned(),
        _ => error.to_string(),
    }
}

/// Refuses files that are not text, and texts that are not CSV. `head` is the beginning
/// of the text as UTF-8.
pub(super) fn refuse_other_kinds(name: &str, head: &[u8]) -> Result<(), Error> {
    if let Some((_, kind)) = OTHER_KINDS
        .iter()
        .find(|(magic, _)| head.starts_with(magic))
    {
        return Err(no_csv(name, kind));
    }
    if head
        .get(TAR.0..)
        .is_some_and(|bytes| bytes.starts_with(TAR.1))
    {
        return Err(no_csv(name, "a tar archive"));
    }
    let invisible = head.iter().filter(|byte| is_invisible(**byte)).count();
    if invisible * 5 > head.len() {
        return Err(unusable(name, "it is not a text file").advise(
            "export the tickets as CSV; spreadsheets and archives must be saved as CSV first",
        ));
    }
    let start: String = String::from_utf8_lossy(&head[..head.len().min(200)])
        .trim_start()
        .to_lowercase();
    let begins = |marks: &[&str]| marks.iter().any(|mark| start.starts_with(mark));
    match () {
        () if begins(&["<!doctype", "<html"]) => Err(unusable(name, "it is a web page")
            .advise("most often the page asks to log in: fetch the export in a browser")),
        () if begins(&["<?xml"]) => Err(no_csv(name, "XML")),
        () if begins(&["{\"", "[{", "{\n", "{\r\n"]) => Err(no_csv(name, "JSON")),
        () => Ok(()),
    }
}

fn no_csv(name: &str, kind: &str) -> Error {
    unusable(name, format!("it is {kind}")).advise("export the tickets as CSV")
}

fn is_invisible(byte: u8) -> bool {
    byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r')
}
