//! This machine's clock, as the journal stamps by it.

use jiff::Timestamp;

/// This machine's clock.
pub fn now() -> Timestamp {
    Timestamp::now()
}
