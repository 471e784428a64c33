//! From the properties of a request to the values of a record: every property is
//! checked, all faults are reported at once, and what the portal sets by itself is
//! added. Pure; unique values and associations are checked by callers with access to
//! the store.

use super::changes::Changes;
use super::refusal::{Demand, Invalid, Refusal};
use super::shapes::{Incoming, Scalar, Values, Warning};
use super::values::{self, Fault};
use super::{emails, lenient_dates};
use crate::sandbox::api::version::Version;
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::schema::stages;
use crate::sandbox::schema::value_rules;
use crate::sandbox::schema::{Property, Schema, ValueType};
use crate::sandbox::switches::{
    ArchivedOwner, BadOwnerCode, BodyForm, CreatedateWritable, LongString, NullWrite, Required,
    Switches, Validation,
};

/// Id of the app that all clients of the sandbox count as.
pub(crate) const SOURCE_APP: &str = "1234567";

/// The rules by which writes are judged.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) schema: &'a Schema,
    pub(crate) switches: &'a Switches,
    pub(crate) version: Version,
}

/// The values that result from a write.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) values: Values,
    pub(crate) warnings: Vec<Warning>,
}

/// The properties of a request after they have been checked.
#[derive(Default)]
struct Taken {
    changes: Changes,
    invalid: Vec<Invalid>,
    warnings: Vec<Warning>,
}

impl Rules<'_> {
    /// The values of a new record, except its id.
    pub(crate) fn create(self, kind: Kind, given: &Incoming, now: &str) -> Result<Draft, Refusal> {
        let taken = self.taken(kind, given, None)?;
        self.require(kind, &taken.changes)?;
        let mut values = system_values(kind, now);
        self.apply(kind, &mut values, taken.changes, now);
        self.demand(kind, &values)?;
        Ok(Draft {
            values,
            warnings: taken.warnings,
        })
    }

    /// The values of `current` after a write.
    pub(crate) fn update(
        self,
        kind: Kind,
        current: &Values,
        given: &Incoming,
        now: &str,
    ) -> Result<Draft, Refusal> {
        let taken = self.taken(kind, given, Some(current))?;
        let mut values = current.clone();
        let _ = values.insert(kind.modified().to_owned(), now.to_owned());
        self.apply(kind, &mut values, taken.changes, now);
        self.demand(kind, &values)?;
        Ok(Draft {
            values,
            warnings: taken.warnings,
        })
    }

    fn taken(
        self,
        kind: Kind,
        given: &Incoming,
        current: Option<&Values>,
    ) -> Result<Taken, Refusal> {
        let mut taken = Taken::default();
        for (name, value) in given {
            let text = match value {
                Scalar::Text(text) => text.as_str(),
                Scalar::Null => match self.switches.null_write {
                    NullWrite::Ignored => continue,
                    NullWrite::Clears => "",
                    NullWrite::Refused => {
                        taken.invalid.push(refused(name, "", null_fault()));
                        continue;
                    }
                },
            };
            self.take(kind, name, text, current, &mut taken);
        }
        if kind == Kind::Ticket {
            stages::complete(self.schema, self.switches, &mut taken.changes, current);
            let stage = stages::check(self.schema, &taken.changes, current);
            taken.invalid.extend(stage.err());
        }
        match taken.invalid.is_empty() {
            true => Ok(taken),
            false => Err(Refusal::Invalid(taken.invalid)),
        }
    }

    fn take(self, kind: Kind, name: &str, text: &str, current: Option<&Values>, taken: &mut Taken) {
        match self.value(kind, name, text, current) {
            Ok((value, is_normalised)) => {
                if let Some(normal) = value.as_ref().filter(|_| is_normalised) {
                    taken.warnings.push(Warning::normalised(name, text, normal));
                }
                let _ = taken.changes.insert(name.to_owned(), value);
            }
            Err(fault) => taken.invalid.push(refused(name, text, fault)),
        }
    }

    /// The stored form of a value, and whether it was accepted leniently.
    fn value(
        self,
        kind: Kind,
        name: &str,
        text: &str,
        current: Option<&Values>,
    ) -> Result<(Option<String>, bool), Fault> {
        let property = self.schema.of(kind).properties.get(name);
        let property = property.ok_or_else(|| no_such_property(name))?;
        self.writable(property, current.is_some())?;
        if text.is_empty() {
            return Ok((None, false));
        }
        let stored = current
            .and_then(|values| values.get(name))
            .map(String::as_str);
        let value = match (kind, name) {
            (Kind::Contact, "email") => values::email(text),
            (Kind::Contact, "hs_additional_emails") => {
                values::normalise(property, &text.to_lowercase(), stored)
            }
            (Kind::Email, emails::HEADERS) => emails::checked(text),
            _ if kind.bodies().contains(&name) => self.body(name, text),
            _ if property.is_owner() => self.owner(text),
            _ => values::normalise(property, self.cut(property, text), stored),
        };
        let forgiven = || {
            self.is_forgiving()
                .then(|| lenient_dates::date(property, text))
                .flatten()
        };
        let (value, is_forgiven) = match value {
            Ok(value) => (value, false),
            Err(fault) => (forgiven().ok_or(fault)?, true),
        };
        self.keep_rules(kind, name, &value)?;
        Ok((Some(value), is_forgiven))
    }

    /// The rules that an admin made for values of a property apply only to writes through the paths
    /// of 2026-09.
    fn keep_rules(self, kind: Kind, name: &str, value: &str) -> Result<(), Fault> {
        match self.schema.of(kind).rules.get(name) {
            Some(rules) if self.version == Version::September2026 => {
                value_rules::check(name, rules, value)
            }
            _ => Ok(()),
        }
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
        let archived_too = self.switches.archived_owner == ArchivedOwner::Assignable;
        let owners = self.schema.owners.iter();
        let assignable = owners.filter(|owner| archived_too || !owner.archived);
        let ids: Vec<&str> = assignable.map(|owner| owner.id.as_str()).collect();
        if ids.contains(&id) {
            return Ok(id.to_owned());
        }
        Err(match self.switches.bad_owner_code {
            BadOwnerCode::Option => values::not_an_option(id, &ids),
            BadOwnerCode::Owner => Fault::new(
                "INVALID_OWNER_ID",
                format!("{id} is not an owner of this portal"),
            ),
        })
    }

    /// The part of a text that is stored (C1 §12.27).
    fn cut<'t>(self, property: &Property, text: &'t str) -> &'t str {
        let is_text = property.value_type == ValueType::String;
        match self.switches.long_string == LongString::Truncated && is_text {
            true => values::first_characters(text),
            false => text,
        }
    }

    /// A text of an activity in the form in which it is stored. It is measured in UTF-16 units, the
    /// strictest reading of the contract's 65,536 characters.
    fn body(self, name: &str, text: &str) -> Result<String, Fault> {
        let cut = match self.switches.long_string {
            LongString::Refused => values::short_body(name, text)?,
            LongString::Truncated => values::first_units(text),
        };
        Ok(match self.switches.body_form {
            BodyForm::Kept => cut.to_owned(),
            BodyForm::Wrapped if cut.starts_with("<div") => cut.to_owned(),
            BodyForm::Wrapped => format!("<div style=\"\" dir=\"auto\"><p>{cut}</p></div>"),
            BodyForm::Breaks => cut.replace('\n', "<br>"),
        })
    }

    /// What a new record must have (C1 §2.1, §9).
    fn require(self, kind: Kind, changes: &Changes) -> Result<(), Refusal> {
        let names: &[&'static str] = match (kind, self.switches.required_on_create) {
            (Kind::Ticket, Required::Stage) => &[stages::STAGE],
            (Kind::Ticket, Required::Subject) => &[stages::STAGE, "subject"],
            (Kind::Ticket, Required::Pipeline) => &[stages::STAGE, "subject", stages::PIPELINE],
            (Kind::Company, _) if has(changes, "domain") => &[],
            (Kind::Company, _) => &["name"],
            (kind, _) => kind.required(),
        };
        let missing: Vec<&str> = names
            .iter()
            .copied()
            .filter(|name| !has(changes, name))
            .collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(Refusal::Missing(kind, missing)),
        }
    }

    /// What the admin of this portal requires of tickets (C1 §0.2): a subject, and in a closed
    /// stage a resolution.
    fn demand(self, kind: Kind, values: &Values) -> Result<(), Refusal> {
        if kind != Kind::Ticket || !self.is_forgiving() {
            return Ok(());
        }
        let mut demands = Vec::new();
        if !values.contains_key("subject") {
            demands.push(Demand {
                code: "MISSING_REQUIRED_PROPERTY",
                name: "subject",
            });
        }
        if stages::is_closed(values) && !values.contains_key("hs_resolution") {
            demands.push(Demand {
                code: "MISSING_CONDITIONAL_REQUIRED_PROPERTY",
                name: "hs_resolution",
            });
        }
        match demands.is_empty() {
            true => Ok(()),
            false => Err(Refusal::Demands(demands)),
        }
    }

    /// Whether the write rules of 2026-09 apply, which are lenient about dates and require more.
    fn is_forgiving(self) -> bool {
        let is_on = self.switches.validation_2026_09 == Validation::On;
        is_on && self.version == Version::September2026
    }

    fn apply(self, kind: Kind, values: &mut Values, mut changes: Changes, now: &str) {
        changes.retain(|name, _| !self.switches.not_kept.0.contains(name));
        let is_dated = stages::is_dated(&changes);
        for (name, value) in changes {
            let _ = match value {
                Some(value) => values.insert(name, value),
                None => values.remove(&name),
            };
        }
        match kind {
            Kind::Ticket => stages::settle(self.schema, self.switches, values, is_dated, now),
            Kind::Email => emails::derive(values),
            _ => {}
        }
    }
}

fn has(changes: &Changes, name: &str) -> bool {
    matches!(changes.get(name), Some(Some(_)))
}

fn no_such_property(name: &str) -> Fault {
    Fault::new(
        "PROPERTY_DOESNT_EXIST",
        format!("Property \"{name}\" does not exist"),
    )
}

fn null_fault() -> Fault {
    Fault::new("INVALID_VALUE", "null is not a value")
}

/// The value is in the message, unless the property itself is wrong, or the value is
/// too long.
fn refused(name: &str, text: &str, fault: Fault) -> Invalid {
    let untold = ["PROPERTY_DOESNT_EXIST", "INVALID_STRING_LENGTH"].contains(&fault.code);
    let value = (!untold).then(|| text.to_owned());
    Invalid {
        name: name.to_owned(),
        value,
        fault,
    }
}

/// What the portal sets when a record is created.
pub(crate) fn system_values(kind: Kind, now: &str) -> Values {
    let values = [
        (kind.created(), now),
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

/// Writes the id into the values that contain it.
pub(crate) fn number(kind: Kind, values: &mut Values, id: i64) {
    let _ = values.insert("hs_object_id".to_owned(), id.to_string());
    if kind == Kind::Ticket {
        let _ = values.insert("hs_ticket_id".to_owned(), id.to_string());
    }
}
