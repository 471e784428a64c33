//! One property of a ticket that is changed: what it held before, and what it is given.

use std::sync::Arc;

/// A property that a run changes, with the value that the ticket held just before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyChange {
    /// Internal name.
    pub name: Arc<str>,
    /// What the ticket held; none where the property was empty.
    pub before: Option<String>,
    /// What it is given, as sent; empty clears the property.
    pub after: String,
}
