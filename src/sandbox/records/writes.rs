//! Writing one record, inside a transaction that the caller holds: the draft according to the
//! rules, then unique values and associations checked against the store, then what searches and
//! histories record. A refused record leaves no trace.

use std::collections::BTreeSet;

use super::drafts::{Draft, number};
use super::refusal::{Invalid, Refusal, Taken};
use super::shapes::{CreateInput, Incoming, Values, Warning};
use super::values::Fault;
use crate::sandbox::api::version::Version;
use crate::sandbox::clock::Moment;
use crate::sandbox::links::{self, Link};
use crate::sandbox::portal_state::{ACTIVITY_KEY, PortalState};
use crate::sandbox::schema::Shelf;
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::store::{Record, UniqueValue, Version as Former};
use crate::sandbox::switches::{
    ActivityCollision, ActivityKey, ActivityProperties, ArchivedHoldsUnique, BadAssociation,
    FoldUniqueCase, LoneActivity, UniqueCollision,
};

/// The property that names the files of an activity.
const ATTACHMENTS: &str = "hs_attachment_ids";

/// When a write arrives, and through which version's paths.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Occasion {
    pub(crate) now: Moment,
    pub(crate) version: Version,
}

/// A record after a write.
#[derive(Debug)]
pub(crate) struct Written {
    pub(crate) record: Record,
    pub(crate) warnings: Vec<Warning>,
}

impl PortalState {
    /// Creates a record.
    pub(crate) fn create_one(
        &self,
        kind: Kind,
        input: &CreateInput,
        on: Occasion,
    ) -> Result<Written, Refusal> {
        let given = input.properties.as_ref().ok_or(Refusal::NoProperties)?;
        let mut draft = self.rules(on.version).create(kind, given, &on.now.iso())?;
        let links = self.links_of_new(kind, input)?;
        self.check_attachments(kind, &draft.values)?;
        if let Some(full) = self.room_for_new(&links)? {
            return Err(Refusal::Full(full));
        }
        let held = self.unique_values(kind, &draft.values);
        self.check_free(kind, &held, None)?;
        let id = self.store.next_id();
        number(kind, &mut draft.values, id);
        self.store.insert(kind, id, &draft.values)?;
        held.iter()
            .try_for_each(|value| self.store.hold(kind, value, id))?;
        for link in links {
            self.link(id, link.known, link.to, on.now)?;
        }
        Ok(Written {
            record: Record {
                id,
                values: draft.values,
                archived_at: None,
            },
            warnings: draft.warnings,
        })
    }

    /// The associations that a new record comes with; refuses it for wrong ones, or for having
    /// none, where the portal does.
    fn links_of_new(&self, kind: Kind, input: &CreateInput) -> Result<Vec<Link<'_>>, Refusal> {
        let wanted = input.associations.as_deref().unwrap_or_default();
        let exists = |kind, id| self.store.exists(kind, id);
        let (links, bad) = links::resolve(&self.schema.links, kind, wanted, exists)?;
        if !bad.is_empty() && self.switches.bad_association == BadAssociation::Row {
            return Err(Refusal::Links(bad));
        }
        let is_lone = links.is_empty() && kind.is_activity();
        if is_lone && self.switches.lone_activity == LoneActivity::Refused {
            return Err(Refusal::Lone(kind));
        }
        Ok(links)
    }

    /// Changes a record.
    pub(crate) fn update_one(
        &self,
        kind: Kind,
        record: Record,
        given: &Incoming,
        on: Occasion,
    ) -> Result<Written, Refusal> {
        let rules = self.rules(on.version);
        let Draft { values, warnings } =
            rules.update(kind, &record.values, given, &on.now.iso())?;
        if given.contains_key(ATTACHMENTS) {
            self.check_attachments(kind, &values)?;
        }
        let before = self.unique_values(kind, &record.values);
        let after = self.unique_values(kind, &values);
        let gained: BTreeSet<UniqueValue> = after.difference(&before).cloned().collect();
        self.check_free(kind, &gained, Some(record.id))?;
        self.before_change(record.id, on.now)?;
        self.remember_changes(kind, &record, &values, on.now)?;
        self.store.replace(kind, record.id, &values)?;
        before
            .difference(&after)
            .try_for_each(|value| self.store.release(kind, value, record.id))?;
        gained
            .iter()
            .try_for_each(|value| self.store.hold(kind, value, record.id))?;
        let record = Record { values, ..record };
        Ok(Written { record, warnings })
    }

    /// Refuses files that do not exist, if the portal checks that (C2 §2.5).
    fn check_attachments(&self, kind: Kind, values: &Values) -> Result<(), Refusal> {
        let ids = values.get(ATTACHMENTS);
        match self.unknown_attachment(kind, ids)? {
            Some(id) => Err(Refusal::Invalid(vec![Invalid {
                name: ATTACHMENTS.to_owned(),
                value: ids.cloned(),
                fault: Fault::new("INVALID_ATTACHMENT", format!("there is no file {id}")),
            }])),
            None => Ok(()),
        }
    }

    /// Puts a live record into the recycle bin; returns whether there was one.
    pub(crate) fn archive_one(&self, kind: Kind, id: i64, now: Moment) -> rusqlite::Result<bool> {
        if !self.store.exists(kind, id)? {
            return Ok(false);
        }
        self.before_change(id, now)?;
        self.store.archive(kind, id, &now.iso())
    }

    /// Keeps the version of a record that a late search index still shows.
    pub(crate) fn before_change(&self, id: i64, now: Moment) -> rusqlite::Result<()> {
        if self.longest_lag.is_zero() {
            return Ok(());
        }
        self.store
            .forget_late(now.before(self.longest_lag).millis())?;
        self.store.keep_late(id, now.millis())
    }

    /// Records the values that a write changes. The modification date has no history: it always
    /// changes.
    pub(crate) fn remember_changes(
        &self,
        kind: Kind,
        record: &Record,
        values: &Values,
        now: Moment,
    ) -> rusqlite::Result<()> {
        let names: BTreeSet<&String> = record.values.keys().chain(values.keys()).collect();
        for name in names {
            let (before, after) = (record.values.get(name), values.get(name));
            if before == after || name == kind.modified() {
                continue;
            }
            let first = before.map(|value| Former {
                value: Some(value.clone()),
                at: record
                    .values
                    .get("hs_createdate")
                    .cloned()
                    .unwrap_or_default(),
            });
            let new = Former {
                value: after.cloned(),
                at: now.iso(),
            };
            self.store.remember(record.id, name, first.as_ref(), &new)?;
        }
        Ok(())
    }

    /// Refuses unique values that another record has.
    pub(crate) fn check_free(
        &self,
        kind: Kind,
        wanted: &BTreeSet<UniqueValue>,
        own: Option<i64>,
    ) -> Result<(), Refusal> {
        let blocks = self.switches.archived_holds_unique == ArchivedHoldsUnique::Blocks;
        let mut invalid = Vec::new();
        for (property, value) in wanted {
            if !self.enforces(kind, property) {
                continue;
            }
            let holders = self.store.holders(kind, property, value)?;
            let other = holders
                .iter()
                .find(|(id, archived)| Some(*id) != own && (blocks || !archived));
            match other {
                Some((id, _)) if self.names_the_holder(kind) => {
                    return Err(Refusal::Taken(Taken {
                        kind,
                        property: property.clone(),
                        value: value.clone(),
                        holder: *id,
                        own: own.unwrap_or(0),
                    }));
                }
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

    /// Whether a collision is a 409: always for e-mails of contacts (C1 §9.3).
    fn conflicts(&self, kind: Kind, property: &str) -> bool {
        let is_email = kind == Kind::Contact && property == "email";
        let switched = match kind.is_activity() {
            true => self.switches.activity_collision == ActivityCollision::Conflict,
            false => self.switches.unique_collision == UniqueCollision::Conflict,
        };
        is_email || switched
    }

    fn names_the_holder(&self, kind: Kind) -> bool {
        kind.is_activity() && self.switches.activity_collision == ActivityCollision::Named
    }

    /// Whether the portal enforces uniqueness where its definitions claim it.
    fn enforces(&self, kind: Kind, property: &str) -> bool {
        !kind.is_activity()
            || match property {
                ACTIVITY_KEY => self.switches.activity_key != ActivityKey::Claimed,
                _ => self.switches.activity_properties != ActivityProperties::Unenforced,
            }
    }

    /// The values by which a record can be found.
    pub(crate) fn unique_values(&self, kind: Kind, values: &Values) -> BTreeSet<UniqueValue> {
        let held = named_values(kind, self.schema.of(kind), values);
        held.map(|(name, value)| {
            let value = self.folded(kind, &name, &value);
            (name, value)
        })
        .collect()
    }

    /// A unique value in the form in which it is looked up: e-mails are lower-case, others only if
    /// the portal folds case.
    pub(crate) fn folded(&self, kind: Kind, property: &str, value: &str) -> String {
        let folds = self.switches.fold_unique_case == FoldUniqueCase::Yes;
        match folds || (kind == Kind::Contact && property == "email") {
            true => value.to_lowercase(),
            false => value.to_owned(),
        }
    }
}

/// Additional e-mails of a contact identify it just as its first one does.
fn named_values(kind: Kind, shelf: &Shelf, values: &Values) -> impl Iterator<Item = UniqueValue> {
    let further = values
        .get("hs_additional_emails")
        .filter(|_| kind == Kind::Contact);
    let further = further.map(String::as_str).unwrap_or_default().split(';');
    let emails = further
        .filter(|email| !email.is_empty())
        .map(|email| ("email".to_owned(), email.to_owned()));
    let own = shelf
        .unique
        .iter()
        .filter_map(|name| Some((name.clone(), values.get(name)?.clone())));
    own.chain(emails)
}

fn taken(property: &str, value: &str, holder: i64) -> Invalid {
    let message = format!("Cannot set {property} to {value}. {holder} already has that value.");
    Invalid {
        name: property.to_owned(),
        value: Some(value.to_owned()),
        fault: Fault::new("CONFLICTING_UNIQUE_VALUE", message),
    }
}
