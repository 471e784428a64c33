//! A batch of rows that only link, or unlink, existing tickets. Existing links are read
//! first: a row that needs nothing ends without an intent, so a row with an intent and an
//! unknown outcome did have something to write. Links may be written repeatedly, so such a
//! row is simply sent again.

use std::collections::BTreeSet;

use super::put::{Held, Linked, OfTicket, Way};
use super::{Link, left_out, links};
use crate::import::flow::{Batch, Located, Operation, PlannedOp, RowOutcome};
use crate::import::send::{Delivered, Sender};
use crate::journal::Keys;
use crate::model::issue::{Problem, Reason};
use crate::model::outcome::{Change, RowEnd};
use crate::model::record_id::RecordId;
use crate::model::stop::Stop;
use crate::model::ticket::Missing;

/// A row whose ticket is live, and the links that it wants there.
struct Row {
    op: PlannedOp,
    ticket: RecordId,
    links: Vec<Link>,
}

impl Row {
    fn of_ticket(&self) -> OfTicket<'_> {
        OfTicket {
            ticket: &self.ticket,
            links: &self.links,
        }
    }

    /// Its outcome. What an earlier process of this run may have written counts as this run's.
    fn ended(self, linked: Linked, way: Way) -> RowOutcome {
        let ticket = String::from(self.ticket);
        let change = match way {
            Way::Make => Change::Linked,
            Way::Cut => Change::Unlinked,
        };
        let is_ours = |changed| changed || may_be_ours(&self.op);
        let end = match linked {
            Linked::Done { changed } if is_ours(changed) => RowEnd::Done { ticket, change },
            Linked::Done { .. } => RowEnd::Unchanged { ticket },
            Linked::Refused { column, id, detail } => {
                let problem = Problem::new(Reason::LinkRefused { detail });
                RowEnd::Refused(problem.column(column).value(&id).into())
            }
        };
        self.op.ended(end)
    }
}

impl AsRef<PlannedOp> for Row {
    fn as_ref(&self) -> &PlannedOp {
        &self.op
    }
}

impl AsMut<PlannedOp> for Row {
    fn as_mut(&mut self) -> &mut PlannedOp {
        &mut self.op
    }
}

impl From<Row> for PlannedOp {
    fn from(row: Row) -> PlannedOp {
        row.op
    }
}

impl Sender {
    /// Brings every row of a batch of links to its outcome.
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
        let live = self.or_lose(past, live).await?;
        let live = self.with_free_keys(live).await?;
        let rows = self.with_links(live, way).await?;
        let held = Held::read(&self.client, &wanted(&rows)).await;
        let held = self.or_lose(sent(&rows), held).await?;
        let rows = self.claim_links(rows, &held, way).await?;
        let adds = self.keep_added(&rows, &held, way).await?;
        let mut began = BTreeSet::new();
        let linked = held
            .put(&self.client, way, &wanted(&rows), &mut began)
            .await;
        if linked.is_err() {
            self.release_unbegun(&rows, &began).await?;
        }
        let linked = self.or_lose(rows.len(), linked).await?;
        let ended = rows.into_iter().zip(linked).zip(adds);
        let ended = ended.map(|((row, linked), adds)| {
            let ticket = row.ticket.clone();
            let ended = row.ended(linked, way);
            match &ended.end {
                // Its other links may have been made.
                RowEnd::Refused(_) if adds => ended.after(&ticket, Some(Change::Linked)),
                _ => ended,
            }
        });
        self.settle.settle(ended.collect()).await?;
        Ok(())
    }

    /// Rows whose key no other row holds: for a row that is refused because of its key, no linked
    /// record is created.
    async fn with_free_keys(&self, live: Vec<Located>) -> Result<Vec<Located>, Stop> {
        let (mut past, fresh): (Vec<_>, Vec<_>) =
            live.into_iter().partition(|row| row.op.past.is_some());
        past.extend(self.refuse_taken(fresh).await?);
        Ok(past)
    }

    /// Makes durable what rows are about to add; returns for each whether it adds anything.
    async fn keep_added(&self, rows: &[Row], held: &Held, way: Way) -> Result<Vec<bool>, Stop> {
        let added = rows.iter().map(|row| match way {
            Way::Make => held.added(row.of_ticket()),
            Way::Cut => Vec::new(),
        });
        let added: Vec<_> = added.collect();
        let adds = added.iter().map(|links| !links.is_empty()).collect();
        let seqs = rows.iter().map(|row| row.op.source.seq);
        self.settle.keep_links(seqs.zip(added).collect()).await?;
        Ok(adds)
    }

    /// Withdraws the intents of rows for whose tickets no call began.
    async fn release_unbegun(&self, rows: &[Row], began: &BTreeSet<String>) -> Result<(), Stop> {
        let fresh = rows.iter().filter(|row| row.op.past.is_none());
        let unsent = fresh.filter(|row| !began.contains(&*row.ticket));
        let unsent = unsent.map(|row| row.op.source.seq).collect();
        Ok(self.settle.release(unsent).await?)
    }

    /// Rows with the links that they want, with known ends; the others are settled here.
    async fn with_links(&self, mut live: Vec<Located>, way: Way) -> Result<Vec<Row>, Stop> {
        if way == Way::Cut {
            live.iter_mut().for_each(|row| create_nothing(&mut row.op));
        }
        let drafts = live.iter().flat_map(|row| &row.op.draft.links);
        let found = self.ends.resolve(drafts).await;
        let past = live.iter().filter(|row| row.op.past.is_some()).count();
        let found = self.or_lose(past, found).await?;
        let mut refused = Vec::new();
        let mut rows = Vec::new();
        for Located { mut op, ticket } in live {
            match links(op.draft.links.iter(), &found, &self.kinds) {
                Ok(links) => {
                    let left = left_out(op.draft.links.iter(), &found);
                    op.draft.remarks.extend(left);
                    rows.push(Row { op, ticket, links });
                }
                Err(problem) => refused.push(op.ended(RowEnd::Refused((*problem).into()))),
            }
        }
        self.settle.settle(refused).await?;
        Ok(rows)
    }

    /// Makes the intents of rows that have something to do durable; the others are settled here. If
    /// each row is a ticket, those keep their keys from later rows too (R7): their intents have no
    /// time, so a later process knows that nothing was sent for them.
    async fn claim_links(&self, rows: Vec<Row>, held: &Held, way: Way) -> Result<Vec<Row>, Stop> {
        let (mut past, fresh): (Vec<_>, Vec<_>) =
            rows.into_iter().partition(|row| row.op.past.is_some());
        let (unchanged, fresh): (Vec<_>, Vec<_>) = fresh
            .into_iter()
            .partition(|row| held.is_as_wanted(way, row.of_ticket()));
        let unchanged = match self.operation.keys(self.mapping.rows_are_tickets()) {
            Keys::SameBody => self.write_intents(unchanged, None).await?,
            _ => unchanged,
        };
        let unchanged = unchanged
            .into_iter()
            .map(|row| row.ended(Linked::Done { changed: false }, way));
        self.settle.settle(unchanged.collect()).await?;
        past.extend(self.write_intents(fresh, self.client.portal_now()).await?);
        Ok(past)
    }
}

/// Rows that an earlier process may have carried out.
fn sent<R: AsRef<PlannedOp>>(rows: &[R]) -> usize {
    rows.iter()
        .filter(|row| row.as_ref().past.is_some())
        .count()
}

fn wanted(rows: &[Row]) -> Vec<OfTicket<'_>> {
    rows.iter().map(Row::of_ticket).collect()
}

/// A record that does not exist has no links to remove.
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
