//! The rounds of a batch of creates: intents first, then the contacts, then the
//! create call, then look-ups until every row has an outcome (protocol S1-S3, S7).
//! A create that may come late is guarded by its key, so nothing waits for it.

use super::flow::{Batch, PlannedOp, Standing};
use super::lookup::{Doubt, LookUp, Looked};
use super::reply::{Input, Item, Matching, Verdict};
use super::send::{Delivered, Sender, Wrote, fresh};
use super::stop::replies_say_nothing;
use super::tickets::Tickets;
use super::write::{Verb, write};
use crate::hubspot::records::{Association, CreateInput, Record};
use crate::model::compare::same_value;
use crate::model::event::Stop;
use crate::model::issue::{LINK_REFUSED, LINKED_TICKET_MISSING, NOTE_KEY_HELD, NOTE_REFUSED};
use crate::model::outcome::{Change, RowEnd};
use crate::model::row::Kept;
use crate::model::schema::ObjectType;
use crate::model::window::Window;

/// How often a row is sent before the run stops for later.
const ATTEMPTS: u32 = 6;

/// Whether a send of ours may have written a row (S3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// No.
    No,
    /// Perhaps, in this time of the portal's clock.
    Maybe(Window),
}

/// A row on its way, with what is known of its sends.
pub struct Slot {
    op: PlannedOp,
    /// What is sent; it holds the draft's property values.
    pub item: Item,
    /// Whether a send of ours may have written it.
    pub written: Written,
    /// Collisions that could not be explained.
    pub collisions: u32,
    attempts: u32,
}

impl Slot {
    /// The row as it was planned.
    fn into_op(self) -> PlannedOp {
        let mut op = self.op;
        op.draft.properties = self.item.input.into_properties();
        op
    }
}

impl Sender {
    /// Brings every row of a batch of creates to its end.
    pub(super) async fn create(&self, batch: Batch) -> Delivered {
        let mut delivered = Delivered::default();
        let mut todo = Vec::new();
        let fresh = fresh(&batch);
        let ended = self.create_rounds(batch, &mut todo, &mut delivered);
        delivered.stop = ended.await.err();
        self.release_unsent(fresh, &delivered).await;
        let unclear = |slot: &&Slot| slot.written != Written::No;
        self.lose(todo.iter().filter(unclear).count()).await;
        delivered
    }

    /// The rounds of a batch; `todo` holds the rows that have no outcome yet.
    async fn create_rounds(
        &self,
        batch: Batch,
        todo: &mut Vec<Slot>,
        delivered: &mut Delivered,
    ) -> Result<(), Stop> {
        let (past, fresh): (Vec<_>, Vec<_>) =
            batch.ops.into_iter().partition(|op| op.past.is_some());
        let intended = self.client.portal_now();
        let fresh = self.claim(fresh, intended).await?;
        let intended = Window::open(intended);
        let past = self.look_up_past(past, todo).await?;
        let ops = past.into_iter().chain(fresh).collect();
        let fit = self.find_ends(ops).await?;
        todo.extend(fit.into_iter().map(|op| self.slot(op)));
        while !todo.is_empty() {
            if let Some(stop) = self.stop.reason() {
                return Err(stop);
            }
            let (verdicts, stop) = self.send_creates(todo).await;
            let doubtful = self
                .end_certain(todo, verdicts, intended, delivered)
                .await?;
            if self.no_key || stop.is_some() {
                todo.extend(doubtful.into_iter().map(|(slot, _)| slot));
            } else {
                self.look_up(todo, doubtful).await?;
            }
            if let Some(stop) = stop {
                return Err(stop);
            }
            if self.no_key && todo.iter().all(|slot| slot.written != Written::No) {
                return Ok(());
            }
        }
        Ok(())
    }

    fn slot(&self, mut op: PlannedOp) -> Slot {
        let links = op.links.take().unwrap_or_default().into_iter();
        let mut properties = std::mem::take(&mut op.draft.properties);
        if self.no_key {
            properties.retain(|(name, _)| **name != *self.mapping.key_property());
        }
        let input = CreateInput {
            trace_id: op.source.seq.to_string(),
            properties,
            associations: links.map(Association::from).collect(),
        };
        Slot {
            item: Item {
                input: Input::New(input),
                key: op.draft.key.clone(),
            },
            written: match &op.past {
                Some(past) => Written::Maybe(past.window),
                None => Written::No,
            },
            op,
            attempts: 0,
            collisions: 0,
        }
    }

    /// Rows that an earlier process may have sent are looked up before anything
    /// else; gives back what is not in the portal, which is sent like any other (S3).
    /// When the look-up fails they are in `todo`.
    async fn look_up_past(
        &self,
        past: Vec<PlannedOp>,
        todo: &mut Vec<Slot>,
    ) -> Result<Vec<PlannedOp>, Stop> {
        if past.is_empty() || self.no_key {
            return Ok(past);
        }
        let unclear = past
            .into_iter()
            .map(|op| (self.slot(op), Doubt::Unclear))
            .collect();
        let mut absent = Vec::new();
        let looked = self.look_up(&mut absent, unclear).await;
        if looked.is_err() {
            todo.append(&mut absent);
        }
        looked?;
        self.renew(absent.into_iter().map(Slot::into_op).collect())
            .await
    }

    /// One round of create calls. A row that was in doubt before goes alone, so
    /// that the reply can only speak of it.
    async fn send_creates(&self, slots: &mut [Slot]) -> (Vec<Verdict>, Option<Stop>) {
        let same = |item: &Item, record: &Record| self.sends(item, record);
        let matching = match self.no_key {
            true => Matching::Content(&same),
            false => Matching::Key(self.mapping.key_property()),
        };
        let fresh = slots.iter().all(|slot| slot.attempts == 0);
        let size = if fresh { slots.len().max(1) } else { 1 };
        let mut verdicts = Vec::new();
        for part in slots.chunks_mut(size) {
            for slot in part.iter_mut() {
                slot.attempts += 1;
            }
            if part.iter().any(|slot| slot.attempts > ATTEMPTS) {
                return (verdicts, Some(replies_say_nothing()));
            }
            let items: Vec<&Item> = part.iter().map(|slot| &slot.item).collect();
            let object = ObjectType::Tickets;
            let sent = write(&self.client, object, Verb::Create, &matching, &items).await;
            verdicts.extend(sent.verdicts);
            if sent.stop.is_some() {
                return (verdicts, sent.stop);
            }
        }
        (verdicts, None)
    }

    /// Whether a record holds everything that an item sends.
    fn sends(&self, item: &Item, record: &Record) -> bool {
        item.input
            .properties()
            .iter()
            .all(|(name, value)| same_value(self.mapping.type_of(name), value, record.get(name)))
    }

    /// Settles rows whose verdict is certain; gives the others back, with the
    /// collision that the portal spoke of. Rows without a verdict stay in `todo`.
    async fn end_certain(
        &self,
        todo: &mut Vec<Slot>,
        verdicts: Vec<Verdict>,
        intended: Window,
        delivered: &mut Delivered,
    ) -> Result<Vec<Doubtful>, Stop> {
        let unsent = todo.split_off(verdicts.len());
        let mut outcomes = Vec::new();
        let mut created: Vec<Standing> = Vec::new();
        let mut doubtful = Vec::new();
        for (mut slot, verdict) in std::mem::replace(todo, unsent).into_iter().zip(verdicts) {
            delivered.note(&slot.op, &verdict);
            match verdict {
                Verdict::Written { id: ticket, .. } => {
                    delivered.wrote.push(Wrote {
                        ticket: ticket.clone(),
                        properties: slot.item.input.into_properties(),
                    });
                    let change = Change::Created;
                    created.push((slot.op, RowEnd::Done { ticket, change }));
                }
                Verdict::Refused(issue) => outcomes.push(self.refuse(slot.op, &issue)),
                Verdict::Collided(named) => doubtful.push((slot, Doubt::Collided(named))),
                Verdict::Unclear | Verdict::Late => {
                    if slot.written == Written::No {
                        slot.written = Written::Maybe(intended);
                    }
                    doubtful.push((slot, Doubt::Unclear));
                }
                Verdict::Suspected | Verdict::Missing => doubtful.push((slot, Doubt::Unclear)),
                Verdict::Repeat => todo.push(slot),
            }
        }
        self.settle.settle(outcomes).await?;
        self.settle_standing(created).await?;
        Ok(doubtful)
    }

    /// Looks rows up by key and decides (S3, K5, K6); those to be sent again, and
    /// all of them when the look-up fails, go into `todo`.
    async fn look_up(&self, todo: &mut Vec<Slot>, doubtful: Vec<Doubtful>) -> Result<(), Stop> {
        if doubtful.is_empty() {
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
        let mut ended: Vec<Standing> = Vec::new();
        for (mut slot, doubt) in doubtful {
            let looked = match (&live, &failed) {
                (Ok(live), None) => look_up.decide(&mut slot, live, doubt).await,
                (Err(stop), _) => Err(stop.clone()),
                (_, Some(stop)) => Err(Stop::clone(stop)),
            };
            match looked {
                Ok(Looked::Ended(end)) => {
                    let end = going_on(&slot.op, self.as_planned(&slot.op, end));
                    ended.push((slot.op, end));
                }
                Ok(Looked::Again) => todo.push(slot),
                Err(stop) => {
                    failed = Some(stop);
                    todo.push(slot);
                }
            }
        }
        let (refused, found): (Vec<Standing>, Vec<Standing>) = ended
            .into_iter()
            .partition(|(_, end)| matches!(end, RowEnd::Refused(_)));
        let refused = refused.into_iter().map(|(op, end)| self.end(op, end));
        self.settle.settle(refused.collect()).await?;
        self.settle_standing(found).await?;
        failed.map_or(Ok(()), Err)
    }
}

/// A row that was refused for a link or a note of its goes on with the ticket that an earlier
/// run made for it (protocol H1); `retry` gives it here with what that run wrote of it. With
/// another key it is another row.
fn going_on(op: &PlannedOp, end: RowEnd) -> RowEnd {
    let kept = op.source.kept.as_deref();
    let same_key = |kept: &&Kept| kept.key.as_deref() == Some(&*op.draft.key);
    let code = kept.filter(same_key).and_then(|kept| kept.code.as_deref());
    let goes_on = match code {
        Some(NOTE_REFUSED | NOTE_KEY_HELD) => op.notes > 0,
        Some(LINKED_TICKET_MISSING | LINK_REFUSED) => !op.draft.links.is_empty(),
        _ => false,
    };
    match end {
        RowEnd::Exists { ticket } if goes_on => RowEnd::Unchanged { ticket },
        end => end,
    }
}

/// A row to be looked up.
type Doubtful = (Slot, Doubt);
