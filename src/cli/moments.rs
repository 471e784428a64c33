//! Moments as lists show them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A time as people here read it, where several may lie in one minute.
pub fn second(at: Timestamp) -> String {
    let here = at.to_zoned(TimeZone::system());
    here.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// A time as people here read it.
pub(super) fn minute(at: Timestamp) -> String {
    let here = at.to_zoned(TimeZone::system());
    here.strftime("%Y-%m-%d %H:%M").to_string()
}
