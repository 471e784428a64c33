//! Rows whose call may yet be carried out (protocol S4): they wait, with their keys
//! held open, until nothing can come late any more. Bounded; when it is full, reading
//! waits. Pure but for the moments that it is told.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use super::flow::{Batch, PlannedOp, Task};

/// Rows that may wait.
const ROWS: usize = 10_000;
/// Bytes that they may take, about.
const BYTES: usize = 32 * 1024 * 1024;

/// Rows that wait.
pub struct Parking {
    horizon: Duration,
    /// In the order in which they are due, since all wait for the same time.
    rows: VecDeque<(Instant, PlannedOp)>,
    bytes: usize,
}

impl Parking {
    /// Nothing waits; what will, waits for this time.
    pub fn new(horizon: Duration) -> Parking {
        Parking {
            horizon,
            rows: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Takes in rows whose last attempt ended now, or began before this process did.
    pub fn take_in(&mut self, ops: Vec<PlannedOp>, now: Instant) {
        let due = now + self.horizon;
        self.bytes += ops.iter().map(size).sum::<usize>();
        self.rows.extend(ops.into_iter().map(|op| (due, op)));
    }

    /// At most `most` rows that are due.
    pub fn due(&mut self, now: Instant, most: usize) -> Option<Batch> {
        let mut ops = Vec::new();
        while ops.len() < most && self.next_due().is_some_and(|due| due <= now) {
            ops.extend(self.rows.pop_front().map(|(_, op)| op));
        }
        self.bytes -= ops.iter().map(size).sum::<usize>();
        let task = Task::Send;
        (!ops.is_empty()).then_some(Batch { task, ops })
    }

    /// How long rows wait.
    pub fn horizon(&self) -> Duration {
        self.horizon
    }

    /// When the next row is due.
    pub fn next_due(&self) -> Option<Instant> {
        self.rows.front().map(|(due, _)| *due)
    }

    /// True while more rows may come in.
    pub fn has_room(&self) -> bool {
        self.rows.len() < ROWS && self.bytes < BYTES
    }

    /// Rows that wait.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True when nothing waits.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

/// A row with its cells, about.
fn size(op: &PlannedOp) -> usize {
    op.bytes + op.source.cells.text_len()
}
