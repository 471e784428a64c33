//! Which records the links of rows mean: by id, by the key of a ticket, or by a natural
//! key. What is found by a natural key is kept for the run; ids and ticket keys are read
//! each time, since tickets come into being while the run goes on.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::kinds::LinkKinds;
use super::natural::Natural;
use super::others::{Others, Resolved};
use crate::hubspot::Client;
use crate::hubspot::contract::BATCH_LIMIT;
use crate::import::reading::{Closed, Given, Reading};
use crate::import::settle::SettleHandle;
use crate::model::event::Stop;
use crate::model::schema::ObjectType;
use crate::model::ticket::LinkDraft;

/// Tells which records links mean; shared by all batches in flight.
#[derive(Clone)]
pub struct Ends {
    client: Client,
    tickets: Natural,
    others: Arc<HashMap<(ObjectType, Arc<str>), Others>>,
}

/// What was found for links.
#[derive(Debug, Default)]
pub struct Found(HashMap<(ObjectType, Arc<str>), HashMap<String, Resolved>>);

impl Found {
    /// What a link means. Nothing that was asked for is left out.
    pub fn of(&self, draft: &LinkDraft) -> &Resolved {
        let told = self.0.get(&(draft.to, Arc::clone(&draft.by)));
        let found = told.and_then(|told| told.get(&draft.value));
        found.unwrap_or(&Resolved::Missing)
    }
}

impl Ends {
    /// For the links of one mapping; tickets have their keys in `key_property`.
    pub fn new(
        client: &Client,
        settle: &SettleHandle,
        kinds: &LinkKinds,
        key_property: &str,
    ) -> Ends {
        let others = kinds.naturals().iter().map(|natural| {
            let others = Others::new(client.clone(), settle.clone(), natural.clone());
            ((natural.object, Arc::clone(&natural.by)), others)
        });
        Ends {
            client: client.clone(),
            tickets: Natural {
                object: ObjectType::Tickets,
                by: Arc::from(key_property),
                unique: true,
            },
            others: Arc::new(others.collect()),
        }
    }

    /// What these links mean.
    ///
    /// # Errors
    /// When the run has to stop.
    pub async fn resolve(&self, links: impl Iterator<Item = &LinkDraft>) -> Result<Found, Stop> {
        let mut groups: HashMap<_, Vec<&LinkDraft>> = HashMap::new();
        for link in links {
            let told = (link.to, Arc::clone(&link.by));
            groups.entry(told).or_default().push(link);
        }
        let mut found = Found::default();
        for (told, links) in groups {
            let resolved = match self.others.get(&told) {
                Some(others) => others.resolve(&links).await?,
                None => self.read(told.0, &told.1, &links).await?,
            };
            let _new = found.0.insert(told, resolved);
        }
        Ok(found)
    }

    async fn read(
        &self,
        object: ObjectType,
        by: &str,
        links: &[&LinkDraft],
    ) -> Result<HashMap<String, Resolved>, Stop> {
        let values: BTreeSet<&String> = links.iter().map(|link| &link.value).collect();
        let values: Vec<String> = values.into_iter().cloned().collect();
        let mut found = HashMap::new();
        for values in values.chunks(BATCH_LIMIT) {
            match by {
                "key" => found.extend(self.tickets_with(values).await?),
                _ => found.extend(self.records_with(object, values).await?),
            }
        }
        Ok(found)
    }

    async fn tickets_with(&self, keys: &[String]) -> Result<Vec<(String, Resolved)>, Stop> {
        let Given { records, closed } = self.tickets.read(&self.client, keys).await?;
        let found = keys.iter().filter_map(|key| {
            let mut holders = records.iter();
            let holder = holders.find(|record| self.tickets.holds(record, key))?;
            Some((key.clone(), Resolved::Id(holder.id.clone())))
        });
        Ok(found.chain(closed.into_iter().map(hidden)).collect())
    }

    async fn records_with(
        &self,
        object: ObjectType,
        ids: &[String],
    ) -> Result<Vec<(String, Resolved)>, Stop> {
        let reading = Reading {
            client: &self.client,
            object,
            by: None,
            properties: &[],
            archived: false,
        };
        let given = reading.read(ids, |record, id| record.id == id).await?;
        let records = given.records.into_iter();
        let found = records.map(|record| (record.id.clone(), Resolved::Id(record.id)));
        Ok(found.chain(given.closed.into_iter().map(hidden)).collect())
    }
}

fn hidden(closed: Closed) -> (String, Resolved) {
    (closed.name, Resolved::Hidden(closed.words))
}
