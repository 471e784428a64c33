//! `link`: what other records bring to tickets, their ids and chosen properties. Read
//! for a thousand tickets at a time, by the batch read of associations, which gives all
//! links of a ticket however many pages they have. What is read goes into a spool of
//! its own, in the order of the tickets, so that an export that stopped goes on there.

use std::collections::{BTreeSet, HashMap};
use std::io;

use futures::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::columns::Others;
use super::page::PageError;
use super::spool::{Kept, Spool, Ticket};
use crate::hubspot::contract::{BATCH_LIMIT, LINKED_LIMIT};
use crate::hubspot::error::CallError;
use crate::hubspot::{ApiError, Client, Record};
use crate::model::schema::ObjectType;

/// Tickets whose links are read ahead, in portions of `LINKED_LIMIT`.
const PORTIONS_AHEAD: usize = 4;

/// Batches of other records that are read at once.
const AT_ONCE: usize = 8;

/// The links of one ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// Id of the ticket.
    pub id: u64,
    /// For each kind of other record that was asked for, those that it is linked to, in
    /// id order, none twice.
    pub others: Vec<Vec<Other>>,
}

/// A record that a ticket is linked to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    /// Its record id.
    pub id: String,
    /// Values of the properties that were asked for, in their order; none where
    /// nothing is set.
    pub values: Vec<Option<String>>,
}

impl Kept for Links {
    fn id(&self) -> u64 {
        self.id
    }
}

/// Reads what is wanted for all tickets, which come in id order; goes on where the
/// spool ends. `heard` is told the number of tickets so far.
///
/// # Errors
/// Also when the links of a live ticket can't be read: none is left out.
pub async fn read(
    client: &Client,
    wanted: &[Others],
    tickets: impl Iterator<Item = io::Result<Ticket>>,
    spool: &mut Spool,
    mut heard: impl FnMut(u64),
) -> Result<(), PageError> {
    let known = usize::try_from(spool.tickets()).unwrap_or(usize::MAX);
    let mut portions = stream::iter(Portions(tickets.skip(known)))
        .map(async |portion| {
            let portion = portion?;
            Ok::<_, PageError>(of_portion(client, wanted, &portion).await?)
        })
        .buffered(PORTIONS_AHEAD)
        .boxed_local();
    while let Some(links) = portions.next().await {
        spool.add(0, None, &links?)?;
        heard(spool.tickets());
    }
    Ok(())
}

/// Tickets in portions for one read of links.
struct Portions<I>(I);

impl<I: Iterator<Item = io::Result<Ticket>>> Iterator for Portions<I> {
    type Item = io::Result<Vec<Ticket>>;

    fn next(&mut self) -> Option<io::Result<Vec<Ticket>>> {
        let portion: io::Result<Vec<Ticket>> = self.0.by_ref().take(LINKED_LIMIT).collect();
        match portion {
            Ok(portion) if portion.is_empty() => None,
            portion => Some(portion),
        }
    }
}

async fn of_portion(
    client: &Client,
    wanted: &[Others],
    tickets: &[Ticket],
) -> Result<Vec<Links>, CallError> {
    let mut links: Vec<Links> = tickets
        .iter()
        .map(|ticket| Links {
            id: ticket.id,
            others: Vec::with_capacity(wanted.len()),
        })
        .collect();
    for others in wanted {
        let mut linked = linked_ids(client, others.object, tickets).await?;
        let records = records(client, others, &linked).await?;
        for links in &mut links {
            let ids = linked.remove(&links.id).unwrap_or_default();
            let other = |id| other(id, &records, &others.properties);
            links.others.push(ids.into_iter().map(other).collect());
        }
    }
    Ok(links)
}

fn other(id: String, records: &HashMap<String, Record>, properties: &[String]) -> Other {
    let record = records.get(&id);
    let value = |name: &String| Some(record?.get(name)?.to_owned());
    Other {
        values: properties.iter().map(value).collect(),
        id,
    }
}

/// Ids of linked records by ticket.
async fn linked_ids(
    client: &Client,
    object: ObjectType,
    tickets: &[Ticket],
) -> Result<HashMap<u64, Vec<String>>, CallError> {
    let ids: Vec<String> = tickets.iter().map(|t| t.id.to_string()).collect();
    let linked = client.linked((ObjectType::Tickets, object), &ids).await?;
    let mut errors = linked.errors.into_iter();
    if let Some(error) = errors.find(|error| concerns_live(error, tickets)) {
        return Err(CallError::Refused(Box::new(error)));
    }
    let mut by_ticket = HashMap::new();
    for (ticket, others) in linked.by_record {
        let mut ids: Vec<String> = others.into_iter().map(|other| other.id).collect();
        ids.sort_by(|left, right| (left.len(), left).cmp(&(right.len(), right)));
        ids.dedup();
        if let Ok(ticket) = ticket.parse() {
            let _none = by_ticket.insert(ticket, ids);
        }
    }
    Ok(by_ticket)
}

/// The linked records themselves, where more than their ids is wanted.
async fn records(
    client: &Client,
    others: &Others,
    linked: &HashMap<u64, Vec<String>>,
) -> Result<HashMap<String, Record>, CallError> {
    if others.properties.is_empty() {
        return Ok(HashMap::new());
    }
    let ids: BTreeSet<&String> = linked.values().flatten().collect();
    let ids: Vec<String> = ids.into_iter().cloned().collect();
    let names: Vec<&str> = others.properties.iter().map(String::as_str).collect();
    let batches: Vec<&[String]> = ids.chunks(BATCH_LIMIT).collect();
    let replies: Vec<_> = stream::iter(batches)
        .map(|ids| client.batch_read(others.object, None, ids, &names, false))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let records = replies.into_iter().flat_map(|reply| reply.results);
    Ok(records.map(|record| (record.id.clone(), record)).collect())
}

/// The recycle bin keeps no links that could be missed.
fn concerns_live(error: &ApiError, tickets: &[Ticket]) -> bool {
    let archived = |id: &String| {
        let mut tickets = tickets.iter();
        tickets.any(|ticket| ticket.archived && ticket.id.to_string() == *id)
    };
    error.ids.is_empty() || !error.ids.iter().all(archived)
}
