//! Pieces of TOML: texts in quotes, lists, columns and entries.

use regex::escape;
use toml::Value;

use crate::mapping::convert::ZONES;

/// The right-hand side of an entry from its keys, in the short form if possible.
pub(crate) fn entry(keys: &[String]) -> String {
    match keys {
        // The short form: a column and nothing else.
        [only] => only.trim_start_matches("column = ").to_owned(),
        _ => format!("{{ {} }}", keys.join(", ")),
    }
}

/// A column by its name. A time zone in the name is made a group of a pattern, so that
/// the mapping fits the next export too; a name that looks like a pattern has to be
/// one.
pub(crate) fn column_text(header: &str) -> String {
    if let Some((name, zone)) = header
        .strip_suffix(')')
        .and_then(|rest| rest.rsplit_once(" ("))
        && ZONES.get(zone).is_ok()
    {
        return quoted(&format!(r"/^{} \((?<tz>[^)]+)\)$/", escape(name)));
    }
    match header.starts_with('/') && header.ends_with('/') && header.len() > 2 {
        true => quoted(&format!("/^{}$/", escape(header))),
        false => quoted(header),
    }
}

/// A text in quotes.
pub(crate) fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// A list of texts.
pub(crate) fn list(texts: &[&str]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| quoted(text)).collect();
    format!("[{}]", quoted.join(", "))
}
