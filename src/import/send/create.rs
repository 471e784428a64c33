//! Creates: what is sent, and how rows are looked up whose outcome the replies do not say (protocol
//! S3, S7, K5, K6). A create that may be carried out late is guarded by its key, so nothing waits
//! for it.

use super::Sender;
use super::lookup::{LookUp, Looked};
use super::reply::{Input, Item, Matching};
use super::rounds::{Doubtful, Slot};
use super::tickets::Tickets;
use crate::hubspot::records::written::WrittenRecord;
use crate::hubspot::records::{Association, CreateInput};
use crate::import::flow::{PlannedOp, RowOutcome, Snapshot, Standing};
use crate::import::links::Link;
use crate::model::file_fault::is_code;
use crate::model::issue::{LINK_REFUSED, LINKED_TICKET_MISSING, NOTE_KEY_HELD, NOTE_REFUSED};
use crate::model::outcome::Change;
use crate::model::row::Kept;
use crate::model::stop::Stop;

impl Sender {
    /// A row that is to be created, with its links.
    pub(crate) fn creating(&self, mut op: PlannedOp, links: Option<Vec<Link>>) -> Slot {
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

    /// How replies to creates are matched; `same` says whether a record holds what an item sends.
    pub(crate) fn create_matching<'a>(
        &'a self,
        same: &'a (dyn Fn(&Item, &WrittenRecord) -> bool + Sync),
    ) -> Matching<'a> {
        match self.no_key {
            true => Matching::Content(same),
            false => Matching::Key(self.mapping.key_property()),
        }
    }

    /// Looks rows up by key and decides (S3, K5, K6); those to be sent again, and all
    /// of them when the look-up fails, go into `todo`. Without a key nothing can be
    /// looked up: rows that may be written stay unknown.
    pub(crate) async fn look_up(
        &self,
        doubtful: Vec<Doubtful>,
        todo: &mut Vec<Slot>,
    ) -> Result<(), Stop> {
        if doubtful.is_empty() {
            return Ok(());
        }
        if self.no_key {
            self.count_unknown(doubtful.len()).await;
            return Ok(());
        }
        let key_property = self.mapping.key_property();
        let look_up = LookUp {
            tickets: Tickets {
                client: &self.client,
                by: Some(key_property),
            },
            key_property,
            facts: &self.facts,
        };
        let keys = doubtful.iter().map(|(slot, _)| slot.item.key.to_string());
        let live = look_up.live(&keys.collect::<Vec<_>>()).await;
        let mut failed = None;
        let mut decided = Decided::default();
        for (mut slot, doubt) in doubtful {
            let looked = match (&live, &failed) {
                (Ok(live), None) => look_up.decide(&mut slot, live, doubt).await,
                (Err(stop), _) => Err(stop.clone()),
                (_, Some(stop)) => Err(Stop::clone(stop)),
            };
            match looked {
                Ok(looked) => todo.extend(self.take_looked(slot, looked, &mut decided)),
                Err(stop) => {
                    failed = Some(stop);
                    todo.push(slot);
                }
            }
        }
        self.settle.settle(decided.refused).await?;
        self.settle_standing(decided.standing).await?;
        failed.map_or(Ok(()), Err)
    }

    /// Applies what a look-up shows about a row; returns it if it is to be sent again.
    fn take_looked(&self, slot: Slot, looked: Looked, decided: &mut Decided) -> Option<Slot> {
        match looked {
            Looked::Ours(ticket) => {
                let standing = slot.standing(ticket, Snapshot::Done(Change::Created));
                decided.standing.push(standing);
            }
            Looked::Theirs(ticket) => match self.key_taken(&slot.op, &ticket) {
                Some(since) => decided.refused.push(self.refuse_changed(slot.op, since)),
                None => {
                    let snapshot = found(&slot.op);
                    decided.standing.push(slot.standing(ticket, snapshot));
                }
            },
            Looked::Refused(problem) => {
                let refused = self.refuse(slot.op, &(*problem).into());
                decided.refused.push(refused);
            }
            Looked::Again => return Some(slot),
        }
        None
    }
}

/// Applies look-ups to rows in doubt.
#[derive(Default)]
struct Decided {
    refused: Vec<RowOutcome>,
    standing: Vec<Standing>,
}

/// The outcome of a row whose ticket existed before. One that was refused because of a link, a note
/// or a file continues with the ticket that an earlier run created for it (protocol H1); `retry`
/// passes on what that run wrote about it. With another key it is a different row.
fn found(op: &PlannedOp) -> Snapshot {
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
        true => Snapshot::Unchanged,
        false => Snapshot::Exists,
    }
}
