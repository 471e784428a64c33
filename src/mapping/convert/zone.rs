//! Time zones from built-in tables, so that a mapping means the same on every machine
//! and no file is read for it.

use std::sync::LazyLock;

use jiff::tz::TimeZoneDatabase;

use crate::mapping::nearest::nearest;

/// All IANA zones.
pub(crate) static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The name of the zone most similar to a text.
pub(crate) fn nearest_zone(text: &str) -> Option<String> {
    let known: Vec<String> = ZONES.available().map(|zone| zone.to_string()).collect();
    nearest(text, known.iter().map(String::as_str)).map(str::to_owned)
}
