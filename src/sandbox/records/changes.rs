//! What a call changes in a record.

use std::collections::BTreeMap;

/// What a write does to a record: a new value, or None to clear it.
pub(crate) type Changes = BTreeMap<String, Option<String>>;
