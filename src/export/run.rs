//! Brings an export to its end: pages into the spool, then rows in id order into the
//! target.

use std::io;
use std::iter::Peekable;
use std::path::{Path, PathBuf};

use futures::stream::{self, StreamExt};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::columns::{self, Column, Wanted, With};
use super::links::Links;
use super::manifest::{self, Manifest};
use super::output::{Output, Target};
use super::page::{PageError, Reading};
use super::project::{Dates, cells};
use super::spool::{InOrder, Spool, Ticket};
use super::write::{Misfit, Shape};
use crate::hubspot::contract::LINKED_LIMIT;
use crate::hubspot::error::CallError;
use crate::hubspot::{Client, Search, SearchError};
use crate::model::schema::Schema;

/// Tickets whose links are read ahead, in portions of `LINKED_LIMIT`.
const PORTIONS_AHEAD: usize = 4;

/// Everything an export needs, resolved.
pub struct Job {
    /// Which tickets.
    pub which: Which,
    /// Whether those in the recycle bin are exported.
    pub archived: Archived,
    /// What columns there are to be.
    pub wanted: Wanted,
    /// The portal's definitions.
    pub schema: Schema,
    /// How moments are written.
    pub dates: Dates,
    /// Form of the file.
    pub shape: Shape,
    /// Where it goes.
    pub target: Target,
    /// Folder for pages on their way.
    pub work: PathBuf,
    /// Calls in flight, at most.
    pub concurrency: usize,
    /// HubSpot portal id.
    pub portal_id: u64,
    /// The portal's time when reading began.
    pub started: Option<Timestamp>,
}

impl Job {
    /// What is read of a ticket: what its row shows, and what says which part it is
    /// in.
    pub fn properties(&self) -> Vec<String> {
        let mut properties = self.wanted.properties.clone();
        if let Target::Folder(_, by) = &self.target {
            properties.push(by.property.clone());
        }
        columns::properties(&properties)
    }
}

/// Which tickets are exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Which {
    /// All of them.
    All,
    /// The first ones in id order.
    First(u64),
    /// These, in ascending order.
    Ids(Vec<u64>),
    /// What a search finds, or the first of it.
    Found(Search, Option<u64>),
}

/// Whether tickets in the recycle bin are exported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Archived {
    /// They are left out.
    #[default]
    No,
    /// With a column that tells them from the others.
    Include,
    /// They and only they.
    Only,
}

/// How far an export is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// So many tickets are read.
    Read(u64),
    /// So many are written.
    Written(u64),
}

/// What an export came to.
#[derive(Clone, Debug, Default)]
pub struct Done {
    /// Tickets in it.
    pub tickets: u64,
    /// Those of them that are in the recycle bin.
    pub archived: u64,
    /// Tickets with a value that its column can't hold; they are not in it.
    pub issues: u64,
    /// The first of these, with its id.
    pub first_issue: Option<(u64, Misfit)>,
    /// Ids that were asked for and are nowhere.
    pub missing: Vec<u64>,
}

/// Why an export did not come to its end; no file has appeared then.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The portal can't be read.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The list can't be read.
    #[error(transparent)]
    Page(PageError),
    /// The target can't be opened; nothing was read.
    #[error("can't write the export: {0}")]
    Open(io::Error),
    /// The target can't be written.
    #[error("can't write the export: {0}")]
    Write(#[from] io::Error),
}

impl From<PageError> for ExportError {
    fn from(error: PageError) -> ExportError {
        match error {
            PageError::Call(error) | PageError::Search(SearchError::Call(error)) => {
                ExportError::Call(error)
            }
            error => ExportError::Page(error),
        }
    }
}

/// Exports; `heard` is told how far it is.
pub async fn run(
    job: Job,
    client: Client,
    mut heard: impl FnMut(Step),
) -> Result<Done, ExportError> {
    let columns = columns::columns(&job.wanted, &job.schema);
    let reading = Reading {
        client: client.clone(),
        properties: job.properties(),
        concurrency: job.concurrency,
    };
    let zone = job.dates.zone.clone().unwrap_or(TimeZone::UTC);
    let places = &reading.properties;
    let mut output =
        Output::open(job.target, job.shape, &columns, places, &zone).map_err(ExportError::Open)?;
    let mut spools = Spools::open(&job.work, job.archived)?;
    let missing = spools.fill(&reading, &job.which, &mut heard).await?;
    let form = RowForm {
        columns: &columns,
        dates: &job.dates,
        with: &job.wanted.with,
    };
    let mut done = write_rows(&client, spools.merged()?, &form, &mut output, &mut heard).await?;
    done.missing = missing;
    let first_issue = output.finish(|beside, files| {
        let manifest = Manifest {
            portal_id: job.portal_id,
            started: job.started,
            ended: client.portal_now(),
            calls: client.calls(),
            done: &done,
            files,
        };
        manifest::write(beside, &manifest, &columns, &job.schema)
    })?;
    Ok(Done {
        first_issue,
        ..done
    })
}

/// Live tickets and those in the recycle bin, each where it is wanted.
struct Spools {
    live: Option<Spool>,
    archived: Option<Spool>,
}

impl Spools {
    fn open(work: &Path, archived: Archived) -> io::Result<Spools> {
        let open = |name: &str, wanted: bool| match wanted {
            true => Spool::open(work, name).map(Some),
            false => Ok(None),
        };
        Ok(Spools {
            live: open("live", archived != Archived::Only)?,
            archived: open("archived", archived != Archived::No)?,
        })
    }

    /// Reads everything that is wanted, the live ones first: what is archived
    /// meanwhile is then found in the recycle bin (protocol E2). Gives ids that are
    /// nowhere.
    async fn fill(
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
        let both = [(false, &mut self.live), (true, &mut self.archived)];
        for (archived, spool) in both {
            let Some(spool) = spool else { continue };
            let heard = |tickets| heard(Step::Read(before + tickets));
            match which {
                Which::All => reading.list(archived, spool, heard).await?,
                Which::First(limit) => reading.list_first(*limit, archived, spool).await?,
                Which::Found(search, limit) => reading.found(search, *limit, spool, heard).await?,
                Which::Ids(_) => missing = reading.chosen(&missing, archived, spool, heard).await?,
            }
            before += spool.tickets();
        }
        Ok(missing)
    }

    fn merged(&self) -> io::Result<Merged> {
        let read = |spool: &Option<Spool>| {
            let tickets = spool.as_ref().map(Spool::read).transpose()?;
            Ok::<_, io::Error>(tickets.into_iter().flatten().peekable())
        };
        Ok(Merged {
            live: read(&self.live)?,
            archived: read(&self.archived)?,
        })
    }
}

type Tickets = Peekable<std::iter::Flatten<std::option::IntoIter<InOrder>>>;

/// Live and archived tickets in id order; of a ticket that was archived between the
/// two scans, the archived one.
struct Merged {
    live: Tickets,
    archived: Tickets,
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

/// How tickets become rows.
struct RowForm<'a> {
    columns: &'a [Column],
    dates: &'a Dates,
    with: &'a [With],
}

/// Writes all tickets; their links are read some portions ahead.
async fn write_rows(
    client: &Client,
    tickets: Merged,
    form: &RowForm<'_>,
    output: &mut Output,
    heard: &mut impl FnMut(Step),
) -> Result<Done, ExportError> {
    let portions = stream::iter(Portions(tickets))
        .map(|portion| async {
            let portion = portion?;
            let links = Links::read(client, form.with, &portion).await?;
            Ok::<_, ExportError>((portion, links))
        })
        .buffered(PORTIONS_AHEAD);
    let mut portions = std::pin::pin!(portions);
    let mut done = Done::default();
    while let Some(portion) = portions.next().await {
        let (tickets, links) = portion?;
        for ticket in &tickets {
            let cells = cells(ticket, &links, form.columns, form.dates);
            match output.write(ticket, &cells)? {
                true => {
                    done.tickets += 1;
                    done.archived += u64::from(ticket.archived);
                }
                false => done.issues += 1,
            }
        }
        heard(Step::Written(done.tickets));
    }
    Ok(done)
}

/// Tickets in portions for one read of links.
struct Portions(Merged);

impl Iterator for Portions {
    type Item = io::Result<Vec<Ticket>>;

    fn next(&mut self) -> Option<io::Result<Vec<Ticket>>> {
        let portion: io::Result<Vec<Ticket>> = self.0.by_ref().take(LINKED_LIMIT).collect();
        match portion {
            Ok(portion) if portion.is_empty() => None,
            portion => Some(portion),
        }
    }
}
