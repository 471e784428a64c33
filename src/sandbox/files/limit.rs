//! How large a file may be: the value of a switch.

use std::str::FromStr;

use crate::sandbox::switches::value::NoValue;

/// The maximum size of a file in bytes; 20 MB by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileLimit(pub(crate) usize);

impl Default for FileLimit {
    fn default() -> FileLimit {
        FileLimit(20_000_000)
    }
}

impl FromStr for FileLimit {
    type Err = NoValue;

    fn from_str(text: &str) -> Result<FileLimit, NoValue> {
        let end = text.find(|letter: char| !letter.is_ascii_digit());
        let (number, unit) = text.split_at(end.unwrap_or(text.len()));
        let unit = match unit {
            "kb" => 1_000,
            "mb" => 1_000_000,
            "gb" => 1_000_000_000,
            _ => return Err(NoValue),
        };
        let number: usize = number.parse().map_err(|_| NoValue)?;
        number.checked_mul(unit).map(FileLimit).ok_or(NoValue)
    }
}
