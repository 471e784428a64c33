//! Rules that an admin makes for values of properties (C2 §9.25), applied to values written through
//! the paths of 2026-09, the only ones whose writes obey an admin's rules (C1 §0.2). Rules about
//! today, domains and countries are not applied.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use regex::Regex;

use super::value_rule::Rule;
use super::{Property, ValueType};
use crate::sandbox::api::problem::Problem;
use crate::sandbox::records::values;
use crate::sandbox::records::values::Fault;

/// Code of a value that breaks a rule. HubSpot's import API lists it; the reply to a write is not
/// documented.
const CODE: &str = "FAILED_VALIDATION";

impl Rule {
    /// Checks that the rule is valid for the property.
    pub(crate) fn check(&self, property: &Property) -> Result<(), Problem> {
        let (kind, arguments) = (self.rule_type.as_str(), &self.rule_arguments);
        let refuse = |what: &str| {
            let name = &property.name;
            let message = format!("The rule {kind} of '{name}' can't be set: {what}.");
            Err(Problem::validation(message))
        };
        let is_text = property.value_type == ValueType::String;
        let is_number = property.value_type == ValueType::Number;
        let number = || arguments.first().and_then(|text| text.parse::<f64>().ok());
        let fits = match kind {
            "MIN_LENGTH" | "MAX_LENGTH" | "REGEX" | "ALPHANUMERIC" | "SPECIAL_CHARACTERS"
            | "WHITESPACE" | "EMAIL" | "URL" | "DOMAIN" => is_text,
            "MIN_NUMBER" | "MAX_NUMBER" | "DECIMAL" => is_number,
            "START_DATE" | "END_DATE" => property.value_type == ValueType::Date,
            "START_DATETIME" | "END_DATETIME" => property.value_type == ValueType::Datetime,
            _ => true,
        };
        if !fits {
            return refuse("it is not for properties of this type");
        }
        match kind {
            "MIN_LENGTH" | "MAX_LENGTH" | "MIN_NUMBER" | "MAX_NUMBER" | "DECIMAL"
                if number().is_none() =>
            {
                refuse("its argument is a number")
            }
            "REGEX" if arguments.first().is_none_or(|text| regex(text).is_none()) => {
                refuse("its argument is a regular expression")
            }
            "START_DATE" | "END_DATE" | "START_DATETIME" | "END_DATETIME"
                if arguments.first().and_then(|text| instant(text)).is_none() =>
            {
                refuse("its argument is a time in milliseconds")
            }
            _ => Ok(()),
        }
    }

    /// Whether a stored value satisfies the rule. Undecidable rules count as satisfied.
    fn allows(&self, value: &str) -> bool {
        let first = self.rule_arguments.first().map_or("", String::as_str);
        let bound = || first.parse::<f64>().ok();
        let length = || value.chars().count() as f64;
        let decimal = || value.parse::<f64>().ok();
        let is = |holds: Option<bool>| holds.unwrap_or(true);
        match self.rule_type.as_str() {
            "MIN_LENGTH" => is(bound().map(|least| length() >= least)),
            "MAX_LENGTH" => is(bound().map(|most| length() <= most)),
            "MIN_NUMBER" => is(bound().zip(decimal()).map(|(least, held)| held >= least)),
            "MAX_NUMBER" => is(bound().zip(decimal()).map(|(most, held)| held <= most)),
            "DECIMAL" => {
                let digits = value.split_once('.').map_or(0, |(_, rest)| rest.len());
                is(bound().map(|most| digits as f64 <= most))
            }
            "REGEX" => is(regex(first).map(|pattern| pattern.is_match(value))),
            "ALPHANUMERIC" => match first {
                "NUMERIC_ONLY" => value.chars().all(|letter| letter.is_ascii_digit()),
                "ALPHA_ONLY" | "ALPHABETIC_ONLY" => value.chars().all(char::is_alphabetic),
                _ => value.chars().all(char::is_alphanumeric),
            },
            "SPECIAL_CHARACTERS" => value
                .chars()
                .all(|letter| letter.is_alphanumeric() || letter.is_whitespace()),
            "WHITESPACE" => !value.contains(char::is_whitespace),
            "EMAIL" => values::email(value).is_ok(),
            "URL" => value.starts_with("https://") || value.starts_with("http://"),
            "START_DATE" | "START_DATETIME" => is(instant(first)
                .zip(instant(value))
                .map(|(from, at)| at >= from)),
            "END_DATE" | "END_DATETIME" => {
                is(instant(first).zip(instant(value)).map(|(to, at)| at <= to))
            }
            "DAYS_OF_WEEK" => match instant(value) {
                Some(at) => {
                    let day = at.to_zoned(jiff::tz::TimeZone::UTC).weekday();
                    let name = day_name(day);
                    self.rule_arguments.iter().any(|allowed| allowed == name)
                }
                None => true,
            },
            _ => true,
        }
    }
}

fn regex(text: &str) -> Option<Regex> {
    Regex::new(&format!("^(?:{text})$")).ok()
}

/// Milliseconds, a day or a time.
fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(millis) = text.parse::<i64>() {
        return Timestamp::from_millisecond(millis).ok();
    }
    if let Ok(day) = text.parse::<Date>()
        && text.len() == 10
    {
        let midnight = day.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        return Some(midnight.timestamp());
    }
    text.parse().ok()
}

fn day_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "MONDAY",
        Weekday::Tuesday => "TUESDAY",
        Weekday::Wednesday => "WEDNESDAY",
        Weekday::Thursday => "THURSDAY",
        Weekday::Friday => "FRIDAY",
        Weekday::Saturday => "SATURDAY",
        Weekday::Sunday => "SUNDAY",
    }
}

/// Refuses a value that breaks one of the rules of its property.
pub(crate) fn check(property: &str, rules: &[Rule], value: &str) -> Result<(), Fault> {
    let Some(broken) = rules.iter().find(|rule| !rule.allows(value)) else {
        return Ok(());
    };
    let (kind, arguments) = (&broken.rule_type, broken.rule_arguments.join(", "));
    Err(Fault::new(
        CODE,
        format!("{value} breaks the validation rule {kind} ({arguments}) of {property}"),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A type of rule, its arguments, values that satisfy it and values that break it.
    type Case = (
        &'static str,
        &'static [&'static str],
        &'static [&'static str],
        &'static [&'static str],
    );

    #[test]
    fn a_value_keeps_a_rule_or_breaks_it() {
        let table: [Case; 12] = [
            ("MIN_LENGTH", &["2"], &["äö"], &["ä"]),
            ("MAX_LENGTH", &["2"], &["äö"], &["äöü"]),
            ("MIN_NUMBER", &["1.5"], &["1.5", "20"], &["-3", "1.4"]),
            ("MAX_NUMBER", &["9"], &["9", "-10"], &["9.01"]),
            ("DECIMAL", &["2"], &["1", "1.25"], &["1.255"]),
            ("REGEX", &["[A-Z]{2}"], &["AB"], &["ABC", "ab"]),
            ("ALPHANUMERIC", &["NUMERIC_ONLY"], &["017"], &["1a"]),
            ("WHITESPACE", &["NOT_ALLOWED"], &["ab"], &["a b"]),
            ("EMAIL", &["EMAIL"], &["a@b.example"], &["a"]),
            (
                "START_DATETIME",
                &["1577836800000"],
                &["2020-01-01T00:00:00Z"],
                &["2019-12-31T23:59:59Z"],
            ),
            (
                "END_DATE",
                &["1577836800000"],
                &["2020-01-01"],
                &["2020-01-02"],
            ),
            (
                "DAYS_OF_WEEK",
                &["MONDAY"],
                &["2026-11-30"],
                &["2026-11-29"],
            ),
        ];
        for (kind, arguments, kept, broken) in table {
            let rule = Rule {
                rule_type: kind.to_owned(),
                rule_arguments: arguments.iter().map(|text| (*text).to_owned()).collect(),
                should_apply_normalization: false,
            };
            for value in kept {
                assert_eq!(
                    check("p", std::slice::from_ref(&rule), value),
                    Ok(()),
                    "{kind}"
                );
            }
            for value in broken {
                let fault = check("p", std::slice::from_ref(&rule), value).expect_err(kind);
                assert_eq!(fault.code, CODE);
            }
        }
    }
}
