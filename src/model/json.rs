//! JSON objects as rows: each field is a column, nested ones have dotted names
//! (`via.channel`), and every value is a text as written in the object, so that no id
//! becomes a number.
//!
//! Lists stay JSON texts. If the items are nothing but an id and a value, as custom
//! fields are written, each value is a column too: `custom_fields[id=360001].value`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// No help desk writes deeper nesting.
pub const DEEPEST: usize = 100;

/// The fields of an object, in order. Values are JSON texts.
struct Fields<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fields<'de>, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields = Vec::with_capacity(map.size_hint().unwrap_or(16));
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// Why a text is not an object whose fields can be columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is not a JSON object; with what the parser says.
    NoObject(String),
    /// It is nested too deeply.
    TooDeep,
}

/// Passes on the columns of an object with their texts, in order; empty ones too. A name
/// may be repeated; then its last text counts.
///
/// # Errors
/// When the text is not an object, or nested more deeply than `DEEPEST`.
pub fn flatten(object: &str, take: &mut dyn FnMut(&str, Cow<'_, str>)) -> Result<(), Fault> {
    if depth(object.as_bytes()) > DEEPEST {
        return Err(Fault::TooDeep);
    }
    let fields = fields(object)?;
    let mut name = String::new();
    for (key, value) in fields {
        name.clear();
        name.push_str(&key);
        spread(&mut name, value, take);
    }
    Ok(())
}

/// The fields of an object with the texts of their values as JSON.
///
/// # Errors
/// When the text is not an object.
pub fn fields(object: &str) -> Result<Vec<(String, &str)>, Fault> {
    let Fields(fields) = serde_json::from_str(object).map_err(|error| {
        let words = error.to_string();
        // The place is inside the object, where lines don't count.
        let end = words.rfind(" at line ").unwrap_or(words.len());
        Fault::NoObject(words[..end].to_owned())
    })?;
    let fields = fields.into_iter();
    Ok(fields.map(|(key, value)| (key, value.get())).collect())
}

/// The items of a list as JSON texts; a single value is a list of one. None if the text
/// is not JSON.
pub fn items(list: &str) -> Option<Vec<&str>> {
    let list = list.trim();
    if depth(list.as_bytes()) > DEEPEST {
        return None;
    }
    if !list.starts_with('[') {
        let one: &RawValue = serde_json::from_str(list).ok()?;
        return Some(vec![one.get()]);
    }
    let items: Vec<&RawValue> = serde_json::from_str(list).ok()?;
    Some(items.into_iter().map(RawValue::get).collect())
}

/// The texts of a list whose items are single values; none for other texts.
pub fn scalars(list: &str) -> Option<Vec<String>> {
    let list = list.trim();
    if !(list.starts_with('[') && list.ends_with(']')) {
        return None;
    }
    let items = items(list)?;
    let texts = items.into_iter().map(|item| match item.as_bytes().first() {
        Some(b'{' | b'[') => None,
        _ => Some(scalar(item).into_owned()),
    });
    texts.collect()
}

/// A value that is not an object as the text of a cell.
fn scalar(value: &str) -> Cow<'_, str> {
    match value.as_bytes().first() {
        Some(b'"') => match serde_json::from_str::<String>(value) {
            Ok(text) => Cow::Owned(text),
            Err(_) => Cow::Borrowed(value),
        },
        Some(b'n') => Cow::Borrowed(""),
        _ => Cow::Borrowed(value),
    }
}

/// Passes on a value under its name, and its fields under longer names.
fn spread(name: &mut String, value: &str, take: &mut dyn FnMut(&str, Cow<'_, str>)) {
    let len = name.len();
    match value.as_bytes().first() {
        Some(b'{') => {
            for (key, value) in fields(value).unwrap_or_default() {
                name.push('.');
                name.push_str(&key);
                spread(name, value, take);
                name.truncate(len);
            }
        }
        Some(b'[') => {
            let is_empty = value[1..].trim_start().starts_with(']');
            take(name, Cow::Borrowed(if is_empty { "" } else { value }));
            for (id, value) in ids_and_values(value).unwrap_or_default() {
                name.push_str("[id=");
                name.push_str(&id);
                name.push_str("].value");
                take(name, Cow::Owned(value));
                name.truncate(len);
            }
        }
        _ => take(name, scalar(value)),
    }
}

/// The items of a list if they have an id, perhaps a value, and nothing else. Of other
/// lists only the first item is inspected.
fn ids_and_values(list: &str) -> Option<Vec<(String, String)>> {
    let inside = list.get(1..)?.trim_start();
    if !inside.starts_with('{') {
        return None;
    }
    let mut first = serde_json::Deserializer::from_str(inside).into_iter::<Fields<'_>>();
    let _first = id_and_value(first.next()?.ok()?)?;
    let items: Vec<Fields<'_>> = serde_json::from_str(list).ok()?;
    items.into_iter().map(id_and_value).collect()
}

fn id_and_value(Fields(item): Fields<'_>) -> Option<(String, String)> {
    let (mut id, mut value) = (None, String::new());
    for (key, text) in item {
        match (key.as_str(), text.get().as_bytes().first()) {
            ("id", Some(b'"' | b'0'..=b'9')) => id = Some(scalar(text.get()).into_owned()),
            ("value", Some(b'{')) => return None,
            ("value", _) => value = scalar(text.get()).into_owned(),
            _ => return None,
        }
    }
    Some((id?, value))
}

/// How deeply objects and lists are nested in a text.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        match byte {
            b'"' => at += string_len(&json[at..]) - 1,
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    deepest
}

/// How long the string is that the text begins with, its quotes counted.
fn string_len(json: &[u8]) -> usize {
    let mut at = 1;
    while let Some(found) = json
        .get(at..)
        .and_then(|rest| memchr::memchr2(b'"', b'\\', rest))
    {
        at += found;
        if json[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(object: &str) -> Result<Vec<(String, String)>, Fault> {
        let mut found = Vec::new();
        flatten(object, &mut |name, text| {
            found.push((name.to_owned(), text.into_owned()));
        })?;
        Ok(found)
    }

    #[test]
    fn fields_are_columns_and_nested_ones_have_dotted_names() {
        let found = columns(
            r#"{"id": 12345678901234567890123, "a": "x\n\"\u00e9", "n": null, "t": true, "f": 1.10,
                "via": {"channel": "web", "source": {"from": {}}}, "tags": ["a","b"], "none": [ ],
                "fields": [{"id": 1, "value": "v"}, {"id": "2"}, {"id": 3, "value": ["x"]}],
                "comments": [{"id": 1, "value": "v", "body": "b"}]}"#,
        );
        let expected = [
            ("id", "12345678901234567890123"),
            ("a", "x\n\"é"),
            ("n", ""),
            ("t", "true"),
            ("f", "1.10"),
            ("via.channel", "web"),
            ("tags", r#"["a","b"]"#),
            ("none", ""),
            (
                "fields",
                r#"[{"id": 1, "value": "v"}, {"id": "2"}, {"id": 3, "value": ["x"]}]"#,
            ),
            ("fields[id=1].value", "v"),
            ("fields[id=2].value", ""),
            ("fields[id=3].value", r#"["x"]"#),
            ("comments", r#"[{"id": 1, "value": "v", "body": "b"}]"#),
        ];
        let expected = expected.map(|(name, text)| (name.to_owned(), text.to_owned()));
        assert_eq!(found, Ok(expected.to_vec()));
    }

    #[test]
    fn what_is_no_object_says_so() {
        for text in [
            "",
            "[]",
            "7",
            "\"x\"",
            "{\"a\":}",
            "{\"a\":1",
            "{\"a\":1} x",
        ] {
            assert!(matches!(columns(text), Err(Fault::NoObject(_))), "{text}");
        }
        let found = columns("{\"a\":}");
        assert_eq!(found, Err(Fault::NoObject("expected value".to_owned())));
    }

    #[test]
    fn nesting_has_an_end() {
        let nested =
            |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(columns(&nested(DEEPEST - 1)).is_ok());
        assert_eq!(columns(&nested(DEEPEST)), Err(Fault::TooDeep));
        assert_eq!(columns(&nested(1_000_000)), Err(Fault::TooDeep));
        assert_eq!(items(&"[".repeat(10_000)), None);
        let text = columns(&format!("{{\"a\":\"{}\\\"\"}}", "[{".repeat(1_000)));
        assert!(text.is_ok(), "letters of a text nest nothing");
    }

    #[test]
    fn lists_give_their_items() {
        assert_eq!(items("[1, {\"a\":2}]"), Some(vec!["1", "{\"a\":2}"]));
        assert_eq!(items(" {\"a\":2} "), Some(vec!["{\"a\":2}"]));
        assert_eq!(items("[1,"), None);
        assert_eq!(items("plain"), None);
        let texts = |list| scalars(list).map(|texts| texts.join("|"));
        assert_eq!(texts("[\"a\",\"b c\",3,null]").as_deref(), Some("a|b c|3|"));
        assert_eq!(texts("[[1]]"), None);
        assert_eq!(texts("[a, b]"), None);
        assert_eq!(texts("a"), None);
    }
}
