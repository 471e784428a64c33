//! Names of files: the extension, how a portal changes characters, a free name for one
//! that exists, and the type of an extension.

use crate::sandbox::switches::{FileNames, FileRename};

/// A name without its extension, and the extension in lower case.
pub(super) fn parted(name: &str) -> (&str, String) {
    match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && !ending.is_empty() => {
            (stem, ending.to_lowercase())
        }
        _ => (name, String::new()),
    }
}

/// A name, or a part of a folder's path, as the portal stores it.
pub(super) fn kept(name: &str, names: FileNames) -> String {
    let name = name.replace('/', "-");
    match names {
        FileNames::Kept => name,
        FileNames::Slugged => name.chars().map(slug).collect(),
    }
}

fn slug(letter: char) -> char {
    match letter.is_ascii_alphanumeric() || "-_.".contains(letter) {
        true => letter,
        false => '-',
    }
}

/// A path with a slash before each of its parts.
pub(super) fn folder_path(path: &str, names: FileNames) -> String {
    let parts = path.split('/').map(str::trim);
    let parts = parts.filter(|part| !part.is_empty());
    parts
        .map(|part| format!("/{}", kept(part, names)))
        .collect()
}

/// The path of a file.
pub(super) fn file_path(folder: &str, name: &str, ending: &str) -> String {
    match ending {
        "" => format!("{folder}/{name}"),
        ending => format!("{folder}/{name}.{ending}"),
    }
}

/// The next name to try if one exists.
pub(super) fn next(name: &str, number: u32, rename: FileRename) -> String {
    match rename {
        FileRename::Dash => format!("{name}-{number}"),
        FileRename::Bracket => format!("{name} ({number})"),
        FileRename::Random => format!("{name}-{:08x}", fastrand::u32(..)),
    }
}

/// The type of an extension.
pub(super) fn file_type(ending: &str) -> &'static str {
    match ending {
        "png" | "jpg" | "jpeg" | "gif" | "svg" | "webp" | "bmp" | "ico" | "tif" | "tiff" => "IMG",
        "pdf" | "doc" | "docx" | "xls" | "xlsx" | "ppt" | "pptx" | "txt" | "csv" | "rtf"
        | "odt" | "ods" => "DOCUMENT",
        "mp3" | "wav" | "ogg" | "m4a" | "flac" => "AUDIO",
        "mp4" | "mov" | "avi" | "mkv" | "webm" => "MOVIE",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_are_apart() {
        for (name, parts) in [
            ("invoice.PDF", ("invoice", "pdf")),
            ("a.tar.gz", ("a.tar", "gz")),
            (".profile", (".profile", "")),
            ("noend.", ("noend.", "")),
            ("plain", ("plain", "")),
        ] {
            let (stem, ending) = parted(name);
            assert_eq!((stem, ending.as_str()), parts);
        }
    }

    #[test]
    fn folders_have_one_slash_before_each_part() {
        for (given, names, path) in [
            ("a/b", FileNames::Kept, "/a/b"),
            ("//a//b c/", FileNames::Kept, "/a/b c"),
            ("/a/b ü", FileNames::Slugged, "/a/b--"),
            ("/", FileNames::Kept, ""),
        ] {
            assert_eq!(folder_path(given, names), path);
        }
    }
}
