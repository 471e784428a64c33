//! The JSON of record calls: request bodies as they are received, records and batch envelopes as
//! they are sent (C1 §2). Unknown fields are ignored.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{DeserializeOwned, Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::sandbox::api::problem::{Problem, RowProblem};
use crate::sandbox::api::reply::Paging;
use crate::sandbox::switches::EmptyInputs;

/// Property values of a record, by name. Everything is text; absent is unset.
pub(crate) type Values = BTreeMap<String, String>;

/// Property values of a request.
pub(crate) type Incoming = BTreeMap<String, Scalar>;

/// A value as it may be in a request: numbers and booleans count as their
/// text (C1 §3.2), null as absent; lists and objects are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scalar {
    Text(String),
    Null,
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Scalar, D::Error> {
        deserializer.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a string")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Scalar, E> {
        Ok(Scalar::Text(text))
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_string()))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_string()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_string()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar::Text(value.to_string()))
    }

    fn visit_unit<E: Error>(self) -> Result<Scalar, E> {
        Ok(Scalar::Null)
    }
}

/// An id or a label: text, or a number taken as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Text(pub(crate) String);

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Text, D::Error> {
        match Scalar::deserialize(deserializer)? {
            Scalar::Text(text) => Ok(Text(text)),
            Scalar::Null => Err(D::Error::invalid_type(Unexpected::Unit, &"a string")),
        }
    }
}

/// One record to be created.
#[derive(Debug, Deserialize)]
pub(crate) struct CreateInput {
    pub(crate) properties: Option<Incoming>,
    pub(crate) associations: Option<Vec<LinkInput>>,
    #[serde(rename = "objectWriteTraceId")]
    pub(crate) trace: Option<Text>,
}

/// An association that is sent with a create.
#[derive(Debug, Deserialize)]
pub(crate) struct LinkInput {
    pub(crate) to: Reference,
    pub(crate) types: Vec<TypeSpec>,
}

/// A record, by id or by the value of a unique property.
#[derive(Debug, Deserialize)]
pub(crate) struct Reference {
    pub(crate) id: Text,
}

/// What an association means (C1 §8.1).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TypeSpec {
    pub(crate) association_category: String,
    pub(crate) association_type_id: u32,
}

/// One record to be changed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpdateInput {
    pub(crate) id: Text,
    pub(crate) id_property: Option<String>,
    pub(crate) properties: Option<Incoming>,
    #[serde(rename = "objectWriteTraceId")]
    pub(crate) trace: Option<Text>,
}

/// One record to be changed, or created if there is none.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UpsertInput {
    pub(crate) id: Text,
    pub(crate) id_property: Option<String>,
    pub(crate) properties: Option<Incoming>,
    #[serde(rename = "objectWriteTraceId")]
    pub(crate) trace: Option<Text>,
}

/// A batch of anything.
#[derive(Debug, Deserialize)]
struct Batch<T> {
    inputs: Option<Vec<T>>,
}

/// A batch read (C1 §2.7); only `inputs` is required.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ReadBatch {
    inputs: Option<Vec<Reference>>,
    pub(crate) id_property: Option<String>,
    #[serde(default)]
    pub(crate) properties: Vec<String>,
    #[serde(default)]
    pub(crate) properties_with_history: Vec<String>,
}

/// Inputs of one call on records (C1 §2.6).
pub(crate) const MOST_INPUTS: usize = 100;

/// Records of one call that requests history (C1 §2.6).
pub(crate) const MOST_WITH_HISTORY: usize = 50;

/// The inputs of a batch body, at most `most`.
pub(crate) fn inputs<T: DeserializeOwned>(
    body: &[u8],
    most: usize,
    empty: EmptyInputs,
) -> Result<Vec<T>, Problem> {
    let batch: Batch<T> = read(body)?;
    within(batch.inputs, most, "a batch", empty, body)
}

impl ReadBatch {
    /// The batch and the ids it requests.
    pub(crate) fn of(body: &[u8], empty: EmptyInputs) -> Result<(ReadBatch, Vec<String>), Problem> {
        let mut batch: ReadBatch = read(body)?;
        let (most, what) = match batch.properties_with_history.is_empty() {
            true => (MOST_INPUTS, "a batch"),
            false => (MOST_WITH_HISTORY, "a batch request for property histories"),
        };
        let inputs = within(batch.inputs.take(), most, what, empty, body)?;
        Ok((batch, inputs.into_iter().map(|input| input.id.0).collect()))
    }
}

fn within<T>(
    inputs: Option<Vec<T>>,
    most: usize,
    what: &str,
    empty: EmptyInputs,
    body: &[u8],
) -> Result<Vec<T>, Problem> {
    let inputs = inputs.ok_or_else(|| unset(&["inputs"], body))?;
    if inputs.is_empty() && empty == EmptyInputs::Refused {
        return Err(Problem::validation("The batch has no inputs."));
    }
    if inputs.len() > most {
        return Err(too_many(what, most));
    }
    Ok(inputs)
}

/// The 400 of C1 §2.6.
pub(crate) fn too_many(what: &str, most: usize) -> Problem {
    Problem::validation(format!(
        "The maximum number of inputs supported in {what} is {most}. Please reduce the number of items and try again"
    ))
}

/// A request body, or the 400 that says where it is invalid.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| {
        let (line, column) = (error.line().max(1), error.column().max(1));
        let text = error.to_string();
        let reason = text
            .rsplit_once(" at line ")
            .map_or(text.as_str(), |(reason, _)| reason);
        Problem::input(format!(
            "Invalid input JSON on line {line}, column {column}: {reason}"
        ))
    })
}

/// The 400 for a body that lacks required fields.
pub(crate) fn unset(fields: &[&str], body: &[u8]) -> Problem {
    let column = body.len();
    Problem::input(format!(
        "Invalid input JSON on line 1, column {column}: Some required fields were not set: [{}]",
        fields.join(", ")
    ))
}

/// The 400 for a record without `properties`.
pub(crate) fn no_properties() -> Problem {
    Problem::input(
        "Cannot build SimplePublicObjectInput, some of required attributes are not set [properties]",
    )
}

/// Properties of a reply: as stored, or those requested, with null for unset ones.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Shown {
    Whole(Values),
    Picked(BTreeMap<String, Option<String>>),
}

/// A record as the API shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ObjectOut {
    pub(crate) id: String,
    pub(crate) properties: Shown,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) properties_with_history: Option<BTreeMap<String, Vec<VersionOut>>>,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
    pub(crate) archived: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) archived_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) associations: Option<BTreeMap<&'static str, LinksOut>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) object_write_trace_id: Option<String>,
    /// Whether an upsert created it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) new: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) warnings: Option<Vec<Warning>>,
}

/// A value that a property had (C1 §3.1).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct VersionOut {
    pub(crate) value: String,
    pub(crate) timestamp: String,
    pub(crate) source_type: &'static str,
    pub(crate) source_id: &'static str,
}

/// A value that was stored in a different form than it was sent (C1 §0.2).
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Warning {
    category: &'static str,
    message: String,
    context: Normalised,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Normalised {
    property_name: String,
    raw_value: String,
    normalized_value: String,
}

impl Warning {
    pub(crate) fn normalised(name: &str, raw: &str, normal: &str) -> Warning {
        Warning {
            category: "PROPERTY_VALUE_NORMALIZED",
            message: format!("{name} was normalized"),
            context: Normalised {
                property_name: name.to_owned(),
                raw_value: raw.to_owned(),
                normalized_value: normal.to_owned(),
            },
        }
    }
}

/// Associations of a record with records of one kind.
#[derive(Debug, Serialize)]
pub(crate) struct LinksOut {
    pub(crate) results: Vec<LinkOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) paging: Option<Paging>,
}

/// One association.
#[derive(Debug, Serialize)]
pub(crate) struct LinkOut {
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) link_type: String,
}

/// What a batch answers, with `T` for each result.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BatchOut<T = ObjectOut> {
    status: &'static str,
    pub(crate) results: Vec<T>,
    #[serde(skip_serializing_if = "Option::is_none")]
    num_errors: Option<usize>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<RowProblem>,
    started_at: String,
    completed_at: String,
}

impl<T> BatchOut<T> {
    pub(crate) fn new(results: Vec<T>, errors: Vec<RowProblem>, at: String) -> BatchOut<T> {
        let num_errors = (!errors.is_empty()).then_some(errors.len());
        BatchOut {
            status: "COMPLETE",
            results,
            num_errors,
            errors,
            started_at: at.clone(),
            completed_at: at,
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.num_errors.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_text() {
        let body = br#"{"inputs":[{"properties":{"a":"x","b":12,"c":true,"d":1.5e3,"e":null},"objectWriteTraceId":7}]}"#;
        let read: Vec<CreateInput> =
            inputs(body, MOST_INPUTS, EmptyInputs::Refused).expect("a batch");
        let properties = read[0].properties.as_ref().expect("properties");
        let text = |name: &str| properties.get(name).cloned();
        let scalar = |text: &str| Some(Scalar::Text(text.to_owned()));
        assert_eq!(
            [text("a"), text("b"), text("c"), text("d")],
            [scalar("x"), scalar("12"), scalar("true"), scalar("1500")]
        );
        assert_eq!(text("e"), Some(Scalar::Null));
        assert_eq!(read[0].trace, Some(Text("7".to_owned())));
    }

    #[test]
    fn bad_bodies_say_where_and_what() {
        for (body, part) in [
            ("", "Invalid input JSON on line 1, column 1: EOF"),
            (
                "{\n  \"inputs\": [oops]}",
                "Invalid input JSON on line 2, column 14: expected value",
            ),
            (
                "{\"results\":[]}",
                "Invalid input JSON on line 1, column 14: Some required fields were not set: [inputs]",
            ),
            ("{\"inputs\":[]}", "no inputs"),
            (
                "{\"inputs\":[{\"properties\":{\"a\":[1]}}]}",
                "invalid type: sequence, expected a string",
            ),
        ] {
            let problem =
                inputs::<CreateInput>(body.as_bytes(), 100, EmptyInputs::Refused).expect_err(body);
            assert!(problem.message.contains(part), "{}", problem.message);
        }
        let many = format!("{{\"inputs\":[{}{{\"id\":1}}]}}", "{\"id\":1},".repeat(100));
        let problem = inputs::<Reference>(many.as_bytes(), 100, EmptyInputs::Refused)
            .expect_err("101 inputs");
        assert_eq!(
            problem.message,
            "The maximum number of inputs supported in a batch is 100. Please reduce the number of items and try again"
        );
    }
}
