//! `settle`: the single place that writes the journal, then the files, then tells
//! the listeners. Its own thread, because SQLite and files are synchronous.
//!
//! Group commit (protocol D2): everything that waits in the channel becomes one
//! durable commit; only then do senders hear that their intents stand.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::files::RunFiles;
use super::flow::{Operation, RowOutcome};
use super::ledger::Ledger;
use super::steps::Steps;
use super::stop::StopSwitch;
use crate::error::Error;
use crate::journal::{
    Claim, Commit, Intent, Journal, JournalError, OtherState, RowEntry, RunState, Waiting,
};
use crate::model::event::{Event, Listener, Stop};
use crate::model::outcome::{Fate, Tally};
use crate::model::place::RowAddress;
use crate::model::schema::ObjectType;

/// Messages that may wait; senders wait beyond that.
const QUEUE: usize = 256;
/// Messages of one commit, so that the first of them does not wait long.
const GROUP: usize = 64;
/// This many rows refused from the start, and no other fate, stop a run (S5).
const ALL_REFUSED: u64 = 1_000;

/// A row that is about to be sent.
#[derive(Clone, Debug)]
pub struct RowIntent {
    /// What is about to be done.
    pub operation: Operation,
    /// Number of the row in the run.
    pub seq: u64,
    /// Where it stands.
    pub address: RowAddress,
    /// Value of the key property.
    pub key: String,
    /// Hash of what will be sent.
    pub body: [u8; 16],
    /// Identical rows have identical keys: later ones get a number behind it (K3).
    pub counted: bool,
}

enum Message {
    Read {
        rows: u64,
        offset: u64,
        fallen: Vec<RowOutcome>,
        unknown: u64,
    },
    Ended(RunState),
    Intend {
        intents: Vec<RowIntent>,
        at: Option<Timestamp>,
        reply: oneshot::Sender<Vec<Claim>>,
    },
    Settle(Vec<RowOutcome>),
    Wait(Vec<Waiting>),
    Waiting {
        after: u64,
        most: usize,
        reply: oneshot::Sender<WaitingPage>,
    },
    Unknown(u64),
    FindOthers {
        kind: String,
        keys: Vec<String>,
        reply: oneshot::Sender<Vec<Option<OtherState>>>,
    },
    IntendOthers {
        kind: String,
        keys: Vec<String>,
        at: Option<Timestamp>,
        reply: oneshot::Sender<()>,
    },
    SettleOthers {
        object: ObjectType,
        kind: String,
        others: Vec<SettledOther>,
    },
}

/// Another record whose id is known now.
#[derive(Clone, Debug)]
pub struct SettledOther {
    /// Value of its natural key, normalised.
    pub key: String,
    /// Record id.
    pub id: String,
    /// True when this run created it.
    pub created: bool,
}

/// Some of the rows whose links wait.
#[derive(Debug)]
pub struct WaitingPage {
    /// In file order; none when there are no more.
    pub rows: Vec<Waiting>,
    /// Whether the whole input was read, so that no ticket of it can come any more.
    pub whole: bool,
}

/// The settle thread is gone: its own error says why.
#[derive(Debug, thiserror::Error)]
#[error("the journal can't be written any more")]
pub struct Gone;

impl From<Gone> for Stop {
    fn from(gone: Gone) -> Stop {
        Stop::Later(gone.to_string())
    }
}

/// The way to settle, for reader and senders.
#[derive(Clone, Debug)]
pub struct SettleHandle {
    queue: mpsc::Sender<Message>,
}

impl SettleHandle {
    /// From the reader thread: `rows` more were read, up to `offset`; some of them
    /// ended early, some stay unknown. Must come before any of these rows is sent.
    pub fn read(
        &self,
        rows: u64,
        offset: u64,
        fallen: Vec<RowOutcome>,
        unknown: u64,
    ) -> Result<(), Gone> {
        let message = Message::Read {
            rows,
            offset,
            fallen,
            unknown,
        };
        self.queue.blocking_send(message).map_err(|_| Gone)
    }

    /// From the reader thread: there is nothing more to read, because the input or
    /// the limit ended.
    pub fn ended(&self, state: RunState) -> Result<(), Gone> {
        let message = Message::Ended(state);
        self.queue.blocking_send(message).map_err(|_| Gone)
    }

    /// Makes intents durable; tells for each whether its key is free (K4).
    pub async fn intend(
        &self,
        intents: Vec<RowIntent>,
        at: Option<Timestamp>,
    ) -> Result<Vec<Claim>, Gone> {
        self.ask(|reply| Message::Intend { intents, at, reply })
            .await
    }

    /// Settles rows. Whatever is sent here later is written later.
    pub async fn settle(&self, outcomes: Vec<RowOutcome>) -> Result<(), Gone> {
        match outcomes.is_empty() {
            true => Ok(()),
            false => self.tell(Message::Settle(outcomes)).await,
        }
    }

    /// Counts rows whose outcome this process won't learn any more. The journal
    /// knows them by their intents.
    pub async fn unknown(&self, rows: u64) -> Result<(), Gone> {
        self.tell(Message::Unknown(rows)).await
    }

    /// Keeps rows whose ticket is written and whose links wait (D6).
    pub async fn wait(&self, rows: Vec<Waiting>) -> Result<(), Gone> {
        match rows.is_empty() {
            true => Ok(()),
            false => self.tell(Message::Wait(rows)).await,
        }
    }

    /// Rows that wait, behind row `after`.
    pub async fn waiting(&self, after: u64, most: usize) -> Result<WaitingPage, Gone> {
        self.ask(|reply| Message::Waiting { after, most, reply })
            .await
    }

    /// What the journal knows of other records, in the order of `keys`; `kind` is that
    /// of their steps.
    pub async fn find_others(
        &self,
        kind: String,
        keys: Vec<String>,
    ) -> Result<Vec<Option<OtherState>>, Gone> {
        self.ask(|reply| Message::FindOthers { kind, keys, reply })
            .await
    }

    /// Makes the intent to create other records durable.
    pub async fn intend_others(
        &self,
        kind: String,
        keys: Vec<String>,
        at: Option<Timestamp>,
    ) -> Result<(), Gone> {
        self.ask(|reply| Message::IntendOthers {
            kind,
            keys,
            at,
            reply,
        })
        .await
    }

    /// Keeps other records' ids.
    pub async fn settle_others(
        &self,
        object: ObjectType,
        kind: String,
        others: Vec<SettledOther>,
    ) -> Result<(), Gone> {
        let message = Message::SettleOthers {
            object,
            kind,
            others,
        };
        self.tell(message).await
    }

    async fn tell(&self, message: Message) -> Result<(), Gone> {
        self.queue.send(message).await.map_err(|_| Gone)
    }

    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Result<T, Gone> {
        let (reply, answer) = oneshot::channel();
        self.tell(message(reply)).await?;
        answer.await.map_err(|_| Gone)
    }
}

/// Everything that settle owns.
pub struct Settler {
    /// The journal.
    pub journal: Journal,
    /// The files derived from it.
    pub files: RunFiles,
    /// What was settled before, when the run goes on.
    pub ledger: Ledger,
    /// The run folder, for messages.
    pub folder: PathBuf,
    /// Hears of progress.
    pub listener: Arc<dyn Listener>,
    /// Pulled when too many rows are refused.
    pub stop: StopSwitch,
    /// `--max-refused`.
    pub max_refused: Option<u64>,
    /// Where a test may end the process's life.
    pub steps: Steps,
}

/// Starts the thread. It ends when every handle is gone, and gives its ledger.
pub fn start(settler: Settler) -> (SettleHandle, std::thread::JoinHandle<Result<Ledger, Error>>) {
    let (queue, messages) = mpsc::channel(QUEUE);
    let desk = Desk {
        settler,
        state: RunState::Open,
    };
    let thread = std::thread::spawn(move || desk.work(messages));
    (SettleHandle { queue }, thread)
}

/// Answers that wait for a commit, and rows that wait for the files.
#[derive(Default)]
struct Group {
    answers: Vec<Box<dyn FnOnce() + Send>>,
    settled: Vec<RowOutcome>,
}

struct Desk {
    settler: Settler,
    /// Where the run stands once every row that was read is settled.
    state: RunState,
}

impl Desk {
    fn work(mut self, mut messages: mpsc::Receiver<Message>) -> Result<Ledger, Error> {
        let mut waiting = Vec::new();
        while messages.blocking_recv_many(&mut waiting, GROUP) > 0 {
            self.group(std::mem::take(&mut waiting))?;
        }
        self.finish()
    }

    /// One commit, then the files, then everybody who waits for it.
    fn group(&mut self, messages: Vec<Message>) -> Result<(), Error> {
        let mut group = Group::default();
        self.settler.steps.pass("commit")?;
        self.commit(messages, &mut group)?;
        self.settler.steps.pass("committed")?;
        for answer in group.answers {
            answer();
        }
        self.file(&group.settled)?;
        self.check_refusals();
        let progress = self.settler.ledger.progress();
        self.settler.listener.hear(&Event::Progress(progress));
        Ok(())
    }

    /// Appends settled rows to the files (D3).
    fn file(&mut self, settled: &[RowOutcome]) -> Result<(), Error> {
        for outcome in settled {
            self.settler
                .files
                .add(outcome)
                .map_err(|error| self.lost(&error))?;
            self.settler.ledger.count(outcome);
        }
        if !settled.is_empty() {
            self.settler.steps.pass("files")?;
            self.settler
                .files
                .flush()
                .map_err(|error| self.lost(&error))?;
            self.settler.steps.pass("filed")?;
        }
        match self.settler.journal.is_there() {
            true => Ok(()),
            false => Err(self.lost(&"it was deleted or moved")),
        }
    }

    fn commit(&mut self, messages: Vec<Message>, group: &mut Group) -> Result<(), Error> {
        let lengths = self.settler.files.lengths();
        let ledger = &mut self.settler.ledger;
        let mut commit = self.settler.journal.begin()?;
        mark(&commit, lengths)?;
        for message in messages {
            match message {
                Message::Read {
                    rows,
                    offset,
                    fallen,
                    unknown,
                } => {
                    (0..rows).for_each(|_| ledger.tally.enter());
                    lose(&mut ledger.tally, unknown)?;
                    ledger.offset = offset;
                    commit.mark("offset", offset)?;
                    settle_all(&mut commit, &mut ledger.tally, &fallen)?;
                    group.settled.extend(fallen);
                }
                Message::Ended(state) => self.state = state,
                Message::Settle(outcomes) => {
                    settle_all(&mut commit, &mut ledger.tally, &outcomes)?;
                    group.settled.extend(outcomes);
                }
                Message::Wait(rows) => {
                    for row in &rows {
                        commit.wait(row)?;
                    }
                }
                Message::Waiting { after, most, reply } => {
                    let page = WaitingPage {
                        rows: commit.waiting(after, most)?,
                        whole: self.state == RunState::Finished,
                    };
                    group.answers.push(answer(reply, page));
                }
                Message::Unknown(rows) => lose(&mut ledger.tally, rows)?,
                Message::Intend { intents, at, reply } => {
                    let claims = intend_all(&commit, &intents, at)?;
                    group.answers.push(answer(reply, claims));
                }
                Message::FindOthers { kind, keys, reply } => {
                    let states = keys.iter().map(|key| commit.other(&kind, key));
                    let states = states.collect::<Result<Vec<_>, _>>()?;
                    group.answers.push(answer(reply, states));
                }
                Message::IntendOthers {
                    kind,
                    keys,
                    at,
                    reply,
                } => {
                    for key in &keys {
                        commit.intend_other(&kind, key, at)?;
                    }
                    group.answers.push(answer(reply, ()));
                }
                Message::SettleOthers {
                    object,
                    kind,
                    others,
                } => {
                    for other in others {
                        commit.settle_other(&kind, &other.key, &other.id, other.created)?;
                        let counts = other.created && object == ObjectType::Contacts;
                        ledger.contacts_created += u64::from(counts);
                    }
                }
            }
        }
        commit.mark_time("updated_ms")?;
        commit.commit()?;
        Ok(())
    }

    fn check_refusals(&self) {
        let tally = &self.settler.ledger.tally;
        let refused = tally.of(Fate::Refused);
        let words = match self.settler.max_refused {
            Some(max) if refused > max => {
                format!("{refused} rows are refused, more than --max-refused {max} allows")
            }
            None if refused >= ALL_REFUSED
                && tally.of(Fate::Done) + tally.of(Fate::Exists) + tally.of(Fate::Unchanged)
                    == 0 =>
            {
                format!("the first {refused} rows are all refused: the mapping may not fit")
            }
            _ => return,
        };
        self.settler.stop.pull(Stop::TooManyRefused(words));
    }

    /// Everything is durable, with the files' last lengths, and one plain database.
    fn finish(mut self) -> Result<Ledger, Error> {
        self.settler.steps.pass("sync")?;
        self.settler
            .files
            .sync()
            .map_err(|error| self.lost(&error))?;
        let lengths = self.settler.files.lengths();
        let tally = self.settler.ledger.tally;
        let open = tally.of(Fate::Pending) + tally.of(Fate::Unknown);
        let commit = self.settler.journal.begin()?;
        let waiting = commit.count_waiting()?;
        let state = match self.state {
            // What waits behind a limit waits for tickets behind it.
            RunState::Limited if open == waiting => RunState::Limited,
            state if open == 0 => state,
            _ => RunState::Open,
        };
        mark(&commit, lengths)?;
        commit.mark_state(state)?;
        commit.commit()?;
        self.settler.steps.pass("close")?;
        self.settler.journal.close()?;
        self.settler.ledger.state = state;
        Ok(self.settler.ledger)
    }

    /// The run folder can't be written any more.
    fn lost(&self, why: &dyn std::fmt::Display) -> Error {
        let folder = self.settler.folder.display();
        Error::mend(format!("can't write to the run folder {folder}: {why}")).advise(format!(
            "make room or bring the folder back, then `tickethaul resume {folder}`"
        ))
    }
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Error {
        let advice = match &error {
            JournalError::Database { .. } => "make room, then resume the run",
            JournalError::Newer { .. } => "use that version of tickethaul, or a newer one",
            JournalError::Missing(_) | JournalError::Broken { .. } => {
                "import the file again: rows that are in the portal are recognised by their key"
            }
            JournalError::Io { .. } => "make room or choose another place with --run-dir",
        };
        Error::mend(error).advise(advice)
    }
}

/// An answer that waits for the commit; whoever asked may be gone by then.
fn answer<T: Send + 'static>(reply: oneshot::Sender<T>, value: T) -> Box<dyn FnOnce() + Send> {
    Box::new(move || {
        let _gone = reply.send(value);
    })
}

/// Counts rows whose outcome this process won't learn.
fn lose(tally: &mut Tally, rows: u64) -> Result<(), Error> {
    (0..rows)
        .try_for_each(|_| tally.shift(Fate::Pending, Fate::Unknown))
        .map_err(Error::unexpected)
}

fn intend_all(
    commit: &Commit<'_>,
    intents: &[RowIntent],
    at: Option<Timestamp>,
) -> Result<Vec<Claim>, JournalError> {
    let claim = |intent: &RowIntent| {
        let intent = Intent {
            row: RowEntry {
                seq: intent.seq,
                address: intent.address,
            },
            kind: intent.operation.word(),
            keys: intent.operation.keys(),
            key: &intent.key,
            body: intent.body,
            counted: intent.counted,
        };
        commit.intend(&intent, at)
    };
    intents.iter().map(claim).collect()
}

fn settle_all(
    commit: &mut Commit<'_>,
    tally: &mut Tally,
    outcomes: &[RowOutcome],
) -> Result<(), Error> {
    for outcome in outcomes {
        let row = RowEntry {
            seq: outcome.source.seq,
            address: outcome.source.address,
        };
        commit.settle(row, outcome.key.as_deref(), &outcome.end)?;
        for remark in &outcome.remarks {
            commit.count_remark(*remark)?;
        }
        tally
            .shift(Fate::Pending, outcome.end.fate())
            .map_err(Error::unexpected)?;
    }
    Ok(())
}

/// The files' lengths, with the number of the last row that is in them; called
/// before anything else is settled in a commit (D3).
fn mark(commit: &Commit<'_>, lengths: [(&'static str, u64); 3]) -> Result<(), JournalError> {
    for (name, length) in lengths {
        commit.mark(name, length)?;
    }
    commit.mark("filed", commit.settled())
}
