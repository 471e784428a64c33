//! What a mapping file says, as plain values with their places in the TOML: the
//! result of parsing, not yet held against headers or a schema.

use std::ops::Range;

use crate::model::schema::NewProperty;
use crate::model::ticket::Missing;

/// A value with the bytes of the TOML text that it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct At<T> {
    /// What was written.
    pub(crate) value: T,
    /// Where.
    pub(crate) span: Range<usize>,
}

impl<T> At<T> {
    /// Puts a value at its place.
    pub(crate) fn new(value: T, span: Range<usize>) -> At<T> {
        At { value, span }
    }
}

/// A whole mapping file.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    /// `[source]`.
    pub(crate) source: SourceSpec,
    /// `[key]`.
    pub(crate) key: KeySpec,
    /// `skip` of `[rows]`: an expression.
    pub(crate) skip: Option<At<String>>,
    /// `[properties]`.
    pub(crate) properties: At<Vec<EntrySpec>>,
    /// `[[associate]]`.
    pub(crate) links: Vec<LinkSpec>,
    /// `[[property]]`.
    pub(crate) new_properties: Vec<NewProperty>,
}

/// `[source]`: what holds for the whole input.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceSpec {
    /// Zone of times that carry none (IANA name).
    pub(crate) timezone: Option<At<String>>,
    /// Cells that mean "no value", trimmed; blank ones always do.
    pub(crate) empty: Vec<String>,
    /// Delimiter of the CSV, where the mapping insists on one.
    pub(crate) delimiter: Option<u8>,
}

/// `[key]`.
#[derive(Clone, Debug)]
pub(crate) struct KeySpec {
    /// The unique-value property.
    pub(crate) property: At<String>,
    /// Where the text of the key comes from.
    pub(crate) origin: Origin,
    /// Put in front of every key.
    pub(crate) prefix: String,
}

/// Where the text of an entry comes from.
#[derive(Clone, Debug)]
pub(crate) enum Origin {
    /// The first of these columns that the file has.
    Column(Vec<At<String>>),
    /// The same text for every row.
    Value(At<String>),
    /// A template over the row's columns.
    Template(At<String>),
}

/// What happens to a text that has no counterpart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Otherwise {
    /// The row is refused.
    Refuse,
    /// The text goes on as it is.
    Keep,
    /// The property is left out.
    Blank,
    /// This value is used.
    Value(String),
}

/// One entry of `[properties]`, or of an associate's `properties`.
#[derive(Clone, Debug)]
pub(crate) struct EntrySpec {
    /// Internal name of the property; the place is the entry's key.
    pub(crate) property: At<String>,
    /// Where the text comes from.
    pub(crate) origin: Origin,
    /// Whether the file may lack the column.
    pub(crate) optional: bool,
    /// Which of several columns of one name, from 1.
    pub(crate) nth: Option<At<usize>>,
    /// Whether a row without a value is refused; none = the default of the property.
    pub(crate) required: Option<bool>,
    /// Whether blanks around a cell go.
    pub(crate) trim: bool,
    /// Separators of a cell that holds several values.
    pub(crate) split: Option<At<Vec<String>>>,
    /// Value map.
    pub(crate) map: Option<At<Vec<MapLine>>>,
    /// Whether the value map minds case and blanks.
    pub(crate) exact: bool,
    /// For texts that the value map lacks.
    pub(crate) unmapped: Option<At<Otherwise>>,
    /// For owners that the portal lacks.
    pub(crate) missing: Option<At<Otherwise>>,
    /// `lookup = "owner"`.
    pub(crate) lookup: Option<At<()>>,
    /// For empty cells.
    pub(crate) default: Option<At<String>>,
    /// Date formats (strptime).
    pub(crate) format: Option<At<Vec<At<String>>>>,
    /// Zone of times that carry none, for this entry.
    pub(crate) timezone: Option<At<String>>,
    /// Decimal mark.
    pub(crate) decimal: Option<At<char>>,
    /// Mark between groups of three digits.
    pub(crate) thousands: Option<At<char>>,
    /// Longest text in UTF-16 units; longer ones are shortened.
    pub(crate) truncate: Option<At<usize>>,
}

/// One line of a value map.
#[derive(Clone, Debug)]
pub(crate) struct MapLine {
    /// A text of the source.
    pub(crate) from: At<String>,
    /// What it becomes; empty = no value.
    pub(crate) to: At<String>,
}

/// One `[[associate]]`: a link to a contact by e-mail.
#[derive(Clone, Debug)]
pub(crate) struct LinkSpec {
    /// Columns with the e-mail; the first that the file has.
    pub(crate) column: Vec<At<String>>,
    /// Whether the file may lack the column.
    pub(crate) optional: bool,
    /// Which of several columns of one name, from 1.
    pub(crate) nth: Option<At<usize>>,
    /// For contacts that the portal lacks.
    pub(crate) missing: Missing,
    /// Properties of a contact that is created.
    pub(crate) properties: Vec<EntrySpec>,
}
