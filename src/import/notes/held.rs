//! The notes that tickets hold already: read from the record store, through their associations. A
//! search would prove nothing, since its index lags.

use std::collections::{BTreeSet, HashMap};

use super::unreadable;
use super::way::{KeyWay, has_key, read_properties, says_the_same};
use crate::hubspot::contract::{BATCH_LIMIT, LINKED_LIMIT};
use crate::hubspot::records::Record;
use crate::hubspot::{Client, LinkedRecord};
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;
use crate::model::stop::Stop;

/// Notes of tickets.
pub(super) struct Held<'w> {
    way: &'w KeyWay,
    by_ticket: HashMap<String, Vec<Record>>,
}

impl<'w> Held<'w> {
    /// Reads the notes of tickets.
    pub(super) async fn read(
        client: &Client,
        way: &'w KeyWay,
        tickets: &BTreeSet<String>,
    ) -> Result<Held<'w>, Stop> {
        let mut held = Held {
            way,
            by_ticket: HashMap::new(),
        };
        let tickets: Vec<String> = tickets.iter().cloned().collect();
        for part in tickets.chunks(LINKED_LIMIT) {
            let linked = client.linked_live(ObjectType::Tickets, way.activity.object(), part);
            let linked = linked.await.map_err(unreadable)?;
            let mut notes = linked.by_record.into_iter().flat_map(|(ticket, notes)| {
                let of_ticket = move |note: LinkedRecord| (note.id, ticket.clone());
                notes.into_iter().map(of_ticket)
            });
            loop {
                let some: Vec<(String, String)> = notes.by_ref().take(BATCH_LIMIT).collect();
                if some.is_empty() {
                    break;
                }
                held.add(client, some).await?;
            }
        }
        Ok(held)
    }

    /// Reads notes, each with its ticket; one may have several.
    async fn add(&mut self, client: &Client, notes: Vec<(String, String)>) -> Result<(), Stop> {
        let ids: BTreeSet<String> = notes.iter().map(|(id, _)| id.clone()).collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let properties = read_properties(self.way.activity);
        let object = self.way.activity.object();
        let read = client.read_existing(object, &ids, &properties, &[], Shelf::Live);
        let records = read.await.map_err(unreadable)?.into_iter();
        let records: HashMap<String, Record> =
            records.map(|record| (record.id.clone(), record)).collect();
        for (id, ticket) in notes {
            let record = records.get(&id).cloned();
            self.by_ticket.entry(ticket).or_default().extend(record);
        }
        Ok(())
    }

    /// A ticket's notes with this key, the oldest first.
    pub(super) fn all(&self, ticket: &str, key: &str) -> Vec<&Record> {
        let activity = self.way.activity;
        self.of_ticket(ticket, |record| has_key(record, activity, key))
    }

    /// A ticket's notes that have no key and say this at this time, the oldest first. They
    /// were created when the portal stored keys in another way, or by somebody else.
    pub(super) fn keyless(&self, ticket: &str, key: &str, said: (i64, [u8; 16])) -> Vec<&Record> {
        let activity = self.way.activity;
        let (at_ms, text) = said;
        self.of_ticket(ticket, |record| {
            says_the_same(record, activity, key, at_ms, text)
        })
    }

    fn of_ticket(&self, ticket: &str, is: impl Fn(&Record) -> bool) -> Vec<&Record> {
        let notes = self.by_ticket.get(ticket).into_iter().flatten();
        let mut found: Vec<&Record> = notes.filter(|record| is(record)).collect();
        found.sort_by(|one, other| (one.id.len(), &one.id).cmp(&(other.id.len(), &other.id)));
        found
    }
}
