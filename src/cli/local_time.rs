//! Times as lists show them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Local time to the second, for lists in which several fall into one minute.
pub fn second(at: Timestamp) -> String {
    let here = at.to_zoned(TimeZone::system());
    here.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Local time to the minute.
pub(super) fn minute(at: Timestamp) -> String {
    let here = at.to_zoned(TimeZone::system());
    here.strftime("%Y-%m-%d %H:%M").to_string()
}
