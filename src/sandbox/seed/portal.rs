//! What every new portal holds: HubSpot's own properties and groups, two pipelines,
//! the owners of the sample, and its first twenty requesters as contacts.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::blueprint::Blueprint;
use crate::sandbox::api::version::Version;
use crate::sandbox::links::{BOUND, Bound, LABEL, Label};
use crate::sandbox::records::drafts::Rules;
use crate::sandbox::records::shapes::{Incoming, Scalar};
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::schema::value_rule::{PropertyRules, SORT as RULES};
use crate::sandbox::schema::{
    Choice, Group, Modification, Owner, Pipeline, Property, Schema, Shelf, ValueType, epoch,
};
use crate::sandbox::store::Store;
use crate::sandbox::switches::Switches;

const PROPERTIES: &str = include_str!("properties.json");
const PIPELINES: &str = include_str!("pipelines.json");
const PEOPLE: &str = include_str!("../../../samples/people.json");

/// How many requesters of the sample are already contacts.
const CONTACTS: usize = 20;

/// `userId` of the first owner. User ids are not owner ids (C1 §7.2), and
/// here no user id is an owner id either.
const FIRST_USER: u64 = 9_586_501;

/// Groups and properties of one kind, as `properties.json` has them.
#[derive(Deserialize)]
struct ShelfSeed {
    groups: Vec<Group>,
    properties: Vec<PropertySeed>,
}

/// A property in short form: everything else is as in most properties.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct PropertySeed {
    name: String,
    label: String,
    #[serde(rename = "type")]
    value_type: ValueType,
    field_type: String,
    group: Option<String>,
    /// Value to label, in display order.
    #[serde(default)]
    options: serde_json::Map<String, serde_json::Value>,
    #[serde(default)]
    external: bool,
    references: Option<String>,
    #[serde(default)]
    read_only: bool,
    #[serde(default)]
    calculated: bool,
    #[serde(default)]
    unique: bool,
}

#[derive(Deserialize)]
struct People {
    owners: Vec<OwnerSeed>,
    requesters: Vec<Requester>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OwnerSeed {
    id: String,
    email: String,
    first_name: String,
    last_name: String,
    archived: bool,
}

#[derive(Deserialize)]
struct Requester {
    name: String,
    email: String,
    company: String,
}

/// Why a state could not be filled or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SeedError {
    #[error("the seed is damaged: {0}")]
    Json(#[from] serde_json::Error),
    #[error("the seed breaks the portal's rules: {0}")]
    Rules(String),
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
}

/// Fills a new state, all or nothing: with the usual content, or with the definitions of another
/// portal.
pub(crate) fn plant(store: &Store, now: &str, like: Option<&Blueprint>) -> Result<(), SeedError> {
    let transaction = store.begin()?;
    let mut shelves: BTreeMap<String, ShelfSeed> = serde_json::from_str(PROPERTIES)?;
    for kind in Kind::ALL {
        if let Some(shelf) = shelves.remove(kind.plural()) {
            match like.filter(|like| like.properties(kind).is_some()) {
                Some(like) => copy_shelf(store, kind, like, shelf)?,
                None => plant_shelf(store, kind, shelf)?,
            }
        }
    }
    if let Some(like) = like {
        copy_rest(store, like)?;
        return Ok(transaction.commit()?);
    }
    for pipeline in serde_json::from_str::<Vec<Pipeline>>(PIPELINES)? {
        store.define("pipeline", Kind::Ticket.plural(), &pipeline.id, &pipeline)?;
    }
    let people: People = serde_json::from_str(PEOPLE)?;
    for (owner, user) in people.owners.into_iter().zip(FIRST_USER..) {
        let owner = owner.into_owner(user);
        store.define("owner", "", &owner.id, &owner)?;
    }
    plant_contacts(store, &people.requesters, now)?;
    Ok(transaction.commit()?)
}

/// Adds the definitions for activities and custom kinds that a state of an older version lacks.
pub(crate) fn complete(store: &Store) -> Result<(), SeedError> {
    let transaction = store.begin()?;
    let mut shelves: BTreeMap<String, ShelfSeed> = serde_json::from_str(PROPERTIES)?;
    for kind in Kind::ALL
        .into_iter()
        .filter(|kind| kind.is_activity() || kind.is_custom())
    {
        let held = store.definitions::<Property>("property", kind.plural())?;
        let held: BTreeSet<String> = held.into_iter().map(|property| property.name).collect();
        if let Some(mut shelf) = shelves.remove(kind.plural()) {
            shelf.properties.retain(|seed| !held.contains(&seed.name));
            if !shelf.properties.is_empty() {
                plant_shelf(store, kind, shelf)?;
            }
        }
    }
    Ok(transaction.commit()?)
}

/// Reads what is defined in a state.
pub(crate) fn schema(store: &Store) -> rusqlite::Result<Schema> {
    let mut schema = Schema::default();
    schema.pipelines = store.definitions("pipeline", Kind::Ticket.plural())?;
    schema.owners = store.definitions("owner", "")?;
    for label in store.definitions::<Label>(LABEL, "")? {
        schema.links.put(label);
    }
    for bound in store.definitions::<Bound>(BOUND, "")? {
        schema.links.bound(&bound);
    }
    for kind in Kind::ALL {
        let shelf: &mut Shelf = schema.of_mut(kind);
        for group in store.definitions::<Group>("group", kind.plural())? {
            let _ = shelf.groups.insert(group.name.clone(), group);
        }
        store
            .definitions("property", kind.plural())?
            .into_iter()
            .for_each(|property| shelf.put(property));
        for rules in store.definitions::<PropertyRules>(RULES, kind.plural())? {
            shelf.put_rules(rules);
        }
    }
    Ok(schema)
}

/// Copies properties and groups from another portal. If it has no groups, the usual ones are used.
fn copy_shelf(
    store: &Store,
    kind: Kind,
    like: &Blueprint,
    usual: ShelfSeed,
) -> Result<(), SeedError> {
    let groups = match like.groups(kind) {
        [] => &usual.groups,
        groups => groups,
    };
    for group in groups {
        store.define("group", kind.plural(), &group.name, group)?;
    }
    for property in like.properties(kind).into_iter().flatten() {
        store.define("property", kind.plural(), &property.name, property)?;
    }
    for rules in like.rules(kind) {
        store.define(RULES, kind.plural(), &rules.property_name, rules)?;
    }
    Ok(())
}

fn copy_rest(store: &Store, like: &Blueprint) -> Result<(), SeedError> {
    for pipeline in &like.pipelines {
        store.define("pipeline", Kind::Ticket.plural(), &pipeline.id, pipeline)?;
    }
    for owner in &like.owners {
        store.define("owner", "", &owner.id, owner)?;
    }
    for bound in &like.limits {
        store.define(BOUND, "", &bound.type_id.to_string(), bound)?;
    }
    for label in &like.labels {
        store.define(LABEL, "", &label.there.to_string(), label)?;
    }
    Ok(())
}

fn plant_shelf(store: &Store, kind: Kind, shelf: ShelfSeed) -> Result<(), SeedError> {
    let default_group = shelf
        .groups
        .first()
        .map_or(String::new(), |group| group.name.clone());
    for group in &shelf.groups {
        store.define("group", kind.plural(), &group.name, group)?;
    }
    for seed in shelf.properties {
        let property = seed.into_property(&default_group);
        store.define("property", kind.plural(), &property.name, &property)?;
    }
    Ok(())
}

fn plant_contacts(store: &Store, requesters: &[Requester], now: &str) -> Result<(), SeedError> {
    let (schema, switches) = (schema(store)?, Switches::default());
    let rules = Rules {
        schema: &schema,
        switches: &switches,
        version: Version::Numbered,
    };
    for requester in requesters.iter().take(CONTACTS) {
        let drafted = rules.create(Kind::Contact, &requester.properties(), now);
        let drafted = drafted.map_err(|refusal| SeedError::Rules(format!("{refusal:?}")))?;
        let mut values = drafted.values;
        let id = store.next_id();
        let _ = values.insert("hs_object_id".to_owned(), id.to_string());
        store.insert(Kind::Contact, id, &values)?;
        store.hold(
            Kind::Contact,
            &("email".to_owned(), requester.email.clone()),
            id,
        )?;
    }
    Ok(())
}

impl PropertySeed {
    fn into_property(self, default_group: &str) -> Property {
        let is_read_only = self.read_only || self.calculated;
        Property {
            options: choices(self.options),
            name: self.name,
            label: self.label,
            value_type: self.value_type,
            field_type: self.field_type,
            description: String::new(),
            group_name: self.group.unwrap_or_else(|| default_group.to_owned()),
            display_order: -1,
            calculated: self.calculated,
            external_options: self.external,
            has_unique_value: self.unique,
            hidden: false,
            hubspot_defined: true,
            form_field: !is_read_only,
            data_sensitivity: "non_sensitive".to_owned(),
            referenced_object_type: self.references,
            modification_metadata: Modification {
                archivable: false,
                read_only_definition: true,
                read_only_value: is_read_only,
            },
            archived: false,
            archived_at: None,
            created_at: epoch(),
            updated_at: epoch(),
        }
    }
}

fn choices(options: serde_json::Map<String, serde_json::Value>) -> Vec<Choice> {
    let choice = |(display_order, (value, label)): (i64, (String, serde_json::Value))| Choice {
        label: label.as_str().unwrap_or(&value).to_owned(),
        value,
        display_order,
        hidden: false,
        description: String::new(),
    };
    (0..).zip(options).map(choice).collect()
}

/// When people joined the portal: before the first seeded ticket, and after the dates at which
/// programs that read owners incrementally begin.
const JOINED: &str = "2016-12-05T08:00:00Z";

impl OwnerSeed {
    fn into_owner(self, user: u64) -> Owner {
        Owner {
            id: self.id,
            email: self.email,
            owner_type: "PERSON".to_owned(),
            first_name: self.first_name,
            last_name: self.last_name,
            user_id: (!self.archived).then_some(user),
            user_id_including_inactive: user,
            created_at: JOINED.to_owned(),
            updated_at: JOINED.to_owned(),
            archived: self.archived,
        }
    }
}

impl Requester {
    /// The first word is the first name, the rest the last name.
    fn properties(&self) -> Incoming {
        let (first, last) = self.name.split_once(' ').unwrap_or((&self.name, ""));
        [
            ("email", self.email.as_str()),
            ("firstname", first),
            ("lastname", last),
            ("company", &self.company),
        ]
        .map(|(name, value)| (name.to_owned(), Scalar::Text(value.to_owned())))
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::options::Data;

    #[test]
    fn a_new_portal_is_as_the_contract_says() {
        let (store, _) = Store::open(&Data::Memory, 1).expect("a state");
        plant(&store, "2026-09-01T10:00:00Z", None).expect("a seed");
        let schema = schema(&store).expect("a schema");
        let tickets = schema.of(Kind::Ticket);
        assert!(tickets.properties.len() > 100);
        let groups = |property: &Property| tickets.groups.contains_key(&property.group_name);
        assert!(tickets.properties.values().all(groups));
        for name in Kind::Ticket.shown() {
            assert!(tickets.properties.contains_key(*name), "{name}");
        }
        let read_only = |name: &str| {
            tickets.properties[name]
                .modification_metadata
                .read_only_value
        };
        assert!(
            read_only("hs_object_id") && read_only("hs_createdate") && read_only("hs_is_closed")
        );
        assert!(!read_only("createdate") && !read_only("closed_date"));
        assert_eq!(
            tickets.properties["hs_ticket_priority"]
                .options
                .last()
                .expect("options")
                .value,
            "URGENT"
        );
        assert_eq!(
            tickets
                .properties
                .values()
                .filter(|property| property.is_custom_unique())
                .count(),
            0
        );
        assert_eq!(schema.pipelines.len(), 2);
        let active = schema.owners.iter().filter(|owner| !owner.archived);
        assert_eq!(active.count() + 1, schema.owners.len());
        assert_eq!(
            store
                .page(Kind::Contact, false, 0, 100)
                .expect("a page")
                .len(),
            CONTACTS
        );
        assert_eq!(
            store
                .page(Kind::Ticket, false, 0, 100)
                .expect("a page")
                .len(),
            0
        );
    }

    #[test]
    fn user_ids_are_not_owner_ids() {
        let (store, _) = Store::open(&Data::Memory, 1).expect("a state");
        plant(&store, "2026-09-01T10:00:00Z", None).expect("a seed");
        let owners = schema(&store).expect("a schema").owners;
        for owner in &owners {
            let user = owner.user_id_including_inactive.to_string();
            assert!(owners.iter().all(|other| other.id != user));
            assert_eq!(owner.user_id.is_none(), owner.archived);
        }
    }
}
