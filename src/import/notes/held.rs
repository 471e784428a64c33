//! What tickets hold of notes already: read from the record store, through their
//! associations. A search would prove nothing, since its index is late.

use std::collections::{BTreeSet, HashMap};

use super::unreadable;
use super::way::KeyWay;
use crate::hubspot::contract::{BATCH_LIMIT, LINKED_LIMIT};
use crate::hubspot::records::Record;
use crate::hubspot::{Client, LinkedRecord};
use crate::model::event::Stop;
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;

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
            let between = (ObjectType::Tickets, way.activity.object());
            let linked = client
                .linked_live(between, part)
                .await
                .map_err(unreadable)?;
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

    /// Reads notes, each with the ticket that it hangs on; one may hang on several.
    async fn add(&mut self, client: &Client, notes: Vec<(String, String)>) -> Result<(), Stop> {
        let ids: BTreeSet<String> = notes.iter().map(|(id, _)| id.clone()).collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let wanted = (&[self.way.reads()][..], &[][..]);
        let object = self.way.activity.object();
        let read = client.read_existing(object, &ids, wanted, Shelf::Live);
        let records = read.await.map_err(unreadable)?.into_iter();
        let records: HashMap<String, Record> =
            records.map(|record| (record.id.clone(), record)).collect();
        for (id, ticket) in notes {
            let record = records.get(&id).cloned();
            self.by_ticket.entry(ticket).or_default().extend(record);
        }
        Ok(())
    }

    /// The ids of a ticket's notes that are the one of this key, the oldest first.
    pub(super) fn all(&self, ticket: &str, key: &str) -> Vec<&Record> {
        let notes = self.by_ticket.get(ticket).into_iter().flatten();
        let mut found: Vec<&Record> = notes.filter(|record| self.way.is(record, key)).collect();
        found.sort_by(|one, other| (one.id.len(), &one.id).cmp(&(other.id.len(), &other.id)));
        found
    }
}
