//! Everything behind the portal's lock: the open state, its schema and its switches, held together
//! because every answer needs all three. Records are found here and shown in `show`; the verbs are
//! in `objects`, `batches`, `properties`.

use std::time::Duration;

use thiserror::Error;

use super::api::problem::Problem;
use super::api::version::Version;
use super::http::secret::new_token;
use super::options::Data;
use super::records::drafts::Rules;
use super::schema::kind::Kind;
use super::schema::{Schema, Shelf};
use super::seed::blueprint::Blueprint;
use super::seed::{self, SeedError};
use super::store::{Record, Store, StoreError};
use super::switches::{
    ActivityKey, ActivityKeyReads, ArchivedByKey, ClosedDate, CreatedateWritable,
    ExternalIdsUnique, Switches, UrgentPriority,
};

/// Everything that is behind the portal's one lock.
#[derive(Debug)]
pub(super) struct PortalState {
    pub(super) store: Store,
    pub(super) schema: Schema,
    pub(super) switches: Switches,
    pub(super) portal_id: i64,
    /// The longest delay of the search index in this process.
    pub(super) longest_lag: Duration,
}

/// What a state is opened with.
#[derive(Debug)]
pub(super) struct Setting<'a> {
    pub(super) data: &'a Data,
    pub(super) switches: Switches,
    pub(super) longest_lag: Duration,
    /// Determines ids and seeded tickets.
    pub(super) seed: u64,
    /// How many tickets a portal without any is given.
    pub(super) seed_tickets: u32,
    /// What a new state defines.
    pub(super) like: Option<&'a Blueprint>,
}

/// Why a portal cannot work with a state.
#[derive(Debug, Error)]
pub(super) enum PortalStateError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Seed(#[from] SeedError),
    #[error("no token could be made: {0}")]
    Token(#[from] std::io::Error),
}

impl From<rusqlite::Error> for PortalStateError {
    fn from(error: rusqlite::Error) -> PortalStateError {
        PortalStateError::Store(StoreError::Sqlite(error))
    }
}

impl PortalState {
    /// Opens a state, and fills it if it is new.
    pub(super) fn open(setting: Setting<'_>, now: &str) -> Result<PortalState, PortalStateError> {
        let (store, fresh) = Store::open(setting.data, setting.seed)?;
        if fresh {
            seed::plant(&store, now, setting.like)?;
        } else {
            seed::complete(&store)?;
        }
        if setting.seed_tickets > 0 && !store.has_any(Kind::Ticket)? {
            seed::plant_tickets(&store, setting.seed_tickets, setting.seed)?;
        }
        let mut schema = seed::schema(&store)?;
        adapt(&mut schema, &setting.switches);
        let portal_id = store.fact("portal_id")?;
        Ok(PortalState {
            store,
            schema,
            switches: setting.switches,
            portal_id,
            longest_lag: setting.longest_lag,
        })
    }

    /// Changes the behaviour: definitions follow the switches.
    pub(super) fn turn(&mut self, switches: Switches) -> Result<(), PortalStateError> {
        let mut schema = seed::schema(&self.store)?;
        adapt(&mut schema, &switches);
        self.longest_lag = self.longest_lag.max(switches.search_lag.0);
        (self.schema, self.switches) = (schema, switches);
        Ok(())
    }

    /// The token of this state, generated when it is first needed.
    pub(super) fn own_token(&self) -> Result<String, PortalStateError> {
        if let Some(token) = self.store.words("token")? {
            return Ok(token);
        }
        let token = new_token()?;
        self.store.keep_words("token", &token)?;
        Ok(token)
    }

    pub(super) fn rules(&self, version: Version) -> Rules<'_> {
        Rules {
            schema: &self.schema,
            switches: &self.switches,
            version,
        }
    }

    /// A record by id, or by the value of a unique property, which comes from the record store and
    /// so is never late. None if there is no such record, or the id is not a number. Whether a
    /// unique value finds records in the recycle bin is a switch; whether the value counts as taken
    /// there is another.
    pub(super) fn find(
        &self,
        kind: Kind,
        id_property: Option<&str>,
        id: &str,
        archived: bool,
    ) -> Result<Option<Record>, Problem> {
        let id = match id_property {
            None => id.parse().ok(),
            Some(_) if archived && self.switches.archived_by_key == ArchivedByKey::Missing => None,
            Some(property) => {
                let folded = self.folded(kind, property, id);
                let holders = self.store.holders(kind, property, &folded)?;
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

    /// Refuses an `idProperty` that is not unique (C1 §2.8); `verb` says what the caller wanted to
    /// do.
    pub(super) fn check_id_property(
        &self,
        kind: Kind,
        property: Option<&str>,
        verb: &str,
    ) -> Result<(), Problem> {
        let is_unique = |name: &str| self.schema.of(kind).unique.contains(name);
        let withheld = |name: &str| {
            let refused = self.switches.activity_key_reads == ActivityKeyReads::Refused;
            kind.is_activity() && name == ACTIVITY_KEY && refused
        };
        match property {
            Some(name) if !is_unique(name) || withheld(name) => Err(Problem::validation(format!(
                "Unable to perform {verb} by non-unique {} property {name} in portal ID {}",
                kind.type_id(),
                self.portal_id
            ))),
            _ => Ok(()),
        }
    }
}

/// The key that HubSpot gives activities.
pub(super) const ACTIVITY_KEY: &str = "hs_unique_id";

/// Makes the definitions follow the switches.
fn adapt(schema: &mut Schema, switches: &Switches) {
    if switches.createdate_writable == CreatedateWritable::Never {
        for kind in Kind::ALL {
            protect(schema, kind, "createdate");
        }
    }
    if switches.closed_date_writable == ClosedDate::Never {
        protect(schema, Kind::Ticket, "closed_date");
    }
    let tickets = schema.of_mut(Kind::Ticket);
    if switches.urgent_priority == UrgentPriority::No
        && let Some(priority) = tickets.properties.get_mut("hs_ticket_priority")
    {
        priority.options.retain(|option| option.value != "URGENT");
    }
    if switches.external_ids_unique == ExternalIdsUnique::Yes
        && let Some(mut ids) = tickets.properties.remove("hs_external_object_ids")
    {
        ids.has_unique_value = true;
        tickets.put(ids);
    }
    for kind in Kind::ALL.into_iter().filter(|kind| kind.is_activity()) {
        adapt_key(schema.of_mut(kind), switches.activity_key);
    }
}

/// What `hs_unique_id` of a kind of activity is, and what its definition says.
fn adapt_key(shelf: &mut Shelf, key: ActivityKey) {
    if key == ActivityKey::Absent {
        let _ = shelf.properties.remove(ACTIVITY_KEY);
    }
    if matches!(key, ActivityKey::Absent | ActivityKey::Plain) {
        let _ = shelf.unique.remove(ACTIVITY_KEY);
    }
    if let Some(property) = shelf.properties.get_mut(ACTIVITY_KEY) {
        property.has_unique_value = !matches!(key, ActivityKey::Silent | ActivityKey::Plain);
        property.modification_metadata.read_only_value = key == ActivityKey::ReadOnly;
    }
}

fn protect(schema: &mut Schema, kind: Kind, name: &str) {
    if let Some(property) = schema.of_mut(kind).properties.get_mut(name) {
        property.modification_metadata.read_only_value = true;
    }
}
