//! Rows whose notes wait for files: they are sent alongside the others, a few rows at a
//! time, so that no ticket waits for another one's files (protocol H7).

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::import::flow::Standing;
use crate::import::send::Sender;
use crate::model::stop::{Delay, Stop};

/// Files in a load. They are uploaded one after another.
const FILES: usize = 4;

/// Bytes of texts that may wait for the files before them.
const WAITING_BYTES: usize = 16 << 20;

/// Rows in flight to their files and notes.
pub(crate) struct FiledLoads {
    sender: Arc<Sender>,
    waiting: VecDeque<Standing>,
    bytes: usize,
    in_flight: JoinSet<Result<usize, Stop>>,
    /// Rows that have to wait for the next sweep.
    pub(crate) open: usize,
}

/// Whether a row has files.
pub(crate) fn has_files(row: &Standing) -> bool {
    count(row) > 0
}

fn count(row: &Standing) -> usize {
    row.op.draft.notes.iter().map(|note| note.files.len()).sum()
}

/// Bytes of a row's texts, with an allowance for each.
fn bytes(row: &Standing) -> usize {
    let notes = row.op.draft.notes.iter();
    notes.map(|note| note.body.len() + 256).sum()
}

impl FiledLoads {
    pub(crate) fn new(sender: Arc<Sender>) -> FiledLoads {
        FiledLoads {
            sender,
            waiting: VecDeque::new(),
            bytes: 0,
            in_flight: JoinSet::new(),
            open: 0,
        }
    }

    /// Adds a row; waits only if too much is waiting already.
    pub(crate) async fn take(&mut self, row: Standing) -> Result<(), Stop> {
        self.bytes += bytes(&row);
        self.waiting.push_back(row);
        self.start_loads();
        while self.bytes > WAITING_BYTES && !self.in_flight.is_empty() {
            self.finish_load().await?;
            self.start_loads();
        }
        while let Some(finished) = self.in_flight.try_join_next() {
            self.finished(finished)?;
        }
        Ok(())
    }

    /// Starts as many loads as use the portal's allowance.
    fn start_loads(&mut self) {
        let most = self.sender.client.useful_concurrency();
        let most = most.min(self.sender.concurrency);
        while self.in_flight.len() < most {
            let mut rows = Vec::new();
            let mut files = 0;
            let fits = |row: &Standing, files: usize| files == 0 || files + count(row) <= FILES;
            while self.waiting.front().is_some_and(|row| fits(row, files)) {
                let Some(row) = self.waiting.pop_front() else {
                    break;
                };
                files += count(&row);
                self.bytes = self.bytes.saturating_sub(bytes(&row));
                rows.push(row);
            }
            if rows.is_empty() {
                return;
            }
            let sender = Arc::clone(&self.sender);
            let _task = self
                .in_flight
                .spawn(async move { sender.notes.deliver(rows).await });
        }
    }

    async fn finish_load(&mut self) -> Result<(), Stop> {
        match self.in_flight.join_next().await {
            Some(finished) => self.finished(finished),
            None => Ok(()),
        }
    }

    fn finished(
        &mut self,
        finished: Result<Result<usize, Stop>, tokio::task::JoinError>,
    ) -> Result<(), Stop> {
        let died = |_| Stop::Later(Delay::Panicked);
        self.open += finished.map_err(died)??;
        Ok(())
    }

    /// Waits for all rows; after a stop only for those in flight.
    pub(crate) async fn finish(&mut self, mut stop: Option<Stop>) -> Option<Stop> {
        loop {
            if stop.is_none() && !self.sender.stop.is_pulled() {
                self.start_loads();
            }
            if self.in_flight.is_empty() {
                return stop.or_else(|| self.sender.stop.reason());
            }
            let finished = self.finish_load().await;
            stop = stop.or(finished.err());
        }
    }
}
