//! Single words of the command line of an export: what a file's extension, a list of
//! ids, a zone or a format means. What they mean together is in `args`.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use crate::error::Error;
use crate::export::filter::{self, Expression, Frame, Relative};
use crate::export::{Form, Packing, PartBy, Unit};
use crate::model::schema::{ObjectName, ObjectType};

/// A kind of linked record, and one of its properties.
pub(super) type OthersWord = (ObjectName, Option<String>);

/// Extensions that name the format of an export.
pub(super) const ENDINGS: [&str; 10] = [
    "csv",
    "csv.gz",
    "csv.zst",
    "jsonl",
    "jsonl.gz",
    "jsonl.zst",
    "ndjson",
    "ndjson.gz",
    "ndjson.zst",
    "parquet",
];

/// `tickets.csv.gz` is CSV compressed by gzip; any other name is plain CSV.
pub(super) fn by_ending(path: &Path) -> (Form, Packing) {
    let ending = |path: &Path| {
        let ending = path.extension().unwrap_or_default();
        ending.to_string_lossy().to_lowercase()
    };
    let (packing, inner) = match ending(path).as_str() {
        "gz" => (Packing::Gzip, path.with_extension("")),
        "zst" => (Packing::Zstd, path.with_extension("")),
        _ => (Packing::None, path.to_owned()),
    };
    let form = match ending(&inner).as_str() {
        "jsonl" | "ndjson" => Form::Jsonl,
        "parquet" => Form::Parquet,
        _ => Form::Csv,
    };
    (form, packing)
}

/// Ids in ascending order, each once. What is not an id is reported with its line; a first line
/// that is not a number is a header, and lines that begin with # are comments.
pub(super) fn ids(path: &Path) -> Result<Vec<u64>, Error> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Error::usage(format!("can't read the ids in {shown}")).because(error))?;
    let mut ids = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let word = line.split(',').next().unwrap_or_default();
        let word = word.trim().trim_start_matches('\u{feff}').trim_matches('"');
        match word.parse() {
            Ok(id) => ids.push(id),
            Err(_) if word.is_empty() || word.starts_with('#') || index == 0 => {}
            Err(_) => {
                let line = index + 1;
                return Err(Error::usage(format!(
                    "{shown}, line {line}: `{word}` is not a record id"
                )));
            }
        }
    }
    ids.sort_unstable();
    ids.dedup();
    Ok(ids)
}

/// A kind of linked record, and one of its properties; none for the ids.
pub(super) fn others(text: &str) -> Result<OthersWord, String> {
    let (name, property) = match text.trim().split_once('.') {
        Some((name, property)) => (name, Some(property.to_owned())),
        None => (text.trim(), None),
    };
    let object = ObjectName::of(name);
    let is_name = |c: char| c.is_alphanumeric() || "_-".contains(c);
    match object {
        ObjectName::Standard(ObjectType::Tickets) => {
            Err("the tickets themselves are exported; name other records".to_owned())
        }
        _ if name.is_empty() || !name.chars().all(is_name) => {
            let known = ObjectType::ALL.into_iter().skip(1);
            let known: Vec<_> = known.map(ObjectType::plural).collect();
            Err(format!(
                "{} or a custom object is expected, or a property of theirs such as contacts.email",
                known.join(", ")
            ))
        }
        ObjectName::Custom(_) if object.slips_from().is_some() => {
            let near = object.slips_from().map(ObjectType::plural);
            let near = near.unwrap_or_default();
            Err(format!(
                "did you mean {near}? A custom object of that name goes by its type id, 2-…"
            ))
        }
        object => Ok((object, property)),
    }
}

/// The language of `--where`.
pub(super) fn expression(text: &str) -> Result<Expression, filter::Syntax> {
    filter::parse(text)
}

/// A text that `check` accepts; clap shows what is wrong with it.
pub(super) fn checked<T, E>(
    check: fn(&str) -> Result<T, E>,
) -> impl Fn(&str) -> Result<String, E> + Clone {
    move |text| check(text).map(|_| text.trim().to_owned())
}

/// A property, or the year, month or day of one; days are in UTC as yet.
pub(super) fn part_by(text: &str) -> Result<PartBy, String> {
    let (unit, property) = match text.trim().strip_suffix(')') {
        None => (Unit::Value, text.trim()),
        Some(call) => match call.split_once('(') {
            Some(("year", property)) => (Unit::Year, property),
            Some(("month", property)) => (Unit::Month, property),
            Some(("day", property)) => (Unit::Day, property),
            _ => return Err("year(…), month(…), day(…) or a property is expected".to_owned()),
        },
    };
    Ok(PartBy {
        property: property.trim().to_owned(),
        unit,
        zone: TimeZone::UTC,
        labels: HashMap::new(),
        lost: false,
    })
}

/// What `--since` can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Since {
    /// The last run into the same data set.
    Last,
    /// A moment, as it was written.
    Moment(String),
}

/// `last`, a span such as `7d`, or a moment.
pub(super) fn since(text: &str) -> Result<Since, String> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("last") {
        return Ok(Since::Last);
    }
    let sample = Frame {
        zone: TimeZone::UTC,
        now: jiff::Timestamp::UNIX_EPOCH,
    };
    match moment(text, &sample) {
        Some(_) => Ok(Since::Moment(text.to_owned())),
        None => Err("last, a span such as 7d or 12h, or a moment such as 2026-01-31, 2026-01-31T10:00:00Z or today is expected".to_owned()),
    }
}

/// The moment that a span or a date stands for.
pub(super) fn moment(text: &str, frame: &Frame) -> Option<jiff::Timestamp> {
    let begins = text.starts_with(|c: char| c.is_ascii_digit());
    let span = begins
        .then(|| Relative::of(&format!("now - {text}")))
        .flatten();
    match span {
        Some(span) => span.first(frame),
        None => filter::moment(text, frame),
    }
}

/// A zone by its IANA name.
pub(super) fn zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|_| "an IANA zone such as Europe/Berlin is expected".to_owned())
}

/// A strftime format that can be written for an instant.
pub(super) fn datetime_format(text: &str) -> Result<String, String> {
    let sample = jiff::Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let written = strtime::format(text, &sample).map_err(|error| error.to_string());
    written.map(|_| text.to_owned())
}

/// A strftime format that can be written for a day.
pub(super) fn date_format(text: &str) -> Result<String, String> {
    let sample = jiff::civil::date(2026, 1, 1);
    let written = strtime::format(text, sample).map_err(|error| error.to_string());
    written.map(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_form_and_compression() {
        let cases = [
            ("a.csv", Form::Csv, Packing::None),
            ("a.txt", Form::Csv, Packing::None),
            ("a.jsonl", Form::Jsonl, Packing::None),
            ("a.b.ndjson.ZST", Form::Jsonl, Packing::Zstd),
            ("a.parquet", Form::Parquet, Packing::None),
            ("a.csv.gz", Form::Csv, Packing::Gzip),
            ("a.gz", Form::Csv, Packing::Gzip),
        ];
        for (name, form, packing) in cases {
            assert_eq!(by_ending(Path::new(name)), (form, packing), "{name}");
        }
    }

    #[test]
    fn parts_are_by_a_value_or_a_piece_of_a_date() {
        let by = part_by("month(createdate)").expect("known");
        assert_eq!((by.property.as_str(), by.unit), ("createdate", Unit::Month));
        let by = part_by("hs_pipeline").expect("known");
        assert_eq!(
            (by.property.as_str(), by.unit),
            ("hs_pipeline", Unit::Value)
        );
        assert!(part_by("week(createdate)").is_err());
    }

    #[test]
    fn since_is_the_last_run_a_span_or_a_moment() {
        let frame = Frame {
            zone: TimeZone::UTC,
            now: "2026-03-02T12:00:00Z".parse().expect("a time"),
        };
        for (text, expected) in [
            ("7d", "2026-02-23T12:00:00Z"),
            ("12h", "2026-03-02T00:00:00Z"),
            ("2026-01-31", "2026-01-31T00:00:00Z"),
            ("2026-01-31T10:00:00Z", "2026-01-31T10:00:00Z"),
            ("today", "2026-03-02T00:00:00Z"),
            ("today - 1w", "2026-02-23T00:00:00Z"),
        ] {
            assert_eq!(since(text), Ok(Since::Moment(text.to_owned())));
            let at = moment(text, &frame).map(|at| at.to_string());
            assert_eq!(at.as_deref(), Some(expected), "{text}");
        }
        assert_eq!(since("LAST"), Ok(Since::Last));
        assert!(since("soon").is_err() && since("7").is_err());
    }

    #[test]
    fn other_records_are_named_in_the_plural() {
        let (_, property) = others("contacts.email").expect("known");
        assert_eq!(property.as_deref(), Some("email"));
        let (device, property) = others("2-1234567.serial").expect("a custom kind");
        assert_eq!(device.to_string(), "2-1234567");
        assert_eq!(property.as_deref(), Some("serial"));
        assert!(others("device").is_ok_and(|(device, _)| device.is_custom()));
        assert!(
            others("contact").is_err()
                && others("").is_err()
                && others("a b").is_err()
                && others("tickets").is_err()
        );
    }

    #[test]
    fn formats_that_can_not_be_written_are_told() {
        assert!(datetime_format("%d.%m.%Y %H:%M %Z").is_ok());
        assert!(datetime_format("%!").is_err());
        assert!(date_format("%H:%M").is_err(), "a date has no time");
    }
}
