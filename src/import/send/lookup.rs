//! Looks up rows whose outcome is not clear (protocol S3, K5, K6): in the record store,
//! by key, never by search. What is found is ours or theirs; what is not found is sent
//! again.

use super::facts::Facts;
use super::reading::{Closed, Given};
use super::rounds::{Doubt, Slot, Written};
use super::tickets::{Tickets, has_key};
use crate::hubspot::records::Record;
use crate::model::issue::{Problem, Reason};
use crate::model::learned::Learned;
use crate::model::record_id::RecordId;
use crate::model::shelf::Shelf;
use crate::model::stop::{Obstacle, Stop};

/// Protocol K5: rounds of collision and look-up for one row.
const COLLISIONS: u32 = 2;

/// What a look-up decides for a row.
#[derive(Debug, PartialEq, Eq)]
pub enum Looked {
    /// A send of ours created its ticket.
    Ours(RecordId),
    /// Its key belongs to this ticket, which we did not create.
    Theirs(RecordId),
    /// It is refused.
    Refused(Box<Problem>),
    /// The portal has no trace of it: it is sent again.
    Again,
}

/// Looks up tickets of one portal by one key property.
pub struct LookUp<'a> {
    /// Tickets by their key.
    pub tickets: Tickets<'a>,
    /// The key property.
    pub key_property: &'a str,
    /// What is known about the portal.
    pub facts: &'a Facts,
}

impl LookUp<'_> {
    /// Live tickets that hold one of these keys, at most 100, and which of them the portal has but
    /// does not show.
    pub async fn live(&self, keys: &[String]) -> Result<Given, Stop> {
        let wanted = ["hs_createdate"];
        self.tickets.read_each(keys, &wanted, Shelf::Live).await
    }

    /// Decides about a row, given the live tickets and what the portal said about it.
    pub async fn decide(
        &self,
        slot: &mut Slot,
        live: &Given,
        doubt: Doubt,
    ) -> Result<Looked, Stop> {
        let key = &slot.item.key;
        if let Some(record) = self.tickets.find(&live.records, key) {
            return Ok(ours_or_theirs(record, slot.written));
        }
        if let Some(closed) = live.of(key) {
            return self.hidden(slot, closed);
        }
        let Doubt::Collided(named) = doubt else {
            return Ok(Looked::Again);
        };
        self.collided(slot, named).await
    }

    /// Decides about a row whose key, according to the portal, belongs to another ticket, although
    /// no live one has it (K5).
    async fn collided(&self, slot: &mut Slot, named: Option<String>) -> Result<Looked, Stop> {
        let key = &slot.item.key;
        // A portal that does not find archived tickets by key need not be asked if it
        // names the ticket itself.
        let asks = named.is_none() || self.facts.archived_by_key() != Some(false);
        if asks && let Some(looked) = self.in_bin(slot).await? {
            return Ok(looked);
        }
        let holder = match &named {
            Some(id) => self.named(id).await?,
            None => None,
        };
        let holds = |record: &&Record| has_key(record, self.key_property, key);
        match holder.as_ref().filter(holds) {
            Some(record) if record.archived => {
                if asks {
                    self.facts.learn(Learned::ArchivedByKey(false));
                }
                let id = record.id.clone();
                return Ok(self.refused(key, Reason::KeyInRecycleBin { id }));
            }
            Some(record) => return Ok(ours_or_theirs(record, slot.written)),
            None => {}
        }
        slot.collisions += 1;
        if slot.collisions < COLLISIONS {
            return Ok(Looked::Again);
        }
        let reason = match holder {
            // It has a different key, so another unique property collided.
            Some(_) => Reason::ConflictingUniqueValue { id: named },
            None => Reason::KeyHeldElsewhere { id: named },
        };
        Ok(self.refused(key, reason))
    }

    /// The row's outcome if the recycle bin has a ticket with its key.
    async fn in_bin(&self, slot: &Slot) -> Result<Option<Looked>, Stop> {
        let key = &slot.item.key;
        let one = [key.to_string()];
        let archived = self.tickets.read_each(&one, &[], Shelf::RecycleBin).await?;
        if let Some(closed) = archived.of(key) {
            return self.hidden(slot, closed).map(Some);
        }
        Ok(self.tickets.find(&archived.records, key).map(|record| {
            self.facts.learn(Learned::ArchivedByKey(true));
            let id = record.id.clone();
            self.refused(key, Reason::KeyInRecycleBin { id })
        }))
    }

    /// The ticket that the portal named, live or in the recycle bin, for portals that
    /// may not find it by its key.
    async fn named(&self, id: &str) -> Result<Option<Record>, Stop> {
        let properties = [self.key_property, "hs_createdate"];
        self.tickets.anywhere(id, &properties).await
    }

    /// A row whose key the portal has but does not show is refused, unless the ticket may be the
    /// row's own: then it must not be reported as not created.
    fn hidden(&self, slot: &Slot, closed: &Closed) -> Result<Looked, Stop> {
        match slot.written {
            Written::No => Ok(self.refused(&slot.item.key, closed.reason())),
            Written::Maybe(_) => Err(Stop::MustFix(Obstacle::Hidden(closed.words.clone()))),
        }
    }

    fn refused(&self, key: &str, reason: Reason) -> Looked {
        let problem = Problem::new(reason).property(self.key_property).value(key);
        Looked::Refused(Box::new(problem))
    }
}

/// Protocol K6: a ticket that was found is ours only if a send of ours may have written
/// it, and it was inserted when that can have been carried out. In doubt it is theirs.
fn ours_or_theirs(record: &Record, written: Written) -> Looked {
    let ours = match written {
        Written::Maybe(window) => window.holds(record.inserted_at()),
        Written::No => false,
    };
    match ours {
        true => Looked::Ours(record.record_id()),
        false => Looked::Theirs(record.record_id()),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::window::Window;

    fn record(inserted: &str) -> Record {
        let at = ("hs_createdate".to_owned(), inserted.to_owned());
        Record {
            id: "7".to_owned(),
            properties: [at].into(),
            ..Record::default()
        }
    }

    #[test]
    fn a_ticket_is_ours_only_if_a_call_of_ours_may_have_written_it_then() {
        let at = |text: &str| Some(text.parse::<Timestamp>().expect("a time"));
        let open = Written::Maybe(Window::open(at("2026-11-23T10:00:00Z")));
        let closed = Written::Maybe(Window {
            since: at("2026-11-23T10:00:00Z"),
            until: at("2026-11-23T10:05:00Z"),
        });
        let unknown = Written::Maybe(Window::open(None));
        let table = [
            (open, "2026-11-23T10:00:01.000Z", true),
            (open, "2026-11-23T09:59:56.000Z", true),
            (open, "2026-11-23T09:59:54.000Z", false),
            (closed, "2026-11-23T10:05:04.000Z", true),
            (closed, "2026-11-23T10:05:06.000Z", false),
            (Written::No, "2026-11-23T10:00:01.000Z", false),
            (unknown, "2026-11-23T10:00:01.000Z", false),
            (open, "unreadable", false),
        ];
        for (written, inserted, ours) in table {
            let looked = ours_or_theirs(&record(inserted), written);
            let is_ours = matches!(looked, Looked::Ours(_));
            assert_eq!(is_ours, ours, "{written:?} {inserted}");
        }
    }
}
