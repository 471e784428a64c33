//! One value against one property definition (C1 §3.2): whether it is allowed, and how it is
//! stored. Pure. Pipelines, stages and owners, whose options are defined elsewhere, are handled by
//! `drafts` and `stages`.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::sandbox::clock::iso;
use crate::sandbox::schema::{Property, ValueType};

/// Longest text that a property accepts, in characters (C1 §3.2).
const LONGEST: usize = 65_536;

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1000;

/// Why a value is refused: a code of C1 §4.2 and its sentence.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Fault {
        Fault {
            code,
            message: message.into(),
        }
    }
}

/// The stored form of `text`, which is not empty. `stored` is what the record
/// holds now: a multi-select that begins with `;` adds to it.
pub(crate) fn normalise(
    property: &Property,
    text: &str,
    stored: Option<&str>,
) -> Result<String, Fault> {
    match property.value_type {
        ValueType::Number => number(text).ok_or_else(|| not_a_number(text)),
        ValueType::Bool => one_of(&["true", "false"], text),
        ValueType::Date => date(text),
        ValueType::Datetime => datetime(text).ok_or_else(|| not_a_long(text)),
        ValueType::Enumeration if property.is_multi() => multi(property, text, stored),
        ValueType::Enumeration => option(property, text),
        ValueType::String | ValueType::PhoneNumber | ValueType::ObjectCoordinates => {
            string(property, text)
        }
    }
}

/// An e-mail as contacts store it: lower-case, and with something on both sides
/// of one `@`.
pub(crate) fn email(text: &str) -> Result<String, Fault> {
    let sound = text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !domain.contains('@')
            && !text.contains(char::is_whitespace)
    });
    match sound {
        true => Ok(text.to_lowercase()),
        false => Err(Fault::new(
            "INVALID_EMAIL",
            format!("Email address {text} is invalid"),
        )),
    }
}

fn string(property: &Property, text: &str) -> Result<String, Fault> {
    let too_long = text.len() > LONGEST && text.chars().count() > LONGEST;
    if too_long {
        let message = format!(
            "{} is too long: the most is {LONGEST} characters",
            property.name
        );
        return Err(Fault::new("INVALID_STRING_LENGTH", message));
    }
    Ok(text.to_owned())
}

/// As much of a text as a property accepts.
pub(crate) fn first_characters(text: &str) -> &str {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// A text of an activity, unless it is too long.
pub(crate) fn short_body<'t>(name: &str, text: &'t str) -> Result<&'t str, Fault> {
    if text.len() <= LONGEST || text.encode_utf16().count() <= LONGEST {
        return Ok(text);
    }
    let message = format!("{name} is too long: the most is {LONGEST} characters");
    Err(Fault::new("INVALID_STRING_LENGTH", message))
}

/// As much of a text as an activity accepts.
pub(crate) fn first_units(text: &str) -> &str {
    let mut units = 0;
    let fits = |letter: &char| {
        units += letter.len_utf16();
        units <= LONGEST
    };
    let end = text.chars().take_while(fits).map(char::len_utf8).sum();
    &text[..end]
}

fn option(property: &Property, text: &str) -> Result<String, Fault> {
    let open = property.external_options && property.options.is_empty();
    if open || property.options.iter().any(|option| option.value == text) {
        return Ok(text.to_owned());
    }
    let allowed: Vec<&str> = property
        .options
        .iter()
        .map(|option| option.value.as_str())
        .collect();
    Err(not_an_option(text, &allowed))
}

fn one_of(allowed: &[&str], text: &str) -> Result<String, Fault> {
    match allowed.contains(&text) {
        true => Ok(text.to_owned()),
        false => Err(not_an_option(text, allowed)),
    }
}

/// The fault of a value that is not among `allowed`.
pub(crate) fn not_an_option(text: &str, allowed: &[&str]) -> Fault {
    let message = format!(
        "{text} was not one of the allowed options: [{}]",
        allowed.join(", ")
    );
    Fault::new("INVALID_OPTION", message)
}

fn multi(property: &Property, text: &str, stored: Option<&str>) -> Result<String, Fault> {
    let kept = match text.starts_with(';') {
        true => stored.unwrap_or_default(),
        false => "",
    };
    let mut values: Vec<&str> = kept.split(';').filter(|value| !value.is_empty()).collect();
    for value in text.split(';').filter(|value| !value.is_empty()) {
        let _ = option(property, value)?;
        if !values.contains(&value) {
            values.push(value);
        }
    }
    Ok(values.join(";"))
}

fn not_a_number(text: &str) -> Fault {
    Fault::new("INVALID_INTEGER", format!("{text} was not a valid number"))
}

fn not_a_long(text: &str) -> Fault {
    Fault::new("INVALID_LONG", format!("{text} was not a valid long."))
}

/// A decimal number without redundant signs and zeros; none if it is not a number.
fn number(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !(digits(whole) && digits(fraction)) || whole.len() + fraction.len() == 0 {
        return None;
    }
    match exponent {
        Some(exponent) => scientific(text, exponent),
        None => Some(plain(
            sign,
            whole.trim_start_matches('0'),
            fraction.trim_end_matches('0'),
        )),
    }
}

fn digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn plain(sign: &str, whole: &str, fraction: &str) -> String {
    match (whole, fraction) {
        ("", "") => "0".to_owned(),
        (whole, "") => format!("{sign}{whole}"),
        ("", fraction) => format!("{sign}0.{fraction}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    }
}

fn scientific(text: &str, exponent: &str) -> Option<String> {
    let power = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
    if power.is_empty() || !digits(power) {
        return None;
    }
    text.parse::<f64>()
        .ok()
        .filter(|value| value.is_finite())
        .map(|value| value.to_string())
}

/// ISO 8601 with `Z` or an offset, or epoch milliseconds; stored in UTC.
fn datetime(text: &str) -> Option<String> {
    let timestamp = match text.parse::<i64>() {
        Ok(millis) => Timestamp::from_millisecond(millis).ok(),
        Err(_) if text.contains('[') => None,
        Err(_) => text.parse::<Timestamp>().ok(),
    };
    timestamp.map(iso)
}

/// `YYYY-MM-DD`, or epoch milliseconds at midnight UTC.
fn date(text: &str) -> Result<String, Fault> {
    if text.len() == 10 && text.parse::<Date>().is_ok() {
        return Ok(text.to_owned());
    }
    let millis = text.parse::<i64>().ok();
    let timestamp = millis.and_then(|millis| Timestamp::from_millisecond(millis).ok());
    match timestamp {
        Some(instant) if instant.as_millisecond() % DAY_MILLIS == 0 => {
            Ok(instant.strftime("%Y-%m-%d").to_string())
        }
        Some(instant) => {
            let time = instant.strftime("%H:%M:%S%.3f");
            Err(Fault::new(
                "INVALID_DATE",
                format!("{text} is at {time} UTC, not midnight!"),
            ))
        }
        None => Err(Fault::new(
            "INVALID_DATE",
            format!("{text} was not a valid date."),
        )),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn property(value_type: &str, field_type: &str, options: &[&str]) -> Property {
        let options: Vec<_> = options
            .iter()
            .map(|value| json!({"label": value, "value": value}))
            .collect();
        serde_json::from_value(json!({
            "name": "p", "label": "P", "type": value_type, "fieldType": field_type, "description": "",
            "groupName": "g", "options": options, "displayOrder": -1, "calculated": false,
            "externalOptions": false, "hasUniqueValue": false, "hidden": false, "hubspotDefined": false,
            "formField": true, "dataSensitivity": "non_sensitive", "archived": false,
            "modificationMetadata": {"archivable": true, "readOnlyDefinition": false, "readOnlyValue": false},
            "createdAt": "", "updatedAt": "",
        }))
        .expect("a property")
    }

    #[test]
    fn values_are_stored_in_one_form() {
        for (value_type, field_type, given, stored) in [
            ("string", "text", " kept as it is\r\n", " kept as it is\r\n"),
            ("number", "number", "12", "12"),
            ("number", "number", "+007.50", "7.5"),
            ("number", "number", "-0.0", "0"),
            ("number", "number", ".5", "0.5"),
            ("number", "number", "1.5e3", "1500"),
            (
                "number",
                "number",
                "123456789012345678901234567890",
                "123456789012345678901234567890",
            ),
            ("bool", "booleancheckbox", "true", "true"),
            ("enumeration", "select", "B", "B"),
            ("enumeration", "checkbox", "B;A;B", "B;A"),
            ("date", "date", "2026-02-28", "2026-02-28"),
            ("date", "date", "1788220800000", "2026-09-01"),
            (
                "datetime",
                "date",
                "2026-09-01T12:00:00+02:00",
                "2026-09-01T10:00:00Z",
            ),
            (
                "datetime",
                "date",
                "2026-09-01T10:00:00.5Z",
                "2026-09-01T10:00:00.500Z",
            ),
            (
                "datetime",
                "date",
                "1788256800123",
                "2026-09-01T10:00:00.123Z",
            ),
        ] {
            let property = property(value_type, field_type, &["A", "B"]);
            assert_eq!(
                normalise(&property, given, None),
                Ok(stored.to_owned()),
                "{value_type} {given}"
            );
        }
    }

    #[test]
    fn faults_have_the_codes_and_texts_of_the_contract() {
        for (value_type, field_type, given, code, message) in [
            (
                "number",
                "number",
                "1,5",
                "INVALID_INTEGER",
                "1,5 was not a valid number",
            ),
            (
                "number",
                "number",
                "1.2.3",
                "INVALID_INTEGER",
                "1.2.3 was not a valid number",
            ),
            (
                "number",
                "number",
                "inf",
                "INVALID_INTEGER",
                "inf was not a valid number",
            ),
            (
                "number",
                "number",
                "1e999",
                "INVALID_INTEGER",
                "1e999 was not a valid number",
            ),
            (
                "number",
                "number",
                ".",
                "INVALID_INTEGER",
                ". was not a valid number",
            ),
            (
                "bool",
                "booleancheckbox",
                "yes",
                "INVALID_OPTION",
                "yes was not one of the allowed options: [true, false]",
            ),
            (
                "enumeration",
                "select",
                "a",
                "INVALID_OPTION",
                "a was not one of the allowed options: [A, B]",
            ),
            (
                "enumeration",
                "checkbox",
                "A;x",
                "INVALID_OPTION",
                "x was not one of the allowed options: [A, B]",
            ),
            (
                "date",
                "date",
                "2026-02-30",
                "INVALID_DATE",
                "2026-02-30 was not a valid date.",
            ),
            (
                "date",
                "date",
                "1788256800123",
                "INVALID_DATE",
                "1788256800123 is at 10:00:00.123 UTC, not midnight!",
            ),
            (
                "datetime",
                "date",
                "2026-09-01",
                "INVALID_LONG",
                "2026-09-01 was not a valid long.",
            ),
            (
                "datetime",
                "date",
                "2026-09-01T10:00:00",
                "INVALID_LONG",
                "2026-09-01T10:00:00 was not a valid long.",
            ),
            (
                "datetime",
                "date",
                "tomorrow",
                "INVALID_LONG",
                "tomorrow was not a valid long.",
            ),
        ] {
            let property = property(value_type, field_type, &["A", "B"]);
            let fault = normalise(&property, given, None).expect_err(given);
            assert_eq!((fault.code, fault.message.as_str()), (code, message));
        }
    }

    #[test]
    fn a_leading_semicolon_adds_to_a_multi_select() {
        let property = property("enumeration", "checkbox", &["A", "B", "C"]);
        assert_eq!(
            normalise(&property, ";C;A", Some("A;B")),
            Ok("A;B;C".to_owned())
        );
        assert_eq!(normalise(&property, ";C", None), Ok("C".to_owned()));
        assert_eq!(normalise(&property, "C", Some("A;B")), Ok("C".to_owned()));
    }

    #[test]
    fn text_is_measured_in_characters() {
        let property = property("string", "text", &[]);
        assert!(normalise(&property, &"ä".repeat(LONGEST), None).is_ok());
        let fault = normalise(&property, &"ä".repeat(LONGEST + 1), None).expect_err("one too many");
        assert_eq!(fault.code, "INVALID_STRING_LENGTH");
    }

    #[test]
    fn emails_are_lower_case() {
        assert_eq!(email("A.B@X.Example"), Ok("a.b@x.example".to_owned()));
        for wrong in ["x", "@x.example", "a@b@c.example", "a b@x.example", "a@x"] {
            assert_eq!(
                email(wrong).map_err(|fault| fault.code),
                Err("INVALID_EMAIL"),
                "{wrong}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_stored_value_is_stored_as_itself(given in "\\PC{0,24}") {
            for (value_type, field_type) in
                [("number", "number"), ("date", "date"), ("datetime", "date"), ("string", "text")]
            {
                let property = property(value_type, field_type, &[]);
                if let Ok(stored) = normalise(&property, &given, None) {
                    prop_assert_eq!(normalise(&property, &stored, None), Ok(stored));
                }
            }
        }

        #[test]
        fn whole_numbers_keep_their_value(value: i64) {
            prop_assert_eq!(number(&value.to_string()), Some(value.to_string()));
        }
    }
}
