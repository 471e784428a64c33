//! Where a value goes if its own property does not keep it.

use std::sync::Arc;

use crate::model::schema::ValueType;

/// A property that takes the values of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fallback {
    /// Internal name.
    pub name: Arc<str>,
    /// Its type in the portal, for comparing.
    pub value_type: ValueType,
}
