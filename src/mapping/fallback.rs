//! Where a value goes that its own property does not keep.

use std::sync::Arc;

use crate::model::schema::ValueType;

/// A property that takes the values of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// Internal name.
    pub name: Arc<str>,
    /// What it holds in the portal, for comparing.
    pub value_type: ValueType,
}
