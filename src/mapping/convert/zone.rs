//! Time zones from the tables that the tool carries itself, so that a mapping means
//! the same on every machine and no file is read for it.

use std::sync::LazyLock;

use jiff::tz::TimeZoneDatabase;

/// All IANA zones.
pub(crate) static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
