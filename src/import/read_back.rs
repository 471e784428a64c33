//! What became of rows whose reply does not say it: tickets are read back, from the
//! record store, and rows end as the portal has them or are sent again. A ticket that
//! is not live may be in the recycle bin; the two are told apart.

use super::change::Slot;
use super::flow::{Operation, PlannedOp, RowOutcome};
use super::links::Standing;
use super::send::Sender;
use super::tickets::{Tickets, inserted_since};
use crate::hubspot::records::Record;
use crate::model::compare::same_value;
use crate::model::event::Stop;
use crate::model::issue::{Problem, Reason};
use crate::model::outcome::{Change, RowEnd};

impl Sender {
    /// The tickets as the rows name them.
    pub(super) fn tickets(&self) -> Tickets<'_> {
        Tickets {
            client: &self.client,
            by: self.mapping.id_property(),
        }
    }

    /// Reads tickets that a send of ours may have written: rows whose ticket is as
    /// they say are done, the others are sent (again).
    pub(super) async fn read_back(
        &self,
        slots: Vec<Slot>,
        todo: &mut Vec<Slot>,
    ) -> Result<(), Stop> {
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
        let mut standing: Vec<Standing> = Vec::new();
        let mut absent = Vec::new();
        for mut slot in slots {
            let held = self.tickets().find(&live, &slot.op.draft.key);
            match (held, self.operation) {
                (Some(record), Operation::Archive) => {
                    slot.op.ticket = Some(record.id.clone());
                    let intended = slot.intended;
                    todo.push(self.changing(slot.into_op(), intended));
                }
                (Some(record), operation) => {
                    let is_ours = inserted_since(record, slot.intended);
                    slot.created |= operation == Operation::Upsert && is_ours;
                    match self.holds(record, &slot) {
                        true => standing.push(self.written(slot, record)),
                        false => todo.push(slot),
                    }
                }
                (None, Operation::Upsert) => todo.push(slot),
                (None, _) => absent.push((true, slot.into_op())),
            }
        }
        self.settle_standing(standing).await?;
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
        let names = mapped.flat_map(|property| {
            let instead = property.instead.as_ref().map(|instead| &*instead.name);
            [Some(&*property.name), instead].into_iter().flatten()
        });
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
    pub(super) async fn uncollide(
        &self,
        collided: Vec<(Slot, Option<String>)>,
        todo: &mut Vec<Slot>,
    ) -> Result<(), Stop> {
        let mut refused = Vec::new();
        let names = collided.iter().map(|(slot, _)| slot.op.draft.key.clone());
        let names: Vec<String> = names.collect();
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

    fn refuse_key(&self, op: PlannedOp, reason: Reason) -> RowOutcome {
        let problem = Problem::new(reason).property(self.mapping.key_property());
        let problem = problem.value(&op.draft.key);
        self.refuse(op, &problem.into())
    }
}
