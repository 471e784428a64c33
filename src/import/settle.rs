//! `settle`: the single place that writes the journal, then the files, then tells
//! the listeners. Its own thread, because SQLite and files are synchronous.
//!
//! Group commit (protocol D2): everything that waits in the channel becomes one
//! durable commit; only then do senders hear that their intents stand.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use super::files::RunFiles;
use super::flow::RowOutcome;
use super::stop::StopSwitch;
use crate::error::Error;
use crate::journal::{Claim, Commit, ContactState, Intent, Journal, JournalError, RowEntry};
use crate::model::event::{Event, Listener, Progress, RefusalGroup, Stop};
use crate::model::outcome::{Fate, RowEnd, Tally};
use crate::model::place::RowAddress;
use crate::model::ticket::Remark;

/// Messages that may wait; senders wait beyond that.
const QUEUE: usize = 256;
/// Messages of one commit, so that the first of them does not wait long.
const GROUP: usize = 64;
/// This many rows refused from the start, and no other fate, stop a run (S5).
const ALL_REFUSED: u64 = 1_000;

/// A row that is about to be sent.
#[derive(Clone, Debug)]
pub struct RowIntent {
    /// Number of the row in the run.
    pub seq: u64,
    /// Where it stands.
    pub address: RowAddress,
    /// Value of the key property.
    pub key: String,
    /// Hash of what will be sent.
    pub body: [u8; 16],
}

enum Message {
    Read {
        rows: u64,
        offset: u64,
        fallen: Vec<RowOutcome>,
    },
    Intend {
        intents: Vec<RowIntent>,
        at: Timestamp,
        reply: oneshot::Sender<Vec<Claim>>,
    },
    Settle(Vec<RowOutcome>),
    FindContacts {
        emails: Vec<String>,
        reply: oneshot::Sender<Vec<Option<ContactState>>>,
    },
    IntendContacts {
        emails: Vec<String>,
        at: Timestamp,
        reply: oneshot::Sender<()>,
    },
    SettleContacts(Vec<SettledContact>),
}

/// A contact whose id is known now.
#[derive(Clone, Debug)]
pub struct SettledContact {
    /// Normalised e-mail.
    pub email: String,
    /// Record id.
    pub id: String,
    /// True when this run created it.
    pub created: bool,
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
    /// From the reader thread: `rows` more were read, up to `offset`, and some of
    /// them ended early. Must come before any of these rows is sent.
    pub fn read(&self, rows: u64, offset: u64, fallen: Vec<RowOutcome>) -> Result<(), Gone> {
        let message = Message::Read {
            rows,
            offset,
            fallen,
        };
        self.queue.blocking_send(message).map_err(|_| Gone)
    }

    /// Makes intents durable; tells for each whether its key is free (K4).
    pub async fn intend(&self, intents: Vec<RowIntent>, at: Timestamp) -> Result<Vec<Claim>, Gone> {
        self.ask(|reply| Message::Intend { intents, at, reply })
            .await
    }

    /// Settles rows. Whatever is sent here later is written later.
    pub async fn settle(&self, outcomes: Vec<RowOutcome>) -> Result<(), Gone> {
        self.tell(Message::Settle(outcomes)).await
    }

    /// What the journal knows of contacts, in the order of `emails`.
    pub async fn find_contacts(
        &self,
        emails: Vec<String>,
    ) -> Result<Vec<Option<ContactState>>, Gone> {
        self.ask(|reply| Message::FindContacts { emails, reply })
            .await
    }

    /// Makes the intent to create contacts durable.
    pub async fn intend_contacts(&self, emails: Vec<String>, at: Timestamp) -> Result<(), Gone> {
        self.ask(|reply| Message::IntendContacts { emails, at, reply })
            .await
    }

    /// Keeps contacts' ids.
    pub async fn settle_contacts(&self, contacts: Vec<SettledContact>) -> Result<(), Gone> {
        self.tell(Message::SettleContacts(contacts)).await
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

/// What settle knows at the end.
#[derive(Debug, Default)]
pub struct Ledger {
    /// Rows by fate.
    pub tally: Tally,
    /// Refusals by code.
    pub refusals: BTreeMap<String, RefusalGroup>,
    /// What mapping did to values.
    pub remarks: BTreeMap<Remark, u64>,
    /// Contacts that this run created.
    pub contacts_created: u64,
}

/// Everything that settle owns.
pub struct Settler {
    /// The journal.
    pub journal: Journal,
    /// The files derived from it.
    pub files: RunFiles,
    /// The run folder, for messages.
    pub folder: PathBuf,
    /// Hears of progress.
    pub listener: Arc<dyn Listener>,
    /// Pulled when too many rows are refused.
    pub stop: StopSwitch,
    /// `--max-refused`.
    pub max_refused: Option<u64>,
}

/// Starts the thread. It ends when every handle is gone, and gives its ledger.
pub fn start(settler: Settler) -> (SettleHandle, std::thread::JoinHandle<Result<Ledger, Error>>) {
    let (queue, messages) = mpsc::channel(QUEUE);
    let desk = Desk {
        settler,
        ledger: Ledger::default(),
        offset: 0,
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
    ledger: Ledger,
    offset: u64,
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
        self.commit(messages, &mut group)?;
        for answer in group.answers {
            answer();
        }
        for outcome in &group.settled {
            self.settler
                .files
                .add(outcome)
                .map_err(|error| self.disk(&error))?;
            self.count(outcome);
        }
        self.settler
            .files
            .flush()
            .map_err(|error| self.disk(&error))?;
        self.check_refusals();
        let progress = Progress {
            tally: self.ledger.tally,
            bytes: self.settled_bytes(),
        };
        self.settler.listener.hear(&Event::Progress(progress));
        Ok(())
    }

    fn commit(&mut self, messages: Vec<Message>, group: &mut Group) -> Result<(), Error> {
        let lengths = self.settler.files.lengths();
        let mut commit = self.settler.journal.begin()?;
        mark(&commit, lengths)?;
        for message in messages {
            match message {
                Message::Read {
                    rows,
                    offset,
                    fallen,
                } => {
                    (0..rows).for_each(|_| self.ledger.tally.enter());
                    self.offset = offset;
                    settle_all(&mut commit, &mut self.ledger.tally, &fallen)?;
                    group.settled.extend(fallen);
                }
                Message::Settle(outcomes) => {
                    settle_all(&mut commit, &mut self.ledger.tally, &outcomes)?;
                    group.settled.extend(outcomes);
                }
                Message::Intend { intents, at, reply } => {
                    let claims = intend_all(&commit, &intents, at)?;
                    group.answers.push(answer(reply, claims));
                }
                Message::FindContacts { emails, reply } => {
                    let states: Result<Vec<_>, _> =
                        emails.iter().map(|email| commit.contact(email)).collect();
                    let states = states?;
                    group.answers.push(answer(reply, states));
                }
                Message::IntendContacts { emails, at, reply } => {
                    for email in &emails {
                        commit.intend_contact(email, at.as_millisecond())?;
                    }
                    group.answers.push(answer(reply, ()));
                }
                Message::SettleContacts(contacts) => {
                    for contact in contacts {
                        commit.settle_contact(&contact.email, &contact.id, contact.created)?;
                        self.ledger.contacts_created += u64::from(contact.created);
                    }
                }
            }
        }
        commit.commit()?;
        Ok(())
    }

    fn count(&mut self, outcome: &RowOutcome) {
        for remark in &outcome.remarks {
            *self.ledger.remarks.entry(*remark).or_default() += 1;
        }
        let RowEnd::Refused(issue) = &outcome.end else {
            return;
        };
        let code = issue.first().reason.code().to_owned();
        let group = self.ledger.refusals.entry(code.clone()).or_insert_with(|| {
            let line = outcome.source.address.line;
            RefusalGroup {
                code,
                rows: 0,
                example: format!("line {line}: {}", issue.first()),
            }
        });
        group.rows += 1;
    }

    fn check_refusals(&self) {
        let tally = &self.ledger.tally;
        let refused = tally.of(Fate::Refused);
        let words = match self.settler.max_refused {
            Some(max) if refused > max => {
                format!("{refused} rows are refused, more than --max-refused {max} allows")
            }
            None if refused >= ALL_REFUSED
                && tally.of(Fate::Done) + tally.of(Fate::Exists) == 0 =>
            {
                format!("the first {refused} rows are all refused: the mapping may not fit")
            }
            _ => return,
        };
        self.settler.stop.pull(Stop::TooManyRefused(words));
    }

    /// The share of the bytes read that settled rows stand for.
    fn settled_bytes(&self) -> u64 {
        let tally = &self.ledger.tally;
        let product = u128::from(self.offset) * u128::from(tally.settled());
        let share = product / u128::from(tally.read().max(1));
        u64::try_from(share).unwrap_or(self.offset)
    }

    /// Everything is durable, with the files' last lengths, and one plain database.
    fn finish(mut self) -> Result<Ledger, Error> {
        self.settler
            .files
            .sync()
            .map_err(|error| self.disk(&error))?;
        let lengths = self.settler.files.lengths();
        let commit = self.settler.journal.begin()?;
        mark(&commit, lengths)?;
        commit.commit()?;
        self.settler.journal.close()?;
        Ok(self.ledger)
    }

    fn disk(&self, error: &io::Error) -> Error {
        let folder = self.settler.folder.display();
        Error::unexpected(format!("can't write to the run folder {folder}: {error}"))
    }
}

impl From<JournalError> for Error {
    fn from(error: JournalError) -> Error {
        Error::unexpected(error)
    }
}

/// An answer that waits for the commit; whoever asked may be gone by then.
fn answer<T: Send + 'static>(reply: oneshot::Sender<T>, value: T) -> Box<dyn FnOnce() + Send> {
    Box::new(move || {
        let _gone = reply.send(value);
    })
}

fn intend_all(
    commit: &Commit<'_>,
    intents: &[RowIntent],
    at: Timestamp,
) -> Result<Vec<Claim>, JournalError> {
    let claim = |intent: &RowIntent| {
        let intent = Intent {
            row: RowEntry {
                seq: intent.seq,
                address: intent.address,
            },
            key: &intent.key,
            body: intent.body,
        };
        commit.intend_create(&intent, at.as_millisecond())
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
        commit.settle(row, &outcome.end)?;
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
    commit.mark("settled", commit.settled())
}
