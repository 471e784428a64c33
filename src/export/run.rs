//! Brings an export to its end: everything that is wanted into spools, then rows in id
//! order into the target.

use std::io;

use super::collect::Collected;
use super::columns::Wanted;
use super::folder;
use super::job::{Done, Job, Step};
use super::layout::Layout;
use super::links::Fate;
use super::manifest::{self, Manifest};
use super::output::{Claimed, Output};
use super::page::{PageError, Reading};
use super::project::cells;
use super::tables::tables;
use crate::hubspot::error::CallError;
use crate::hubspot::{Client, SearchError};
use crate::model::schema::Schema;

/// Tickets that are written before somebody else may go on.
const AT_A_TIME: u64 = 1_000;

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

/// Exports; `heard` is told how far it is. Dropped at any time, it goes on from its
/// folder in another process.
pub async fn run(
    job: Job,
    client: Client,
    mut heard: impl FnMut(Step),
) -> Result<Done, ExportError> {
    let tables = tables(&job.wanted, &job.schema);
    let reading = Reading {
        client: client.clone(),
        properties: job.properties(),
        history: job.wanted.history.clone(),
        concurrency: job.concurrency,
    };
    let claimed = Claimed::open(job.target, job.shape, &tables).map_err(ExportError::Open)?;
    let mut collected = Collected::open(&job.work, job.archived)?;
    let others = job.wanted.others();
    let missing = collected
        .fill(&reading, &job.which, &others, &mut heard)
        .await?;
    let layout = layout(&job.wanted, &job.schema, &collected)?;
    let columns = &layout.columns;
    let mut output = claimed.begin(columns, tables.clone(), &reading.properties)?;
    let mut done = write_rows(&collected, &layout, &mut output, &mut heard).await?;
    done.missing = missing;
    folder::begin_to_publish(&job.work)?;
    let first_issue = output.finish(|beside, files| {
        let manifest = Manifest {
            portal_id: job.portal_id,
            run: &job.run,
            selection: &job.selection,
            started: job.started,
            ended: client.portal_now(),
            calls: client.calls(),
            done: &done,
            files,
        };
        manifest::write(beside, &manifest, columns, &tables)
    })?;
    Ok(Done {
        first_issue,
        ..done
    })
}

/// The columns; without the empty ones if that is wanted.
fn layout(wanted: &Wanted, schema: &Schema, collected: &Collected) -> io::Result<Layout> {
    let layout = Layout::new(wanted, schema);
    if !wanted.skip_empty {
        return Ok(layout);
    }
    let mut held = vec![false; wanted.properties().len()];
    for ticket in collected.tickets()? {
        for (held, value) in held.iter_mut().zip(ticket?.values) {
            *held |= value.is_some_and(|value| !value.is_empty());
        }
    }
    Ok(layout.without_empty(|place| held.get(place).is_some_and(|held| *held)))
}

async fn write_rows(
    collected: &Collected,
    layout: &Layout,
    output: &mut Output,
    heard: &mut impl FnMut(Step),
) -> io::Result<Done> {
    let mut done = Done::default();
    for ticket in collected.with_links()? {
        let (mut ticket, links) = ticket?;
        match &links.fate {
            Fate::Here => {}
            Fate::Archived(moved) => ticket.clone_from(moved),
            Fate::Gone => {
                done.left_out += 1;
                continue;
            }
        }
        if output.write(&ticket, &links, cells(&ticket, &links, layout))? {
            done.tickets += 1;
            done.archived += u64::from(ticket.archived);
        }
        if done.tickets.is_multiple_of(AT_A_TIME) {
            heard(Step::Written(done.tickets));
            tokio::task::yield_now().await;
        }
    }
    done.issues = output.issues();
    done.tables = output.counts();
    Ok(done)
}
