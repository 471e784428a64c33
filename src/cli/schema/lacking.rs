//! What a portal lacks for a mapping: groups, properties, options of properties. What
//! it has otherwise than the mapping defines it is told, and never changed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::copy::PortalCopy;
use crate::hubspot::PropertyGroup;
use crate::model::schema::{NewProperty, PropertyDef, PropertyOption, Schema, ValueType};

/// Everything that is lacking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    /// Groups that lacking properties are to be in.
    pub groups: Vec<PropertyGroup>,
    /// Properties.
    pub properties: Vec<NewProperty>,
    /// Options of properties that the portal has, by their internal name.
    pub options: Vec<(String, Vec<PropertyOption>)>,
    /// Properties that are otherwise in the portal, in words.
    pub otherwise: Vec<String>,
}

impl Lacking {
    /// Holds the `[[property]]` entries of a mapping against a portal.
    pub fn of(wanted: &[NewProperty], copy: &PortalCopy) -> Lacking {
        let properties = lacking(wanted, &copy.schema);
        let existing = wanted.iter().filter_map(|new| {
            let found = copy.schema.tickets.get(&new.name)?;
            Some((new, found))
        });
        let existing: Vec<(&NewProperty, &PropertyDef)> = existing.collect();
        Lacking {
            groups: lacking_groups(&properties, &copy.groups),
            options: existing.iter().copied().filter_map(options).collect(),
            otherwise: existing.iter().copied().filter_map(otherwise).collect(),
            properties,
        }
    }

    /// Whether there is something that can be created.
    pub fn can_be_created(&self) -> bool {
        !(self.groups.is_empty() && self.properties.is_empty() && self.options.is_empty())
    }

    /// Whether the portal is as the mapping wants it.
    pub fn is_empty(&self) -> bool {
        !self.can_be_created() && self.otherwise.is_empty()
    }

    /// All of it in words, one thing a line; no line when nothing is lacking.
    pub fn words(&self) -> Vec<String> {
        let groups = self
            .groups
            .iter()
            .map(|group| format!("group {}", group.name));
        let properties = self.properties.iter().map(property_words);
        let options = self.options.iter().map(|(name, options)| {
            let labels: Vec<&str> = options.iter().map(|option| option.label.as_str()).collect();
            format!("options of {name}: {}", labels.join(", "))
        });
        groups.chain(properties).chain(options).collect()
    }

    /// For scripts.
    pub fn json(&self) -> Value {
        let names = |names: Vec<&str>| json!(names);
        let options: Vec<Value> = self
            .options
            .iter()
            .map(|(name, options)| {
                let values = options.iter().map(|option| option.value.as_str());
                json!({"property": name, "values": names(values.collect())})
            })
            .collect();
        json!({
            "groups": names(self.groups.iter().map(|group| group.name.as_str()).collect()),
            "properties": names(self.properties.iter().map(|new| new.name.as_str()).collect()),
            "options": options,
            "otherwise": self.otherwise,
        })
    }
}

/// The properties of a mapping that the portal does not have.
pub fn lacking(wanted: &[NewProperty], schema: &Schema) -> Vec<NewProperty> {
    let new = |property: &&NewProperty| !schema.tickets.contains_key(&property.name);
    wanted.iter().filter(new).cloned().collect()
}

/// Groups that properties are to be in and that are not there.
pub fn lacking_groups(properties: &[NewProperty], groups: &[PropertyGroup]) -> Vec<PropertyGroup> {
    let known: BTreeSet<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    let wanted: BTreeSet<&str> = properties.iter().map(|new| new.group.as_str()).collect();
    let lacking = wanted.difference(&known);
    lacking
        .map(|name| PropertyGroup {
            name: (*name).to_owned(),
            label: name.replace('_', " "),
        })
        .collect()
}

/// Options that are kept elsewhere can't be added.
fn options((new, found): (&NewProperty, &PropertyDef)) -> Option<(String, Vec<PropertyOption>)> {
    if !is_choice(found.value_type) || found.external_options || found.read_only {
        return None;
    }
    let is_new = |option: &&PropertyOption| {
        let mut known = found.options.iter();
        !known.any(|known| known.value == option.value)
    };
    let options: Vec<PropertyOption> = new.options.iter().filter(is_new).cloned().collect();
    (!options.is_empty()).then(|| (new.name.clone(), options))
}

fn is_choice(value_type: ValueType) -> bool {
    matches!(
        value_type,
        ValueType::Enumeration | ValueType::MultiEnumeration
    )
}

/// How a property differs from what the mapping defines, in words.
fn otherwise((new, found): (&NewProperty, &PropertyDef)) -> Option<String> {
    let wanted = new.definition().value_type;
    let name = &new.name;
    if wanted != found.value_type {
        let (has, wants) = (found.value_type.word(), wanted.word());
        return Some(format!(
            "{name} is of type {has} in the portal, the mapping defines {wants}"
        ));
    }
    if new.unique && !found.unique {
        return Some(format!(
            "{name} holds no unique values in the portal, the mapping wants them unique"
        ));
    }
    None
}

fn property_words(new: &NewProperty) -> String {
    let unique = if new.unique { ", unique" } else { "" };
    format!(
        "property {} ({}, {}{unique})",
        new.name, new.label, new.type_name
    )
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;

    use super::super::copy::LeftOut;
    use super::*;

    fn new(name: &str, type_name: &str, options: &[&str]) -> NewProperty {
        let option = |value: &&str| PropertyOption {
            label: value.to_lowercase(),
            value: (*value).to_owned(),
        };
        NewProperty {
            name: name.to_owned(),
            label: name.to_uppercase(),
            type_name: type_name.to_owned(),
            field_type: "select".to_owned(),
            group: format!("group_of_{name}"),
            description: String::new(),
            unique: name == "key",
            options: options.iter().map(option).collect(),
        }
    }

    fn portal(properties: &[NewProperty]) -> PortalCopy {
        PortalCopy {
            portal_id: 1,
            pulled: Timestamp::UNIX_EPOCH,
            daily_calls: None,
            burst: None,
            schema: Schema::default().with_tickets(properties),
            groups: lacking_groups(properties, &[]),
            links: Vec::new(),
            archived: BTreeSet::new(),
            others: BTreeMap::new(),
            left_out: LeftOut::default(),
        }
    }

    #[test]
    fn a_portal_that_has_everything_lacks_nothing() {
        let wanted = [
            new("key", "string", &[]),
            new("area", "enumeration", &["A", "B"]),
        ];
        let found = Lacking::of(&wanted, &portal(&wanted));
        assert_eq!(found, Lacking::default());
        assert!(found.is_empty());
    }

    #[test]
    fn groups_properties_and_options_are_told_apart() {
        let has = [
            new("area", "enumeration", &["A"]),
            new("effort", "string", &[]),
        ];
        let key = NewProperty {
            unique: false,
            ..new("key", "string", &[])
        };
        let wanted = [
            new("area", "enumeration", &["A", "B"]),
            new("effort", "number", &[]),
            new("color", "string", &[]),
            new("key", "string", &[]),
        ];
        let found = Lacking::of(&wanted, &portal(&[has.as_slice(), &[key]].concat()));
        assert_eq!(
            found.words(),
            [
                "group group_of_color",
                "property color (COLOR, string)",
                "options of area: b",
            ]
        );
        assert_eq!(
            found.otherwise,
            [
                "effort is of type string in the portal, the mapping defines number",
                "key holds no unique values in the portal, the mapping wants them unique",
            ]
        );
    }
}
