//! Links don't change the date by which changes are found (E3): those of all tickets of
//! the set are read by every run that wants them, a thousand tickets a call, and
//! compared with the hash of what was written.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;

use futures::future::ready;
use futures::{StreamExt, TryStreamExt, stream};

use super::base::Base;
use super::decide::{Change, Decided, Place};
use super::gather::Gathered;
use super::index;
use super::tombstones::{How, Tombstone};
use super::update::Update;
use crate::export::columns::Others;
use crate::export::job::Step;
use crate::export::links::{self, Fate, Links};
use crate::export::page::{PageError, Reading};
use crate::export::spool::Ticket;
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;

/// Reads the links of all tickets, and adds those that changed to what was decided.
pub async fn sweep(
    update: &Update,
    decided: &mut Decided,
    wanted: &[Others],
    gathered: &mut Gathered,
    heard: &mut impl FnMut(Step),
) -> Result<(), PageError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let (reading, base) = (&update.reading, update.base.as_ref());
    let others = wanted.iter().map(|others| Others {
        properties: Vec::new(),
        ..others.clone()
    });
    let others: Vec<Others> = others.collect();
    let tickets: Vec<(u64, bool)> = decided.index.iter().map(|e| (e.id, e.archived)).collect();
    let tickets = tickets.into_iter().map(|(id, archived)| {
        Ok(Ticket {
            id,
            archived,
            ..Ticket::default()
        })
    });
    let hear = |tickets| heard(Step::Linked(tickets));
    let spool = &mut gathered.links;
    links::read(reading, &others, false, tickets, spool, hear).await?;
    let gone = take(base, decided, gathered)?;
    let before = base.map_or(&[][..], |base| &base.index);
    // A ticket that was not in the set is left out and read by the next run.
    let had = gone
        .iter()
        .copied()
        .filter(|id| index::of(before, *id).is_some());
    let nowhere = nowhere(reading, had.collect()).await?;
    leave_out(before, decided, &gone);
    purge(before, decided, &nowhere, &update.stamps);
    Ok(())
}

/// Of these tickets, ids in ascending order, those that are neither live nor in the recycle bin,
/// and were not merged into others.
async fn nowhere(reading: &Reading, mut nowhere: Vec<u64>) -> Result<Vec<u64>, PageError> {
    let bare = Reading {
        properties: Vec::new(),
        history: Vec::new(),
        ..reading.clone()
    };
    for shelf in [Shelf::Live, Shelf::RecycleBin] {
        for ticket in bare.batch(&nowhere, shelf).await? {
            nowhere.retain(|id| *id != ticket.id);
        }
    }
    // The id of a ticket that was merged away leads to another.
    let is_merged = |id: u64| async move {
        let (tickets, name) = (ObjectType::Tickets, id.to_string());
        let read = reading.client.read(tickets, None, &name, &[], Shelf::Live);
        Ok::<_, PageError>((id, read.await?.is_some()))
    };
    let asked = stream::iter(nowhere).map(is_merged);
    let answers = asked.buffered(reading.width());
    let nowhere = answers.try_filter_map(|(id, merged)| ready(Ok((!merged).then_some(id))));
    nowhere.try_collect().await
}

/// Removes tickets that no longer exist anywhere.
fn purge(before: &[index::Entry], decided: &mut Decided, ids: &[u64], stamps: &[String; 2]) {
    if ids.is_empty() {
        return;
    }
    let is_purged = |id: u64| ids.binary_search(&id).is_ok();
    decided.changes.retain(|change| !is_purged(change.id));
    decided.index.retain(|entry| !is_purged(entry.id));
    let were_there = ids.iter().filter_map(|id| index::of(before, *id));
    decided.changes.extend(were_there.map(|old| Change {
        id: old.id,
        from: Some(old.part),
        now: None,
        row: true,
        links: true,
    }));
    decided.changes.sort_unstable_by_key(|change| change.id);
    let noticed = Arc::new(stamps.clone());
    decided.tombstones.retain(|stone| !is_purged(stone.id));
    decided.tombstones.extend(ids.iter().map(|id| Tombstone {
        id: *id,
        how: How::Purged,
        at: Some(stamps[0].clone()),
        into: None,
        noticed: noticed.clone(),
    }));
    decided.tombstones.sort_unstable_by_key(|stone| stone.id);
}

/// Takes what is new; returns the tickets that disappeared before their links were read.
fn take(
    base: Option<&Base>,
    decided: &mut Decided,
    gathered: &Gathered,
) -> io::Result<BTreeSet<u64>> {
    let before = base.map_or(&[][..], |base| &base.index);
    let mut gone = BTreeSet::new();
    let mut swept: Vec<Change> = Vec::new();
    for links in gathered.links.read::<Links>()? {
        let links = links?;
        if links.fate != Fate::Here {
            let _new = gone.insert(links.id);
            continue;
        }
        let hash = index::hash(&serde_json::to_vec(&links.others)?);
        let Ok(place) = decided.index.binary_search_by_key(&links.id, |e| e.id) else {
            continue;
        };
        decided.index[place].links = hash;
        let entry = decided.index[place];
        let old = index::of(before, links.id);
        let is_new = old.is_none_or(|old| old.links != hash);
        let changes = &mut decided.changes;
        match changes.binary_search_by_key(&links.id, |change| change.id) {
            Ok(place) => changes[place].links |= is_new,
            Err(_) if is_new && base.is_some() => swept.push(Change {
                id: entry.id,
                from: old.map(|old| old.part),
                now: Some(Place::of(&entry)),
                row: false,
                links: true,
            }),
            Err(_) => {}
        }
    }
    decided.changes.extend(swept);
    decided.changes.sort_unstable_by_key(|change| change.id);
    Ok(gone)
}

/// A ticket that disappeared before its links were read stays as the set has it, or is left out if
/// it is new; the next run reads it again (E6).
fn leave_out(before: &[index::Entry], decided: &mut Decided, gone: &BTreeSet<u64>) {
    if gone.is_empty() {
        return;
    }
    decided.changes.retain(|change| !gone.contains(&change.id));
    decided.index.retain(|entry| !gone.contains(&entry.id));
    let stay = gone.iter().filter_map(|id| index::of(before, *id));
    decided.index.extend(stay);
    decided.index.sort_unstable_by_key(|entry| entry.id);
    decided.recheck.extend(gone);
}
