//! Date formats in strptime's language, checked once when a mapping is compiled.

use std::sync::LazyLock;

use jiff::civil::{DateTime, date};
use jiff::fmt::strtime::{self, BrokenDownTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::reading::Reading;
use crate::mapping::convert::ZONES;
use crate::mapping::convert::month::english;
use crate::mapping::convert::serial::{SPREADSHEET, read_serial, written_serial};

/// The last day of a year in the afternoon: day, month, year and both forms of the
/// hour can't be mistaken for each other, in checks and in examples.
static SAMPLE: LazyLock<Option<Zoned>> = LazyLock::new(|| {
    let sample = date(2024, 12, 31).at(15, 4, 5, 678_000_000);
    sample.to_zoned(TimeZone::UTC).ok()
});

/// In a list of formats, stands for the plain forms: ISO 8601 and counts since 1970.
pub(crate) const ISO: &str = "iso";

/// A format that reads whole dates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DateFormat {
    text: String,
    zoned: bool,
    /// Whether its texts contain words, which may be in another language.
    wordy: bool,
    example: String,
}

/// What is wrong with a format.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum FormatFault {
    /// It can't be written or parsed.
    #[error("{0}")]
    Unknown(String),
    /// It does not determine a day.
    #[error("it does not give a whole date: year, month and day")]
    NoDate,
    /// It does not say morning or afternoon.
    #[error("it does not tell morning from afternoon: add %p, or use %H")]
    HalfDay,
}

impl DateFormat {
    /// Checks a format by writing a date with it and reading it back.
    pub(crate) fn new(text: &str) -> Result<DateFormat, FormatFault> {
        let sample = SAMPLE.as_ref().ok_or(FormatFault::NoDate)?;
        if text == SPREADSHEET {
            return Ok(DateFormat {
                text: text.to_owned(),
                zoned: false,
                wordy: false,
                example: written_serial(sample.datetime()).ok_or(FormatFault::NoDate)?,
            });
        }
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
            wordy: ["%b", "%B", "%h", "%p", "%P", "%z"]
                .iter()
                .any(|part| text.contains(part)),
            example,
        })
    }

    /// The format itself.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// True if texts of this format contain their zone.
    pub(crate) fn is_zoned(&self) -> bool {
        self.zoned
    }

    /// A date in this format, for messages.
    pub(crate) fn example(&self) -> &str {
        &self.example
    }

    /// Reads a whole text; dates in antiquity don't count.
    pub(crate) fn read(&self, text: &str) -> Option<Reading> {
        self.any_reading(text).filter(Reading::is_plausible)
    }

    fn any_reading(&self, text: &str) -> Option<Reading> {
        if self.text == USUAL
            && let Some(local) = usual(text)
        {
            return Some(Reading::Local(local));
        }
        if self.text == SPREADSHEET {
            let (day, time) = read_serial(text)?;
            return Some(match time {
                Some(time) => Reading::Local(day.to_datetime(time)),
                None => Reading::Day(day),
            });
        }
        self.strptime(text).or_else(|| {
            let other = english(text);
            (self.wordy && *other != *text).then(|| self.strptime(&other))?
        })
    }

    fn strptime(&self, text: &str) -> Option<Reading> {
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

/// What most systems write.
const USUAL: &str = "%Y-%m-%d %H:%M:%S";

/// Reads `2024-12-31 15:04:05` by position, several times faster than a format does;
/// none for anything else, which the format may still read.
fn usual(text: &str) -> Option<DateTime> {
    let bytes: &[u8; 19] = text.as_bytes().try_into().ok()?;
    let marks = [(4, b'-'), (7, b'-'), (10, b' '), (13, b':'), (16, b':')];
    if marks.iter().any(|(at, mark)| bytes[*at] != *mark) {
        return None;
    }
    let digit = |at: usize| match bytes[at] {
        byte @ b'0'..=b'9' => Some(byte - b'0'),
        _ => None,
    };
    let two = |at| Some(digit(at)? * 10 + digit(at + 1)?);
    let part = |at| two(at).and_then(|number| i8::try_from(number).ok());
    let year = i16::from(two(0)?) * 100 + i16::from(two(2)?);
    DateTime::new(year, part(5)?, part(8)?, part(11)?, part(14)?, part(17)?, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_usual_format_reads_the_same_by_its_places(
            text in "[0-3][0-9]{3}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-6][0-9]:[0-6][0-9]"
        ) {
            let slow = BrokenDownTime::parse(USUAL, &text).ok();
            let slow = slow.and_then(|read| read.to_datetime().ok());
            if let Some(fast) = usual(&text) {
                prop_assert_eq!(Some(fast), slow);
            } else if let Some(slow) = slow {
                // A leap second is read as the one before.
                prop_assert_eq!((slow.second(), &text[17..]), (59, "60"));
            }
        }
    }

    #[test]
    fn good_formats_know_their_zone_and_give_an_example() {
        for (format, zoned, example) in [
            ("%Y-%m-%d %H:%M:%S", false, "2024-12-31 15:04:05"),
            ("%d/%m/%y", false, "31/12/24"),
            ("%d/%b/%y %I:%M %p", false, "31/Dec/24 03:04 PM"),
            ("%Y-%m-%dT%H:%M:%S%z", true, "2024-12-31T15:04:05+0000"),
            ("%s", true, "1735657445"),
            ("spreadsheet", false, "45657.62783565"),
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
