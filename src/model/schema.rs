//! What a portal holds, as plain values: property definitions, pipelines with
//! their stages, owners. The client fills it, the mapping is compiled against it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use super::object::{CustomObject, CustomType, ObjectName, ObjectType};

/// The ticket property that holds an owner's id.
pub const OWNER_PROPERTY: &str = "hubspot_owner_id";

/// The value type of a property (HubSpot `type`). An unknown type is treated as
/// `String`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum ValueType {
    /// Any text up to 65,536 UTF-16 units.
    String,
    /// A decimal number.
    Number,
    /// `true` or `false`.
    Bool,
    /// A calendar day, `YYYY-MM-DD`.
    Date,
    /// An instant with milliseconds.
    DateTime,
    /// One of the options.
    Enumeration,
    /// Several of the options, joined by `;` (HubSpot field type `checkbox`).
    MultiEnumeration,
    /// The id of an owner.
    Owner,
    /// The id of a pipeline.
    Pipeline,
    /// The id of a stage of the row's pipeline.
    Stage,
}

/// Names of value types in files, never changed.
pub const VALUE_TYPES: [(&str, ValueType); 10] = [
    ("string", ValueType::String),
    ("number", ValueType::Number),
    ("bool", ValueType::Bool),
    ("date", ValueType::Date),
    ("datetime", ValueType::DateTime),
    ("enumeration", ValueType::Enumeration),
    ("multi", ValueType::MultiEnumeration),
    ("owner", ValueType::Owner),
    ("pipeline", ValueType::Pipeline),
    ("stage", ValueType::Stage),
];

/// One option of an enumeration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PropertyOption {
    /// What a person sees.
    pub label: String,
    /// What is sent and stored; case-sensitive.
    pub value: String,
}

/// A property as the portal defines it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PropertyDef {
    /// Internal name.
    pub name: String,
    /// What a person sees.
    pub label: String,
    /// Value type, as used for conversion and comparison.
    pub value_type: ValueType,
    /// Options of an enumeration; empty for external ones.
    pub options: Vec<PropertyOption>,
    /// True when the options are defined elsewhere, so that an empty list means nothing
    /// (HubSpot `externalOptions`).
    pub external_options: bool,
    /// Set when values can't be written (HubSpot `modificationMetadata.readOnlyValue`
    /// or `calculated`).
    pub read_only: bool,
    /// True for a unique-value property (HubSpot `hasUniqueValue`).
    pub unique: bool,
}

impl PropertyDef {
    /// A property of text that can be written, labelled with its name.
    pub fn text(name: &str) -> PropertyDef {
        PropertyDef {
            name: name.to_owned(),
            label: name.to_owned(),
            value_type: ValueType::String,
            options: Vec::new(),
            external_options: false,
            read_only: false,
            unique: false,
        }
    }
}

/// A property that a mapping asks for (`[[property]]`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewProperty {
    /// Internal name: lower-case letters, digits, underscore.
    pub name: String,
    /// What a person sees.
    pub label: String,
    /// HubSpot `type`, e.g. `string`.
    pub type_name: String,
    /// HubSpot `fieldType`, e.g. `text`.
    pub field_type: String,
    /// HubSpot group; `ticketinformation` unless the mapping says otherwise.
    pub group: String,
    /// Longer text for the settings page.
    pub description: String,
    /// Whether values are unique.
    pub unique: bool,
    /// Options of an enumeration.
    pub options: Vec<PropertyOption>,
}

impl NewProperty {
    /// The definition that the portal will hold once this property is created.
    pub fn definition(&self) -> PropertyDef {
        PropertyDef {
            name: self.name.clone(),
            label: self.label.clone(),
            value_type: ValueType::from_hubspot(&self.type_name, &self.field_type),
            options: self.options.clone(),
            external_options: false,
            read_only: false,
            unique: self.unique,
        }
    }
}

impl From<ValueType> for String {
    fn from(value_type: ValueType) -> String {
        value_type.word().to_owned()
    }
}

impl From<String> for ValueType {
    fn from(word: String) -> ValueType {
        ValueType::of_word(&word)
    }
}

impl ValueType {
    /// Its name in files.
    pub fn word(self) -> &'static str {
        let mut known = VALUE_TYPES.iter();
        known
            .find(|(_, known)| *known == self)
            .map_or("string", |(name, _)| name)
    }

    /// The type of a name in a file; an unknown name means text.
    pub fn of_word(word: &str) -> ValueType {
        let mut known = VALUE_TYPES.iter();
        let found = known.find(|(name, _)| *name == word);
        found.map_or(ValueType::String, |(_, value_type)| *value_type)
    }

    /// Reads HubSpot's `type` and `fieldType`. Owners, pipelines and stages are
    /// recognised by name or `referencedObjectType` where the definition is read.
    pub fn from_hubspot(type_name: &str, field_type: &str) -> ValueType {
        match (type_name, field_type) {
            ("number", _) => ValueType::Number,
            ("bool", _) => ValueType::Bool,
            ("date", _) => ValueType::Date,
            ("datetime", _) => ValueType::DateTime,
            ("enumeration", "checkbox") => ValueType::MultiEnumeration,
            ("enumeration", _) => ValueType::Enumeration,
            _ => ValueType::String,
        }
    }
}

/// A stage of a pipeline (HubSpot calls it a ticket status on screen).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stage {
    /// Internal id, what is sent.
    pub id: String,
    /// What a person sees; may repeat in other pipelines.
    pub label: String,
    /// True when tickets in it count as closed.
    pub closed: bool,
}

/// A pipeline with its stages in display order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pipeline {
    /// Internal id, what is sent; `"0"` is the default pipeline.
    pub id: String,
    /// What a person sees.
    pub label: String,
    /// Stages in display order.
    pub stages: Vec<Stage>,
}

/// A user to whom a ticket can be assigned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// Owner id, what is sent (not the user id).
    pub id: String,
    /// May be shared by an active and an archived owner.
    pub email: String,
    /// First name, may be empty.
    pub first_name: String,
    /// Last name, may be empty.
    pub last_name: String,
    /// Deactivated users can't be given tickets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub archived: bool,
}

impl Owner {
    /// First and last name with one blank between.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name)
            .trim()
            .to_owned()
    }
}

/// Everything of a portal that a mapping is compiled against.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// Ticket properties by internal name.
    pub tickets: BTreeMap<String, PropertyDef>,
    /// Contact properties by internal name; empty when no link needs them.
    pub contacts: BTreeMap<String, PropertyDef>,
    /// Ticket pipelines.
    pub pipelines: Vec<Pipeline>,
    /// Owners, active and archived; empty when nothing needs them.
    pub owners: Vec<Owner>,
    /// Custom objects; empty when nothing names one.
    pub custom: Vec<CustomObject>,
}

/// The empty set for object types that no schema holds.
static NO_PROPERTIES: BTreeMap<String, PropertyDef> = BTreeMap::new();

impl Schema {
    /// Properties of an object type by internal name; empty for one that the schema
    /// does not hold.
    pub fn properties(&self, object: ObjectType) -> &BTreeMap<String, PropertyDef> {
        match object {
            ObjectType::Tickets => &self.tickets,
            ObjectType::Contacts => &self.contacts,
            _ => &NO_PROPERTIES,
        }
    }

    /// This schema as it will be once `new` ticket properties exist. Existing ones stay
    /// as the portal has them.
    pub fn with_tickets(mut self, new: &[NewProperty]) -> Schema {
        for property in new {
            let _ = self
                .tickets
                .entry(property.name.clone())
                .or_insert_with(|| property.definition());
        }
        self
    }
}
