//! What a report says of columns: how far each is filled, what it holds, which values are
//! the most frequent.

use serde::{Deserialize, Serialize};

/// What the columns of some rows hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedColumns {
    /// The rows that were counted.
    pub rows: u64,
    /// Their columns, in order.
    pub columns: Vec<ReportedColumn>,
}

/// What a column holds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedColumn {
    /// Its header.
    pub name: String,
    /// The kind of its values.
    pub kind: String,
    /// Rows with a value.
    pub filled: u64,
    /// How many different values there are; none if there are more than were counted.
    pub different: Option<u64>,
    /// Its most frequent values.
    pub values: Vec<FrequentValue>,
}

/// A value and how often it occurs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrequentValue {
    /// The value, shortened.
    pub value: String,
    /// How often; none if it is an example.
    pub times: Option<u64>,
}
