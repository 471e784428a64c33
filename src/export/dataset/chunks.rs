//! The tickets that were read, loaded into memory for a few parts at a time: a part is rewritten as
//! a whole, and tickets are not read in the order of parts.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;

use super::decide::{Change, Decided};
use super::gather::Gathered;
use crate::export::links::Links;
use crate::export::spool::{Spool, Ticket};

/// Approximate bytes of tickets in memory at a time.
const AT_ONCE: u64 = 24 << 20;

/// Parts that are written together, and the data read for their tickets.
#[derive(Default)]
pub struct Chunk {
    tickets: HashMap<u64, Ticket>,
    links: HashMap<u64, Links>,
}

impl Chunk {
    /// Reads the new tickets and links of these parts.
    pub fn read(
        gathered: &Gathered,
        decided: &Decided,
        parts: &BTreeSet<u32>,
    ) -> io::Result<Chunk> {
        let mut chunk = Chunk::default();
        let wanted = |id: u64, is_wanted: fn(&Change) -> bool| {
            let change = decided.change(id).filter(|change| is_wanted(change))?;
            change.now.filter(|now| parts.contains(&now.part))
        };
        for spool in [&gathered.bin, &gathered.live, &gathered.restored] {
            for ticket in spool.read::<Ticket>()? {
                let ticket = ticket?;
                let now = wanted(ticket.id, |change| change.row);
                if now.is_some_and(|now| now.archived == ticket.archived) {
                    let _old = chunk.tickets.insert(ticket.id, ticket);
                }
            }
        }
        for links in gathered.links.read::<Links>()? {
            let links = links?;
            if wanted(links.id, |change| change.links).is_some() {
                let _old = chunk.links.insert(links.id, links);
            }
        }
        Ok(chunk)
    }

    /// The data read for a ticket, and its links.
    pub fn of(&self, id: u64) -> (Option<&Ticket>, Option<&Links>) {
        (self.tickets.get(&id), self.links.get(&id))
    }
}

/// Groups parts into portions whose new data fits in memory.
pub fn portions(
    gathered: &Gathered,
    decided: &Decided,
    touched: &BTreeSet<u32>,
) -> Vec<BTreeSet<u32>> {
    let spools = [
        &gathered.bin,
        &gathered.live,
        &gathered.restored,
        &gathered.links,
    ];
    let bytes: u64 = spools.iter().map(|spool| spool.bytes()).sum();
    let tickets: u64 = spools.iter().map(|spool| spool.tickets()).sum();
    let most = AT_ONCE / (bytes / tickets.max(1)).max(1);
    let mut new: BTreeMap<u32, u64> = touched.iter().map(|part| (*part, 0)).collect();
    for now in decided.changes.iter().filter_map(|change| change.now) {
        *new.entry(now.part).or_default() += 1;
    }
    let mut portions: Vec<BTreeSet<u32>> = Vec::new();
    let mut held = u64::MAX;
    for (part, tickets) in new {
        if held.saturating_add(tickets) > most {
            portions.push(BTreeSet::new());
            held = 0;
        }
        held += tickets;
        if let Some(portion) = portions.last_mut() {
            let _new = portion.insert(part);
        }
    }
    portions
}

type Tickets = Box<dyn Iterator<Item = io::Result<Ticket>>>;

/// Everything that was read, in ticket id order, for a set that is written as a whole.
pub struct InOrder<'a> {
    decided: &'a Decided,
    /// If a ticket is in several, the last one counts.
    tickets: [Tickets; 3],
    links: Box<dyn Iterator<Item = io::Result<Links>>>,
    next: [Option<Ticket>; 3],
    link: Option<Links>,
}

impl<'a> InOrder<'a> {
    /// Opens the spools.
    pub fn open(gathered: &Gathered, decided: &'a Decided) -> io::Result<InOrder<'a>> {
        let tickets =
            |spool: &Spool| -> io::Result<Tickets> { Ok(Box::new(spool.read::<Ticket>()?)) };
        Ok(InOrder {
            decided,
            tickets: [
                tickets(&gathered.bin)?,
                tickets(&gathered.live)?,
                tickets(&gathered.restored)?,
            ],
            links: Box::new(gathered.links.read::<Links>()?),
            next: [None, None, None],
            link: None,
        })
    }

    /// The next ticket of the set, with its links.
    pub fn next(&mut self) -> io::Result<Option<(Ticket, Links)>> {
        let Some(ticket) = self.ticket()? else {
            return Ok(None);
        };
        loop {
            match self.link.take() {
                Some(links) if links.id == ticket.id => return Ok(Some((ticket, links))),
                Some(links) if links.id > ticket.id => {
                    self.link = Some(links);
                    return Ok(Some((ticket, Links::default())));
                }
                _ => match self.links.next().transpose()? {
                    Some(links) => self.link = Some(links),
                    None => return Ok(Some((ticket, Links::default()))),
                },
            }
        }
    }

    fn ticket(&mut self) -> io::Result<Option<Ticket>> {
        let decided = self.decided;
        for (next, tickets) in self.next.iter_mut().zip(&mut self.tickets) {
            while next.is_none() {
                let Some(ticket) = tickets.next().transpose()? else {
                    break;
                };
                let entry = super::index::of(&decided.index, ticket.id);
                if entry.is_some_and(|entry| entry.archived == ticket.archived) {
                    *next = Some(ticket);
                }
            }
        }
        let least = self.next.iter().flatten().map(|ticket| ticket.id).min();
        let mut found = None;
        for next in &mut self.next {
            if next.as_ref().map(|ticket| ticket.id) == least {
                found = next.take();
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::dataset::index::Entry;

    #[test]
    fn every_ticket_of_a_whole_set_comes_once_and_in_order() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut gathered = Gathered::open(folder.path()).expect("opened");
        let ticket = |id: u64, word: &str, archived| Ticket {
            id,
            archived,
            values: vec![Some(word.to_owned())],
            ..Ticket::default()
        };
        let put = |spool: &mut Spool, tickets: &[Ticket]| {
            spool.add(0, None, tickets).expect("kept");
        };
        put(
            &mut gathered.bin,
            &[ticket(4, "bin", true), ticket(6, "bin", true)],
        );
        put(
            &mut gathered.live,
            &[ticket(1, "live", false), ticket(3, "live", false)],
        );
        // Restored between the two listings (3), and before the first (2).
        put(
            &mut gathered.restored,
            &[ticket(2, "back", false), ticket(3, "back", false)],
        );
        let entry = |(id, archived): (u64, bool)| Entry {
            id,
            archived,
            ..Entry::default()
        };
        let here = [(1, false), (2, false), (3, false), (4, true)];
        let decided = Decided {
            index: here.map(entry).into(),
            ..Decided::default()
        };
        let mut tickets = InOrder::open(&gathered, &decided).expect("opened");
        let mut found = Vec::new();
        while let Some((ticket, _)) = tickets.next().expect("read") {
            found.push((ticket.id, ticket.values[0].clone().unwrap_or_default()));
        }
        let expected = [(1, "live"), (2, "back"), (3, "back"), (4, "bin")];
        assert_eq!(found, expected.map(|(id, word)| (id, word.to_owned())));
    }
}
