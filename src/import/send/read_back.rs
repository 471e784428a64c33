//! Finds the outcome of rows whose reply does not say it: tickets are read back, from the record
//! store, and rows are settled by what the portal has or sent again. Tickets that are not live are
//! handled by `missing`.

use super::Sender;
use super::missing::Absent;
use super::rounds::Slot;
use super::tickets::{Tickets, compared, has_key};
use crate::hubspot::records::Record;
use crate::import::flow::{Operation, PlannedOp, RowOutcome, Snapshot, Standing};
use crate::model::compare::same_value;
use crate::model::issue::Reason;
use crate::model::shelf::Shelf;
use crate::model::stop::Stop;

/// Rows that are not sent again, by what was read of their tickets.
#[derive(Default)]
struct Sorted {
    /// Their tickets hold what they say.
    standing: Vec<Standing>,
    /// Somebody else has changed their tickets since they were planned.
    changed: Vec<RowOutcome>,
    /// Their tickets are not live.
    absent: Vec<Absent>,
}

impl Sender {
    /// The tickets as the rows name them.
    pub(crate) fn tickets(&self) -> Tickets<'_> {
        Tickets {
            client: &self.client,
            by: self.mapping.id_property(),
        }
    }

    /// Reads tickets that a send of ours may have written: rows whose ticket holds what
    /// they say are done, the others are sent (again).
    pub(crate) async fn read_back(
        &self,
        slots: Vec<Slot>,
        todo: &mut Vec<Slot>,
    ) -> Result<(), Stop> {
        if slots.is_empty() {
            return Ok(());
        }
        if self.operation == Operation::Archive {
            return self.read_archived(slots, todo).await;
        }
        let (live, earlier) = match self.read_written(&slots).await {
            Ok(read) => read,
            Err(stop) => {
                todo.extend(slots);
                return Err(stop);
            }
        };
        let sorted = self.sort(slots, &live, earlier, todo);
        self.settle.settle(sorted.changed).await?;
        self.settle_standing(sorted.standing).await?;
        self.settle_absent(sorted.absent).await
    }

    /// Sorts rows by what was read of their tickets; those that are sent again go to `todo`.
    fn sort(
        &self,
        slots: Vec<Slot>,
        live: &[Record],
        earlier: Vec<Option<String>>,
        todo: &mut Vec<Slot>,
    ) -> Sorted {
        let mut sorted = Sorted::default();
        for (mut slot, earlier) in slots.into_iter().zip(earlier) {
            match self.tickets().find(live, &slot.op.draft.key) {
                Some(record) => {
                    slot.created |= self.made(&slot, record, earlier.as_deref());
                    match self.holds(record, &slot) {
                        true => sorted.standing.push(self.wrote(slot, record)),
                        // Sent again, unless a plan says what it must hold and somebody else has
                        // changed that meanwhile.
                        false => match self.overwritten(&slot.op, record) {
                            Some(since) => sorted.changed.push(self.refuse_changed(slot.op, since)),
                            None => todo.push(slot),
                        },
                    }
                }
                // An upsert creates what is missing, whether or not its call was lost.
                None if self.operation == Operation::Upsert => todo.push(slot),
                None => sorted.absent.push(Absent::sent(slot.into_op())),
            }
        }
        sorted
    }

    /// Live tickets that rows may have written, and for each row the ticket that an earlier row of
    /// this run has under the same key.
    async fn read_written(
        &self,
        slots: &[Slot],
    ) -> Result<(Vec<Record>, Vec<Option<String>>), Stop> {
        let keys = slots.iter().map(|slot| slot.op.draft.key.clone());
        let names: Vec<String> = keys.clone().map(String::from).collect();
        let live = self
            .tickets()
            .read(&names, &self.wanted(), Shelf::Live)
            .await?;
        if self.operation != Operation::Upsert {
            return Ok((live, vec![None; slots.len()]));
        }
        let seqs = slots.iter().map(|slot| slot.op.source.seq);
        let rows = seqs.zip(keys).collect();
        let earlier = self.settle.earlier(self.operation, rows).await?;
        let tickets = earlier.into_iter().map(|row| row.map(|row| row.record));
        Ok((live, tickets.collect()))
    }

    /// Whether an upsert's lost send made the ticket (K6): not if it existed before, or
    /// an earlier row of this run has it.
    fn made(&self, slot: &Slot, record: &Record, earlier: Option<&str>) -> bool {
        self.operation == Operation::Upsert
            && earlier != Some(&record.id)
            && slot.window().holds(record.inserted_at())
    }

    fn wrote(&self, slot: Slot, record: &Record) -> Standing {
        let change = self.change(slot.created);
        slot.standing(record.record_id(), Snapshot::Done(change))
    }

    /// Whether a ticket holds everything that a row sends.
    fn holds(&self, record: &Record, slot: &Slot) -> bool {
        let mut values = slot.item.input.properties().iter();
        values.all(|(name, value)| self.is_held(record, name, value))
    }

    /// Whether a ticket holds a value. The ticket was found by its key, in whatever
    /// spelling.
    pub(crate) fn is_held(&self, record: &Record, name: &str, value: &str) -> bool {
        self.mapping.id_property() == Some(name)
            || same_value(self.mapping.type_of(name), value, record.get(name))
    }

    /// The properties that rows are compared by.
    pub(crate) fn wanted(&self) -> Vec<&str> {
        compared(&self.mapping)
    }

    /// Rows of an upsert whose key is said to be taken, though no live ticket had it:
    /// by one in the recycle bin, or by one created just now.
    pub(crate) async fn settle_collided(
        &self,
        collided: Vec<(Slot, Option<String>)>,
        todo: &mut Vec<Slot>,
    ) -> Result<(), Stop> {
        let reasons = match self.why_taken(&collided).await {
            Ok(reasons) => reasons,
            Err(stop) => {
                todo.extend(collided.into_iter().map(|(slot, _)| slot));
                return Err(stop);
            }
        };
        let mut refused = Vec::new();
        for ((mut slot, _), reason) in collided.into_iter().zip(reasons) {
            // A ticket that was created between the two calls is live by now: an upsert that is
            // sent once more finds it.
            let is_final = self.operation != Operation::Upsert
                || slot.collisions > 0
                || matches!(reason, Reason::KeyInRecycleBin { .. });
            match is_final {
                true => refused.push(self.refuse_key(slot.op, reason)),
                false => {
                    slot.collisions += 1;
                    todo.push(slot);
                }
            }
        }
        self.settle.settle(refused).await?;
        Ok(())
    }

    /// Why the values of rows are taken; each row comes with the id that the portal names.
    async fn why_taken(&self, collided: &[(Slot, Option<String>)]) -> Result<Vec<Reason>, Stop> {
        if self.operation != Operation::Upsert {
            let ids = collided.iter().map(|(_, id)| id.clone());
            return Ok(ids
                .map(|id| Reason::ConflictingUniqueValue { id })
                .collect());
        }
        let names = collided
            .iter()
            .map(|(slot, _)| slot.op.draft.key.to_string());
        let names: Vec<String> = names.collect();
        let bin = self.tickets().read(&names, &[], Shelf::RecycleBin).await?;
        let mut reasons = Vec::new();
        for (slot, id) in collided {
            let key = &slot.op.draft.key;
            reasons.push(match self.tickets().find(&bin, key) {
                Some(record) => Reason::KeyInRecycleBin {
                    id: record.id.clone(),
                },
                None => self.named_holder(key, id.as_deref()).await?,
            });
        }
        Ok(reasons)
    }

    /// Why a key is taken although no ticket is found by it, judged from the ticket that the portal
    /// names.
    async fn named_holder(&self, key: &str, named: Option<&str>) -> Result<Reason, Stop> {
        let id = named.map(str::to_owned);
        let key_property = self.mapping.key_property();
        let holder = match named {
            Some(id) => self.tickets().anywhere(id, &[key_property]).await?,
            None => None,
        };
        Ok(match holder {
            Some(record) if !has_key(&record, key_property, key) => {
                Reason::ConflictingUniqueValue { id }
            }
            Some(record) if record.archived => Reason::KeyInRecycleBin { id: record.id },
            _ => Reason::KeyHeldElsewhere { id },
        })
    }

    pub(crate) fn refuse_key(&self, op: PlannedOp, reason: Reason) -> RowOutcome {
        let problem = self.mapping.key_problem(reason, &op.draft.key);
        self.refuse(op, &problem.into())
    }
}
