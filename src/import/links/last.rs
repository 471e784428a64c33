//! Links between tickets of the input, once all tickets are written: their other ends are
//! found by key.

use super::found::Resolved;
use super::own::left;
use super::{left_out, links};
use crate::import::flow::{PlannedOp, Standing};
use crate::import::send::Sender;
use crate::model::link_by::LinkBy;
use crate::model::stop::Stop;
use crate::model::ticket::LinkDraft;

impl Sender {
    /// Links rows to other tickets of the input, and returns those that have their links.
    /// Unless the whole input was read, rows whose other ticket does not exist yet keep
    /// waiting.
    pub(in crate::import) async fn link_last(
        &self,
        rows: Vec<Standing>,
        whole: bool,
    ) -> Result<Vec<Standing>, Stop> {
        let drafts = rows.iter().flat_map(|row| last(&row.op));
        let found = self.ends.resolve(drafts).await?;
        let mut outcomes = Vec::new();
        let mut found_for = Vec::new();
        for mut row in rows {
            let may_come = |draft: &LinkDraft| *found.of(draft) == Resolved::Missing;
            if !whole && last(&row.op).any(may_come) {
                continue;
            }
            match links(last(&row.op), &found, &self.kinds) {
                Ok(links) => {
                    let left = left_out(last(&row.op), &found);
                    row.op.draft.remarks.extend(left);
                    found_for.push((row, links));
                }
                Err(problem) => outcomes.push(left(row, *problem)),
            }
        }
        let standing = self.make(found_for, &mut outcomes).await?;
        self.settle.settle(outcomes).await?;
        Ok(standing)
    }
}

/// The links that waited for the last phase.
fn last(op: &PlannedOp) -> impl Iterator<Item = &LinkDraft> {
    op.draft
        .links
        .iter()
        .filter(|draft| draft.by == LinkBy::Key)
}
