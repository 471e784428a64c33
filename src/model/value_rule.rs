//! Rules that an admin of a portal made for values of a property, and whether a value
//! breaks them, as far as that can be known without the portal: a forecast uses this, an
//! import leaves it to the portal.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use regex::Regex;
use serde::{Deserialize, Serialize};

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueRule {
    /// HubSpot's `ruleType`, such as `MAX_LENGTH`.
    pub kind: String,
    /// Its argument, such as `40`.
    pub arguments: Vec<String>,
    /// Whether the portal normalises values before it checks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub normalises: bool,
}

impl ValueRule {
    /// For people: `MAX_LENGTH 40`.
    pub fn words(&self) -> String {
        match self.arguments.is_empty() {
            true => self.kind.clone(),
            false => format!("{} {}", self.kind, self.arguments.join(", ")),
        }
    }
}

/// Rules of properties, ready to be applied to values.
#[derive(Debug, Default)]
pub struct RuleBook {
    of: BTreeMap<String, Vec<(ValueRule, Option<Regex>)>>,
}

impl RuleBook {
    /// The rules of properties, by internal name.
    pub fn new(rules: &BTreeMap<String, Vec<ValueRule>>) -> RuleBook {
        let ready = |rule: &ValueRule| (rule.clone(), rule.pattern());
        let of = rules.iter();
        RuleBook {
            of: of
                .map(|(name, rules)| (name.clone(), rules.iter().map(ready).collect()))
                .collect(),
        }
    }

    /// The first rule of a property that a value breaks. Undecidable rules count as kept,
    /// and an empty value breaks none.
    pub fn broken(&self, property: &str, value: &str) -> Option<&ValueRule> {
        let mut rules = self.of.get(property).into_iter().flatten();
        let broken = rules.find(|(rule, pattern)| {
            !value.is_empty() && rule.allows(value, pattern.as_ref()) == Some(false)
        });
        broken.map(|(rule, _)| rule)
    }
}

impl ValueRule {
    /// Its pattern, if it is one that can be parsed here. HubSpot: the whole value must match.
    fn pattern(&self) -> Option<Regex> {
        let text = self.arguments.first().filter(|_| self.kind == "REGEX")?;
        Regex::new(&format!("^(?:{text})$")).ok()
    }

    /// Whether a value keeps it; none if that can't be known: rules about today, domains
    /// and countries, and those before which the portal changes the value.
    fn allows(&self, value: &str, pattern: Option<&Regex>) -> Option<bool> {
        let first = self.arguments.first().map_or("", String::as_str);
        let bound = || first.parse::<f64>().ok();
        let length = || value.chars().count() as f64;
        let number = || value.parse::<f64>().ok();
        let all = |is: fn(char) -> bool| Some(value.chars().all(is));
        if self.normalises {
            return None;
        }
        match self.kind.as_str() {
            "MIN_LENGTH" => Some(length() >= bound()?),
            "MAX_LENGTH" => Some(length() <= bound()?),
            "MIN_NUMBER" => Some(number()? >= bound()?),
            "MAX_NUMBER" => Some(number()? <= bound()?),
            "DECIMAL" => {
                let digits = value.split_once('.').map_or(0, |(_, rest)| rest.len());
                Some(digits as f64 <= bound()?)
            }
            "REGEX" => Some(pattern?.is_match(value)),
            "ALPHANUMERIC" => match first {
                "NUMERIC_ONLY" => all(|letter| letter.is_ascii_digit()),
                "ALPHA_ONLY" | "ALPHABETIC_ONLY" => all(char::is_alphabetic),
                _ => all(char::is_alphanumeric),
            },
            "SPECIAL_CHARACTERS" => {
                all(|letter| letter.is_alphanumeric() || letter.is_whitespace())
            }
            "WHITESPACE" => Some(!value.contains(char::is_whitespace)),
            "URL" => Some(value.starts_with("https://") || value.starts_with("http://")),
            "START_DATE" | "START_DATETIME" => Some(instant(value)? >= instant(first)?),
            "END_DATE" | "END_DATETIME" => Some(instant(value)? <= instant(first)?),
            "DAYS_OF_WEEK" => {
                let day = instant(value)?.to_zoned(TimeZone::UTC).weekday();
                let mut allowed = self.arguments.iter();
                Some(allowed.any(|allowed| allowed == day_name(day)))
            }
            _ => None,
        }
    }
}

/// Milliseconds, a day or a time.
fn instant(text: &str) -> Option<Timestamp> {
    if let Ok(millis) = text.parse::<i64>() {
        return Timestamp::from_millisecond(millis).ok();
    }
    match text.parse::<Timestamp>() {
        Ok(time) => Some(time),
        Err(_) => {
            let day: Date = text.parse().ok()?;
            Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp())
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A kind of rule, its argument, and values that keep it, break it, and leave it open.
    type Case = (
        &'static str,
        &'static str,
        &'static [&'static str],
        &'static [&'static str],
        &'static [&'static str],
    );

    #[test]
    fn a_value_keeps_a_rule_breaks_it_or_can_not_be_judged() {
        let table: [Case; 11] = [
            ("MIN_LENGTH", "2", &["äö", ""], &["ä"], &[]),
            ("MAX_LENGTH", "2", &["äö"], &["äöü"], &[]),
            ("MIN_NUMBER", "1.5", &["1.5", "20"], &["-3", "1.4"], &["x"]),
            ("MAX_NUMBER", "9", &["9", "-10"], &["9.01"], &[]),
            ("DECIMAL", "2", &["1", "1.25"], &["1.255"], &[]),
            ("REGEX", "[A-Z]{2}", &["AB"], &["ABC", "ab"], &[]),
            ("REGEX", "(?<=a)b", &[], &[], &["b", "c"]),
            ("ALPHANUMERIC", "NUMERIC_ONLY", &["017"], &["1a"], &[]),
            (
                "START_DATE",
                "1577836800000",
                &["2020-01-01"],
                &["2019-12-31"],
                &["soon"],
            ),
            (
                "DAYS_OF_WEEK",
                "MONDAY",
                &["2026-11-30T09:00:00Z"],
                &["2026-11-29"],
                &[],
            ),
            (
                "EMAIL_BLOCKED_DOMAINS",
                "x.example",
                &[],
                &[],
                &["a@x.example"],
            ),
        ];
        for (kind, argument, keep, broken, open) in table {
            let mut rule = ValueRule {
                kind: kind.to_owned(),
                arguments: vec![argument.to_owned()],
                normalises: false,
            };
            let book = |rule: &ValueRule| {
                let rules = [("p".to_owned(), vec![rule.clone()])];
                RuleBook::new(&rules.into())
            };
            for value in keep.iter().chain(open) {
                assert_eq!(book(&rule).broken("p", value), None, "{kind} {value}");
            }
            for value in broken {
                assert_eq!(
                    book(&rule).broken("p", value),
                    Some(&rule),
                    "{kind} {value}"
                );
                assert_eq!(book(&rule).broken("q", value), None);
            }
            rule.normalises = true;
            for value in broken {
                assert_eq!(book(&rule).broken("p", value), None, "{kind} {value}");
            }
        }
    }
}
