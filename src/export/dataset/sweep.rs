//! Links do not move the date by which changes are found (E3): those of all tickets of
//! the set are read by every run that wants them, a thousand tickets a call, and held
//! against the hash of what was written.

use std::collections::BTreeSet;
use std::io;

use super::base::Base;
use super::decide::{Change, Decided, Place};
use super::gather::Gathered;
use super::index;
use crate::export::columns::Others;
use crate::export::job::Step;
use crate::export::links::{self, Fate, Links};
use crate::export::page::{PageError, Reading};
use crate::export::spool::Ticket;

/// Reads the links of all tickets, and takes what is new of them into what was decided.
pub async fn sweep(
    reading: &Reading,
    (base, decided): (Option<&Base>, &mut Decided),
    wanted: &[Others],
    gathered: &mut Gathered,
    heard: &mut impl FnMut(Step),
) -> Result<(), PageError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let others: Vec<Others> = wanted
        .iter()
        .map(|others| Others {
            properties: Vec::new(),
            ..others.clone()
        })
        .collect();
    let tickets: Vec<(u64, bool)> = decided.index.iter().map(|e| (e.id, e.archived)).collect();
    let tickets = tickets.into_iter().map(|(id, archived)| {
        Ok(Ticket {
            id,
            archived,
            ..Ticket::default()
        })
    });
    let told = |tickets| heard(Step::Linked(tickets));
    links::read(
        reading,
        (&others, false),
        tickets,
        &mut gathered.links,
        told,
    )
    .await?;
    Ok(take(base, decided, gathered)?)
}

fn take(base: Option<&Base>, decided: &mut Decided, gathered: &Gathered) -> io::Result<()> {
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
        match decided
            .changes
            .binary_search_by_key(&links.id, |change| change.id)
        {
            Ok(place) => {
                let change = &mut decided.changes[place];
                change.links |= is_new;
            }
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
    leave_out(before, decided, &gone);
    Ok(())
}

/// A ticket that went before its links were read stays as the set has it, or is left out
/// of it; the next run reads it again (E6).
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
