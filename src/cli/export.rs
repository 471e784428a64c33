//! `tickethaul export`: what was typed becomes an export `Job`. A closed pipe on
//! stdout is a quiet success. An export to a file has a run folder and can be resumed:
//! it is typed again, so to speak, and goes on with the pages that are there.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use super::exit::Exit;
pub use super::export_args::ExportArgs;
use super::portal::{Portal, call_error};
use super::run_args::signal;
use super::talk::Talk;
use crate::error::Error;
use crate::export::columns::Wanted;
use crate::export::run::{Archived, Done, ExportError, Job, Step, Which, run as run_job};
use crate::export::{Asked, FolderError, RunFolder};
use crate::hubspot::{Client, Search};
use crate::model::schema::{ObjectType, PropertyDef, Schema};

/// Runs a new export; `typed` is the command line behind the program's name.
pub async fn run(args: ExportArgs, typed: Vec<String>, talk: &Talk) -> Result<Exit, Error> {
    let portal = Portal::open(&args.portal).await?;
    let (job, work) = prepare(&args, &portal.client, |job| {
        let folder = here()?;
        let properties = job.properties();
        let asked = Asked::new(typed, folder, job.portal_id, properties, job.started);
        Work::new(&args, &asked)
    })
    .await?;
    finish(job, work, &args, portal, talk).await
}

/// Goes on with an export that stopped. `args` are those that it was typed with.
pub async fn resume(
    args: ExportArgs,
    (folder, asked): (RunFolder, Asked),
    talk: &Talk,
) -> Result<Exit, Error> {
    if here()? != asked.folder {
        return Err(Error::usage(format!(
            "the export was started in {}; its paths hold there only",
            asked.folder.display()
        )));
    }
    let portal = Portal::open(&args.portal).await?;
    let (mut job, work) = prepare(&args, &portal.client, |job| {
        same(job, &asked)?;
        Ok(Work::Run(folder))
    })
    .await?;
    job.started = asked.started;
    finish(job, work, &args, portal, talk).await
}

/// The portal and the properties are those that the pages come from.
fn same(job: &Job, asked: &Asked) -> Result<(), Error> {
    if job.portal_id != asked.portal_id {
        return Err(Error::mend(format!(
            "the export belongs to portal {}, the token to portal {}",
            asked.portal_id, job.portal_id
        )));
    }
    match job.properties() == asked.properties {
        true => Ok(()),
        false => Err(Error::mend(
            "the portal's ticket properties have changed since the export began",
        )
        .advise("start it anew")),
    }
}

/// Where pages lie on their way.
enum Work {
    /// A run folder: the export can be resumed.
    Run(RunFolder),
    /// What went to stdout can't be taken up again.
    Temporary(TempDir),
}

impl Work {
    fn new(args: &ExportArgs, asked: &Asked) -> Result<Work, Error> {
        match args.output {
            Some(_) => {
                let folder = RunFolder::create(args.run_dir.as_deref(), asked);
                Ok(Work::Run(folder.map_err(folder_error)?))
            }
            None => tempfile::tempdir().map(Work::Temporary).map_err(|error| {
                Error::usage(format!("can't make a folder for the export: {error}"))
            }),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Work::Run(folder) => folder.path(),
            Work::Temporary(folder) => folder.path(),
        }
    }
}

/// What can be wrong with a run folder.
pub fn folder_error(error: FolderError) -> Error {
    match &error {
        FolderError::Held(_) => {
            Error::mend(&error).advise("wait for it, or end that process first")
        }
        FolderError::Unusable { .. } | FolderError::Newer(_) => Error::mend(error),
        FolderError::NotEmpty(_) => Error::usage(error)
            .advise("name a new folder with --run-dir, or go on with `tickethaul resume`"),
    }
}

/// Everything that an export needs, checked against the portal.
async fn prepare(
    args: &ExportArgs,
    client: &Client,
    work: impl FnOnce(&Job) -> Result<Work, Error>,
) -> Result<(Job, Work), Error> {
    let account = client.account().await.map_err(call_error)?;
    let schema = client.schema(false).await.map_err(call_error)?;
    let which = args.which(&schema)?;
    let wanted = wanted(args, &schema, client).await?;
    let mut job = Job {
        which,
        archived: args.archived(),
        wanted,
        schema,
        dates: args.dates(),
        shape: args.shape()?,
        target: args.target(),
        work: PathBuf::new(),
        concurrency: usize::from(args.concurrency),
        portal_id: account.portal_id,
        started: client.portal_now(),
    };
    let work = work(&job)?;
    work.path().clone_into(&mut job.work);
    Ok((job, work))
}

/// Runs the job until it ends, is interrupted or its time is up. Pages are in the
/// spool as soon as they are here, so it can end anywhere.
async fn finish(
    job: Job,
    work: Work,
    args: &ExportArgs,
    portal: Portal,
    talk: &Talk,
) -> Result<Exit, Error> {
    let total = match talk.shows_progress() {
        true => total(&job, &portal.client).await,
        false => None,
    };
    let mut progress = talk.haul_progress(total);
    let heard = |step| match step {
        Step::Read(tickets) => progress.read(tickets),
        Step::Written(tickets) => progress.written(tickets),
    };
    let ended = tokio::select! {
        ended = run_job(job, portal.client.clone(), heard) => Some(ended),
        () = stopped(args.max_duration) => None,
    };
    drop(progress);
    portal.close().await;
    let to_stdout = args.output.is_none();
    match ended {
        None => Err(resumable(Error::later("the export was stopped"), &work)),
        Some(Ok(done)) => {
            if let Work::Run(folder) = work {
                let path = folder.path().to_owned();
                folder.remove().map_err(|error| {
                    let path = path.display();
                    Error::unexpected(format!("can't remove the run folder {path}: {error}"))
                })?;
            }
            tell(&done, to_stdout, talk);
            Ok(match done.issues {
                0 => Exit::Fine,
                _ => Exit::Refused,
            })
        }
        Some(Err(error)) => failed(error, work, to_stdout),
    }
}

fn failed(error: ExportError, work: Work, to_stdout: bool) -> Result<Exit, Error> {
    match error {
        ExportError::Write(error) if to_stdout && error.kind() == io::ErrorKind::BrokenPipe => {
            Ok(Exit::Fine)
        }
        ExportError::Call(error) => Err(resumable(call_error(error), &work)),
        ExportError::Open(error) => {
            if let Work::Run(folder) = work {
                let _nothing_read = folder.remove();
            }
            let busy = error.kind() == io::ErrorKind::ResourceBusy;
            let error = ExportError::Open(error);
            Err(if busy {
                Error::mend(error)
            } else {
                Error::usage(error)
            })
        }
        error => Err(resumable(Error::mend(error), &work)),
    }
}

fn resumable(error: Error, work: &Work) -> Error {
    match work {
        Work::Run(folder) => error.advise(format!(
            "no file has appeared; `tickethaul resume {}` goes on",
            folder.path().display()
        )),
        Work::Temporary(_) => error,
    }
}

/// Ends with the first signal, or when the time is up.
async fn stopped(max_duration: Option<Duration>) {
    let up = async {
        match max_duration {
            Some(duration) => tokio::time::sleep(duration).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        () = up => {}
        Ok(()) = signal() => {}
    }
}

/// How many tickets there are, as search counts them; for the time left only.
async fn total(job: &Job, client: &Client) -> Option<u64> {
    let search = match (&job.which, job.archived) {
        (Which::All, Archived::No) => Search::default(),
        (Which::Found(search, None), _) => search.clone(),
        _ => return None,
    };
    let found = client.search(ObjectType::Tickets, &search, 0).await.ok()?;
    Some(found.total as u64)
}

fn tell(done: &Done, to_stdout: bool, talk: &Talk) {
    let archived = match done.archived {
        0 => String::new(),
        archived => format!(", {archived} of them archived"),
    };
    talk.say(&format!("{} tickets exported{archived}", done.tickets));
    if let Some(first) = done.missing.first() {
        let count = done.missing.len();
        talk.say(&format!(
            "{count} ids are not in the portal, such as {first}"
        ));
    }
    if let Some((id, misfit)) = &done.first_issue {
        talk.say(&format!(
            "{} tickets are not in the export but in the .issues.csv beside it: ticket {id} has `{}` in {}, which holds {}",
            done.issues, misfit.value, misfit.column, misfit.wanted
        ));
    }
    if !to_stdout {
        talk.result(&json!({
            "tickets": done.tickets,
            "archived": done.archived,
            "issues": done.issues,
            "missing": done.missing.iter().map(u64::to_string).collect::<Vec<_>>(),
        }));
    }
}

fn here() -> Result<PathBuf, Error> {
    std::path::absolute(".")
        .map_err(|error| Error::unexpected(format!("can't find this folder: {error}")))
}

/// The columns that were asked for, known to the portal.
async fn wanted(args: &ExportArgs, schema: &Schema, client: &Client) -> Result<Wanted, Error> {
    let properties: Vec<String> = match args.all_properties {
        true => schema.tickets.keys().cloned().collect(),
        false => {
            let names = args.properties.iter();
            names.map(|name| name.trim().to_owned()).collect()
        }
    };
    let parted = args.partition_by.iter().map(|by| by.property.clone());
    let read: Vec<String> = properties.iter().cloned().chain(parted).collect();
    check(ObjectType::Tickets, &read, &schema.tickets)?;
    check_others(args, client).await?;
    Ok(Wanted {
        properties,
        with: args.with.clone(),
        archived: args.archived() == Archived::Include,
        headers: args.headers(),
        values: args.values(),
    })
}

async fn check_others(args: &ExportArgs, client: &Client) -> Result<(), Error> {
    let mut asked: BTreeMap<ObjectType, Vec<String>> = BTreeMap::new();
    for with in &args.with {
        if let Some(property) = &with.property {
            asked.entry(with.object).or_default().push(property.clone());
        }
    }
    for (object, properties) in asked {
        let defined = client.properties(object, false).await.map_err(call_error)?;
        let defined = defined.into_iter().map(|p| (p.name.clone(), p)).collect();
        check(object, &properties, &defined)?;
    }
    Ok(())
}

/// HubSpot leaves unknown properties out without a word; we don't.
pub fn check(
    object: ObjectType,
    properties: &[String],
    defined: &BTreeMap<String, PropertyDef>,
) -> Result<(), Error> {
    let unknown: Vec<String> = properties
        .iter()
        .filter(|name| !defined.contains_key(*name))
        .map(|name| match nearest(name, defined) {
            Some(nearest) => format!("{name} (did you mean {nearest}?)"),
            None => name.clone(),
        })
        .collect();
    match unknown.is_empty() {
        true => Ok(()),
        false => Err(Error::usage(format!(
            "the portal has no {} property {}",
            object.singular(),
            unknown.join(", ")
        ))),
    }
}

fn nearest<'a>(name: &str, defined: &'a BTreeMap<String, PropertyDef>) -> Option<&'a str> {
    let score = |known: &&str| strsim::jaro_winkler(name, known);
    let names = defined.keys().map(String::as_str);
    names
        .max_by(|left, right| score(left).total_cmp(&score(right)))
        .filter(|known| score(known) > 0.8)
}
