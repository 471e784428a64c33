//! What the portal's records may hold: properties, groups, pipelines, owners, in
//! the shapes in which the API shows them (C1 §6 and §7). Kept in memory;
//! the store has the same as JSON text.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::kind::Kind;
use super::links::LinkTypes;
use super::value_rule::{PropertyRules, Rule};

/// Types of value (C1 §3.2; the last is one of the internal ones).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ValueType {
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
pub(super) struct Property {
    pub(super) name: String,
    pub(super) label: String,
    #[serde(rename = "type")]
    pub(super) value_type: ValueType,
    pub(super) field_type: String,
    pub(super) description: String,
    pub(super) group_name: String,
    pub(super) options: Vec<Choice>,
    pub(super) display_order: i64,
    pub(super) calculated: bool,
    pub(super) external_options: bool,
    pub(super) has_unique_value: bool,
    pub(super) hidden: bool,
    pub(super) hubspot_defined: bool,
    pub(super) form_field: bool,
    pub(super) data_sensitivity: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) referenced_object_type: Option<String>,
    pub(super) modification_metadata: Modification,
    pub(super) archived: bool,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) archived_at: Option<String>,
    pub(super) created_at: String,
    pub(super) updated_at: String,
}

/// What may be changed about a property.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Modification {
    pub(super) archivable: bool,
    pub(super) read_only_definition: bool,
    pub(super) read_only_value: bool,
}

/// An option of an enumeration or a bool.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Choice {
    pub(super) label: String,
    pub(super) value: String,
    #[serde(default)]
    pub(super) display_order: i64,
    #[serde(default)]
    pub(super) hidden: bool,
    #[serde(default)]
    pub(super) description: String,
}

/// A group of properties.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) label: String,
    #[serde(default)]
    pub(super) display_order: i64,
    #[serde(default)]
    pub(super) archived: bool,
}

/// A ticket pipeline.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pipeline {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) display_order: i64,
    #[serde(default)]
    pub(super) archived: bool,
    #[serde(default = "epoch")]
    pub(super) created_at: String,
    #[serde(default = "epoch")]
    pub(super) updated_at: String,
    pub(super) stages: Vec<Stage>,
}

/// A stage of a pipeline. `metadata` values are strings, `isClosed` too.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stage {
    pub(super) id: String,
    pub(super) label: String,
    pub(super) display_order: i64,
    pub(super) metadata: BTreeMap<String, String>,
    #[serde(default = "epoch")]
    pub(super) created_at: String,
    #[serde(default = "epoch")]
    pub(super) updated_at: String,
    #[serde(default)]
    pub(super) archived: bool,
    pub(super) write_permissions: String,
}

/// An owner. Archived ones have no `userId` (C1 §7.2).
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Owner {
    pub(super) id: String,
    pub(super) email: String,
    #[serde(rename = "type")]
    pub(super) owner_type: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) user_id: Option<u64>,
    pub(super) user_id_including_inactive: u64,
    pub(super) created_at: String,
    pub(super) updated_at: String,
    pub(super) archived: bool,
}

/// HubSpot's own things are as old as the epoch (C1 §7.1).
pub(super) fn epoch() -> String {
    "1970-01-01T00:00:00Z".to_owned()
}

impl Property {
    /// Whether several values may be joined by `;`.
    pub(super) fn is_multi(&self) -> bool {
        self.value_type == ValueType::Enumeration && self.field_type == "checkbox"
    }

    /// Whether values are ids of owners.
    pub(super) fn is_owner(&self) -> bool {
        self.referenced_object_type.as_deref() == Some("OWNER")
    }

    /// Whether it counts towards the ten that may be unique: HubSpot's own do not.
    pub(super) fn is_custom_unique(&self) -> bool {
        self.has_unique_value && !self.hubspot_defined
    }
}

impl Pipeline {
    pub(super) fn stage(&self, id: &str) -> Option<&Stage> {
        self.stages.iter().find(|stage| stage.id == id)
    }
}

impl Stage {
    pub(super) fn is_closed(&self) -> bool {
        self.metadata
            .get("ticketState")
            .is_some_and(|state| state == "CLOSED")
    }

    /// Whether tickets may be written into it.
    pub(super) fn takes_tickets(&self) -> bool {
        !matches!(
            self.write_permissions.as_str(),
            "READ_ONLY" | "INTERNAL_ONLY"
        )
    }
}

/// Properties and groups of one kind of record.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) properties: BTreeMap<String, Property>,
    /// Those in the recycle bin: no record has values of them.
    pub(super) archived: BTreeMap<String, Property>,
    pub(super) groups: BTreeMap<String, Group>,
    /// Names of the unique ones, which every write has to look at.
    pub(super) unique: BTreeSet<String>,
    /// Rules for values, by property; no list is empty.
    pub(super) rules: BTreeMap<String, Vec<Rule>>,
}

impl Shelf {
    /// Takes the rules of a property in, in place of those that it had.
    pub(super) fn put_rules(&mut self, rules: PropertyRules) {
        let PropertyRules {
            property_name,
            property_validation_rules,
        } = rules;
        let _former = match property_validation_rules.is_empty() {
            true => self.rules.remove(&property_name),
            false => self.rules.insert(property_name, property_validation_rules),
        };
    }

    /// Takes a definition in, in place of the one that had its name.
    pub(super) fn put(&mut self, property: Property) {
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
pub(super) struct Schema {
    shelves: [Shelf; Kind::ALL.len()],
    pub(super) links: LinkTypes,
    /// In display order; the first is the default one.
    pub(super) pipelines: Vec<Pipeline>,
    /// In id order.
    pub(super) owners: Vec<Owner>,
}

impl Schema {
    pub(super) fn of(&self, kind: Kind) -> &Shelf {
        &self.shelves[kind as usize]
    }

    pub(super) fn of_mut(&mut self, kind: Kind) -> &mut Shelf {
        &mut self.shelves[kind as usize]
    }

    pub(super) fn pipeline(&self, id: &str) -> Option<&Pipeline> {
        self.pipelines.iter().find(|pipeline| pipeline.id == id)
    }

    pub(super) fn pipeline_mut(&mut self, id: &str) -> Option<&mut Pipeline> {
        self.pipelines.iter_mut().find(|pipeline| pipeline.id == id)
    }
}
