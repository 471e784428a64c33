//! The span of time in which an export looks for changes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A span of the portal's time, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}
