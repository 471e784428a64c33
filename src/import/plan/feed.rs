//! The reader thread: read → map → plan, chunk by chunk. When a run is resumed, rows
//! that were settled before are skipped unmapped.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::family_keys::FamilyKeys;
use super::one_per::Rows;
use super::plan;
use crate::error::Error;
use crate::import::flow::{MappedRow, Operation, PlannedOp, RowOutcome};
use crate::import::job::Unknown;
use crate::import::read::{Input, Reading};
use crate::import::settle::SettleHandle;
use crate::journal::{Past, PastIntent, PlanReading, RunState};
use crate::mapping::{CompiledMapping, Mapped};
use crate::model::event::{Event, Listener};
use crate::model::key::Key;
use crate::model::outcome::{Change, RowEnd};
use crate::model::plan::PlannedAction;
use crate::model::record_id::RecordId;
use crate::model::row::SourceRow;
use crate::model::ticket::Missing;

/// Rows of a chunk.
const CHUNK: u64 = 100;
/// Bytes of cells in a chunk, about.
const CHUNK_BYTES: usize = 4 * 1024 * 1024;

/// Reads the input and feeds batch and settle.
pub struct Feed {
    /// What rows become.
    pub mapping: Arc<CompiledMapping>,
    /// What is done with them.
    pub operation: Operation,
    /// Notified of what is noticed on the way.
    pub listener: Arc<dyn Listener>,
    /// Gets rows that end early.
    pub settle: SettleHandle,
    /// Gets the other rows.
    pub ops: mpsc::Sender<Vec<PlannedOp>>,
    /// The maximum number of rows to read.
    pub limit: Option<u64>,
    /// Set in a run without keys: what to do with rows that are unknown.
    pub unknown: Option<Unknown>,
    /// What happened before, if the run is resumed.
    pub past: Option<Past>,
    /// The plan that the run applies, if any.
    pub plan: Option<PlanReading>,
    /// Other rows, whose keys retried rows must not have (R7).
    pub rivals: FamilyKeys,
}

/// Rows that were read together.
#[derive(Default)]
struct Chunk {
    rows: u64,
    bytes: usize,
    fallen: Vec<RowOutcome>,
    unknown: u64,
    ops: Vec<PlannedOp>,
}

impl Feed {
    /// Reads to the end or to the limit, or until no more rows are wanted.
    pub fn run(mut self, input: Input) -> Result<(), Error> {
        let mut input = Rows::new(input, Arc::clone(&self.mapping));
        if let Some(row) = self.past.as_ref().and_then(|past| past.contiguous) {
            input.seek_to(row)?;
            let _settled = input.next()?;
        }
        loop {
            let mut chunk = Chunk::default();
            let ended = self.fill(&mut input, &mut chunk)?;
            for notice in input.take_notices() {
                self.listener.hear(&Event::Notice(notice));
            }
            let sent = self
                .settle
                .read(chunk.rows, input.offset(), chunk.fallen, chunk.unknown);
            if sent.is_err() || self.ops.blocking_send(chunk.ops).is_err() {
                return Ok(());
            }
            if let Some(state) = ended {
                // If the settle thread has ended, it reports its own error.
                let _gone = self.settle.ended(state);
                return Ok(());
            }
        }
    }

    /// Reads a chunk; reports when there is nothing more to read.
    fn fill(&mut self, input: &mut Rows, chunk: &mut Chunk) -> Result<Option<RunState>, Error> {
        while chunk.rows < CHUNK && chunk.bytes < CHUNK_BYTES {
            if self.limit.is_some_and(|limit| input.rows_read() >= limit) {
                let more = input.has_rows()?;
                let state = if more {
                    RunState::Limited
                } else {
                    RunState::Finished
                };
                return Ok(Some(state));
            }
            let Some(reading) = input.next()? else {
                return Ok(Some(RunState::Finished));
            };
            let seq = reading.seq();
            if self
                .past
                .as_ref()
                .is_some_and(|past| past.beyond.contains(&seq))
            {
                continue;
            }
            chunk.rows += 1;
            chunk.bytes += reading.bytes();
            let intent = self
                .past
                .as_ref()
                .and_then(|past| past.unknown.get(&seq))
                .cloned();
            match self.plan(reading, intent)? {
                Planned::Op(op) => chunk.ops.push(*op),
                Planned::Fallen(outcome) => chunk.fallen.push(*outcome),
                Planned::Unknown => chunk.unknown += 1,
            }
        }
        Ok(None)
    }

    fn plan(&self, reading: Reading, intent: Option<PastIntent>) -> Result<Planned, Error> {
        let planned = match reading {
            Reading::Fallen(outcome) => Err(outcome),
            Reading::Row(source) => {
                map(&self.mapping, source).and_then(|row| plan(self.operation, row))
            }
        };
        let mut op = match planned {
            Ok(op) => op,
            Err(outcome) => return Ok(Planned::Fallen(outcome)),
        };
        if let Some(end) = self.hold_to_plan(&mut op)? {
            return Ok(Planned::Fallen(Box::new(op.ended(end))));
        }
        // The last phase reads the row again for them.
        op.draft.notes = Vec::new();
        match intent {
            Some(intent) => self.plan_again(op, intent),
            None => Ok(match self.rivals.taken(&op)? {
                Some(reason) => {
                    let problem = self.mapping.key_problem(reason, &op.draft.key);
                    Planned::Fallen(Box::new(op.ended(RowEnd::Refused(problem.into()))))
                }
                None => Planned::Op(Box::new(op)),
            }),
        }
    }

    /// A row that an earlier process intended to send, as the journal has it.
    fn plan_again(&self, mut op: PlannedOp, intent: PastIntent) -> Result<Planned, Error> {
        if intent.body != op.body {
            return Err(changed(&op));
        }
        op.rekey(self.mapping.key_property(), intent.key.clone());
        match self.unknown {
            Some(Unknown::Leave) => return Ok(Planned::Unknown),
            Some(Unknown::Done) => {
                let end = RowEnd::Done {
                    ticket: String::new(),
                    change: Change::Created,
                };
                return Ok(Planned::Fallen(Box::new(op.ended(end))));
            }
            Some(Unknown::Resend) => {}
            None => {
                op.ticket = intent.record.clone().and_then(RecordId::new);
                if let Some(changes) = &intent.changes {
                    op.changes_only(changes.clone(), self.mapping.id_property());
                }
                op.past = Some(intent);
            }
        }
        Ok(Planned::Op(Box::new(op)))
    }
}

impl Feed {
    /// Adds what its plan says to a row; returns its outcome if the plan does nothing for it.
    fn hold_to_plan(&self, op: &mut PlannedOp) -> Result<Option<RowEnd>, Error> {
        let Some(plan) = &self.plan else {
            return Ok(None);
        };
        let row = plan.row(op.source.seq)?;
        let row = row.filter(|row| row.body == Some(op.body));
        let Some(row) = row else {
            let line = op.source.address.line;
            return Err(Error::must_fix(format!(
                "line {line} is not the row that the plan has: input or mapping changed"
            ))
            .advise(
                "bring back the file and the mapping that the plan was made of, or make a new plan",
            ));
        };
        if let (PlannedAction::Refused, Some(refusal)) = (row.action, &row.refusal) {
            return Ok(Some(RowEnd::Refused(refusal.clone())));
        }
        let planned = row.into_planned();
        // A record that the plan found is not created again if it is gone.
        for draft in &mut op.draft.links {
            let mut found = planned.links.iter().filter(|link| link.record.is_some());
            if draft.missing == Missing::Create && found.any(|link| link.is_of(draft)) {
                draft.missing = Missing::Refuse;
            }
        }
        op.planned = Some(Box::new(planned));
        Ok(None)
    }
}

/// Where a row goes.
enum Planned {
    Op(Box<PlannedOp>),
    Fallen(Box<RowOutcome>),
    /// It remains unknown.
    Unknown,
}

/// A row that was intended must map to what was intended (R1).
pub fn changed(op: &PlannedOp) -> Error {
    Error::must_fix(format!(
        "line {} gives another ticket than the one that was sent for it before: input or mapping changed",
        op.source.address.line
    ))
    .advise("bring back the file and the mapping that the run began with")
}

/// `map`: a row becomes a ticket, or is refused.
pub fn map(mapping: &CompiledMapping, mut source: SourceRow) -> Result<MappedRow, Box<RowOutcome>> {
    let mapped = mapping.map(&source);
    // They are read again when needed.
    source.comments = Vec::new();
    match mapped {
        Mapped::Ticket(draft) => Ok(MappedRow { source, draft }),
        Mapped::Skipped => Err(Box::new(RowOutcome::early(source, RowEnd::Skipped))),
        Mapped::Refused { key, issue } => {
            let mut outcome = RowOutcome::early(source, RowEnd::Refused(issue.into()));
            outcome.key = key.map(Key::from);
            Err(Box::new(outcome))
        }
    }
}
