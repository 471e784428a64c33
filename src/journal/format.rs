//! What stands in the header of run.db, and how values become its columns.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::model::issue::RowIssue;
use crate::model::schema::{PropertyDef, Schema};

/// What a run is about; written once, before anything is sent (D1).
#[derive(Clone, Debug)]
pub struct Header {
    /// `create`…
    pub operation: String,
    /// HubSpot portal id.
    pub portal_id: u64,
    /// Path of the mapping, for people.
    pub mapping_name: String,
    /// The mapping itself.
    pub mapping_text: String,
    /// The inputs, in the order of the run.
    pub inputs: Vec<InputFile>,
    /// The schema that the mapping was compiled against.
    pub schema: Schema,
}

/// An input as it was when the run began.
#[derive(Clone, Debug)]
pub struct InputFile {
    /// Path as given.
    pub path: PathBuf,
    /// Size in bytes.
    pub size: u64,
    /// Time of the last change.
    pub modified: Timestamp,
    /// BLAKE3 of the whole file, in hex.
    pub hash: String,
}

/// The schema as JSON: names, types, option values, pipelines, stages, owners.
pub(super) fn schema_json(schema: &Schema) -> String {
    let properties: Vec<Value> = schema.tickets.values().map(property_json).collect();
    let pipelines: Vec<Value> = schema
        .pipelines
        .iter()
        .map(|pipeline| {
            let stages: Vec<Value> = pipeline
                .stages
                .iter()
                .map(|stage| json!({"id": stage.id, "label": stage.label}))
                .collect();
            json!({"id": pipeline.id, "label": pipeline.label, "stages": stages})
        })
        .collect();
    let owners: Vec<Value> = schema
        .owners
        .iter()
        .map(|owner| {
            json!({"id": owner.id, "email": owner.email, "name": owner.full_name(),
                   "archived": owner.archived})
        })
        .collect();
    json!({"tickets": properties, "pipelines": pipelines, "owners": owners}).to_string()
}

fn property_json(property: &PropertyDef) -> Value {
    let options: Vec<Value> = property
        .options
        .iter()
        .map(|option| json!({"label": option.label, "value": option.value}))
        .collect();
    json!({"name": property.name, "type": format!("{:?}", property.value_type),
           "readOnly": property.read_only, "unique": property.unique, "options": options})
}

/// A refusal as JSON, whole enough to write refused.csv from it again.
pub(super) fn issue_json(issue: &RowIssue) -> String {
    let first = issue.first();
    json!({
        "code": first.reason.code(),
        "column": first.column.as_deref().or(first.property.as_deref()),
        "value": first.value,
        "hint": issue.hint(),
    })
    .to_string()
}
