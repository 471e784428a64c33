//! `batch`: fills batches to the limits and keeps rows of one key apart (protocol
//! K4). Pure: no clock, no I/O.
//!
//! A key is open from the moment its row enters until that row is settled. Later rows with the key
//! wait in file order; when too many wait, the reader stops. Rows of an update or upsert pass
//! through here twice: first to be compared, then, if they differ, to be sent. Rows that a plan
//! says are written are sent at once, creates and changes in separate batches.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};

use crate::import::flow::{Batch, Operation, PlannedOp, Task};
use crate::import::plan::CALL_BYTES;
use crate::model::key::FoldedKey;

/// How many rows may wait for a key before the reader has to wait.
const WAITING: usize = 1_000;

/// Rows on their way into batches.
pub struct Batcher {
    inputs: usize,
    /// The first thing done with a row.
    first: Task,
    ready: VecDeque<PlannedOp>,
    /// Rows that were compared and are to be sent.
    differing: VecDeque<PlannedOp>,
    /// Rows that a plan creates.
    created: VecDeque<PlannedOp>,
    open: HashMap<FoldedKey, VecDeque<PlannedOp>>,
    waiting: usize,
}

impl Batcher {
    /// Batches of at most `inputs` rows (HubSpot: 100 for tickets), in which rows that enter for
    /// the first time are for `first`.
    pub fn new(inputs: usize, first: Task) -> Batcher {
        Batcher {
            inputs,
            first,
            ready: VecDeque::new(),
            differing: VecDeque::new(),
            created: VecDeque::new(),
            open: HashMap::new(),
            waiting: 0,
        }
    }

    /// Rows of a full batch.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// Adds a row.
    pub fn push(&mut self, op: PlannedOp) {
        match self.open.entry(op.folded_key().clone()) {
            Entry::Occupied(mut behind) => {
                behind.get_mut().push_back(op);
                self.waiting += 1;
            }
            Entry::Vacant(free) => {
                let _behind = free.insert(VecDeque::new());
                self.enqueue(op);
            }
        }
    }

    fn enqueue(&mut self, op: PlannedOp) {
        match op.planned_operation() {
            Some(Operation::Create) => self.created.push_back(op),
            Some(_) => self.differing.push_back(op),
            None => self.ready.push_back(op),
        }
    }

    /// Adds rows that were compared and differ from the portal. Their keys are open.
    pub fn push_differing(&mut self, ops: Vec<PlannedOp>) {
        self.differing.extend(ops);
    }

    /// The row with this key is settled; the next row with it may be sent.
    pub fn release(&mut self, key: &FoldedKey) {
        let Some(behind) = self.open.get_mut(key) else {
            return;
        };
        match behind.pop_front() {
            Some(next) => {
                self.waiting -= 1;
                self.enqueue(next);
            }
            None => {
                let _closed = self.open.remove(key);
            }
        }
    }

    /// True while more rows may be added.
    pub fn has_room(&self) -> bool {
        let most = 2 * self.inputs;
        let queues = [&self.ready, &self.differing, &self.created];
        self.waiting < WAITING && queues.iter().all(|queue| queue.len() < most)
    }

    /// True when nothing can go into a batch now.
    pub fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.differing.is_empty() && self.created.is_empty()
    }

    /// The next batch, never above the limits and of at most `sends` rows if it is sent; none if no
    /// row may be sent.
    pub fn take(&mut self, sends: usize, which: Which) -> Option<Batch> {
        let sends = sends.min(self.inputs);
        let most = match self.first {
            Task::Compare => self.inputs,
            Task::Send => sends,
        };
        let is_enough = |queue: &VecDeque<PlannedOp>| queue.len() >= sends || self.is_full(queue);
        let (differ, create) = (is_enough(&self.differing), is_enough(&self.created));
        if differ && let Some(batch) = pop(&mut self.differing, sends, Task::Send) {
            return Some(batch);
        }
        if create && let Some(batch) = pop(&mut self.created, sends, Task::Send) {
            return Some(batch);
        }
        let ready = which > Which::Full || self.is_full(&self.ready);
        if ready && let Some(batch) = pop(&mut self.ready, most, self.first) {
            return Some(batch);
        }
        match which {
            Which::Last => pop(&mut self.differing, sends, Task::Send)
                .or_else(|| pop(&mut self.created, sends, Task::Send)),
            Which::Full | Which::Ready => None,
        }
    }

    /// Whether a batch can be filled to a limit.
    fn is_full(&self, rows: &VecDeque<PlannedOp>) -> bool {
        let mut bytes = 0;
        let over = |op: &PlannedOp| {
            bytes += op.bytes;
            bytes > CALL_BYTES
        };
        rows.len() >= self.inputs || rows.iter().any(over)
    }
}

/// Which batches may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Which {
    /// Full ones only: more rows may follow.
    Full,
    /// Those that are ready: no more rows can enter for the first time.
    Ready,
    /// All: no more rows can return from a comparison either.
    Last,
}

fn pop(rows: &mut VecDeque<PlannedOp>, most: usize, task: Task) -> Option<Batch> {
    let mut bytes = 0;
    let mut ops = Vec::new();
    while let Some(op) = rows.front() {
        bytes += op.bytes;
        if ops.len() == most || (bytes > CALL_BYTES && !ops.is_empty()) {
            break;
        }
        ops.extend(rows.pop_front());
    }
    (!ops.is_empty()).then_some(Batch { task, ops })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::dispatch::testing::op;
    use crate::model::plan::{Planned, PlannedAction};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn limits_hold_no_row_is_lost_and_a_key_keeps_file_order(
            rows in proptest::collection::vec((0..12u8, 1..CALL_BYTES), 0..200),
            inputs in 1..20usize,
            diff in any::<bool>(),
            planned in any::<bool>(),
        ) {
            let first = if diff || planned { Task::Compare } else { Task::Send };
            let action = |n: usize| match n % 3 {
                0 => PlannedAction::Create,
                1 => PlannedAction::Update,
                _ => PlannedAction::Unchanged,
            };
            let mut batcher = Batcher::new(inputs, first);
            let mut rows_left = rows.iter().enumerate();
            let mut in_flight: VecDeque<Batch> = VecDeque::new();
            let mut sent: Vec<(u64, FoldedKey)> = Vec::new();
            loop {
                if batcher.has_room()
                    && let Some((idx, (key, bytes))) = rows_left.next() {
                    let mut op = op(idx as u64, &format!("K{key}"), *bytes);
                    op.planned = planned.then(|| Box::new(Planned {
                        action: action(idx),
                        ticket: None,
                        changes: Vec::new(),
                        links: Vec::new(),
                    }));
                    batcher.push(op);
                    continue;
                }
                if let Some(batch) = batcher.take(inputs, Which::Last) {
                    prop_assert!(batch.ops.len() <= inputs);
                    let bytes: usize = batch.ops.iter().map(|op| op.bytes).sum();
                    prop_assert!(bytes <= CALL_BYTES || batch.ops.len() == 1);
                    let of_first = batch.ops[0].planned_operation();
                    prop_assert!(batch.ops.iter().all(|op| op.planned_operation() == of_first));
                    for op in &batch.ops {
                        let open = in_flight.iter().flat_map(|batch| &batch.ops)
                            .chain(&batch.ops).filter(|other| other.folded_key() == op.folded_key());
                        prop_assert_eq!(open.count(), 1, "a key is in flight once");
                    }
                    in_flight.push_back(batch);
                    if in_flight.len() < 3 { continue; }
                }
                let Some(done) = in_flight.pop_front() else { break };
                if done.task == Task::Compare && !planned {
                    batcher.push_differing(done.ops);
                    continue;
                }
                for op in done.ops {
                    sent.push((op.source.seq, op.folded_key().clone()));
                    batcher.release(op.folded_key());
                }
            }
            prop_assert_eq!(sent.len(), rows.len());
            for key in 0..12u8 {
                let key = FoldedKey::of(&format!("K{key}"));
                let order: Vec<u64> = sent.iter()
                    .filter(|(_, sent_key)| *sent_key == key).map(|(seq, _)| *seq).collect();
                prop_assert!(order.is_sorted(), "{order:?}");
            }
        }
    }
}
