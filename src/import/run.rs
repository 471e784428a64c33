//! Joins the stages of an import by bounded channels and brings a run to its end: the
//! reader thread, the batches in flight, the settle thread. A resumed run is the same
//! run with a past.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::dispatch::last::LastPhase;
use super::dispatch::{Dispatcher, alive};
use super::flow::{Operation, PlannedOp, Task};
use super::job::{Job, Options};
use super::links::{Ends, LinkKinds};
use super::notes::attachments::{FileSources, Uploads};
use super::notes::comments::left_in;
use super::notes::{self, Notes};
use super::plan::feed::Feed;
use super::read::Input;
use super::resume::folder::RunFolder;
use super::resume::recover::{Again, refile};
use super::send::Sender;
use super::send::facts::Facts;
use super::send::fallback_properties::FallbackProperties;
use super::settle::files::{RunFiles, TicketUrl, refused_name};
use super::settle::ledger::Ledger;
use super::settle::log::{Logged, log_to};
use super::settle::summary::summary_json;
use super::settle::{self, SettleHandle, Settler};
use super::stop::StopSwitch;
use crate::error::Error;
use crate::hubspot::{Account, Client};
use crate::journal::{COMMENTS_OPTION, Header, Journal, Past, RunLog, RunState, forget_comments};
use crate::mapping::CompiledMapping;
use crate::model::event::{Event, Listener, Spared, Summary};
use crate::model::learned::KnownFacts;
use crate::model::outcome::Fate;
use crate::model::place::Places;

/// Chunks of rows that may wait for batch.
const CHUNKS: usize = 4;

/// Runs an import to its end or to the point where it has to stop.
///
/// # Errors
/// When the run folder can't be written or the input can no longer be read; what was
/// settled before is in the folder.
pub async fn run(
    job: Job,
    client: Client,
    account: Account,
    listener: Arc<dyn Listener>,
) -> Result<Summary, Error> {
    let started = Instant::now();
    let listener = logged(&job.folder, &client, listener)?;
    check_notes(&job, &client).await?;
    let (settle, settle_thread) = start_settle(&job, &client, &account, &listener)?;
    // It is aborted with this future, even if that is dropped.
    let mut patience = JoinSet::new();
    let _task = patience.spawn(stop_waiting(job.options.stop.clone(), client.clone()));
    listener.hear(&Event::Started {
        run: job.folder.name().to_owned(),
        total_bytes: Some(job.input.size()),
        limit: job.options.limit,
    });
    let before = Before::of(&job);
    let again = Again::new(&job.input);
    let first = first_task(job.operation, job.header.diff || job.plan.is_some());
    let (ops, planned) = mpsc::channel(CHUNKS);
    let (feed, input, job) = feed(job, &listener, &settle, ops);
    let sender = Arc::new(sender(&job, &client, settle, &listener));
    let reader_thread = std::thread::spawn(move || feed.run(input));
    let dispatcher = Dispatcher::new(
        Arc::clone(&sender),
        Arc::clone(&listener),
        first,
        &job.options,
    );
    dispatcher.run(planned).await;
    let last = LastPhase {
        rows: again,
        sender,
        listener: Arc::clone(&listener),
    };
    let ended = last.run().await;
    let ledger = join(settle_thread, reader_thread).await?;
    drop(patience);
    ended?;
    let summary = summarise(&job, &account, ledger, before, client.calls(), started)?;
    job.options.steps.pass("summary")?;
    job.folder.write_summary(&summary_json(&summary))?;
    if summary.stop.is_none() && !summary.limited {
        forget_comments(job.folder.path());
    }
    listener.hear(&Event::Finished(Box::new(summary.clone())));
    Ok(summary)
}

/// Checks that the token may write the notes of a job, and upload their files.
async fn check_notes(job: &Job, client: &Client) -> Result<(), Error> {
    if !job.operation.writes_notes() {
        return Ok(());
    }
    let checked = notes::check_access(client, job.mapping.activities()).await;
    checked.map_err(notes::denied)?;
    let named = job.mapping.note_properties();
    let lacking = notes::lacking_properties(client, &named).await;
    let lacking = lacking.map_err(notes::denied)?;
    if !lacking.is_empty() {
        let lacking = lacking.join(", ");
        return Err(
            Error::must_fix(format!("the portal has no {lacking}")).advise(
                "create it, or take it out of the `properties` of [[notes]]; nothing was written",
            ),
        );
    }
    if job.files.is_some() && job.mapping.has_files() {
        let checked = client.check_files().await;
        checked.map_err(notes::denied_files)?;
    }
    Ok(())
}

/// The run's listener, and its log, which also receives every call.
fn logged(
    folder: &RunFolder,
    client: &Client,
    listener: Arc<dyn Listener>,
) -> Result<Arc<dyn Listener>, Error> {
    let log = RunLog::open(folder.path()).map_err(|error| folder.unusable(error))?;
    let log = Arc::new(log);
    log_to(client, &log);
    Ok(Arc::new(Logged { listener, log }))
}

/// The rest of a job while its rows are read.
struct RunningJob {
    operation: Operation,
    mapping: Arc<CompiledMapping>,
    links: LinkKinds,
    header: Header,
    folder: RunFolder,
    facts: KnownFacts,
    files: Option<FileSources>,
    places: Places,
    options: Options,
}

/// Takes a job apart: what the reader thread needs, the input that it reads, the rest.
fn feed(
    job: Job,
    listener: &Arc<dyn Listener>,
    settle: &SettleHandle,
    ops: mpsc::Sender<Vec<PlannedOp>>,
) -> (Feed, Input, RunningJob) {
    let feed = Feed {
        mapping: Arc::clone(&job.mapping),
        listener: Arc::clone(listener),
        operation: job.operation,
        settle: settle.clone(),
        ops,
        limit: job.options.limit,
        unknown: job.header.no_key.then_some(job.options.unknown),
        past: job.past,
        plan: job.plan,
        rivals: job.rivals,
    };
    let begun = RunningJob {
        operation: job.operation,
        mapping: job.mapping,
        links: match job.operation {
            Operation::Dissociate => job.links.unlimited(),
            _ => job.links,
        },
        header: job.header,
        folder: job.folder,
        facts: job.facts,
        files: job.files,
        places: job.input.places(),
        options: job.options,
    };
    (feed, job.input, begun)
}

fn sender(
    job: &RunningJob,
    client: &Client,
    settle: SettleHandle,
    listener: &Arc<dyn Listener>,
) -> Sender {
    let options = &job.options;
    let facts = Arc::new(Facts::new(job.facts.clone(), Arc::clone(listener)));
    let notes = notes(job, client, &settle, listener, &facts);
    Sender {
        ends: Ends::new(client, &settle, &job.links, job.mapping.key_property()),
        kinds: job.links.clone(),
        client: client.clone(),
        operation: job.operation,
        run: job.operation,
        settle,
        fallbacks: Arc::new(FallbackProperties::new(&job.mapping)),
        mapping: Arc::clone(&job.mapping),
        notes: Arc::new(notes),
        facts,
        concurrency: options.concurrency,
        no_key: job.header.no_key,
        places: job.places.clone(),
        stop: options.stop.clone(),
    }
}

/// Makes the notes of a run, and uploads their files if the run has any.
fn notes(
    job: &RunningJob,
    client: &Client,
    settle: &SettleHandle,
    listener: &Arc<dyn Listener>,
    facts: &Arc<Facts>,
) -> Notes {
    let (stop, horizon) = (job.options.stop.clone(), job.options.horizon);
    let (client, settle) = (client.clone(), settle.clone());
    let (listener, facts) = (Arc::clone(listener), Arc::clone(facts));
    let notes = Notes::new(
        client.clone(),
        settle.clone(),
        stop.clone(),
        horizon,
        listener,
        facts,
    );
    match job.files.clone().filter(|_| job.mapping.has_files()) {
        None => notes,
        Some(sources) => {
            let (system, spool) = (job.mapping.system().to_owned(), job.folder.path());
            let uploads = Uploads::new(client, settle, sources, system, spool, horizon, stop);
            notes.with_files(uploads)
        }
    }
}

/// What is done first with new rows; an archive reads its tickets itself.
fn first_task(operation: Operation, looks: bool) -> Task {
    match looks && operation != Operation::Archive {
        true => Task::Compare,
        false => Task::Send,
    }
}

/// Cuts waits short when the run stops: it must not wait until the next day.
async fn stop_waiting(stop: StopSwitch, client: Client) {
    stop.pulled().await;
    client.wait_no_more();
}

type SettleThread = std::thread::JoinHandle<Result<Ledger, Error>>;

/// Creates the files and, last, run.db (D1), or makes those of the earlier run consistent (D3);
/// starts the settle thread.
fn start_settle(
    job: &Job,
    client: &Client,
    account: &Account,
    listener: &Arc<dyn Listener>,
) -> Result<(SettleHandle, SettleThread), Error> {
    let folder = job.folder.path();
    let account = account.clone();
    let url = Box::new(move |id: &str| account.ticket_url(id));
    let headers = job.input.headers();
    let places = job.input.places();
    let (journal, files, ledger) = match &job.past {
        None => {
            let files = RunFiles::create(folder, headers, places.clone(), job.operation, url)
                .map_err(|error| job.folder.unusable(error))?;
            let durability = job.options.durability;
            let journal = Journal::create(folder, &job.header, job.options.limit, durability)?;
            (journal, files, Ledger::new(places.clone()))
        }
        Some(past) => {
            let (journal, files) = reopened(job, past, url)?;
            (journal, files, Ledger::resumed(past, places.clone()))
        }
    };
    let refused_before = ledger.tally.of(Fate::Refused);
    Ok(settle::start(Settler {
        journal,
        files,
        ledger,
        folder: folder.to_owned(),
        listener: Arc::clone(listener),
        stop: job.options.stop.clone(),
        max_refused: job.options.max_refused,
        refused_before,
        reach: reach(client, job.options.horizon),
        steps: job.options.steps.clone(),
    }))
}

/// Journal and files of the earlier run, made consistent (D3).
fn reopened(job: &Job, past: &Past, url: TicketUrl) -> Result<(Journal, RunFiles), Error> {
    job.folder.forget_summary()?;
    let folder = job.folder.path();
    let (headers, places) = (job.input.headers(), job.input.places());
    let (lengths, filed) = (&past.lengths, past.filed);
    let reopened = RunFiles::reopen(folder, headers, places, job.operation, url, lengths, filed);
    let (mut files, filed) = reopened.map_err(|error| job.folder.unusable(error))?;
    let journal = Journal::open(folder, past.figures.settled, job.options.durability)?;
    journal.date_intents()?;
    refile(&job.folder, &job.input, &job.mapping, filed, &mut files)?;
    journal.set_limit(job.options.limit)?;
    journal.set_options(&job.header.run_options)?;
    Ok((journal, files))
}

/// The latest time at which a call of this process can be carried out if the process dies before it
/// next records that it is alive: in the worst case its last attempt begins then, takes as long as
/// it may, and is lost (S4).
fn reach(client: &Client, horizon: Duration) -> Box<dyn Fn() -> Option<i64> + Send> {
    let client = client.clone();
    let reach = alive(horizon) + client.deadline() + horizon;
    Box::new(move || {
        Some(
            client
                .portal_now()?
                .checked_add(reach)
                .ok()?
                .as_millisecond(),
        )
    })
}

/// Waits for both threads off the runtime. An error of settle comes first: it is
/// why the reader stopped.
async fn join(
    settle: SettleThread,
    reader: std::thread::JoinHandle<Result<(), Error>>,
) -> Result<Ledger, Error> {
    let joined = tokio::task::spawn_blocking(move || (reader.join(), settle.join())).await;
    let died = |_| Error::unexpected("a part of the run died");
    let (reader, settle) = joined.map_err(|_| Error::unexpected("a part of the run died"))?;
    let ledger = settle.map_err(died)??;
    reader.map_err(died)??;
    Ok(ledger)
}

/// What the end of the run needs to know from its beginning.
struct Before {
    /// Name of the file of refused rows.
    refused_file: &'static str,
    /// Rows that were settled.
    settled: u64,
}

impl Before {
    fn of(job: &Job) -> Before {
        let fates = job.past.iter().flat_map(|past| past.figures.fates.iter());
        Before {
            refused_file: refused_name(job.input.headers()),
            settled: fates.map(|(_, rows)| rows).sum(),
        }
    }
}

fn summarise(
    job: &RunningJob,
    account: &Account,
    ledger: Ledger,
    before: Before,
    calls: u64,
    started: Instant,
) -> Result<Summary, Error> {
    let (folder, options) = (&job.folder, &job.options);
    let mut refusals: Vec<_> = ledger.refusals.into_values().collect();
    refusals.sort_by(|left, right| {
        let by_rows = right.rows.cmp(&left.rows);
        by_rows.then_with(|| left.code.cmp(&right.code))
    });
    let batch_size = job.header.diff.then_some(options.batch_size as u64);
    let comments = job.header.run_options.option(COMMENTS_OPTION);
    Ok(Summary {
        run: folder.name().to_owned(),
        folder: folder.path().to_owned(),
        comments: comments.map(str::to_owned),
        refused_file: before.refused_file,
        operation: job.operation.word().to_owned(),
        portal_id: account.portal_id,
        ticket_address: account.ticket_url(""),
        tally: ledger.tally,
        settled_before: before.settled,
        refusals,
        remarks: ledger.remarks,
        values: ledger.values.into_sorted(),
        changes: ledger.changes,
        spared: batch_size.map(|size| Spared::of(&ledger.tally, size)),
        contacts_created: ledger.contacts_created,
        notes_made: ledger.notes.made,
        notes_there: ledger.notes.there,
        files_made: ledger.files.made,
        files_bytes: ledger.files.bytes,
        files_there: ledger.files.there,
        comments_left: left_in(folder.path())?,
        calls,
        elapsed: started.elapsed(),
        limited: ledger.state == RunState::Limited,
        stop: options.stop.reason(),
    })
}
