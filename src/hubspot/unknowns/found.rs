//! What was found out about one unknown.

use std::collections::BTreeMap;

/// What was found out, by name.
pub type Found = BTreeMap<String, String>;
