//! Rows of a file of JSON lines that was written by an export; numbers stay the text
//! that they are.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read};

use serde_json::value::RawValue;

use super::other_columns::other_columns;
use crate::export::cell::Cell;

/// The cells of each object.
pub fn rows(
    text: Box<dyn Read>,
    headers: Vec<String>,
) -> impl Iterator<Item = io::Result<Vec<Cell<'static>>>> {
    let lines = BufReader::new(text).lines();
    lines.map(move |line| cells(&line?, &headers))
}

fn cells(line: &str, headers: &[String]) -> io::Result<Vec<Cell<'static>>> {
    let members: HashMap<String, &RawValue> = serde_json::from_str(line)?;
    if members.len() != headers.len() {
        return Err(other_columns());
    }
    let cell = |header: &String| match members.get(header) {
        Some(value) => cell(value.get()),
        None => Err(other_columns()),
    };
    headers.iter().map(cell).collect()
}

fn cell(json: &str) -> io::Result<Cell<'static>> {
    Ok(match json.as_bytes().first() {
        Some(b'n') => Cell::Empty,
        Some(b'"') => Cell::One(serde_json::from_str::<String>(json)?.into()),
        Some(b'[') => {
            let texts: Vec<String> = serde_json::from_str(json)?;
            Cell::Many(texts.into_iter().map(Into::into).collect())
        }
        _ => Cell::One(json.to_owned().into()),
    })
}
