//! The columns that the objects of a file have, and the form of the file.

use std::collections::HashMap;

/// The form in which a text holds objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One on each line.
    Lines,
    /// In a list, or one after the other.
    Objects,
}

/// The columns of objects, in order of first appearance.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    names: Vec<String>,
    positions: HashMap<String, usize>,
}

impl Columns {
    /// Columns with these names.
    #[cfg(test)]
    pub fn of(names: Vec<String>) -> Columns {
        let mut columns = Columns::default();
        for name in names {
            columns.add(&name);
        }
        columns
    }

    /// Adds one if missing.
    pub fn add(&mut self, name: &str) {
        if !self.positions.contains_key(name) {
            let _none = self.positions.insert(name.to_owned(), self.names.len());
            self.names.push(name.to_owned());
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Their names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The position of one.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }
}

impl Form {
    /// The form of a text with this beginning; none if it is not JSON. Lists of anything
    /// but objects don't count.
    pub fn of(head: &[u8]) -> Option<Form> {
        let head = head.trim_ascii_start();
        let inside = match head.first()? {
            b'{' => head,
            b'[' => head[1..].trim_ascii_start(),
            _ => return None,
        };
        let behind = inside.strip_prefix(b"{")?.trim_ascii_start();
        if !matches!(behind.first(), Some(b'"' | b'}')) {
            return None;
        }
        if head[0] == b'[' {
            return Some(Form::Objects);
        }
        // An object longer than its line is not alone on one.
        let line = memchr::memchr(b'\n', head).map(|end| &head[..end]);
        let is_whole = |line: &[u8]| {
            let text = std::str::from_utf8(line);
            text.is_ok_and(|text| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok())
        };
        match line {
            Some(line) if !is_whole(line) && !line.trim_ascii_end().ends_with(b"}") => {
                Some(Form::Objects)
            }
            _ => Some(Form::Lines),
        }
    }

    /// Its name in messages.
    pub fn words(self) -> &'static str {
        match self {
            Form::Lines => "JSON lines",
            Form::Objects => "JSON",
        }
    }
}
