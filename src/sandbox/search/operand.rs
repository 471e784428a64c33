//! Values as searches compare them: numbers by value, dates by instant, text
//! without case, options exactly.

use std::cmp::Ordering;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::sandbox::schema::{Property, ValueType};

/// One value in the form in which it is compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Operand {
    Whole(i64),
    Fraction(f64),
    Text(String),
}

impl Operand {
    /// The value that a record holds.
    pub(super) fn stored(property: &Property, text: &str) -> Operand {
        Operand::read(property, text).unwrap_or_else(|| Operand::Text(text.to_lowercase()))
    }

    /// A value of a filter; none if the property's type has no such value.
    pub(super) fn read(property: &Property, text: &str) -> Option<Operand> {
        match property.value_type {
            ValueType::Number => number(text),
            ValueType::Date | ValueType::Datetime => instant(text).map(Operand::Whole),
            ValueType::Enumeration | ValueType::Bool => Some(Operand::Text(text.to_owned())),
            ValueType::String | ValueType::PhoneNumber | ValueType::ObjectCoordinates => {
                Some(Operand::Text(text.to_lowercase()))
            }
        }
    }

    pub(super) fn order(&self, other: &Operand) -> Ordering {
        match (self, other) {
            (Operand::Whole(one), Operand::Whole(other)) => one.cmp(other),
            (Operand::Text(one), Operand::Text(other)) => one.cmp(other),
            (Operand::Text(_), _) => Ordering::Greater,
            (_, Operand::Text(_)) => Ordering::Less,
            _ => self.float().total_cmp(&other.float()),
        }
    }

    fn float(&self) -> f64 {
        match self {
            Operand::Whole(value) => *value as f64,
            Operand::Fraction(value) => *value,
            Operand::Text(_) => f64::NAN,
        }
    }
}

fn number(text: &str) -> Option<Operand> {
    match text.parse() {
        Ok(whole) => Some(Operand::Whole(whole)),
        Err(_) => {
            let value: f64 = text.parse().ok()?;
            value.is_finite().then_some(Operand::Fraction(value))
        }
    }
}

/// Epoch milliseconds, ISO 8601, or a plain date (midnight UTC).
fn instant(text: &str) -> Option<i64> {
    if let Ok(millis) = text.parse() {
        return Some(millis);
    }
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        return Some(timestamp.as_millisecond());
    }
    let date: Date = text.parse().ok()?;
    let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(midnight.timestamp().as_millisecond())
}

/// The words of a text, ignoring case.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = String> {
    let words = text.split(|letter: char| !letter.is_alphanumeric());
    words.filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// Whether a word matches a pattern in which `*` stands for anything.
pub(super) fn matches(word: &str, pattern: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else {
        return word == pattern;
    };
    let Some(mut left) = word.strip_prefix(head) else {
        return false;
    };
    let parts: Vec<&str> = rest.split('*').collect();
    let (last, middle) = parts
        .split_last()
        .map_or(("", &[][..]), |(last, middle)| (*last, middle));
    for part in middle {
        match left.find(part) {
            Some(place) => left = &left[place + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (word, pattern, expected) in [
            ("printer", "printer", true),
            ("printer", "print", false),
            ("printer", "print*", true),
            ("printer", "*er", true),
            ("printer", "p*n*r", true),
            ("printer", "p*x*r", false),
            ("printer", "*", true),
            ("aba", "ab*ba", false),
        ] {
            assert_eq!(matches(word, pattern), expected, "{word} {pattern}");
        }
        assert_eq!(
            tokens("Error 500: can't PRINT").collect::<Vec<_>>(),
            ["error", "500", "can", "t", "print"]
        );
    }

    #[test]
    fn instants_have_three_forms() {
        for text in ["1788220800000", "2026-09-01T02:00:00+02:00", "2026-09-01"] {
            assert_eq!(instant(text), Some(1_788_220_800_000), "{text}");
        }
        assert_eq!(instant("yesterday"), None);
    }
}
