//! The rounds of a batch that changes tickets which are there, or may be: update,
//! upsert, archive. What makes them differ from creates is that an attempt whose
//! outcome is unclear may be carried out later, over what came after it (protocol
//! S4). Its rows are given back as parked and come here again when that can't be any
//! more: then the portal is read, and what it does not hold is sent again.

use super::flow::{Batch, Operation, PlannedOp, Standing};
use super::missing::Absent;
use super::reply::{Input, Item, Matching, Verdict};
use super::send::{Delivered, Sender, Wrote, fresh};
use super::stop::replies_say_nothing;
use super::write::{Verb, write};
use crate::hubspot::records::WriteInput;
use crate::journal::PastIntent;
use crate::model::event::Stop;
use crate::model::outcome::{Change, RowEnd};
use crate::model::schema::ObjectType;
use crate::model::window::Window;

/// How often a row is sent before the run stops for later, and how often it is parked.
const ATTEMPTS: u32 = 6;

/// A row on its way, with what is known of its sends.
pub(super) struct Slot {
    pub(super) op: PlannedOp,
    /// What is sent; it holds the draft's property values.
    pub(super) item: Item,
    /// When it may have been carried out, by the portal's clock.
    pub(super) window: Window,
    /// Whether a send of ours may have written it.
    unclear: bool,
    /// Whether an earlier send of ours made the ticket.
    pub(super) created: bool,
    /// Whether its key was said to be taken by a ticket that could not be found.
    pub(super) collided: bool,
    attempts: u32,
}

impl Slot {
    /// The row as it was planned.
    pub(super) fn into_op(self) -> PlannedOp {
        let mut op = self.op;
        op.draft.properties = self.item.input.into_properties();
        op
    }

    /// The row, to be looked at when nothing can come late any more.
    fn park(self) -> PlannedOp {
        let window = self.window;
        let mut op = self.into_op();
        op.parked += 1;
        op.past = op.past.or_else(|| {
            Some(PastIntent {
                window,
                body: op.body,
                key: op.draft.key.clone(),
                record: op.ticket.clone(),
                changes: op.changes.clone(),
            })
        });
        op
    }
}

/// Rows that a round of calls left without an end.
#[derive(Default)]
struct Doubt {
    /// Written or not: the reply does not say.
    unclear: Vec<Slot>,
    /// The ticket is not there.
    absent: Vec<Slot>,
    /// The key is taken; with the id that the portal names.
    collided: Vec<(Slot, Option<String>)>,
}

impl Sender {
    /// Brings every row of a batch of changes to its end, or gives it back as parked.
    pub(super) async fn change(&self, batch: Batch) -> Delivered {
        let mut delivered = Delivered::default();
        let mut todo = Vec::new();
        let fresh = fresh(&batch);
        let ended = self.change_rounds(batch, &mut todo, &mut delivered);
        delivered.stop = ended.await.err();
        self.release_unsent(fresh, &delivered).await;
        self.lose(todo.iter().filter(|slot| slot.unclear).count())
            .await;
        delivered
    }

    /// The rounds of a batch; `todo` holds the rows that have no outcome yet.
    async fn change_rounds(
        &self,
        batch: Batch,
        todo: &mut Vec<Slot>,
        delivered: &mut Delivered,
    ) -> Result<(), Stop> {
        let (past, mut fresh): (Vec<_>, Vec<_>) =
            batch.ops.into_iter().partition(|op| op.past.is_some());
        let past = past.into_iter();
        let past = past.map(|op| self.changing(op, Window::default()));
        self.read_back(past.collect(), todo).await?;
        self.renew_slots(todo).await?;
        if self.operation == Operation::Archive {
            fresh = self.live(fresh).await?;
        } else if fresh.iter().any(|op| op.planned.is_some()) {
            // A plan says what is changed; what the ticket holds is read just before.
            fresh = self.differing(fresh).await?;
        }
        let intended = self.client.portal_now();
        let fresh = self.claim(fresh, intended).await?;
        let fresh = self.find_ends(fresh).await?;
        let intended = Window::open(intended);
        todo.extend(fresh.into_iter().map(|op| self.changing(op, intended)));
        while !todo.is_empty() {
            if let Some(stop) = self.stop.reason() {
                return Err(stop);
            }
            let (verdicts, stop) = self.send_changes(todo).await;
            let doubt = self.take(todo, verdicts, delivered).await?;
            if let Some(stop) = stop {
                todo.extend(doubt.unclear);
                return Err(stop);
            }
            self.settle_doubt(doubt, todo).await?;
        }
        Ok(())
    }

    /// Rows of an earlier process are sent by this one now.
    async fn renew_slots(&self, slots: &mut [Slot]) -> Result<(), Stop> {
        let rows = slots.iter().map(|slot| slot.op.source.seq).collect();
        self.settle.renew(rows).await?;
        for slot in slots {
            slot.window.until = None;
        }
        Ok(())
    }

    /// A row that is to be sent; `intended` is when that was, unless it was before.
    pub(super) fn changing(&self, mut op: PlannedOp, intended: Window) -> Slot {
        let properties = std::mem::take(&mut op.draft.properties);
        let ticket = op.ticket.as_ref().filter(|_| self.names_by_id());
        let name = ticket.unwrap_or(&op.draft.key).clone();
        let input = Input::Change(WriteInput {
            trace_id: op.source.seq.to_string(),
            id: name.clone(),
            properties,
        });
        Slot {
            item: Item { input, key: name },
            window: op.past.as_ref().map_or(intended, |past| past.window),
            unclear: op.past.is_some(),
            created: false,
            collided: false,
            attempts: 0,
            op,
        }
    }

    /// Whether calls name tickets by their ids: archive knows nothing else.
    fn names_by_id(&self) -> bool {
        self.operation == Operation::Archive || self.mapping.id_property().is_none()
    }

    /// One round of calls. A row that was in doubt before goes alone, so that the
    /// reply can only speak of it.
    async fn send_changes(&self, slots: &mut [Slot]) -> (Vec<Verdict>, Option<Stop>) {
        let by = self.mapping.id_property();
        let verb = match (self.operation, by) {
            (Operation::Archive, _) => Verb::Archive,
            (Operation::Upsert, Some(by)) => Verb::Upsert(by),
            _ => Verb::Update(by),
        };
        let matching = match by.filter(|_| !self.names_by_id()) {
            Some(by) => Matching::Key(by),
            None => Matching::Id,
        };
        let fresh = slots.iter().all(|slot| slot.attempts == 0);
        let size = if fresh { slots.len().max(1) } else { 1 };
        let mut verdicts = Vec::new();
        for part in slots.chunks_mut(size) {
            for slot in part.iter_mut() {
                slot.attempts += 1;
            }
            let spent = |slot: &Slot| slot.attempts > ATTEMPTS || slot.op.parked > ATTEMPTS;
            if part.iter().any(spent) {
                return (verdicts, Some(replies_say_nothing()));
            }
            let items: Vec<&Item> = part.iter().map(|slot| &slot.item).collect();
            let sent = write(&self.client, ObjectType::Tickets, verb, &matching, &items).await;
            verdicts.extend(sent.verdicts);
            if sent.stop.is_some() {
                return (verdicts, sent.stop);
            }
        }
        (verdicts, None)
    }

    /// Settles rows whose verdict is certain and parks those that may come late; gives
    /// back the others. Rows without a verdict stay in `todo`.
    async fn take(
        &self,
        todo: &mut Vec<Slot>,
        verdicts: Vec<Verdict>,
        delivered: &mut Delivered,
    ) -> Result<Doubt, Stop> {
        let unsent = todo.split_off(verdicts.len());
        let mut outcomes = Vec::new();
        let mut changed: Vec<Standing> = Vec::new();
        let mut doubt = Doubt::default();
        for (mut slot, verdict) in std::mem::replace(todo, unsent).into_iter().zip(verdicts) {
            delivered.note(&slot.op, &verdict);
            match verdict {
                Verdict::Written { id, created } => {
                    slot.created |= created == Some(true);
                    let change = self.changed(slot.created);
                    if change != Change::Archived {
                        delivered.wrote.push(Wrote {
                            ticket: id.clone(),
                            properties: slot.item.input.into_properties(),
                        });
                    }
                    changed.push((slot.op, RowEnd::Done { ticket: id, change }));
                }
                Verdict::Late => delivered.parked.push(slot.park()),
                Verdict::Refused(issue) => outcomes.push(self.refuse(slot.op, &issue)),
                Verdict::Collided(id) => doubt.collided.push((slot, id)),
                Verdict::Missing => doubt.absent.push(slot),
                Verdict::Unclear => {
                    slot.unclear = true;
                    doubt.unclear.push(slot);
                }
                Verdict::Suspected | Verdict::Repeat => todo.push(slot),
            }
        }
        self.settle.settle(outcomes).await?;
        self.settle_standing(changed).await?;
        Ok(doubt)
    }

    /// What a row that is done was: only an upsert makes tickets.
    pub(super) fn changed(&self, created: bool) -> Change {
        match self.operation {
            Operation::Archive => Change::Archived,
            _ if created => Change::Created,
            _ => Change::Updated,
        }
    }

    async fn settle_doubt(&self, doubt: Doubt, todo: &mut Vec<Slot>) -> Result<(), Stop> {
        self.read_back(doubt.unclear, todo).await?;
        match self.operation {
            // An upsert makes what is not there.
            Operation::Upsert => todo.extend(doubt.absent),
            _ => {
                let absent = doubt.absent.into_iter().map(|slot| match slot.unclear {
                    true => Absent::sent(slot.into_op()),
                    false => Absent::untouched(slot.into_op()),
                });
                self.explain(absent.collect()).await?;
            }
        }
        self.uncollide(doubt.collided, todo).await
    }
}
