//! Rows whose call may still be carried out (protocol S4): they wait, with their keys held open,
//! until none of these calls can arrive late any more. Bounded; when it is full, reading waits.
//! Pure; callers pass in the time.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::import::flow::{Batch, PlannedOp, Task};

/// How many rows may wait.
const ROWS: usize = 10_000;
/// How many bytes they may take, about.
const BYTES: usize = 32 * 1024 * 1024;

/// Rows that wait.
pub struct LateRows {
    horizon: Duration,
    /// In the order in which they are due, since all wait equally long.
    rows: VecDeque<(Instant, PlannedOp)>,
    bytes: usize,
}

impl LateRows {
    /// No rows yet; each row will wait this long.
    pub fn new(horizon: Duration) -> LateRows {
        LateRows {
            horizon,
            rows: VecDeque::new(),
            bytes: 0,
        }
    }

    /// Adds rows whose last attempt ended now, or began before this process did.
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

    /// True while more rows may be added.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::dispatch::testing;

    fn op(seq: u64, bytes: usize) -> PlannedOp {
        testing::op(seq, "", bytes)
    }

    #[test]
    fn rows_come_out_when_they_are_due_and_in_their_order() {
        let begin = Instant::now();
        let at = |seconds| begin + Duration::from_secs(seconds);
        let mut late = LateRows::new(Duration::from_secs(120));
        late.take_in(vec![op(1, 9), op(2, 9)], at(0));
        late.take_in(vec![op(3, 9)], at(10));
        let mut seqs = |now, most| {
            let batch = late.due(now, most);
            let ops = batch.map_or_else(Vec::new, |batch| batch.ops);
            ops.iter().map(|op| op.source.seq).collect::<Vec<_>>()
        };
        assert!(seqs(at(119), 100).is_empty());
        assert_eq!(seqs(at(125), 1), [1]);
        assert_eq!(seqs(at(125), 100), [2]);
        assert_eq!(seqs(at(130), 100), [3]);
        assert!(late.is_empty() && late.bytes == 0);
    }

    #[test]
    fn neither_many_rows_nor_large_ones_are_taken_in_without_end() {
        for bytes in [1, BYTES / 7] {
            let mut late = LateRows::new(Duration::ZERO);
            while late.has_room() {
                late.take_in(vec![op(1, bytes)], Instant::now());
            }
            assert_eq!(late.len(), if bytes == 1 { ROWS } else { 8 });
        }
    }
}
