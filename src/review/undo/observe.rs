//! What the portal holds for tickets that may be undone: their values, who set them when, and what
//! they are linked to.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::decide::CLOSED_DATE;
use crate::hubspot::contract::LINKED_LIMIT;
use crate::hubspot::records::Record;
use crate::hubspot::{CallError, Client, LinkedRecord};
use crate::model::outcome::Change;
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;
use crate::review::absent::{Absence, whereabouts};
use crate::review::expect::Expected;
use crate::review::notes::HeldNotes;

/// Tickets as they are now.
#[derive(Debug, Default)]
pub(super) struct Held {
    records: HashMap<String, Record>,
    links: HashMap<String, Vec<(ObjectType, String)>>,
    between: HashMap<String, Vec<(ObjectType, LinkedRecord)>>,
    gone: BTreeSet<String>,
    /// Where tickets are that are not live.
    absent: HashMap<String, Absence>,
    /// Companies of the contacts that each ticket is linked to.
    companies: HashMap<String, BTreeSet<String>>,
    /// Kinds of activities that the token may not read.
    pub(super) hidden: BTreeSet<ObjectType>,
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

    /// Its links to the kinds of records that the run linked it to.
    pub(super) fn between(&self, ticket: &str) -> &[(ObjectType, LinkedRecord)] {
        self.between.get(ticket).map_or(&[], Vec::as_slice)
    }

    /// Companies of its contacts: HubSpot links a ticket to them by itself.
    pub(super) fn companies(&self, ticket: &str) -> Option<&BTreeSet<String>> {
        self.companies.get(ticket)
    }

    /// Applies values that would have been restored, for a dry run.
    pub(super) fn pretend(&mut self, shown: &HashMap<String, BTreeMap<String, String>>) {
        for (ticket, values) in shown {
            if let Some(record) = self.records.get_mut(ticket) {
                let values = values.clone();
                record.properties.extend(values);
            }
        }
    }

    /// Whether it was found not to be live when its links were read.
    pub(super) fn is_gone(&self, ticket: &str) -> bool {
        self.gone.contains(ticket)
    }

    /// Where it is, if it is not live.
    pub(super) fn absence(&self, ticket: &str) -> Option<&Absence> {
        self.absent.get(ticket)
    }

    /// Reads the tickets of these rows: for those that the run created, everything that anybody can
    /// set, with its history; for others, what the run changed.
    pub(super) async fn read(
        client: &Client,
        rows: &[Expected],
        writable: &BTreeSet<String>,
    ) -> Result<Held, CallError> {
        let mut held = Held {
            notes: HeldNotes::read_with_tickets(client, rows).await?,
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
        held.keep(client, &created, &names, &history).await?;
        let noted = ids(rows, Change::Noted);
        held.keep(client, &noted, &["hs_object_id"], &[]).await?;
        let names: BTreeSet<&str> = rows.iter().flat_map(changed).collect();
        let names: Vec<&str> = names.into_iter().collect();
        let updated = rows.iter().filter(|row| row.change == Change::Updated);
        let (staged, plain): (Vec<&Expected>, Vec<&Expected>) =
            updated.partition(|row| changed(row).any(|name| name == STAGE));
        held.keep(client, &tickets(&plain), &names, &[]).await?;
        let names = [&names[..], &DATED].concat();
        held.keep(client, &tickets(&staged), &names, &DATED).await?;
        let live = created.into_iter();
        let live: Vec<String> = live.filter(|id| held.records.contains_key(id)).collect();
        held.read_links(client, &live).await?;
        held.read_between(client, rows).await?;
        held.read_absent(client, rows).await?;
        Ok(held)
    }

    /// Reads only which tickets that the run created are live, and their notes.
    pub(super) async fn read_created(
        client: &Client,
        rows: &[Expected],
    ) -> Result<Held, CallError> {
        let mut held = Held {
            notes: HeldNotes::read_with_tickets(client, rows).await?,
            ..Held::default()
        };
        let created = ids(rows, Change::Created);
        held.keep(client, &created, &["hs_createdate"], &[]).await?;
        held.read_absent(client, rows).await?;
        Ok(held)
    }

    async fn keep(
        &mut self,
        client: &Client,
        ids: &[String],
        properties: &[&str],
        history: &[&str],
    ) -> Result<(), CallError> {
        if !ids.is_empty() {
            let tickets = ObjectType::Tickets;
            let read = client.read_existing(tickets, ids, properties, history, Shelf::Live);
            let records = read.await?.into_iter();
            let by_id = records.map(|record| (record.id.clone(), record));
            self.records.extend(by_id);
        }
        Ok(())
    }

    /// Finds the tickets that the run wrote and that are not live.
    async fn read_absent(&mut self, client: &Client, rows: &[Expected]) -> Result<(), CallError> {
        let is_absent = |row: &&Expected| match row.change {
            Change::Created | Change::Updated | Change::Noted => {
                !self.records.contains_key(&row.ticket)
            }
            Change::Linked => self.gone.contains(&row.ticket),
            Change::Archived | Change::Unlinked => false,
        };
        let ids: BTreeSet<&String> = rows
            .iter()
            .filter(is_absent)
            .map(|row| &row.ticket)
            .collect();
        let ids: Vec<String> = ids.into_iter().cloned().collect();
        self.absent = whereabouts(client, &ids).await?;
        Ok(())
    }

    /// Reads the links between tickets and the kinds of records that their rows linked.
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
            let linked = client.linked_live(ObjectType::Tickets, object, &tickets);
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
            let linked = client.linked_live(ObjectType::Tickets, object, live);
            let linked = match linked.await {
                // A token need not have the scopes of all activities for this.
                Err(CallError::Denied(error)) if error.status == 403 && is_activity(object) => {
                    let _new = self.hidden.insert(object);
                    continue;
                }
                linked => linked?,
            };
            for (id, others) in linked.by_record {
                let others = others.into_iter().map(|other| (object, other.id));
                self.links.entry(id).or_default().extend(others);
            }
        }
        self.read_companies(client).await
    }

    /// Reads the companies of contacts of tickets that are linked to a company.
    async fn read_companies(&mut self, client: &Client) -> Result<(), CallError> {
        let of = |links: &[(ObjectType, String)], wanted: ObjectType| -> Vec<String> {
            let links = links.iter().filter(|(object, _)| *object == wanted);
            links.map(|(_, id)| id.clone()).collect()
        };
        let mut contacts_of: HashMap<&String, Vec<String>> = HashMap::new();
        for (ticket, links) in &self.links {
            if !of(links, ObjectType::Companies).is_empty() {
                let contacts = of(links, ObjectType::Contacts);
                let _first = contacts_of.insert(ticket, contacts);
            }
        }
        let contacts: BTreeSet<&String> = contacts_of.values().flatten().collect();
        let contacts: Vec<String> = contacts.into_iter().cloned().collect();
        let mut companies: HashMap<String, Vec<LinkedRecord>> = HashMap::new();
        for part in contacts.chunks(LINKED_LIMIT) {
            let linked = client.linked_live(ObjectType::Contacts, ObjectType::Companies, part);
            companies.extend(linked.await?.by_record);
        }
        let found = contacts_of.into_iter().map(|(ticket, contacts)| {
            let companies = contacts.iter().filter_map(|contact| companies.get(contact));
            let ids = companies.flatten().map(|company| company.id.clone());
            (ticket.clone(), ids.collect())
        });
        self.companies = found.collect();
        Ok(())
    }
}

/// Whether a kind of record is an activity that the run itself did not create.
fn is_activity(object: ObjectType) -> bool {
    matches!(
        object,
        ObjectType::Emails
            | ObjectType::Calls
            | ObjectType::Meetings
            | ObjectType::Tasks
            | ObjectType::Communications
    )
}

/// The stage of a ticket.
const STAGE: &str = "hs_pipeline_stage";

/// What restoring a stage may need, with its history.
const DATED: [&str; 2] = [STAGE, CLOSED_DATE];

fn tickets(rows: &[&Expected]) -> Vec<String> {
    rows.iter().map(|row| row.ticket.clone()).collect()
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
