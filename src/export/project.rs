//! `project`: a ticket becomes the cells of its row. Pure.

use std::borrow::Cow;

use jiff::civil::Date;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::cell::{Cell, Misfit, instant_of};
use super::columns::{Column, Dates, Kind, Wording};
use super::layout::{Layout, RecordTime, Source};
use super::links::{Links, Other};
use super::spool::Ticket;
use crate::mapping::note_text;

/// The cells of one ticket, in the order of the columns; or the value that can't be
/// written.
pub fn cells<'a>(
    ticket: &'a Ticket,
    links: &'a Links,
    layout: &'a Layout,
) -> Result<Vec<Cell<'a>>, Misfit> {
    let cell = |(source, column): (&Source, &'a Column)| match source {
        Source::Id => Ok(Cell::One(ticket.id.to_string().into())),
        Source::Archived => Ok(Cell::One(ticket.archived.to_string().into())),
        Source::Nothing => Ok(Cell::Empty),
        Source::Stamp(place) => Ok(text(layout.stamps.get(*place))),
        Source::Time(time) => worded(time_of(ticket, *time), column),
        Source::Value(place) => {
            let value = ticket.values.get(*place);
            worded(value.and_then(Option::as_deref), column)
        }
        Source::Links(place) => {
            let ids = others(links, *place).iter();
            Ok(many(ids.map(|other| Cow::Borrowed(other.id.as_str()))))
        }
        Source::Linked(place, property) => Ok(linked(others(links, *place), *property)),
    };
    let columns = layout.sources.iter().zip(&layout.columns);
    columns.map(cell).collect()
}

fn text(text: Option<&String>) -> Cell<'_> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) => Cell::One(Cow::Borrowed(text)),
        None => Cell::Empty,
    }
}

fn time_of(ticket: &Ticket, time: RecordTime) -> Option<&str> {
    let times = &ticket.times;
    let (time, is_there) = match time {
        RecordTime::Created => (&times.created, true),
        RecordTime::Updated => (&times.updated, true),
        // Some portals give an archive time for records that are not archived.
        RecordTime::Archived => (&times.archived, ticket.archived),
    };
    time.as_deref().filter(|_| is_there)
}

fn others(links: &Links, place: usize) -> &[Other] {
    links.others.get(place).map_or(&[], Vec::as_slice)
}

/// A property of linked records: empty texts for records without a value, an empty cell if no
/// record has one.
fn linked(others: &[Other], property: usize) -> Cell<'_> {
    let values = others.iter().map(|other| other.values.get(property));
    let values: Vec<Option<&str>> = values
        .map(|value| value.and_then(Option::as_deref))
        .collect();
    match values.iter().any(Option::is_some) {
        false => Cell::Empty,
        true => many(
            values
                .into_iter()
                .map(|value| value.unwrap_or_default().into()),
        ),
    }
}

/// Several values; nothing if there is none.
pub fn many<'a>(values: impl Iterator<Item = Cow<'a, str>>) -> Cell<'a> {
    let values: Vec<Cow<'a, str>> = values.collect();
    match values.is_empty() {
        true => Cell::Empty,
        false => Cell::Many(values),
    }
}

/// A stored value as its column writes it.
pub fn worded<'a>(value: Option<&'a str>, column: &'a Column) -> Result<Cell<'a>, Misfit> {
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return Ok(Cell::Empty);
    };
    let each = |word: &dyn Fn(&'a str) -> Cow<'a, str>| match column.kind {
        Kind::List | Kind::Ids => many(parts(value).map(word)),
        _ => Cell::One(word(value)),
    };
    Ok(match &column.wording {
        Wording::Stored => each(&|value| value.into()),
        Wording::Labels(labels) => {
            each(&|value| labels.get(value).map_or(value, String::as_str).into())
        }
        Wording::Moment(dates) if column.kind == Kind::Day => Cell::One(day(value, dates)),
        Wording::Moment(dates) => Cell::One(instant(value, dates)),
        Wording::Text => Cell::One(note_text(value).into()),
        Wording::Addresses(name) => many(addresses(value, name).into_iter()),
        Wording::Mapped(way) => match way.text(value) {
            Some(text) => Cell::One(text),
            None => {
                return Err(Misfit {
                    column: column.header.clone(),
                    value: value.to_owned(),
                    wanted: "what the mapping can read back",
                    // The row is to be read back, and an empty cell would lose the value.
                    cell: None,
                });
            }
        },
    })
}

/// The addresses under a name in the headers of an e-mail, which are JSON; for any other text, its
/// parts.
fn addresses<'a>(value: &'a str, name: &str) -> Vec<Cow<'a, str>> {
    let Ok(Value::Object(headers)) = serde_json::from_str(value) else {
        return parts(value).map(Cow::Borrowed).collect();
    };
    let listed = match headers.get(name) {
        Some(Value::Array(listed)) => listed.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    listed.iter().filter_map(address).map(Cow::Owned).collect()
}

/// `Ann Lee <ann@x.example>`.
fn address(of: &Value) -> Option<String> {
    let text = |name: &str| of.get(name).and_then(Value::as_str).unwrap_or_default();
    let email = Some(text("email")).filter(|email| !email.is_empty())?;
    let name = format!("{} {}", text("firstName"), text("lastName"));
    Some(match name.trim() {
        "" => email.to_owned(),
        name => format!("{name} <{email}>"),
    })
}

/// HubSpot joins the options of a multi-select by `;`.
fn parts(value: &str) -> impl Iterator<Item = &str> {
    value.split(';').filter(|part| !part.is_empty())
}

/// Text that is not an instant is left as it is.
fn instant<'a>(value: &'a str, dates: &Dates) -> Cow<'a, str> {
    let Some(instant) = instant_of(value) else {
        return value.into();
    };
    let zoned = instant.to_zoned(dates.zone.clone().unwrap_or(TimeZone::UTC));
    match (&dates.instant_format, &dates.zone) {
        // Checked before the export began.
        (Some(format), _) => strtime::format(format, &zoned).unwrap_or_default().into(),
        (None, Some(_)) if instant.subsec_nanosecond() == 0 => {
            zoned.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string().into()
        }
        (None, Some(_)) => zoned
            .strftime("%Y-%m-%dT%H:%M:%S.%3f%:z")
            .to_string()
            .into(),
        (None, None) if value.ends_with('Z') => value.into(),
        (None, None) => zoned.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string().into(),
    }
}

fn day<'a>(value: &'a str, dates: &Dates) -> Cow<'a, str> {
    match (&dates.day_format, value.parse::<Date>()) {
        (Some(format), Ok(day)) => strtime::format(format, day).unwrap_or_default().into(),
        _ => value.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn cell(kind: Kind, labelled: bool, value: &str, dates: &Dates) -> String {
        let labels = [("big", "Big one"), ("1", "New")];
        let labels = labels.map(|(value, label)| (value.to_owned(), label.to_owned()));
        let column = Column {
            wording: match (labelled, kind) {
                (true, _) => Wording::Labels(HashMap::from(labels)),
                (false, Kind::Instant | Kind::Day) => Wording::Moment(dates.clone()),
                (false, _) => Wording::Stored,
            },
            ..Column::plain("a", "A", kind)
        };
        match worded(Some(value), &column).expect("it has words") {
            Cell::Empty => "-".to_owned(),
            Cell::One(text) => text.into_owned(),
            Cell::Many(texts) => texts.join("|"),
        }
    }

    #[test]
    fn addresses_come_from_headers_or_as_they_stand() {
        let headers = r#"{"from":{"email":"a@x.example","firstName":"Ann","lastName":"Lee"},
            "to":[{"email":"b@x.example"},{"firstName":"Nobody"},{"email":"c@x.example","lastName":"Poe"}]}"#;
        let column = |name| Column {
            wording: Wording::Addresses(name),
            ..Column::plain(name, name, Kind::List)
        };
        for (name, value, expected) in [
            ("from", headers, "Ann Lee <a@x.example>"),
            ("to", headers, "b@x.example;Poe <c@x.example>"),
            ("cc", headers, ""),
            ("to", "a@x.example;b@x.example", "a@x.example;b@x.example"),
            ("to", "[1]", "[1]"),
        ] {
            let column = column(name);
            let cell = worded(Some(value), &column).expect("it has words");
            assert_eq!(cell.to_string(), expected, "{name} of {value}");
        }
    }

    #[test]
    fn values_by_their_kind() {
        let plain = Dates::default();
        let berlin = Dates {
            zone: Some(TimeZone::get("Europe/Berlin").expect("a zone")),
            ..Dates::default()
        };
        let german = Dates {
            instant_format: Some("%d.%m.%Y %H:%M".to_owned()),
            day_format: Some("%d.%m.%y".to_owned()),
            ..berlin.clone()
        };
        let cases = [
            (Kind::Text, false, "", &plain, "-"),
            (Kind::Text, false, "a;b", &plain, "a;b"),
            (Kind::List, false, "a;b;", &plain, "a|b"),
            (Kind::List, true, "big;odd", &plain, "Big one|odd"),
            (Kind::Text, true, "1", &plain, "New"),
            (Kind::Text, true, "9", &plain, "9"),
            (
                Kind::Instant,
                false,
                "2026-09-01T10:00:00Z",
                &plain,
                "2026-09-01T10:00:00Z",
            ),
            (
                Kind::Instant,
                false,
                "1788256800123",
                &plain,
                "2026-09-01T10:00:00.123Z",
            ),
            (Kind::Instant, false, "soon", &german, "soon"),
            (
                Kind::Instant,
                false,
                "2026-09-01T10:00:00.5Z",
                &berlin,
                "2026-09-01T12:00:00.500+02:00",
            ),
            (
                Kind::Instant,
                false,
                "2026-09-01T22:30:00Z",
                &german,
                "02.09.2026 00:30",
            ),
            (Kind::Day, false, "2026-09-01", &german, "01.09.26"),
            (Kind::Day, false, "2026-09-01", &berlin, "2026-09-01"),
        ];
        for (kind, labelled, value, dates, expected) in cases {
            assert_eq!(
                cell(kind, labelled, value, dates),
                expected,
                "{kind:?} {value}"
            );
        }
    }
}
