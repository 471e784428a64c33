//! Applies messages to a commit: intents, outcomes, and other records that rows need. Answers are
//! held back until the commit is durable, settled rows until they are in the files.

use tokio::sync::oneshot;

use super::handle::{
    AboutFiles, AboutNoteKeys, AboutNotes, AboutOthers, AboutRows, Message, RowIntent, RowsRead,
    WaitingPage,
};
use super::ledger::Ledger;
use crate::error::Error;
use crate::import::flow::RowOutcome;
use crate::journal::{Commit, Intent, JournalError, RowEntry, RunState};
use crate::model::outcome::{Fate, Tally};
use crate::model::schema::ObjectType;

/// Answers that wait for a commit, and rows that wait for the files.
#[derive(Default)]
pub(super) struct Group {
    pub(super) answers: Vec<Box<dyn FnOnce() + Send>>,
    pub(super) settled: Vec<RowOutcome>,
}

/// An open commit, with all that messages change.
pub(super) struct OpenCommit<'a> {
    pub(super) commit: Commit<'a>,
    pub(super) ledger: &'a mut Ledger,
    pub(super) state: &'a mut RunState,
    pub(super) group: &'a mut Group,
}

impl OpenCommit<'_> {
    /// Applies one message.
    pub(super) fn apply(&mut self, message: Message) -> Result<(), Error> {
        match message {
            Message::Read(read) => self.apply_read(read),
            Message::Ended(state) => {
                *self.state = state;
                Ok(())
            }
            Message::Settle(outcomes) => self.settle(outcomes),
            Message::Unknown(rows) => count_unknown(&mut self.ledger.tally, rows),
            Message::Intend { intents, at, reply } => {
                let claims = intents
                    .iter()
                    .map(|one| self.commit.intend(&intent(one), at));
                let claims = claims.collect::<Result<Vec<_>, _>>()?;
                self.answer(reply, claims);
                Ok(())
            }
            Message::Earlier {
                operation,
                rows,
                reply,
            } => {
                let rows = rows.iter();
                let found = rows.map(|(seq, key)| self.commit.earlier(operation.word(), key, *seq));
                let found = found.collect::<Result<Vec<_>, _>>()?;
                self.answer(reply, found);
                Ok(())
            }
            Message::Waiting { after, most, reply } => {
                let page = WaitingPage {
                    rows: self.commit.waiting(after, most)?,
                    whole: *self.state == RunState::Finished,
                };
                self.answer(reply, page);
                Ok(())
            }
            Message::Alive => Ok(()),
            Message::Rows(about) => Ok(self.apply_to_rows(about)?),
            Message::Others(about) => self.apply_to_others(about),
            Message::Notes(about) => Ok(self.apply_to_notes(about)?),
            Message::Files(about) => Ok(self.apply_to_files(about)?),
        }
    }

    fn apply_read(&mut self, read: RowsRead) -> Result<(), Error> {
        (0..read.rows).for_each(|_| self.ledger.tally.enter());
        count_unknown(&mut self.ledger.tally, read.unknown)?;
        self.ledger.offset = read.offset;
        self.commit.mark("offset", read.offset)?;
        self.settle(read.fallen)
    }

    /// Applies what is stored about rows in flight.
    fn apply_to_rows(&mut self, about: AboutRows) -> Result<(), JournalError> {
        match about {
            AboutRows::FreeKeys { intents, reply } => {
                let claims = intents.iter().map(|one| self.commit.claim(&intent(one)));
                let claims = claims.collect::<Result<Vec<_>, _>>()?;
                self.answer(reply, claims);
            }
            AboutRows::Name {
                operation,
                rows,
                reply,
            } => {
                for (seq, ticket) in &rows {
                    self.commit.name_record(operation.word(), *seq, ticket)?;
                }
                self.answer(reply, ());
            }
            AboutRows::Release(rows) => {
                for row in rows {
                    self.commit.release(row)?;
                }
            }
            AboutRows::Renew { rows, reply } => {
                for row in rows {
                    self.commit.renew(row)?;
                }
                self.answer(reply, ());
            }
            AboutRows::KeepLinks { rows, reply } => {
                for (seq, links) in &rows {
                    self.commit.keep_links(*seq, links)?;
                }
                self.answer(reply, ());
            }
            AboutRows::Wait(rows) => {
                for row in &rows {
                    self.commit.wait(row)?;
                }
                self.ledger.waiting += rows.len() as u64;
            }
        }
        Ok(())
    }

    fn apply_to_notes(&mut self, about: AboutNotes) -> Result<(), JournalError> {
        match about {
            AboutNotes::Find { keys, reply } => {
                let steps = keys.iter().map(|key| self.commit.note(key));
                let steps = steps.collect::<Result<Vec<_>, _>>()?;
                self.answer(reply, steps);
            }
            AboutNotes::Intend { entries, reply } => {
                let intended = entries.iter().map(|entry| self.commit.intend_note(entry));
                let intended = intended.collect::<Result<Vec<_>, _>>()?;
                self.answer(reply, intended);
            }
            AboutNotes::Lose { keys, until_ms } => {
                for key in &keys {
                    self.commit.lose_note(key, until_ms)?;
                }
            }
            AboutNotes::Release(keys) => {
                for key in &keys {
                    self.commit.release_note(key)?;
                }
            }
            AboutNotes::Settle(notes) => {
                for note in &notes {
                    self.commit.settle_note(note)?;
                    self.ledger.count_note(note.state);
                }
            }
            AboutNotes::Twin { note, reply } => {
                self.commit.settle_note(&note)?;
                self.answer(reply, ());
            }
            AboutNotes::Keys(about) => self.apply_to_note_keys(about)?,
            AboutNotes::Until(reply) => {
                let until = self.commit.notes_until()?.max(self.commit.files_until()?);
                self.answer(reply, until);
            }
        }
        Ok(())
    }

    /// Applies whether the portal keeps the keys of a kind of notes unique.
    fn apply_to_note_keys(&mut self, about: AboutNoteKeys) -> Result<(), JournalError> {
        match about {
            AboutNoteKeys::AreKept(activity, reply) => {
                let kept = self.commit.note_keys_kept(activity)?;
                self.answer(reply, kept);
            }
            AboutNoteKeys::Keep(activity, kept) => self.commit.keep_note_keys(activity, kept)?,
        }
        Ok(())
    }

    fn apply_to_files(&mut self, about: AboutFiles) -> Result<(), JournalError> {
        match about {
            AboutFiles::Find { key, reply } => {
                let step = self.commit.file(&key)?;
                self.answer(reply, step);
            }
            AboutFiles::Intend {
                entry,
                now_ms,
                reply,
            } => {
                self.commit.intend_file(&entry, now_ms)?;
                self.ledger.begin_file(&entry.key, entry.size);
                self.answer(reply, ());
            }
            AboutFiles::Lose { key, until_ms } => {
                self.commit.lose_file(&key, until_ms)?;
                self.ledger.end_file(&key);
            }
            AboutFiles::Release(key) => {
                self.commit.release_file(&key)?;
                self.ledger.end_file(&key);
            }
            AboutFiles::TakeName { path, key, reply } => {
                let is_its = self.commit.take_name(&path, &key)?;
                self.answer(reply, is_its);
            }
            AboutFiles::Settle(file) => {
                self.ledger.end_file(&file.entry.key);
                if let Some(state) = self.commit.settle_file(&file)? {
                    self.ledger.count_file(state, file.entry.size);
                }
            }
        }
        Ok(())
    }

    fn apply_to_others(&mut self, about: AboutOthers) -> Result<(), Error> {
        match about {
            AboutOthers::Find { kind, keys, reply } => {
                let states = keys.iter().map(|key| self.commit.other(&kind, key));
                let states = states.collect::<Result<Vec<_>, _>>()?;
                self.answer(reply, states);
            }
            AboutOthers::Intend {
                kind,
                keys,
                at,
                reply,
            } => {
                for key in &keys {
                    self.commit.intend_other(&kind, key, at)?;
                }
                self.answer(reply, ());
            }
            AboutOthers::Release { kind, keys } => {
                for key in &keys {
                    self.commit.release_other(&kind, key)?;
                }
            }
            AboutOthers::Settle {
                object,
                kind,
                others,
            } => {
                for other in others {
                    self.commit
                        .settle_other(&kind, &other.key, &other.id, other.created)?;
                    let counts = other.created && object == ObjectType::Contacts;
                    self.ledger.contacts_created += u64::from(counts);
                }
            }
        }
        Ok(())
    }

    fn settle(&mut self, outcomes: Vec<RowOutcome>) -> Result<(), Error> {
        settle_all(&mut self.commit, self.ledger, &outcomes)?;
        self.group.settled.extend(outcomes);
        Ok(())
    }

    fn answer<T: Send + 'static>(&mut self, reply: oneshot::Sender<T>, value: T) {
        self.group.answers.push(answer(reply, value));
    }
}

/// An answer that waits for the commit; its receiver may be gone by then.
fn answer<T: Send + 'static>(reply: oneshot::Sender<T>, value: T) -> Box<dyn FnOnce() + Send> {
    Box::new(move || {
        let _gone = reply.send(value);
    })
}

/// Counts rows whose outcome this process won't learn.
fn count_unknown(tally: &mut Tally, rows: u64) -> Result<(), Error> {
    (0..rows)
        .try_for_each(|_| tally.shift(Fate::Pending, Fate::Unknown))
        .map_err(Error::unexpected)
}

/// The intent in the journal's form.
fn intent(row: &RowIntent) -> Intent<'_> {
    Intent {
        row: RowEntry {
            seq: row.seq,
            address: row.address,
        },
        kind: row.operation.word(),
        keys: row.keys,
        key: &row.key,
        record: row.ticket.as_deref(),
        body: row.body,
        changes: row.changes.as_deref(),
        counted: row.counted,
    }
}

fn settle_all(
    commit: &mut Commit<'_>,
    ledger: &mut Ledger,
    outcomes: &[RowOutcome],
) -> Result<(), Error> {
    for outcome in outcomes {
        let row = RowEntry {
            seq: outcome.source.seq,
            address: outcome.source.address,
        };
        commit.settle(row, outcome.key.as_deref(), &outcome.end)?;
        if let Some(written) = &outcome.written {
            commit.keep_written(row.seq, written)?;
        }
        for placed in &outcome.remarks {
            commit.count_remark(placed.remark)?;
            if ledger.values.count(placed) {
                commit.count_value(placed)?;
            }
        }
        ledger
            .tally
            .shift(Fate::Pending, outcome.end.fate())
            .map_err(Error::unexpected)?;
    }
    Ok(())
}
