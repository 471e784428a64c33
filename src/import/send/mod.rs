//! `send`: brings a batch to its outcome. What all operations share: intents before the
//! first call, messages for refused rows, rows that stay unknown. The rounds of each
//! are in `create` and `change`, what they share in `rounds`.

mod rounds;
mod create;
mod change;
pub mod write;
pub(crate) mod parts;
pub mod reply;
mod lookup;
mod read_back;
pub(crate) mod missing;
pub(crate) mod reading;
pub(crate) mod tickets;
pub(crate) mod fallback_properties;
pub mod facts;

use std::collections::HashSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::flow::{Batch, Operation, PlannedOp, RowOutcome, Task};
use super::links::{Ends, LinkKinds};
use super::notes::Notes;
use super::settle::{RowIntent, SettleHandle};
use super::stop::StopSwitch;
use crate::hubspot::Client;
use crate::journal::{KeyClaim, Keys};
use crate::mapping::CompiledMapping;
use crate::model::issue::{Reason, RowIssue};
use crate::model::key::Key;
use crate::model::outcome::RowEnd;
use crate::model::place::Places;
use crate::model::stop::Stop;
use crate::model::ticket::PropertyValues;
use facts::Facts;
use fallback_properties::FallbackProperties;
use reply::Verdict;

/// Sends batches; shared by all that are in flight.
#[derive(Clone)]
pub struct Sender {
    /// The portal.
    pub client: Client,
    /// The operation.
    pub operation: Operation,
    /// The run's operation: an upsert that applies a plan has rows that are created and
    /// others that are updated (PL3).
    pub run: Operation,
    /// Stores intents and outcomes.
    pub settle: SettleHandle,
    /// Finds and creates the records that rows are linked to.
    pub ends: Ends,
    /// The kinds of links.
    pub kinds: LinkKinds,
    /// Says which column feeds a property, and the types of values.
    pub mapping: Arc<CompiledMapping>,
    /// Where values that the portal does not keep go (S6).
    pub fallbacks: Arc<FallbackProperties>,
    /// The key is not sent: the portal has no property for it (S7).
    pub no_key: bool,
    /// Turns comments into notes of their tickets.
    pub notes: Arc<Notes>,
    /// What is known about the portal beyond its definitions.
    pub facts: Arc<Facts>,
    /// Calls in flight, at most.
    pub concurrency: usize,
    /// Once it is set no new call is begun.
    pub stop: StopSwitch,
    /// Says where an earlier row is in the input.
    pub places: Places,
}

/// A ticket that a batch wrote, with what was sent for it.
#[derive(Debug)]
pub struct Wrote {
    /// Id of the ticket.
    pub ticket: String,
    /// What was sent.
    pub properties: PropertyValues,
}

/// The result of a batch.
#[derive(Debug, Default)]
pub struct Delivered {
    /// Tickets that it wrote.
    pub wrote: Vec<Wrote>,
    /// Rows that differ from the portal, to be sent now that they have been compared.
    pub differing: Vec<PlannedOp>,
    /// Rows whose call may still be carried out: to be passed in again when it no longer can (S4).
    pub late: Vec<PlannedOp>,
    /// Rows that a call of this batch may have written, by their numbers.
    pub began: HashSet<u64>,
    /// Why the run has to stop, if it has to.
    pub stop: Option<Stop>,
}

impl Delivered {
    /// Records from a verdict whether a call may have written its row.
    pub(super) fn note(&mut self, op: &PlannedOp, verdict: &Verdict) {
        if let Verdict::Written { .. } | Verdict::Unclear | Verdict::Late = verdict {
            let _new = self.began.insert(op.source.seq);
        }
    }
}

/// Rows of a batch that no process intended before, by their numbers.
pub(super) fn fresh(batch: &Batch) -> Vec<u64> {
    let ops = batch.ops.iter().filter(|op| op.past.is_none());
    ops.map(|op| op.source.seq).collect()
}

impl Sender {
    /// Brings every row of the batch to its outcome, except for those that it returns; the others
    /// are settled when this returns, in the order in which they ended. When the run has to stop,
    /// rows without an outcome stay pending, or are counted as unknown.
    pub async fn deliver(&self, mut batch: Batch) -> Delivered {
        for op in &mut batch.ops {
            self.fallbacks.apply(&mut op.draft.properties);
        }
        if batch.task == Task::Compare {
            return self.compare(batch).await;
        }
        // All rows of a batch have the same planned action; `batch` ensures that.
        let first = batch.ops.first();
        match first.and_then(PlannedOp::planned_operation) {
            Some(operation) => {
                let sender = Sender {
                    operation,
                    ..self.clone()
                };
                sender.send(batch).await
            }
            None => self.send(batch).await,
        }
    }

    async fn send(&self, batch: Batch) -> Delivered {
        match self.operation {
            Operation::Associate | Operation::Dissociate => self.associate(batch).await,
            Operation::Create | Operation::Update | Operation::Upsert | Operation::Archive => {
                self.write(batch).await
            }
        }
    }

    /// Counts rows as unknown: they were sent, and this process won't learn more.
    pub(super) async fn count_unknown(&self, rows: usize) {
        if rows > 0 {
            // A settle thread that is gone reports its own error.
            let _gone = self.settle.unknown(rows as u64).await;
        }
    }

    /// Withdraws the intents of rows whose call never began, when the run has to stop:
    /// what another run creates for them meanwhile is not ours (K6).
    pub(super) async fn release_unsent(&self, fresh: Vec<u64>, delivered: &Delivered) {
        if delivered.stop.is_some() {
            let unsent = fresh.into_iter();
            let unsent = unsent.filter(|seq| !delivered.began.contains(seq));
            // A settle thread that is gone reports its own error.
            let _gone = self.settle.release(unsent.collect()).await;
        }
    }

    /// Counts this many rows as unknown when the run has to stop.
    pub(super) async fn or_lose<T>(
        &self,
        rows: usize,
        outcome: Result<T, Stop>,
    ) -> Result<T, Stop> {
        if outcome.is_err() {
            self.count_unknown(rows).await;
        }
        outcome
    }

    /// Makes the intents durable (D2); rows whose key another row of this run holds are
    /// settled here (K4, K2).
    pub(super) async fn write_intents<R>(
        &self,
        rows: Vec<R>,
        intended: Option<Timestamp>,
    ) -> Result<Vec<R>, Stop>
    where
        R: AsRef<PlannedOp> + AsMut<PlannedOp> + Into<PlannedOp>,
    {
        if rows.is_empty() {
            return Ok(rows);
        }
        let claims = self.settle.intend(self.intents(&rows), intended).await?;
        self.keep_free(rows, claims).await
    }

    /// Settles those of some rows whose key another row of this run holds, as `write_intents`
    /// would; nothing is intended.
    pub(super) async fn refuse_taken<R>(&self, rows: Vec<R>) -> Result<Vec<R>, Stop>
    where
        R: AsRef<PlannedOp> + AsMut<PlannedOp> + Into<PlannedOp>,
    {
        if rows.is_empty() {
            return Ok(rows);
        }
        let claims = self.settle.claims(self.intents(&rows)).await?;
        self.keep_free(rows, claims).await
    }

    fn intents<R: AsRef<PlannedOp>>(&self, rows: &[R]) -> Vec<RowIntent> {
        let counted = self.mapping.counts_keys();
        let keys = self.run.keys(self.mapping.rows_are_tickets());
        let rows = rows.iter();
        rows.map(|row| row_intent(row.as_ref(), self.run, keys, counted))
            .collect()
    }

    /// Rows whose key is free, under that key; the others are refused.
    async fn keep_free<R>(&self, rows: Vec<R>, claims: Vec<KeyClaim>) -> Result<Vec<R>, Stop>
    where
        R: AsRef<PlannedOp> + AsMut<PlannedOp> + Into<PlannedOp>,
    {
        let mut free = Vec::new();
        let mut refused = Vec::new();
        for (mut row, claim) in rows.into_iter().zip(claims) {
            match claim {
                KeyClaim::Free(key) => {
                    row.as_mut().rekey(self.mapping.key_property(), key);
                    free.push(row);
                }
                KeyClaim::Taken { key, file, line } => {
                    refused.push(self.taken(row.into(), key, self.places.words(file, line)));
                }
            }
        }
        self.settle.settle(refused).await?;
        Ok(free)
    }

    fn taken(&self, op: PlannedOp, other: Key, place: String) -> RowOutcome {
        let reason = match other == op.draft.key {
            true => Reason::RepeatedKey { place },
            false => Reason::KeyCase {
                other: other.into(),
                place,
            },
        };
        self.refuse_key(op, reason)
    }

    /// The portal names properties; the user knows columns.
    pub(super) fn refuse(&self, op: PlannedOp, issue: &RowIssue) -> RowOutcome {
        let placed = issue.problems().cloned().map(|mut problem| {
            if problem.column.is_none() {
                let property = problem.property.as_deref().unwrap_or_default();
                problem.column = self.mapping.column_of(property).map(str::to_owned);
            }
            problem
        });
        let placed = RowIssue::from_problems(placed.collect());
        let issue = placed.unwrap_or_else(|| issue.clone());
        op.ended(RowEnd::Refused(issue.into()))
    }
}

fn row_intent(op: &PlannedOp, operation: Operation, keys: Keys, counted: bool) -> RowIntent {
    RowIntent {
        operation,
        seq: op.source.seq,
        address: op.source.address,
        key: op.draft.key.clone(),
        ticket: op.ticket.clone().map(String::from),
        keys,
        body: op.body,
        changes: op.changes.clone(),
        counted,
    }
}
