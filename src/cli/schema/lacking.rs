//! What a portal lacks for a mapping: groups, properties, options of properties. A
//! definition that differs from the mapping's is a clash: reported once, before any
//! row, and never changed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::hubspot::PropertyGroup;
use crate::model::schema::{NewProperty, PropertyDef, PropertyOption, Schema, ValueType};

/// Everything that is lacking.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lacking {
    /// Groups for missing properties.
    pub groups: Vec<PropertyGroup>,
    /// Properties.
    pub properties: Vec<NewProperty>,
    /// Options of properties that the portal has, by their internal name.
    pub options: Vec<(String, Vec<PropertyOption>)>,
    /// What the portal defines differently, or can't hold, in words: nothing is written
    /// while there is a clash.
    pub clashes: Vec<String>,
}

/// HubSpot: unique-value properties of an object type.
const UNIQUE_LIMIT: usize = 10;

impl Lacking {
    /// Checks the `[[property]]` entries of a mapping against the ticket properties of a
    /// portal; `archived` are the names of those in its recycle bin. Groups are left out.
    pub fn of(wanted: &[NewProperty], schema: &Schema, archived: &[String]) -> Lacking {
        let properties = lacking(wanted, schema);
        let existing = wanted.iter().filter_map(|new| {
            let found = schema.tickets.get(&new.name)?;
            Some((new, found))
        });
        let existing: Vec<(&NewProperty, &PropertyDef)> = existing.collect();
        let mut clashes: Vec<String> = existing.iter().copied().filter_map(otherwise).collect();
        let in_bin = properties.iter().filter(|new| archived.contains(&new.name));
        clashes.extend(in_bin.map(archived_words));
        clashes.extend(too_many_unique(&properties, schema));
        Lacking {
            groups: Vec::new(),
            options: existing.iter().copied().filter_map(options).collect(),
            clashes,
            properties,
        }
    }

    /// Adds the groups that the properties need and the portal lacks.
    #[must_use]
    pub fn grouped(mut self, groups: &[PropertyGroup]) -> Lacking {
        self.groups = lacking_groups(&self.properties, groups);
        self
    }

    /// The portal's definitions once everything missing has been created.
    pub fn completed(&self, schema: &Schema) -> Schema {
        let mut complete = schema.clone().with_tickets(&self.properties);
        for (name, options) in &self.options {
            if let Some(property) = complete.tickets.get_mut(name) {
                property.options.extend(options.iter().cloned());
            }
        }
        complete
    }

    /// The completed definitions, with clashing ones as the mapping wants them: a check
    /// uses these, so that rows are not blamed for the portal.
    pub fn assumed(&self, wanted: &[NewProperty], schema: &Schema) -> Schema {
        let mut assumed = self.completed(schema);
        for new in wanted {
            let found = schema.tickets.get(&new.name);
            if found.is_some_and(|found| otherwise((new, found)).is_some()) {
                let _portals = assumed.tickets.insert(new.name.clone(), new.definition());
            }
        }
        assumed
    }

    /// Names of the properties and options, for a sentence on what the portal lacks.
    pub fn names(&self) -> String {
        let properties: Vec<&str> = self.properties.iter().map(|new| &*new.name).collect();
        let mut words = Vec::new();
        match properties.as_slice() {
            [] => {}
            [one] => words.push(format!("the property {one}")),
            several => words.push(format!("the properties {}", several.join(", "))),
        }
        words.extend(self.options.iter().map(|(name, options)| {
            let labels: Vec<&str> = options.iter().map(|option| &*option.label).collect();
            format!("options of {name}: {}", labels.join(", "))
        }));
        words.join("; ")
    }

    /// Whether there is something that can be created.
    pub fn can_be_created(&self) -> bool {
        !(self.groups.is_empty() && self.properties.is_empty() && self.options.is_empty())
    }

    /// Whether the portal is as the mapping needs it.
    pub fn is_empty(&self) -> bool {
        !self.can_be_created() && self.clashes.is_empty()
    }

    /// All of it in words, one thing per line; no lines if nothing is missing.
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
            "otherwise": self.clashes,
        })
    }
}

/// The properties of a mapping that the portal does not have.
pub fn lacking(wanted: &[NewProperty], schema: &Schema) -> Vec<NewProperty> {
    let new = |property: &&NewProperty| !schema.tickets.contains_key(&property.name);
    wanted.iter().filter(new).cloned().collect()
}

/// Groups for properties that the portal does not have.
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

/// Options that are defined elsewhere can't be added.
fn options((new, found): (&NewProperty, &PropertyDef)) -> Option<(String, Vec<PropertyOption>)> {
    if !is_choice(found.value_type) || found.external_options || found.read_only {
        return None;
    }
    // An existing label stands for the portal's own value.
    let is_new = |option: &&PropertyOption| {
        let mut known = found.options.iter();
        !known.any(|known| known.value == option.value || known.label == option.label)
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
    match (new.unique, found.unique) {
        (true, false) => {
            return Some(format!(
                "{name} holds no unique values in the portal, the mapping wants them unique"
            ));
        }
        (false, true) => {
            return Some(format!(
                "{name} holds unique values in the portal, the mapping defines it without `unique`"
            ));
        }
        _ => {}
    }
    let words = || format!("{name} is read-only in the portal, so no value can be written");
    found.read_only.then(words)
}

/// A name that belongs to a property whose values can't be written.
fn archived_words(new: &NewProperty) -> String {
    let code = if new.unique {
        "KEY_ARCHIVED_PROPERTY: "
    } else {
        ""
    };
    format!(
        "{code}the portal holds property {} among the archived ones; restore it in HubSpot's property settings, or use another name",
        new.name
    )
}

/// A portal can have only so many unique properties.
fn too_many_unique(properties: &[NewProperty], schema: &Schema) -> Option<String> {
    // HubSpot's own unique properties don't count.
    let is_counted = |held: &&PropertyDef| held.unique && !held.name.starts_with("hs_");
    let held = schema.tickets.values().filter(is_counted).count();
    let new: Vec<&str> = properties
        .iter()
        .filter(|property| property.unique)
        .map(|property| &*property.name)
        .collect();
    let fits = new.is_empty() || held + new.len() <= UNIQUE_LIMIT;
    (!fits).then(|| {
        format!(
            "KEY_LIMIT: the portal has {held} unique ticket properties, {UNIQUE_LIMIT} is the most, so {} can't be created; archive one that is not needed, or use one of them as the key",
            new.join(", ")
        )
    })
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

    fn portal(properties: &[NewProperty]) -> Schema {
        Schema::default().with_tickets(properties)
    }

    #[test]
    fn a_portal_that_has_everything_lacks_nothing() {
        let wanted = [
            new("key", "string", &[]),
            new("area", "enumeration", &["A", "B"]),
        ];
        let groups = lacking_groups(&wanted, &[]);
        let found = Lacking::of(&wanted, &portal(&wanted), &[]).grouped(&groups);
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
        let has = [has.as_slice(), &[key]].concat();
        let groups = lacking_groups(&has, &[]);
        let found = Lacking::of(&wanted, &portal(&has), &[]).grouped(&groups);
        assert_eq!(
            found.words(),
            [
                "group group_of_color",
                "property color (COLOR, string)",
                "options of area: b",
            ]
        );
        assert_eq!(
            found.clashes,
            [
                "effort is of type string in the portal, the mapping defines number",
                "key holds no unique values in the portal, the mapping wants them unique",
            ]
        );
    }

    #[test]
    fn everything_that_a_portal_has_otherwise_is_a_clash() {
        let key = new("key", "string", &[]);
        let area = new("area", "enumeration", &["A"]);
        let plain = NewProperty {
            unique: false,
            ..key.clone()
        };
        let locked = |property: &NewProperty| {
            let mut schema = portal(std::slice::from_ref(property));
            for definition in schema.tickets.values_mut() {
                definition.read_only = true;
            }
            schema
        };
        let full: Vec<NewProperty> = (0..10)
            .map(|number| NewProperty {
                unique: true,
                ..new(&format!("u{number}"), "string", &[])
            })
            .collect();
        let none: &[String] = &[];
        let table: [(&NewProperty, Schema, &[String], &str); 8] = [
            (&plain, portal(std::slice::from_ref(&area)), none, ""),
            (
                &plain,
                portal(&[new("key", "number", &[])]),
                none,
                "key is of type number in the portal, the mapping defines string",
            ),
            (
                &area,
                portal(&[new("area", "string", &[])]),
                none,
                "area is of type string in the portal, the mapping defines enumeration",
            ),
            (
                &key,
                portal(std::slice::from_ref(&plain)),
                none,
                "key holds no unique values in the portal",
            ),
            (
                &plain,
                portal(std::slice::from_ref(&key)),
                none,
                "key holds unique values in the portal",
            ),
            (
                &area,
                locked(&area),
                none,
                "area is read-only in the portal",
            ),
            (
                &area,
                portal(&[]),
                &["area".to_owned()],
                "the portal holds property area among the archived ones",
            ),
            (
                &key,
                portal(&full),
                none,
                "KEY_LIMIT: the portal has 10 unique ticket properties, 10 is the most, so key can't be created",
            ),
        ];
        for (wanted, schema, archived, words) in table {
            let found = Lacking::of(std::slice::from_ref(wanted), &schema, archived).clashes;
            match words {
                "" => assert_eq!(found, [""; 0]),
                words => assert!(
                    matches!(found.as_slice(), [one] if one.starts_with(words) || one.contains(words)),
                    "{words}: {found:?}"
                ),
            }
        }
    }

    #[test]
    fn an_option_with_the_same_label_is_the_portals_own() {
        let mut schema = portal(&[new("area", "enumeration", &["A"])]);
        for option in schema
            .tickets
            .values_mut()
            .flat_map(|area| &mut area.options)
        {
            option.value = "OWN".to_owned();
        }
        let found = Lacking::of(&[new("area", "enumeration", &["A", "B"])], &schema, &[]);
        assert_eq!(found.names(), "options of area: b");
        let complete = found.completed(&schema);
        let values = complete.tickets["area"].options.iter();
        let values = values.map(|option| &*option.value);
        assert_eq!(values.collect::<Vec<_>>(), ["OWN", "B"]);
    }
}
