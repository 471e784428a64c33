//! The interface to settle, for the reader and for senders: messages, and the answers that arrive
//! once a commit is durable.

use jiff::Timestamp;
use tokio::sync::{mpsc, oneshot};

use crate::import::flow::{Operation, RowOutcome};
use crate::journal::{
    Earlier, FileEntry, FileStep, KeyClaim, Keys, NoteEntry, NoteStep, OtherState, RunState,
    SettledFile, SettledNote, Waiting,
};
use crate::model::key::Key;
use crate::model::made_link::MadeLink;
use crate::model::note::Activity;
use crate::model::place::RowAddress;
use crate::model::property_change::PropertyChange;
use crate::model::schema::ObjectType;
use crate::model::stop::{Delay, Stop};

/// A row that is about to be sent.
#[derive(Clone, Debug)]
pub struct RowIntent {
    /// What is about to be done.
    pub operation: Operation,
    /// Number of the row in the run.
    pub seq: u64,
    /// Its place in the input.
    pub address: RowAddress,
    /// Value of the key property.
    pub key: Key,
    /// Id of the ticket, if it was looked up before (R4).
    pub ticket: Option<String>,
    /// Which other rows may have the same key.
    pub keys: Keys,
    /// Hash of what will be sent.
    pub body: [u8; 16],
    /// The former values of what the row changes (PL6).
    pub changes: Option<Vec<PropertyChange>>,
    /// Identical rows have identical keys: later ones get a number appended (K3).
    pub counted: bool,
}

pub(super) enum Message {
    Read(RowsRead),
    Ended(RunState),
    Intend {
        intents: Vec<RowIntent>,
        at: Option<Timestamp>,
        reply: oneshot::Sender<Vec<KeyClaim>>,
    },
    Earlier {
        operation: Operation,
        rows: Vec<(u64, Key)>,
        reply: oneshot::Sender<Vec<Option<Earlier>>>,
    },
    Alive,
    Settle(Vec<RowOutcome>),
    Waiting {
        after: u64,
        most: usize,
        reply: oneshot::Sender<WaitingPage>,
    },
    Unknown(u64),
    Rows(AboutRows),
    Others(AboutOthers),
    Notes(AboutNotes),
    Files(AboutFiles),
}

/// Rows that were read together.
pub(super) struct RowsRead {
    pub(super) rows: u64,
    /// The byte after them.
    pub(super) offset: u64,
    /// Those that ended early.
    pub(super) fallen: Vec<RowOutcome>,
    /// Those that stay unknown.
    pub(super) unknown: u64,
}

/// About rows in flight, by their numbers.
pub(super) enum AboutRows {
    FreeKeys {
        intents: Vec<RowIntent>,
        reply: oneshot::Sender<Vec<KeyClaim>>,
    },
    Name {
        operation: Operation,
        rows: Vec<(u64, String)>,
        reply: oneshot::Sender<()>,
    },
    Release(Vec<u64>),
    Renew {
        rows: Vec<u64>,
        reply: oneshot::Sender<()>,
    },
    KeepLinks {
        rows: Vec<(u64, Vec<MadeLink>)>,
        reply: oneshot::Sender<()>,
    },
    Wait(Vec<Waiting>),
}

/// About files, by their keys.
pub(super) enum AboutFiles {
    Find {
        key: String,
        reply: oneshot::Sender<Option<FileStep>>,
    },
    Intend {
        entry: FileEntry,
        now_ms: Option<i64>,
        reply: oneshot::Sender<()>,
    },
    Lose {
        key: String,
        until_ms: i64,
    },
    Release(String),
    Settle(SettledFile),
    TakeName {
        path: String,
        key: String,
        reply: oneshot::Sender<bool>,
    },
}

/// About notes, by their keys.
pub(super) enum AboutNotes {
    Find {
        keys: Vec<String>,
        reply: oneshot::Sender<Vec<Option<NoteStep>>>,
    },
    Intend {
        entries: Vec<NoteEntry>,
        reply: oneshot::Sender<Vec<bool>>,
    },
    Lose {
        keys: Vec<String>,
        until_ms: i64,
    },
    Release(Vec<String>),
    Settle(Vec<SettledNote>),
    Twin {
        note: SettledNote,
        reply: oneshot::Sender<()>,
    },
    Until(oneshot::Sender<Option<i64>>),
    Keys(AboutNoteKeys),
}

/// Whether the portal keeps the keys of a kind of notes unique.
pub(super) enum AboutNoteKeys {
    AreKept(Activity, oneshot::Sender<Option<bool>>),
    Keep(Activity, bool),
}

/// About other records, by the kind of their steps.
pub(super) enum AboutOthers {
    Find {
        kind: String,
        keys: Vec<String>,
        reply: oneshot::Sender<Vec<Option<OtherState>>>,
    },
    Intend {
        kind: String,
        keys: Vec<String>,
        at: Option<Timestamp>,
        reply: oneshot::Sender<()>,
    },
    Release {
        kind: String,
        keys: Vec<String>,
    },
    Settle {
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
    /// Whether the whole input was read, so that no more tickets can come from it.
    pub whole: bool,
}

/// The settle thread has ended; its own error says why.
#[derive(Debug, thiserror::Error)]
#[error("the journal can't be written any more")]
pub struct Gone;

impl From<Gone> for Stop {
    fn from(_gone: Gone) -> Stop {
        Stop::Later(Delay::NoJournal)
    }
}

/// The interface to settle, for reader and senders.
#[derive(Clone, Debug)]
pub struct SettleHandle {
    pub(super) queue: mpsc::Sender<Message>,
}

impl SettleHandle {
    /// From the reader thread: `rows` more were read, up to `offset`; some of them ended early,
    /// some stay unknown. Must be called before any of these rows is sent.
    pub fn read(
        &self,
        rows: u64,
        offset: u64,
        fallen: Vec<RowOutcome>,
        unknown: u64,
    ) -> Result<(), Gone> {
        let read = RowsRead {
            rows,
            offset,
            fallen,
            unknown,
        };
        let message = Message::Read(read);
        self.queue.blocking_send(message).map_err(|_| Gone)
    }

    /// From the reader thread: there is nothing more to read, because the input ended
    /// or the limit was reached.
    pub fn ended(&self, state: RunState) -> Result<(), Gone> {
        let message = Message::Ended(state);
        self.queue.blocking_send(message).map_err(|_| Gone)
    }

    /// Makes intents durable; returns for each whether its key is free (K4).
    pub async fn intend(
        &self,
        intents: Vec<RowIntent>,
        at: Option<Timestamp>,
    ) -> Result<Vec<KeyClaim>, Gone> {
        self.ask(|reply| Message::Intend { intents, at, reply })
            .await
    }

    /// Whether the keys of rows are free (K4), as `intend` would say; nothing is intended.
    pub async fn claims(&self, intents: Vec<RowIntent>) -> Result<Vec<KeyClaim>, Gone> {
        self.ask(|reply| Message::Rows(AboutRows::FreeKeys { intents, reply }))
            .await
    }

    /// For each row, by number and key, the last earlier row with the same key whose ticket holds
    /// what that row says.
    pub async fn earlier(
        &self,
        operation: Operation,
        rows: Vec<(u64, Key)>,
    ) -> Result<Vec<Option<Earlier>>, Gone> {
        self.ask(|reply| Message::Earlier {
            operation,
            rows,
            reply,
        })
        .await
    }

    /// Makes the tickets of rows durable, by number and id, whose intents lack them (R4).
    pub async fn name(&self, operation: Operation, rows: Vec<(u64, String)>) -> Result<(), Gone> {
        match rows.is_empty() {
            true => Ok(()),
            false => {
                let about = |reply| AboutRows::Name {
                    operation,
                    rows,
                    reply,
                };
                self.ask(|reply| Message::Rows(about(reply))).await
            }
        }
    }

    /// Withdraws intents, by the rows' numbers: no call began for them.
    pub async fn release(&self, rows: Vec<u64>) -> Result<(), Gone> {
        match rows.is_empty() {
            true => Ok(()),
            false => self.send(Message::Rows(AboutRows::Release(rows))).await,
        }
    }

    /// Makes durable that rows which an earlier process intended are sent by this one.
    pub async fn renew(&self, rows: Vec<u64>) -> Result<(), Gone> {
        match rows.is_empty() {
            true => Ok(()),
            false => {
                let about = |reply| AboutRows::Renew { rows, reply };
                self.ask(|reply| Message::Rows(about(reply))).await
            }
        }
    }

    /// Records that this process is working: calls may have begun since the last commit.
    pub async fn alive(&self) -> Result<(), Gone> {
        self.send(Message::Alive).await
    }

    /// Settles rows. Whatever is sent here later is written later.
    pub async fn settle(&self, outcomes: Vec<RowOutcome>) -> Result<(), Gone> {
        match outcomes.is_empty() {
            true => Ok(()),
            false => self.send(Message::Settle(outcomes)).await,
        }
    }

    /// Counts rows whose outcome this process won't learn. The journal knows them by
    /// their intents.
    pub async fn unknown(&self, rows: u64) -> Result<(), Gone> {
        self.send(Message::Unknown(rows)).await
    }

    /// Makes durable what rows, by number, are about to add between their tickets and other
    /// records (PL6).
    pub async fn keep_links(&self, mut rows: Vec<(u64, Vec<MadeLink>)>) -> Result<(), Gone> {
        rows.retain(|(_, links)| !links.is_empty());
        match rows.is_empty() {
            true => Ok(()),
            false => {
                let about = |reply| AboutRows::KeepLinks { rows, reply };
                self.ask(|reply| Message::Rows(about(reply))).await
            }
        }
    }

    /// Keeps rows whose ticket is written and whose links wait (D6).
    pub async fn wait(&self, rows: Vec<Waiting>) -> Result<(), Gone> {
        match rows.is_empty() {
            true => Ok(()),
            false => self.send(Message::Rows(AboutRows::Wait(rows))).await,
        }
    }

    /// Waiting rows, after row `after`.
    pub async fn waiting(&self, after: u64, most: usize) -> Result<WaitingPage, Gone> {
        self.ask(|reply| Message::Waiting { after, most, reply })
            .await
    }

    /// What the journal knows about other records, in the order of `keys`; `kind` is that of their
    /// steps.
    pub async fn find_others(
        &self,
        kind: String,
        keys: Vec<String>,
    ) -> Result<Vec<Option<OtherState>>, Gone> {
        self.ask(|reply| Message::Others(AboutOthers::Find { kind, keys, reply }))
            .await
    }

    /// Makes the intent to create other records durable.
    pub async fn intend_others(
        &self,
        kind: String,
        keys: Vec<String>,
        at: Option<Timestamp>,
    ) -> Result<(), Gone> {
        let about = |reply| AboutOthers::Intend {
            kind,
            keys,
            at,
            reply,
        };
        self.ask(|reply| Message::Others(about(reply))).await
    }

    /// Withdraws the intent to create other records: no call began for them.
    pub async fn release_others(&self, kind: String, keys: Vec<String>) -> Result<(), Gone> {
        let about = AboutOthers::Release { kind, keys };
        self.send(Message::Others(about)).await
    }

    /// Keeps other records' ids.
    pub async fn settle_others(
        &self,
        object: ObjectType,
        kind: String,
        others: Vec<SettledOther>,
    ) -> Result<(), Gone> {
        let about = AboutOthers::Settle {
            object,
            kind,
            others,
        };
        self.send(Message::Others(about)).await
    }

    /// What the journal knows about notes, in the order of `keys`.
    pub async fn find_notes(&self, keys: Vec<String>) -> Result<Vec<Option<NoteStep>>, Gone> {
        self.ask(|reply| Message::Notes(AboutNotes::Find { keys, reply }))
            .await
    }

    /// Makes the intent to send notes durable; returns for each whether its row may send
    /// it.
    pub async fn intend_notes(&self, entries: Vec<NoteEntry>) -> Result<Vec<bool>, Gone> {
        self.ask(|reply| Message::Notes(AboutNotes::Intend { entries, reply }))
            .await
    }

    /// Records that calls for notes were lost that can be carried out until this time, in
    /// milliseconds of the portal's clock.
    pub async fn lose_notes(&self, keys: Vec<String>, until_ms: i64) -> Result<(), Gone> {
        self.send_notes(AboutNotes::Lose { keys, until_ms }).await
    }

    /// Withdraws the intents of notes: no call can have created them.
    pub async fn release_notes(&self, keys: Vec<String>) -> Result<(), Gone> {
        match keys.is_empty() {
            true => Ok(()),
            false => self.send_notes(AboutNotes::Release(keys)).await,
        }
    }

    /// Records existing notes.
    pub async fn settle_notes(&self, notes: Vec<SettledNote>) -> Result<(), Gone> {
        match notes.is_empty() {
            true => Ok(()),
            false => self.send_notes(AboutNotes::Settle(notes)).await,
        }
    }

    /// Makes durable that a note, which was counted before, is about to be sent again, or
    /// exists once.
    pub async fn twin_note(&self, note: SettledNote) -> Result<(), Gone> {
        self.ask(|reply| Message::Notes(AboutNotes::Twin { note, reply }))
            .await
    }

    /// The latest time at which a lost call for a note or a file can be carried out, in
    /// milliseconds of the portal's clock.
    pub async fn notes_until(&self) -> Result<Option<i64>, Gone> {
        self.ask(|reply| Message::Notes(AboutNotes::Until(reply)))
            .await
    }

    /// Whether the portal keeps the keys of a kind unique, if an earlier process has
    /// found out.
    pub async fn note_keys_kept(&self, activity: Activity) -> Result<Option<bool>, Gone> {
        let about = |reply| AboutNotes::Keys(AboutNoteKeys::AreKept(activity, reply));
        self.ask(|reply| Message::Notes(about(reply))).await
    }

    /// Records whether the portal keeps the keys of a kind unique.
    pub async fn keep_note_keys(&self, activity: Activity, kept: bool) -> Result<(), Gone> {
        let about = AboutNotes::Keys(AboutNoteKeys::Keep(activity, kept));
        self.send_notes(about).await
    }

    /// What the journal knows about a file.
    pub async fn find_file(&self, key: String) -> Result<Option<FileStep>, Gone> {
        self.ask(|reply| Message::Files(AboutFiles::Find { key, reply }))
            .await
    }

    /// Whether a local file that was found by its name alone belongs to this key, and to no other
    /// of the run.
    pub async fn take_name(&self, path: String, key: String) -> Result<bool, Gone> {
        let about = |reply| AboutFiles::TakeName { path, key, reply };
        self.ask(|reply| Message::Files(about(reply))).await
    }

    /// Makes the intent to upload a file durable.
    pub async fn intend_file(&self, entry: FileEntry, now_ms: Option<i64>) -> Result<(), Gone> {
        let about = |reply| AboutFiles::Intend {
            entry,
            now_ms,
            reply,
        };
        self.ask(|reply| Message::Files(about(reply))).await
    }

    /// Records that an upload was lost that can be carried out until this time, in milliseconds of
    /// the portal's clock.
    pub async fn lose_file(&self, key: String, until_ms: i64) -> Result<(), Gone> {
        let about = AboutFiles::Lose { key, until_ms };
        self.send(Message::Files(about)).await
    }

    /// Withdraws the intent of a file: no call can have created it.
    pub async fn release_file(&self, key: String) -> Result<(), Gone> {
        self.send(Message::Files(AboutFiles::Release(key))).await
    }

    /// Records an existing file.
    pub async fn settle_file(&self, file: SettledFile) -> Result<(), Gone> {
        self.send(Message::Files(AboutFiles::Settle(file))).await
    }

    async fn send_notes(&self, about: AboutNotes) -> Result<(), Gone> {
        self.send(Message::Notes(about)).await
    }

    async fn send(&self, message: Message) -> Result<(), Gone> {
        self.queue.send(message).await.map_err(|_| Gone)
    }

    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Result<T, Gone> {
        let (reply, answer) = oneshot::channel();
        self.send(message(reply)).await?;
        answer.await.map_err(|_| Gone)
    }
}
