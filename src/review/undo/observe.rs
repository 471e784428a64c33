//! What the portal holds of tickets that may be undone: their values, who set them when,
//! and what they are linked to.

use std::collections::{BTreeSet, HashMap};

use crate::hubspot::records::Record;
use crate::hubspot::{CallError, Client, LinkedRecord};
use crate::model::outcome::Change;
use crate::model::schema::ObjectType;
use crate::review::expect::Expected;
use crate::review::notes::HeldNotes;

/// Tickets as they are now.
#[derive(Debug, Default)]
pub(super) struct Held {
    records: HashMap<String, Record>,
    links: HashMap<String, Vec<(ObjectType, String)>>,
    between: HashMap<String, Vec<(ObjectType, LinkedRecord)>>,
    gone: BTreeSet<String>,
    /// Notes of the run.
    pub(super) notes: HeldNotes,
}

impl Held {
    /// The ticket, if it is live.
    pub(super) fn record(&self, ticket: &str) -> Option<&Record> {
        self.records.get(ticket)
    }

    /// What it is linked to.
    pub(super) fn links(&self, ticket: &str) -> &[(ObjectType, String)] {
        self.links.get(ticket).map_or(&[], Vec::as_slice)
    }

    /// What is between it and the kinds of records that the run linked it to.
    pub(super) fn between(&self, ticket: &str) -> &[(ObjectType, LinkedRecord)] {
        self.between.get(ticket).map_or(&[], Vec::as_slice)
    }

    /// Whether it was found not to be live when its links were read.
    pub(super) fn is_gone(&self, ticket: &str) -> bool {
        self.gone.contains(ticket)
    }

    /// Reads the tickets of these rows. Of those that the run created everything counts
    /// that anybody can set, with its history; of others what the run changed.
    pub(super) async fn read(
        client: &Client,
        rows: &[Expected],
        writable: &BTreeSet<String>,
    ) -> Result<Held, CallError> {
        let mut held = Held {
            notes: HeldNotes::read(client, rows).await?,
            ..Held::default()
        };
        let created = ids(rows, Change::Created);
        let names: BTreeSet<&str> = writable
            .iter()
            .map(String::as_str)
            .chain(rows.iter().flat_map(written))
            .chain(["hs_createdate"])
            .collect();
        let names: Vec<&str> = names.into_iter().collect();
        let history: Vec<&str> = writable.iter().map(String::as_str).collect();
        held.keep(client, &created, (&names, &history)).await?;
        let noted = ids(rows, Change::Noted);
        held.keep(client, &noted, (&["hs_object_id"], &[])).await?;
        let updated = ids(rows, Change::Updated);
        let names: BTreeSet<&str> = rows.iter().flat_map(changed).collect();
        let names: Vec<&str> = names.into_iter().collect();
        held.keep(client, &updated, (&names, &[])).await?;
        let live = created.into_iter();
        let live: Vec<String> = live.filter(|id| held.records.contains_key(id)).collect();
        held.read_links(client, &live).await?;
        held.read_between(client, rows).await?;
        Ok(held)
    }

    /// Only which tickets that the run created are live.
    pub(super) async fn read_created(
        client: &Client,
        rows: &[Expected],
    ) -> Result<Held, CallError> {
        let mut held = Held::default();
        let created = ids(rows, Change::Created);
        held.keep(client, &created, (&["hs_createdate"], &[]))
            .await?;
        Ok(held)
    }

    async fn keep(
        &mut self,
        client: &Client,
        ids: &[String],
        wanted: (&[&str], &[&str]),
    ) -> Result<(), CallError> {
        if !ids.is_empty() {
            let read = client.read_existing(ObjectType::Tickets, ids, wanted, false);
            let records = read.await?.into_iter();
            let by_id = records.map(|record| (record.id.clone(), record));
            self.records.extend(by_id);
        }
        Ok(())
    }

    /// Reads what is between tickets and the kinds of records that their rows linked.
    async fn read_between(&mut self, client: &Client, rows: &[Expected]) -> Result<(), CallError> {
        let made = rows.iter().flat_map(|row| row.made.iter().flatten());
        let objects: BTreeSet<ObjectType> = made.map(|link| link.to).collect();
        for object in objects {
            let linked_to = |row: &&Expected| {
                let mut made = row.made.iter().flatten();
                row.change != Change::Created && made.any(|link| link.to == object)
            };
            let tickets: BTreeSet<&String> = rows
                .iter()
                .filter(linked_to)
                .map(|row| &row.ticket)
                .collect();
            if tickets.is_empty() {
                continue;
            }
            let tickets: Vec<String> = tickets.into_iter().cloned().collect();
            let linked = client.linked_live((ObjectType::Tickets, object), &tickets);
            let linked = linked.await?;
            self.gone.extend(linked.gone);
            for (id, others) in linked.by_record {
                let others = others.into_iter().map(|other| (object, other));
                self.between.entry(id).or_default().extend(others);
            }
        }
        Ok(())
    }

    async fn read_links(&mut self, client: &Client, live: &[String]) -> Result<(), CallError> {
        if live.is_empty() {
            return Ok(());
        }
        for object in ObjectType::ALL {
            let linked = client.linked_live((ObjectType::Tickets, object), live);
            for (id, others) in linked.await?.by_record {
                let others = others.into_iter().map(|other| (object, other.id));
                self.links.entry(id).or_default().extend(others);
            }
        }
        Ok(())
    }
}

fn ids(rows: &[Expected], change: Change) -> Vec<String> {
    let rows = rows.iter().filter(|row| row.change == change);
    rows.map(|row| row.ticket.clone()).collect()
}

fn written(row: &Expected) -> impl Iterator<Item = &str> {
    let values = row.values.iter();
    values.flat_map(|value| {
        let instead = value.instead.as_deref();
        [Some(&*value.property), instead].into_iter().flatten()
    })
}

fn changed(row: &Expected) -> impl Iterator<Item = &str> {
    let changes = row.changes.iter().flatten();
    changes.map(|change| &*change.name)
}
