//! The one comparator (protocol R2): is what the portal holds the same as what was
//! sent? Used by the canary, and by everything else that compares.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::model::schema::ValueType;

/// Whether a stored value says the same as a sent one.
///
/// Numbers are compared by decimal value, datetimes by instant, multi-selects as
/// sets, texts with CRLF = LF; an empty value equals an absent one. A sent value
/// that appends (leading `;`) never equals anything.
pub fn same_value(value_type: ValueType, sent: &str, stored: Option<&str>) -> bool {
    let stored = stored.unwrap_or("");
    if value_type == ValueType::MultiEnumeration && sent.starts_with(';') {
        return false;
    }
    if sent == stored {
        return true;
    }
    if sent.is_empty() || stored.is_empty() {
        return false;
    }
    match value_type {
        ValueType::Number => decimal(sent).is_some_and(|left| Some(left) == decimal(stored)),
        ValueType::DateTime => instant(sent).is_some_and(|left| Some(left) == instant(stored)),
        ValueType::Date => day(sent).is_some_and(|left| Some(left) == day(stored)),
        ValueType::Bool => sent.eq_ignore_ascii_case(stored),
        ValueType::MultiEnumeration => parts(sent) == parts(stored),
        ValueType::String => sent.replace("\r\n", "\n") == stored.replace("\r\n", "\n"),
        ValueType::Enumeration | ValueType::Owner | ValueType::Pipeline | ValueType::Stage => false,
    }
}

/// A decimal number as sign, digits without outer zeros, and power of ten. Never
/// through a float: 19-digit ids must stay exact.
fn decimal(text: &str) -> Option<(bool, String, i64)> {
    let text = text.trim();
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    let stripped = significant.trim_end_matches('0');
    if stripped.is_empty() {
        return Some((false, String::new(), 0));
    }
    let zeros = i64::try_from(significant.len() - stripped.len()).ok()?;
    let scale = exponent
        .checked_sub(i64::try_from(fraction.len()).ok()?)?
        .checked_add(zeros)?;
    Some((negative, stripped.to_owned(), scale))
}

/// ISO 8601 with an offset, or epoch milliseconds.
fn instant(text: &str) -> Option<Timestamp> {
    match text.parse::<i64>() {
        Ok(millis) => Timestamp::from_millisecond(millis).ok(),
        Err(_) => text.parse().ok(),
    }
}

/// `YYYY-MM-DD`, or epoch milliseconds at midnight UTC.
fn day(text: &str) -> Option<Date> {
    match text.parse::<i64>() {
        Ok(_) => instant(text).map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).date()),
        Err(_) => text.parse().ok(),
    }
}

fn parts(text: &str) -> BTreeSet<&str> {
    text.split(';').filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_say_the_same() {
        let table = [
            (ValueType::Number, "12", Some("12.0")),
            (ValueType::Number, "1.5e3", Some("1500")),
            (ValueType::Number, "0", Some("-0.00")),
            (
                ValueType::Number,
                "1234567890123456789",
                Some("1234567890123456789.0"),
            ),
            (
                ValueType::DateTime,
                "2024-03-10T07:30:00.000Z",
                Some("2024-03-10T07:30:00Z"),
            ),
            (
                ValueType::DateTime,
                "2024-03-10T07:30:00Z",
                Some("1710055800000"),
            ),
            (ValueType::Date, "2024-03-10", Some("1710028800000")),
            (ValueType::MultiEnumeration, "a;b", Some("b;a")),
            (ValueType::String, "a\r\nb", Some("a\nb")),
            (ValueType::String, "", None),
            (ValueType::Bool, "true", Some("TRUE")),
        ];
        for (value_type, sent, stored) in table {
            assert!(
                same_value(value_type, sent, stored),
                "{value_type:?} {sent} {stored:?}"
            );
        }
    }

    #[test]
    fn values_that_differ() {
        let table = [
            (
                ValueType::Number,
                "1234567890123456789",
                Some("1234567890123456790"),
            ),
            (ValueType::Number, "1", None),
            (ValueType::Number, "x", Some("y")),
            (
                ValueType::DateTime,
                "2024-03-10T07:30:00Z",
                Some("2024-03-10T07:30:01Z"),
            ),
            (ValueType::MultiEnumeration, ";a", Some("a")),
            (ValueType::MultiEnumeration, ";a", Some(";a")),
            (ValueType::Enumeration, "HIGH", Some("high")),
            (ValueType::String, "a", Some("a ")),
            (ValueType::String, "a", None),
        ];
        for (value_type, sent, stored) in table {
            assert!(
                !same_value(value_type, sent, stored),
                "{value_type:?} {sent} {stored:?}"
            );
        }
    }
}
