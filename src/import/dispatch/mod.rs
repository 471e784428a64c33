//! batch → send: keeps batches in flight until there is nothing left, or the run has to stop. The
//! first batch is the canary. Rows whose call may still be carried out wait here, and are sent
//! again once that is no longer possible. Rows with files are sent by `filed_loads`.

pub mod batch;
mod late;
pub(crate) mod canary;
pub(crate) mod last;
mod filed_loads;
#[cfg(test)]
mod testing;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::flow::{Batch, Operation, PlannedOp, Task};
use super::job::Options;
use super::send::{Delivered, Sender, Wrote};
use super::stop::StopSwitch;
use crate::model::event::{Event, Listener};
use crate::model::key::FoldedKey;
use crate::model::stop::{Delay, Stop};
use batch::{Batcher, Which};
use late::LateRows;

/// How long calls in flight may take once the run stops.
pub const GRACE: Duration = Duration::from_secs(30);

/// How often a run at least records that it is alive, unless its horizon is shorter.
const ALIVE: Duration = Duration::from_secs(5);

/// The shortest time between two such records.
const HASTE: Duration = Duration::from_millis(100);

/// How often a run with this horizon at least records that it is alive: a shorter delay is covered
/// by waiting anyway.
pub fn alive(horizon: Duration) -> Duration {
    ALIVE.min(horizon.max(HASTE))
}

/// What comes back from a batch.
struct Finished {
    /// What was done with its rows.
    task: Task,
    /// Their keys.
    keys: Vec<FoldedKey>,
    /// Its result.
    delivered: Delivered,
}

/// Batches in flight.
pub struct Dispatcher {
    sender: Arc<Sender>,
    listener: Arc<dyn Listener>,
    stop: StopSwitch,
    batcher: Batcher,
    late: LateRows,
    in_flight: JoinSet<Finished>,
    concurrency: usize,
    canary: Canary,
}

/// The state of the run's canary (S6).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Canary {
    /// The next batch sent is the first: small and alone.
    First,
    /// It is in flight.
    Sent,
    /// It wrote nothing, so the first batch that does is read back; until then batches are full and
    /// sent concurrently.
    Waiting,
    /// Tickets were read back and hold what was sent, or the operation writes nothing to check.
    Passed,
}

impl Dispatcher {
    /// Nothing is in flight yet.
    pub fn new(
        sender: Arc<Sender>,
        listener: Arc<dyn Listener>,
        first: Task,
        options: &Options,
    ) -> Dispatcher {
        Dispatcher {
            canary: match sender.operation {
                Operation::Archive | Operation::Associate | Operation::Dissociate => Canary::Passed,
                _ => Canary::First,
            },
            sender,
            listener,
            stop: options.stop.clone(),
            batcher: Batcher::new(options.batch_size, first),
            late: LateRows::new(options.horizon),
            in_flight: JoinSet::new(),
            concurrency: options.concurrency,
        }
    }

    /// Sends everything that arrives, until nothing more arrives and everything has finished.
    pub async fn run(mut self, mut planned: mpsc::Receiver<Vec<PlannedOp>>) {
        let mut reading = true;
        let mut deadline = None;
        let mut given_up = false;
        let mut alive = tokio::time::interval(alive(self.late.horizon()));
        loop {
            self.start_batches(reading);
            let wants = reading && self.has_room() && !self.stop.is_pulled();
            let may_send = self.may_start() && self.sends() > 0;
            let due = self.late.next_due().filter(|_| may_send);
            tokio::select! {
                Some(finished) = self.in_flight.join_next() => self.finish(finished).await,
                // Without room the channel stays full, and the reader thread waits.
                chunk = planned.recv(), if wants => match chunk {
                    Some(ops) => ops.into_iter().for_each(|op| self.batcher.push(op)),
                    None => reading = false,
                },
                // What is in flight may finish; nothing new starts, and the reader thread ends
                // because its rows are no longer received.
                () = self.stop.pulled(), if deadline.is_none() => {
                    planned.close();
                    self.sender.client.wind_down();
                    reading = false;
                    deadline = Some(Instant::now() + GRACE);
                }
                // Late rows are due: the next iteration starts their batch.
                () = sleep_until(due), if due.is_some() => {}
                // Too late to wait for replies: rows without one stay unknown.
                () = sleep_until(deadline), if deadline.is_some() && !given_up => {
                    self.sender.client.give_up();
                    given_up = true;
                }
                _now = alive.tick() => {
                    // If the settle thread has ended, it reports its own error.
                    let _gone = self.sender.settle.alive().await;
                }
                else => break,
            }
            if self.is_done(reading) {
                break;
            }
        }
        self.sender.count_unknown(self.late.len()).await;
    }

    /// Whether everything has finished, and nothing more is to be sent.
    fn is_done(&self, reading: bool) -> bool {
        let has_more = reading || !self.batcher.is_idle() || !self.late.is_empty();
        self.in_flight.is_empty() && (self.stop.is_pulled() || !has_more)
    }

    fn has_room(&self) -> bool {
        self.batcher.has_room() && self.late.has_room()
    }

    /// Starts batches while there is room.
    fn start_batches(&mut self, reading: bool) {
        loop {
            if !self.may_start() {
                return;
            }
            let Some(batch) = self.next_batch(reading) else {
                return;
            };
            if batch.task == Task::Send && self.canary == Canary::First {
                self.canary = Canary::Sent;
            }
            let sender = Arc::clone(&self.sender);
            let _task = self.in_flight.spawn(async move {
                Finished {
                    task: batch.task,
                    keys: batch
                        .ops
                        .iter()
                        .map(PlannedOp::folded_key)
                        .cloned()
                        .collect(),
                    delivered: sender.deliver(batch).await,
                }
            });
        }
    }

    /// Rows that waited come first. A batch that is not full is sent only when no more rows can
    /// arrive.
    fn next_batch(&mut self, reading: bool) -> Option<Batch> {
        let sends = self.sends();
        let waited = self
            .late
            .due(Instant::now(), sends.min(self.batcher.inputs()));
        if waited.is_some() {
            return waited;
        }
        loop {
            let which = match reading && self.has_room() {
                true => Which::Full,
                // No comparison is in flight that could bring more rows to send.
                false if self.in_flight.is_empty() => Which::Last,
                false => Which::Ready,
            };
            let batch = self.batcher.take(sends, which)?;
            let batch = self.hold_past(batch);
            // All its rows may have to wait; then there may be another batch.
            if !batch.ops.is_empty() {
                return Some(batch);
            }
        }
    }

    /// Holds back rows with an intent from an earlier process, whose calls may still be carried
    /// out. Exceptions: a create is guarded by its key, and late links do no harm.
    fn hold_past(&mut self, batch: Batch) -> Batch {
        let operation = self.sender.operation;
        if operation == Operation::Create || operation.only_links() {
            return batch;
        }
        let task = batch.task;
        let may_come =
            |op: &PlannedOp| op.past.is_some() && op.planned_operation() != Some(Operation::Create);
        let (past, ops) = batch.ops.into_iter().partition(may_come);
        self.hold(past);
        Batch { task, ops }
    }

    fn hold(&mut self, ops: Vec<PlannedOp>) {
        if ops.is_empty() {
            return;
        }
        if self.late.is_empty() {
            let seconds = self.late.horizon().as_secs_f64();
            self.listener.hear(&Event::Notice(format!(
                "calls were lost that the portal may still carry out: their rows are looked \
                 up {seconds} s later, and sent again if they differ"
            )));
        }
        self.late.take_in(ops, Instant::now());
    }

    /// How many rows a batch may send: none while the very first batch is in flight.
    fn sends(&self) -> usize {
        match self.canary {
            Canary::First => canary::SIZE,
            Canary::Sent => 0,
            Canary::Waiting | Canary::Passed => usize::MAX,
        }
    }

    /// Whether another batch may start: as many as keep the portal busy, since each
    /// waits for one call at a time.
    fn may_start(&self) -> bool {
        let most = self.sender.client.useful_concurrency();
        !self.stop.is_pulled() && self.in_flight.len() < most.min(self.concurrency)
    }

    async fn finish(&mut self, finished: Result<Finished, JoinError>) {
        let Finished {
            task,
            mut keys,
            delivered,
        } = match finished {
            Ok(finished) => finished,
            Err(_) => {
                self.stop.pull(Stop::Later(Delay::Panicked));
                return;
            }
        };
        let held: HashSet<&FoldedKey> = delivered
            .late
            .iter()
            .chain(&delivered.differing)
            .map(PlannedOp::folded_key)
            .collect();
        // A row that is to be sent again keeps its key open, so that none overtakes it (K4).
        keys.retain(|key| !held.contains(key));
        match delivered.stop {
            // Rows waiting for these keys are not sent any more.
            Some(stop) => self.stop.pull(stop),
            None => keys.iter().for_each(|key| self.batcher.release(key)),
        }
        self.hold(delivered.late);
        self.batcher.push_differing(delivered.differing);
        match self.canary {
            Canary::Passed => {}
            // Nothing was sent that could be read back.
            _ if self.stop.is_pulled() || task == Task::Compare => {}
            _ if delivered.wrote.is_empty() => self.canary = Canary::Waiting,
            _ => self.read_back_first(&delivered.wrote).await,
        }
    }

    async fn read_back_first(&mut self, wrote: &[Wrote]) {
        let canary = canary::Canary {
            client: &self.sender.client,
            mapping: &self.sender.mapping,
            operation: self.sender.run,
            facts: &self.sender.facts,
        };
        match canary::check(canary, wrote).await {
            Ok(findings) => {
                self.canary = Canary::Passed;
                let notice = |words| self.listener.hear(&Event::Notice(words));
                findings.notices.into_iter().for_each(notice);
                self.sender.fallbacks.settle(findings.not_kept);
            }
            Err(stop) => self.stop.pull(stop),
        }
    }
}

/// Sleeps until a time, if there is one.
pub async fn sleep_until(deadline: Option<Instant>) {
    if let Some(deadline) = deadline {
        tokio::time::sleep_until(deadline).await;
    }
}
