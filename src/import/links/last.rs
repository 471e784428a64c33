//! The last phase: links between tickets of the input. When all tickets are written, the
//! rows whose links wait are read once more, their other ends found by key, and linked.
//! A run that goes on after its tickets were written has nothing else to do.

use std::sync::Arc;

use super::others::Resolved;
use super::own::{Standing, left};
use super::{left_out, links};
use crate::error::Error;
use crate::import::feed::{changed, map};
use crate::import::flow::PlannedOp;
use crate::import::plan::plan;
use crate::import::read::Reading;
use crate::import::recover::Again;
use crate::import::send::Sender;
use crate::journal::Waiting;
use crate::model::event::Stop;
use crate::model::outcome::RowEnd;
use crate::model::ticket::LinkDraft;

/// Rows that are linked together.
const PAGE: usize = 500;

/// Everything that the last phase needs.
pub struct LastPhase {
    /// The rows, to be read again.
    pub rows: Again,
    /// Finds, links and settles.
    pub sender: Arc<Sender>,
}

impl LastPhase {
    /// Links the rows that wait, until there are none or the run has to stop.
    ///
    /// # Errors
    /// When a row can't be read again, or is not what it was.
    pub async fn run(self) -> Result<(), Error> {
        let LastPhase { mut rows, sender } = self;
        let stop = &sender.stop;
        let mut after = 0;
        while !stop.is_pulled() {
            let page = match sender.settle.waiting(after, PAGE).await {
                Ok(page) => page,
                Err(gone) => {
                    stop.pull(gone.into());
                    break;
                }
            };
            let Some(last) = page.rows.last() else { break };
            after = last.row.seq;
            let planned;
            (rows, planned) = read(rows, &sender, page.rows).await?;
            if let Err(reason) = sender.link_last(planned, page.whole).await {
                stop.pull(reason);
            }
        }
        Ok(())
    }
}

/// Reads rows again, off the runtime.
async fn read(
    mut rows: Again,
    sender: &Arc<Sender>,
    page: Vec<Waiting>,
) -> Result<(Again, Vec<Standing>), Error> {
    let sender = Arc::clone(sender);
    let reading = tokio::task::spawn_blocking(move || {
        let standing = page
            .into_iter()
            .map(|waiting| again(&mut rows, &sender, waiting));
        let standing = standing.collect::<Result<Vec<_>, Error>>()?;
        Ok((rows, standing))
    });
    reading
        .await
        .map_err(|_| Error::unexpected("a part of the run died"))?
}

/// A row as it was planned, and the end that it has but for its links.
fn again(rows: &mut Again, sender: &Sender, waiting: Waiting) -> Result<Standing, Error> {
    let Reading::Row(source) = rows.row(waiting.row)? else {
        return Err(other_row(&waiting));
    };
    let mapped = map(&sender.mapping, source);
    let planned = mapped.and_then(|row| plan(sender.operation, row));
    let mut op = planned.map_err(|_| other_row(&waiting))?;
    if waiting.body.is_some_and(|body| body != op.body) {
        return Err(changed(&op));
    }
    op.rekey(sender.mapping.key_property(), waiting.key);
    let ticket = waiting.ticket;
    let end = match waiting.change {
        Some(change) => RowEnd::Done { ticket, change },
        None => RowEnd::Unchanged { ticket },
    };
    Ok((op, end))
}

fn other_row(waiting: &Waiting) -> Error {
    let line = waiting.row.address.line;
    Error::mend(format!("line {line} is not the row that it was"))
        .advise("bring back the file and the mapping that the run began with")
}

impl Sender {
    /// Links rows to other tickets of the input. Unless the whole input was read, rows
    /// whose other ticket is not there go on waiting.
    async fn link_last(&self, rows: Vec<Standing>, whole: bool) -> Result<(), Stop> {
        let drafts = rows.iter().flat_map(|(op, _)| last(op));
        let found = self.ends.resolve(drafts).await?;
        let mut outcomes = Vec::new();
        let mut found_for = Vec::new();
        for (mut op, end) in rows {
            let may_come = |draft: &LinkDraft| *found.of(draft) == Resolved::Missing;
            if !whole && last(&op).any(may_come) {
                continue;
            }
            match links(last(&op), &found, &self.kinds) {
                Ok(links) => {
                    let left = left_out(last(&op), &found);
                    op.draft.remarks.extend(left);
                    found_for.push((op, end, links));
                }
                Err(problem) => outcomes.push(left(op, &end, *problem)),
            }
        }
        let standing = self.make(found_for, &mut outcomes).await?;
        outcomes.extend(standing.into_iter().map(|(op, end)| op.ended(end)));
        self.settle.settle(outcomes).await?;
        Ok(())
    }
}

/// The links that waited for the last phase.
fn last(op: &PlannedOp) -> impl Iterator<Item = &LinkDraft> {
    op.draft.links.iter().filter(|draft| &*draft.by == "key")
}
