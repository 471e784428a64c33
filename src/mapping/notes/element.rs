//! One comment as its source writes it, and where its texts stand.

use std::borrow::Cow;

/// A comment as the source writes it.
#[derive(Debug)]
pub(crate) enum Element<'r> {
    /// A cell, cut into its parts.
    Parts(Vec<&'r str>),
}

/// Where a text of a comment stands: the first of these places that is filled.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// Numbers of parts, from 0.
    pub(crate) places: Vec<usize>,
}

impl Field {
    /// The text, trimmed; none where all places are empty.
    pub(crate) fn text<'e>(&self, element: &'e Element<'_>) -> Option<Cow<'e, str>> {
        self.places.iter().find_map(|place| element.filled(*place))
    }

    /// The texts of all places that are filled.
    pub(crate) fn texts<'e>(&self, element: &'e Element<'_>) -> Vec<Cow<'e, str>> {
        let filled = self
            .places
            .iter()
            .filter_map(|place| element.filled(*place));
        filled.collect()
    }
}

impl Element<'_> {
    fn filled(&self, place: usize) -> Option<Cow<'_, str>> {
        match self {
            Element::Parts(parts) => {
                let text = parts.get(place)?.trim();
                (!text.is_empty()).then_some(Cow::Borrowed(text))
            }
        }
    }
}
