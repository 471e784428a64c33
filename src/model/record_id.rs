//! Ids of the portal's records.

use std::fmt;
use std::ops::Deref;

/// Id of a record of the portal, in digits; never empty. May pass 2^53, so it is a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(String);

impl RecordId {
    /// An id from a file or a journal; none if empty.
    pub fn new(id: impl Into<String>) -> Option<RecordId> {
        let id = id.into();
        (!id.is_empty()).then_some(RecordId(id))
    }

    /// An id from the portal: replies with a record that has none have been refused by then.
    pub fn given(id: &str) -> RecordId {
        debug_assert!(!id.is_empty(), "replies without ids are refused");
        RecordId(id.to_owned())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Deref for RecordId {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<RecordId> for String {
    fn from(id: RecordId) -> String {
        id.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}
