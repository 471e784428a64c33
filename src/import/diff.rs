//! `--diff`: rows are held against the tickets that the portal has, by the one
//! comparator (protocol R2). What would change nothing is not sent, and of the others
//! only what differs; they are given back, so that full batches of them can be sent.

use super::flow::{Batch, Operation, PlannedOp};
use super::missing::Absent;
use super::plan::json_bytes;
use super::send::{Delivered, Sender};
use crate::hubspot::records::Record;
use crate::model::event::Stop;
use crate::model::outcome::RowEnd;

impl Sender {
    /// Compares the rows of a batch. None of them was intended, so that rows without
    /// an end simply stay pending when the run has to stop.
    pub(super) async fn compare(&self, batch: Batch) -> Delivered {
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

    async fn differing(&self, ops: Vec<PlannedOp>) -> Result<Vec<PlannedOp>, Stop> {
        let names: Vec<String> = ops.iter().map(|op| op.draft.key.clone()).collect();
        let held = self.tickets().read(&names, &self.wanted(), false).await?;
        let mut differing = Vec::new();
        let mut unchanged = Vec::new();
        let mut absent = Vec::new();
        for mut op in ops {
            match self.tickets().find(&held, &op.draft.key) {
                Some(record) if self.reduce(&mut op, record) => differing.push(op),
                Some(record) => {
                    let ticket = record.id.clone();
                    unchanged.push((op, RowEnd::Unchanged { ticket }));
                }
                None if self.operation == Operation::Upsert => differing.push(op),
                None => absent.push(Absent::untouched(op)),
            }
        }
        self.settle_standing(unchanged).await?;
        self.explain(absent).await?;
        Ok(differing)
    }

    /// Takes out of a row what its ticket holds already; false when nothing is left
    /// but the key.
    fn reduce(&self, op: &mut PlannedOp, record: &Record) -> bool {
        let by = self.mapping.id_property();
        op.ticket = Some(record.id.clone());
        op.draft
            .properties
            .retain(|(name, value)| by == Some(&**name) || !self.is_held(record, name, value));
        op.bytes = json_bytes(&op.draft);
        let mut names = op.draft.properties.iter().map(|(name, _)| &**name);
        names.any(|name| by != Some(name))
    }
}
