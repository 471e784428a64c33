//! Runs a new export: what was typed is held against what stands at its target and
//! against the portal, and brought to its end. A closed pipe is a quiet success. An
//! export to a file has a run folder and can be resumed.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::args::ExportArgs;
use super::resolve::{filter_search, which};
use super::target::{ANEW, Goes, choose, folder_of_files, same_portal, standing};
use super::told::{tell_json, words};
use super::wanted::{Missing, wanted};
use super::work::Work;
use crate::cli::exit::Exit;
use crate::cli::file_args::absolute;
use crate::cli::found;
use crate::cli::mapping_file::read_mapping;
use crate::cli::moments::second;
use crate::cli::portal::{Portal, call_error};
use crate::cli::registry::{Kind, NewEntry};
use crate::cli::report;
use crate::cli::signals::Signals;
use crate::cli::talk::Talk;
use crate::error::Error;
use crate::export::{
    Archived, Asked, AskedMapping, Base, BaseError, Done, ExportError, Job, Onward, Outcome,
    Replace, RunFolder, Selection, Step, Target, Which, onward, run as run_job, tombstones_in,
};
use crate::hubspot::error::CallError;
use crate::hubspot::{Client, SchemaParts, Search};
use crate::journal::{Told, now, run_id};
use crate::mapping::MappingFile;
use crate::model::count::counted;
use crate::model::schema::{ObjectType, Schema};

/// What is exported, whether it is typed now or was once.
pub(super) struct What<'a> {
    pub(super) selection: &'a Selection,
    pub(super) ids: Option<&'a [u64]>,
    pub(super) mapping: Option<&'a MappingFile>,
    pub(super) goes: &'a Goes,
    /// The folder that files of activities go into.
    pub(super) attachments: Option<&'a Path>,
    pub(super) concurrency: u16,
    /// Whether properties that the portal does not have become empty columns.
    pub(super) missing_as_null: bool,
    /// Whether it brings a data set up to date that is there.
    pub(super) goes_on: bool,
    /// The search that a filter was resolved to when the export began.
    pub(super) search: Option<&'a Search>,
    /// The portal's time when it began.
    pub(super) as_of: Option<Timestamp>,
}

/// Runs a new export; `told` are options that a resume takes up again.
pub async fn run(args: ExportArgs, told: Told, talk: &Talk) -> Result<Exit, Error> {
    let mut stop = pin!(stopped(args.max_duration));
    let prepared = unless_stopped(prepare(&args, told, talk), stop.as_mut()).await?;
    let (goes, begun) = (prepared.goes, prepared.begun);
    let (job, work) = (prepared.job, prepared.work);
    let ends = Ends {
        goes: &goes,
        leaves_report: args.leaves_report(),
    };
    let exit = finish(job, work, (stop, ends), prepared.portal, talk).await?;
    give_up_superseded((goes.path(), begun), talk);
    Ok(exit)
}

/// Where an export ends, and what it leaves behind.
#[derive(Clone, Copy)]
pub(super) struct Ends<'a> {
    pub(super) goes: &'a Goes,
    /// Whether a report stays in its run folder.
    pub(super) leaves_report: bool,
}

/// An export of which no ticket is read yet.
struct Prepared {
    job: Job,
    work: Work,
    portal: Portal,
    goes: Goes,
    begun: Timestamp,
}

async fn prepare(args: &ExportArgs, told: Told, talk: &Talk) -> Result<Prepared, Error> {
    args.expect_columns()?;
    let path = args.mapping.as_deref();
    let mapping = path.map(|path| read_mapping(path, talk)).transpose()?;
    let ids = args.ids()?;
    let selection = args.selection(mapping.as_ref(), ids.as_deref())?;
    let goes = choose(args, &selection)?;
    let earlier = match goes.path() {
        Some(path) => standing(path, &selection, args.replace())?,
        None => None,
    };
    let attachments = args
        .attachments
        .as_deref()
        .map(folder_of_files)
        .transpose()?;
    let portal = Portal::open(&args.portal, talk).await?;
    let what = What {
        selection: &selection,
        ids: ids.as_deref(),
        mapping: mapping.as_ref(),
        goes: &goes,
        attachments: attachments.as_deref(),
        concurrency: args.concurrency,
        missing_as_null: args.missing_as_null(),
        goes_on: args.is_last() && args.replace() == Replace::Same && earlier.is_some(),
        search: None,
        as_of: None,
    };
    let mut job = job(&what, &portal, talk).await?;
    let (begun, work) = match goes.path() {
        None => (now(), Work::temporary()?),
        Some(path) => {
            same_portal(earlier.as_ref(), path, (job.portal_id, args.replace()))?;
            go_on(&mut job, args, path, talk)?;
            let mut asked = asked(args, &what, &job, told)?;
            asked.onward = job.onward.clone();
            supersede(&asked, talk);
            let work = Work::resumable_in(args.run_dir.as_deref(), &asked)?;
            record(&asked, args, &work, talk);
            job.run = asked.run;
            (asked.begun, work)
        }
    };
    work.path().clone_into(&mut job.work);
    Ok(Prepared {
        job,
        work,
        portal,
        goes,
        begun,
    })
}

/// What comes before tickets are read; also its waits end with a signal, or when the time
/// is up.
pub(super) async fn unless_stopped<T>(
    work: impl Future<Output = Result<T, Error>>,
    stop: Pin<&mut impl Future<Output = String>>,
) -> Result<T, Error> {
    tokio::select! {
        done = work => done,
        why = stop => Err(
            Error::later(format!("the export was stopped {why}, before any ticket was read"))
                .advise("run the same command again"),
        ),
    }
}

/// What a resume needs.
fn asked(args: &ExportArgs, what: &What<'_>, job: &Job, told: Told) -> Result<Asked, Error> {
    let mapping = args.mapping.as_deref().zip(what.mapping);
    let mapping = mapping.map(|(path, mapping)| {
        let path = std::path::absolute(path)?;
        Ok(AskedMapping {
            path,
            text: mapping.text().to_owned(),
            tables: mapping.tables().clone(),
        })
    });
    let unusable = |error: io::Error| Error::unexpected(format!("can't begin the export: {error}"));
    Ok(Asked {
        version: Asked::VERSION,
        run: run_id().map_err(unusable)?,
        begun: now(),
        selection: what.selection.clone(),
        ids: what.ids.map(<[u64]>::to_vec),
        search: job.filter.clone(),
        onward: Onward::default(),
        missing_as_null: what.missing_as_null,
        mapping: mapping.transpose().map_err(unusable)?,
        target: what.goes.path().map(PathBuf::from).unwrap_or_default(),
        replace: args.replace(),
        portal: args.portal.path()?,
        portal_id: job.portal_id,
        properties: job.properties(),
        started: job.started,
        told: absolute(told),
    })
}

fn record(asked: &Asked, args: &ExportArgs, work: &Work, talk: &Talk) {
    let [token_file, oauth_file] = args.portal.secret_files();
    let new = NewEntry {
        run: &asked.run,
        folder: work.path(),
        kind: Kind::Export,
        operation: "export",
        begun: asked.begun,
        portal: asked.portal.clone(),
        token_file,
        oauth_file,
        target: Some(&asked.target),
    };
    found::record(&new, talk);
}

/// Says which stopped export this one takes the place of. Of several the last one alone
/// is kept until this one is finished: night after night that comes to no end would fill
/// the disk.
fn supersede(asked: &Asked, talk: &Talk) {
    let mut stopped = found::stopped_exports_to(&asked.target);
    stopped.sort_by_key(|(_, other)| other.begun);
    if let Some((folder, other)) = stopped.pop() {
        talk.say(&format!(
            "the stopped export {}, begun {}, went to the same place: this one takes its place",
            folder.display(),
            second(other.begun),
        ));
    }
    give_up(stopped.iter().map(|(folder, _)| folder.as_path()), talk);
}

/// Takes away stopped exports to the same target that were begun before one that is
/// finished now.
pub(super) fn give_up_superseded((target, begun): (Option<&Path>, Timestamp), talk: &Talk) {
    let stopped = target.map(found::stopped_exports_to).unwrap_or_default();
    let earlier = stopped.iter().filter(|(_, other)| other.begun < begun);
    give_up(earlier.map(|(folder, _)| folder.as_path()), talk);
}

fn give_up<'a>(folders: impl Iterator<Item = &'a Path>, talk: &Talk) {
    for folder in folders {
        // One that cannot be opened is in use, or gone meanwhile.
        let opened = RunFolder::open(folder).map(|(folder, _)| Work::Run(folder).end());
        if let Ok(Err(error)) = opened {
            talk.say(&error.to_string());
        }
    }
}

/// Everything that an export needs, checked against the portal. Its work folder and its
/// run are still to be named.
pub(super) async fn job(what: &What<'_>, portal: &Portal, talk: &Talk) -> Result<Job, Error> {
    let client = &portal.client;
    let is_data_set = what.selection.partition_by.is_some();
    let parts_needed = SchemaParts {
        owners: what.selection.shows_owners() || what.mapping.is_some_and(MappingFile::has_owners),
        ..SchemaParts::default()
    };
    let (mut schema, owners_denied) = schema(client, parts_needed, is_data_set).await?;
    let now = what
        .as_of
        .or_else(|| client.portal_now())
        .unwrap_or_else(now);
    let filter = match what.search {
        Some(search) => Some(search.clone()),
        None => filter_search(what.selection, (&schema, now))?,
    };
    let which = which(what.selection, what.ids, (filter.as_ref(), now))?;
    let mut missing = Missing {
        as_null: what.missing_as_null,
        // Where no property is named, none that went stops what goes on.
        parts_stay: what.goes_on && (what.missing_as_null || what.selection.all_properties),
        ..Missing::default()
    };
    let reading = (client, &mut missing);
    let wanted = wanted(what.selection, what.mapping, &mut schema, reading, talk).await?;
    say_missing(&missing, talk);
    let mut target = what.goes.target(what.selection)?;
    if missing.parts.is_some() {
        target.lose_parts();
    }
    target.name_parts(what.selection.values, &schema);
    Ok(Job {
        which,
        archived: what.selection.archived,
        wanted,
        schema,
        shape: what.selection.shape(),
        target,
        attachments: what.attachments.map(Path::to_owned),
        work: PathBuf::new(),
        concurrency: usize::from(what.concurrency),
        portal_id: portal.account.portal_id,
        started: client.portal_now().map(|_| now),
        run: String::new(),
        selection: what.selection.clone(),
        filter,
        onward: Onward::Anew,
        owners_denied,
    })
}

/// The definitions that an export needs, and whether the portal keeps owners back: those of a
/// data set are a table that can be missing.
async fn schema(
    client: &Client,
    needed: SchemaParts,
    is_data_set: bool,
) -> Result<(Schema, bool), Error> {
    let wanted = SchemaParts {
        owners: is_data_set || needed.owners,
        ..needed
    };
    match client.schema(wanted).await {
        Err(CallError::Denied(_)) if is_data_set && !needed.owners => {
            let schema = client.schema(needed).await.map_err(call_error)?;
            Ok((schema, true))
        }
        schema => Ok((schema.map_err(call_error)?, false)),
    }
}

fn say_missing(missing: &Missing, talk: &Talk) {
    if !missing.properties.is_empty() {
        let names = missing.names();
        talk.say(&format!("the portal does not have {names}: empty columns"));
    }
    if let Some(lost) = &missing.parts {
        talk.say(&format!(
            "the portal does not have {lost}, by which the parts are made: tickets stay in the parts where they are"
        ));
    }
}

/// How a data set goes on from the one that stands there, of which all files are held
/// against their hashes where all tickets are read.
fn go_on(job: &mut Job, args: &ExportArgs, path: &Path, talk: &Talk) -> Result<(), Error> {
    if !args.is_last() || args.replace() != Replace::Same {
        return say_of_tombstones(job, path, talk);
    }
    let damaged = |error: BaseError| Error::mend(error).advise(ANEW);
    let base = Base::open(path).map_err(damaged)?;
    let (how, words) = onward(job, base.as_ref(), args.reconcile);
    words.iter().for_each(|words| talk.say(words));
    if let (Some(base), Onward::Whole(_)) = (&base, &how) {
        base.all_intact().map_err(damaged)?;
    }
    job.onward = how;
    Ok(())
}

/// Tombstones stay when a data set is written anew: the portal does not tell of purged
/// tickets.
fn say_of_tombstones(job: &Job, path: &Path, talk: &Talk) -> Result<(), Error> {
    if let (Target::Folder(..), Err(error)) = (&job.target, tombstones_in(path, job.portal_id)) {
        talk.say(&format!(
            "what {} says of purged tickets is lost: {error}",
            path.display()
        ));
    }
    Ok(())
}

/// Runs the job until it ends, is interrupted or its time is up. Pages are in the
/// spool as soon as they are here, so it can end anywhere.
pub(super) async fn finish(
    job: Job,
    work: Work,
    (stop, ends): (Pin<&mut impl Future<Output = String>>, Ends<'_>),
    portal: Portal,
    talk: &Talk,
) -> Result<Exit, Error> {
    say_of_owners(&job, talk);
    work.log_calls(&portal.client);
    let goes_on = job.onward != Onward::Anew;
    let (begun, so_far) = (Instant::now(), Cell::new(Step::Read(0)));
    let mut why_stopped = String::new();
    let ended = tokio::select! {
        ended = with_progress((job, &so_far), &portal.client, talk) => Some(ended),
        why = stop => {
            why_stopped = why;
            None
        }
    };
    portal.close().await;
    match ended {
        None => Err(work.resumable(Error::later(format!(
            "the export was stopped {why_stopped}, {}",
            how_far(so_far.get())
        )))),
        Some(Ok(done)) => {
            let told = (ends.goes, goes_on);
            leave(&done, work, (told, ends.leaves_report), talk)?;
            tell_json(&done, told, begun.elapsed(), talk);
            Ok(match done.lacking() {
                0 => Exit::Fine,
                _ => Exit::Refused,
            })
        }
        Some(Err(error)) => failed(error, work, ends.goes.path().is_none()),
    }
}

/// Says what an export came to, and keeps that in its run folder.
fn leave(
    done: &Done,
    work: Work,
    (told, leaves_report): ((&Goes, bool), bool),
    talk: &Talk,
) -> Result<(), Error> {
    let words = words(done, told);
    words.iter().for_each(|words| talk.say(words));
    let folder = work.finish(&Outcome::of(done, words))?;
    if let Some(folder) = folder.filter(|_| leaves_report) {
        report::leave(&folder, talk);
    }
    Ok(())
}

fn how_far(step: Step) -> String {
    match step {
        Step::Read(tickets) => format!("with {} read", counted(tickets, "ticket")),
        Step::Linked(tickets) => format!("with links of {} read", counted(tickets, "ticket")),
        Step::Brought(files) => format!("with {} settled", counted(files, "file")),
        Step::Written(tickets) => format!("with {} written", counted(tickets, "ticket")),
    }
}

async fn with_progress(
    (job, so_far): (Job, &Cell<Step>),
    client: &Client,
    talk: &Talk,
) -> Result<Done, ExportError> {
    let total = match talk.shows_progress() {
        true => total(&job, client).await,
        false => None,
    };
    let mut progress = talk.haul_progress(total);
    let heard = |step| {
        so_far.set(step);
        match step {
            Step::Read(tickets) => progress.read(tickets),
            Step::Linked(tickets) => progress.linked(tickets),
            Step::Brought(files) => progress.brought(files),
            Step::Written(tickets) => progress.written(tickets),
        }
    };
    run_job(job, client.clone(), heard).await
}

fn say_of_owners(job: &Job, talk: &Talk) {
    if job.owners_denied {
        talk.say(match job.onward {
            Onward::Anew => "the token may not read owners: their table is empty",
            _ => "the token may not read owners: their table stays as the last run wrote it",
        });
    }
}

fn failed(error: ExportError, work: Work, to_stream: bool) -> Result<Exit, Error> {
    match error {
        ExportError::Open(error) | ExportError::Write(error)
            if to_stream && error.kind() == io::ErrorKind::BrokenPipe =>
        {
            Ok(Exit::Fine)
        }
        ExportError::Write(error) if to_stream => Err(Error::unexpected(format!(
            "can't write the export: {error}"
        ))),
        ExportError::Call(error) => Err(work.resumable(call_error(error))),
        ExportError::Open(error) => {
            let _nothing_read = work.end();
            let busy = error.kind() == io::ErrorKind::ResourceBusy;
            let error = ExportError::Open(error);
            Err(if busy {
                Error::mend(error)
            } else {
                Error::usage(error)
            })
        }
        ExportError::Base(error) => Err(Error::mend(error).advise(ANEW)),
        error => Err(work.resumable(Error::mend(error))),
    }
}

/// Ends with the first signal from now on, or when the time is up; says which.
pub(super) fn stopped(max_duration: Option<Duration>) -> impl Future<Output = String> {
    let signals = Signals::expect();
    let up = async move {
        match max_duration {
            Some(duration) => {
                tokio::time::sleep(duration).await;
                format!("after {} s (--max-duration)", duration.as_secs())
            }
            None => std::future::pending().await,
        }
    };
    let signalled = async move {
        match signals {
            Ok(mut signals) => signals.next().await,
            Err(_) => std::future::pending().await,
        }
    };
    async {
        tokio::select! {
            words = up => words,
            _number = signalled => "by a signal".to_owned(),
        }
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
