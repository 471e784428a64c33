//! Everything that a data set needs of tickets, in spools: live ones (all, or what changed in a
//! window), the whole recycle bin, and those that have left it since the last run. Once everything
//! has been read, a file says so: a resumed run does not read again.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::merges::{self, Known};
use super::tombstones::{How, Tombstone};
use crate::export::columns::{Archived, ID_COLUMN};
use crate::export::job::{MERGED, Step, Which};
use crate::export::page::{MODIFIED, PageError, Reading, changed_in};
use crate::export::spool::{Spool, Ticket};
use crate::hubspot::error::CallError;
use crate::hubspot::{Search, SearchError};
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;
use crate::output::{read_regular, replace_file};

/// A longer file of that name is not ours: it would hold millions of ids.
const LONGEST: u64 = 256 << 20;

/// Marks that everything is in the spools.
const GATHERED: &str = "gathered.json";

/// What is wanted of the portal.
pub struct Wish<'a> {
    /// Which tickets.
    pub which: &'a Which,
    /// Whether those in the recycle bin belong to the set.
    pub archived: Archived,
    /// Tickets that are read whether or not a search finds them.
    pub recheck: &'a [u64],
    /// What the set knows to be gone.
    pub tombstones: &'a [Tombstone],
    /// What it knows about merges, if only changes are read.
    pub known: Option<Known<'a>>,
}

/// What was read.
pub struct Gathered {
    folder: PathBuf,
    /// Live tickets.
    pub live: Spool,
    /// All of the recycle bin.
    pub bin: Spool,
    /// Live tickets that were in the recycle bin at the last run.
    pub restored: Spool,
    /// What tickets are linked to.
    pub links: Spool,
    /// Tickets that were requested but do not exist.
    pub lost: Lost,
    /// What the portal said besides its tickets.
    pub said: Said,
}

/// What the portal said besides its tickets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Live tickets by its count; none if not all of them belong to the set, or all
    /// are read.
    pub counted: Option<u64>,
    /// Tickets that others were merged into, by its count.
    pub survivors: Option<u64>,
    /// When tickets were merged into others, as far as it remembers.
    pub merged_at: BTreeMap<u64, String>,
}

/// Ids that were not found where they were looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// Found by a search or requested, and not live.
    pub live: Vec<u64>,
    /// Neither in the recycle bin, where they had been, nor live.
    pub restored: Vec<u64>,
}

#[derive(Serialize, Deserialize)]
struct Whole {
    tickets: [u64; 3],
    lost: Lost,
    #[serde(default)]
    said: Said,
}

impl Gathered {
    /// What an earlier process left in the folder.
    pub fn open(folder: &Path) -> io::Result<Gathered> {
        Ok(Gathered {
            folder: folder.to_owned(),
            live: Spool::open(folder, "live")?,
            bin: Spool::open(folder, "archived")?,
            restored: Spool::open(folder, "restored")?,
            links: Spool::open(folder, "links")?,
            lost: Lost::default(),
            said: Said::default(),
        })
    }

    /// Reads what has not been read yet. Live ones first: what is archived meanwhile is
    /// then found in the recycle bin (protocol E2).
    pub async fn fill(
        &mut self,
        reading: &Reading,
        wish: &Wish<'_>,
        heard: &mut impl FnMut(Step),
    ) -> Result<(), PageError> {
        if let Some(whole) = self.whole().filter(|whole| whole.tickets == self.counts()) {
            self.lost = whole.lost;
            self.said = whole.said;
            return Ok(());
        }
        self.links.clear()?;
        if wish.archived != Archived::Only {
            self.lost.live = self.fill_live(reading, wish, heard).await?;
        }
        if wish.known.as_ref().is_some_and(|known| !known.filtered) {
            self.said.counted = count(reading).await?;
        }
        let of_bin = match wish.archived {
            Archived::No => Reading {
                properties: vec![MERGED.to_owned()],
                history: Vec::new(),
                ..reading.clone()
            },
            Archived::Include | Archived::Only => reading.clone(),
        };
        let before = self.live.tickets();
        let hear = |tickets| heard(Step::Read(before + tickets));
        of_bin.list(Shelf::RecycleBin, &mut self.bin, hear).await?;
        let ids = Vec::from_iter(self.left_the_bin(wish.tombstones)?);
        let spool = &mut self.restored;
        self.lost.restored = reading.chosen(&ids, Shelf::Live, spool, |_| {}).await?;
        let spools = [
            (&self.live, Shelf::Live, place_of_merged(reading)),
            (&self.restored, Shelf::Live, place_of_merged(reading)),
            (&self.bin, Shelf::RecycleBin, place_of_merged(&of_bin)),
        ];
        self.said.merged_at = merges::times(reading, spools, wish.tombstones).await?;
        Ok(self.keep_whole()?)
    }

    async fn fill_live(
        &mut self,
        reading: &Reading,
        wish: &Wish<'_>,
        heard: &mut impl FnMut(Step),
    ) -> Result<Vec<u64>, PageError> {
        let live = &mut self.live;
        let hear = |tickets| heard(Step::Read(tickets));
        match wish.which {
            Which::All => reading.list(Shelf::Live, live, hear).await?,
            Which::First(limit) => reading.list_first(*limit, Shelf::Live, live).await?,
            Which::Found(search, Some(limit)) => {
                reading.found(search, Some(*limit), live, hear).await?;
            }
            Which::Ids(ids) => return reading.chosen(ids, Shelf::Live, live, hear).await,
            Which::Found(search, None) => {
                let mut ids = reading.ids_found(ObjectType::Tickets, search).await?;
                ids.extend(wish.recheck);
                let ids: Vec<u64> = ids.into_iter().collect();
                return reading.chosen(&ids, Shelf::Live, live, hear).await;
            }
            Which::Since(window) => {
                let search = changed_in(MODIFIED, *window);
                let mut ids = reading.ids_found(ObjectType::Tickets, &search).await?;
                ids.extend(wish.recheck);
                if let Some(known) = &wish.known {
                    let (unseen, survivors) = merges::unseen(reading, known).await?;
                    ids.extend(unseen);
                    self.said.survivors = survivors;
                }
                let ids: Vec<u64> = ids.into_iter().collect();
                return reading.chosen(&ids, Shelf::Live, live, hear).await;
            }
        }
        Ok(Vec::new())
    }

    fn left_the_bin(&self, tombstones: &[Tombstone]) -> io::Result<BTreeSet<u64>> {
        let bin: HashSet<u64> = self
            .bin
            .read::<Ticket>()?
            .map(|ticket| ticket.map(|ticket| ticket.id))
            .collect::<io::Result<_>>()?;
        let were_there = tombstones.iter().filter(|stone| stone.how == How::Archived);
        let ids = were_there.map(|stone| stone.id);
        Ok(ids.filter(|id| !bin.contains(id)).collect())
    }

    fn counts(&self) -> [u64; 3] {
        [&self.live, &self.bin, &self.restored].map(Spool::tickets)
    }

    fn whole(&self) -> Option<Whole> {
        let text = read_regular(&self.folder.join(GATHERED), LONGEST).ok()?;
        serde_json::from_slice(&text).ok()
    }

    fn keep_whole(&self) -> io::Result<()> {
        let whole = Whole {
            tickets: self.counts(),
            lost: self.lost.clone(),
            said: self.said.clone(),
        };
        replace_file(&self.folder.join(GATHERED), &serde_json::to_vec(&whole)?)
    }
}

/// How many live tickets the portal has; none if it does not say.
async fn count(reading: &Reading) -> Result<Option<u64>, PageError> {
    let all = Search {
        properties: vec![ID_COLUMN.to_owned()],
        ..Search::default()
    };
    match reading.client.search(ObjectType::Tickets, &all, 0).await {
        Ok(found) => Ok(Some(found.total as u64)),
        Err(SearchError::Call(CallError::Refused(_))) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The position of the value with the ids that were merged into a ticket.
fn place_of_merged(reading: &Reading) -> usize {
    let place = reading.properties.iter().position(|name| name == MERGED);
    place.unwrap_or(usize::MAX)
}
