//! What the portal's records may hold: properties, groups, pipelines, owners, in the shapes in
//! which the API shows them (C1 §6 and §7). Held in memory; the store has a copy as JSON text.

pub(crate) mod kind;
mod definitions;
pub(crate) mod properties;
mod property_rules;
pub(crate) mod value_rule;
pub(crate) mod value_rules;
mod pipelines;
pub(crate) mod stages;
pub(crate) mod people;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::links::LinkTypes;
use kind::Kind;
use value_rule::{PropertyRules, Rule};

/// Types of value (C1 §3.2; the last is one of the internal ones).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ValueType {
    String,
    Number,
    Bool,
    Enumeration,
    Date,
    Datetime,
    PhoneNumber,
    ObjectCoordinates,
}

/// A property definition.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Property {
    pub(crate) name: String,
    pub(crate) label: String,
    #[serde(rename = "type")]
    pub(crate) value_type: ValueType,
    pub(crate) field_type: String,
    pub(crate) description: String,
    pub(crate) group_name: String,
    pub(crate) options: Vec<Choice>,
    pub(crate) display_order: i64,
    pub(crate) calculated: bool,
    pub(crate) external_options: bool,
    pub(crate) has_unique_value: bool,
    pub(crate) hidden: bool,
    pub(crate) hubspot_defined: bool,
    pub(crate) form_field: bool,
    pub(crate) data_sensitivity: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) referenced_object_type: Option<String>,
    pub(crate) modification_metadata: Modification,
    pub(crate) archived: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) archived_at: Option<String>,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
}

/// What may be changed about a property.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Modification {
    pub(crate) archivable: bool,
    pub(crate) read_only_definition: bool,
    pub(crate) read_only_value: bool,
}

/// An option of an enumeration or a bool.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Choice {
    pub(crate) label: String,
    pub(crate) value: String,
    #[serde(default)]
    pub(crate) display_order: i64,
    #[serde(default)]
    pub(crate) hidden: bool,
    #[serde(default)]
    pub(crate) description: String,
}

/// A group of properties.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) label: String,
    #[serde(default)]
    pub(crate) display_order: i64,
    #[serde(default)]
    pub(crate) archived: bool,
}

/// A ticket pipeline.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pipeline {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) display_order: i64,
    #[serde(default)]
    pub(crate) archived: bool,
    #[serde(default = "epoch")]
    pub(crate) created_at: String,
    #[serde(default = "epoch")]
    pub(crate) updated_at: String,
    pub(crate) stages: Vec<Stage>,
}

/// A stage of a pipeline. `metadata` values are strings, `isClosed` too.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stage {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) display_order: i64,
    pub(crate) metadata: BTreeMap<String, String>,
    #[serde(default = "epoch")]
    pub(crate) created_at: String,
    #[serde(default = "epoch")]
    pub(crate) updated_at: String,
    #[serde(default)]
    pub(crate) archived: bool,
    pub(crate) write_permissions: String,
}

/// An owner. Archived ones have no `userId` (C1 §7.2).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Owner {
    pub(crate) id: String,
    pub(crate) email: String,
    #[serde(rename = "type")]
    pub(crate) owner_type: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) user_id: Option<u64>,
    pub(crate) user_id_including_inactive: u64,
    pub(crate) created_at: String,
    pub(crate) updated_at: String,
    pub(crate) archived: bool,
}

/// HubSpot's own things are as old as the epoch (C1 §7.1).
pub(crate) fn epoch() -> String {
    "1970-01-01T00:00:00Z".to_owned()
}

impl Property {
    /// Whether several values may be joined by `;`.
    pub(crate) fn is_multi(&self) -> bool {
        self.value_type == ValueType::Enumeration && self.field_type == "checkbox"
    }

    /// Whether values are ids of owners.
    pub(crate) fn is_owner(&self) -> bool {
        self.referenced_object_type.as_deref() == Some("OWNER")
    }

    /// Whether it counts towards the ten that may be unique: HubSpot's own do not.
    pub(crate) fn is_custom_unique(&self) -> bool {
        self.has_unique_value && !self.hubspot_defined
    }
}

impl Pipeline {
    pub(crate) fn stage(&self, id: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == id)
    }
}

impl Stage {
    pub(crate) fn is_closed(&self) -> bool {
        self.metadata
            .get("ticketState")
            .is_some_and(|state| state == "CLOSED")
    }

    /// Whether tickets may be written into it.
    pub(crate) fn takes_tickets(&self) -> bool {
        !matches!(
            self.write_permissions.as_str(),
            "READ_ONLY" | "INTERNAL_ONLY"
        )
    }
}

/// Properties and groups of one kind of record.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    pub(crate) properties: BTreeMap<String, Property>,
    /// Those in the recycle bin: no record has values of them.
    pub(crate) archived: BTreeMap<String, Property>,
    pub(crate) groups: BTreeMap<String, Group>,
    /// Names of the unique ones, which every write has to check.
    pub(crate) unique: BTreeSet<String>,
    /// Rules for values, by property; no list is empty.
    pub(crate) rules: BTreeMap<String, Vec<Rule>>,
}

impl Shelf {
    /// Sets the rules of a property, replacing those that it had.
    pub(crate) fn put_rules(&mut self, rules: PropertyRules) {
        let PropertyRules {
            property_name,
            property_validation_rules,
        } = rules;
        let _former = match property_validation_rules.is_empty() {
            true => self.rules.remove(&property_name),
            false => self.rules.insert(property_name, property_validation_rules),
        };
    }

    /// Adds a definition, replacing the one with its name.
    pub(crate) fn put(&mut self, property: Property) {
        if property.archived {
            let _ = self.unique.remove(&property.name);
            let _ = self.properties.remove(&property.name);
            let _ = self.archived.insert(property.name.clone(), property);
            return;
        }
        if property.has_unique_value {
            let _ = self.unique.insert(property.name.clone());
        }
        let _ = self.archived.remove(&property.name);
        let _ = self.properties.insert(property.name.clone(), property);
    }
}

/// Everything that is defined in the portal.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    shelves: [Shelf; Kind::ALL.len()],
    pub(crate) links: LinkTypes,
    /// In display order; the first is the default one.
    pub(crate) pipelines: Vec<Pipeline>,
    /// In id order.
    pub(crate) owners: Vec<Owner>,
}

impl Schema {
    pub(crate) fn of(&self, kind: Kind) -> &Shelf {
        &self.shelves[kind as usize]
    }

    pub(crate) fn of_mut(&mut self, kind: Kind) -> &mut Shelf {
        &mut self.shelves[kind as usize]
    }

    pub(crate) fn pipeline(&self, id: &str) -> Option<&Pipeline> {
        self.pipelines.iter().find(|pipeline| pipeline.id == id)
    }

    pub(crate) fn pipeline_mut(&mut self, id: &str) -> Option<&mut Pipeline> {
        self.pipelines.iter_mut().find(|pipeline| pipeline.id == id)
    }
}
