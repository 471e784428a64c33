//! One comment as in its source, and where its texts are.

use std::borrow::Cow;

use crate::model::json::flatten;

/// A comment as in the source.
#[derive(Debug)]
pub(crate) enum Element<'r> {
    /// A cell, cut into its parts.
    Parts(Vec<&'r str>),
    /// The non-empty fields of a JSON object; nested ones have dotted names.
    Fields(Vec<(String, String)>),
}

/// Where a text of a comment is: the first of these places that is filled.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    /// The places.
    pub(crate) places: Vec<Place>,
}

/// One place in a comment.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// Number of a part, from 0.
    Part(usize),
    /// Name of a field.
    Name(String),
}

impl Field {
    /// The text, trimmed; none if all places are empty.
    pub(crate) fn text<'e>(&self, element: &'e Element<'_>) -> Option<Cow<'e, str>> {
        self.places.iter().find_map(|place| element.filled(place))
    }

    /// The texts of all places that are filled.
    pub(crate) fn texts<'e>(&self, element: &'e Element<'_>) -> Vec<Cow<'e, str>> {
        let filled = self.places.iter().filter_map(|place| element.filled(place));
        filled.collect()
    }
}

impl Element<'_> {
    /// A comment of a JSON list; none if the text is not an object.
    pub(crate) fn of_object(object: &str) -> Option<Element<'static>> {
        let mut fields = Vec::new();
        let mut take = |name: &str, text: Cow<'_, str>| {
            if !text.trim().is_empty() {
                fields.push((name.to_owned(), text.into_owned()));
            }
        };
        flatten(object, &mut take).ok()?;
        Some(Element::Fields(fields))
    }

    fn filled(&self, place: &Place) -> Option<Cow<'_, str>> {
        let text = match (self, place) {
            (Element::Parts(parts), Place::Part(idx)) => parts.get(*idx)?.trim(),
            (Element::Fields(fields), Place::Name(wanted)) => {
                let mut fields = fields.iter().rev();
                fields.find(|(name, _)| name == wanted)?.1.trim()
            }
            (Element::Parts(_), Place::Name(_)) | (Element::Fields(_), Place::Part(_)) => {
                return None;
            }
        };
        (!text.is_empty()).then_some(Cow::Borrowed(text))
    }
}
