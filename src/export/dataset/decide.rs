//! What a run changes in a data set: what was read for each ticket is compared with what the set
//! knows about it. Nothing is written here.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;

use super::base::Base;
use super::fingerprint::Fingerprint;
use super::gather::Gathered;
use super::index::{self, Entry};
use super::merges::ids_of;
use super::tombstones::{How, Learnt, Tombstone, gone_on};
use crate::export::columns::Archived;
use crate::export::filter::Judge;
use crate::export::spool::{Spool, Ticket};
use crate::export::write::PartBy;

/// The rules by which tickets are judged.
pub struct Rules<'a> {
    /// Whether all tickets were read, so that the others are gone.
    pub whole: bool,
    /// Whether everything is rewritten, changed or not.
    pub anew: bool,
    /// Which tickets belong to the set.
    pub archived: Archived,
    /// Those that pass.
    pub judge: &'a Judge,
    /// How tickets are split into parts, and the position of the value that decides it.
    pub parts: (&'a PartBy, usize),
    /// The set's tickets so far: if the property that makes the parts is lost, they stay in their
    /// part.
    pub before: &'a [Entry],
    /// Position of the value with the ids that were merged into a ticket.
    pub merged: usize,
    /// What is listed as gone so far.
    pub tombstones: &'a [Tombstone],
    /// The tickets that others were merged into, as far as listed.
    pub survivors: &'a HashSet<u64>,
    /// When this run reads, and its id.
    pub stamps: &'a [String; 2],
    /// How changes of a ticket are detected.
    pub fingerprint: &'a Fingerprint<'a>,
}

/// What happens to one ticket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Record id.
    pub id: u64,
    /// The part that it was in.
    pub from: Option<u32>,
    /// Where it is now; none if it leaves the set.
    pub now: Option<Place>,
    /// Whether its row and its history are rewritten.
    pub row: bool,
    /// The same of its links.
    pub links: bool,
}

/// Where a ticket of a set is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The part that it is in.
    pub part: u32,
    /// Whether it is in the recycle bin.
    pub archived: bool,
}

impl Place {
    /// Of an entry.
    pub fn of(entry: &Entry) -> Place {
        Place {
            part: entry.part,
            archived: entry.archived,
        }
    }
}

/// What a run changes.
#[derive(Clone, Debug, Default)]
pub struct Decided {
    /// In id order.
    pub changes: Vec<Change>,
    /// The set's tickets from now on, in id order.
    pub index: Vec<Entry>,
    /// Names of parts; existing ones come first.
    pub parts: Vec<String>,
    /// What is gone, in id order.
    pub tombstones: Vec<Tombstone>,
    /// Tickets that the next run reads whether or not a search finds them.
    pub recheck: Vec<u64>,
}

impl Decided {
    /// The change of a ticket, if there is one.
    pub fn change(&self, id: u64) -> Option<&Change> {
        let place = self
            .changes
            .binary_search_by_key(&id, |change| change.id)
            .ok()?;
        self.changes.get(place)
    }
}

/// A summary of what was read.
#[derive(Default)]
struct Seen {
    /// Tickets of the set; the last entry for each counts.
    here: Vec<Entry>,
    /// Tickets that were read but do not belong to the set.
    left: HashSet<u64>,
    learnt: Learnt,
    /// Tickets that were merged into one outside the set.
    elsewhere: BTreeMap<u64, u64>,
    parts: Vec<String>,
    places: HashMap<String, u32>,
}

/// Decides what a run changes.
pub fn decide(base: Option<&Base>, gathered: &Gathered, rules: &Rules<'_>) -> io::Result<Decided> {
    let mut seen = Seen::default();
    if let Some(base) = base {
        seen.parts.clone_from(&base.state.parts);
        seen.places.extend(base.places());
    }
    // Not twice as much by growing: there may be a million.
    let live = usize::try_from(gathered.live.tickets()).unwrap_or(0);
    seen.here.reserve_exact(live);
    seen.take_bin(&gathered.bin, rules)?;
    seen.learnt.merged_at.clone_from(&gathered.said.merged_at);
    for spool in [&gathered.live, &gathered.restored] {
        seen.take_live(spool, rules)?;
    }
    let index: &[Entry] = base.map_or(&[], |base| &base.index);
    seen.follow_elsewhere(index, rules);
    seen.settle();
    let lost: HashSet<u64> = gathered.lost.live.iter().copied().collect();
    let here = std::mem::take(&mut seen.here);
    let now = membership(index, here, &seen, &lost, rules);
    let is_here = |id: u64| index::of(&now, id).is_some();
    let unseen = |entry: &&Entry| !is_here(entry.id) && !seen.left.contains(&entry.id);
    let unseen: Vec<u64> = index.iter().filter(unseen).map(|entry| entry.id).collect();
    seen.learnt.nowhere.clone_from(&gathered.lost.restored);
    seen.learnt.nowhere.extend(unseen);
    let is_live = |id: u64| {
        index::of(&now, id).is_some_and(|entry| !entry.archived) || seen.left.contains(&id)
    };
    let tombstones = gone_on(rules.tombstones, &seen.learnt, is_live, rules.stamps);
    let noticed = |stone: &&Tombstone| stone.how == How::Purged && *stone.noticed == *rules.stamps;
    let purged = tombstones.iter().filter(noticed).map(|stone| stone.id);
    let misfits = now.iter().filter(|entry| entry.misfit);
    let recheck = purged.chain(misfits.map(|entry| entry.id)).collect();
    Ok(Decided {
        // For a set that is written as a whole, changes are not worked out.
        changes: match base {
            Some(_) => changes(index, &now, rules.anew),
            None => Vec::new(),
        },
        index: now,
        parts: seen.parts,
        tombstones,
        recheck,
    })
}

impl Seen {
    /// Leaves one entry for each ticket, in id order, and none for those that were merged away.
    fn settle(&mut self) {
        if !self.here.is_sorted_by_key(|entry| entry.id) {
            self.here.sort_by_key(|entry| entry.id);
        }
        self.here.dedup_by(|later, word| {
            let same = later.id == word.id;
            if same {
                *word = *later;
            }
            same
        });
        let losers = &self.learnt.merged;
        self.here.retain(|entry| !losers.contains_key(&entry.id));
    }

    fn take_bin(&mut self, spool: &Spool, rules: &Rules<'_>) -> io::Result<()> {
        let merged = match rules.archived {
            Archived::No => 0,
            Archived::Include | Archived::Only => rules.merged,
        };
        for ticket in spool.read::<Ticket>()? {
            let ticket = ticket?;
            self.hear(&ticket, merged, rules);
            if rules.archived != Archived::No && rules.judge.passes(ticket.id, &ticket.values) {
                self.put(&ticket, rules)?;
            }
            let at = ticket.times.archived.filter(|at| !at.is_empty());
            let _none = self.learnt.bin.insert(ticket.id, at);
        }
        Ok(())
    }

    /// A ticket that was archived after it was read counts as being in the recycle bin.
    fn take_live(&mut self, spool: &Spool, rules: &Rules<'_>) -> io::Result<()> {
        for ticket in spool.read::<Ticket>()? {
            let ticket = ticket?;
            if self.learnt.bin.contains_key(&ticket.id) {
                continue;
            }
            if rules.judge.passes(ticket.id, &ticket.values) {
                self.hear(&ticket, rules.merged, rules);
                self.put(&ticket, rules)?;
            } else {
                self.hear_of(ticket.id, rules);
                let merged = losers(&ticket, rules.merged).map(|loser| (loser, ticket.id));
                self.elsewhere.extend(merged);
                let _new = self.left.insert(ticket.id);
            }
        }
        Ok(())
    }

    /// Records where the set's former tickets went, even if their survivors are outside the set.
    fn follow_elsewhere(&mut self, index: &[Entry], rules: &Rules<'_>) {
        let had = |id: u64| {
            let stones = rules.tombstones;
            let stone = stones.binary_search_by_key(&id, |stone| stone.id);
            index::of(index, id).is_some()
                || stone.is_ok_and(|place| stones[place].how == How::Merged)
        };
        for (loser, survivor) in std::mem::take(&mut self.elsewhere) {
            if had(loser) {
                let _known = self.learnt.merged.entry(loser).or_insert(survivor);
            }
        }
    }

    /// Notes that a ticket was read; only survivors of merges matter.
    fn hear_of(&mut self, id: u64, rules: &Rules<'_>) {
        if rules.survivors.contains(&id) {
            let _new = self.learnt.heard.insert(id);
        }
    }

    fn hear(&mut self, ticket: &Ticket, merged: usize, rules: &Rules<'_>) {
        self.hear_of(ticket.id, rules);
        let merged = losers(ticket, merged).map(|loser| (loser, ticket.id));
        self.learnt.merged.extend(merged);
    }

    fn put(&mut self, ticket: &Ticket, rules: &Rules<'_>) -> io::Result<()> {
        let (by, place) = rules.parts;
        let old = index::of(rules.before, ticket.id).filter(|_| by.lost);
        let part = match old {
            Some(old) => old.part,
            None => self.part(by.part(ticket.values.get(place).and_then(Option::as_deref)))?,
        };
        let entry = Entry {
            id: ticket.id,
            part,
            archived: ticket.archived,
            row: rules.fingerprint.of(ticket),
            ..Entry::default()
        };
        self.here.push(entry);
        Ok(())
    }

    /// The position of a part by its name; a new name is added.
    fn part(&mut self, name: String) -> io::Result<u32> {
        if let Some(part) = self.places.get(&name) {
            return Ok(*part);
        }
        let part = u32::try_from(self.parts.len()).map_err(io::Error::other)?;
        self.parts.push(name.clone());
        let _none = self.places.insert(name, part);
        Ok(part)
    }
}

/// The tickets that were merged into one.
fn losers(ticket: &Ticket, merged: usize) -> impl Iterator<Item = u64> {
    let ids = ticket.values.get(merged).and_then(Option::as_deref);
    ids_of(ids.unwrap_or_default()).filter(|loser| *loser != ticket.id)
}

/// The tickets of the set from now on; link hashes are unchanged.
fn membership(
    before: &[Entry],
    mut here: Vec<Entry>,
    seen: &Seen,
    lost: &HashSet<u64>,
    rules: &Rules<'_>,
) -> Vec<Entry> {
    let goes = |id: u64| {
        rules.whole
            || seen.left.contains(&id)
            || lost.contains(&id)
            || seen.learnt.merged.contains_key(&id)
            || seen.learnt.bin.contains_key(&id)
    };
    // An archived ticket that is no longer in the recycle bin is gone as well.
    let stays = |old: &&Entry| !goes(old.id) && !old.archived && index::of(&here, old.id).is_none();
    // Avoids a second array: there may be a million entries.
    let mut now = Vec::new();
    let many = before.iter().filter(stays).count();
    if many > 0 {
        now.reserve_exact(many + here.len());
        now.extend(before.iter().filter(stays).copied());
    }
    for entry in &mut here {
        entry.links = index::of(before, entry.id).map_or(0, |old| old.links);
    }
    match now.is_empty() {
        true => here,
        false => {
            now.append(&mut here);
            now.sort_unstable_by_key(|entry| entry.id);
            now
        }
    }
}

fn changes(before: &[Entry], now: &[Entry], anew: bool) -> Vec<Change> {
    // Not twice as much by growing: there may be a million.
    let mut changes = Vec::with_capacity(if anew { now.len() } else { 0 });
    for old in before {
        if index::of(now, old.id).is_none() {
            changes.push(Change {
                id: old.id,
                from: Some(old.part),
                now: None,
                row: true,
                links: true,
            });
        }
    }
    for entry in now {
        let old = index::of(before, entry.id);
        let moved = old.is_none_or(|old| old.part != entry.part);
        let same = old.is_some_and(|old| {
            (old.row, old.archived) == (entry.row, entry.archived) && !old.misfit
        });
        if moved || !same || anew {
            changes.push(Change {
                id: entry.id,
                from: old.map(|old| old.part),
                now: Some(Place::of(entry)),
                row: true,
                links: moved || anew,
            });
        }
    }
    changes.sort_unstable_by_key(|change| change.id);
    changes
}
