//! What is in the header of run.db, and the JSON of its values. Readers ignore
//! additional fields; what is here is never renamed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::run_options::RunOptions;
use crate::model::issue::Refusal;
use crate::model::schema::{CustomObject, Owner, Pipeline, PropertyDef, Schema};

/// What a run is about; written once, before anything is sent (D1).
#[derive(Clone, Debug)]
pub struct Header {
    /// Id of the run; none in journals of earlier versions.
    pub run: String,
    /// Id of the run whose refused rows this one retries; none in journals of earlier
    /// versions.
    pub parent: Option<String>,
    /// `create`, `update`, `upsert`, `archive`
    pub operation: String,
    /// Tickets are read first, and only what differs is sent (PL1).
    pub diff: bool,
    /// HubSpot portal id.
    pub portal_id: u64,
    /// How the portal was reached, for a resume without flags; never a token.
    pub portal: PortalPath,
    /// Path of the mapping.
    pub mapping_path: PathBuf,
    /// The mapping itself.
    pub mapping_text: String,
    /// The files next to the mapping that it names, with the BLAKE3 of each in hex.
    pub tables: BTreeMap<String, String>,
    /// The inputs, in the order of the run.
    pub inputs: Vec<InputFile>,
    /// The schema that the mapping was compiled against.
    pub schema: Schema,
    /// The key property is not written, so unknown rows can't be looked up (S7).
    pub no_key: bool,
    /// The encoding given by the user.
    pub encoding: Option<String>,
    /// The delimiter given by the user.
    pub delimiter: Option<u8>,
    /// Options that a resume uses again unless others are given (R3).
    pub run_options: RunOptions,
    /// The run that this one undoes.
    pub undoes: Option<UndoneRun>,
    /// The plan that the run applies.
    pub plan: Option<PlanRef>,
}

/// A run that another one undoes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UndoneRun {
    /// Its id; empty if not known.
    pub run: String,
    /// Its folder.
    pub folder: PathBuf,
}

/// How a portal was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PortalPath {
    /// The embedded sandbox, its state in this folder.
    Sandbox(PathBuf),
    /// An address.
    Url(String),
    /// A portal of the configuration, by its name there, and its address.
    Named {
        /// The name.
        name: String,
        /// The address.
        url: String,
    },
}

/// An input as it was when the run began. Each CSV file of an archive is a separate input; size,
/// time and hash are those of the archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFile {
    /// Absolute path; for standard input, that of its content in the run folder.
    pub path: PathBuf,
    /// Name in the archive, if `path` is one.
    pub member: Option<String>,
    /// Size in bytes.
    pub size: u64,
    /// Time of the last change.
    pub modified: Timestamp,
    /// BLAKE3 of the whole file, in hex.
    pub hash: String,
}

impl InputFile {
    /// Its path, followed by the member of an archive.
    pub fn name(&self) -> String {
        let path = self.path.display();
        match &self.member {
            Some(member) => format!("{path}/{member}"),
            None => path.to_string(),
        }
    }
}

#[derive(Serialize, Deserialize)]
struct SchemaText {
    tickets: Vec<PropertyDef>,
    contacts: Vec<PropertyDef>,
    pipelines: Vec<Pipeline>,
    owners: Vec<Owner>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    custom: Vec<CustomObject>,
}

#[derive(Serialize, Deserialize)]
struct RefusalText {
    code: String,
    column: String,
    value: String,
    hint: String,
}

/// The schema as JSON.
pub(super) fn schema_text(schema: &Schema) -> serde_json::Result<String> {
    serde_json::to_string(&SchemaText {
        tickets: schema.tickets.values().cloned().collect(),
        contacts: schema.contacts.values().cloned().collect(),
        pipelines: schema.pipelines.clone(),
        owners: schema.owners.clone(),
        custom: schema.custom.clone(),
    })
}

/// The schema from its JSON.
pub(super) fn schema_from(text: &str) -> serde_json::Result<Schema> {
    let text: SchemaText = serde_json::from_str(text)?;
    Ok(Schema {
        tickets: by_name(text.tickets),
        contacts: by_name(text.contacts),
        pipelines: text.pipelines,
        owners: text.owners,
        custom: text.custom,
    })
}

fn by_name(properties: Vec<PropertyDef>) -> BTreeMap<String, PropertyDef> {
    let named = |property: PropertyDef| (property.name.clone(), property);
    properties.into_iter().map(named).collect()
}

/// A refusal as JSON, complete enough to write refused.csv from it again.
pub(super) fn refusal_text(refusal: &Refusal) -> serde_json::Result<String> {
    serde_json::to_string(&RefusalText {
        code: refusal.code.clone(),
        column: refusal.column.clone(),
        value: refusal.value.clone(),
        hint: refusal.hint.clone(),
    })
}

/// A refusal from its JSON.
pub(super) fn refusal_from(text: &str) -> serde_json::Result<Refusal> {
    let text: RefusalText = serde_json::from_str(text)?;
    Ok(Refusal {
        code: text.code,
        column: text.column,
        value: text.value,
        hint: text.hint,
    })
}

/// The plan that a run applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanRef {
    /// Id of the plan.
    pub id: String,
    /// Its folder.
    pub folder: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::schema::{CustomType, VALUE_TYPES, ValueType};
    use crate::model::testing::{owner, pipeline, with_options};

    #[test]
    fn a_schema_of_an_older_journal_is_read() {
        let old = r#"{"tickets":[{"name":"p","label":"P","value_type":"enumeration",
            "options":[["High","HIGH"]],"external_options":false,"read_only":false,
            "unique":false}],"contacts":[],"pipelines":[{"id":"0","label":"Support",
            "stages":[["1","New",false]]}],"owners":[{"id":"7","email":"a@b.example",
            "first_name":"A","last_name":"B","archived":false}]}"#;
        let schema = schema_from(old).expect("a schema");
        let options = &schema.tickets["p"].options;
        assert_eq!((&*options[0].label, &*options[0].value), ("High", "HIGH"));
        assert_eq!(schema.pipelines[0].stages[0].label, "New");
        assert!(!schema.owners[0].archived);
    }

    #[test]
    fn a_schema_comes_back_as_it_went_in() {
        let property = |name: &str, value_type| PropertyDef {
            label: name.to_uppercase(),
            read_only: true,
            unique: true,
            ..with_options(name, value_type, &[("HIGH", "High")])
        };
        let named = VALUE_TYPES.iter();
        let named = named.map(|(name, value_type)| property(name, *value_type));
        let owner = Owner {
            archived: true,
            ..owner("7", "a@b.example", "A", "B")
        };
        let schema = Schema {
            tickets: by_name(named.collect()),
            contacts: by_name(vec![property("email", ValueType::String)]),
            pipelines: vec![pipeline("0", "Support", &[("1", "Closed")])],
            owners: vec![owner],
            custom: vec![CustomObject {
                object: CustomType::of("2-1234567").expect("a type id"),
                name: "device".to_owned(),
                full_name: "p7_device".to_owned(),
                singular: "Device".to_owned(),
                plural: "Devices".to_owned(),
            }],
        };
        let text = schema_text(&schema).expect("JSON");
        assert_eq!(schema_from(&text).expect("a schema"), schema);
    }
}
