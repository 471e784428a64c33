//! `page`: reads tickets page by page into a spool. The list is read by many cursors at
//! once (`ranges`), as many as use the portal's allowance; chosen ids are read in
//! batches.

use std::collections::{BTreeSet, HashSet};
use std::io;

use futures::stream::{self, FuturesUnordered, StreamExt, TryStreamExt};

use super::ranges::{Ask, BadPage, OneByOne, Ranges};
use super::spool::{Spool, Ticket, Times, Version};
use super::window::Window;
use crate::hubspot::contract::{BATCH_LIMIT, HISTORY_LIMIT};
use crate::hubspot::error::CallError;
use crate::hubspot::{self, Client, Comparison, Filter, Page, Record, Search, SearchError, Test};
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;

/// The property that says when a record was changed; contacts use a different one.
pub const MODIFIED: &str = "hs_lastmodifieddate";

/// What every record has.
const ID: &str = "hs_object_id";

/// Why reading stopped before its end. The spool stays valid.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// The portal can't be read.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The portal can't be searched.
    #[error(transparent)]
    Search(#[from] SearchError),
    /// The portal's list is not valid.
    #[error("the portal's list of tickets can't be read")]
    BadPage(#[from] BadPage),
    /// A record id that is not a number.
    #[error("the portal's list of tickets can't be read: a ticket has the id `{0}`")]
    BadId(String),
    /// The spool can't be written.
    #[error("can't keep the pages of the export")]
    Spool(#[from] io::Error),
}

/// What is read for every ticket, and how.
#[derive(Clone)]
pub struct Reading {
    /// Calls the portal.
    pub client: Client,
    /// Properties by internal name, in the order of the values of a `Ticket`.
    pub properties: Vec<String>,
    /// Those whose former values are read too, in the order of its `history`.
    pub history: Vec<String>,
    /// Calls in flight, at most.
    pub concurrency: usize,
}

impl Reading {
    /// Reads all tickets, or all of the recycle bin, and continues where the spool ends.
    /// `heard` receives the number of tickets so far after every page.
    pub async fn list(
        &self,
        shelf: Shelf,
        spool: &mut Spool,
        mut heard: impl FnMut(u64),
    ) -> Result<(), PageError> {
        let mut ranges = Ranges::default();
        for mark in spool.marks() {
            ranges.restore(mark.range, mark.ids.1, mark.after.clone());
        }
        let mut tickets = spool.tickets();
        let mut flying = FuturesUnordered::new();
        loop {
            while flying.len() < self.width() {
                match ranges.next() {
                    Some(ask) => flying.push(self.ask(ask, shelf)),
                    None => break,
                }
            }
            let Some((ask, reply)) = flying.next().await else {
                return Ok(());
            };
            match reply {
                Ok(page) => tickets += self.keep(&mut ranges, &ask, page, shelf, spool)?,
                Err(CallError::Refused(_)) if ranges.refused(&ask) => {}
                Err(error) => return Err(error.into()),
            }
            heard(tickets);
        }
    }

    /// Reads the first tickets, one page after the other.
    pub async fn list_first(
        &self,
        limit: u64,
        shelf: Shelf,
        spool: &mut Spool,
    ) -> Result<(), PageError> {
        let mut after = match spool.marks().last() {
            Some(mark) if mark.after.is_none() => return Ok(()),
            last => last.and_then(|mark| mark.after.clone()),
        };
        let mut list = OneByOne::behind(spool.marks().last().map(|mark| mark.ids.1));
        let mut left = limit.saturating_sub(spool.tickets());
        while left > 0 {
            let page = self.page(after.as_deref(), shelf).await?;
            let mut tickets = self.tickets(page.results, shelf)?;
            let ids: Vec<u64> = tickets.iter().map(|ticket| ticket.id).collect();
            list.take(after.as_deref(), &ids, page.after.as_deref())?;
            tickets.truncate(usize::try_from(left).unwrap_or(usize::MAX));
            left -= tickets.len() as u64;
            spool.add(0, page.after.clone(), &tickets)?;
            after = page.after;
            if after.is_none() {
                break;
            }
        }
        Ok(())
    }

    /// Tickets read by their ids, with former values.
    async fn with_history(&self, tickets: &[Ticket]) -> Result<Vec<Ticket>, PageError> {
        let ids: Vec<u64> = tickets.iter().map(|ticket| ticket.id).collect();
        let batches = ids
            .chunks(HISTORY_LIMIT)
            .map(|ids| self.batch(ids, Shelf::Live));
        let batches = stream::iter(batches).buffered(self.width());
        batches.try_concat().await
    }

    /// Reads what a search finds, or the first `limit` of it, one page after the other: each
    /// continues after the last id, so HubSpot's limit of 10,000 results does not apply. Search
    /// returns no former values: if they are wanted, what was found is read by id.
    pub async fn found(
        &self,
        search: &Search,
        limit: Option<u64>,
        spool: &mut Spool,
        mut heard: impl FnMut(u64),
    ) -> Result<(), PageError> {
        let by_id = !self.history.is_empty();
        let mut search = search.clone();
        search.properties = self.properties.clone();
        if by_id {
            search.properties = vec![ID.to_owned()];
        }
        let mut above = spool.marks().last().map(|mark| mark.ids.1.to_string());
        loop {
            let left = limit.map_or(u64::MAX, |limit| limit.saturating_sub(spool.tickets()));
            if left == 0 {
                return Ok(());
            }
            let (kind, above_id) = (ObjectType::Tickets, above.as_deref());
            let page = self.client.search_by_id(kind, &search, above_id).await?;
            let page = first_of(page, usize::try_from(left).unwrap_or(usize::MAX));
            let mut tickets = self.tickets(page.results, Shelf::Live)?;
            if by_id {
                tickets = self.with_history(&tickets).await?;
            }
            spool.add(0, page.after.clone(), &tickets)?;
            heard(spool.tickets());
            if page.after.is_none() {
                return Ok(());
            }
            above = page.after;
        }
    }

    /// Reads chosen tickets, ids in ascending order; returns those that do not exist.
    pub async fn chosen(
        &self,
        ids: &[u64],
        shelf: Shelf,
        spool: &mut Spool,
        mut heard: impl FnMut(u64),
    ) -> Result<Vec<u64>, PageError> {
        let mut found: HashSet<u64> = spool
            .read::<Ticket>()?
            .map(|ticket| ticket.map(|ticket| ticket.id))
            .collect::<Result<_, _>>()?;
        let mut missing = ids.to_vec();
        missing.retain(|id| !found.contains(id));
        let batches = missing
            .chunks(self.batch_limit())
            .map(|ids| self.batch(ids, shelf));
        let mut batches = stream::iter(batches).buffered(self.width());
        while let Some(batch) = batches.next().await {
            let tickets = batch?;
            found.extend(tickets.iter().map(|ticket| ticket.id));
            spool.add(0, None, &tickets)?;
            heard(found.len() as u64);
        }
        drop(batches);
        missing.retain(|id| !found.contains(id));
        Ok(missing)
    }

    /// Ids of everything that a search finds. Values are then read by id: those in search results
    /// may be stale (E3).
    pub async fn ids_found(
        &self,
        object: ObjectType,
        search: &Search,
    ) -> Result<BTreeSet<u64>, PageError> {
        let search = Search {
            properties: vec!["hs_object_id".to_owned()],
            ..search.clone()
        };
        let mut ids = BTreeSet::new();
        let mut above: Option<String> = None;
        loop {
            let page = self.client.search_by_id(object, &search, above.as_deref());
            let page = page.await?;
            for record in page.results {
                let Ok(id) = record.id.parse() else {
                    return Err(PageError::BadId(record.id));
                };
                let _new = ids.insert(id);
            }
            above = page.after;
            if above.is_none() {
                return Ok(ids);
            }
        }
    }

    fn batch_limit(&self) -> usize {
        match self.history.is_empty() {
            true => BATCH_LIMIT,
            false => HISTORY_LIMIT,
        }
    }

    /// Tickets by id, in id order; missing ones are left out.
    pub async fn batch(&self, ids: &[u64], shelf: Shelf) -> Result<Vec<Ticket>, PageError> {
        let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
        let names: Vec<&str> = self.properties.iter().map(String::as_str).collect();
        let history: Vec<&str> = self.history.iter().map(String::as_str).collect();
        let tickets = ObjectType::Tickets;
        let records = self
            .client
            .read_existing(tickets, &ids, &names, &history, shelf);
        self.tickets(records.await?, shelf)
    }

    async fn page(&self, after: Option<&str>, shelf: Shelf) -> Result<Page, CallError> {
        let (tickets, properties) = (ObjectType::Tickets, &self.properties);
        self.client
            .list_history(tickets, properties, &self.history, after, shelf)
            .await
    }

    /// Calls that are worth having in flight.
    pub fn width(&self) -> usize {
        self.client
            .useful_concurrency()
            .min(self.concurrency)
            .max(1)
    }

    async fn ask(&self, ask: Ask, shelf: Shelf) -> (Ask, Result<Page, CallError>) {
        let page = self.page(ask.after.as_deref(), shelf).await;
        (ask, page)
    }

    /// Puts the new tickets of a page into the spool; returns their number.
    fn keep(
        &self,
        ranges: &mut Ranges,
        ask: &Ask,
        page: Page,
        shelf: Shelf,
        spool: &mut Spool,
    ) -> Result<u64, PageError> {
        let tickets = self.tickets(page.results, shelf)?;
        let ids: Vec<u64> = tickets.iter().map(|ticket| ticket.id).collect();
        let Some(kept) = ranges.take(ask, &ids, page.after)? else {
            return Ok(0);
        };
        let new = &tickets[kept.records];
        spool.add(kept.range, kept.after, new)?;
        Ok(new.len() as u64)
    }

    fn tickets(&self, records: Vec<Record>, shelf: Shelf) -> Result<Vec<Ticket>, PageError> {
        let tickets = records.into_iter().map(|record| self.ticket(record, shelf));
        tickets.collect()
    }

    fn ticket(&self, mut record: Record, shelf: Shelf) -> Result<Ticket, PageError> {
        let Ok(id) = record.id.parse() else {
            return Err(PageError::BadId(record.id));
        };
        let (names, history) = (self.properties.iter(), self.history.iter());
        let mut versions = |name| record.history.remove(name).unwrap_or_default();
        Ok(Ticket {
            id,
            values: names.map(|name| record.properties.remove(name)).collect(),
            archived: shelf.is_bin(),
            times: Times {
                created: record.times.created,
                updated: record.times.updated,
                archived: record.times.archived,
            },
            history: history.map(|name| in_time_order(versions(name))).collect(),
        })
    }
}

/// The first `most` records of a page of a search, at least one. What is cut off comes with
/// the next page, so it is read if one of these disappears meanwhile.
fn first_of(mut page: Page, most: usize) -> Page {
    if page.results.len() > most {
        page.results.truncate(most);
        page.after = page.results.last().map(|record| record.id.clone());
    }
    page
}

/// A search for what was changed since the beginning of a window, by the property that says when.
/// It is open to the end: the portal's clock is known to the second only, and pages by id lose
/// nothing while records change.
pub fn changed_in(property: &str, window: Window) -> Search {
    let from = window.from.as_millisecond().to_string();
    Search {
        groups: vec![vec![Filter {
            property: property.to_owned(),
            test: Test::Is(Comparison::AtLeast, from),
        }]],
        ..Search::default()
    }
}

/// HubSpot returns the newest first.
fn in_time_order(versions: Vec<hubspot::FormerValue>) -> Vec<Version> {
    let version = |version: hubspot::FormerValue| Version {
        value: version.value,
        at: version.at,
        source: version.source,
        source_id: version.source_id,
        user: version.user,
    };
    versions.into_iter().rev().map(version).collect()
}
