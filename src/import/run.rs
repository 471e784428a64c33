//! Joins the stages of an import by bounded channels and brings a run to its end:
//! the reader thread, the batches in flight, the settle thread. A run that goes on
//! is the same run with a past.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::attachments::Uploads;
use super::comments::left_in;
use super::divert::Diversion;
use super::facts::Facts;
use super::feed::Feed;
use super::files::{RunFiles, refused_name};
use super::flight::{Flight, alive};
use super::flow::{Operation, Task};
use super::folder::RunFolder;
use super::job::Job;
use super::last::LastPhase;
use super::ledger::Ledger;
use super::links::Ends;
use super::log::{Calls, Logged};
use super::notes::{self, Notes};
use super::recover::{Again, refile};
use super::send::Sender;
use super::settle::{self, SettleHandle, Settler};
use super::stop::StopSwitch;
use super::summary::summary_json;
use crate::error::Error;
use crate::hubspot::{Account, Client};
use crate::journal::{COMMENTS_OPTION, Journal, RunLog, forget_comments};
use crate::model::event::{Event, Listener, Spared, Stop, Summary};
use crate::model::outcome::Fate;

/// Chunks of rows that may wait for batch.
const CHUNKS: usize = 4;

/// Runs an import to its end or to the point where it has to stop.
///
/// # Errors
/// When the run folder can't be written or the input can't be read any more; what
/// was settled before stands in the folder.
pub async fn run(
    job: Job,
    client: Client,
    account: Account,
    listener: Arc<dyn Listener>,
) -> Result<Summary, Error> {
    let started = Instant::now();
    let log = RunLog::open(job.folder.path()).map_err(|error| job.folder.unusable(&error))?;
    let log = Arc::new(log);
    client.log_to(Arc::new(Calls(Arc::clone(&log))));
    let listener: Arc<dyn Listener> = Arc::new(Logged { listener, log });
    if job.operation.writes_notes() {
        let checked = notes::check_access(&client, job.mapping.activities()).await;
        checked.map_err(notes::denied)?;
        if job.files.is_some() && job.mapping.has_files() {
            let checked = client.check_files().await;
            checked.map_err(notes::denied_files)?;
        }
    }
    let (settle, settle_thread) = start_settle(&job, &client, &account, &listener)?;
    let stop = job.options.stop.clone();
    // It goes with this future, also where that is dropped.
    let mut patience = JoinSet::new();
    let _task = patience.spawn(stop_waiting(stop, client.clone()));
    let Job {
        operation,
        input,
        mapping,
        links,
        header,
        folder,
        past,
        plan,
        rivals,
        facts,
        files,
        options,
    } = job;
    let links = match operation {
        Operation::Dissociate => links.unlimited(),
        _ => links,
    };
    let facts = Arc::new(Facts::new(facts, Arc::clone(&listener)));
    listener.hear(&Event::Started {
        run: folder.name().to_owned(),
        total_bytes: Some(input.size()),
    });
    let (ops, planned) = mpsc::channel(CHUNKS);
    let places = input.places();
    let first = first_task(operation, header.diff || plan.is_some());
    let feed = Feed {
        mapping: Arc::clone(&mapping),
        listener: Arc::clone(&listener),
        operation,
        settle: settle.clone(),
        ops,
        limit: options.limit,
        unknown: header.no_key.then_some(options.unknown),
        past,
        plan,
        rivals,
    };
    let settled_before = feed
        .past
        .as_ref()
        .map_or(0, |past| past.fates.iter().map(|(_, rows)| rows).sum());
    let again = Again::new(&input);
    let refused_file = refused_name(input.headers());
    let reader_thread = std::thread::spawn(move || feed.run(input));
    let notes = Notes::new(
        client.clone(),
        settle.clone(),
        options.stop.clone(),
        options.horizon,
        (Arc::clone(&listener), Arc::clone(&facts)),
    );
    let notes = match files.filter(|_| mapping.has_files()) {
        Some(sources) => {
            let place = (mapping.system().to_owned(), folder.path());
            let (client, settle) = (client.clone(), settle.clone());
            notes.with_files(Uploads::new(
                client,
                settle,
                sources,
                place,
                (options.horizon, options.stop.clone()),
            ))
        }
        None => notes,
    };
    let sender = Arc::new(Sender {
        ends: Ends::new(&client, &settle, &links, mapping.key_property()),
        kinds: links,
        client: client.clone(),
        operation,
        run: operation,
        settle,
        diversion: Arc::new(Diversion::new(&mapping)),
        mapping,
        notes: Arc::new(notes),
        facts,
        concurrency: options.concurrency,
        no_key: header.no_key,
        places,
        stop: options.stop.clone(),
    });
    let flight = Flight::new(Arc::clone(&sender), Arc::clone(&listener), first, &options);
    flight.run(planned).await;
    let last = LastPhase {
        rows: again,
        sender,
        listener: Arc::clone(&listener),
    };
    let ended = last.run().await;
    let ledger = join(settle_thread, reader_thread).await?;
    drop(patience);
    ended?;
    let outside = Outside {
        refused_file,
        settled_before,
        calls: client.calls(),
        elapsed: started.elapsed(),
        stop: options.stop.reason(),
        comments_left: left_in(folder.path())?,
        comments: header.told.option(COMMENTS_OPTION).map(str::to_owned),
        batch_size: header.diff.then_some(options.batch_size as u64),
    };
    let summary = summarise(&folder, operation, &account, ledger, outside);
    options.steps.pass("summary")?;
    folder.write_summary(&summary_json(&summary))?;
    if summary.stop.is_none() && !summary.limited {
        forget_comments(folder.path());
    }
    listener.hear(&Event::Finished(Box::new(summary.clone())));
    Ok(summary)
}

/// What is done first with rows that come: archivings look for themselves.
fn first_task(operation: Operation, looks: bool) -> Task {
    match looks && operation != Operation::Archive {
        true => Task::Compare,
        false => Task::Send,
    }
}

/// A run that stops waits for no other day.
async fn stop_waiting(stop: StopSwitch, client: Client) {
    stop.pulled().await;
    client.wait_no_more();
}

type SettleThread = std::thread::JoinHandle<Result<Ledger, Error>>;

/// Makes the files and, last, run.db (D1), or brings those of the past back to one
/// state (D3); starts the settle thread.
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
                .map_err(|error| job.folder.unusable(&error))?;
            let durability = job.options.durability;
            let journal = Journal::create(folder, &job.header, job.options.limit, durability)?;
            (journal, files, Ledger::new(places.clone()))
        }
        Some(past) => {
            job.folder.forget_summary()?;
            let lengths = (&past.lengths, past.filed);
            let reopened =
                RunFiles::reopen(folder, headers, places.clone(), job.operation, url, lengths);
            let (mut files, filed) = reopened.map_err(|error| job.folder.unusable(&error))?;
            let journal = Journal::open(folder, past.settled, job.options.durability)?;
            journal.date_intents()?;
            refile(&job.folder, (&job.input, &job.mapping), filed, &mut files)?;
            journal.set_limit(job.options.limit)?;
            journal.set_told(&job.header.told)?;
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

/// By when a call of this process can have been carried out, should it die before it says
/// again that it is alive: the last attempt begins then, takes as long as it may, and is
/// lost (S4).
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

/// What the run's end knows beside the ledger.
struct Outside {
    /// Name of the file of refused rows.
    refused_file: &'static str,
    settled_before: u64,
    calls: u64,
    elapsed: Duration,
    stop: Option<Stop>,
    comments_left: u64,
    /// The file of comments that was given.
    comments: Option<String>,
    /// Set where rows were compared first.
    batch_size: Option<u64>,
}

fn summarise(
    folder: &RunFolder,
    operation: Operation,
    account: &Account,
    ledger: Ledger,
    outside: Outside,
) -> Summary {
    let mut refusals: Vec<_> = ledger.refusals.into_values().collect();
    refusals.sort_by(|left, right| {
        let by_rows = right.rows.cmp(&left.rows);
        by_rows.then_with(|| left.code.cmp(&right.code))
    });
    Summary {
        run: folder.name().to_owned(),
        folder: folder.path().to_owned(),
        comments: outside.comments,
        refused_file: outside.refused_file,
        operation: operation.word().to_owned(),
        portal_id: account.portal_id,
        tally: ledger.tally,
        settled_before: outside.settled_before,
        refusals,
        remarks: ledger.remarks,
        values: ledger.values.into_sorted(),
        changes: ledger.changes,
        spared: outside
            .batch_size
            .map(|size| Spared::of(&ledger.tally, size)),
        contacts_created: ledger.contacts_created,
        notes_made: ledger.notes.made,
        notes_there: ledger.notes.there,
        files_made: ledger.files.made,
        files_bytes: ledger.files.bytes,
        files_there: ledger.files.there,
        comments_left: outside.comments_left,
        calls: outside.calls,
        elapsed: outside.elapsed,
        limited: ledger.state == crate::journal::RunState::Limited,
        stop: outside.stop,
    }
}
