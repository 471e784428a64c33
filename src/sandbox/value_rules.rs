//! Rules that an admin makes for values of properties (C2 §9.25): kept and shown as the
//! API has them, and held against values that come by the paths of 2026-09, the only ones whose writes obey an admin's rules (C1 §0.2). Rules that
//! speak of today, of domains and of countries are kept and shown only.

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use regex::Regex;
use serde::{Deserialize, Serialize};

use super::desk::Desk;
use super::kind::Kind;
use super::problem::Problem;
use super::schema::{Property, ValueType};
use super::values::{self, Fault};

/// Under which sort the rules of a property are kept.
pub(super) const SORT: &str = "rules";

/// Code of a value that breaks a rule. HubSpot's import API has it in its list;
/// what a write says is nowhere shown.
const CODE: &str = "FAILED_VALIDATION";

/// Kinds of rule that there are.
const KINDS: [&str; 27] = [
    "AFTER_DATETIME_DURATION",
    "AFTER_DURATION",
    "ALPHANUMERIC",
    "BEFORE_DATETIME_DURATION",
    "BEFORE_DURATION",
    "DAYS_OF_WEEK",
    "DECIMAL",
    "DOMAIN",
    "EMAIL",
    "EMAIL_ALLOWED_DOMAINS",
    "EMAIL_BLOCKED_DOMAINS",
    "END_DATE",
    "END_DATETIME",
    "FORMAT",
    "MAX_LENGTH",
    "MAX_NUMBER",
    "MIN_LENGTH",
    "MIN_NUMBER",
    "PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE",
    "REGEX",
    "SPECIAL_CHARACTERS",
    "START_DATE",
    "START_DATETIME",
    "URL",
    "URL_ALLOWED_DOMAINS",
    "URL_BLOCKED_DOMAINS",
    "WHITESPACE",
];

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) rule_type: String,
    pub(super) rule_arguments: Vec<String>,
    #[serde(default)]
    pub(super) should_apply_normalization: bool,
}

/// The rules of a property, as the list of all shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PropertyRules {
    pub(super) property_name: String,
    pub(super) property_validation_rules: Vec<Rule>,
}

/// What a rule becomes by a request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RuleInput {
    rule_arguments: Vec<String>,
    #[serde(default)]
    should_apply_normalization: bool,
}

impl Rule {
    /// Whether it is sound for the property.
    fn check(&self, property: &Property) -> Result<(), Problem> {
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

    /// Whether a stored value keeps it. What can't be judged here is kept.
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
pub(super) fn check(property: &str, rules: &[Rule], value: &str) -> Result<(), Fault> {
    let Some(broken) = rules.iter().find(|rule| !rule.allows(value)) else {
        return Ok(());
    };
    let (kind, arguments) = (&broken.rule_type, broken.rule_arguments.join(", "));
    Err(Fault::new(
        CODE,
        format!("{value} breaks the validation rule {kind} ({arguments}) of {property}"),
    ))
}

impl Desk {
    /// The properties of a kind that have rules.
    pub(super) fn value_rules(&self, kind: Kind) -> Vec<PropertyRules> {
        let shelf = self.schema.of(kind);
        let rules = shelf.rules.iter();
        rules
            .map(|(name, rules)| PropertyRules {
                property_name: name.clone(),
                property_validation_rules: rules.clone(),
            })
            .collect()
    }

    /// The rules of a property.
    pub(super) fn rules_of(&self, kind: Kind, name: &str) -> Result<Vec<Rule>, Problem> {
        let shelf = self.schema.of(kind);
        if !shelf.properties.contains_key(name) {
            return Err(Problem::not_found());
        }
        Ok(shelf.rules.get(name).cloned().unwrap_or_default())
    }

    /// The rule of one type.
    pub(super) fn rule_of(&self, kind: Kind, name: &str, rule: &str) -> Result<Rule, Problem> {
        let rules = self.rules_of(kind, name)?.into_iter();
        let mut rules = rules.filter(|known| known.rule_type == rule);
        rules.next().ok_or_else(Problem::not_found)
    }

    /// Makes a rule in place of the one of its type; without arguments it goes.
    pub(super) fn put_rule(
        &mut self,
        kind: Kind,
        (name, rule_type): (&str, &str),
        input: RuleInput,
    ) -> Result<(), Problem> {
        if !KINDS.contains(&rule_type) {
            let message = format!(
                "'{rule_type}' is not a type of rule: [{}]",
                KINDS.join(", ")
            );
            return Err(Problem::validation(message));
        }
        let mut rules = self.rules_of(kind, name)?;
        rules.retain(|known| known.rule_type != rule_type);
        if !input.rule_arguments.is_empty() {
            let rule = Rule {
                rule_type: rule_type.to_owned(),
                rule_arguments: input.rule_arguments,
                should_apply_normalization: input.should_apply_normalization,
            };
            if let Some(property) = self.schema.of(kind).properties.get(name) {
                rule.check(property)?;
            }
            rules.push(rule);
        }
        let kept = PropertyRules {
            property_name: name.to_owned(),
            property_validation_rules: rules,
        };
        self.store.define(SORT, kind.plural(), name, &kept)?;
        self.schema.of_mut(kind).put_rules(kept);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A type of rule, its arguments, values that keep it and values that break it.
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
