//! Runs what was typed: a new export, or one that stopped. A closed pipe on stdout is
//! a quiet success. An export to a file has a run folder and can be resumed: it is
//! typed again, so to speak, and goes on with the pages that are there.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::args::ExportArgs;
use super::wanted::wanted;
use super::work::{Work, here};
use crate::cli::exit::Exit;
use crate::cli::import::read_mapping;
use crate::cli::portal::{Portal, call_error};
use crate::cli::run_args::signal;
use crate::cli::talk::Talk;
use crate::error::Error;
use crate::export::{
    Archived, Asked, Done, ExportError, Job, RunFolder, Step, Which, run as run_job,
};
use crate::hubspot::{Client, SchemaParts, Search};
use crate::mapping::MappingFile;
use crate::model::schema::ObjectType;

/// Runs a new export; `typed` is the command line behind the program's name.
pub async fn run(args: ExportArgs, typed: Vec<String>, talk: &Talk) -> Result<Exit, Error> {
    let mapping = mapping(&args, talk)?;
    let portal = Portal::open(&args.portal).await?;
    let (job, work) = prepare((&args, mapping.as_ref()), &portal.client, talk, |job| {
        let asked = Asked {
            args: typed,
            folder: here()?,
            portal_id: job.portal_id,
            properties: job.properties(),
            mapping: mapping.as_ref().map(|mapping| mapping.text().to_owned()),
            started: job.started,
            ..Asked::default()
        };
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
    let mapping = mapping(&args, talk)?;
    if mapping.as_ref().map(MappingFile::text) != asked.mapping.as_deref() {
        return Err(
            Error::mend("the mapping has changed since the export began")
                .advise("put it back, or start the export anew"),
        );
    }
    let portal = Portal::open(&args.portal).await?;
    let (mut job, work) = prepare((&args, mapping.as_ref()), &portal.client, talk, |job| {
        same(job, &asked)?;
        Ok(Work::Run(folder))
    })
    .await?;
    job.started = asked.started;
    finish(job, work, &args, portal, talk).await
}

fn mapping(args: &ExportArgs, talk: &Talk) -> Result<Option<MappingFile>, Error> {
    let path = args.mapping.as_deref();
    path.map(|path| read_mapping(path, talk)).transpose()
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

/// Everything that an export needs, checked against the portal.
async fn prepare(
    (args, mapping): (&ExportArgs, Option<&MappingFile>),
    client: &Client,
    talk: &Talk,
    work: impl FnOnce(&Job) -> Result<Work, Error>,
) -> Result<(Job, Work), Error> {
    let account = client.account().await.map_err(call_error)?;
    let parts = SchemaParts {
        owners: args.shows_owners() || mapping.is_some_and(MappingFile::has_owners),
        ..SchemaParts::default()
    };
    let schema = client.schema(parts).await.map_err(call_error)?;
    let which = args.which(&schema)?;
    let wanted = wanted(args, mapping, &schema, client, talk).await?;
    let mut job = Job {
        which,
        archived: args.archived(),
        wanted,
        schema,
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
        Step::Linked(tickets) => progress.linked(tickets),
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
        None => Err(work.resumable(Error::later("the export was stopped"))),
        Some(Ok(done)) => {
            work.end()?;
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
        ExportError::Call(error) => Err(work.resumable(call_error(error))),
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
        error => Err(work.resumable(Error::mend(error))),
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
    let tables = done.tables.iter();
    let tables: String = tables
        .map(|(name, rows)| format!(", {rows} rows of {name}"))
        .collect();
    talk.say(&format!(
        "{} tickets exported{archived}{tables}",
        done.tickets
    ));
    if let Some(first) = done.missing.first() {
        let count = done.missing.len();
        talk.say(&format!(
            "{count} ids are not in the portal, such as {first}"
        ));
    }
    say_issue(done, to_stdout, talk);
    if !to_stdout {
        talk.result(&json!({
            "tickets": done.tickets,
            "archived": done.archived,
            "tables": done.tables.iter().cloned().collect::<BTreeMap<_, _>>(),
            "issues": done.issues,
            "missing": done.missing.iter().map(u64::to_string).collect::<Vec<_>>(),
        }));
    }
}

fn say_issue(done: &Done, to_stdout: bool, talk: &Talk) {
    let Some((id, misfit)) = &done.first_issue else {
        return;
    };
    let place = match to_stdout {
        true => "",
        false => " but in the .issues.csv beside it",
    };
    talk.say(&format!(
        "{} rows are not in the export{place}: ticket {id} has `{}` in {}, which holds {}",
        done.issues, misfit.value, misfit.column, misfit.wanted
    ));
}
