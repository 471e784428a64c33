//! This machine's clock, for the journal's times.

use jiff::Timestamp;

/// This machine's clock.
pub fn now() -> Timestamp {
    Timestamp::now()
}
