//! What creates are: what is sent, and how rows are looked up of which the replies do not
//! say what became (protocol S3, S7, K5, K6). A create that may come late is guarded by its
//! key, so nothing waits for it.

use super::flow::{PlannedOp, Stand};
use super::links::Link;
use super::lookup::{LookUp, Looked};
use super::reply::{Input, Item, Matching};
use super::rounds::{Doubtful, Slot};
use super::send::Sender;
use super::tickets::Tickets;
use crate::hubspot::records::{Association, CreateInput, Record};
use crate::model::event::Stop;
use crate::model::file_fault::is_code;
use crate::model::issue::{LINK_REFUSED, LINKED_TICKET_MISSING, NOTE_KEY_HELD, NOTE_REFUSED};
use crate::model::outcome::Change;
use crate::model::row::Kept;

impl Sender {
    /// A row that is to be created, with its links.
    pub(super) fn creating(&self, mut op: PlannedOp, links: Option<Vec<Link>>) -> Slot {
        let mut properties = std::mem::take(&mut op.draft.properties);
        if self.no_key {
            properties.retain(|(name, _)| **name != *self.mapping.key_property());
        }
        let links = links.unwrap_or_default().into_iter();
        let input = CreateInput {
            trace_id: op.source.seq.to_string(),
            properties,
            associations: links.map(Association::from).collect(),
        };
        let item = Item {
            input: Input::New(input),
            key: op.draft.key.clone(),
        };
        Slot::new(op, item, None)
    }

    /// How replies to creates are matched; `same` tells whether a record holds what an item
    /// sends.
    pub(super) fn create_matching<'a>(
        &'a self,
        same: &'a (dyn Fn(&Item, &Record) -> bool + Sync),
    ) -> Matching<'a> {
        match self.no_key {
            true => Matching::Content(same),
            false => Matching::Key(self.mapping.key_property()),
        }
    }

    /// Looks rows up by key and decides (S3, K5, K6); those to be sent again, and
    /// all of them when the look-up fails, go into `todo`. Without a key nothing can be
    /// looked up: what may be written stays unknown.
    pub(super) async fn look_up(
        &self,
        doubtful: Vec<Doubtful>,
        todo: &mut Vec<Slot>,
    ) -> Result<(), Stop> {
        if doubtful.is_empty() {
            return Ok(());
        }
        if self.no_key {
            self.lose(doubtful.len()).await;
            return Ok(());
        }
        let look_up = LookUp {
            tickets: Tickets {
                client: &self.client,
                by: Some(self.mapping.key_property()),
            },
            key_property: self.mapping.key_property(),
            facts: &self.facts,
        };
        let keys = doubtful.iter().map(|(slot, _)| slot.item.key.clone());
        let live = look_up.live(&keys.collect::<Vec<_>>()).await;
        let mut failed = None;
        let mut refused = Vec::new();
        let mut standing = Vec::new();
        for (mut slot, doubt) in doubtful {
            let looked = match (&live, &failed) {
                (Ok(live), None) => look_up.decide(&mut slot, live, doubt).await,
                (Err(stop), _) => Err(stop.clone()),
                (_, Some(stop)) => Err(Stop::clone(stop)),
            };
            match looked {
                Ok(Looked::Ours(ticket)) => {
                    standing.push(slot.standing(ticket, Stand::Done(Change::Created)));
                }
                Ok(Looked::Theirs(ticket)) => match self.key_taken(&slot.op, &ticket) {
                    Some(since) => refused.push(self.refuse_changed(slot.op, since)),
                    None => {
                        let stand = found(&slot.op);
                        standing.push(slot.standing(ticket, stand));
                    }
                },
                Ok(Looked::Refused(problem)) => {
                    refused.push(self.refuse(slot.op, &(*problem).into()));
                }
                Ok(Looked::Again) => todo.push(slot),
                Err(stop) => {
                    failed = Some(stop);
                    todo.push(slot);
                }
            }
        }
        self.settle.settle(refused).await?;
        self.settle_standing(standing).await?;
        failed.map_or(Ok(()), Err)
    }
}

/// What a row is whose ticket was there before. One that was refused for a link, a note or a
/// file of its continues with the ticket that an earlier run made for it (protocol H1); `retry` gives
/// it here with what that run wrote of it. With another key it is another row.
fn found(op: &PlannedOp) -> Stand {
    let kept = op.source.kept.as_deref();
    let same_key = |kept: &&Kept| kept.key.as_deref() == Some(&*op.draft.key);
    let code = kept.filter(same_key).and_then(|kept| kept.code.as_deref());
    let goes_on = match code {
        Some(NOTE_REFUSED | NOTE_KEY_HELD) => op.notes > 0,
        Some(code) if is_code(code) => op.notes > 0,
        Some(LINKED_TICKET_MISSING | LINK_REFUSED) => !op.draft.links.is_empty(),
        _ => false,
    };
    match goes_on {
        true => Stand::Unchanged,
        false => Stand::Exists,
    }
}
