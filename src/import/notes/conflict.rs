//! A key that is taken: by the wanted note itself, by one in the recycle bin, or by a
//! note of another ticket (protocol H3).

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use super::way::KeyWay;
use super::work::{State, Work};
use super::{Notes, unreadable};
use crate::hubspot::records::Record;
use crate::hubspot::{CallError, LinkedRecord};
use crate::journal::SettledNote;
use crate::model::issue::Reason;
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;
use crate::model::stop::Stop;
use tokio::time::Instant;

/// Maximum number of unexplained collisions of a note.
const COLLISIONS: u32 = 3;

/// Replies give the portal's time in whole seconds.
const CLOCK_STEP: Duration = Duration::from_secs(1);

/// Who holds the taken keys.
#[derive(Default)]
struct Holders {
    /// Live notes, each with its tickets.
    live: HashMap<String, Vec<String>>,
    /// Those in the recycle bin.
    archived: Vec<String>,
    /// Whether live notes are so old that their links to tickets must be readable by now,
    /// if that can be known.
    old: HashMap<String, bool>,
}

impl Notes {
    /// Settles collisions: notes exist, get another key, are refused, or are sent again.
    pub(super) async fn settle_collided(
        &self,
        work: &mut Work,
        way: &KeyWay,
        collided: Vec<(usize, Option<String>)>,
    ) -> Result<(), Stop> {
        if collided.is_empty() {
            return Ok(());
        }
        let (mut named, mut nameless) = (Vec::new(), Vec::new());
        for (place, id) in collided {
            match id {
                Some(id) => named.push((place, id)),
                None => nameless.push(place),
            }
        }
        self.find(work, way, &nameless).await?;
        for place in nameless {
            if work.pieces[place].state != State::Todo {
                continue;
            }
            let key = work.pieces[place].name.clone();
            match self.holder(way, &key).await? {
                Some(id) => named.push((place, id)),
                None => unexplained(work, place, None),
            }
        }
        let ids = BTreeSet::from_iter(named.iter().map(|(_, id)| id.clone()));
        let ids = Vec::from_iter(ids);
        let holders = self.holders(way, &ids).await?;
        let (mut settled, mut late) = (Vec::new(), false);
        for (place, id) in named {
            late |= resolve(work, place, &id, &holders, &mut settled);
        }
        self.settle.settle_notes(settled).await?;
        if late {
            let pause = self.lag() / 2 + CLOCK_STEP / 4;
            self.pause_until(Instant::now() + pause).await?;
        }
        Ok(())
    }

    /// The note that has a key, if the portal can read notes by it.
    async fn holder(&self, way: &KeyWay, key: &str) -> Result<Option<String>, Stop> {
        let Some(property) = way.property.as_deref() else {
            return Ok(None);
        };
        let key = [key.to_owned()];
        for shelf in Shelf::ALL {
            let object = way.activity.object();
            let read = self
                .client
                .batch_read(object, Some(property), &key, &[], shelf);
            match read.await {
                Ok(reply) => {
                    if let Some(record) = reply.results.into_iter().next() {
                        return Ok(Some(record.id));
                    }
                }
                Err(CallError::Refused(_)) => return Ok(None),
                Err(other) => return Err(unreadable(other)),
            }
        }
        Ok(None)
    }

    /// None if the portal doesn't say when a note was created or what time it is, or if
    /// the two contradict each other.
    fn is_old(&self, note: &Record) -> Option<bool> {
        let (inserted, now) = (note.inserted_at()?, self.client.portal_now()?);
        let seen = inserted.checked_add(self.lag()).ok()?;
        let ahead = now.checked_add(2 * CLOCK_STEP).ok()?;
        (inserted <= ahead).then_some(seen < now)
    }

    async fn holders(&self, way: &KeyWay, ids: &[String]) -> Result<Holders, Stop> {
        let object = way.activity.object();
        let mut holders = Holders::default();
        let wanted = ["hs_object_id", "hs_createdate"];
        let live = self
            .client
            .read_existing(object, ids, &wanted, &[], Shelf::Live);
        let live = live.await.map_err(unreadable)?;
        let old = |record: &Record| Some((record.id.clone(), self.is_old(record)?));
        holders.old = live.iter().filter_map(old).collect();
        let live: Vec<String> = live.into_iter().map(|record| record.id).collect();
        if !live.is_empty() {
            let linked = self.client.linked_live(object, ObjectType::Tickets, &live);
            let mut linked = linked.await.map_err(unreadable)?.by_record;
            for id in live {
                let tickets = linked.remove(&id).unwrap_or_default().into_iter();
                let tickets = tickets.map(|ticket: LinkedRecord| ticket.id);
                let _new = holders.live.insert(id, tickets.collect());
            }
        }
        let is_gone = |id: &&String| !holders.live.contains_key(id.as_str());
        let gone: Vec<String> = ids.iter().filter(is_gone).cloned().collect();
        if !gone.is_empty() {
            let archived =
                self.client
                    .read_existing(object, &gone, &wanted, &[], Shelf::RecycleBin);
            let archived = archived.await.map_err(unreadable)?.into_iter();
            holders.archived = archived.map(|record| record.id).collect();
        }
        Ok(holders)
    }
}

/// Decides about a note whose key this holder has; true if the holder's tickets may not
/// be readable yet.
fn resolve(
    work: &mut Work,
    place: usize,
    holder: &str,
    holders: &Holders,
    settled: &mut Vec<SettledNote>,
) -> bool {
    let ticket = work.ticket_of(place).to_owned();
    let doubtful = work.pieces[place].doubtful;
    match holders.live.get(holder) {
        Some(tickets) if tickets.contains(&ticket) => {
            settled.push(work.done(place, holder, doubtful));
        }
        // It is ours, and its ticket is not readable yet.
        Some(tickets) if tickets.is_empty() && doubtful => {
            settled.push(work.done(place, holder, true));
        }
        Some(tickets) if tickets.is_empty() => return unlinked(work, place, holder, holders),
        Some(tickets) => {
            let reason = Reason::NoteKeyHeld {
                note: Some(holder.to_owned()),
                ticket: tickets.first().cloned(),
            };
            work.pieces[place].state = State::Bad(Box::new(reason));
        }
        None if holders.archived.iter().any(|id| id == holder) => {
            let piece = &mut work.pieces[place];
            piece.name = next_name(&piece.key, &piece.name);
        }
        None => unexplained(work, place, Some(holder)),
    }
    false
}

/// Decides about a note whose key is held by one without a ticket: once that is old, its ticket
/// must be gone, and it is irrelevant here. True until then.
fn unlinked(work: &mut Work, place: usize, holder: &str, holders: &Holders) -> bool {
    match holders.old.get(holder) {
        Some(true) => {
            let piece = &mut work.pieces[place];
            piece.name = next_name(&piece.key, &piece.name);
            false
        }
        Some(false) => true,
        None => {
            unexplained(work, place, Some(holder));
            work.pieces[place].state == State::Todo
        }
    }
}

/// A key that is taken although no holder can be found: it is tried again, but not forever.
fn unexplained(work: &mut Work, place: usize, holder: Option<&str>) {
    let piece = &mut work.pieces[place];
    piece.collisions += 1;
    if piece.collisions >= COLLISIONS {
        let reason = Reason::NoteKeyHeld {
            note: holder.map(str::to_owned),
            ticket: None,
        };
        piece.state = State::Bad(Box::new(reason));
    }
}

/// The next key to try: `k`, `k~2`, `k~3`.
fn next_name(key: &str, name: &str) -> String {
    let number = name
        .strip_prefix(key)
        .and_then(|rest| rest.strip_prefix('~'));
    let number: u32 = number.and_then(|number| number.parse().ok()).unwrap_or(1);
    format!("{key}~{}", number + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_in_the_recycle_bin_are_passed_by() {
        assert_eq!(next_name("k#1", "k#1"), "k#1~2");
        assert_eq!(next_name("k#1", "k#1~2"), "k#1~3");
    }
}
