//! Everything that is read from the portal, in spools: live tickets, those in the
//! recycle bin, and what they are linked to. Once all tickets have been read, a file
//! says so: a resumed export does not list again, and its links belong to the same
//! tickets.

use std::io;
use std::iter::{Flatten, Peekable};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::columns::{Archived, Others};
use super::job::{Step, Which};
use super::links::{self, Links};
use super::page::{MODIFIED, PageError, Reading, changed_in};
use super::spool::{InOrder, Spool, Ticket};
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;
use crate::output::{read_regular, replace_file};

/// A longer file of that name is not ours: millions of ids.
const LONGEST: u64 = 256 << 20;

/// Marks that all tickets are in the spools.
const WHOLE: &str = "whole.json";

/// What is in that file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Whole {
    /// Number of tickets in each spool, the live ones first.
    tickets: [u64; 2],
    /// Requested ids that do not exist.
    missing: Vec<u64>,
}

/// What was read so far.
pub struct Collected {
    folder: PathBuf,
    live: Option<Spool>,
    archived: Option<Spool>,
    links: Spool,
}

impl Collected {
    /// What an earlier process left in the folder.
    pub fn open(folder: &Path, archived: Archived) -> io::Result<Collected> {
        let open = |name: &str, wanted: bool| match wanted {
            true => Spool::open(folder, name).map(Some),
            false => Ok(None),
        };
        Ok(Collected {
            folder: folder.to_owned(),
            live: open("live", archived != Archived::Only)?,
            archived: open("archived", archived != Archived::No)?,
            links: Spool::open(folder, "links")?,
        })
    }

    /// Reads everything that is wanted and not read yet. Returns ids that do not exist.
    pub async fn fill(
        &mut self,
        reading: &Reading,
        which: &Which,
        others: &[Others],
        heard: &mut impl FnMut(Step),
    ) -> Result<Vec<u64>, PageError> {
        let known = self.whole().filter(|whole| whole.tickets == self.counts());
        let missing = match known {
            Some(whole) => whole.missing,
            None => {
                self.links.clear()?;
                let missing = self.fill_tickets(reading, which, heard).await?;
                self.keep_whole(&missing)?;
                missing
            }
        };
        if !others.is_empty() {
            let tickets = self.tickets()?;
            let heard = |tickets| heard(Step::Linked(tickets));
            let (links, with_bin) = (&mut self.links, self.archived.is_some());
            links::read(reading, others, with_bin, tickets, links, heard).await?;
        }
        Ok(missing)
    }

    /// The live ones first: what is archived meanwhile is then found in the recycle bin (protocol
    /// E2). A ticket restored between the two listings is in neither and is picked up by the next
    /// export: no listing shows what used to be in the recycle bin.
    async fn fill_tickets(
        &mut self,
        reading: &Reading,
        which: &Which,
        heard: &mut impl FnMut(Step),
    ) -> Result<Vec<u64>, PageError> {
        let mut missing = match which {
            Which::Ids(ids) => ids.clone(),
            _ => Vec::new(),
        };
        let mut before = 0;
        let both = [
            (Shelf::Live, &mut self.live),
            (Shelf::RecycleBin, &mut self.archived),
        ];
        for (shelf, spool) in both {
            let Some(spool) = spool else { continue };
            let heard = |tickets| heard(Step::Read(before + tickets));
            match which {
                Which::All => reading.list(shelf, spool, heard).await?,
                Which::First(limit) => reading.list_first(*limit, shelf, spool).await?,
                Which::Found(search, limit) => reading.found(search, *limit, spool, heard).await?,
                Which::Since(window) if !shelf.is_bin() => {
                    let changed = changed_in(MODIFIED, *window);
                    let ids = reading.ids_found(ObjectType::Tickets, &changed).await?;
                    let ids: Vec<u64> = ids.into_iter().collect();
                    let _gone = reading.chosen(&ids, Shelf::Live, spool, heard).await?;
                }
                Which::Since(_) => reading.list(Shelf::RecycleBin, spool, heard).await?,
                Which::Ids(_) => missing = reading.chosen(&missing, shelf, spool, heard).await?,
            }
            before += spool.tickets();
        }
        Ok(missing)
    }

    /// All tickets in id order.
    pub fn tickets(&self) -> io::Result<impl Iterator<Item = io::Result<Ticket>> + use<>> {
        Merged::of(self.live.as_ref(), self.archived.as_ref())
    }

    /// All tickets in id order, each with its links as far as they were read.
    pub fn with_links(&self) -> io::Result<impl Iterator<Item = io::Result<(Ticket, Links)>>> {
        let mut links = self.links.read::<Links>()?;
        let tickets = self.tickets()?;
        Ok(tickets.map(move |ticket| Ok((ticket?, links.next().transpose()?.unwrap_or_default()))))
    }

    fn counts(&self) -> [u64; 2] {
        [&self.live, &self.archived].map(|spool| spool.as_ref().map_or(0, Spool::tickets))
    }

    fn whole(&self) -> Option<Whole> {
        let text = read_regular(&self.folder.join(WHOLE), LONGEST).ok()?;
        serde_json::from_slice(&text).ok()
    }

    fn keep_whole(&self, missing: &[u64]) -> io::Result<()> {
        let whole = Whole {
            tickets: self.counts(),
            missing: missing.to_vec(),
        };
        replace_file(&self.folder.join(WHOLE), &serde_json::to_vec(&whole)?)
    }
}

type Tickets = Peekable<Flatten<std::option::IntoIter<InOrder<Ticket>>>>;

/// Live and archived tickets in id order; of a ticket that was archived between the
/// two scans, the archived one.
struct Merged {
    live: Tickets,
    archived: Tickets,
}

impl Merged {
    fn of(live: Option<&Spool>, archived: Option<&Spool>) -> io::Result<Merged> {
        let read = |spool: Option<&Spool>| {
            let tickets = spool.map(Spool::read).transpose()?;
            Ok::<_, io::Error>(tickets.into_iter().flatten().peekable())
        };
        Ok(Merged {
            live: read(live)?,
            archived: read(archived)?,
        })
    }
}

impl Iterator for Merged {
    type Item = io::Result<Ticket>;

    fn next(&mut self) -> Option<io::Result<Ticket>> {
        let id = |tickets: &mut Tickets| match tickets.peek() {
            Some(Ok(ticket)) => Some(ticket.id),
            Some(Err(_)) => Some(0),
            None => None,
        };
        match (id(&mut self.live), id(&mut self.archived)) {
            (Some(live), Some(archived)) if live == archived => {
                let _older = self.live.next();
                self.archived.next()
            }
            (Some(live), Some(archived)) if archived < live => self.archived.next(),
            (None, _) => self.archived.next(),
            (Some(_), _) => self.live.next(),
        }
    }
}
