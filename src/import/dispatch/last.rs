//! The last phase, for rows that wait until all tickets of the input are written. They are read
//! again, a page at a time, their links to other tickets of the input are made, and their comments
//! become notes. A run that is resumed after its tickets were written has nothing else to do. Rows
//! with a note whose call may still be carried out late wait for the next sweep.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::filed_loads::{FiledLoads, has_files};
use super::{GRACE, alive, sleep_until};
use crate::error::Error;
use crate::import::flow::{Snapshot, Standing};
use crate::import::notes::{LOAD, LOAD_BYTES};
use crate::import::plan::feed::{changed, map};
use crate::import::plan::plan;
use crate::import::read::Reading;
use crate::import::resume::recover::Again;
use crate::import::send::Sender;
use crate::import::stop::replies_say_nothing;
use crate::journal::Waiting;
use crate::model::event::{Event, Listener};
use crate::model::record_id::RecordId;
use crate::model::stop::{Delay, Stop};

/// Rows that are read together.
const PAGE: usize = 500;

/// How many sweeps over the waiting rows before the run stops for later.
const SWEEPS: u32 = 12;

/// About how many calls the notes of a load make at once.
const CALLS_OF_LOAD: usize = 4;

/// Everything that the last phase needs.
pub struct LastPhase {
    /// The rows, to be read again.
    pub rows: Again,
    /// Finds, links, notes and settles.
    pub sender: Arc<Sender>,
    /// Notified of waits.
    pub listener: Arc<dyn Listener>,
}

impl LastPhase {
    /// Completes the waiting rows, until there are none or the run has to stop.
    ///
    /// # Errors
    /// When a row can't be read again, or has changed.
    pub async fn run(self) -> Result<(), Error> {
        let sender = Arc::clone(&self.sender);
        let sweeps = self.sweeps();
        tokio::pin!(sweeps);
        let mut alive = tokio::time::interval(alive(sender.notes.horizon()));
        let mut deadline = None;
        let mut given_up = false;
        loop {
            tokio::select! {
                done = &mut sweeps => return done,
                () = sender.stop.pulled(), if deadline.is_none() => {
                    sender.client.wind_down();
                    deadline = Some(Instant::now() + GRACE);
                }
                () = sleep_until(deadline), if deadline.is_some() && !given_up => {
                    sender.client.give_up();
                    given_up = true;
                }
                _now = alive.tick() => {
                    // If the settle thread has ended, it reports its own error.
                    let _gone = sender.settle.alive().await;
                }
            }
        }
    }

    async fn sweeps(mut self) -> Result<(), Error> {
        let stop = self.sender.stop.clone();
        for sweep in 0.. {
            if stop.is_pulled() {
                break;
            }
            let swept;
            (self, swept) = self.sweep().await?;
            match swept {
                Ok(0) => break,
                Ok(_) if sweep + 1 >= SWEEPS => stop.pull(replies_say_nothing()),
                Ok(rows) => {
                    if let Err(reason) = self.outwait(rows).await {
                        stop.pull(reason);
                    }
                }
                Err(reason) => stop.pull(reason),
            }
        }
        Ok(())
    }

    /// Goes through all waiting rows once; returns how many have to wait for the next sweep.
    async fn sweep(mut self) -> Result<(LastPhase, Result<usize, Stop>), Error> {
        let mut loads = Loads::new(Arc::clone(&self.sender));
        let stop = self.sender.stop.clone();
        let mut after = 0;
        while !stop.is_pulled() {
            let page = match self.sender.settle.waiting(after, PAGE).await {
                Ok(page) => page,
                Err(gone) => return Ok((self, Err(gone.into()))),
            };
            let Some(last) = page.rows.last() else { break };
            after = last.row.seq;
            let mut waiting = VecDeque::from(page.rows);
            while !waiting.is_empty() && !stop.is_pulled() {
                let read;
                (self.rows, waiting, read) = read_some(self.rows, &self.sender, waiting).await?;
                let linked = self.sender.link_last(read, page.whole).await;
                let taken = match linked {
                    Ok(linked) => loads.take(linked).await,
                    Err(reason) => Err(reason),
                };
                if let Err(reason) = taken {
                    stop.pull(reason);
                }
            }
        }
        let swept = loads.finish().await;
        Ok((self, swept))
    }

    /// Waits until no lost call for a note can be carried out any more, and what was made
    /// can be read.
    async fn outwait(&self, rows: usize) -> Result<(), Stop> {
        let notes = &self.sender.notes;
        let until = self.sender.settle.notes_until().await?;
        let now = self.sender.client.portal_now();
        let (Some(until), Some(now)) = (until, now) else {
            return Ok(());
        };
        let left = until.saturating_sub(now.as_millisecond()).max(0);
        let left = Duration::from_millis(left.unsigned_abs());
        // The portal's dates are truncated to seconds; this process knows more exactly when it lost
        // a call.
        let wait = left.max(notes.loses_until()) + notes.lag();
        self.listener.hear(&Event::Notice(format!(
            "calls for notes of {rows} rows were lost that the portal may still carry out: their \
             tickets are read in {:.0} s, and what lacks is sent again",
            wait.as_secs_f64().ceil()
        )));
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = self.sender.stop.pulled() => {}
        }
        Ok(())
    }
}

/// Rows in flight to their notes.
struct Loads {
    sender: Arc<Sender>,
    rows: Vec<Standing>,
    notes: usize,
    bytes: usize,
    in_flight: JoinSet<Result<usize, Stop>>,
    /// Rows whose notes wait for files.
    filed: FiledLoads,
    /// Rows that have to wait for the next sweep.
    open: usize,
}

impl Loads {
    fn new(sender: Arc<Sender>) -> Loads {
        Loads {
            filed: FiledLoads::new(Arc::clone(&sender)),
            sender,
            rows: Vec::new(),
            notes: 0,
            bytes: 0,
            in_flight: JoinSet::new(),
            open: 0,
        }
    }

    /// Settles rows without notes and gathers the others.
    async fn take(&mut self, rows: Vec<Standing>) -> Result<(), Stop> {
        let (noted, plain): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| row.op.notes > 0);
        let plain = plain.into_iter().map(Standing::ended);
        self.sender.settle.settle(plain.collect()).await?;
        for row in noted {
            if has_files(&row) {
                self.filed.take(row).await?;
                continue;
            }
            let (notes, bytes) = size(&row);
            if self.notes + notes > LOAD || self.bytes + bytes > LOAD_BYTES {
                self.start_load().await?;
            }
            self.notes += notes;
            self.bytes += bytes;
            self.rows.push(row);
        }
        Ok(())
    }

    async fn start_load(&mut self) -> Result<(), Stop> {
        (self.notes, self.bytes) = (0, 0);
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        let most = self.sender.client.useful_concurrency();
        let most = most.min(self.sender.concurrency) / CALLS_OF_LOAD + 1;
        while self.in_flight.len() >= most {
            self.take_ended().await?;
        }
        let sender = Arc::clone(&self.sender);
        let _task = self
            .in_flight
            .spawn(async move { sender.notes.deliver(rows).await });
        Ok(())
    }

    async fn take_ended(&mut self) -> Result<(), Stop> {
        let Some(ended) = self.in_flight.join_next().await else {
            return Ok(());
        };
        let died = |_| Stop::Later(Delay::Panicked);
        self.open += ended.map_err(died)??;
        Ok(())
    }

    /// How many rows have to wait for the next sweep, once all others are settled.
    async fn finish(mut self) -> Result<usize, Stop> {
        let mut stop = match self.sender.stop.reason() {
            Some(reason) => Some(reason),
            None => self.start_load().await.err(),
        };
        while !self.in_flight.is_empty() {
            let ended = self.take_ended().await;
            stop = stop.or(ended.err());
        }
        let stop = self.filed.finish(stop).await;
        stop.map_or(Ok(self.open + self.filed.open), Err)
    }
}

/// Notes and bytes of a row.
fn size(Standing { op, .. }: &Standing) -> (usize, usize) {
    let bytes = op.draft.notes.iter().map(|note| note.body.len()).sum();
    (op.draft.notes.len(), bytes)
}

type Read = (Again, VecDeque<Waiting>, Vec<Standing>);

/// Reads rows again, off the runtime, until there are enough for a load; the rest comes
/// next.
async fn read_some(
    mut rows: Again,
    sender: &Arc<Sender>,
    mut waiting: VecDeque<Waiting>,
) -> Result<Read, Error> {
    let sender = Arc::clone(sender);
    let reading = tokio::task::spawn_blocking(move || {
        let mut standing = Vec::new();
        let (mut notes, mut bytes) = (0, 0);
        while notes < LOAD && bytes < LOAD_BYTES {
            let Some(next) = waiting.pop_front() else {
                break;
            };
            let row = again(&mut rows, &sender, next)?;
            let more = size(&row);
            (notes, bytes) = (notes + more.0, bytes + more.1);
            standing.push(row);
        }
        Ok((rows, waiting, standing))
    });
    reading
        .await
        .map_err(|_| Error::unexpected("a part of the run died"))?
}

/// A row as it was planned, with its outcome apart from what it waits for.
fn again(rows: &mut Again, sender: &Sender, waiting: Waiting) -> Result<Standing, Error> {
    let Reading::Row(source) = rows.row(waiting.row)? else {
        return Err(other_row(&waiting));
    };
    let mapped = map(&sender.mapping, source);
    let planned = mapped.and_then(|row| plan(sender.operation, row));
    let mut op = planned.map_err(|_| other_row(&waiting))?;
    if waiting.body.is_some_and(|body| body != op.body) {
        return Err(changed(&op));
    }
    op.rekey(sender.mapping.key_property(), waiting.key);
    let ticket =
        RecordId::new(waiting.ticket).ok_or_else(|| no_ticket(waiting.row.address.line))?;
    let snapshot = waiting.change.map_or(Snapshot::Unchanged, Snapshot::Done);
    Ok(Standing::new(op, ticket, snapshot))
}

fn no_ticket(line: u64) -> Error {
    Error::must_fix(format!(
        "run.db is damaged: line {line} waits without a ticket"
    ))
}

fn other_row(waiting: &Waiting) -> Error {
    let line = waiting.row.address.line;
    Error::must_fix(format!("line {line} is not the row that it was"))
        .advise("bring back the file and the mapping that the run began with")
}
