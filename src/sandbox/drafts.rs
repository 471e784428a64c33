//! From the properties of a request to the values of a record: every property is
//! checked, all faults are told at once, and what the portal sets by itself is
//! added. Pure; unique values and associations are checked where the store is.

use std::collections::BTreeMap;

use super::kind::Kind;
use super::refusal::{Invalid, Refusal};
use super::schema::{Property, Schema};
use super::shapes::{Incoming, Scalar, Values};
use super::stages;
use super::switches::{CreatedateWritable, Switches};
use super::values::{self, Fault};

/// What a write does to a record: a new value, or None to clear it.
pub(super) type Changes = BTreeMap<String, Option<String>>;

/// Id of the app that the sandbox takes all its clients for.
const SOURCE_APP: &str = "1234567";

/// What writes are judged by.
#[derive(Clone, Copy)]
pub(super) struct Rules<'a> {
    pub(super) schema: &'a Schema,
    pub(super) switches: &'a Switches,
}

impl Rules<'_> {
    /// The values of a new record, all but its id.
    pub(super) fn create(self, kind: Kind, given: &Incoming, now: &str) -> Result<Values, Refusal> {
        let mut changes = self.changes(kind, given, None)?;
        let staged = matches!(changes.get(stages::STAGE), Some(Some(_)));
        if kind == Kind::Ticket && !staged {
            return Err(Refusal::Missing(kind, vec![stages::STAGE]));
        }
        self.drop_not_kept(&mut changes);
        let mut values = system_values(kind, now);
        self.apply(kind, &mut values, changes, now);
        Ok(values)
    }

    /// The values of `current` after a write.
    pub(super) fn update(
        self,
        kind: Kind,
        current: &Values,
        given: &Incoming,
        now: &str,
    ) -> Result<Values, Refusal> {
        let mut changes = self.changes(kind, given, Some(current))?;
        self.drop_not_kept(&mut changes);
        let mut values = current.clone();
        let _ = values.insert(kind.modified().to_owned(), now.to_owned());
        self.apply(kind, &mut values, changes, now);
        Ok(values)
    }

    fn changes(
        self,
        kind: Kind,
        given: &Incoming,
        current: Option<&Values>,
    ) -> Result<Changes, Refusal> {
        let mut changes = Changes::new();
        let mut invalid = Vec::new();
        for (name, value) in given {
            let Scalar::Text(text) = value else { continue };
            match self.value(kind, name, text, current) {
                Ok(value) => drop(changes.insert(name.clone(), value)),
                Err(fault) => invalid.push(refused(name, text, fault)),
            }
        }
        if kind == Kind::Ticket {
            invalid.extend(stages::check(self.schema, &changes, current).err());
        }
        match invalid.is_empty() {
            true => Ok(changes),
            false => Err(Refusal::Invalid(invalid)),
        }
    }

    fn value(
        self,
        kind: Kind,
        name: &str,
        text: &str,
        current: Option<&Values>,
    ) -> Result<Option<String>, Fault> {
        let property = self
            .schema
            .of(kind)
            .properties
            .get(name)
            .ok_or_else(|| no_such_property(name))?;
        self.writable(property, current.is_some())?;
        if text.is_empty() {
            return Ok(None);
        }
        let stored = current
            .and_then(|values| values.get(name))
            .map(String::as_str);
        let value = match (kind, name) {
            (Kind::Contact, "email") => values::email(text),
            (Kind::Contact, "hs_additional_emails") => {
                values::normalise(property, &text.to_lowercase(), stored)
            }
            _ if property.is_owner() => self.owner(text),
            _ => values::normalise(property, text, stored),
        };
        value.map(Some)
    }

    fn writable(self, property: &Property, updating: bool) -> Result<(), Fault> {
        let on_create_only = self.switches.createdate_writable == CreatedateWritable::OnCreate;
        let too_late = updating && on_create_only && property.name == "createdate";
        let what = if property.calculated {
            "calculated"
        } else if property.modification_metadata.read_only_value || too_late {
            "read only"
        } else {
            return Ok(());
        };
        let message = format!(
            "\"{}\" is a {what} property; its value cannot be set.",
            property.name
        );
        Err(Fault::new("READ_ONLY_VALUE", message))
    }

    fn owner(self, id: &str) -> Result<String, Fault> {
        let ids: Vec<&str> = self
            .schema
            .active_owners()
            .map(|owner| owner.id.as_str())
            .collect();
        match ids.contains(&id) {
            true => Ok(id.to_owned()),
            false => Err(values::not_an_option(id, &ids)),
        }
    }

    fn drop_not_kept(self, changes: &mut Changes) {
        changes.retain(|name, _| !self.switches.not_kept.contains(name));
    }

    fn apply(self, kind: Kind, values: &mut Values, changes: Changes, now: &str) {
        let dated = stages::is_dated(&changes);
        for (name, value) in changes {
            let _ = match value {
                Some(value) => values.insert(name, value),
                None => values.remove(&name),
            };
        }
        if kind == Kind::Ticket {
            stages::settle(self.schema, values, dated, now);
        }
    }
}

fn no_such_property(name: &str) -> Fault {
    Fault::new(
        "PROPERTY_DOESNT_EXIST",
        format!("Property \"{name}\" does not exist"),
    )
}

/// The value is told, unless it is the property that is wrong, or it is too long
/// to be told.
fn refused(name: &str, text: &str, fault: Fault) -> Invalid {
    let untold = ["PROPERTY_DOESNT_EXIST", "INVALID_STRING_LENGTH"].contains(&fault.code);
    let value = (!untold).then(|| text.to_owned());
    Invalid {
        name: name.to_owned(),
        value,
        fault,
    }
}

fn system_values(kind: Kind, now: &str) -> Values {
    let values = [
        ("createdate", now),
        ("hs_createdate", now),
        (kind.modified(), now),
        ("hs_object_source", "INTEGRATION"),
        ("hs_object_source_id", SOURCE_APP),
        ("hs_object_source_label", "INTEGRATION"),
    ];
    values
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
}
