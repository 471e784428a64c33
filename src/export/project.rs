//! `project`: a ticket becomes the cells of its row. Pure.

use std::borrow::Cow;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use super::columns::{Column, Kind, Source};
use super::links::Links;
use super::spool::Ticket;

/// A cell; its column says what the text stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell<'a> {
    /// Nothing is set.
    Empty,
    /// A value as text.
    One(Cow<'a, str>),
    /// Several values.
    Many(Vec<Cow<'a, str>>),
}

impl fmt::Display for Cell<'_> {
    /// Several values are joined by `;` as HubSpot joins them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Empty => Ok(()),
            Cell::One(text) => f.write_str(text),
            Cell::Many(texts) => f.write_str(&texts.join(";")),
        }
    }
}

/// How moments are written; as HubSpot gives them where nothing is said.
#[derive(Clone, Debug, Default)]
pub struct Dates {
    /// The zone of instants.
    pub zone: Option<TimeZone>,
    /// strftime for instants.
    pub instant_format: Option<String>,
    /// strftime for days.
    pub day_format: Option<String>,
}

/// The cells of one ticket, in the order of the columns.
pub fn cells<'a>(
    ticket: &'a Ticket,
    links: &'a Links,
    columns: &'a [Column],
    dates: &Dates,
) -> Vec<Cell<'a>> {
    let cell = |column: &'a Column| match &column.source {
        Source::Id => Cell::One(ticket.id.to_string().into()),
        Source::Archived => Cell::One(ticket.archived.to_string().into()),
        Source::Value(place) => value(ticket, *place, column, dates),
        Source::Label(place) => label(ticket, *place, column),
        Source::Links(object) => many(links.ids(ticket.id, *object).map(Cow::Borrowed)),
        Source::Linked(object, property) => {
            let values = links.values(ticket.id, *object, property);
            many(values.map(Cow::Borrowed))
        }
    };
    columns.iter().map(cell).collect()
}

fn set(ticket: &Ticket, place: usize) -> Option<&str> {
    let value = ticket.values.get(place)?.as_deref();
    value.filter(|value| !value.is_empty())
}

fn many<'a>(values: impl Iterator<Item = Cow<'a, str>>) -> Cell<'a> {
    let values: Vec<Cow<'a, str>> = values.collect();
    match values.is_empty() {
        true => Cell::Empty,
        false => Cell::Many(values),
    }
}

fn value<'a>(ticket: &'a Ticket, place: usize, column: &Column, dates: &Dates) -> Cell<'a> {
    let Some(value) = set(ticket, place) else {
        return Cell::Empty;
    };
    match column.kind {
        Kind::List => many(parts(value).map(Cow::Borrowed)),
        Kind::Instant => Cell::One(instant(value, dates)),
        Kind::Day => Cell::One(day(value, dates)),
        Kind::Text | Kind::Id | Kind::Number | Kind::Bool => Cell::One(value.into()),
    }
}

fn label<'a>(ticket: &'a Ticket, place: usize, column: &'a Column) -> Cell<'a> {
    let label = |value: &'a str| match column.labels.get(value) {
        Some(label) => Cow::Borrowed(label.as_str()),
        None => Cow::Borrowed(value),
    };
    match (set(ticket, place), column.kind) {
        (None, _) => Cell::Empty,
        (Some(value), Kind::List) => many(parts(value).map(label)),
        (Some(value), _) => Cell::One(label(value)),
    }
}

/// HubSpot joins the options of a multi-select by `;`.
fn parts(value: &str) -> impl Iterator<Item = &str> {
    value.split(';').filter(|part| !part.is_empty())
}

/// An instant as HubSpot gives it: ISO 8601, or epoch milliseconds for some
/// calculated properties.
pub fn instant_of(value: &str) -> Option<Timestamp> {
    match value.parse::<i64>() {
        Ok(millis) => Timestamp::from_millisecond(millis).ok(),
        Err(_) => value.parse().ok(),
    }
}

/// What is no instant stays as it is.
fn instant<'a>(value: &'a str, dates: &Dates) -> Cow<'a, str> {
    let Some(instant) = instant_of(value) else {
        return value.into();
    };
    let zoned = instant.to_zoned(dates.zone.clone().unwrap_or(TimeZone::UTC));
    match (&dates.instant_format, &dates.zone) {
        // Checked before the export began.
        (Some(format), _) => strtime::format(format, &zoned).unwrap_or_default().into(),
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

    fn column(kind: Kind, source: Source) -> Column {
        let labels = [("big", "Big one"), ("1", "New")];
        Column {
            header: String::new(),
            name: String::new(),
            label: String::new(),
            source,
            kind,
            labels: HashMap::from(
                labels.map(|(value, label)| (value.to_owned(), label.to_owned())),
            ),
        }
    }

    fn cell(kind: Kind, labelled: bool, value: &str, dates: &Dates) -> String {
        let source = if labelled {
            Source::Label(0)
        } else {
            Source::Value(0)
        };
        let columns = [column(kind, source)];
        let ticket = Ticket {
            values: vec![Some(value.to_owned())],
            ..Ticket::default()
        };
        match cells(&ticket, &Links::default(), &columns, dates).remove(0) {
            Cell::Empty => "-".to_owned(),
            Cell::One(text) => text.into_owned(),
            Cell::Many(texts) => texts.join("|"),
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
