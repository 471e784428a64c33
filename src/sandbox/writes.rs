//! Writing one record, inside a transaction that the caller holds: the draft by
//! the rules, then unique values and associations against the store. A refused
//! record leaves no trace.

use std::collections::BTreeSet;

use super::clock::Moment;
use super::desk::Desk;
use super::kind::Kind;
use super::links;
use super::refusal::{Invalid, Refusal};
use super::schema::Shelf;
use super::shapes::{CreateInput, Incoming, Values};
use super::store::{Record, UniqueValue};
use super::switches::{ArchivedHoldsUnique, UniqueCollision};
use super::values::Fault;

impl Desk {
    /// Makes a record.
    pub(super) fn create_one(
        &self,
        kind: Kind,
        input: &CreateInput,
        now: Moment,
    ) -> Result<Record, Refusal> {
        let given = input.properties.as_ref().ok_or(Refusal::NoProperties)?;
        let mut values = self.rules().create(kind, given, &now.iso())?;
        let wanted = input.associations.as_deref().unwrap_or_default();
        let links = links::resolve(kind, wanted, |kind, id| {
            Ok(self.store.record(kind, id, false)?.is_some())
        })?;
        let held = unique_values(kind, self.schema.of(kind), &values);
        self.check_free(kind, &held, None)?;
        let id = self.store.next_id();
        number(kind, &mut values, id);
        self.store.insert(kind, id, &values)?;
        held.iter()
            .try_for_each(|value| self.store.hold(kind, value, id))?;
        links
            .into_iter()
            .try_for_each(|link| self.store.link(id, link))?;
        Ok(Record {
            id,
            values,
            archived_at: None,
        })
    }

    /// Changes a record.
    pub(super) fn update_one(
        &self,
        kind: Kind,
        record: Record,
        given: &Incoming,
        now: Moment,
    ) -> Result<Record, Refusal> {
        let values = self
            .rules()
            .update(kind, &record.values, given, &now.iso())?;
        let shelf = self.schema.of(kind);
        let before = unique_values(kind, shelf, &record.values);
        let after = unique_values(kind, shelf, &values);
        let gained: BTreeSet<UniqueValue> = after.difference(&before).cloned().collect();
        self.check_free(kind, &gained, Some(record.id))?;
        self.store.replace(record.id, &values)?;
        before
            .difference(&after)
            .try_for_each(|value| self.store.release(kind, value, record.id))?;
        gained
            .iter()
            .try_for_each(|value| self.store.hold(kind, value, record.id))?;
        Ok(Record { values, ..record })
    }

    fn check_free(
        &self,
        kind: Kind,
        wanted: &BTreeSet<UniqueValue>,
        own: Option<i64>,
    ) -> Result<(), Refusal> {
        let blocks = self.switches.archived_holds_unique == ArchivedHoldsUnique::Blocks;
        let mut invalid = Vec::new();
        for (property, value) in wanted {
            let holders = self.store.holders(kind, property, value)?;
            let other = holders
                .iter()
                .find(|(id, archived)| Some(*id) != own && (blocks || !archived));
            match other {
                Some((id, _)) if self.conflicts(kind, property) => {
                    return Err(Refusal::Conflict(kind, *id));
                }
                Some((id, _)) => invalid.push(taken(property, value, *id)),
                None => {}
            }
        }
        match invalid.is_empty() {
            true => Ok(()),
            false => Err(Refusal::Invalid(invalid)),
        }
    }

    /// Whether a collision is a 409: always for e-mails of contacts (contract 9.3).
    fn conflicts(&self, kind: Kind, property: &str) -> bool {
        let is_email = kind == Kind::Contact && property == "email";
        is_email || self.switches.unique_collision == UniqueCollision::Conflict
    }
}

/// The values by which a record can be found. Further e-mails of a contact lead
/// to it as its first one does.
fn unique_values(kind: Kind, shelf: &Shelf, values: &Values) -> BTreeSet<UniqueValue> {
    let held = shelf
        .unique
        .iter()
        .filter_map(|name| Some((name.clone(), values.get(name)?.clone())));
    let mut held: BTreeSet<UniqueValue> = held.collect();
    if let (Kind::Contact, Some(further)) = (kind, values.get("hs_additional_emails")) {
        held.extend(
            further
                .split(';')
                .map(|email| ("email".to_owned(), email.to_owned())),
        );
    }
    held
}

fn number(kind: Kind, values: &mut Values, id: i64) {
    let _ = values.insert("hs_object_id".to_owned(), id.to_string());
    if kind == Kind::Ticket {
        let _ = values.insert("hs_ticket_id".to_owned(), id.to_string());
    }
}

fn taken(property: &str, value: &str, holder: i64) -> Invalid {
    let message = format!("Cannot set {property} to {value}. {holder} already has that value.");
    Invalid {
        name: property.to_owned(),
        value: Some(value.to_owned()),
        fault: Fault::new("CONFLICTING_UNIQUE_VALUE", message),
    }
}
