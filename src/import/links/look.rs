//! Which records links mean, found without creating any: by id, by the key of a ticket, or
//! by a natural key. From the record store, except for natural keys that are not unique.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::found::Found;
use super::found::Resolved;
use super::kinds::LinkKinds;
use super::natural::Natural;
use super::others::too_long;
use crate::hubspot::Client;
use crate::hubspot::contract::BATCH_LIMIT;
use crate::import::send::reading::{Closed, Given, Reading};
use crate::model::link_by::LinkBy;
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;
use crate::model::stop::Stop;
use crate::model::ticket::LinkDraft;

/// Finds records that links lead to.
#[derive(Clone)]
pub struct Look {
    client: Client,
    tickets: Natural,
    naturals: Arc<[Natural]>,
}

impl Look {
    /// For the links of one mapping; tickets have their keys in `key_property`.
    pub fn new(client: &Client, kinds: &LinkKinds, key_property: &str) -> Look {
        Look {
            client: client.clone(),
            tickets: Natural {
                object: ObjectType::Tickets,
                property: Arc::from(key_property),
                unique: true,
            },
            naturals: kinds.naturals().into(),
        }
    }

    /// What these links mean; a record that does not exist is `Missing`, whatever the mapping does
    /// about it.
    ///
    /// # Errors
    /// When the portal can't be read.
    pub async fn find(&self, links: &[&LinkDraft]) -> Result<Found, Stop> {
        let mut groups: HashMap<_, Vec<&LinkDraft>> = HashMap::new();
        for link in links {
            let group = (link.to, link.by.clone());
            groups.entry(group).or_default().push(link);
        }
        let mut found = Found::default();
        for ((to, by), links) in groups {
            let mut naturals = self.naturals.iter();
            let natural = naturals.find(|one| one.is_for(to, &by));
            let mut resolved = match natural {
                Some(natural) => self.natural(natural, &links).await?,
                None => self.plain(to, &by, &links).await?,
            };
            for link in links {
                let means = resolved.remove(&link.value);
                if means.is_some() || !found.knows(link) {
                    found.take(link, means.unwrap_or(Resolved::Missing));
                }
            }
        }
        Ok(found)
    }

    /// Records by a natural key.
    async fn natural(
        &self,
        natural: &Natural,
        links: &[&LinkDraft],
    ) -> Result<HashMap<String, Resolved>, Stop> {
        let values = different(links);
        let (values, unsearchable): (Vec<_>, Vec<_>) = values
            .into_iter()
            .partition(|value| natural.can_find(value));
        let mut found: HashMap<String, Resolved> =
            unsearchable.iter().map(|value| too_long(value)).collect();
        for values in values.chunks(BATCH_LIMIT) {
            let Given { records, closed } = natural.read(&self.client, values).await?;
            for value in values {
                let held = records.iter().filter(|record| natural.holds(record, value));
                let ids: Vec<String> = held.map(|record| record.id.clone()).collect();
                let _new = found.insert(
                    value.clone(),
                    match ids.as_slice() {
                        [] => Resolved::Missing,
                        [only] => Resolved::Id(only.clone()),
                        _ => Resolved::Ambiguous(ids),
                    },
                );
            }
            found.extend(closed.into_iter().map(hidden));
        }
        Ok(found)
    }

    /// Records by id, or tickets by their key; only those that exist.
    pub(super) async fn plain(
        &self,
        object: ObjectType,
        by: &LinkBy,
        links: &[&LinkDraft],
    ) -> Result<HashMap<String, Resolved>, Stop> {
        let mut found = HashMap::new();
        for values in different(links).chunks(BATCH_LIMIT) {
            match by {
                LinkBy::Key => found.extend(self.tickets_with(values).await?),
                LinkBy::Id | LinkBy::Property(_) => {
                    found.extend(self.records_with(object, values).await?)
                }
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
            shelf: Shelf::Live,
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

/// The values of links, each once.
fn different(links: &[&LinkDraft]) -> Vec<String> {
    let values: BTreeSet<&String> = links.iter().map(|link| &link.value).collect();
    values.into_iter().cloned().collect()
}
