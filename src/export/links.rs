//! What other records bring to tickets: their ids, and chosen properties. Read for a
//! thousand tickets at a time, by the batch read of associations, which gives all
//! links of a ticket however many pages they have.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::stream::{self, StreamExt, TryStreamExt};

use super::columns::With;
use super::spool::Ticket;
use crate::hubspot::contract::BATCH_LIMIT;
use crate::hubspot::error::CallError;
use crate::hubspot::{ApiError, Client};
use crate::model::schema::ObjectType;

/// Batches of other records that are read at once.
const AT_ONCE: usize = 8;

/// Links of some tickets, with what was read of the other records.
#[derive(Debug, Default)]
pub struct Links {
    by_ticket: HashMap<(ObjectType, u64), Vec<String>>,
    records: HashMap<(ObjectType, String), BTreeMap<String, String>>,
}

impl Links {
    /// Ids of the records that a ticket is linked to, each once, in id order.
    pub fn ids(&self, ticket: u64, object: ObjectType) -> impl Iterator<Item = &str> {
        let ids = self.by_ticket.get(&(object, ticket));
        ids.into_iter().flatten().map(String::as_str)
    }

    /// A property of these records, in the same order; empty where nothing is set.
    /// Nothing at all when no record has it.
    pub fn values(
        &self,
        ticket: u64,
        object: ObjectType,
        property: &str,
    ) -> impl Iterator<Item = &str> {
        let value = |id: &str| {
            let record = self.records.get(&(object, id.to_owned()))?;
            record.get(property).map(String::as_str)
        };
        let values: Vec<Option<&str>> = self.ids(ticket, object).map(value).collect();
        let any = values.iter().any(Option::is_some);
        let shown = values.into_iter().filter(move |_| any);
        shown.map(Option::unwrap_or_default)
    }

    /// Reads what is wanted for these tickets, 1,000 at most.
    ///
    /// # Errors
    /// Also when the links of a live ticket can't be read: none is left out.
    pub async fn read(
        client: &Client,
        with: &[With],
        tickets: &[Ticket],
    ) -> Result<Links, CallError> {
        let mut links = Links::default();
        for (object, properties) in by_object(with) {
            links.read_ids(client, object, tickets).await?;
            if !properties.is_empty() {
                links.read_records(client, object, &properties).await?;
            }
        }
        Ok(links)
    }

    async fn read_ids(
        &mut self,
        client: &Client,
        object: ObjectType,
        tickets: &[Ticket],
    ) -> Result<(), CallError> {
        let ids: Vec<String> = tickets.iter().map(|t| t.id.to_string()).collect();
        let linked = client.linked((ObjectType::Tickets, object), &ids).await?;
        if let Some(error) = linked
            .errors
            .into_iter()
            .find(|e| concerns_live(e, tickets))
        {
            return Err(CallError::Refused(Box::new(error)));
        }
        for (ticket, others) in linked.by_record {
            let mut ids: Vec<String> = others.into_iter().map(|other| other.id).collect();
            ids.sort_by(|left, right| (left.len(), left).cmp(&(right.len(), right)));
            ids.dedup();
            if let Ok(ticket) = ticket.parse() {
                let _none = self.by_ticket.insert((object, ticket), ids);
            }
        }
        Ok(())
    }

    async fn read_records(
        &mut self,
        client: &Client,
        object: ObjectType,
        properties: &[&str],
    ) -> Result<(), CallError> {
        let of_object = self.by_ticket.iter().filter(|((of, _), _)| *of == object);
        let ids: BTreeSet<&String> = of_object.flat_map(|(_, ids)| ids).collect();
        let ids: Vec<String> = ids.into_iter().cloned().collect();
        let batches: Vec<&[String]> = ids.chunks(BATCH_LIMIT).collect();
        let replies: Vec<_> = stream::iter(batches)
            .map(|ids| client.batch_read(object, None, ids, properties, false))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        for record in replies.into_iter().flat_map(|reply| reply.results) {
            let _none = self.records.insert((object, record.id), record.properties);
        }
        Ok(())
    }
}

/// The recycle bin keeps no links that could be missed.
fn concerns_live(error: &ApiError, tickets: &[Ticket]) -> bool {
    let archived = |id: &String| {
        let mut tickets = tickets.iter();
        tickets.any(|ticket| ticket.archived && ticket.id.to_string() == *id)
    };
    error.ids.is_empty() || !error.ids.iter().all(archived)
}

fn by_object(with: &[With]) -> BTreeMap<ObjectType, Vec<&str>> {
    let mut objects: BTreeMap<ObjectType, Vec<&str>> = BTreeMap::new();
    for wanted in with {
        let properties = objects.entry(wanted.object).or_default();
        properties.extend(wanted.property.as_deref());
    }
    objects
}
