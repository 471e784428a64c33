//! A batch of rows that only link, or unlink, tickets which are there. What is there is
//! read first: a row that needs nothing ends without an intent, so that one with an
//! intent to send, whose outcome is not known, was this run's to write. Links may be written
//! again and again, so such a row simply goes again.

use std::collections::BTreeSet;

use super::put::{Held, Linked, OfTicket, Way};
use super::{left_out, links};
use crate::import::flow::{Batch, Operation, PlannedOp, RowOutcome};
use crate::import::send::{Delivered, Sender};
use crate::journal::Keys;
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
        let way = match self.operation {
            Operation::Dissociate => Way::Cut,
            _ => Way::Make,
        };
        let past = sent(&ops);
        let live = self.live(ops).await;
        let rows = self.or_lose(past, live).await?;
        let rows = self.with_links(rows, way).await?;
        let held = Held::read(&self.client, &wanted(&rows)).await;
        let held = self.or_lose(sent(&rows), held).await?;
        let rows = self.claim_links(rows, &held, way).await?;
        let added = rows.iter().map(|op| match way {
            Way::Make => held.added(of_ticket(op)),
            Way::Cut => Vec::new(),
        });
        let added: Vec<_> = added.collect();
        let adds: Vec<bool> = added.iter().map(|links| !links.is_empty()).collect();
        let seqs = rows.iter().map(|op| op.source.seq);
        self.settle.keep_links(seqs.zip(added).collect()).await?;
        let mut began = BTreeSet::new();
        let linked = held
            .put(&self.client, way, &wanted(&rows), &mut began)
            .await;
        if linked.is_err() {
            let fresh = rows.iter().filter(|op| op.past.is_none());
            let unsent = fresh.filter(|op| !began.contains(of_ticket(op).ticket));
            let unsent = unsent.map(|op| op.source.seq).collect();
            self.settle.release(unsent).await?;
        }
        let linked = self.or_lose(rows.len(), linked).await?;
        let ended = rows.into_iter().zip(linked).zip(adds);
        let ended = ended.map(|((op, linked), adds)| {
            let ticket = op.ticket.clone().unwrap_or_default();
            let ended = end(op, linked, way);
            match &ended.end {
                // Others of its links may have been made.
                RowEnd::Refused(_) if adds => ended.after(&ticket, Some(Change::Linked)),
                _ => ended,
            }
        });
        self.settle.settle(ended.collect()).await?;
        Ok(())
    }

    /// Rows with the links that they want, their ends known; the others end here.
    async fn with_links(&self, mut ops: Vec<PlannedOp>, way: Way) -> Result<Vec<PlannedOp>, Stop> {
        if way == Way::Cut {
            ops.iter_mut().for_each(create_nothing);
        }
        let drafts = ops.iter().flat_map(|op| &op.draft.links);
        let found = self.ends.resolve(drafts).await;
        let found = self.or_lose(sent(&ops), found).await?;
        let mut refused = Vec::new();
        let mut rows = Vec::new();
        for mut op in ops {
            match links(op.draft.links.iter(), &found, &self.kinds) {
                Ok(links) => {
                    let left = left_out(op.draft.links.iter(), &found);
                    op.draft.remarks.extend(left);
                    op.links = Some(links);
                    rows.push(op);
                }
                Err(problem) => refused.push(op.ended(RowEnd::Refused((*problem).into()))),
            }
        }
        self.settle.settle(refused).await?;
        Ok(rows)
    }

    /// Makes the intents of rows durable that have something to do; the others end here.
    /// Where each row is a ticket, those keep their keys from later rows too (R7): their
    /// intents have no time, so that a later process knows that nothing was sent for them.
    async fn claim_links(
        &self,
        ops: Vec<PlannedOp>,
        held: &Held,
        way: Way,
    ) -> Result<Vec<PlannedOp>, Stop> {
        let (mut rows, fresh): (Vec<_>, Vec<_>) = ops.into_iter().partition(|op| op.past.is_some());
        let (unchanged, fresh): (Vec<_>, Vec<_>) = fresh
            .into_iter()
            .partition(|op| held.is_as_wanted(way, of_ticket(op)));
        let unchanged = match self.operation.keys(self.mapping.rows_are_tickets()) {
            Keys::SameBody => self.claim(unchanged, None).await?,
            _ => unchanged,
        };
        let unchanged = unchanged
            .into_iter()
            .map(|op| end(op, Linked::Done { changed: false }, way));
        self.settle.settle(unchanged.collect()).await?;
        rows.extend(self.claim(fresh, self.client.portal_now()).await?);
        Ok(rows)
    }

    /// Counts so many rows as unknown when the run has to stop.
    async fn or_lose<T>(&self, rows: usize, outcome: Result<T, Stop>) -> Result<T, Stop> {
        if outcome.is_err() {
            self.lose(rows).await;
        }
        outcome
    }
}

/// Rows that an earlier process may have carried out.
fn sent(ops: &[PlannedOp]) -> usize {
    ops.iter().filter(|op| op.past.is_some()).count()
}

fn wanted(ops: &[PlannedOp]) -> Vec<OfTicket<'_>> {
    ops.iter().map(of_ticket).collect()
}

fn of_ticket(op: &PlannedOp) -> OfTicket<'_> {
    OfTicket {
        ticket: op.ticket.as_deref().unwrap_or_default(),
        links: op.links.as_deref().unwrap_or_default(),
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

/// Whether an earlier process of this run may have sent the row's links.
fn may_be_ours(op: &PlannedOp) -> bool {
    op.past
        .as_ref()
        .is_some_and(|past| past.window.since.is_some())
}

/// How a row ends. What an earlier process of this run may have written is its own.
fn end(op: PlannedOp, linked: Linked, way: Way) -> RowOutcome {
    let ticket = op.ticket.clone().unwrap_or_default();
    let change = match way {
        Way::Make => Change::Linked,
        Way::Cut => Change::Unlinked,
    };
    let end = match linked {
        Linked::Done { changed } if changed || may_be_ours(&op) => RowEnd::Done { ticket, change },
        Linked::Done { .. } => RowEnd::Unchanged { ticket },
        Linked::Refused { column, id, detail } => {
            let problem = Problem::new(Reason::LinkRefused { detail });
            RowEnd::Refused(problem.column(column).value(&id).into())
        }
    };
    op.ended(end)
}
