//! Imprecise dates that 2026-09 accepts (C1 §0.2). The contract does not list the forms; these are
//! the ones people write: a day for an instant and an instant for a day, a blank instead of the T,
//! no zone (UTC is assumed).

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::sandbox::clock::iso;
use crate::sandbox::schema::{Property, ValueType};

/// The stored form of a date that is not quite right; none if it is not a date, or the property
/// does not hold dates.
pub(crate) fn date(property: &Property, text: &str) -> Option<String> {
    match property.value_type {
        ValueType::Datetime => instant(text).map(iso),
        ValueType::Date => instant(text).map(|at| at.strftime("%Y-%m-%d").to_string()),
        _ => None,
    }
}

fn instant(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if let Ok(millis) = text.parse() {
        return Timestamp::from_millisecond(millis).ok();
    }
    if let Ok(timestamp) = text.replacen(' ', "T", 1).parse() {
        return Some(timestamp);
    }
    let day = |date: Date| date.to_datetime(jiff::civil::Time::midnight());
    let civil: DateTime = match text.len() {
        10 => day(text.parse().ok()?),
        _ => text.replacen(' ', "T", 1).parse().ok()?,
    };
    let zoned = civil.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_understood() {
        for (text, expected) in [
            ("2026-09-01", Some("2026-09-01T00:00:00Z")),
            (" 2026-09-01 10:20:30 ", Some("2026-09-01T10:20:30Z")),
            ("2026-09-01T10:20", Some("2026-09-01T10:20:00Z")),
            ("2026-09-01 10:20:30+02:00", Some("2026-09-01T08:20:30Z")),
            ("1788256800123", Some("2026-09-01T10:00:00.123Z")),
            ("31/02/2026", None),
            ("soon", None),
        ] {
            assert_eq!(instant(text).map(iso).as_deref(), expected, "{text}");
        }
    }
}
