//! batch → send: keeps batches in flight until there is nothing left, or the run
//! has to stop. The first batch is the canary.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;

use super::batch::Batcher;
use super::canary;
use super::flow::PlannedOp;
use super::run::Options;
use super::send::{Created, Delivered, Sender};
use super::stop::StopSwitch;
use crate::model::event::{Event, Listener, Stop};

/// How long calls in flight may go on once the run stops.
const GRACE: Duration = Duration::from_secs(30);

/// What comes back from a batch: its keys, and how it went.
type Landed = (Vec<String>, Delivered);

/// Batches in flight.
pub struct Flight {
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

impl Flight {
    /// Nothing is in flight yet.
    pub fn new(sender: Sender, listener: Arc<dyn Listener>, options: &Options) -> Flight {
        Flight {
            sender: Arc::new(sender),
            listener,
            stop: options.stop.clone(),
            batcher: Batcher::new(options.batch_size),
            in_flight: JoinSet::new(),
            concurrency: options.concurrency,
            canary: Canary::First,
        }
    }

    /// Sends all that comes, until nothing more comes and all has landed.
    pub async fn run(mut self, mut planned: mpsc::Receiver<Vec<PlannedOp>>) {
        let mut reading = true;
        let mut deadline = None;
        loop {
            self.launch(reading);
            let wants = reading && self.batcher.has_room() && !self.stop.is_pulled();
            tokio::select! {
                Some(landed) = self.in_flight.join_next() => self.land(landed).await,
                chunk = planned.recv(), if wants => match chunk {
                    Some(ops) => ops.into_iter().for_each(|op| self.batcher.push(op)),
                    None => reading = false,
                },
                () = self.stop.pulled(), if deadline.is_none() => {
                    planned.close();
                    reading = false;
                    deadline = Some(Instant::now() + GRACE);
                }
                () = sleep_until(deadline), if deadline.is_some() && !self.in_flight.is_empty() => {
                    self.in_flight.abort_all();
                }
                else => break,
            }
            if self.stop.is_pulled() && self.in_flight.is_empty() {
                break;
            }
            if !reading && self.batcher.is_idle() && self.in_flight.is_empty() {
                break;
            }
        }
    }

    /// Starts batches while there is room. A batch that is not full goes only when
    /// no more rows can come.
    fn launch(&mut self, reading: bool) {
        loop {
            let (most, size) = match self.canary {
                Canary::First => (1, canary::SIZE),
                Canary::Waiting | Canary::Sung => (self.useful_concurrency(), usize::MAX),
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

    /// As many batches as keep the portal busy; each waits for one call at a time.
    fn useful_concurrency(&self) -> usize {
        let useful = self.sender.client.useful_concurrency();
        useful.min(self.concurrency)
    }

    async fn land(&mut self, landed: Result<Landed, JoinError>) {
        let (keys, delivered) = match landed {
            Ok(landed) => landed,
            Err(error) if error.is_cancelled() => return,
            Err(_) => {
                let words = "a part of the run died".to_owned();
                self.stop.pull(Stop::Later(words));
                return;
            }
        };
        match delivered.stop {
            Some(stop) => self.stop.pull(stop),
            None => keys.iter().for_each(|key| self.batcher.release(key)),
        }
        match self.canary {
            Canary::Sung => {}
            Canary::First | Canary::Waiting if self.stop.is_pulled() => {}
            _ if delivered.created.is_empty() => self.canary = Canary::Waiting,
            Canary::First | Canary::Waiting => self.sing(&delivered.created).await,
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

async fn sleep_until(deadline: Option<Instant>) {
    if let Some(deadline) = deadline {
        tokio::time::sleep_until(deadline).await;
    }
}
