//! The rounds of a batch that writes tickets: what an earlier process began is resolved, followed
//! by intents, the ends of links, and calls until every row has an outcome (protocol S1-S4).
//! `create` and `change` know what is sent, and how to find out the outcome of a row when the
//! replies do not say.

use super::reply::{Item, Verdict};
use super::write::{Verb, write};
use super::{Delivered, Sender, Wrote, fresh};
use crate::hubspot::records::written::WrittenRecord;
use crate::import::flow::{Batch, Linkable, Operation, PlannedOp, Snapshot, Standing};
use crate::import::links::Link;
use crate::import::stop::replies_say_nothing;
use crate::journal::PastIntent;
use crate::model::compare::same_value;
use crate::model::outcome::Change;
use crate::model::record_id::RecordId;
use crate::model::schema::ObjectType;
use crate::model::stop::Stop;
use crate::model::window::Window;

/// How often a row is sent before the run stops for later, and how often its call may be late.
const ATTEMPTS: u32 = 6;

/// Whether a send of ours may have written a row (S3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// No.
    No,
    /// Perhaps, in this time of the portal's clock.
    Maybe(Window),
}

/// A row in flight, with what is known about its sends.
pub struct Slot {
    /// The row as it was planned, without its property values.
    pub op: PlannedOp,
    /// What is sent; it holds the property values.
    pub item: Item,
    /// Links that are made once the ticket is written; none if their ends have not been looked up
    /// yet, or if they are sent with the call.
    pub links: Option<Vec<Link>>,
    /// Whether a send of ours may have written it.
    pub written: Written,
    /// Whether a send of ours created the ticket.
    pub created: bool,
    /// How often its key was said to be taken by an unknown holder.
    pub collisions: u32,
    attempts: u32,
}

/// Why the outcome of a row is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// It may have been written.
    Unclear,
    /// Its call was refused because of a key that may be its own.
    Suspected,
    /// The ticket that it is to change does not exist.
    Absent,
    /// Its key is taken, by the ticket that the portal names, if it names one.
    Collided(Option<String>),
}

/// A row, and why its outcome is not known yet.
pub(crate) type Doubtful = (Slot, Doubt);

impl Slot {
    /// A row that is to be sent, or that an earlier process sent.
    pub(crate) fn new(op: PlannedOp, item: Item, links: Option<Vec<Link>>) -> Slot {
        let past = op.past.as_ref();
        Slot {
            written: past.map_or(Written::No, |past| Written::Maybe(past.window)),
            op,
            item,
            links,
            created: false,
            collisions: 0,
            attempts: 0,
        }
    }

    /// The row as it was planned.
    pub(crate) fn into_op(self) -> PlannedOp {
        let mut op = self.op;
        op.draft.properties = self.item.input.into_properties();
        op
    }

    /// The row, now that its ticket holds what it says.
    pub(crate) fn standing(self, ticket: RecordId, snapshot: Snapshot) -> Standing {
        Standing {
            op: self.op,
            ticket,
            snapshot,
            links: self.links,
        }
    }

    /// Whether a send of ours may have written it.
    pub(crate) fn is_unclear(&self) -> bool {
        self.written != Written::No
    }

    /// When a send of ours may have been carried out.
    pub(crate) fn window(&self) -> Window {
        match self.written {
            Written::Maybe(window) => window,
            Written::No => Window::default(),
        }
    }

    fn may_be_written(&mut self, intended: Window) {
        if self.written == Written::No {
            self.written = Written::Maybe(intended);
        }
    }

    /// From now on the row, intended by an earlier process, is sent by this one.
    fn renew(&mut self) {
        if let Written::Maybe(window) = &mut self.written {
            window.until = None;
        }
        if let Some(past) = &mut self.op.past {
            past.window.until = None;
        }
    }

    /// The row, to be looked up when its call can no longer be carried out.
    fn into_late(self) -> PlannedOp {
        let window = self.window();
        let mut op = self.into_op();
        op.times_late += 1;
        op.past = op.past.or_else(|| {
            Some(PastIntent {
                window,
                body: op.body,
                key: op.draft.key.clone(),
                record: op.ticket.clone().map(String::from),
                changes: op.changes.clone(),
            })
        });
        op
    }

    /// Whether it was sent as often as allowed.
    fn is_spent(&self) -> bool {
        self.attempts > ATTEMPTS || self.op.times_late > ATTEMPTS
    }
}

impl Sender {
    /// Brings every row of a batch to its outcome, or returns it as late.
    pub(crate) async fn write(&self, batch: Batch) -> Delivered {
        let mut delivered = Delivered::default();
        let mut todo = Vec::new();
        let fresh = fresh(&batch);
        let ended = self.rounds(batch, &mut todo, &mut delivered);
        delivered.stop = ended.await.err();
        self.release_unsent(fresh, &delivered).await;
        let unclear = todo.iter().filter(|slot| slot.is_unclear());
        self.count_unknown(unclear.count()).await;
        delivered
    }

    /// The rounds of a batch; `todo` holds the rows that have no outcome yet.
    async fn rounds(
        &self,
        batch: Batch,
        todo: &mut Vec<Slot>,
        delivered: &mut Delivered,
    ) -> Result<(), Stop> {
        let (past, fresh): (Vec<_>, Vec<_>) =
            batch.ops.into_iter().partition(|op| op.past.is_some());
        // Rows that an earlier process may have sent come first, so that none is sent twice.
        let past = past.into_iter().map(|op| self.slot(op, None)).collect();
        self.clear_up(past, todo).await?;
        let fresh = self.as_observed(fresh).await?;
        // Taken before the intents: no call of these rows can have been carried out earlier (K6).
        let intended = self.client.portal_now();
        let fresh = self.write_intents(fresh, intended).await?;
        let fresh = self.find_ends(fresh).await?;
        todo.extend(fresh.into_iter().map(|row| self.linkable(row)));
        let intended = Window::open(intended);
        while !todo.is_empty() {
            if let Some(stop) = self.stop.reason() {
                return Err(stop);
            }
            let (verdicts, stop) = self.send_round(todo).await;
            let doubtful = self.take(todo, verdicts, intended, delivered).await?;
            // The portal is no longer asked: rows in doubt are counted as unknown.
            if let Some(stop) = stop {
                todo.extend(doubtful.into_iter().map(|(slot, _)| slot));
                return Err(stop);
            }
            match self.operation {
                Operation::Create => self.look_up(doubtful, todo).await?,
                _ => self.settle_doubt(doubtful, todo).await?,
            }
        }
        Ok(())
    }

    /// Handles rows that an earlier process may have sent: those that it wrote are settled, the
    /// others are put into `todo` and now belong to this process.
    async fn clear_up(&self, past: Vec<Slot>, todo: &mut Vec<Slot>) -> Result<(), Stop> {
        if past.is_empty() {
            return Ok(());
        }
        match self.operation {
            Operation::Create => {
                let past = past.into_iter().map(|slot| (slot, Doubt::Unclear));
                self.look_up(past.collect(), todo).await?;
            }
            _ => self.read_back(past, todo).await?,
        }
        let rows = todo.iter().map(|slot| slot.op.source.seq).collect();
        self.settle.renew(rows).await?;
        todo.iter_mut().for_each(Slot::renew);
        // A create includes its links, so their ends must be known before it is sent.
        if self.operation == Operation::Create {
            let left = std::mem::take(todo).into_iter().map(Slot::into_op);
            let left: Vec<PlannedOp> = left.collect();
            let rows = left.len();
            let fit = self.find_ends(left).await;
            let fit = self.or_lose(rows, fit).await?;
            todo.extend(fit.into_iter().map(|row| self.linkable(row)));
        }
        Ok(())
    }

    /// Rows whose tickets are as the operation needs them; the others are settled here.
    async fn as_observed(&self, fresh: Vec<PlannedOp>) -> Result<Vec<PlannedOp>, Stop> {
        match self.operation {
            Operation::Create => Ok(fresh),
            Operation::Archive => {
                let live = self.live(fresh).await?;
                Ok(live.into_iter().map(|row| row.op).collect())
            }
            // A plan says what is changed; the ticket is read just before.
            _ if fresh.iter().any(|op| op.planned.is_some()) => self.differing(fresh).await,
            _ => Ok(fresh),
        }
    }

    fn linkable(&self, Linkable { op, links }: Linkable) -> Slot {
        self.slot(op, Some(links))
    }

    /// A row that is to be sent, with its links if their ends are known.
    pub(crate) fn slot(&self, op: PlannedOp, links: Option<Vec<Link>>) -> Slot {
        match self.operation {
            Operation::Create => self.creating(op, links),
            _ => self.changing(op, links),
        }
    }

    /// One round of calls. A row that was in doubt before is sent alone, so that the
    /// reply can only be about it.
    async fn send_round(&self, slots: &mut [Slot]) -> (Vec<Verdict>, Option<Stop>) {
        let same = |item: &Item, record: &WrittenRecord| self.sends(item, record);
        let (verb, matching) = match self.operation {
            Operation::Create => (Verb::Create, self.create_matching(&same)),
            _ => self.change_call(),
        };
        let fresh = slots.iter().all(|slot| slot.attempts == 0);
        let size = if fresh { slots.len().max(1) } else { 1 };
        let mut verdicts = Vec::new();
        for part in slots.chunks_mut(size) {
            for slot in part.iter_mut() {
                slot.attempts += 1;
            }
            // The replies do not help, so the outcome of the row can only be determined later.
            if part.iter().any(Slot::is_spent) {
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

    /// Whether a record holds everything that an item sends.
    fn sends(&self, item: &Item, record: &WrittenRecord) -> bool {
        let mut values = item.input.properties().iter();
        values.all(|(name, value)| same_value(self.mapping.type_of(name), value, record.get(name)))
    }

    /// Settles rows whose verdict is certain, and sets aside those that may be carried out late and
    /// would then do harm; returns the others. Rows without a verdict stay in `todo`.
    async fn take(
        &self,
        todo: &mut Vec<Slot>,
        verdicts: Vec<Verdict>,
        intended: Window,
        delivered: &mut Delivered,
    ) -> Result<Vec<Doubtful>, Stop> {
        let unsent = todo.split_off(verdicts.len());
        let mut outcomes = Vec::new();
        let mut standing = Vec::new();
        let mut doubtful = Vec::new();
        for (mut slot, verdict) in std::mem::replace(todo, unsent).into_iter().zip(verdicts) {
            delivered.note(&slot.op, &verdict);
            match verdict {
                Verdict::Written { id, created } => {
                    slot.created |= created == Some(true);
                    standing.push(self.written(slot, &id, delivered));
                }
                Verdict::Refused(issue) => outcomes.push(self.refuse(slot.op, &issue)),
                // A late create does no harm because of its key.
                Verdict::Late if self.operation != Operation::Create => {
                    slot.may_be_written(intended);
                    delivered.late.push(slot.into_late());
                }
                Verdict::Unclear | Verdict::Late => {
                    slot.may_be_written(intended);
                    doubtful.push((slot, Doubt::Unclear));
                }
                Verdict::Suspected => doubtful.push((slot, Doubt::Suspected)),
                Verdict::Missing => doubtful.push((slot, Doubt::Absent)),
                Verdict::Collided(named) => doubtful.push((slot, Doubt::Collided(named))),
                Verdict::Repeat => todo.push(slot),
            }
        }
        self.settle.settle(outcomes).await?;
        self.settle_standing(standing).await?;
        Ok(doubtful)
    }

    /// A row whose ticket was written; what was sent is kept for the canary.
    fn written(&self, mut slot: Slot, id: &str, delivered: &mut Delivered) -> Standing {
        let change = self.change(slot.created);
        if change != Change::Archived {
            let properties = slot.item.input.take_properties();
            delivered.wrote.push(Wrote {
                ticket: id.to_owned(),
                properties,
            });
        }
        slot.standing(RecordId::given(id), Snapshot::Done(change))
    }

    /// What was done for a row; `created` if an upsert's call created the ticket.
    pub(crate) fn change(&self, created: bool) -> Change {
        match self.operation {
            Operation::Create => Change::Created,
            Operation::Archive => Change::Archived,
            _ if created => Change::Created,
            _ => Change::Updated,
        }
    }
}
