//! A batch of rows that only link, or unlink, tickets which are there. Links may be
//! written again and again, so a row whose outcome is not known simply goes again.

use super::links;
use super::put::{Linked, OfTicket, Way, put};
use crate::import::flow::{Batch, Operation, PlannedOp, RowOutcome};
use crate::import::send::{Delivered, Sender};
use crate::model::event::Stop;
use crate::model::issue::{Problem, Reason};
use crate::model::outcome::{Change, RowEnd};
use crate::model::ticket::Missing;

impl Sender {
    /// Brings every row of a batch of links to its end.
    pub(in crate::import) async fn associate(&self, batch: Batch) -> Delivered {
        let linked = self.link_batch(batch.ops).await;
        Delivered {
            stop: linked.err(),
            ..Delivered::default()
        }
    }

    async fn link_batch(&self, ops: Vec<PlannedOp>) -> Result<(), Stop> {
        if let Some(stop) = self.stop.reason() {
            return Err(stop);
        }
        let (past, fresh): (Vec<_>, Vec<_>) = ops.into_iter().partition(|op| op.past.is_some());
        let fresh = self.claim(fresh, self.client.portal_now()).await?;
        let sent = past.len() + fresh.len();
        let live = self.live(past.into_iter().chain(fresh).collect()).await?;
        let written = self.write_links(live).await;
        if written.is_err() {
            self.lose(sent).await;
        }
        written
    }

    async fn write_links(&self, mut ops: Vec<PlannedOp>) -> Result<(), Stop> {
        let way = match self.operation {
            Operation::Dissociate => Way::Cut,
            _ => Way::Make,
        };
        if way == Way::Cut {
            ops.iter_mut().for_each(create_nothing);
        }
        let drafts = ops.iter().flat_map(|op| &op.draft.links);
        let found = self.ends.resolve(drafts).await?;
        let mut outcomes = Vec::new();
        let mut rows = Vec::new();
        for op in ops {
            match links(op.draft.links.iter(), &found, &self.kinds) {
                Ok(links) => rows.push((op, links)),
                Err(problem) => outcomes.push(op.ended(RowEnd::Refused((*problem).into()))),
            }
        }
        let wanted: Vec<OfTicket<'_>> = rows
            .iter()
            .map(|(op, links)| OfTicket {
                ticket: op.ticket.as_deref().unwrap_or_default(),
                links,
            })
            .collect();
        let linked = put(&self.client, way, &wanted).await?;
        let ended = rows.into_iter().zip(linked);
        outcomes.extend(ended.map(|((op, _), linked)| end(op, linked, way)));
        self.settle.settle(outcomes).await?;
        Ok(())
    }
}

/// What is not there has no link that could be cut.
fn create_nothing(op: &mut PlannedOp) {
    for draft in &mut op.draft.links {
        if draft.missing == Missing::Create {
            draft.missing = Missing::Refuse;
        }
    }
}

/// How a row ends. What an earlier process of this run may have written is its own.
fn end(op: PlannedOp, linked: Linked, way: Way) -> RowOutcome {
    let ticket = op.ticket.clone().unwrap_or_default();
    let change = match way {
        Way::Make => Change::Linked,
        Way::Cut => Change::Unlinked,
    };
    let end = match linked {
        Linked::Done { changed } if changed || op.past.is_some() => RowEnd::Done { ticket, change },
        Linked::Done { .. } => RowEnd::Unchanged { ticket },
        Linked::Refused { column, id, detail } => {
            let problem = Problem::new(Reason::LinkRefused { detail });
            RowEnd::Refused(problem.column(column).value(&id).into())
        }
    };
    op.ended(end)
}
