//! Runs an export: everything that is wanted into spools, then rows in id order into
//! the target.

use std::fs;
use std::io;
use std::sync::Arc;

use super::attachments::{Bringing, Files, Sum, namings};
use super::cell::instant_of;
use super::collect::Collected;
use super::columns::{Column, Wanted};
use super::dataset;
use super::error::ExportError;
use super::filter::Judge;
use super::folder;
use super::job::{Done, Job, Step, Which};
use super::layout::Layout;
use super::links::Fate;
use super::manifest::{self, Manifest};
use super::output::{Claimed, Output, Target};
use super::page::Reading;
use super::project::cells;
use super::spool::Ticket;
use super::tables::{Table, knowing, tables};
use super::window::Window;
use crate::hubspot::Client;
use crate::model::schema::Schema;

/// Tickets that are written before other tasks may run.
const AT_A_TIME: u64 = 1_000;

/// Runs an export; `heard` receives the progress. It can be dropped at any time and continued from
/// its folder by another process.
pub async fn run(
    job: Job,
    client: Client,
    mut heard: impl FnMut(Step),
) -> Result<Done, ExportError> {
    if let Target::Folder(..) = job.target {
        return dataset::run(job, client, heard).await;
    }
    let tables = tables(&job.wanted, &job.schema);
    let reading = Reading {
        client: client.clone(),
        properties: job.properties(),
        history: job.wanted.history.clone(),
        concurrency: job.concurrency,
    };
    let (job, target) = job.without_target();
    let claimed = Claimed::open(target, job.shape, &tables).map_err(ExportError::Open)?;
    let judge = job.filter.as_ref();
    let judge = judge.map(|search| Judge::new(search, &job.schema, &reading.properties));
    let belongs = |ticket: &Ticket| match &job.which {
        Which::Since(window) => is_changed(ticket, *window, judge.as_ref()),
        _ => true,
    };
    let gathered = gather(&job, &reading, tables, &belongs, &mut heard).await?;
    let collected = &gathered.collected;
    let layout = layout(&job.wanted, &job.schema, collected.tickets()?)?;
    let tables = gathered.tables;
    let mut output = claimed.begin(&layout.columns, tables.clone(), &job.about())?;
    let mut done = write_rows(collected, &belongs, &layout, &mut output, &mut heard).await?;
    done.missing = gathered.missing;
    done.attachments = gathered.brought;
    done.calls = client.calls();
    folder::begin_to_publish(&job.work)?;
    publish(&job, output, done, &layout.columns, tables, &client)
}

/// Everything that is written.
struct Gathered {
    collected: Collected,
    /// Ids that do not exist.
    missing: Vec<u64>,
    tables: Vec<Table>,
    /// Counts of files.
    brought: Option<Sum>,
}

/// Reads everything, and downloads the files that it names if they are wanted.
async fn gather(
    job: &Job,
    reading: &Reading,
    tables: Vec<Table>,
    belongs: &impl Fn(&Ticket) -> bool,
    heard: &mut impl FnMut(Step),
) -> Result<Gathered, ExportError> {
    let mut collected = Collected::open(&job.work, job.archived)?;
    if let Some(folder) = &job.attachments {
        fs::create_dir_all(folder).map_err(ExportError::Open)?;
        reading.client.check_reads_files().await?;
    }
    let others = job.wanted.others();
    let missing = collected.fill(reading, &job.which, &others, heard).await?;
    let mut gathered = Gathered {
        collected,
        missing,
        tables,
        brought: None,
    };
    if let Some(folder) = &job.attachments {
        let bringing = Bringing::open(reading, folder, &job.work)?;
        let collected = &gathered.collected;
        let (files, sum) = bring(bringing, &job.wanted, collected, belongs, heard).await?;
        gathered.tables = knowing(gathered.tables, &Arc::new(files));
        gathered.brought = Some(sum);
    }
    Ok(gathered)
}

/// Finishes the files and publishes them, the manifest last.
fn publish(
    job: &Job,
    output: Output,
    done: Done,
    columns: &[Column],
    tables: Vec<Table>,
    client: &Client,
) -> Result<Done, ExportError> {
    let mut written = Vec::new();
    let first_issue = output.finish(|beside, files| {
        written.extend_from_slice(files);
        let manifest = Manifest::of(job, client, &done, files);
        let tables = tables.into_iter();
        let tables = tables.map(|table| (table.name, table.columns)).collect();
        manifest::write(beside, &manifest, columns, &tables)
    })?;
    let names = written.iter().filter_map(|file| file.path.as_ref());
    Ok(Done {
        first_issue,
        files: names
            .map(|path| path.to_string_lossy().into_owned())
            .collect(),
        written,
        ..done
    })
}

/// Downloads the files that activities of the tickets name.
async fn bring(
    bringing: Bringing<'_>,
    wanted: &Wanted,
    collected: &Collected,
    belongs: &impl Fn(&Ticket) -> bool,
    heard: &mut impl FnMut(Step),
) -> Result<(Files, Sum), ExportError> {
    let namings = namings(wanted);
    let tickets = collected.with_links()?.filter(|ticket| match ticket {
        Ok((ticket, _)) => belongs(ticket),
        Err(_) => true,
    });
    let hear = |files| heard(Step::Brought(files));
    Ok(bringing.all(&namings, tickets, hear).await?)
}

/// The columns; without the empty ones if that is wanted.
pub(super) fn layout(
    wanted: &Wanted,
    schema: &Schema,
    tickets: impl Iterator<Item = io::Result<Ticket>>,
) -> io::Result<Layout> {
    let layout = Layout::new(wanted, schema);
    if !wanted.skip_empty {
        return Ok(layout);
    }
    let mut held = vec![false; wanted.properties().len()];
    for ticket in tickets {
        for (held, value) in held.iter_mut().zip(ticket?.values) {
            *held |= value.is_some_and(|value| !value.is_empty());
        }
    }
    Ok(layout.without_empty(|place| held.get(place).is_some_and(|held| *held)))
}

/// Whether a ticket belongs to an export of what changed: one in the recycle bin is judged by when
/// it was archived, a live one by its values.
fn is_changed(ticket: &Ticket, window: Window, judge: Option<&Judge>) -> bool {
    if !ticket.archived {
        return judge.is_none_or(|judge| judge.passes(ticket.id, &ticket.values));
    }
    let at = ticket.times.archived.as_deref().and_then(instant_of);
    at.is_none_or(|at| at >= window.from)
}

async fn write_rows(
    collected: &Collected,
    belongs: &impl Fn(&Ticket) -> bool,
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
        if !belongs(&ticket) {
            continue;
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
    done.columns = output.columns();
    Ok(done)
}
