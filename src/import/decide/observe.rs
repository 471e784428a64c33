//! `observe`: reads the tickets that rows name, so that `decide` can say what is done for them
//! (protocol PL1). A row that would change nothing is not sent; for the others, only what differs
//! is sent. They are returned with what their tickets held, so that they can be sent in full
//! batches. If the run applies a plan, a row is refused unless the portal holds what the plan found
//! (PL3).

use super::as_planned::Since;
use super::{Action, Observed, Wanted, decide};
use crate::hubspot::records::Record;
use crate::import::flow::{Batch, PlannedOp, RowOutcome, Snapshot, Standing};
use crate::import::plan::json_bytes;
use crate::import::send::missing::Absent;
use crate::import::send::reading::Given;
use crate::import::send::{Delivered, Sender};
use crate::model::issue::SincePlan;
use crate::model::record_id::RecordId;
use crate::model::shelf::Shelf;
use crate::model::stop::Stop;

impl Sender {
    /// Compares the rows of a batch. None of them has an intent, so rows without an
    /// outcome simply stay pending when the run has to stop.
    pub(crate) async fn compare(&self, batch: Batch) -> Delivered {
        match self.differing(batch.ops).await {
            Ok(differing) => Delivered {
                differing,
                ..Delivered::default()
            },
            Err(stop) => Delivered {
                stop: Some(stop),
                ..Delivered::default()
            },
        }
    }

    /// Rows that differ from the portal; the others are settled here.
    pub(crate) async fn differing(&self, ops: Vec<PlannedOp>) -> Result<Vec<PlannedOp>, Stop> {
        let names: Vec<String> = ops.iter().map(|op| op.draft.key.to_string()).collect();
        let (tickets, wanted) = (self.tickets(), self.wanted());
        let given = tickets.read_each(&names, &wanted, Shelf::Live).await?;
        let (ops, held) = self.shown(ops, given).await?;
        let mut decided = ByAction::default();
        let cut = self.cut_since(&ops).await?;
        for mut op in ops {
            let record = self.tickets().find(&held, &op.draft.key);
            if let Some(record) = record {
                let holds = |name: &str, value: &str| self.is_held(record, name, value);
                self.fallbacks.apply_to(&mut op.draft.properties, holds);
            }
            let action = self.decided(&op, record);
            let link = record.and_then(|record| cut.get(&record.id)).cloned();
            let since = self.changed_since(&op, record, &action);
            let since = since.or_else(|| {
                let link = link?;
                Some(Since::ticket(SincePlan::LinkCut { link }))
            });
            match since {
                Some(since) => decided.changed.push(self.refuse_changed(op, since)),
                None => decided.take(op, action, self.mapping.id_property()),
            }
        }
        let ByAction {
            differing,
            standing,
            absent,
            changed,
        } = decided;
        self.settle.settle(changed).await?;
        self.settle_standing(standing).await?;
        self.settle_absent(absent).await?;
        Ok(differing)
    }

    /// Rows whose tickets the portal shows or does not have, with the tickets that it
    /// shows; the others are settled here, since their tickets can't be compared.
    pub(crate) async fn shown(
        &self,
        ops: Vec<PlannedOp>,
        given: Given,
    ) -> Result<(Vec<PlannedOp>, Vec<Record>), Stop> {
        let Given { records, closed } = given;
        let mut shown = Vec::new();
        let mut refused = Vec::new();
        for op in ops {
            match closed.iter().find(|closed| *closed.name == *op.draft.key) {
                Some(closed) => refused.push(self.refuse_key(op, closed.reason())),
                None => shown.push(op),
            }
        }
        self.settle.settle(refused).await?;
        Ok((shown, records))
    }

    fn decided(&self, op: &PlannedOp, held: Option<&Record>) -> Action {
        let wanted = Wanted {
            operation: self.operation,
            by: self.mapping.id_property(),
            values: &op.draft.properties,
        };
        let observed = held.map_or(Observed::Absent, Observed::Live);
        decide(&wanted, observed, |name| self.mapping.type_of(name))
    }
}

/// Rows by what was decided for them.
#[derive(Default)]
struct ByAction {
    /// They are to be sent.
    differing: Vec<PlannedOp>,
    /// Their tickets stay as they are.
    standing: Vec<Standing>,
    /// No live ticket has their key.
    absent: Vec<Absent>,
    /// They are refused: the portal has changed since the plan.
    changed: Vec<RowOutcome>,
}

impl ByAction {
    fn take(&mut self, mut op: PlannedOp, action: Action, id_property: Option<&str>) {
        match action {
            Action::Update { ticket, changes } => {
                op.ticket = Some(RecordId::given(&ticket));
                op.changes_only(changes, id_property);
                op.bytes = json_bytes(&op.draft);
                self.differing.push(op);
            }
            Action::Unchanged { ticket } => {
                let ticket = RecordId::given(&ticket);
                let standing = Standing::new(op, ticket, Snapshot::Unchanged);
                self.standing.push(standing);
            }
            Action::Exists { ticket } => {
                let ticket = RecordId::given(&ticket);
                let standing = Standing::new(op, ticket, Snapshot::Exists);
                self.standing.push(standing);
            }
            Action::Absent => self.absent.push(Absent::untouched(op)),
            Action::Create | Action::Archive { .. } | Action::Link { .. } => {
                self.differing.push(op);
            }
        }
    }
}
