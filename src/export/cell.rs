//! A value of a ticket as it is written.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;

/// A cell; its column says what the text means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Nothing is set.
    Empty,
    /// A value as text.
    One(Cow<'a, str>),
    /// Several values.
    Many(Vec<Cow<'a, str>>),
}

impl Cell<'_> {
    /// The same, owned.
    pub fn into_owned(self) -> Cell<'static> {
        match self {
            Cell::Empty => Cell::Empty,
            Cell::One(text) => Cell::One(text.into_owned().into()),
            Cell::Many(texts) => {
                let texts = texts.into_iter().map(|text| text.into_owned().into());
                Cell::Many(texts.collect())
            }
        }
    }
}

impl fmt::Display for Cell<'_> {
    /// Several values are joined by `;` as HubSpot joins them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Empty => Ok(()),
            Cell::One(text) => f.write_str(text),
            Cell::Many(texts) => f.write_str(&texts.join(";")),
        }
    }
}

/// A value that its column can't hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// Header of the column.
    pub column: String,
    /// The value.
    pub value: String,
    /// What the column holds.
    pub wanted: &'static str,
    /// Position of its cell, if the row can be written with that cell empty.
    pub cell: Option<usize>,
}

/// An instant as HubSpot gives it: ISO 8601, or epoch milliseconds for some
/// calculated properties.
pub fn instant_of(value: &str) -> Option<Timestamp> {
    match value.parse::<i64>() {
        Ok(millis) => Timestamp::from_millisecond(millis).ok(),
        Err(_) => value.parse().ok(),
    }
}
