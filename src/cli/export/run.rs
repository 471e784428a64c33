//! Runs a new export: the command line is checked against what is at its target and
//! against the portal, and the export is carried out. A closed pipe is a quiet success.
//! An export to a file has a run folder and can be resumed.

use std::cell::Cell;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::json;

use super::args::ExportArgs;
use super::resolve::{filter_search, which};
use super::summary::{amiss, print_json, words};
use super::target::{ANEW, Goes, choose, folder_of_files, same_portal, standing};
use super::wanted::{Missing, wanted};
use super::work::{Work, folder_error, resumable_in};
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::file_args::absolute;
use crate::cli::find_runs;
use crate::cli::local_time::second;
use crate::cli::mapping_file::read_mapping;
use crate::cli::portal::{Portal, call_error};
use crate::cli::registry::{Kind, NewEntry};
use crate::cli::report;
use crate::cli::signals::Signals;
use crate::error::Error;
use crate::export::{
    Archived, Asked, AskedMapping, Base, BaseError, Done, ExportError, Form, Job, Onward, Outcome,
    Replace, RunFolder, Selection, Step, Target, Which, begin_to_publish, is_export, is_replacing,
    look, onward, run as run_job, tombstones_in,
};
use crate::hubspot::error::CallError;
use crate::hubspot::{Client, SchemaParts, Search};
use crate::journal::{RunOptions, now, run_id};
use crate::mapping::MappingFile;
use crate::model::count::counted;
use crate::model::schema::{ObjectType, Schema};
use crate::report::Snapshot;

/// What is exported, whether given now or taken from a stopped export.
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
    /// Whether it updates an existing data set.
    pub(super) goes_on: bool,
    /// The search that a filter was resolved to when the export began.
    pub(super) search: Option<&'a Search>,
    /// The portal's time when it began.
    pub(super) as_of: Option<Timestamp>,
}

/// Runs a new export; `run_options` are options that a resume uses again.
pub async fn run(
    args: ExportArgs,
    run_options: RunOptions,
    console: &Console,
) -> Result<Exit, Error> {
    let mut stop = pin!(stopped(args.max_duration));
    let prepared = unless_stopped(prepare(&args, run_options, console), stop.as_mut()).await?;
    let (goes, begun) = (prepared.goes, prepared.begun);
    let (job, work) = (prepared.job, prepared.work);
    let ends = Ends {
        goes: &goes,
        leaves_report: args.leaves_report(),
    };
    let exit = finish(job, work, stop, ends, prepared.portal, console).await?;
    give_up_superseded(goes.path(), begun, console);
    Ok(exit)
}

/// Where an export goes, and what it leaves in its run folder.
#[derive(Clone, Copy)]
pub(super) struct Ends<'a> {
    pub(super) goes: &'a Goes,
    /// Whether a report stays in its run folder.
    pub(super) leaves_report: bool,
}

/// An export that has read no ticket yet.
struct Prepared {
    job: Job,
    work: Work,
    portal: Portal,
    goes: Goes,
    begun: Timestamp,
}

async fn prepare(
    args: &ExportArgs,
    run_options: RunOptions,
    console: &Console,
) -> Result<Prepared, Error> {
    args.expect_columns()?;
    let path = args.mapping.as_deref();
    let mapping = path.map(|path| read_mapping(path, console)).transpose()?;
    let ids = args.ids()?;
    let selection = args.selection(mapping.as_ref(), ids.as_deref())?;
    let goes = choose(args, &selection)?;
    let half_replaced = is_half_replaced(&goes, &selection, args);
    let replace = match half_replaced {
        true => args.replace().and_files(),
        false => args.replace(),
    };
    let earlier = match goes.path() {
        Some(path) => standing(path, &selection, replace)?,
        None => None,
    };
    let attachments = args
        .attachments
        .as_deref()
        .map(folder_of_files)
        .transpose()?;
    let portal = Portal::open(&args.portal, console).await?;
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
    let mut job = job(&what, &portal, console).await?;
    let (begun, work) = match goes.path() {
        None => (now(), Work::temporary()?),
        Some(path) => {
            same_portal(earlier.as_ref(), path, job.portal_id, args.replace())?;
            go_on(&mut job, args, path, console)?;
            let mut asked = asked(args, &what, &job, run_options)?;
            asked.onward = job.onward.clone();
            let work = resumable(&asked, args, half_replaced, console)?;
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

/// The run folder of an export. If its target may be half replaced, this is known to the exports
/// that follow until one of them has finished.
fn resumable(
    asked: &Asked,
    args: &ExportArgs,
    half_replaced: bool,
    console: &Console,
) -> Result<Work, Error> {
    let superseded = superseded(asked, console);
    let folder = resumable_in(args.run_dir.as_deref(), asked)?;
    // A resume believes only this record, so it is there before the export is.
    record(asked, args, folder.path(), console);
    folder.keep(asked).map_err(folder_error)?;
    if half_replaced {
        begin_to_publish(folder.path()).map_err(unusable)?;
    }
    give_up(superseded.iter().map(PathBuf::as_path), console);
    Ok(Work::Run(folder))
}

/// Everything before tickets are read; its waits, too, end with a signal or when the time
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

fn unusable(error: io::Error) -> Error {
    Error::unexpected("can't begin the export").because(error)
}

/// What a resume needs.
fn asked(
    args: &ExportArgs,
    what: &What<'_>,
    job: &Job,
    run_options: RunOptions,
) -> Result<Asked, Error> {
    let mapping = args.mapping.as_deref().zip(what.mapping);
    let mapping = mapping.map(|(path, mapping)| {
        let path = std::path::absolute(path)?;
        Ok(AskedMapping {
            path,
            text: mapping.text().to_owned(),
            tables: mapping.tables().clone(),
        })
    });
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
        run_options: absolute(run_options),
    })
}

fn record(asked: &Asked, args: &ExportArgs, folder: &Path, console: &Console) {
    let [token_file, oauth_file] = args.portal.secret_files();
    let new = NewEntry {
        run: &asked.run,
        folder,
        kind: Kind::Export,
        operation: "export",
        begun: asked.begun,
        portal: asked.portal.clone(),
        token_file,
        oauth_file,
        target: Some(&asked.target),
    };
    find_runs::record(&new, console);
}

/// Whether a stopped export was replacing the files at the target: what is there is ours, even if
/// not all of it belongs to one export. A folder is replaced in one step.
fn is_half_replaced(goes: &Goes, selection: &Selection, args: &ExportArgs) -> bool {
    let Some(target) = goes.path().filter(|_| selection.partition_by.is_none()) else {
        return false;
    };
    let stopped = find_runs::stopped_exports_to(target).into_iter();
    let named = args.run_dir.clone().into_iter();
    let named = named.filter(|folder| look(folder).is_ok_and(|asked| asked.target == target));
    let mut folders = stopped.map(|(folder, _)| folder).chain(named);
    folders.any(|folder| is_replacing(&folder))
}

/// Says which stopped export this one replaces. Of several only that one is kept until this one is
/// finished: otherwise exports that fail every night would fill the disk. Returns the others.
fn superseded(asked: &Asked, console: &Console) -> Vec<PathBuf> {
    let mut stopped = find_runs::stopped_exports_to(&asked.target);
    stopped.sort_by_key(|(_, other)| other.begun);
    if let Some((folder, other)) = stopped.pop() {
        console.say(&format!(
            "the stopped export {}, started {}, had the same target: this one replaces it",
            folder.display(),
            second(other.begun),
        ));
    }
    stopped.into_iter().map(|(folder, _)| folder).collect()
}

/// Removes stopped exports to the same target that were started before one that is now
/// finished.
pub(super) fn give_up_superseded(target: Option<&Path>, begun: Timestamp, console: &Console) {
    let stopped = target
        .map(find_runs::stopped_exports_to)
        .unwrap_or_default();
    let earlier = stopped.iter().filter(|(_, other)| other.begun < begun);
    give_up(earlier.map(|(folder, _)| folder.as_path()), console);
}

fn give_up<'a>(folders: impl Iterator<Item = &'a Path>, console: &Console) {
    for folder in folders {
        // One that cannot be opened is in use, or has been removed meanwhile.
        let opened = RunFolder::open(folder).map(|(folder, _)| Work::Run(folder).end());
        if let Ok(Err(error)) = opened {
            console.say(&format!("{error:#}"));
        }
    }
}

/// Everything that an export needs, checked against the portal, except its work folder
/// and its run.
pub(super) async fn job(what: &What<'_>, portal: &Portal, console: &Console) -> Result<Job, Error> {
    let client = &portal.client;
    let is_data_set = what.selection.partition_by.is_some();
    let parts_needed = SchemaParts {
        owners: what.selection.shows_owners() || what.mapping.is_some_and(MappingFile::has_owners),
        ..SchemaParts::default()
    };
    let shows_more = is_data_set || what.selection.format == Form::Case;
    let (mut schema, owners_denied) = schema(client, parts_needed, shows_more).await?;
    let now = what
        .as_of
        .or_else(|| client.portal_now())
        .unwrap_or_else(now);
    let filter = match what.search {
        Some(search) => Some(search.clone()),
        None => filter_search(what.selection, &schema, now)?,
    };
    let which = which(what.selection, what.ids, filter.as_ref(), now)?;
    let mut missing = Missing {
        as_null: what.missing_as_null,
        // If no property was named, one that the portal has removed does not stop a later run.
        parts_stay: what.goes_on && (what.missing_as_null || what.selection.all_properties),
        ..Missing::default()
    };
    let (selection, mapping) = (what.selection, what.mapping);
    let wanted = wanted(
        selection,
        mapping,
        &mut schema,
        client,
        &mut missing,
        console,
    )
    .await?;
    say_missing(&missing, console);
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

/// The definitions that an export needs, and whether the portal withholds owners: in a data set
/// they are a table that can be missing, and in a case an address next to their id.
async fn schema(
    client: &Client,
    needed: SchemaParts,
    shows_more: bool,
) -> Result<(Schema, bool), Error> {
    let wanted = SchemaParts {
        owners: shows_more || needed.owners,
        ..needed
    };
    match client.schema(wanted).await {
        Err(CallError::Denied(_)) if shows_more && !needed.owners => {
            let schema = client.schema(needed).await.map_err(call_error)?;
            Ok((schema, true))
        }
        schema => Ok((schema.map_err(call_error)?, false)),
    }
}

fn say_missing(missing: &Missing, console: &Console) {
    if !missing.properties.is_empty() {
        let names = missing.names();
        console.say(&format!("the portal does not have {names}: empty columns"));
    }
    if let Some(lost) = &missing.parts {
        console.say(&format!(
            "the portal does not have {lost}, by which the parts are made: tickets stay in the parts where they are"
        ));
    }
}

/// How a data set continues from the existing one; when all tickets are read, all its
/// files are checked against their hashes.
fn go_on(job: &mut Job, args: &ExportArgs, path: &Path, console: &Console) -> Result<(), Error> {
    if !args.is_last() || args.replace() != Replace::Same {
        return say_of_tombstones(job, path, console);
    }
    let base = Base::open(path).map_err(base_error)?;
    let (how, words) = onward(job, base.as_ref(), args.reconcile);
    words.iter().for_each(|words| console.say(words));
    if let (Some(base), Onward::Whole(_)) = (&base, &how) {
        base.all_intact().map_err(base_error)?;
    }
    job.onward = how;
    Ok(())
}

/// Why the existing data set can't be continued.
fn base_error(error: BaseError) -> Error {
    let plain = Error::must_fix(&error).advise(ANEW);
    plain.because_of(error.into_cause())
}

/// Tombstones are kept when a data set is rewritten: the portal does not report purged
/// tickets.
fn say_of_tombstones(job: &Job, path: &Path, console: &Console) -> Result<(), Error> {
    if let (Target::Folder(..), Err(error)) = (&job.target, tombstones_in(path, job.portal_id)) {
        console.say(&format!(
            "what {} says of purged tickets is lost: {error}",
            path.display()
        ));
    }
    Ok(())
}

/// Runs the job until it ends, is interrupted or its time is up. Pages are spooled as
/// soon as they arrive, so it can be stopped anywhere.
pub(super) async fn finish(
    job: Job,
    work: Work,
    stop: Pin<&mut impl Future<Output = String>>,
    ends: Ends<'_>,
    portal: Portal,
    console: &Console,
) -> Result<Exit, Error> {
    say_of_owners(&job, console);
    work.log_calls(&portal.client);
    let folder = work.path().to_owned();
    let ended = ended(job, work, (stop, ends), portal, console).await;
    // A stopped export has a page too, once its folder is free.
    if ended.is_err() && ends.leaves_report && is_export(&folder) {
        report::leave(&folder, console);
    }
    ended
}

async fn ended(
    job: Job,
    work: Work,
    (stop, ends): (Pin<&mut impl Future<Output = String>>, Ends<'_>),
    portal: Portal,
    console: &Console,
) -> Result<Exit, Error> {
    let goes_on = job.onward != Onward::Anew;
    let (begun, so_far) = (Instant::now(), Cell::new(Step::Read(0)));
    let mut why_stopped = String::new();
    let ended = tokio::select! {
        ended = with_progress(job, &so_far, &portal.client, console) => Some(ended),
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
            leave(&done, work, ends, goes_on, console)?;
            print_json(&done, ends.goes, goes_on, begun.elapsed(), console);
            Ok(match done.lacking() {
                0 => Exit::Fine,
                _ => Exit::Refused,
            })
        }
        Some(Err(error)) => failed(error, work, ends.goes.path().is_none()),
    }
}

/// Reports the result of an export, and keeps it in its run folder.
fn leave(
    done: &Done,
    work: Work,
    ends: Ends<'_>,
    goes_on: bool,
    console: &Console,
) -> Result<(), Error> {
    let words = words(done, ends.goes, goes_on);
    words.iter().for_each(|words| console.say(words));
    if let Some(words) = amiss(done, ends.goes) {
        console.if_quiet(&words);
    }
    let folder = work.finish(&Outcome::of(done, words))?;
    if let Some(folder) = folder.filter(|_| ends.leaves_report) {
        report::leave(&folder, console);
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
    job: Job,
    so_far: &Cell<Step>,
    client: &Client,
    console: &Console,
) -> Result<Done, ExportError> {
    let total = match console.shows_progress() {
        true => total(&job, client).await,
        false => None,
    };
    let board = console.board(client);
    let mut course = Course { total, read: None };
    board.at(course.snapshot(Step::Read(0)));
    let heard = |step| {
        so_far.set(step);
        board.at(course.snapshot(step));
    };
    run_job(job, client.clone(), heard).await
}

/// The number of tickets as far as it is known: what search counts at first, later what was read.
struct Course {
    total: Option<u64>,
    read: Option<u64>,
}

impl Course {
    /// How far the export is.
    fn snapshot(&mut self, step: Step) -> Snapshot {
        let (phase, unit, done, total) = match step {
            Step::Read(tickets) => {
                self.read = Some(tickets);
                ("reading", "ticket", tickets, self.total)
            }
            Step::Linked(tickets) => ("linking", "ticket", tickets, self.read),
            Step::Brought(files) => ("downloading", "file", files, None),
            Step::Written(tickets) => ("writing", "ticket", tickets, self.read),
        };
        let snapshot = Snapshot::new(phase, unit, total).at(done);
        let more = [("tickets", json!(done)), ("total", json!(snapshot.total))];
        Snapshot {
            more: more
                .map(|(name, value)| (name.to_owned(), value))
                .into_iter()
                .collect(),
            ..snapshot
        }
    }
}

fn say_of_owners(job: &Job, console: &Console) {
    if job.owners_denied {
        console.say(match job.onward {
            _ if job.wanted.as_cases => {
                "the token may not read owners: cases have their ids alone, which another portal does not know"
            }
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
        ExportError::Write(error) if to_stream => {
            Err(Error::unexpected("can't write the export").because(error))
        }
        ExportError::Call(error) => Err(work.resumable(call_error(error))),
        ExportError::Open(error) => {
            let _nothing_read = work.end();
            let busy = error.kind() == io::ErrorKind::ResourceBusy;
            let error = ExportError::Open(error);
            let plain = match busy {
                true => Error::must_fix(&error),
                false => Error::usage(&error),
            };
            Err(plain.because_of(error.into_cause()))
        }
        ExportError::Base(error) => Err(base_error(error)),
        error => {
            let plain = Error::must_fix(&error);
            Err(work.resumable(plain.because_of(error.into_cause())))
        }
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
