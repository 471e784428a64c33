//! One of a list: options, pipelines and stages by internal value or label. What is
//! sent is always the internal value.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use foldhash::quality::RandomState;

use crate::mapping::nearest::{Names, fold};
use crate::model::issue::Reason;

/// A list of internal values with labels, ready to be looked up.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choices {
    values: Vec<String>,
    labels: Vec<String>,
    by_value: HashMap<String, usize, RandomState>,
    by_label: HashMap<String, Hit, RandomState>,
    by_folded: HashMap<String, Hit, RandomState>,
    /// Labels, then internal values.
    names: Names,
}

/// Positions under one text.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Hit {
    One(usize),
    Several(Vec<usize>),
}

/// Why a text does not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Miss {
    /// Nothing has it.
    Unknown,
    /// These positions share it.
    Several(Vec<usize>),
}

impl Choices {
    /// A list of (internal value, label).
    pub(crate) fn new<'a>(choices: impl IntoIterator<Item = (&'a str, &'a str)>) -> Choices {
        let mut list = Choices::default();
        for (value, label) in choices {
            let idx = list.values.len();
            list.values.push(value.to_owned());
            list.labels.push(label.to_owned());
            let _ = list.by_value.entry(value.to_owned()).or_insert(idx);
            enter(&mut list.by_label, label.to_owned(), idx);
            enter(&mut list.by_folded, fold(value), idx);
            enter(&mut list.by_folded, fold(label), idx);
        }
        let names = list.labels.iter().chain(&list.values);
        names.for_each(|name| list.names.push(name));
        list
    }

    /// Position of a text: as internal value, else as label, else either one ignoring
    /// case and surrounding blanks. An internal value wins over a label, because a
    /// label can always be avoided and a value can't.
    pub(crate) fn find(&self, text: &str) -> Result<usize, Miss> {
        if let Some(idx) = self.by_value.get(text) {
            return Ok(*idx);
        }
        match self
            .by_label
            .get(text)
            .or_else(|| self.by_folded.get(&fold(text)))
        {
            Some(Hit::One(idx)) => Ok(*idx),
            Some(Hit::Several(all)) => Err(Miss::Several(all.clone())),
            None => Err(Miss::Unknown),
        }
    }

    /// The internal value of an option.
    pub(crate) fn option(&self, text: &str) -> Result<&str, Reason> {
        match self.find(text) {
            Ok(idx) => Ok(self.value(idx)),
            Err(Miss::Several(all)) => Err(self.ambiguous(&all)),
            Err(Miss::Unknown) => Err(Reason::InvalidOption {
                accepted: self.labels.clone(),
                nearest: self.nearest(text),
            }),
        }
    }

    /// The reason for a text that several have.
    pub(crate) fn ambiguous(&self, positions: &[usize]) -> Reason {
        let values = positions.iter().map(|idx| self.value(*idx).to_owned());
        Reason::AmbiguousOption {
            values: values.collect(),
        }
    }

    /// The internal value at a position.
    pub(crate) fn value(&self, idx: usize) -> &str {
        self.values.get(idx).map_or("", String::as_str)
    }

    /// The label at a position.
    pub(crate) fn label(&self, idx: usize) -> &str {
        self.labels.get(idx).map_or("", String::as_str)
    }

    /// All labels.
    pub(crate) fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The label, else the internal value, most similar to a text.
    pub(crate) fn nearest(&self, text: &str) -> Option<String> {
        self.names.nearest(text).map(str::to_owned)
    }
}

fn enter(index: &mut HashMap<String, Hit, RandomState>, text: String, idx: usize) {
    match index.entry(text) {
        Entry::Vacant(free) => {
            let _ = free.insert(Hit::One(idx));
        }
        Entry::Occupied(mut taken) => {
            let positions = match taken.get() {
                Hit::One(other) if *other == idx => return,
                Hit::One(other) => vec![*other, idx],
                Hit::Several(all) if all.contains(&idx) => return,
                Hit::Several(all) => [all.as_slice(), &[idx]].concat(),
            };
            let _ = taken.insert(Hit::Several(positions));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_values_are_found_and_the_value_is_given() {
        let choices = Choices::new([("LOW", "Low"), ("MEDIUM", "Normal"), ("HIGH", "High one")]);
        for (text, expected) in [
            ("LOW", "LOW"),
            ("Low", "LOW"),
            (" low ", "LOW"),
            ("normal", "MEDIUM"),
            ("Medium", "MEDIUM"),
            ("HIGH ONE", "HIGH"),
        ] {
            assert_eq!(choices.option(text), Ok(expected), "{text}");
        }
        let Err(Reason::InvalidOption { accepted, nearest }) = choices.option("Norml") else {
            panic!("an unknown option was taken");
        };
        assert_eq!(accepted, ["Low", "Normal", "High one"]);
        assert_eq!(nearest.as_deref(), Some("Normal"));
    }

    #[test]
    fn shared_labels_are_never_guessed() {
        let choices = Choices::new([
            ("1", "New"),
            ("2", "new"),
            ("3", "Open"),
            ("4", "Open"),
            ("Open", "5"),
        ]);
        assert_eq!(choices.option("New"), Ok("1"));
        assert_eq!(choices.option("new"), Ok("2"));
        assert_eq!(choices.option("Open"), Ok("Open"), "an internal value wins");
        let values = |values: &[&str]| Reason::AmbiguousOption {
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        };
        assert_eq!(choices.option("NEW"), Err(values(&["1", "2"])));
        assert_eq!(choices.option("OPEN"), Err(values(&["3", "4", "Open"])));
    }
}
