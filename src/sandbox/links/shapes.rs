//! The JSON of association calls: requests and replies (C1 §8.2 to §8.5).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::link_type::LinkType;
use crate::sandbox::api::reply::Paging;
use crate::sandbox::records::shapes::{Reference, Text, TypeSpec};
use crate::sandbox::switches::LinkIds;

/// Two records.
#[derive(Debug, Deserialize)]
pub(crate) struct PairInput {
    pub(super) from: Reference,
    pub(super) to: Reference,
}

/// Two records and how they are associated.
#[derive(Debug, Deserialize)]
pub(crate) struct TypedInput {
    pub(super) from: Reference,
    pub(super) to: Reference,
    pub(super) types: Vec<TypeSpec>,
}

/// One record whose associations are requested.
#[derive(Debug, Deserialize)]
pub(crate) struct ReadInput {
    pub(super) id: Text,
    pub(super) after: Option<Text>,
}

/// One record and those from which it is cut.
#[derive(Debug, Deserialize)]
pub(crate) struct ArchiveInput {
    pub(super) from: Reference,
    pub(super) to: Vec<Reference>,
}

/// Two records and the name of a type, as v3 has it; absent if it only reads.
#[derive(Debug, Deserialize)]
pub(crate) struct LegacyInput {
    pub(super) from: Reference,
    pub(super) to: Reference,
    #[serde(rename = "type")]
    pub(super) link_type: Text,
}

/// A label to be created.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LabelInput {
    pub(super) label: String,
    pub(super) name: String,
    pub(super) inverse_label: Option<String>,
}

/// A label to be renamed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LabelPatch {
    pub(super) association_type_id: u32,
    pub(super) label: String,
    pub(super) inverse_label: Option<String>,
}

/// A type as an association carries it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TypeOut {
    category: &'static str,
    type_id: u32,
    label: Option<String>,
}

impl TypeOut {
    pub(super) fn of(known: &LinkType) -> TypeOut {
        TypeOut {
            category: known.category(),
            type_id: known.id,
            label: known.label.clone(),
        }
    }
}

/// What one record is associated with, seen from another.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LinkedOut {
    pub(super) to_object_id: Value,
    pub(super) association_types: Vec<TypeOut>,
}

/// The associations of one record, as a batch read shows them.
#[derive(Debug, Serialize)]
pub(super) struct ReadOut {
    pub(super) from: Value,
    pub(super) to: Vec<LinkedOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) paging: Option<Paging>,
}

/// An id in the reply about an association (C1 §12.36).
pub(super) fn id_out(id: i64, form: LinkIds) -> Value {
    match form {
        LinkIds::Integer => id.into(),
        LinkIds::String => id.to_string().into(),
    }
}

/// A pair and its labels, as the replies to creates show them.
pub(super) fn pair_out(
    known: &LinkType,
    from: i64,
    to: i64,
    labels: &[String],
    form: LinkIds,
) -> Value {
    json!({
        "fromObjectTypeId": known.from.type_id(),
        "fromObjectId": id_out(from, form),
        "toObjectTypeId": known.to.type_id(),
        "toObjectId": id_out(to, form),
        "labels": labels,
    })
}

/// One direction of a default association, as the reply to its put shows it.
pub(super) fn way_out(known: &LinkType, from: i64, to: i64) -> Value {
    json!({
        "from": {"id": from.to_string()},
        "to": {"id": to.to_string()},
        "associationSpec": {
            "associationCategory": known.category(),
            "associationTypeId": known.id,
        },
    })
}
