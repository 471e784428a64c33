//! Joins the stages of an import by bounded channels and brings a run to its end:
//! the reader thread, the batches in flight, the settle thread.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::batch::Batcher;
use super::canary;
use super::contacts::Contacts;
use super::files::RunFiles;
use super::flow::{MappedRow, Operation, PlannedOp, RowOutcome};
use super::folder::RunFolder;
use super::plan::plan;
use super::read::{Input, Reading};
use super::send::{Created, Sender};
use super::settle::{self, Ledger, SettleHandle, Settler};
use super::stop::StopSwitch;
use crate::error::Error;
use crate::hubspot::Client;
use crate::hubspot::records::Account;
use crate::journal::{Header, Journal};
use crate::mapping::{CompiledMapping, Mapped};
use crate::model::event::{Event, Listener, Stop, Summary};
use crate::model::outcome::RowEnd;
use crate::model::row::SourceRow;

/// Rows that the reader hands on at once.
const CHUNK: usize = 100;
/// Chunks that may wait for batch.
const CHUNKS: usize = 4;

/// Everything an import needs, resolved.
pub struct Job {
    /// What is done with rows.
    pub operation: Operation,
    /// The rows.
    pub input: Input,
    /// What they become.
    pub mapping: Arc<CompiledMapping>,
    /// The journal's header.
    pub header: Header,
    /// The run folder, made and locked.
    pub folder: RunFolder,
    /// Rows of a batch, at most 100.
    pub batch_size: usize,
    /// Batches in flight.
    pub concurrency: usize,
    /// `--max-refused`.
    pub max_refused: Option<u64>,
}

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
    let stop = StopSwitch::default();
    let (settle, settle_thread) = start_settle(&job, &account, &listener, &stop)?;
    listener.hear(&Event::Started {
        run: job.folder.name().to_owned(),
        total_bytes: Some(job.input.size()),
    });
    let (ops, planned) = mpsc::channel(CHUNKS);
    let feed = Feed {
        mapping: Arc::clone(&job.mapping),
        operation: job.operation,
        settle: settle.clone(),
        ops,
    };
    let input = job.input;
    let reader_thread = std::thread::spawn(move || feed.run(input));
    let sender = Arc::new(Sender {
        contacts: Contacts::new(client.clone(), settle.clone()),
        client: client.clone(),
        settle,
        mapping: job.mapping,
    });
    let flow = Flow {
        sender,
        listener: Arc::clone(&listener),
        stop: stop.clone(),
        batcher: Batcher::new(job.batch_size),
        in_flight: JoinSet::new(),
        concurrency: job.concurrency,
        canary: Canary::First,
    };
    flow.run(planned).await;
    let ledger = join(settle_thread, reader_thread).await?;
    let summary = summarise(
        &job.folder,
        job.operation,
        &account,
        ledger,
        Outside {
            calls: client.calls(),
            elapsed: started.elapsed(),
            stop: stop.reason(),
        },
    );
    job.folder.write_summary(&summary)?;
    listener.hear(&Event::Finished(Box::new(summary.clone())));
    Ok(summary)
}

type SettleThread = std::thread::JoinHandle<Result<Ledger, Error>>;

/// Makes the files and, last, run.db (D1), and starts the settle thread.
fn start_settle(
    job: &Job,
    account: &Account,
    listener: &Arc<dyn Listener>,
    stop: &StopSwitch,
) -> Result<(SettleHandle, SettleThread), Error> {
    let folder = job.folder.path();
    let account = account.clone();
    let url = Box::new(move |id: &str| account.ticket_url(id));
    let files =
        RunFiles::create(folder, job.input.headers(), job.operation, url).map_err(|error| {
            Error::unexpected(format!("can't write to {}: {error}", folder.display()))
        })?;
    let journal = Journal::create(folder, &job.header)?;
    Ok(settle::start(Settler {
        journal,
        files,
        folder: folder.to_owned(),
        listener: Arc::clone(listener),
        stop: stop.clone(),
        max_refused: job.max_refused,
    }))
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
    calls: u64,
    elapsed: Duration,
    stop: Option<Stop>,
}

fn summarise(
    folder: &RunFolder,
    operation: Operation,
    account: &Account,
    ledger: Ledger,
    outside: Outside,
) -> Summary {
    let mut refusals: Vec<_> = ledger.refusals.into_values().collect();
    refusals.sort_by(|left, right| right.rows.cmp(&left.rows).then(left.code.cmp(&right.code)));
    Summary {
        run: folder.name().to_owned(),
        folder: folder.path().to_owned(),
        operation: operation.word().to_owned(),
        portal_id: account.portal_id,
        tally: ledger.tally,
        refusals,
        remarks: ledger.remarks,
        contacts_created: ledger.contacts_created,
        calls: outside.calls,
        elapsed: outside.elapsed,
        stop: outside.stop,
    }
}

/// The reader thread: read → map → plan.
struct Feed {
    mapping: Arc<CompiledMapping>,
    operation: Operation,
    settle: SettleHandle,
    ops: mpsc::Sender<Vec<PlannedOp>>,
}

impl Feed {
    /// Reads to the end, or until nobody wants rows any more.
    fn run(self, mut input: Input) -> Result<(), Error> {
        loop {
            let mut rows = 0;
            let mut fallen = Vec::new();
            let mut ops = Vec::new();
            while rows < CHUNK {
                let Some(reading) = input.next_row()? else {
                    break;
                };
                rows += 1;
                match self.plan(reading) {
                    Ok(op) => ops.push(op),
                    Err(outcome) => fallen.push(*outcome),
                }
            }
            let at_end = rows < CHUNK;
            let told = self.settle.read(rows as u64, input.offset(), fallen);
            if told.is_err() || self.ops.blocking_send(ops).is_err() || at_end {
                return Ok(());
            }
        }
    }

    fn plan(&self, reading: Reading) -> Result<PlannedOp, Box<RowOutcome>> {
        let source = match reading {
            Reading::Row(source) => source,
            Reading::Fallen(outcome) => return Err(outcome),
        };
        let row = map(&self.mapping, source)?;
        plan(self.operation, row)
    }
}

/// `map`: a row becomes a ticket, or falls.
fn map(mapping: &CompiledMapping, source: SourceRow) -> Result<MappedRow, Box<RowOutcome>> {
    match mapping.map(&source) {
        Mapped::Ticket(draft) => Ok(MappedRow { source, draft }),
        Mapped::Skipped => Err(Box::new(RowOutcome::early(source, RowEnd::Skipped))),
        Mapped::Refused { key, issue } => {
            let mut outcome = RowOutcome::early(source, RowEnd::Refused(issue));
            outcome.key = key;
            Err(Box::new(outcome))
        }
    }
}

/// What comes back from a batch: its keys, and how it went.
type Landed = (Vec<String>, Result<Vec<Created>, Stop>);

/// batch → send: keeps batches in flight until there is nothing left.
struct Flow {
    sender: Arc<Sender>,
    listener: Arc<dyn Listener>,
    stop: StopSwitch,
    batcher: Batcher,
    in_flight: JoinSet<Landed>,
    concurrency: usize,
    canary: Canary,
}

/// Where the run is with its canary (S6).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Canary {
    /// The first batch: small and alone.
    First,
    /// Its rows were there already, so the first batch that creates something is
    /// read back; until then the run does not crawl.
    Waiting,
    /// Tickets were read back and hold what was sent.
    Sung,
}

impl Flow {
    async fn run(mut self, mut planned: mpsc::Receiver<Vec<PlannedOp>>) {
        let mut reading = true;
        loop {
            self.launch(reading);
            let wants = reading && self.batcher.has_room() && !self.stop.is_pulled();
            tokio::select! {
                Some(landed) = self.in_flight.join_next() => self.land(landed).await,
                chunk = planned.recv(), if wants => match chunk {
                    Some(ops) => ops.into_iter().for_each(|op| self.batcher.push(op)),
                    None => reading = false,
                },
                () = self.stop.pulled(), if reading => {
                    planned.close();
                    reading = false;
                }
                else => break,
            }
        }
    }

    /// Starts batches while there is room. A batch that is not full goes only when
    /// no more rows can come.
    fn launch(&mut self, reading: bool) {
        loop {
            let (most, size) = match self.canary {
                Canary::First => (1, canary::SIZE),
                Canary::Waiting | Canary::Sung => (self.concurrency, usize::MAX),
            };
            let due = self.batcher.is_full() || !reading || !self.batcher.has_room();
            if self.stop.is_pulled() || self.in_flight.len() >= most || !due {
                return;
            }
            let Some(batch) = self.batcher.take(size) else {
                return;
            };
            let sender = Arc::clone(&self.sender);
            let _task = self.in_flight.spawn(async move {
                let keys = batch.ops.iter().map(PlannedOp::folded_key).collect();
                (keys, sender.deliver(batch).await)
            });
        }
    }

    async fn land(&mut self, landed: Result<Landed, tokio::task::JoinError>) {
        let Ok((keys, delivered)) = landed else {
            self.stop
                .pull(Stop::Later("a part of the run died".to_owned()));
            return;
        };
        match delivered {
            Err(stop) => self.stop.pull(stop),
            Ok(created) => {
                keys.iter().for_each(|key| self.batcher.release(key));
                match self.canary {
                    Canary::Sung => {}
                    _ if created.is_empty() => self.canary = Canary::Waiting,
                    Canary::First | Canary::Waiting => self.sing(&created).await,
                }
            }
        }
    }

    async fn sing(&mut self, created: &[Created]) {
        match canary::check(&self.sender.client, &self.sender.mapping, created).await {
            Ok(altered) => {
                self.canary = Canary::Sung;
                let tell = |words| self.listener.hear(&Event::Notice(words));
                altered.into_iter().for_each(tell);
            }
            Err(stop) => self.stop.pull(stop),
        }
    }
}
