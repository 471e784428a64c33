//! A file that turns texts of the source into others: names into e-mails, mostly.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use crate::mapping::nearest::{Names, fold};

/// The lines of a look-up file. Case and surrounding blanks do not matter.
#[derive(Clone, Debug, Default)]
pub(crate) struct LookUp {
    file: String,
    lines: HashMap<String, String, RandomState>,
    known: Names,
}

impl LookUp {
    /// No lines yet; `file` is its name in the mapping.
    pub(crate) fn new(file: &str) -> LookUp {
        LookUp {
            file: file.to_owned(),
            ..LookUp::default()
        }
    }

    /// Adds a line; false if the file already says something else for the text.
    pub(crate) fn insert(&mut self, from: &str, to: &str) -> bool {
        self.known.push(from);
        let held = self
            .lines
            .entry(fold(from))
            .or_insert_with(|| to.to_owned());
        held == to
    }

    /// What the file says for a text.
    pub(crate) fn get(&self, text: &str) -> Option<&str> {
        let found = self.lines.get(text);
        let found = found.or_else(|| self.lines.get(&fold(text)));
        found.map(String::as_str)
    }

    /// The file's name in the mapping.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// The texts that it has lines for, in its order.
    pub(crate) fn known(&self) -> &[String] {
        self.known.known()
    }

    /// The text of the file most similar to another.
    pub(crate) fn nearest(&self, text: &str) -> Option<String> {
        self.known.nearest(text).map(str::to_owned)
    }
}
