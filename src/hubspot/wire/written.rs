//! Replies to batches of writes. Most of such a reply is values that nobody looks at, so they are
//! not taken apart: those of a record become one text.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::lenient_scalars::Appended;
use super::records::{BatchShape, RecordShape, batch_of};
use crate::hubspot::records::BatchReply;
use crate::hubspot::records::written::{PackedValues, Place, WrittenRecord};

/// Room for the values of a usual record.
const USUAL_TEXT: usize = 1024;
const USUAL_VALUES: usize = 24;

/// Reads the reply to a batch of writes. Properties count only of records without a trace id: the
/// others are known by it, and theirs may be anything.
pub(crate) fn written(body: &[u8]) -> serde_json::Result<BatchReply<WrittenRecord>> {
    match in_one_go(body) {
        Some(shape) => batch_of(shape, |mut shape| {
            let values = match shape.object_write_trace_id.0 {
                Some(_) => PackedValues::default(),
                None => std::mem::take(&mut shape.properties),
            };
            record(shape, values)
        }),
        None => in_two_steps(body),
    }
}

/// Reads the reply to a batch archive: nothing as a rule, a batch in some versions.
pub(crate) fn archived(body: &[u8]) -> serde_json::Result<BatchReply<WrittenRecord>> {
    match body.trim_ascii() {
        b"" => Ok(BatchReply::default()),
        body => written(body),
    }
}

/// The reply, if the properties of all records are as they should be: what it then says is the
/// same as in two steps, in little more than half the time. Text that is not UTF-8 is allowed
/// where nobody reads it, which is for the two steps to find out.
fn in_one_go(body: &[u8]) -> Option<BatchShape<PackedValues>> {
    let text = std::str::from_utf8(body).ok()?;
    serde_json::from_str(text).ok()
}

/// Reads properties only once it is known whether their record has a trace id.
fn in_two_steps(body: &[u8]) -> serde_json::Result<BatchReply<WrittenRecord>> {
    let shape: BatchShape<Option<&RawValue>> = serde_json::from_slice(body)?;
    batch_of(shape, |shape| {
        let is_traced = shape.object_write_trace_id.0.is_some();
        let values = match shape.properties.filter(|_| !is_traced) {
            Some(raw) => serde_json::from_str(raw.get())?,
            None => PackedValues::default(),
        };
        record(shape, values)
    })
}

fn record<P>(shape: RecordShape<P>, values: PackedValues) -> serde_json::Result<WrittenRecord> {
    Ok(WrittenRecord {
        id: shape.id.required("id")?,
        values,
        trace_id: shape.object_write_trace_id.0,
        created: shape.new,
    })
}

/// Read as `lenient_scalars::Values` are.
impl<'de> Deserialize<'de> for PackedValues {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<PackedValues, D::Error> {
        from.deserialize_any(PackedVisitor)
    }
}

struct PackedVisitor;

impl<'de> Visitor<'de> for PackedVisitor {
    type Value = PackedValues;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of scalars")
    }

    fn visit_unit<E: Error>(self) -> Result<PackedValues, E> {
        Ok(PackedValues::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<PackedValues, A::Error> {
        let mut text = String::with_capacity(USUAL_TEXT);
        let mut places = Vec::with_capacity(USUAL_VALUES);
        loop {
            let name = text.len();
            if entries.next_key_seed(Name(&mut text))?.is_none() {
                return Ok(PackedValues { text, places });
            }
            let value = text.len();
            if entries.next_value_seed(Appended(&mut text))? {
                let end = text.len();
                places.push(Place { name, value, end });
            } else {
                text.truncate(name);
            }
        }
    }
}

/// Adds a name to a text.
struct Name<'a>(&'a mut String);

impl<'de> DeserializeSeed<'de> for Name<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for Name<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<(), E> {
        self.0.push_str(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::lenient_scalars::Values;
    use super::*;

    const NAMES: [&str; 5] = [r#""a""#, r#""b""#, r#""\u0061""#, r#""""#, r#""é\n""#];

    const VALUES: [&str; 22] = [
        r#""x""#,
        r#""""#,
        r#""\"é\u00e9\n""#,
        "null",
        "12345678901234567890",
        "-1",
        "1.50",
        "1e3",
        "-0",
        "123456789012345678901234567890",
        "true",
        "false",
        "[]",
        r#"[1,{"h":"\ud800"}]"#,
        r#"{"j":[],"j":{}}"#,
        // Broken, or broken if looked at closely.
        r#""\ud800""#,
        "1e999",
        "\"\u{1}\"",
        r#"{"\ud800":1}"#,
        "01",
        "nul",
        "",
    ];

    /// What a reply says, each record with all its values, or the error.
    type Said = Result<Vec<(WrittenRecord, BTreeMap<String, String>)>, String>;

    /// A reply with its values taken apart.
    fn taken_apart(body: &[u8]) -> Said {
        let whole = || {
            let shape: BatchShape<Option<&RawValue>> = serde_json::from_slice(body)?;
            let reply = batch_of(shape, |shape| {
                let raw = shape.properties;
                let raw = raw.filter(|_| shape.object_write_trace_id.0.is_none());
                let values = raw.map(|raw| serde_json::from_str::<Values>(raw.get()));
                let values = values.transpose()?.unwrap_or_default();
                Ok((record(shape, PackedValues::default())?, values.0))
            })?;
            Ok(reply.results)
        };
        whole().map_err(|error: serde_json::Error| error.to_string())
    }

    /// Holds what a reply is read as against its values taken apart.
    fn check(body: &[u8]) {
        let shown = String::from_utf8_lossy(body);
        let read = written(body).map_err(|error| error.to_string());
        let (read, wanted) = match (read, taken_apart(body)) {
            (Ok(read), Ok(wanted)) => (read.results, wanted),
            (read, wanted) => return assert_eq!(read.err(), wanted.err(), "{shown}"),
        };
        assert_eq!(read.len(), wanted.len(), "{shown}");
        for (mut read, (bare, values)) in read.into_iter().zip(wanted) {
            for name in ["a", "b", "", "é\n", "x", "1"] {
                let value = values.get(name).map(String::as_str);
                assert_eq!(read.get(name), value, "{name} of {shown}");
            }
            read.values = PackedValues::default();
            assert_eq!(read, bare, "{shown}");
        }
    }

    /// Replies with these properties: of a record without a trace id, and with one before or
    /// behind them.
    fn replies(properties: &str) -> [String; 3] {
        let trace = r#""objectWriteTraceId":"t""#;
        let record = |fields: String| {
            format!(r#"{{"results":[{{"id":7,{fields},"new":true}},{{"id":"8"}}]}}"#)
        };
        [
            record(format!(r#""properties":{properties}"#)),
            record(format!(r#""properties":{properties},{trace}"#)),
            record(format!(r#"{trace},"properties":{properties}"#)),
        ]
    }

    fn check_all(properties: &str) {
        for body in replies(properties) {
            check(body.as_bytes());
        }
    }

    #[test]
    fn values_are_those_that_are_found_when_all_are_taken_apart() {
        for value in VALUES {
            check_all(value);
            for name in NAMES {
                check_all(&format!("{{{name}:{value}}}"));
                for second in VALUES {
                    check_all(&format!(r#"{{"a":{value},{name}:{second}}}"#));
                }
            }
        }
        for odd in [
            "{1:2}",
            r#"{"a":1,}"#,
            r#"{"a"}"#,
            r#" { "a" : "x" } "#,
            r#"{},"properties":{}"#,
        ] {
            check_all(odd);
        }
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for depth in [100, 127, 128, 300] {
            check_all(&format!(r#"{{"a":{}}}"#, deep(depth)));
            check_all(&deep(depth));
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_judged_by_where_they_are() {
        for (before, behind) in [
            (r#"{"results":[{"id":"7","url":""#, r#""}]}"#),
            (r#"{"results":[{"id":""#, r#""}]}"#),
            (r#"{"results":[{"id":"7","properties":{"a":""#, r#""}}]}"#),
            (r#"{"results":[{"id":"7","properties":{"a":[""#, r#""]}}]}"#),
            (r#"{"results":[{"id":"7","properties":{""#, r#"":1}}]}"#),
            (r#"{"results":[]}"#, ""),
        ] {
            check(&[before.as_bytes(), b"\xff", behind.as_bytes()].concat());
        }
    }

    #[test]
    fn properties_of_a_record_with_a_trace_id_may_be_anything() {
        let [untraced, behind, before] = replies(r#"[{"a":"\ud800"}]"#);
        assert!(written(untraced.as_bytes()).is_err());
        for body in [behind, before] {
            let reply = written(body.as_bytes()).expect("a reply");
            assert_eq!(reply.results[0].trace_id.as_deref(), Some("t"));
        }
        let [untraced, traced, _] = replies(r#"{"a":1,"a":null,"b":"x","b":"y"}"#);
        let first = |body: String| written(body.as_bytes()).expect("a reply").results.remove(0);
        let (untraced, traced) = (first(untraced), first(traced));
        assert_eq!(
            (untraced.get("a"), untraced.get("b")),
            (Some("1"), Some("y"))
        );
        assert_eq!((untraced.id.as_str(), untraced.created), ("7", Some(true)));
        assert_eq!(traced.get("a"), None);
    }

    proptest! {
        #[test]
        fn a_reply_with_a_changed_byte_is_judged_the_same(
            pairs in prop::collection::vec((0..NAMES.len(), 0..14_usize), 0..6),
            which in 0..3_usize,
            place: prop::sample::Index,
            byte in prop_oneof![any::<u8>(), prop::sample::select(br#""\{}[]:,0-"#.to_vec())],
        ) {
            let pair = |&(name, value): &(usize, usize)| {
                let (name, value): (&str, &str) = (NAMES[name], VALUES[value]);
                format!("{name}:{value}")
            };
            let pairs: Vec<String> = pairs.iter().map(pair).collect();
            let body = &replies(&format!("{{{}}}", pairs.join(",")))[which];
            check(body.as_bytes());
            let mut body = body.clone().into_bytes();
            let place = place.index(body.len());
            body[place] = byte;
            check(&body);
        }
    }
}
