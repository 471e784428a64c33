//! Short texts of comments, and whether comments are public.

use super::element::{Element, Field};
use crate::mapping::convert::boolean;
use crate::mapping::look_up::LookUp;
use crate::model::issue::Reason;

/// A short text of a comment, as people read it.
#[derive(Debug)]
pub(crate) struct Words {
    /// Where it is.
    pub(crate) field: Field,
    /// Set if all filled fields count.
    pub(crate) join: Option<String>,
    /// Look-ups in a file, one for each column.
    pub(crate) lookup: Vec<LookUp>,
    /// What it becomes; others stay.
    pub(crate) map: Option<LookUp>,
}

/// Who may see a comment.
#[derive(Debug)]
pub(crate) enum Public {
    /// The same for all.
    Always(bool),
    /// Each comment says it.
    Field {
        /// Where it is said.
        field: Field,
        /// What the texts mean; none if they are true and false.
        map: Option<LookUp>,
        /// What others mean; none if they refuse the row.
        unmapped: Option<bool>,
    },
}

impl Words {
    /// The text of a comment; none if it has none.
    pub(super) fn of(&self, element: &Element<'_>) -> Option<String> {
        let text = match &self.join {
            Some(join) => self.field.texts(element).join(join),
            None => self.field.text(element)?.into_owned(),
        };
        if text.is_empty() {
            return None;
        }
        let mapped = self.map.as_ref().and_then(|map| map.get(&text));
        let text = mapped.unwrap_or(&text);
        let Some((first, others)) = self.lookup.split_first() else {
            return Some(text.to_owned());
        };
        let mut words = first.get(text).unwrap_or(text).to_owned();
        let others = others.iter().filter_map(|lookup| lookup.get(text));
        let others: Vec<&str> = others.filter(|other| *other != words).collect();
        if !others.is_empty() {
            words = format!("{words} ({})", others.join(", "));
        }
        Some(words)
    }
}

impl Public {
    /// Whether everybody may see a comment; none if it does not say, and the text if
    /// its meaning is unknown.
    pub(super) fn of(&self, element: &Element<'_>) -> Result<Option<bool>, (Reason, String)> {
        let (field, map, unmapped) = match self {
            Public::Always(public) => return Ok(Some(*public)),
            Public::Field {
                field,
                map,
                unmapped,
            } => (field, map.as_ref(), *unmapped),
        };
        let Some(text) = field.text(element) else {
            return Ok(None);
        };
        let word = match map.map(|map| (map.get(&text), map)) {
            None => &*text,
            Some((Some(word), _)) => word,
            Some((None, _)) if unmapped.is_some() => return Ok(unmapped),
            Some((None, map)) => {
                let reason = Reason::UnmappedValue {
                    accepted: map.known().to_vec(),
                    nearest: map.nearest(&text),
                };
                return Err((reason, text.into_owned()));
            }
        };
        match boolean(word) {
            Ok(word) => Ok(Some(word == "true")),
            Err(reason) => Err((reason, text.into_owned())),
        }
    }
}
