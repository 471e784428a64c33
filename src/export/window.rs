//! The time from which, and until which, an export asks for what changed.

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
