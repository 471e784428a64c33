//! Days and instants. A text is first parsed (as a day, a local time, an instant) and
//! then converted to what the property holds.

use jiff::civil::{Date, DateTime};
use jiff::fmt::temporal::DateTimePrinter;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Timestamp, civil::Time};

use super::reading::{Reading, plain_reading};
use crate::mapping::convert::formats::known_readings;
use crate::mapping::convert::{Converted, DateFormat};
use crate::mapping::row_context::trimmed;
use crate::model::issue::Reason;
use crate::model::ticket::Remark;

/// Whether a text means no date, as databases without NULL write it: `0000-00-00
/// 00:00:00`, `00/00/0000`.
pub(crate) fn is_zero_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_date = |at: [usize; 2]| {
        bytes.len() >= 10 && at.iter().all(|at| matches!(bytes[*at], b'-' | b'/' | b'.'))
    };
    let zeros = |byte: &u8| matches!(byte, b'0' | b'-' | b'/' | b'.' | b':' | b' ' | b'T' | b'Z');
    bytes.first() == Some(&b'0') && (is_date([4, 7]) || is_date([2, 5])) && bytes.iter().all(zeros)
}

/// How a column writes its dates, and what the property holds.
#[derive(Clone, Debug)]
pub(crate) struct DateRule {
    /// The formats.
    pub(crate) formats: Vec<DateFormat>,
    /// Whether the plain forms are read too: ISO 8601, and seconds or milliseconds
    /// since 1970.
    pub(crate) iso: bool,
    /// Zone of times without one.
    pub(crate) zone: Option<TimeZone>,
    /// True for a datetime property, false for a date property.
    pub(crate) instant: bool,
}

/// A value, with what had to be done to a local time.
type Dated = (String, Option<Remark>);

impl DateRule {
    /// The same rule for texts in the plain forms.
    pub(crate) fn plain(&self) -> DateRule {
        DateRule {
            formats: Vec::new(),
            iso: true,
            zone: self.zone.clone(),
            instant: self.instant,
        }
    }

    /// The value as HubSpot takes it: `YYYY-MM-DD`, or ISO 8601 in UTC with
    /// milliseconds. A zone given by the row takes precedence over the rule's own.
    pub(crate) fn convert(&self, text: &str, zone: Option<&TimeZone>) -> Result<Converted, Reason> {
        let text = trimmed(text);
        let zone = zone.or(self.zone.as_ref());
        let mut found: Option<Dated> = None;
        for dated in self
            .readings(text)
            .filter_map(|reading| self.dated(&reading, zone))
        {
            match &found {
                None => found = Some(dated),
                Some((other, _)) if *other == dated.0 => {}
                Some((other, _)) => {
                    let readings = [legible(other), legible(&dated.0)];
                    return Err(Reason::AmbiguousDate { readings });
                }
            }
        }
        match found {
            Some((value, remark)) => Ok(Converted::remarked(value, remark)),
            None => Err(Reason::InvalidDate {
                formats: self.examples(),
                known: known_readings(text, |reading| self.dated(reading, zone).is_some()),
            }),
        }
    }

    /// All possible readings of the text.
    fn readings<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Reading> + 'a {
        let plain = self.iso.then(|| plain_reading(text)).flatten();
        let formatted = self.formats.iter().filter_map(|format| format.read(text));
        plain.into_iter().chain(formatted)
    }

    fn dated(&self, reading: &Reading, zone: Option<&TimeZone>) -> Option<Dated> {
        if self.instant {
            instant_of(reading, zone)
        } else {
            Some((day_of(reading, zone).to_string(), None))
        }
    }

    /// Dates in the accepted forms, for messages.
    fn examples(&self) -> Vec<String> {
        let plain: &[&str] = match (self.iso, self.instant, self.zone.is_some()) {
            (false, ..) => &[],
            (true, false, _) => &["2024-12-31"],
            (true, true, true) => &["2024-12-31 15:04:05", "2024-12-31T15:04:05Z"],
            (true, true, false) => &["2024-12-31T15:04:05Z", "2024-12-31T15:04:05+02:00"],
        };
        let formatted = self.formats.iter().map(DateFormat::example);
        let examples = plain.iter().copied().chain(formatted);
        examples.map(str::to_owned).collect()
    }
}

/// The calendar day that the text itself names, unchanged. Only a count since 1970
/// names none: its day is the one in the zone, else in UTC.
fn day_of(reading: &Reading, zone: Option<&TimeZone>) -> Date {
    match reading {
        Reading::Day(day) => *day,
        Reading::Local(local) => local.date(),
        Reading::Instant(instant, offset) => offset.to_datetime(*instant).date(),
        Reading::Epoch(instant) => {
            let zone = zone.cloned().unwrap_or(TimeZone::UTC);
            instant.to_zoned(zone).date()
        }
    }
}

/// A day alone becomes its midnight in the zone: the property needs an instant, and
/// this one shows as the same day to people there.
fn instant_of(reading: &Reading, zone: Option<&TimeZone>) -> Option<Dated> {
    match reading {
        Reading::Instant(instant, _) | Reading::Epoch(instant) => Some((written(*instant)?, None)),
        Reading::Local(local) => in_zone(*local, zone?),
        Reading::Day(day) => in_zone(day.to_datetime(Time::midnight()), zone?),
    }
}

/// A local time that a clock change skips moves forward, one that it repeats is the
/// earlier; both are remarked.
fn in_zone(local: DateTime, zone: &TimeZone) -> Option<Dated> {
    let moment = zone.to_ambiguous_timestamp(local);
    let remark = match moment.offset() {
        AmbiguousOffset::Unambiguous { .. } => None,
        AmbiguousOffset::Gap { .. } => Some(Remark::TimeInGap),
        AmbiguousOffset::Fold { .. } => Some(Remark::TimeInFold),
    };
    Some((written(moment.compatible().ok()?)?, remark))
}

/// Writes milliseconds.
const PRINTER: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// `2024-03-10T07:30:00.000Z`; anything below a millisecond is truncated.
fn written(instant: Timestamp) -> Option<String> {
    let whole = Timestamp::from_millisecond(instant.as_millisecond()).ok()?;
    let mut text = String::with_capacity("2024-03-10T07:30:00.000Z".len());
    PRINTER.print_timestamp(&whole, &mut text).ok()?;
    Some(text)
}

/// A value as people read it.
fn legible(value: &str) -> String {
    value.replace('T', " ").replace(".000Z", " UTC")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(formats: &[&str], zone: Option<&str>, instant: bool) -> DateRule {
        DateRule {
            formats: formats
                .iter()
                .map(|format| DateFormat::new(format).unwrap_or_else(|f| panic!("{format}: {f}")))
                .collect(),
            iso: formats.is_empty(),
            zone: zone.map(|zone| TimeZone::get(zone).unwrap_or_else(|e| panic!("{zone}: {e}"))),
            instant,
        }
    }

    fn value(rule: &DateRule, text: &str) -> (Option<String>, Option<Remark>) {
        match rule.convert(text, None) {
            Ok(converted) => (converted.value, converted.remark),
            Err(_) => (None, None),
        }
    }

    #[test]
    fn plain_forms_need_no_format() {
        let rule = rule(&[], Some("America/New_York"), true);
        for (text, expected) in [
            ("2024-03-10T07:30:00Z", Some("2024-03-10T07:30:00.000Z")),
            (
                "2024-03-10T07:30:00.1239+02:00",
                Some("2024-03-10T05:30:00.123Z"),
            ),
            ("2024-01-10 07:30:00", Some("2024-01-10T12:30:00.000Z")),
            ("2024-01-10 07:30", Some("2024-01-10T12:30:00.000Z")),
            ("2024-01-10 07:30:00 UTC", Some("2024-01-10T07:30:00.000Z")),
            (
                "2024-01-10 07:30:00 +0100",
                Some("2024-01-10T06:30:00.000Z"),
            ),
            (
                "2024-01-10T07:30:00[Europe/Berlin]",
                Some("2024-01-10T06:30:00.000Z"),
            ),
            ("2024-01-10", Some("2024-01-10T05:00:00.000Z")),
            ("20240110", Some("2024-01-10T05:00:00.000Z")),
            ("1710055800", Some("2024-03-10T07:30:00.000Z")),
            ("1710055800123", Some("2024-03-10T07:30:00.123Z")),
            ("202403100730", None),
            ("10/03/2024", None),
            ("0024-03-10", None),
            ("2024-02-30", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(value(&rule, text).0.as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn clock_changes_are_remarked() {
        let rule = rule(&["%Y-%m-%d %H:%M"], Some("America/New_York"), true);
        for (text, expected, remark) in [
            (
                "2024-03-10 02:30",
                "2024-03-10T07:30:00.000Z",
                Some(Remark::TimeInGap),
            ),
            (
                "2024-11-03 01:30",
                "2024-11-03T05:30:00.000Z",
                Some(Remark::TimeInFold),
            ),
            ("2024-11-03 02:30", "2024-11-03T07:30:00.000Z", None),
        ] {
            assert_eq!(
                value(&rule, text),
                (Some(expected.to_owned()), remark),
                "{text}"
            );
        }
    }

    #[test]
    fn a_day_never_moves() {
        let day = rule(&[], Some("Pacific/Auckland"), false);
        for (text, expected) in [
            ("2024-03-10", "2024-03-10"),
            ("2024-03-10T23:30:00-08:00", "2024-03-10"),
            ("2024-03-10T23:30:00Z", "2024-03-10"),
            ("2024-03-10 00:30:00", "2024-03-10"),
            // A count since 1970 has no day of its own: 07:30 UTC is evening there.
            ("1710070200", "2024-03-11"),
        ] {
            assert_eq!(value(&day, text).0.as_deref(), Some(expected), "{text}");
        }
        let formatted = rule(&["%d.%m.%Y"], None, false);
        assert_eq!(
            value(&formatted, "9.3.2024").0.as_deref(),
            Some("2024-03-09")
        );
    }

    #[test]
    fn two_formats_that_differ_are_asked_about() {
        let rule = rule(&["%d/%m/%Y", "%m/%d/%Y"], None, false);
        assert_eq!(
            rule.convert("03/04/2024", None),
            Err(Reason::AmbiguousDate {
                readings: ["2024-04-03".to_owned(), "2024-03-04".to_owned()]
            })
        );
        assert_eq!(value(&rule, "03/03/2024").0.as_deref(), Some("2024-03-03"));
        assert_eq!(value(&rule, "31/12/2024").0.as_deref(), Some("2024-12-31"));
        let Err(Reason::InvalidDate { formats, .. }) = rule.convert("31/31/2024", None) else {
            panic!("no such day");
        };
        assert_eq!(formats, ["31/12/2024", "12/31/2024"]);
    }

    #[test]
    fn two_digit_years_are_not_antiquity() {
        let both = rule(&["%d/%m/%Y", "%d/%m/%y"], None, false);
        assert_eq!(value(&both, "10/03/24").0.as_deref(), Some("2024-03-10"));
        assert!(
            rule(&["%d/%m/%Y"], None, false)
                .convert("10/03/24", None)
                .is_err()
        );
    }

    #[test]
    fn dates_of_zeros_are_none() {
        for text in [
            "0000-00-00",
            "0000-00-00 00:00:00",
            "00/00/0000",
            "00.00.0000 00:00",
        ] {
            assert!(is_zero_date(text), "{text}");
        }
        for text in ["0000-00-01", "0", "00-00", "0001-01-01", "", "0000000000"] {
            assert!(!is_zero_date(text), "{text}");
        }
    }

    #[test]
    fn a_local_time_without_any_zone_is_no_instant() {
        let rule = rule(&[], None, true);
        let formats = vec![
            "2024-12-31T15:04:05Z".to_owned(),
            "2024-12-31T15:04:05+02:00".to_owned(),
        ];
        assert_eq!(
            rule.convert("2024-03-10 07:30:00", None),
            Err(Reason::InvalidDate {
                formats,
                known: Vec::new()
            })
        );
        assert_eq!(
            value(&rule, "2024-03-10 07:30:00Z").0.as_deref(),
            Some("2024-03-10T07:30:00.000Z")
        );
    }
}
