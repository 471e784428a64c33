//! Schema and parser say the same: the keys of every table, the words of every list,
//! what is required, and the presets.

use serde_json::{Map, Value, json};

use super::JSON_SCHEMA;
use crate::mapping::MappingFile;

fn schema() -> Value {
    serde_json::from_str(JSON_SCHEMA).expect("the schema is JSON")
}

/// What the parser says about a text.
fn complaints(text: &str) -> Vec<String> {
    match MappingFile::parse("schema.toml", text) {
        Ok(_) => Vec::new(),
        Err(errors) => errors
            .problems()
            .map(|problem| format!("{}; {}", problem.message, problem.help.unwrap_or_default()))
            .collect(),
    }
}

/// Whether a value fits a schema, for the few words that ours uses.
fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    if let Some(reference) = schema["$ref"].as_str() {
        let found = root.pointer(reference.trim_start_matches('#'));
        return fits(root, found.expect("a definition"), value);
    }
    let of_type = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        other => panic!("a type that this check does not know: {other}"),
    };
    let types_fit = match &schema["type"] {
        Value::String(name) => of_type(name),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(of_type),
        _ => true,
    };
    let list = |key: &str| schema[key].as_array().cloned().unwrap_or_default();
    let alternatives = list("anyOf");
    let exactly_one = list("oneOf");
    let hits = |all: &[Value]| all.iter().filter(|one| fits(root, one, value)).count();
    types_fit
        && (schema["const"].is_null() || schema["const"] == *value)
        && (schema["enum"].is_null() || list("enum").contains(value))
        && (alternatives.is_empty() || hits(&alternatives) > 0)
        && (exactly_one.is_empty() || hits(&exactly_one) == 1)
        && value
            .as_array()
            .is_none_or(|items| array_fits(root, schema, items))
        && value
            .as_object()
            .is_none_or(|keys| object_fits(root, schema, keys))
        && value.as_str().is_none_or(|text| {
            text.chars().count() as u64 >= schema["minLength"].as_u64().unwrap_or(0)
                && text.chars().count() as u64 <= schema["maxLength"].as_u64().unwrap_or(u64::MAX)
        })
        && value
            .as_i64()
            .is_none_or(|number| number >= schema["minimum"].as_i64().unwrap_or(i64::MIN))
}

fn array_fits(root: &Value, schema: &Value, items: &[Value]) -> bool {
    items.len() as u64 >= schema["minItems"].as_u64().unwrap_or(0)
        && (schema["items"].is_null()
            || items.iter().all(|item| fits(root, &schema["items"], item)))
}

fn object_fits(root: &Value, schema: &Value, keys: &Map<String, Value>) -> bool {
    let required = schema["required"].as_array().cloned().unwrap_or_default();
    let known = |name: &String| match (&schema["properties"][name], &schema["additionalProperties"])
    {
        (Value::Null, Value::Bool(false)) => false,
        (Value::Null, Value::Null) => true,
        (Value::Null, other) => fits(root, other, &keys[name]),
        (known, _) => fits(root, known, &keys[name]),
    };
    keys.len() as u64 >= schema["minProperties"].as_u64().unwrap_or(0)
        && required
            .iter()
            .filter_map(Value::as_str)
            .all(|name| keys.contains_key(name))
        && keys.keys().all(known)
}

fn as_json(text: &str) -> Value {
    let tree: toml::Table = text.parse().expect("TOML");
    serde_json::to_value(tree).expect("JSON")
}

/// A text with one table in it, and where the schema has that table.
const TABLES: [(&str, &str); 22] = [
    ("zzz = 1\n", ""),
    ("[source]\nzzz = 1\n", "/properties/source"),
    ("[key]\nzzz = 1\n", "/properties/key"),
    (
        "[key]\nrecord_id = { zzz = 1 }\n",
        "/properties/key/properties/record_id",
    ),
    ("[rows]\nzzz = 1\n", "/properties/rows"),
    ("[properties]\na = { zzz = 1 }\n", "/$defs/entry"),
    (
        "[properties]\na = { column = \"A\", read_only = { zzz = 1 } }\n",
        "/$defs/entry/properties/read_only",
    ),
    (
        "[properties]\na = { column = \"A\", timezone = { zzz = 1 } }\n",
        "/$defs/entry/properties/timezone/anyOf/1",
    ),
    (
        "[properties]\na = { column = \"A\", lookup = { zzz = 1 } }\n",
        "/$defs/entry/properties/lookup/anyOf/1",
    ),
    ("[[associate]]\nzzz = 1\n", "/properties/associate/items"),
    (
        "[[associate]]\nlookup = { zzz = 1 }\n",
        "/properties/associate/items/properties/lookup",
    ),
    ("[[notes]]\nzzz = 1\n", "/properties/notes/items"),
    (
        "[[notes]]\nparts = { zzz = 1 }\n",
        "/properties/notes/items/properties/parts",
    ),
    (
        "[[notes]]\nat = { zzz = 1 }\n",
        "/properties/notes/items/properties/at/anyOf/1",
    ),
    (
        "[[notes]]\nauthor = { zzz = 1 }\n",
        "/properties/notes/items/properties/author/anyOf/1",
    ),
    (
        "[[notes]]\nauthor = { lookup = { zzz = 1 } }\n",
        "/properties/notes/items/properties/author/anyOf/1/properties/lookup",
    ),
    (
        "[[notes]]\npublic = { zzz = 1 }\n",
        "/properties/notes/items/properties/public/anyOf/2",
    ),
    (
        "[[notes]]\nbody = { zzz = 1 }\n",
        "/properties/notes/items/properties/body/anyOf/1",
    ),
    (
        "[[notes]]\nattachments = { zzz = 1 }\n",
        "/properties/notes/items/properties/attachments/anyOf/1",
    ),
    (
        "[[attachments]]\nzzz = 1\n",
        "/properties/attachments/items",
    ),
    ("[[property]]\nzzz = 1\n", "/properties/property/items"),
    (
        "[[property]]\noptions = [{ zzz = 1 }]\n",
        "/properties/property/items/properties/options/items/anyOf/1",
    ),
];

#[test]
fn every_table_has_the_same_keys_in_both() {
    let schema = schema();
    for (text, pointer) in TABLES {
        let said = complaints(text);
        let known = said
            .iter()
            .find(|said| said.starts_with("unknown key `zzz`"))
            .and_then(|said| said.split_once("known keys are "))
            .unwrap_or_else(|| panic!("{text}: {said:?}"));
        let mut parser: Vec<&str> = known.1.split(", ").collect();
        parser.sort_unstable();
        let keys = schema.pointer(pointer).expect(pointer)["properties"]
            .as_object()
            .expect(pointer);
        let mut own: Vec<&str> = keys.keys().map(String::as_str).collect();
        own.sort_unstable();
        assert_eq!(own, parser, "{pointer}");
    }
}

/// Every table of a schema that has a list of words or of types: (pointer to the key's
/// schema, text with `@` for the value).
const WORDS: [(&str, &str); 11] = [
    (
        "/properties/notes/items/properties/as",
        "[[notes]]\nas = @\n",
    ),
    (
        "/properties/notes/items/properties/skip",
        "[[notes]]\nskip = @\n",
    ),
    (
        "/properties/notes/items/properties/parts/properties/last",
        "[[notes]]\nparts = { separator = \";\", names = [\"a\"], last = @ }\n",
    ),
    (
        "/properties/notes/items/properties/body/anyOf/1/properties/html",
        "[[notes]]\nbody = { part = \"a\", html = @ }\n",
    ),
    (
        "/properties/source/properties/delimiter",
        "[source]\ndelimiter = @\n",
    ),
    (
        "/properties/rows/properties/keep",
        "[rows]\none_per = \"A\"\nkeep = @\n",
    ),
    (
        "/$defs/entry/properties/html",
        "[properties]\na = { column = \"A\", html = @ }\n",
    ),
    (
        "/$defs/entry/properties/empty",
        "[properties]\na = { column = \"A\", empty = @ }\n",
    ),
    (
        "/properties/associate/items/properties/missing",
        "[[associate]]\ncolumn = \"A\"\nby = \"email\"\nto = \"contacts\"\nmissing = @\n",
    ),
    (
        "/properties/property/items/properties/type",
        "[[property]]\nname = \"a\"\noptions = [\"x\"]\ntype = @\n",
    ),
    (
        "/properties/property/items/properties/field_type",
        "[[property]]\nname = \"a\"\ntype = \"@\"\nfield_type = @\n",
    ),
];

#[test]
fn every_list_of_words_is_the_same_in_both() {
    let schema = schema();
    let refuses = |text: &str, word: &str| {
        let quoted = format!("`{word}`");
        let said = complaints(text);
        said.iter().any(|said| {
            let message = said.split("; ").next().unwrap_or_default();
            message.contains(&quoted) || message.contains("delimiter")
        })
    };
    for (pointer, text) in WORDS.iter().take(10) {
        let words = schema.pointer(pointer).expect(pointer)["enum"]
            .as_array()
            .expect(pointer);
        for word in words.iter().filter_map(Value::as_str) {
            let text = text.replace('@', &json!(word).to_string());
            assert!(
                !refuses(&text, word),
                "{pointer} {word}: {:?}",
                complaints(&text)
            );
        }
        let text = text.replace('@', "\"zebra\"");
        assert!(
            refuses(&text, "zebra"),
            "{pointer}: {:?}",
            complaints(&text)
        );
    }
    // A field type fits some type, and only those of the schema do.
    let (pointer, text) = WORDS[10];
    let of = |pointer: &str| -> Vec<String> {
        let words = schema.pointer(pointer).expect(pointer)["enum"].as_array();
        let words = words.expect(pointer).iter().filter_map(Value::as_str);
        words.map(str::to_owned).collect()
    };
    let types = of("/properties/property/items/properties/type");
    let fits_one = |field: &str| {
        types.iter().any(|kind| {
            let text = text
                .replacen('@', kind, 1)
                .replace('@', &format!("\"{field}\""));
            !refuses(&text, field)
        })
    };
    assert!(of(pointer).iter().all(|field| fits_one(field)));
    assert!(!fits_one("zebra"));
}

#[test]
fn every_preset_fits_the_schema() {
    let schema = schema();
    for (name, text) in crate::mapping::PRESETS {
        assert!(fits(&schema, &schema, &as_json(text)), "{name}");
    }
}

const GOOD: &str = r#"version = 1
[key]
property = "k"
column = "Id"
[properties]
subject = "Subject"
a = { column = ["A", "B"], map = { x = 1 }, unmapped = true, truncate = 10, nth = 1 }
b = { value = 5 }
c = { template = "x", timezone = { column = "Z" }, split = ",", decimal = "," }
[[associate]]
to = "contacts"
by = "email"
column = "Mail"
[[notes]]
column = "Comment"
parts = { separator = ";", names = ["at", "by", "text"], last = "rest" }
at = { part = "at", format = "%d/%m/%Y", timezone = "UTC" }
author = "by"
public = true
body = { part = ["text", "by"], html = "clean" }
id = "at"
skip = "first"
attachments = { part = "text", split = " " }
[[attachments]]
column = "Files"
parts = { separator = ";", names = ["at", "url"] }
[[property]]
name = "k"
type = "string"
"#;

/// A line of the good text, and what it is replaced with; both must refuse each.
const BAD: [(&str, &str); 31] = [
    ("version = 1", "version = 2"),
    ("version = 1\n", ""),
    ("[key]\nproperty = \"k\"\ncolumn = \"Id\"\n", ""),
    ("column = \"Id\"", "column = 5"),
    ("column = \"Id\"", "column = \"Id\"\ntemplate = \"x\""),
    ("column = \"Id\"", "row_hash = false"),
    ("property = \"k\"\n", ""),
    ("subject = \"Subject\"", "subject = 7"),
    ("[\"A\", \"B\"]", "[]"),
    ("{ x = 1 }", "{}"),
    ("{ x = 1 }", "{ x = [] }"),
    ("unmapped = true", "unmapped = []"),
    ("truncate = 10", "truncate = 9"),
    ("nth = 1", "nth = 0"),
    ("value = 5", "value = 5, column = \"A\""),
    ("template = \"x\", ", ""),
    ("split = \",\"", "split = \"\""),
    ("decimal = \",\"", "decimal = \",,\""),
    ("by = \"email\"\n", ""),
    ("at = { part = \"at\"", "at = { prt = \"at\""),
    ("separator = \";\"", "separator = \"\""),
    (
        "at = { part = \"at\"",
        "at = { path = \"at\", part = \"at\"",
    ),
    (
        "column = \"Comment\"",
        "column = \"Comment\"\neach = \"Comment\"",
    ),
    ("column = \"Comment\"\n", ""),
    ("skip = \"first\"", "skip = 1"),
    ("separator = \";\", ", ""),
    ("[\"at\", \"by\", \"text\"]", "[]"),
    ("public = true", "public = 5"),
    ("author = \"by\"", "author = { part = \"by\", map = {} }"),
    ("html = \"clean\"", "html = true"),
    ("type = \"string\"", "kind = \"string\""),
];

#[test]
fn what_the_schema_refuses_the_parser_refuses_too() {
    let schema = schema();
    assert!(complaints(GOOD).is_empty(), "{:?}", complaints(GOOD));
    assert!(fits(&schema, &schema, &as_json(GOOD)));
    for (old, new) in BAD {
        let text = GOOD.replacen(old, new, 1);
        assert_ne!(text, GOOD, "{old}");
        assert!(!complaints(&text).is_empty(), "the parser takes {new}");
        assert!(
            !fits(&schema, &schema, &as_json(&text)),
            "the schema takes {new}"
        );
    }
}
