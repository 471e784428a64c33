//! Notes of rows against the portal as it is now: each must be on its ticket, with the key,
//! the time and the text that the run wrote.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::expect::Expected;
use super::finding::Difference;
use crate::hubspot::contract::{BATCH_LIMIT, LINKED_LIMIT};
use crate::hubspot::records::Record;
use crate::hubspot::{CallError, Client};
use crate::import::notes::{ATTACHMENTS, is_key, key_properties, read_properties, same_text};
use crate::journal::{NoteState, NoteStep};
use crate::model::note::Activity;
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;

/// Notes as they are now.
#[derive(Debug, Default)]
pub(super) struct HeldNotes {
    records: HashMap<(Activity, String), Record>,
    /// The notes of a kind on each ticket.
    on_tickets: HashMap<(Activity, String), BTreeSet<String>>,
    /// The tickets of each note, if requested.
    tickets: HashMap<(Activity, String), BTreeSet<String>>,
}

impl HeldNotes {
    /// Reads the notes of rows.
    pub(super) async fn read(client: &Client, rows: &[Expected]) -> Result<HeldNotes, CallError> {
        let mut held = HeldNotes::default();
        for activity in Activity::ALL {
            held.read_kind(client, activity, rows).await?;
        }
        Ok(held)
    }

    /// Reads the notes of rows, and the tickets of each of them.
    pub(super) async fn read_with_tickets(
        client: &Client,
        rows: &[Expected],
    ) -> Result<HeldNotes, CallError> {
        let mut held = HeldNotes::read(client, rows).await?;
        for activity in Activity::ALL {
            let of_kind = held.records.keys().filter(|(kind, _)| *kind == activity);
            let ids: Vec<String> = of_kind.map(|(_, id)| id.clone()).collect();
            for part in ids.chunks(LINKED_LIMIT) {
                let linked = client.linked_live(activity.object(), ObjectType::Tickets, part);
                let linked = linked.await?.by_record;
                let tickets = linked.into_iter().map(|(note, tickets)| {
                    let ids = tickets.into_iter().map(|ticket| ticket.id);
                    ((activity, note), ids.collect())
                });
                held.tickets.extend(tickets);
            }
        }
        Ok(held)
    }

    async fn read_kind(
        &mut self,
        client: &Client,
        activity: Activity,
        rows: &[Expected],
    ) -> Result<(), CallError> {
        let object = activity.object();
        let is_one = |note: &&NoteStep| note.entry.activity == activity;
        let notes = rows.iter().flat_map(|row| &row.notes).filter(is_one);
        let ids: BTreeSet<&String> = notes.filter_map(|note| note.record.as_ref()).collect();
        let ids: Vec<String> = ids.into_iter().cloned().collect();
        for part in ids.chunks(BATCH_LIMIT) {
            let properties = [&read_properties(activity)[..], &[ATTACHMENTS]].concat();
            let read = client.read_existing(object, part, &properties, &[], Shelf::Live);
            let records = read.await?.into_iter();
            self.records
                .extend(records.map(|record| ((activity, record.id.clone()), record)));
        }
        let noted = rows
            .iter()
            .filter(|row| row.notes.iter().any(|note| is_one(&note)));
        let tickets: BTreeSet<&String> = noted.map(|row| &row.ticket).collect();
        let tickets: Vec<String> = tickets.into_iter().cloned().collect();
        if !tickets.is_empty() {
            let linked = client.linked_live(ObjectType::Tickets, object, &tickets);
            let linked = linked.await?.by_record;
            let of_tickets = linked.into_iter().map(|(ticket, notes)| {
                let ids = notes.into_iter().map(|note| note.id);
                ((activity, ticket), ids.collect())
            });
            self.on_tickets.extend(of_tickets);
        }
        Ok(())
    }

    /// What differs in the notes of a row.
    pub(super) fn differences(&self, row: &Expected) -> Vec<Difference> {
        let differs = row
            .notes
            .iter()
            .filter_map(|note| self.difference(row, note));
        differs.collect()
    }

    fn difference(&self, row: &Expected, note: &NoteStep) -> Option<Difference> {
        let lacking = || Difference::NoteLacking(note.entry.key.clone());
        let Some(id) = &note.record else {
            return Some(lacking());
        };
        let activity = note.entry.activity;
        let Some(record) = self.records.get(&(activity, id.clone())) else {
            return Some(lacking());
        };
        let on_ticket = self.on_tickets.get(&(activity, row.ticket.clone()));
        if !on_ticket.is_some_and(|notes| notes.contains(id)) {
            return Some(lacking());
        }
        // A note that existed before was not written by this run.
        if note.state == NoteState::There {
            return None;
        }
        let changed = changed(record, note)?;
        Some(Difference::NoteDiffers {
            note: note.entry.key.clone(),
            id: id.clone(),
            property: changed.property,
            wrote: changed.wrote,
            holds: changed.holds,
        })
    }

    /// A note that a run made for a ticket and that somebody else has changed since, or
    /// linked to another ticket, if there is one.
    pub(super) fn touched<'n>(&self, notes: &'n [NoteStep], ticket: &str) -> Option<&'n str> {
        let made = notes.iter().filter(|note| note.state != NoteState::There);
        let mut notes = made.filter_map(|note| {
            let id = note.record.as_deref()?;
            let record = self.records.get(&(note.entry.activity, id.to_owned()))?;
            Some((id, record, note))
        });
        let touched = notes.find(|(id, record, note)| {
            let key = (note.entry.activity, (*id).to_owned());
            let mut tickets = self.tickets.get(&key).into_iter().flatten();
            changed(record, note).is_some() || tickets.any(|other| other != ticket)
        });
        touched.map(|(id, _, _)| id)
    }

    /// Whether a note names a file, by its id; none if the note does not exist.
    pub(super) fn names_file(&self, note: &NoteStep, file: &str) -> Option<bool> {
        let id = note.record.clone()?;
        let record = self.records.get(&(note.entry.activity, id))?;
        let mut named = record.get(ATTACHMENTS).unwrap_or_default().split(';');
        Some(named.any(|id| id.trim() == file))
    }

    /// Whether a note exists.
    pub(super) fn is_live(&self, activity: Activity, id: &str) -> bool {
        self.records.contains_key(&(activity, id.to_owned()))
    }
}

/// A property of a note that is not as it was written.
#[derive(Debug, PartialEq, Eq)]
struct Changed {
    property: &'static str,
    wrote: String,
    holds: String,
}

/// How a note differs from what was written.
fn changed(record: &Record, note: &NoteStep) -> Option<Changed> {
    changed_time(record, note)
        .or_else(|| changed_text(record, note))
        .or_else(|| changed_key(record, note))
}

/// When the note was written; read to list a ticket's notes.
const TIME: &str = "hs_timestamp";

fn changed_time(record: &Record, note: &NoteStep) -> Option<Changed> {
    let holds = record.get(TIME).unwrap_or_default();
    let at = record.millis(TIME);
    let wrote = note.entry.at_ms;
    (at != Some(wrote)).then(|| Changed {
        property: TIME,
        wrote: Timestamp::from_millisecond(wrote)
            .map_or_else(|_| wrote.to_string(), |wrote| wrote.to_string()),
        holds: holds.to_owned(),
    })
}

/// Only a hash of the text is kept.
fn changed_text(record: &Record, note: &NoteStep) -> Option<Changed> {
    let property = note.entry.activity.body();
    let key = note.written.as_deref().unwrap_or(&note.entry.key);
    let holds = record.get(property).unwrap_or_default();
    (!same_text(note.entry.text, holds, key)).then(|| Changed {
        property,
        wrote: String::new(),
        holds: holds.to_owned(),
    })
}

fn changed_key(record: &Record, note: &NoteStep) -> Option<Changed> {
    let held = key_properties()
        .into_iter()
        .filter_map(|name| Some((name, record.get(name)?)));
    let held: Vec<_> = held.filter(|(_, held)| !held.is_empty()).collect();
    let (property, holds) = *held.first()?;
    let is_kept = held.iter().any(|(_, held)| is_key(held, &note.entry.key));
    (!is_kept).then(|| Changed {
        property,
        wrote: note.entry.key.clone(),
        holds: holds.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::notes::text_hash;
    use crate::journal::NoteEntry;

    #[test]
    fn what_of_a_note_was_changed_has_a_name() {
        let note = NoteStep {
            entry: NoteEntry {
                seq: 1,
                key: "k".to_owned(),
                at_ms: 1_000,
                text: text_hash("<p>Hi</p>", "k"),
                activity: Activity::Note,
                files: Vec::new(),
            },
            state: NoteState::Made,
            record: Some("9".to_owned()),
            written: None,
            until_ms: None,
        };
        let held = |at: &str, body: &str, key: &str| {
            let values = [
                ("hs_timestamp", at),
                ("hs_note_body", body),
                ("hs_unique_id", key),
            ];
            let owned = values.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let record = Record {
                properties: owned.into(),
                ..Record::default()
            };
            changed(&record, &note).map(|changed| (changed.property, changed.wrote))
        };
        let differs = |property, wrote: &str| Some((property, wrote.to_owned()));
        let at = "1970-01-01T00:00:01Z";
        assert_eq!(held(at, "<div><p>Hi</p></div>", "k"), None);
        assert_eq!(held("1000", "<p>Hi</p><p>[k]</p>", ""), None);
        assert_eq!(held("1001", "<p>Hi</p>", "k"), differs("hs_timestamp", at));
        assert_eq!(held(at, "<p>Ho</p>", "k"), differs("hs_note_body", ""));
        assert_eq!(held(at, "<p>Hi</p>", "other"), differs("hs_unique_id", "k"));
    }
}
