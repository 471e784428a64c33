//! One property of a ticket that is changed: what it held before, and what it gets.

use std::sync::Arc;

/// A property that a run changes, with the value that the ticket held just before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyChange {
    /// Internal name.
    pub name: Arc<str>,
    /// What the ticket held; none if the property was empty.
    pub before: Option<String>,
    /// What it gets, as sent; empty clears the property.
    pub after: String,
}
