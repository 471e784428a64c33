//! `link`: the ids and chosen properties of the records that tickets are linked to. Read
//! for a thousand tickets at a time, by the batch read of associations, which gives all
//! links of a ticket however many pages they have. What is read goes into a separate
//! spool, in the order of the tickets, so that an export that stopped continues there.
//!
//! Other people keep working meanwhile: a ticket that disappeared between the list and its links is
//! left out or exported from the recycle bin, never with only some of its links (protocol E6).

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use futures::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use super::columns::Others;
use super::page::{PageError, Reading};
use super::spool::{Kept, Spool, Ticket};
use crate::hubspot::contract::{BATCH_LIMIT, LINKED_LIMIT};
use crate::hubspot::error::CallError;
use crate::hubspot::{LinkType, LinkedRecord, Record};
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;

/// Tickets whose links are read ahead, in portions of `LINKED_LIMIT` or less.
const PORTIONS_AHEAD: usize = 4;

/// Tickets of a portion with texts.
const TEXTS_LIMIT: usize = 100;

/// Batches of other records that are read at once.
const AT_ONCE: usize = 8;

/// How often links are read again because a linked record disappeared meanwhile.
const ROUNDS: usize = 3;

/// The links of one ticket.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// Id of the ticket.
    pub id: u64,
    /// For each requested kind of record, those that it is linked to, in id order, each once.
    pub others: Vec<Vec<Other>>,
    /// What happened to the ticket before they were read.
    #[serde(default, skip_serializing_if = "Fate::is_here")]
    pub fate: Fate,
}

/// What happened to a ticket between the list and the reading of its links.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// It is still where it was listed.
    #[default]
    Here,
    /// It was archived, merged into another or purged.
    Gone,
    /// It was archived, and this is the archived record.
    Archived(Ticket),
}

impl Fate {
    fn is_here(&self) -> bool {
        *self == Fate::Here
    }
}

/// A kind of link: category, id, and label, "" for the plain one.
pub type Kind = (String, u32, String);

/// A record that a ticket is linked to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    /// Its record id.
    pub id: String,
    /// Values of the requested properties, in their order; none if nothing is set.
    pub values: Vec<Option<String>>,
    /// Kinds of the link.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<Kind>,
}

impl Kept for Links {
    fn id(&self) -> u64 {
        self.id
    }
}

/// Reads what is wanted for all tickets, which are given in id order; continues where the spool
/// ends. A ticket that disappeared meanwhile is looked for in the recycle bin if `with_bin` is set.
/// `heard` receives the number of tickets so far.
///
/// # Errors
/// Also if the links of a live ticket can't be read: no live ticket is left out.
pub async fn read(
    reading: &Reading,
    wanted: &[Others],
    with_bin: bool,
    tickets: impl Iterator<Item = io::Result<Ticket>>,
    spool: &mut Spool,
    mut heard: impl FnMut(u64),
) -> Result<(), PageError> {
    let known = usize::try_from(spool.tickets()).unwrap_or(usize::MAX);
    let portions = Portions {
        tickets: tickets.skip(known),
        size: portion_size(wanted),
    };
    let mut portions = stream::iter(portions)
        .map(async |portion| of_portion(reading, wanted, with_bin, &portion?).await)
        .buffered(reading.width().min(PORTIONS_AHEAD))
        .boxed_local();
    while let Some(links) = portions.next().await {
        spool.add(0, None, &links?)?;
        heard(spool.tickets());
    }
    Ok(())
}

/// Tickets in portions for one read of links.
struct Portions<I> {
    tickets: I,
    size: usize,
}

/// Tickets in a portion: fewer for activities, to keep few of their texts in memory at once.
fn portion_size(wanted: &[Others]) -> usize {
    let has_texts = |others: &Others| others.object.is_activity() && !others.properties.is_empty();
    match wanted.iter().any(has_texts) {
        true => TEXTS_LIMIT,
        false => LINKED_LIMIT,
    }
}

impl<I: Iterator<Item = io::Result<Ticket>>> Iterator for Portions<I> {
    type Item = io::Result<Vec<Ticket>>;

    fn next(&mut self) -> Option<io::Result<Vec<Ticket>>> {
        let portion: io::Result<Vec<Ticket>> = self.tickets.by_ref().take(self.size).collect();
        match portion {
            Ok(portion) if portion.is_empty() => None,
            portion => Some(portion),
        }
    }
}

async fn of_portion(
    reading: &Reading,
    wanted: &[Others],
    with_bin: bool,
    tickets: &[Ticket],
) -> Result<Vec<Links>, PageError> {
    let ids = |archived: bool| -> Vec<String> {
        let tickets = tickets.iter().filter(|ticket| ticket.archived == archived);
        tickets.map(|ticket| ticket.id.to_string()).collect()
    };
    let (mut live, archived) = (ids(false), ids(true));
    let mut gone = BTreeSet::new();
    let mut kinds: Vec<HashMap<String, Vec<Other>>> = Vec::with_capacity(wanted.len());
    for others in wanted {
        let mut linked = of_live(reading, others, &live, &mut gone).await?;
        live.retain(|id| !gone.contains(id));
        linked.extend(of_archived(reading, others, &archived).await?);
        kinds.push(linked);
    }
    let mut moved = HashMap::new();
    if with_bin {
        moved = in_bin(reading, &gone).await?;
    }
    let links = tickets.iter().map(|ticket| {
        let fate = match gone.contains(&ticket.id.to_string()) {
            false => Fate::Here,
            true => moved.remove(&ticket.id).map_or(Fate::Gone, Fate::Archived),
        };
        links_of(ticket.id, fate, &mut kinds)
    });
    Ok(links.collect())
}

/// Takes the links of one ticket out of those of a portion. A ticket that went has none:
/// what was read before it went may be only a part of them.
fn links_of(id: u64, fate: Fate, kinds: &mut [HashMap<String, Vec<Other>>]) -> Links {
    let name = id.to_string();
    let of_kind = |linked: &mut HashMap<String, Vec<Other>>| match fate {
        Fate::Here => linked.remove(&name).unwrap_or_default(),
        Fate::Gone | Fate::Archived(_) => Vec::new(),
    };
    let others = kinds.iter_mut().map(of_kind).collect();
    Links { id, others, fate }
}

/// Tickets in the recycle bin.
async fn in_bin(
    reading: &Reading,
    ids: &BTreeSet<String>,
) -> Result<HashMap<u64, Ticket>, PageError> {
    let ids: Vec<u64> = ids.iter().filter_map(|id| id.parse().ok()).collect();
    let tickets = reading.batch(&ids, Shelf::RecycleBin).await?.into_iter();
    Ok(tickets.map(|ticket| (ticket.id, ticket)).collect())
}

type Linked = BTreeMap<String, Vec<LinkedRecord>>;

/// The links of live tickets. If a linked record disappeared meanwhile, the links are read again:
/// another may have taken its place, as after a merge. Tickets that no longer exist are added to
/// `gone`.
async fn of_live(
    reading: &Reading,
    others: &Others,
    ids: &[String],
    gone: &mut BTreeSet<String>,
) -> Result<HashMap<String, Vec<Other>>, PageError> {
    let (tickets, mut open) = (ObjectType::Tickets, ids.to_vec());
    let mut linked = HashMap::new();
    for round in 1..=ROUNDS {
        if open.is_empty() {
            break;
        }
        let read = reading
            .client
            .linked_live(tickets, others.object, &open)
            .await?;
        open.clear();
        gone.extend(read.gone);
        let records = records(reading, others, &read.by_record).await?;
        for (ticket, ends) in read.by_record {
            let is_whole = ends.iter().all(|end| records.holds(&end.id));
            if !is_whole && round < ROUNDS {
                open.push(ticket);
            } else {
                let _new = linked.insert(ticket, records.others(ends));
            }
        }
    }
    Ok(linked)
}

async fn of_archived(
    reading: &Reading,
    others: &Others,
    ids: &[String],
) -> Result<HashMap<String, Vec<Other>>, PageError> {
    let (client, tickets) = (&reading.client, ObjectType::Tickets);
    let linked = client.linked_archived(tickets, others.object, ids).await?;
    let records = records(reading, others, &linked).await?;
    let links = linked.into_iter();
    Ok(links
        .map(|(ticket, ends)| (ticket, records.others(ends)))
        .collect())
}

/// The records at the other ends of links, if more than their ids is wanted.
struct Records<'a> {
    /// None if their ids are enough.
    by_id: Option<HashMap<String, Record>>,
    properties: &'a [String],
}

impl Records<'_> {
    fn holds(&self, id: &str) -> bool {
        self.by_id.as_ref().is_none_or(|held| held.contains_key(id))
    }

    /// The other ends of a ticket's links in id order, each once; missing ones are left out.
    fn others(&self, ends: Vec<LinkedRecord>) -> Vec<Other> {
        let mut by_id: BTreeMap<(usize, String), BTreeSet<Kind>> = BTreeMap::new();
        for end in ends.into_iter().filter(|end| self.holds(&end.id)) {
            let kinds = by_id.entry((end.id.len(), end.id)).or_default();
            let kind = |kind: LinkType| (kind.category, kind.id, kind.label.unwrap_or_default());
            kinds.extend(end.types.into_iter().map(kind));
        }
        let others = by_id.into_iter();
        others
            .map(|((_, id), types)| self.other(id, types.into_iter().collect()))
            .collect()
    }

    fn other(&self, id: String, types: Vec<Kind>) -> Other {
        let record = self.by_id.as_ref().and_then(|held| held.get(&id));
        let value = |name: &String| Some(record?.get(name)?.to_owned());
        Other {
            values: self.properties.iter().map(value).collect(),
            types,
            id,
        }
    }
}

async fn records<'a>(
    reading: &Reading,
    others: &'a Others,
    linked: &Linked,
) -> Result<Records<'a>, CallError> {
    let properties = others.properties.as_slice();
    if properties.is_empty() {
        return Ok(Records {
            by_id: None,
            properties,
        });
    }
    let ids: BTreeSet<&String> = linked.values().flatten().map(|end| &end.id).collect();
    let ids: Vec<String> = ids.into_iter().cloned().collect();
    let names: Vec<&str> = properties.iter().map(String::as_str).collect();
    let batches: Vec<&[String]> = ids.chunks(BATCH_LIMIT).collect();
    let read: Vec<Vec<Record>> = stream::iter(batches)
        .map(|ids| {
            let client = &reading.client;
            client.read_existing(others.object, ids, &names, &[], Shelf::Live)
        })
        .buffer_unordered(reading.width().min(AT_ONCE))
        .try_collect()
        .await?;
    let records = read.into_iter().flatten();
    Ok(Records {
        by_id: Some(records.map(|record| (record.id.clone(), record)).collect()),
        properties,
    })
}
