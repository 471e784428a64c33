//! A time as read from a text, before its zone is known.

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;

use super::ZONES;

/// What a text says by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    /// A calendar day.
    Day(Date),
    /// A time without a zone.
    Local(DateTime),
    /// An instant, and the offset in the text.
    Instant(Timestamp, Offset),
    /// An instant as a count since 1970, without a zone.
    Epoch(Timestamp),
}

impl Reading {
    /// Years in antiquity, from two-digit years or typing errors, don't count.
    pub(crate) fn is_plausible(&self) -> bool {
        const EARLIEST: i16 = 1000;
        match self {
            Reading::Day(day) => day.year() >= EARLIEST,
            Reading::Local(local) => local.year() >= EARLIEST,
            Reading::Instant(instant, offset) => offset.to_datetime(*instant).year() >= EARLIEST,
            Reading::Epoch(_) => true,
        }
    }

    /// The day and time that the text itself says; a count since 1970 in UTC.
    pub(crate) fn local(&self) -> DateTime {
        match self {
            Reading::Day(day) => day.to_datetime(Time::midnight()),
            Reading::Local(local) => *local,
            Reading::Instant(instant, offset) => offset.to_datetime(*instant),
            Reading::Epoch(instant) => Offset::UTC.to_datetime(*instant),
        }
    }
}

/// What a text says in one of the plain forms: ISO 8601, and seconds or milliseconds since
/// 1970.
pub(crate) fn plain_reading(text: &str) -> Option<Reading> {
    epoch(text)
        .or_else(|| iso(text))
        .filter(Reading::is_plausible)
}

/// Seconds (9 or 10 digits: from 1973) or milliseconds (13 digits: from 2001) since
/// 1970, both up to 2286. Other lengths are not read: they may be a date or time
/// written without separators.
pub(super) fn epoch(text: &str) -> Option<Reading> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: i64 = text.parse().ok()?;
    let instant = match text.len() {
        9 | 10 => Timestamp::from_second(count).ok()?,
        13 => Timestamp::from_millisecond(count).ok()?,
        _ => return None,
    };
    Some(Reading::Epoch(instant))
}

/// ISO 8601 and RFC 3339, with a `T` or a blank between date and time.
pub(super) fn iso(text: &str) -> Option<Reading> {
    let text = tightened(text);
    let pieces = Pieces::parse(text.as_ref()).ok()?;
    let Some(time) = pieces.time() else {
        return Some(Reading::Day(pieces.date()));
    };
    let local = pieces.date().to_datetime(time);
    if let Some(offset) = pieces.to_numeric_offset() {
        return Some(Reading::Instant(offset.to_timestamp(local).ok()?, offset));
    }
    match pieces.to_time_zone_with(&ZONES).ok()? {
        Some(zone) => {
            let zoned = local.to_zoned(zone).ok()?;
            Some(Reading::Instant(zoned.timestamp(), zoned.offset()))
        }
        None => Some(Reading::Local(local)),
    }
}

/// The text without the blank before a zone that some systems write: `… UTC`, `… GMT`,
/// `… +0200`.
pub(super) fn tightened(text: &str) -> Cow<'_, str> {
    match text.rsplit_once(' ') {
        Some((moment, "UTC" | "GMT" | "Z")) => Cow::Owned(format!("{moment}Z")),
        Some((moment, offset)) if offset.starts_with(['+', '-']) => {
            Cow::Owned(format!("{moment}{offset}"))
        }
        _ => Cow::Borrowed(text),
    }
}
