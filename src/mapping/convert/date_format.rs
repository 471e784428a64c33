//! Date formats in strptime's language, checked once when a mapping is compiled.

use std::sync::LazyLock;

use jiff::civil::date;
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::mapping::convert::ZONES;
use crate::mapping::convert::date::Reading;

/// The last day of a year in the afternoon: day, month, year and both forms of the
/// hour can't be mistaken for each other, in checks and in examples.
static SAMPLE: LazyLock<Option<Zoned>> = LazyLock::new(|| {
    let sample = date(2024, 12, 31).at(15, 4, 5, 678_000_000);
    sample.to_zoned(TimeZone::UTC).ok()
});

/// Stands in a list of formats for the plain forms: ISO 8601 and counts since 1970.
pub(crate) const ISO: &str = "iso";

/// A format that reads whole dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DateFormat {
    text: String,
    zoned: bool,
    example: String,
}

/// What is wrong with a format.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormatFault {
    /// No language that can be written or read.
    #[error("{0}")]
    Unknown(String),
    /// A day can't be told from it.
    #[error("it does not give a whole date: year, month and day")]
    NoDate,
    /// Half of the day can't be told from it.
    #[error("it does not tell morning from afternoon: add %p, or use %H")]
    HalfDay,
}

impl DateFormat {
    /// Checks a format by writing a date with it and reading it back.
    pub(crate) fn new(text: &str) -> Result<DateFormat, FormatFault> {
        let sample = SAMPLE.as_ref().ok_or(FormatFault::NoDate)?;
        let unknown = |error: jiff::Error| FormatFault::Unknown(error.to_string());
        let example = strtime::format(text, sample).map_err(unknown)?;
        let read = BrokenDownTime::parse(text, &example).map_err(unknown)?;
        let zoned = read.timestamp().is_some()
            || read.offset().is_some()
            || read.iana_time_zone().is_some();
        if read.timestamp().is_none() && read.to_date().ok() != Some(sample.date()) {
            return Err(FormatFault::NoDate);
        }
        if read.hour().is_some_and(|hour| hour != sample.hour()) {
            return Err(FormatFault::HalfDay);
        }
        Ok(DateFormat {
            text: text.to_owned(),
            zoned,
            example,
        })
    }

    /// True when texts of this format say their zone themselves.
    pub(crate) fn is_zoned(&self) -> bool {
        self.zoned
    }

    /// A date in this format, for messages.
    pub(crate) fn example(&self) -> &str {
        &self.example
    }

    /// Reads a whole text.
    pub(crate) fn read(&self, text: &str) -> Option<Reading> {
        let read = BrokenDownTime::parse(&self.text, text).ok()?;
        if let Some(instant) = read.timestamp() {
            return Some(Reading::Epoch(instant));
        }
        if read.iana_time_zone().is_some() {
            let zoned = read.to_zoned_with(&ZONES).ok()?;
            return Some(Reading::Instant(zoned.timestamp(), zoned.offset()));
        }
        if let Some(offset) = read.offset() {
            let local = read.to_datetime().ok()?;
            let instant: Timestamp = offset.to_timestamp(local).ok()?;
            return Some(Reading::Instant(instant, offset));
        }
        match read.hour() {
            None => Some(Reading::Day(read.to_date().ok()?)),
            Some(_) => Some(Reading::Local(read.to_datetime().ok()?)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_formats_know_their_zone_and_give_an_example() {
        for (format, zoned, example) in [
            ("%Y-%m-%d %H:%M:%S", false, "2024-12-31 15:04:05"),
            ("%d/%m/%y", false, "31/12/24"),
            ("%d/%b/%y %I:%M %p", false, "31/Dec/24 03:04 PM"),
            ("%Y-%m-%dT%H:%M:%S%z", true, "2024-12-31T15:04:05+0000"),
            ("%s", true, "1735657445"),
        ] {
            let read = DateFormat::new(format).unwrap_or_else(|fault| panic!("{format}: {fault}"));
            assert_eq!(
                (read.is_zoned(), read.example()),
                (zoned, example),
                "{format}"
            );
        }
    }

    #[test]
    fn bad_formats_are_told_apart() {
        assert_eq!(DateFormat::new("%H:%M"), Err(FormatFault::NoDate));
        assert_eq!(DateFormat::new("%d %b"), Err(FormatFault::NoDate));
        assert_eq!(DateFormat::new("dd/mm/yyyy"), Err(FormatFault::NoDate));
        assert_eq!(DateFormat::new("%Y-%m-%d %I:%M"), Err(FormatFault::HalfDay));
        assert!(matches!(
            DateFormat::new("%Y-%m-%d %!"),
            Err(FormatFault::Unknown(_))
        ));
        assert!(matches!(
            DateFormat::new("%Y-%m-%d %"),
            Err(FormatFault::Unknown(_))
        ));
    }
}
