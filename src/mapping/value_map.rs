//! Value maps: the texts of the source and what they become.

use std::collections::HashMap;

use foldhash::quality::RandomState;

use crate::mapping::nearest::{Names, fold};
use crate::model::issue::Reason;

/// A value that the mapping itself names, converted as far as possible when the
/// mapping is compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fixed {
    /// What is sent; none = the property is left out.
    Ready(Option<String>),
    /// A stage whose id depends on the row's pipeline.
    Stage(String),
}

/// What a text that the map lacks becomes.
#[derive(Clone, Debug)]
pub(crate) enum Unmapped {
    /// The row is refused.
    Refuse,
    /// It is converted as it is.
    Keep,
    /// The property is left out.
    Blank,
    /// This value is used.
    Fallback(Fixed),
}

/// The map of one entry.
#[derive(Clone, Debug)]
pub(crate) struct ValueMap {
    lines: HashMap<String, Fixed, RandomState>,
    /// Both sides of every line as the mapping writes them.
    written: Vec<(String, String)>,
    /// The left side of every line.
    known: Names,
    exact: bool,
    /// For texts without a line.
    pub(crate) unmapped: Unmapped,
}

impl ValueMap {
    /// An empty map; `exact` = case and surrounding blanks matter.
    pub(crate) fn new(exact: bool, unmapped: Unmapped) -> ValueMap {
        ValueMap {
            lines: HashMap::default(),
            written: Vec::new(),
            known: Names::default(),
            exact,
            unmapped,
        }
    }

    /// Adds a line, whose right side is written as `written`; false when the map has
    /// the text already.
    pub(crate) fn insert(&mut self, from: &str, written: &str, to: Fixed) -> bool {
        self.written.push((from.to_owned(), written.to_owned()));
        self.known.push(from);
        self.lines.insert(self.form(from), to).is_none()
    }

    /// The form in which the map compares a text.
    pub(crate) fn form(&self, text: &str) -> String {
        if self.exact {
            text.to_owned()
        } else {
            fold(text)
        }
    }

    /// The line of a text.
    #[inline]
    pub(crate) fn get(&self, text: &str) -> Option<&Fixed> {
        // What is folded already is found without folding it.
        let found = self.lines.get(text);
        match self.exact {
            true => found,
            false => found.or_else(|| self.lines.get(&fold(text))),
        }
    }

    /// The reason for a text without a line.
    pub(crate) fn refusal(&self, text: &str) -> Reason {
        Reason::UnmappedValue {
            accepted: self.known.known().to_vec(),
            nearest: self.known.nearest(text).map(str::to_owned),
        }
    }

    /// What the line with the most similar text becomes.
    pub(crate) fn nearest(&self, text: &str) -> Option<&str> {
        let known = self.known.nearest(text)?;
        let line = self.written.iter().find(|(from, _)| from == known);
        line.map(|(_, to)| to.as_str()).filter(|to| !to.is_empty())
    }

    /// Both sides of every line, in the order of the mapping.
    pub(crate) fn lines(&self) -> &[(String, String)] {
        &self.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ready(text: &str) -> Fixed {
        Fixed::Ready(Some(text.to_owned()))
    }

    #[test]
    fn case_and_blanks_matter_only_where_asked() {
        let mut loose = ValueMap::new(false, Unmapped::Refuse);
        assert!(loose.insert("On Hold", "3", ready("3")));
        assert!(!loose.insert("on hold ", "4", ready("4")));
        assert!(loose.get(" ON HOLD").is_some());
        let mut exact = ValueMap::new(true, Unmapped::Refuse);
        assert!(exact.insert("On Hold", "3", ready("3")));
        assert!(exact.insert("on hold", "4", ready("4")));
        assert_eq!(exact.get("on hold"), Some(&ready("4")));
        assert_eq!(exact.get("ON HOLD"), None);
    }
}
