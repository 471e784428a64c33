//! The rounds of a batch that changes tickets which are there, or may be: update,
//! upsert, archive. What makes them differ from creates is that an attempt whose
//! outcome is unclear may be carried out later, over what came after it (protocol
//! S4). Its rows are given back as parked and come here again when that can't be any
//! more: then the portal is read, and what it does not hold is sent again.

use jiff::Timestamp;

use super::flow::{Batch, Operation, PlannedOp};
use super::links::Standing;
use super::reply::{Input, Item, Matching, Verdict};
use super::send::{Delivered, Sender, Wrote, replies_say_nothing};
use super::tickets::{Tickets, inserted_since};
use super::write::{Verb, write};
use crate::hubspot::records::{Record, WriteInput};
use crate::journal::PastIntent;
use crate::model::compare::same_value;
use crate::model::event::Stop;
use crate::model::issue::{Problem, Reason};
use crate::model::outcome::{Change, RowEnd};
use crate::model::schema::ObjectType;

/// How often a row is sent before the run stops for later, and how often it is parked.
const ATTEMPTS: u32 = 6;

/// A row on its way, with what is known of its sends.
struct Slot {
    op: PlannedOp,
    /// What is sent; it holds the draft's property values.
    item: Item,
    /// Whether a send of ours may have written it.
    unclear: bool,
    /// Whether an earlier send of ours made the ticket.
    created: bool,
    /// Whether its key was said to be taken by a ticket that could not be found.
    collided: bool,
    attempts: u32,
}

impl Slot {
    /// The row as it was planned.
    fn into_op(self) -> PlannedOp {
        let mut op = self.op;
        op.draft.properties = self.item.input.into_properties();
        op
    }

    /// The row, to be looked at when nothing can come late any more.
    fn park(self, intended: Option<Timestamp>) -> PlannedOp {
        let mut op = self.into_op();
        op.parked += 1;
        op.past = op.past.or_else(|| {
            Some(PastIntent {
                at: intended,
                body: op.body,
                key: op.draft.key.clone(),
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
        let ended = self.change_rounds(batch, &mut todo, &mut delivered);
        delivered.stop = ended.await.err();
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
        let past = past.into_iter().map(|op| self.changing(op)).collect();
        self.read_back(past, todo).await?;
        if self.operation == Operation::Archive {
            fresh = self.live(fresh).await?;
        }
        let intended = self.client.portal_now();
        let fresh = self.claim(fresh, intended).await?;
        let fresh = self.find_ends(fresh).await?;
        todo.extend(fresh.into_iter().map(|op| self.changing(op)));
        while !todo.is_empty() {
            if let Some(stop) = self.stop.reason() {
                return Err(stop);
            }
            let (verdicts, stop) = self.send_changes(todo).await;
            let doubt = self.take(todo, verdicts, intended, delivered).await?;
            if let Some(stop) = stop {
                todo.extend(doubt.unclear);
                return Err(stop);
            }
            self.settle_doubt(doubt, todo).await?;
        }
        Ok(())
    }

    fn changing(&self, mut op: PlannedOp) -> Slot {
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

    /// The tickets as the rows name them.
    pub(super) fn tickets(&self) -> Tickets<'_> {
        Tickets {
            client: &self.client,
            by: self.mapping.id_property(),
        }
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
        intended: Option<Timestamp>,
        delivered: &mut Delivered,
    ) -> Result<Doubt, Stop> {
        let unsent = todo.split_off(verdicts.len());
        let mut outcomes = Vec::new();
        let mut changed: Vec<Standing> = Vec::new();
        let mut doubt = Doubt::default();
        for (mut slot, verdict) in std::mem::replace(todo, unsent).into_iter().zip(verdicts) {
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
                Verdict::Late => delivered.parked.push(slot.park(intended)),
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

    fn changed(&self, created: bool) -> Change {
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
                let absent = doubt.absent.into_iter();
                self.explain(absent.map(|slot| (slot.unclear, slot.into_op())).collect())
                    .await?;
            }
        }
        self.uncollide(doubt.collided, todo).await
    }

    /// Reads tickets that a send of ours may have written: rows whose ticket is as
    /// they say are done, the others are sent (again).
    async fn read_back(&self, slots: Vec<Slot>, todo: &mut Vec<Slot>) -> Result<(), Stop> {
        if slots.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = slots.iter().map(|slot| slot.op.draft.key.clone()).collect();
        let live = match self.tickets().read(&names, &self.wanted(), false).await {
            Ok(live) => live,
            Err(stop) => {
                self.lose(slots.len()).await;
                return Err(stop);
            }
        };
        let mut held_already: Vec<Standing> = Vec::new();
        let mut absent = Vec::new();
        for mut slot in slots {
            let held = self.tickets().find(&live, &slot.op.draft.key);
            match (held, self.operation) {
                (Some(record), Operation::Archive) => {
                    slot.op.ticket = Some(record.id.clone());
                    todo.push(self.changing(slot.into_op()));
                }
                (Some(record), operation) => {
                    let at = slot.op.past.as_ref().and_then(|past| past.at);
                    slot.created |= operation == Operation::Upsert && inserted_since(record, at);
                    match self.holds(record, &slot) {
                        true => held_already.push(self.written(slot, record)),
                        false => todo.push(slot),
                    }
                }
                (None, Operation::Upsert) => todo.push(slot),
                (None, _) => absent.push((true, slot.into_op())),
            }
        }
        self.settle_standing(held_already).await?;
        self.explain(absent).await
    }

    fn written(&self, slot: Slot, record: &Record) -> Standing {
        let end = RowEnd::Done {
            ticket: record.id.clone(),
            change: self.changed(slot.created),
        };
        (slot.op, end)
    }

    /// Whether a ticket holds everything that a row sends.
    fn holds(&self, record: &Record, slot: &Slot) -> bool {
        let mut values = slot.item.input.properties().iter();
        values.all(|(name, value)| self.is_held(record, name, value))
    }

    /// Whether a ticket holds a value. The key is how the ticket was found, in
    /// whatever spelling.
    pub(super) fn is_held(&self, record: &Record, name: &str, value: &str) -> bool {
        self.mapping.id_property() == Some(name)
            || same_value(self.mapping.type_of(name), value, record.get(name))
    }

    /// Everything that rows are compared by.
    pub(super) fn wanted(&self) -> Vec<&str> {
        let mapped = self.mapping.properties().iter();
        let names = mapped.map(|property| &*property.name);
        names.chain(["hs_createdate"]).collect()
    }

    /// Rows whose ticket is live, with its id; the others end here.
    pub(super) async fn live(&self, ops: Vec<PlannedOp>) -> Result<Vec<PlannedOp>, Stop> {
        let names: Vec<String> = ops.iter().map(|op| op.draft.key.clone()).collect();
        let records = self.tickets().read(&names, &[], false).await?;
        let mut live = Vec::new();
        let mut absent = Vec::new();
        for mut op in ops {
            match self.tickets().find(&records, &op.draft.key) {
                Some(record) => {
                    op.ticket = Some(record.id.clone());
                    live.push(op);
                }
                None => absent.push((false, op)),
            }
        }
        self.explain(absent).await?;
        Ok(live)
    }

    /// Ends rows whose ticket is not live: it may be in the recycle bin, or nowhere.
    /// With each row goes whether a send of ours may have brought it there.
    pub(super) async fn explain(&self, absent: Vec<(bool, PlannedOp)>) -> Result<(), Stop> {
        let names: Vec<String> = absent.iter().map(|(_, op)| op.draft.key.clone()).collect();
        let bin = match self.tickets().read(&names, &[], true).await {
            Ok(bin) => bin,
            Err(stop) => {
                self.lose(absent.iter().filter(|(sent, _)| *sent).count())
                    .await;
                return Err(stop);
            }
        };
        let explained = absent.into_iter().map(|(sent, op)| {
            let archived = self.tickets().find(&bin, &op.draft.key);
            let id = archived.map(|record| record.id.clone());
            match (id, self.operation) {
                (Some(ticket), Operation::Archive) if sent => {
                    let change = Change::Archived;
                    op.ended(RowEnd::Done { ticket, change })
                }
                (Some(ticket), Operation::Archive) => op.ended(RowEnd::Unchanged { ticket }),
                (Some(id), _) => self.refuse_key(op, Reason::TicketArchived { id }),
                (None, _) => self.refuse_key(op, Reason::TicketMissing),
            }
        });
        self.settle
            .settle(explained.collect())
            .await
            .map_err(Stop::from)
    }

    /// Rows of an upsert whose key is said to be taken, though no live ticket had it:
    /// by one in the recycle bin, or by one that came just now.
    async fn uncollide(
        &self,
        collided: Vec<(Slot, Option<String>)>,
        todo: &mut Vec<Slot>,
    ) -> Result<(), Stop> {
        let mut refused = Vec::new();
        let mut names = Vec::new();
        for (slot, _) in &collided {
            names.push(slot.op.draft.key.clone());
        }
        let bin = self.tickets().read(&names, &[], true).await?;
        for (mut slot, id) in collided {
            let archived = self.tickets().find(&bin, &slot.op.draft.key);
            let reason = match archived.map(|record| record.id.clone()) {
                _ if self.operation != Operation::Upsert => Reason::ConflictingUniqueValue { id },
                Some(id) => Reason::KeyInRecycleBin { id },
                None if slot.collided => Reason::KeyHeldElsewhere { id },
                None => {
                    slot.collided = true;
                    todo.push(slot);
                    continue;
                }
            };
            refused.push(self.refuse_key(slot.op, reason));
        }
        self.settle.settle(refused).await?;
        Ok(())
    }

    fn refuse_key(&self, op: PlannedOp, reason: Reason) -> super::flow::RowOutcome {
        let problem = Problem::new(reason).property(self.mapping.key_property());
        let problem = problem.value(&op.draft.key);
        self.refuse(op, &problem.into())
    }
}
