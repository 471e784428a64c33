//! Merges that no date shows: if the portal leaves a survivor's date unchanged, the search for
//! changes does not find it, and both tickets would stay as they were. So the tickets that others
//! were merged into are read separately, and the time of a merge is taken from the history of the
//! merged ids that a survivor keeps.

use std::collections::BTreeMap;

use super::index::{self, Entry};
use super::tombstones::{How, Tombstone};
use crate::export::columns::ID_COLUMN;
use crate::export::job::MERGED;
use crate::export::page::{PageError, Reading};
use crate::export::spool::{Spool, Ticket};
use crate::hubspot::contract::HISTORY_LIMIT;
use crate::hubspot::error::CallError;
use crate::hubspot::{Filter, Record, Search, SearchError, Test};
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;

/// Up to this many survivors are listed by every run; more only if their number differs
/// from the last run.
const MOST: u64 = 1_000;

/// What a set knows about merges.
pub struct Known<'a> {
    /// Its tickets.
    pub index: &'a [Entry],
    /// What it lists as gone, in id order.
    pub tombstones: &'a [Tombstone],
    /// Whether it holds only tickets that pass a filter.
    pub filtered: bool,
    /// Survivors in the portal at the last run, where they were counted.
    pub survivors: Option<u64>,
}

impl Known<'_> {
    /// Whether the set is missing something about a survivor.
    fn lacks(&self, survivor: u64, losers: &[u64]) -> bool {
        let has = |id: u64| index::of(self.index, id).is_some();
        let all = !self.filtered;
        let is_recorded = |loser: &u64| {
            let stone = of(self.tombstones, *loser);
            stone.is_some_and(|stone| stone.how == How::Merged && stone.into == Some(survivor))
        };
        losers.iter().any(|loser| has(*loser))
            || (all && !has(survivor))
            || ((all || has(survivor)) && !losers.iter().all(is_recorded))
    }
}

fn of(stones: &[Tombstone], id: u64) -> Option<&Tombstone> {
    let place = stones.binary_search_by_key(&id, |stone| stone.id);
    place.ok().and_then(|place| stones.get(place))
}

/// Record ids in a list that HubSpot has joined.
pub fn ids_of(joined: &str) -> impl Iterator<Item = u64> {
    joined.split(';').filter_map(|id| id.trim().parse().ok())
}

/// The survivors about which the set is missing something, and how many the portal has; none if the
/// portal can't be asked.
pub async fn unseen(
    reading: &Reading,
    known: &Known<'_>,
) -> Result<(Vec<u64>, Option<u64>), PageError> {
    let search = Search {
        groups: vec![vec![Filter {
            property: MERGED.to_owned(),
            test: Test::Known,
        }]],
        properties: [ID_COLUMN, MERGED].map(str::to_owned).into(),
        ..Search::default()
    };
    let first = match reading.client.search(ObjectType::Tickets, &search, 0).await {
        Err(SearchError::Call(CallError::Refused(_))) => return Ok((Vec::new(), None)),
        first => first?,
    };
    let total = first.total as u64;
    let changed = total <= MOST || known.survivors != Some(total);
    let survivors = match first.more && changed {
        true => all(reading, &search).await?,
        false => first.results,
    };
    let lacking = survivors.iter().filter_map(|record| {
        let id = record.id.parse().ok()?;
        let losers: Vec<u64> = ids_of(record.get(MERGED)?)
            .filter(|loser| *loser != id)
            .collect();
        known.lacks(id, &losers).then_some(id)
    });
    Ok((lacking.collect(), Some(total)))
}

async fn all(reading: &Reading, search: &Search) -> Result<Vec<Record>, PageError> {
    let (mut records, mut above) = (Vec::new(), None::<String>);
    loop {
        let tickets = ObjectType::Tickets;
        let page = reading
            .client
            .search_by_id(tickets, search, above.as_deref());
        let page = page.await?;
        records.extend(page.results);
        above = page.after;
        if above.is_none() {
            return Ok(records);
        }
    }
}

/// When tickets were merged into others, if the set does not record it yet and the portal still
/// remembers it, keyed by the ticket that was merged away. Each spool, of live or archived tickets,
/// is given with the position of the merged ids.
pub async fn times(
    reading: &Reading,
    spools: [(&Spool, Shelf, usize); 3],
    tombstones: &[Tombstone],
) -> Result<BTreeMap<u64, String>, PageError> {
    let reading = Reading {
        properties: Vec::new(),
        history: vec![MERGED.to_owned()],
        ..reading.clone()
    };
    let is_recorded = |loser: u64, survivor: u64| {
        let stone = of(tombstones, loser);
        stone.is_some_and(|stone| stone.into == Some(survivor) && stone.at.is_some())
    };
    let mut times = BTreeMap::new();
    for (spool, shelf, place) in spools {
        let mut survivors = Vec::new();
        for ticket in spool.read::<Ticket>()? {
            let ticket = ticket?;
            let joined = ticket.values.get(place).and_then(Option::as_deref);
            let mut losers = ids_of(joined.unwrap_or_default());
            if losers.any(|loser| loser != ticket.id && !is_recorded(loser, ticket.id)) {
                survivors.push(ticket.id);
            }
        }
        for ids in survivors.chunks(HISTORY_LIMIT) {
            for ticket in reading.batch(ids, shelf).await? {
                for version in ticket.history.iter().flatten() {
                    for loser in ids_of(&version.value) {
                        let _earlier = times.entry(loser).or_insert_with(|| version.at.clone());
                    }
                }
            }
        }
    }
    Ok(times)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn a_survivor_is_read_until_the_set_knows_it() {
        let entry = |id| Entry {
            id,
            ..Entry::default()
        };
        let merged = |id, into| Tombstone {
            id,
            how: How::Merged,
            at: None,
            into: Some(into),
            noticed: Arc::new(["t".to_owned(), "r".to_owned()]),
        };
        let index = [entry(1), entry(2)];
        let tombstones = [merged(10, 1), merged(11, 2)];
        for (survivor, losers, filtered, expected) in [
            (1, &[10][..], false, false),
            (1, &[11], false, true),
            (1, &[10, 12], false, true),
            (1, &[10, 12], true, true),
            (3, &[2], false, true),
            (3, &[2], true, true),
            (3, &[13], false, true),
            (3, &[13], true, false),
        ] {
            let known = Known {
                index: &index,
                tombstones: &tombstones,
                filtered,
                survivors: None,
            };
            let lacks = known.lacks(survivor, losers);
            assert_eq!(lacks, expected, "{survivor} {losers:?} {filtered}");
        }
    }
}
