//! The mapping that a command names: parsed, or everything that is wrong with it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::console::Console;
use crate::error::Error;
use crate::mapping::{MappingErrors, MappingFile, PRESETS, nearest};
use crate::model::shell;

/// In bytes; nobody writes a longer mapping.
pub(super) const LONGEST_MAPPING: u64 = 16 << 20;

/// Reads and checks a mapping by itself.
pub fn read_mapping(path: &Path, console: &Console) -> Result<MappingFile, Error> {
    parse_mapping(path)?.map_err(|errors| mapping_error(&errors, console))
}

/// Reads a mapping, or reports everything that is wrong with it by itself.
pub fn parse_mapping(path: &Path) -> Result<Result<MappingFile, MappingErrors>, Error> {
    let name = path.to_string_lossy();
    let text = match mapping_text(path) {
        Ok(text) => text,
        Err(error) => match built_in(&name) {
            Some(text) => text.to_owned(),
            None => return Err(unreadable(path, error)),
        },
    };
    Ok(MappingFile::parse(&name, &text))
}

/// The text of a mapping; it may also come from a pipe.
pub fn mapping_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let mut file = File::open(path)?.take(LONGEST_MAPPING + 1);
    match file.read_to_string(&mut text)? as u64 > LONGEST_MAPPING {
        false => Ok(text),
        true => Err(io::Error::other(format!(
            "it has more than {} MiB",
            LONGEST_MAPPING >> 20
        ))),
    }
}

/// The preset of that name, if there is no such file.
pub(super) fn built_in(name: &str) -> Option<&'static str> {
    let found = PRESETS.iter().find(|(known, _)| *known == name);
    found.map(|(_, text)| *text)
}

/// The error for a missing mapping, with where to get one.
pub(super) fn unreadable(path: &Path, error: io::Error) -> Error {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => {
            let presets = PRESETS.map(|(name, _)| name);
            let meant = nearest(&path.to_string_lossy(), presets);
            let meant = meant.map_or_else(String::new, |name| format!("did you mean {name}? "));
            let presets = presets.join(", ");
            Error::usage(format!("can't read the mapping {shown}: there is no such file")).advise(format!(
                "{meant}`tickethaul map init FILE -o {}` writes one for your file; `tickethaul map list` shows the built-in ones: {presets}",
                shell::path(path)
            ))
        }
        io::ErrorKind::IsADirectory => {
            Error::usage(format!("can't read the mapping {shown}: it is a folder"))
                .advise("name a TOML file in it")
        }
        _ => Error::usage(format!("can't read the mapping {shown}")).because(error),
    }
}

/// Every problem of a mapping, with its place in the file.
pub fn mapping_error(errors: &MappingErrors, console: &Console) -> Error {
    Error::drawn(errors.render(console.colors()))
}
