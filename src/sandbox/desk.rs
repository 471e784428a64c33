//! The portal's working table: the open state, its schema and its switches, held
//! together because every answer needs all three. Finding and showing records
//! lives here; the verbs are in `objects`, `batches`, `properties`.

use std::collections::BTreeMap;

use thiserror::Error;

use super::drafts::Rules;
use super::kind::Kind;
use super::links::{self, Target};
use super::options::Data;
use super::problem::Problem;
use super::reply::Paging;
use super::schema::Schema;
use super::seed::{self, SeedError};
use super::shapes::{LinkOut, LinksOut, ObjectOut, Shown, Values};
use super::store::{Record, Store, StoreError};
use super::switches::{CreatedateWritable, Switches};

/// Associations shown with a record before paging begins (contract 2.2).
const LINKS_SHOWN: usize = 100;

/// Everything that is behind the portal's one lock.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) store: Store,
    pub(super) schema: Schema,
    pub(super) switches: Switches,
    pub(super) portal_id: i64,
}

/// Why a portal cannot work with a state.
#[derive(Debug, Error)]
pub(super) enum DeskError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Seed(#[from] SeedError),
}

impl From<rusqlite::Error> for DeskError {
    fn from(error: rusqlite::Error) -> DeskError {
        DeskError::Store(StoreError::Sqlite(error))
    }
}

/// What a read asks to be shown.
#[derive(Debug, Default)]
pub(super) struct View {
    /// Empty: the kind's default properties.
    pub(super) properties: Vec<String>,
    /// Kinds of other records whose associations are shown.
    pub(super) associations: Vec<String>,
    /// Scheme and authority, for links to further pages.
    pub(super) origin: String,
}

impl Desk {
    /// Opens a state, filling it when it is new.
    pub(super) fn open(data: &Data, switches: Switches, now: &str) -> Result<Desk, DeskError> {
        let (store, fresh) = Store::open(data)?;
        if fresh {
            seed::plant(&store, now)?;
        }
        let mut schema = seed::schema(&store)?;
        if switches.createdate_writable == CreatedateWritable::Never {
            protect_createdate(&mut schema);
        }
        let portal_id = store.fact("portal_id")?;
        Ok(Desk {
            store,
            schema,
            switches,
            portal_id,
        })
    }

    pub(super) fn rules(&self) -> Rules<'_> {
        Rules {
            schema: &self.schema,
            switches: &self.switches,
        }
    }

    /// A record by id, or by the value of a unique property, which comes from the
    /// record store and so is never late. None: there is none; ids that are no
    /// numbers lead nowhere either.
    pub(super) fn find(
        &self,
        kind: Kind,
        id_property: Option<&str>,
        id: &str,
        archived: bool,
    ) -> Result<Option<Record>, Problem> {
        let id = match id_property {
            None => id.parse().ok(),
            Some(property) => {
                let holders = self
                    .store
                    .holders(kind, property, &folded(kind, property, id))?;
                holders
                    .into_iter()
                    .find(|(_, is_archived)| *is_archived == archived)
                    .map(|(id, _)| id)
            }
        };
        match id {
            Some(id) => Ok(self.store.record(kind, id, archived)?),
            None => Ok(None),
        }
    }

    /// Refuses an `idProperty` that is not unique (contract 2.8); `verb` is what
    /// the caller wanted to do.
    pub(super) fn check_id_property(
        &self,
        kind: Kind,
        property: Option<&str>,
        verb: &str,
    ) -> Result<(), Problem> {
        match property {
            Some(name) if !self.schema.of(kind).unique.contains(name) => {
                Err(Problem::validation(format!(
                    "Unable to perform {verb} by non-unique {} property {name} in portal ID {}",
                    kind.type_id(),
                    self.portal_id
                )))
            }
            _ => Ok(()),
        }
    }

    /// A record with the properties and associations that a read asks for.
    pub(super) fn show(
        &self,
        kind: Kind,
        record: Record,
        view: &View,
    ) -> Result<ObjectOut, Problem> {
        let associations = self.associations(kind, &record, view)?;
        let shown = Shown::Picked(self.picked(kind, &record.values, &view.properties));
        let mut object = object(kind, record);
        object.properties = shown;
        object.associations = associations;
        Ok(object)
    }

    /// What a write answers with: the named properties and the system's own
    /// (switch 25).
    pub(super) fn show_written<'a>(
        &self,
        kind: Kind,
        record: Record,
        named: impl Iterator<Item = &'a String>,
    ) -> ObjectOut {
        let system = [
            "hs_createdate",
            "hs_is_closed",
            "hs_pipeline",
            "hs_pipeline_stage",
            "closed_date",
            "hs_ticket_id",
        ];
        let held = system
            .iter()
            .filter(|name| record.values.contains_key(**name));
        let names: Vec<String> = held
            .map(|name| (*name).to_owned())
            .chain(named.cloned())
            .collect();
        let shown = Shown::Picked(self.picked(kind, &record.values, &names));
        let mut object = object(kind, record);
        object.properties = shown;
        object
    }

    /// Defined properties that are unset come as null; undefined ones are left out.
    fn picked(
        &self,
        kind: Kind,
        values: &Values,
        names: &[String],
    ) -> BTreeMap<String, Option<String>> {
        let defined = &self.schema.of(kind).properties;
        let named = names.iter().map(String::as_str);
        let defaults = kind.shown().iter().copied().filter(|_| names.is_empty());
        named
            .chain(defaults)
            .chain(kind.always_shown())
            .filter(|name| defined.contains_key(*name))
            .map(|name| (name.to_owned(), values.get(name).cloned()))
            .collect()
    }

    fn associations(
        &self,
        kind: Kind,
        record: &Record,
        view: &View,
    ) -> Result<Option<BTreeMap<&'static str, LinksOut>>, Problem> {
        if view.associations.is_empty() {
            return Ok(None);
        }
        let targets = links::targets(&view.associations)?;
        let all = self.store.links(record.id)?;
        let path = format!(
            "{}/crm/v3/objects/{}/{}/associations",
            view.origin,
            kind.plural(),
            record.id
        );
        let shown = targets
            .into_iter()
            .filter_map(|target| Some((target.plural, links_out(target, &all, &path)?)));
        Ok(Some(shown.collect()).filter(|shown: &BTreeMap<_, _>| !shown.is_empty()))
    }
}

/// Links to one kind of record, or None where there are none.
fn links_out(target: &Target, all: &[(u32, i64)], path: &str) -> Option<LinksOut> {
    let mut results = Vec::new();
    for (link_type, id) in all {
        let known = links::link_kind(*link_type).filter(|known| known.to.plural == target.plural);
        results.extend(known.map(|known| LinkOut {
            id: id.to_string(),
            link_type: known.name,
        }));
    }
    let paging = results.get(LINKS_SHOWN).map(|next| {
        let link = format!("{path}/{}?after={}", target.plural, next.id);
        Paging::new(next.id.clone(), link)
    });
    results.truncate(LINKS_SHOWN);
    (!results.is_empty()).then_some(LinksOut { results, paging })
}

/// A record with all its values. `createdAt` and `updatedAt` mirror the
/// properties (contract 3.1, switch 2).
pub(super) fn object(kind: Kind, record: Record) -> ObjectOut {
    let value = |name: &str| record.values.get(name).cloned().unwrap_or_default();
    ObjectOut {
        id: record.id.to_string(),
        created_at: value("createdate"),
        updated_at: value(kind.modified()),
        archived: record.archived_at.is_some(),
        archived_at: record.archived_at,
        properties: Shown::Whole(record.values),
        associations: None,
        object_write_trace_id: None,
    }
}

/// A unique value as it is stored: e-mails are lower-case.
fn folded(kind: Kind, property: &str, value: &str) -> String {
    match (kind, property) {
        (Kind::Contact, "email") => value.to_lowercase(),
        _ => value.to_owned(),
    }
}

fn protect_createdate(schema: &mut Schema) {
    for kind in Kind::ALL {
        if let Some(createdate) = schema.of_mut(kind).properties.get_mut("createdate") {
            createdate.modification_metadata.read_only_value = true;
        }
    }
}
