//! One filter against one record. Text is compared without case, except what `IN` and `NOT_IN` are
//! given for texts, which must be lower-case (C1 §2.9). A record without the value matches `NEQ`,
//! `NOT_IN` and `NOT_CONTAINS_TOKEN`: the contract does not say so, but a word index behaves that
//! way.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::ask::FilterInput;
use super::operand::{Operand, matches, tokens};
use crate::sandbox::api::problem::Problem;
use crate::sandbox::records::shapes::{Scalar, Values};
use crate::sandbox::schema::{Property, ValueType};

/// A filter that can be asked about records.
#[derive(Debug)]
pub(super) struct Filter<'a> {
    pub(super) on: On<'a>,
    pub(super) test: Test,
}

/// What a filter tests.
#[derive(Debug)]
pub(super) enum On<'a> {
    Property(&'a Property),
    /// The record's own id, for filters on associations.
    Links,
}

/// The test.
#[derive(Debug)]
pub(super) enum Test {
    Has,
    HasNot,
    AnyOf(Vec<Operand>),
    NoneOf(Vec<Operand>),
    /// Not below the first, not above the second; true if the end itself is excluded.
    Within(Option<(Operand, bool)>, Option<(Operand, bool)>),
    Words(Vec<String>),
    NoWords(Vec<String>),
    /// The record is one of these.
    Among(BTreeSet<i64>),
}

impl<'a> Filter<'a> {
    /// A filter on a property.
    pub(super) fn of(input: &FilterInput, property: &'a Property) -> Result<Filter<'a>, Problem> {
        let one = || operand(input, property, input.value.as_ref());
        let low = |out| Ok::<_, Problem>(Test::Within(Some((one()?, out)), None));
        let high = |out| Ok::<_, Problem>(Test::Within(None, Some((one()?, out))));
        let words = || Ok::<_, Problem>(pattern_words(text(input, input.value.as_ref())?));
        let test = match input.operator.as_str() {
            "EQ" => Test::AnyOf(vec![one()?]),
            "NEQ" => Test::NoneOf(vec![one()?]),
            "LT" => high(true)?,
            "LTE" => high(false)?,
            "GT" => low(true)?,
            "GTE" => low(false)?,
            "BETWEEN" => {
                let high = operand(input, property, input.high_value.as_ref())?;
                Test::Within(Some((one()?, false)), Some((high, false)))
            }
            "IN" => Test::AnyOf(several(input, property)?),
            "NOT_IN" => Test::NoneOf(several(input, property)?),
            "HAS_PROPERTY" => Test::Has,
            "NOT_HAS_PROPERTY" => Test::HasNot,
            "CONTAINS_TOKEN" => Test::Words(words()?),
            "NOT_CONTAINS_TOKEN" => Test::NoWords(words()?),
            other => {
                return Err(Problem::validation(format!(
                    "'{other}' is not a search operator"
                )));
            }
        };
        Ok(Filter {
            on: On::Property(property),
            test,
        })
    }

    /// Whether a record matches.
    pub(super) fn fits(&self, id: i64, values: &Values) -> bool {
        match (&self.on, &self.test) {
            (On::Links, Test::Among(ids)) => ids.contains(&id),
            (On::Links, _) => false,
            (On::Property(property), test) => {
                test.holds(property, values.get(&property.name).map(String::as_str))
            }
        }
    }
}

impl Test {
    fn holds(&self, property: &Property, value: Option<&str>) -> bool {
        match self {
            Test::Has => value.is_some(),
            Test::HasNot => value.is_none(),
            Test::NoneOf(wanted) => !value.is_some_and(|text| is_any(property, text, wanted)),
            Test::NoWords(words) => !value.is_some_and(|text| has_words(text, words)),
            Test::AnyOf(wanted) => value.is_some_and(|text| is_any(property, text, wanted)),
            Test::Words(words) => value.is_some_and(|text| has_words(text, words)),
            Test::Within(low, high) => value.is_some_and(|text| {
                let stored = Operand::stored(property, text);
                above(&stored, low.as_ref()) && below(&stored, high.as_ref())
            }),
            Test::Among(_) => false,
        }
    }
}

/// Whether a value is one of those wanted; a multi-select matches by any of its values.
fn is_any(property: &Property, text: &str, wanted: &[Operand]) -> bool {
    let is_wanted = |text: &str| {
        let stored = Operand::stored(property, text);
        wanted.iter().any(|one| one.order(&stored).is_eq())
    };
    match property.is_multi() {
        true => text.split(';').any(is_wanted),
        false => is_wanted(text),
    }
}

fn above(stored: &Operand, low: Option<&(Operand, bool)>) -> bool {
    low.is_none_or(|(end, is_out)| match stored.order(end) {
        Ordering::Greater => true,
        Ordering::Equal => !is_out,
        Ordering::Less => false,
    })
}

fn below(stored: &Operand, high: Option<&(Operand, bool)>) -> bool {
    high.is_none_or(|(end, is_out)| match stored.order(end) {
        Ordering::Less => true,
        Ordering::Equal => !is_out,
        Ordering::Greater => false,
    })
}

fn has_words(text: &str, patterns: &[String]) -> bool {
    let words: Vec<String> = tokens(text).collect();
    let found = |pattern: &String| words.iter().any(|word| matches(word, pattern));
    patterns.iter().all(found)
}

/// The words of a pattern; stars are part of them.
pub(super) fn pattern_words(text: &str) -> Vec<String> {
    let words = text.split(|letter: char| !(letter.is_alphanumeric() || letter == '*'));
    let words = words.filter(|word| !word.is_empty());
    words.map(str::to_lowercase).collect()
}

fn several(input: &FilterInput, property: &Property) -> Result<Vec<Operand>, Problem> {
    let values = input.values.as_deref().unwrap_or_default();
    if values.is_empty() {
        return Err(lacking(input, "values"));
    }
    let is_text = matches!(
        property.value_type,
        ValueType::String | ValueType::PhoneNumber
    );
    let read = |value| match is_text {
        true => Ok(Operand::Text(text(input, Some(value))?.to_owned())),
        false => operand(input, property, Some(value)),
    };
    values.iter().map(read).collect()
}

fn operand(
    input: &FilterInput,
    property: &Property,
    value: Option<&Scalar>,
) -> Result<Operand, Problem> {
    let text = text(input, value)?;
    Operand::read(property, text).ok_or_else(|| {
        Problem::validation(format!(
            "'{text}' is not a value that {} can be compared with",
            input.property_name
        ))
    })
}

pub(super) fn text<'a>(input: &FilterInput, value: Option<&'a Scalar>) -> Result<&'a str, Problem> {
    match value {
        Some(Scalar::Text(text)) => Ok(text),
        _ => Err(lacking(input, "value")),
    }
}

fn lacking(input: &FilterInput, what: &str) -> Problem {
    Problem::validation(format!(
        "The filter {} on {} needs {what}",
        input.operator, input.property_name
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn property(value_type: &str, field_type: &str) -> Property {
        serde_json::from_value(json!({
            "name": "p", "label": "P", "type": value_type, "fieldType": field_type, "description": "",
            "groupName": "g", "options": [], "displayOrder": -1, "calculated": false,
            "externalOptions": false, "hasUniqueValue": false, "hidden": false, "hubspotDefined": false,
            "formField": true, "dataSensitivity": "non_sensitive", "archived": false,
            "modificationMetadata": {"archivable": true, "readOnlyDefinition": false, "readOnlyValue": false},
            "createdAt": "", "updatedAt": "",
        }))
        .expect("a property")
    }

    fn holds(property: &Property, filter: &Value, value: Option<&str>) -> bool {
        let mut filter = filter.clone();
        filter["propertyName"] = "p".into();
        let input: FilterInput = serde_json::from_value(filter).expect("a filter");
        let filter = Filter::of(&input, property).expect("a filter that makes sense");
        let values = value.map(|value| ("p".to_owned(), value.to_owned()));
        filter.fits(1, &values.into_iter().collect())
    }

    #[test]
    fn every_operator_does_what_it_says() {
        let cases = json!([
            ["string", "text", {"operator": "EQ", "value": "ABC"}, "abc", true],
            ["string", "text", {"operator": "EQ", "value": "abcd"}, "abc", false],
            ["string", "text", {"operator": "NEQ", "value": "abc"}, "ABC", false],
            ["string", "text", {"operator": "NEQ", "value": "abc"}, null, true],
            ["string", "text", {"operator": "IN", "values": ["abc", "x"]}, "ABC", true],
            ["string", "text", {"operator": "IN", "values": ["ABC"]}, "ABC", false],
            ["string", "text", {"operator": "NOT_IN", "values": ["abc"]}, "x", true],
            ["string", "text", {"operator": "HAS_PROPERTY"}, null, false],
            ["string", "text", {"operator": "NOT_HAS_PROPERTY"}, null, true],
            ["string", "text", {"operator": "CONTAINS_TOKEN", "value": "Print*"}, "my printer", true],
            ["string", "text", {"operator": "CONTAINS_TOKEN", "value": "print"}, "my printer", false],
            ["string", "text", {"operator": "NOT_CONTAINS_TOKEN", "value": "my"}, "my printer", false],
            ["number", "number", {"operator": "GT", "value": "9"}, "10", true],
            ["number", "number", {"operator": "GT", "value": 10}, "10", false],
            ["number", "number", {"operator": "GTE", "value": 10}, "10", true],
            ["number", "number", {"operator": "LT", "value": "10.5"}, "10", true],
            ["number", "number", {"operator": "LTE", "value": "9"}, null, false],
            ["number", "number", {"operator": "BETWEEN", "value": "9", "highValue": "10"}, "10", true],
            ["number", "number", {"operator": "EQ", "value": "10.0"}, "10", true],
            ["datetime", "date", {"operator": "GTE", "value": "1788256800000"}, "2026-09-01T10:00:00Z", true],
            ["datetime", "date", {"operator": "LT", "value": "2026-09-01"}, "2026-09-01T10:00:00Z", false],
            ["date", "date", {"operator": "EQ", "value": "1788220800000"}, "2026-09-01", true],
            ["enumeration", "select", {"operator": "EQ", "value": "high"}, "HIGH", false],
            ["enumeration", "checkbox", {"operator": "IN", "values": ["B", "C"]}, "A;B", true],
            ["enumeration", "checkbox", {"operator": "NOT_IN", "values": ["C"]}, "A;B", true],
        ]);
        for case in cases.as_array().expect("cases") {
            let kind = |place: usize| case[place].as_str().expect("text");
            let property = property(kind(0), kind(1));
            assert_eq!(
                holds(&property, &case[2], case[3].as_str()),
                case[4],
                "{case}"
            );
        }
    }

    #[test]
    fn senseless_filters_are_refused() {
        for (filter, part) in [
            (
                json!({"operator": "LIKE", "value": "x"}),
                "not a search operator",
            ),
            (json!({"operator": "EQ"}), "needs value"),
            (json!({"operator": "IN", "values": []}), "needs values"),
            (json!({"operator": "GT", "value": "ten"}), "can be compared"),
        ] {
            let mut filter = filter;
            filter["propertyName"] = "p".into();
            let input: FilterInput = serde_json::from_value(filter).expect("a filter");
            let number = property("number", "number");
            let problem = Filter::of(&input, &number).expect_err(part);
            assert!(problem.message.contains(part), "{}", problem.message);
        }
    }
}
