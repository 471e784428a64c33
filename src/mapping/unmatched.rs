//! A text of the source without a counterpart in the portal.

use std::sync::Arc;

/// A text without a counterpart, which the mapping left blank or replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// The property that it was for.
    pub property: Arc<str>,
    /// The column that it is in, as the file writes it; none for a template without columns.
    pub column: Option<Arc<str>>,
    /// The text, cleaned as the mapping says, or one part of it.
    pub text: String,
}
