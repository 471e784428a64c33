//! Secrets in files: where they may be read from, and what people write around them.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::Path;

use crate::error::Error;

/// In bytes; no file with a few secrets is larger.
const LARGEST: u64 = 64 * 1024;

/// Reads a file with secrets; `what` is how messages call it.
pub fn read_secret(what: &str, path: &Path) -> Result<String, Error> {
    let failed = |why: String| {
        Error::usage(format!(
            "can't read the {what} file {}: {why}",
            shown_path(path)
        ))
    };
    let metadata = fs::metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => failed("there is no such file".to_owned()),
        _ => failed(error.to_string()),
    })?;
    if !metadata.is_file() {
        return Err(failed("it is not a regular file".to_owned()));
    }
    let mut text = String::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text));
    let len = read.map_err(|error| failed(error.to_string()))?;
    match len as u64 > LARGEST {
        true => Err(failed(format!(
            "it has more than {} KiB, which no {what} file has",
            LARGEST >> 10
        ))),
        false => Ok(text.trim_start_matches('\u{feff}').to_owned()),
    }
}

/// A text without what looks like one of HubSpot's tokens: people type them in the wrong
/// place, and messages repeat what was typed.
pub fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = find_token(rest) {
        shown.push_str(&rest[..at]);
        shown.push_str("pat-…");
        let end = rest[at..].find(|letter: char| !is_of_token(letter));
        rest = end.map_or("", |end| &rest[at + end..]);
    }
    shown + rest
}

/// Where a private app's token begins: `pat-`, a region and more. Colour codes may precede it.
fn find_token(text: &str) -> Option<usize> {
    let lower = text.to_ascii_lowercase();
    let mut starts = lower.match_indices("pat-").map(|(at, _)| at);
    starts.find(|&at| {
        let rest = &text[at + 4..];
        let word = rest.split(|letter: char| !is_of_token(letter)).next();
        let has_digit = |word: &str| word.bytes().any(|byte| byte.is_ascii_digit());
        word.is_some_and(|word| word.len() > 20 && word.contains('-') && has_digit(word))
    })
}

fn is_of_token(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '-'
}

/// A path as it may be shown: an unlikely file name may be a token.
fn shown_path(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let has = |is: fn(&u8) -> bool| name.as_bytes().iter().any(is);
    let is_plain = name.len() < 20
        || name.contains(['.', ' '])
        || !(has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic));
    match is_plain || path.exists() {
        true => masked(&path.display().to_string()),
        false => path.with_file_name("…").display().to_string(),
    }
}

/// Whether other users of this machine may read a file.
#[cfg(unix)]
pub fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o044 != 0)
}

/// Whether other users of this machine may read a file: unknown on this system.
#[cfg(not(unix))]
pub fn others_may_read(_path: &Path) -> bool {
    false
}

/// The token in a text as people keep it: after `Bearer`, in quotes, or as a line
/// `NAME=token` of an environment file, in which the variable `name` counts.
pub fn token_of<'t>(text: &'t str, name: &str) -> &'t str {
    let text = text.trim_start_matches('\u{feff}').trim();
    let mut lines = text.lines().map(str::trim);
    let named = lines.find_map(|line| assigned(line).filter(|(key, _)| *key == name));
    let token = match named.or_else(|| assigned(text)) {
        Some((_, value)) => value,
        None => text,
    };
    let token = unquoted(token);
    let scheme = token
        .get(..7)
        .filter(|start| start.eq_ignore_ascii_case("bearer "));
    unquoted(scheme.map_or(token, |scheme| token[scheme.len()..].trim()))
}

/// Name and value of a variable. A token may end in `=`, so a value is never empty.
fn assigned(line: &str) -> Option<(&str, &str)> {
    let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
    let (name, value) = line.split_once('=')?;
    let is_name = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let value = value.trim();
    let fits = is_name && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    (fits && !value.is_empty() && !value.starts_with('=') && !value.contains('\n'))
        .then_some((name, value))
}

fn unquoted(text: &str) -> &str {
    let inside = ['"', '\''].into_iter().find_map(|quote| {
        let inside = text.strip_prefix(quote)?;
        inside.strip_suffix(quote)
    });
    inside.unwrap_or(text).trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_in_what_people_keep() {
        for text in [
            "pat-na1-x",
            "\u{feff}pat-na1-x\r\n",
            "Bearer pat-na1-x",
            "bearer  pat-na1-x\n",
            "\"pat-na1-x\"",
            "'pat-na1-x'\n",
            "'Bearer pat-na1-x'",
            "TOKEN=pat-na1-x",
            "HUBSPOT_ACCESS_TOKEN=pat-na1-x\n",
            "export HUBSPOT_ACCESS_TOKEN=\"pat-na1-x\"",
            "# a comment\nOTHER=y\nHUBSPOT_ACCESS_TOKEN=pat-na1-x\n",
        ] {
            assert_eq!(
                token_of(text, "HUBSPOT_ACCESS_TOKEN"),
                "pat-na1-x",
                "{text:?}"
            );
        }
        for same in ["CKy=", "a==", "a=b=c\nd", "", "pat na1"] {
            assert_eq!(token_of(same, "X"), same, "nothing is guessed");
        }
    }

    #[test]
    fn what_looks_like_a_token_is_not_shown() {
        let token = "pat-na1-4a5b6c7d-0123-4567-89ab-cdef01234567";
        for (text, shown) in [
            (format!("no file {token}: gone"), "no file pat-…: gone"),
            (format!("`{}`", token.to_ascii_uppercase()), "`pat-…`"),
            (
                "a pat-terned-text-of-many-words re-pat-riation".to_owned(),
                "a pat-terned-text-of-many-words re-pat-riation",
            ),
            (
                format!("'\u{1b}[33m{token}\u{1b}[0m'"),
                "'\u{1b}[33mpat-…\u{1b}[0m'",
            ),
            (format!("{token} ä {token}"), "pat-… ä pat-…"),
        ] {
            assert_eq!(masked(&text), shown);
        }
        for path in [token, "CJjw9bK8MhIHAAEAQAAAARiA1Ys"] {
            let said = read_secret("token", Path::new(path)).expect_err("none");
            assert!(!said.to_string().contains(path), "{said}");
        }
        let said = read_secret("token", Path::new("portal-token-of-2026.txt")).expect_err("none");
        assert!(
            said.to_string().contains("portal-token-of-2026.txt"),
            "{said}"
        );
    }

    #[test]
    fn only_regular_files_of_some_size_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("token");
        fs::write(&path, "\u{feff}pat-na1-x").expect("written");
        assert_eq!(read_secret("token", &path).expect("read"), "pat-na1-x");
        fs::write(&path, "x".repeat(100_000)).expect("written");
        let said = read_secret("token", &path)
            .expect_err("too long")
            .to_string();
        assert!(said.contains("more than 64 KiB"), "{said}");
        let said = read_secret("token", folder.path())
            .expect_err("a folder")
            .to_string();
        assert!(said.contains("not a regular file"), "{said}");
        if cfg!(unix) {
            let said = read_secret("token", Path::new("/dev/zero")).expect_err("a device");
            assert!(said.to_string().contains("not a regular file"), "{said}");
        }
    }
}
