//! How the value of a property becomes the text that a mapping reads as this value.
//! The counterpart of `convert`, and as pure.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::fmt::strtime;
use jiff::tz::TimeZone;

use crate::mapping::convert::{SPREADSHEET, written_serial};

/// A way from values to texts.
#[derive(Clone, Debug)]
pub enum WayBack {
    /// A text is the value.
    Stored,
    /// Values represent texts.
    Texts {
        /// Texts by value.
        texts: Arc<HashMap<String, String>>,
        /// Whether other values are texts themselves.
        others: bool,
    },
    /// Every value is the text with this before it.
    Prefixed(String),
    /// A number with this decimal mark.
    Decimal(char),
    /// An instant in this zone; without a format in ISO 8601 and UTC.
    Instant {
        /// strftime.
        format: Option<String>,
        /// Where its times are.
        zone: TimeZone,
    },
    /// A day; without a format in ISO 8601.
    Day {
        /// strftime.
        format: Option<String>,
    },
}

impl WayBack {
    /// The text of a value; none if the mapping reads no text as this value.
    pub fn text<'v>(&'v self, value: &'v str) -> Option<Cow<'v, str>> {
        match self {
            WayBack::Stored => Some(value.into()),
            WayBack::Texts { texts, others } => match texts.get(value) {
                Some(text) => Some(text.into()),
                None => others.then_some(value.into()),
            },
            WayBack::Prefixed(prefix) => value.strip_prefix(prefix.as_str()).map(Cow::Borrowed),
            WayBack::Decimal(mark) => {
                Some(value.replace('.', mark.encode_utf8(&mut [0; 4])).into())
            }
            WayBack::Instant { format, zone } => {
                let instant = instant(value)?;
                match format {
                    None => Some(instant.to_string().into()),
                    Some(format) => {
                        let local = instant.to_zoned(zone.clone());
                        let text = match *format == *SPREADSHEET {
                            true => written_serial(local.datetime()),
                            false => strtime::format(format, &local).ok(),
                        };
                        text.map(Cow::Owned)
                    }
                }
            }
            WayBack::Day { format: None } => Some(value.into()),
            WayBack::Day {
                format: Some(format),
            } => {
                let day: Date = value.parse().ok()?;
                let text = match *format == *SPREADSHEET {
                    true => written_serial(day.to_datetime(Time::midnight())),
                    false => strtime::format(format, day).ok(),
                };
                text.map(Cow::Owned)
            }
        }
    }
}

/// As HubSpot writes instants: ISO 8601, or milliseconds since 1970.
fn instant(value: &str) -> Option<Timestamp> {
    match value.parse() {
        Ok(millis) => Timestamp::from_millisecond(millis).ok(),
        Err(_) => value.parse().ok(),
    }
}
