//! What a commit records about a row: its place, the intent to send it, and whether its key is
//! free.

use crate::model::key::Key;
use crate::model::place::RowAddress;
use crate::model::property_change::PropertyChange;

/// Which rows of a run may have the same key (K2, K4). Keys are compared by their
/// folded form, since portals may treat those that differ only by case as the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// One row, not counting refused ones.
    Once,
    /// Any number with the same spelling.
    OneSpelling,
    /// Any number that request the same (R7).
    SameBody,
    /// Any number.
    Shared,
}

/// A row that is about to be sent.
#[derive(Clone, Debug)]
pub struct Intent<'a> {
    /// The row.
    pub row: RowEntry,
    /// Kind of the step: the run's operation.
    pub kind: &'a str,
    /// Which other rows may have its key.
    pub keys: Keys,
    /// Value of the key property.
    pub key: &'a Key,
    /// Id of the record that the row means, if it was looked up: an unfinished archive
    /// is settled by it, since a portal may not find archived records by their key
    /// (protocol R4).
    pub record: Option<&'a str>,
    /// Hash of what will be sent.
    pub body: [u8; 16],
    /// What the ticket holds in the properties that the row changes, if it was read first (PL6).
    pub changes: Option<&'a [PropertyChange]>,
    /// Identical rows have identical keys: later ones get a number appended (K3).
    pub counted: bool,
}

/// A row's number and place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowEntry {
    /// Number of the row in the run.
    pub seq: u64,
    /// Its place in the input.
    pub address: RowAddress,
}

/// Whether a key is free for a row (K4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyClaim {
    /// The row may have this key; if it was intended, the intent is in the journal, and the
    /// row may be sent once the commit is done.
    Free(Key),
    /// An earlier row of this run has the key and was not refused.
    Taken {
        /// The earlier row's key, as spelled there.
        key: Key,
        /// Input of the earlier row, as in `RowAddress`.
        file: u32,
        /// Line of the earlier row.
        line: u64,
    },
}
