//! Links as separate steps, for tickets that are written: links that can't go inline, or that lead
//! to a ticket that may come later in the input. A row is done when its links are (protocol D6).

use std::collections::BTreeSet;
use std::sync::Arc;

use super::put::{Held, Linked, OfTicket, Way};
use super::{Link, left_out, links};
use crate::import::flow::{Linkable, Operation, PlannedOp, RowOutcome, Snapshot, Standing};
use crate::import::send::Sender;
use crate::journal::{RowEntry, Waiting};
use crate::model::issue::{Problem, Reason, excerpt};
use crate::model::link_by::LinkBy;
use crate::model::outcome::{Change, RowEnd};
use crate::model::stop::Stop;
use crate::model::ticket::{LinkDraft, PlacedRemark, Remark};

impl Sender {
    /// Whether a link leads to a ticket that may come later in the input.
    fn is_for_last(&self, draft: &LinkDraft) -> bool {
        self.run.purpose().creates() && draft.by == LinkBy::Key
    }

    /// The links that can be made when the ticket is written.
    pub(in crate::import) fn links_now<'a>(
        &'a self,
        op: &'a PlannedOp,
    ) -> impl Iterator<Item = &'a LinkDraft> {
        let links = op.draft.links.iter();
        links.filter(|draft| !self.is_for_last(draft))
    }

    /// Finds the records that rows are to be linked to; rows for which there is none
    /// are settled here, before anything is written for them.
    pub(in crate::import) async fn find_ends(
        &self,
        ops: Vec<PlannedOp>,
    ) -> Result<Vec<Linkable>, Stop> {
        let found = self
            .ends
            .resolve(ops.iter().flat_map(|op| self.links_now(op)))
            .await?;
        let mut refused = Vec::new();
        let mut fit = Vec::new();
        for mut op in ops {
            match links(self.links_now(&op), &found, &self.kinds) {
                Ok(links) => {
                    let left = left_out(self.links_now(&op), &found);
                    op.draft.remarks.extend(left);
                    fit.push(Linkable { op, links });
                }
                Err(problem) => refused.push(match self.gone_since(&op, &problem) {
                    Some(since) => self.refuse_changed(op, since),
                    None => op.ended(RowEnd::Refused((*problem).into())),
                }),
            }
        }
        self.settle.settle(refused).await?;
        Ok(fit)
    }

    /// Settles rows whose tickets hold what they say, once their links are made; those
    /// with links for the last phase, or with notes, wait for it.
    pub(in crate::import) async fn settle_standing(&self, rows: Vec<Standing>) -> Result<(), Stop> {
        let (linked, plain): (Vec<_>, Vec<_>) = rows
            .into_iter()
            .map(|row| self.with_new_key(row))
            .partition(|row| has_more(&row.op) && row.snapshot != Snapshot::Exists);
        let plain = plain.into_iter().map(Standing::ended).collect();
        self.settle.settle(plain).await?;
        let sent = linked.iter().filter(|row| row.change().is_some()).count();
        let settled = self.link_standing(linked).await;
        self.or_lose(sent, settled).await
    }

    /// Remarks that a row which was refused for its key, and was given another one,
    /// updated an existing ticket, which may be the wrong one.
    fn with_new_key(&self, mut row: Standing) -> Standing {
        let kept = row.op.source.kept.as_ref();
        let code = kept.and_then(|kept| kept.code.as_deref());
        let was_for_key = matches!(code, Some("REPEATED_KEY" | "KEY_CASE"));
        if was_for_key && row.change() == Some(Change::Updated) {
            let key_property = self.mapping.key_property();
            row.op.draft.remarks.push(PlacedRemark {
                remark: Remark::OtherTicket,
                property: Arc::from(key_property),
                column: self.mapping.column_of(key_property).map(Arc::from),
                value: excerpt(&row.op.draft.key).into(),
            });
        }
        row
    }

    async fn link_standing(&self, mut rows: Vec<Standing>) -> Result<(), Stop> {
        let mut outcomes = Vec::new();
        if self.operation != Operation::Create {
            rows = self.make_now(rows, &mut outcomes).await?;
        }
        let mut waiting = Vec::new();
        for row in rows {
            let mut links = row.op.draft.links.iter();
            let for_last = links.any(|draft| self.is_for_last(draft));
            match for_last || row.op.notes > 0 {
                true => waiting.push(waits(&row)),
                false => outcomes.push(row.ended()),
            }
        }
        self.settle.settle(outcomes).await?;
        self.settle.wait(waiting).await?;
        Ok(())
    }

    /// Makes the links that can be made now; returns the rows that have them.
    async fn make_now(
        &self,
        rows: Vec<Standing>,
        outcomes: &mut Vec<RowOutcome>,
    ) -> Result<Vec<Standing>, Stop> {
        let unknown = rows.iter().filter(|row| row.links.is_none());
        let drafts = unknown.flat_map(|row| self.links_now(&row.op));
        let found = self.ends.resolve(drafts).await?;
        let mut found_for = Vec::new();
        for mut row in rows {
            let of_row = match row.links.take() {
                Some(known) => Ok(known),
                None => {
                    let left = left_out(self.links_now(&row.op), &found);
                    let made = links(self.links_now(&row.op), &found, &self.kinds);
                    row.op.draft.remarks.extend(left);
                    made
                }
            };
            match of_row {
                Ok(of_row) => found_for.push((row, of_row)),
                Err(problem) => outcomes.push(left(row, *problem)),
            }
        }
        self.make(found_for, outcomes).await
    }

    /// Makes links; returns the rows that have them, with what was done for each.
    pub(super) async fn make(
        &self,
        rows: Vec<(Standing, Vec<Link>)>,
        outcomes: &mut Vec<RowOutcome>,
    ) -> Result<Vec<Standing>, Stop> {
        let wanted: Vec<OfTicket<'_>> = rows
            .iter()
            .map(|(row, links)| OfTicket {
                ticket: &row.ticket,
                links,
            })
            .collect();
        let held = Held::read(&self.client, &wanted).await?;
        let seqs = rows.iter().map(|(row, _)| row.op.source.seq);
        let added: Vec<_> = seqs.zip(wanted.iter().map(|of| held.added(*of))).collect();
        let adds: Vec<bool> = added.iter().map(|(_, links)| !links.is_empty()).collect();
        self.settle.keep_links(added).await?;
        let mut began = BTreeSet::new();
        let linked = held
            .put(&self.client, Way::Make, &wanted, &mut began)
            .await?;
        let mut standing = Vec::new();
        for (((row, _), adds), linked) in rows.into_iter().zip(adds).zip(linked) {
            let linked_if = |changed: bool| changed.then_some(Change::Linked);
            match linked {
                Linked::Done { changed } => standing.push(row.with(linked_if(changed))),
                Linked::Refused { column, id, detail } => {
                    let reason = Reason::LinkRefused { detail };
                    let problem = Problem::new(reason).column(column).value(&id);
                    // Its other links may have been made.
                    outcomes.push(left(row.with(linked_if(adds)), problem));
                }
            }
        }
        Ok(standing)
    }
}

/// Whether a row has links or notes in addition to its ticket.
fn has_more(op: &PlannedOp) -> bool {
    op.notes > 0 || !op.draft.links.is_empty()
}

/// A row whose ticket exists and one of whose links can't be made.
pub(super) fn left(row: Standing, problem: Problem) -> RowOutcome {
    let reason = Reason::LinkLeft {
        ticket: row.ticket.to_string(),
        link: Box::new(problem.reason.clone()),
    };
    row.refused(Problem { reason, ..problem })
}

fn waits(row: &Standing) -> Waiting {
    Waiting {
        row: RowEntry {
            seq: row.op.source.seq,
            address: row.op.source.address,
        },
        key: row.op.draft.key.clone(),
        body: None,
        ticket: row.ticket.to_string(),
        change: row.change(),
    }
}
