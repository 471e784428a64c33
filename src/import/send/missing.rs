//! Tickets that are not live: in the recycle bin, merged into another, or nowhere. A portal may not
//! find archived tickets by their key, so a row whose ticket was seen before is looked up by the
//! ticket's id (protocol R4), and a row whose key belongs to a ticket that an earlier row of the
//! run archived is decided by the journal.

use super::Sender;
use super::rounds::Slot;
use super::tickets::Tickets;
use crate::hubspot::records::Record;
use crate::import::decide::as_planned::Since;
use crate::import::flow::{Located, Operation, PlannedOp, RowOutcome};
use crate::import::stop::stop_for;
use crate::journal::Earlier;
use crate::model::issue::{Reason, SincePlan};
use crate::model::outcome::{Change, RowEnd};
use crate::model::plan::PlannedAction;
use crate::model::record_id::RecordId;
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;
use crate::model::stop::Stop;

/// A row whose ticket is not live.
pub(crate) struct Absent {
    op: PlannedOp,
    /// Whether a send of ours may have caused that.
    sent: bool,
}

impl Absent {
    /// A row that this run may have carried out.
    pub(crate) fn sent(op: PlannedOp) -> Absent {
        Absent { op, sent: true }
    }

    /// A row for which nothing was done.
    pub(crate) fn untouched(op: PlannedOp) -> Absent {
        Absent { op, sent: false }
    }
}

/// Where a ticket is if it is not live.
enum Place {
    /// In the recycle bin, with this id.
    Bin(String),
    /// Merged into this one.
    Merged { id: String, into: Box<Record> },
    /// An earlier row of this run archived it.
    ArchivedBefore(String),
    /// It was live when this run intended to write it, and can no longer be found.
    Purged(String),
    /// It can't be found anywhere.
    Nowhere,
}

impl Sender {
    /// Rows whose ticket is live; the others are settled here.
    pub(crate) async fn live(&self, ops: Vec<PlannedOp>) -> Result<Vec<Located>, Stop> {
        let names: Vec<String> = ops.iter().map(|op| op.draft.key.to_string()).collect();
        let given = self.tickets().read_each(&names, &[], Shelf::Live).await?;
        let (ops, records) = self.shown(ops, given).await?;
        let mut live = Vec::new();
        let mut absent = Vec::new();
        let mut changed = Vec::new();
        for mut op in ops {
            match self.tickets().find(&records, &op.draft.key) {
                Some(record) => match not_as_planned(&op, &record.id) {
                    Some(since) => changed.push(self.refuse_changed(op, since)),
                    None => {
                        let ticket = record.record_id();
                        op.ticket = Some(ticket.clone());
                        live.push(Located { op, ticket });
                    }
                },
                None => absent.push(Absent::untouched(op)),
            }
        }
        self.settle.settle(changed).await?;
        self.settle_absent(absent).await?;
        Ok(live)
    }

    /// Reads tickets that a send of ours may have archived, by the ids that their intents have
    /// (R4): by now the key may belong to no ticket, or to a newer one. What is live is sent
    /// (again). When a read fails, the rows are in `todo`.
    pub(crate) async fn read_archived(
        &self,
        slots: Vec<Slot>,
        todo: &mut Vec<Slot>,
    ) -> Result<(), Stop> {
        let (known, nameless) = by_name(slots);
        let mut absent = Vec::new();
        let ids = known.iter().map(|(_, ticket)| ticket.to_string());
        let ids: Vec<String> = ids.collect();
        let read = async {
            let found = self.name(&nameless).await?;
            let live = self.tickets_by_id().read(&ids, &[], Shelf::Live).await?;
            Ok::<_, Stop>((found, live))
        };
        let (found, live) = match read.await {
            Ok(read) => read,
            Err(stop) => {
                todo.extend(known.into_iter().map(|(slot, _)| slot).chain(nameless));
                return Err(stop);
            }
        };
        for (slot, found) in nameless.into_iter().zip(found) {
            let mut op = slot.into_op();
            match found {
                Some(id) => {
                    op.ticket = Some(id);
                    todo.push(self.slot(op, None));
                }
                None => absent.push(Absent::sent(op)),
            }
        }
        for (slot, ticket) in known {
            match self.tickets_by_id().find(&live, &ticket) {
                Some(_) => todo.push(slot),
                None => absent.push(Absent::sent(slot.into_op())),
            }
        }
        self.settle_absent(absent).await
    }

    /// Finds the tickets of rows whose intents have none, as in journals of older
    /// versions, and makes their ids durable before anything is sent.
    async fn name(&self, slots: &[Slot]) -> Result<Vec<Option<RecordId>>, Stop> {
        let names = slots.iter().map(|slot| slot.op.draft.key.to_string());
        let names: Vec<String> = names.collect();
        let live = self.tickets().read(&names, &[], Shelf::Live).await?;
        let id = |name: &String| {
            let record = self.tickets().find(&live, name);
            record.map(Record::record_id)
        };
        let found: Vec<Option<RecordId>> = names.iter().map(id).collect();
        let seqs = slots.iter().map(|slot| slot.op.source.seq);
        let named = seqs
            .zip(&found)
            .filter_map(|(seq, id)| Some((seq, id.clone()?.into())));
        self.settle.name(self.operation, named.collect()).await?;
        Ok(found)
    }

    fn tickets_by_id(&self) -> Tickets<'_> {
        Tickets {
            by: None,
            ..self.tickets()
        }
    }

    /// Settles rows whose ticket is not live.
    pub(crate) async fn settle_absent(&self, absent: Vec<Absent>) -> Result<(), Stop> {
        if absent.is_empty() {
            return Ok(());
        }
        let places = match self.places(&absent).await {
            Ok(places) => places,
            Err(stop) => {
                self.count_unknown(absent.iter().filter(|row| row.sent).count())
                    .await;
                return Err(stop);
            }
        };
        let ended = absent.into_iter().zip(places);
        let ended = ended.map(|(row, place)| self.outcome_of(row, place));
        self.settle.settle(ended.collect()).await?;
        Ok(())
    }

    /// The outcome of a row whose ticket exists and is not live.
    fn outcome_of(&self, Absent { op, sent }: Absent, place: Place) -> RowOutcome {
        let archives = self.operation == Operation::Archive;
        if !sent && was_live(&op, &place) {
            return self.refuse_changed(op, Since::ticket(SincePlan::Gone));
        }
        match place {
            Place::Bin(ticket) | Place::Purged(ticket) if archives && sent => {
                let change = Change::Archived;
                op.ended(RowEnd::Done { ticket, change })
            }
            Place::Bin(ticket) | Place::ArchivedBefore(ticket) if archives => {
                op.ended(RowEnd::Unchanged { ticket })
            }
            Place::Merged { into, .. } if self.took_over(&op, &into) => {
                let (ticket, change) = (into.id, Change::Updated);
                op.ended(RowEnd::Done { ticket, change })
            }
            Place::Bin(id) | Place::ArchivedBefore(id) => {
                self.refuse_key(op, Reason::TicketArchived { id })
            }
            Place::Merged { id, into } => {
                let into = into.id;
                self.refuse_key(op, Reason::TicketMerged { id, into })
            }
            Place::Purged(_) | Place::Nowhere => {
                let by_key = self.mapping.id_property().is_some();
                self.refuse_key(op, Reason::TicketMissing { by_key })
            }
        }
    }

    /// Whether the ticket into which a row's was merged holds what the row says: some
    /// calls reach it by the old id.
    fn took_over(&self, op: &PlannedOp, into: &Record) -> bool {
        let mut values = op.draft.properties.iter();
        self.operation == Operation::Update
            && values.all(|(name, value)| self.is_held(into, name, value))
    }

    async fn places(&self, absent: &[Absent]) -> Result<Vec<Place>, Stop> {
        let known = |row: &Absent| row.op.ticket.clone().map(String::from);
        let ids: Vec<String> = absent.iter().filter_map(known).collect();
        let keys = absent.iter().filter(|row| row.op.ticket.is_none());
        let keys: Vec<String> = keys.map(|row| row.op.draft.key.to_string()).collect();
        let by_id = self
            .tickets_by_id()
            .read(&ids, &[], Shelf::RecycleBin)
            .await?;
        let by_key = self.tickets().read(&keys, &[], Shelf::RecycleBin).await?;
        let mut before = self.archived_before(absent).await?.into_iter();
        let mut places = Vec::new();
        for row in absent {
            let found = match &row.op.ticket {
                Some(id) => self.tickets_by_id().find(&by_id, id),
                None => self.tickets().find(&by_key, &row.op.draft.key),
            };
            let before = before.next().flatten();
            places.push(match (found, before) {
                (Some(record), _) => Place::Bin(record.id.clone()),
                (None, Some(before)) => self.by_spelling(row, before).await?,
                (None, None) => self.merged_or_gone(row).await?,
            });
        }
        Ok(places)
    }

    /// For each row, the earlier row that archived the ticket with its key.
    async fn archived_before(&self, absent: &[Absent]) -> Result<Vec<Option<Earlier>>, Stop> {
        if self.operation != Operation::Archive {
            return Ok(Vec::new());
        }
        let rows = absent
            .iter()
            .map(|row| (row.op.source.seq, row.op.draft.key.clone()));
        Ok(self.settle.earlier(self.operation, rows.collect()).await?)
    }

    /// Keys that differ only by case may be the same (K2), unless the portal finds one
    /// in the recycle bin and not the other.
    async fn by_spelling(&self, row: &Absent, before: Earlier) -> Result<Place, Stop> {
        if row.op.ticket.is_none() && before.key != row.op.draft.key {
            let names = [String::from(before.key)];
            let bin = self.tickets().read(&names, &[], Shelf::RecycleBin).await?;
            if !bin.is_empty() {
                return Ok(Place::Nowhere);
            }
        }
        Ok(Place::ArchivedBefore(before.record))
    }

    /// Where a ticket is that is neither live nor in the recycle bin. The id of a merged ticket
    /// leads to the one that it was merged into, but only in a read of a single record.
    async fn merged_or_gone(&self, row: &Absent) -> Result<Place, Stop> {
        let by_id = self.mapping.id_property().is_none();
        let id = match &row.op.ticket {
            Some(id) => id.as_str(),
            None if by_id && row.sent => row.op.draft.key.as_str(),
            // A ticket with an intent to archive it was live then; older versions kept no id.
            None if row.sent && self.operation == Operation::Archive => {
                return Ok(Place::Purged(String::new()));
            }
            None => return Ok(Place::Nowhere),
        };
        let wanted = self.wanted();
        let read = self
            .client
            .read(ObjectType::Tickets, None, id, &wanted, Shelf::Live);
        Ok(match read.await.map_err(stop_for)? {
            Some(into) if into.id != id => Place::Merged {
                id: id.to_owned(),
                into: Box::new(into),
            },
            _ if row.sent => Place::Purged(id.to_owned()),
            _ => Place::Nowhere,
        })
    }
}

/// Whether a plan found the ticket of a row live. If an earlier row of the run archived it, that is
/// not a change.
fn was_live(op: &PlannedOp, place: &Place) -> bool {
    match op.planned_action() {
        Some(PlannedAction::Update | PlannedAction::Link | PlannedAction::Archive) => {
            !matches!(place, Place::ArchivedBefore(_))
        }
        _ => false,
    }
}

/// A live ticket other than the one that a plan archives.
fn not_as_planned(op: &PlannedOp, id: &str) -> Option<Since> {
    let planned = op.planned.as_ref()?;
    let id = id.to_owned();
    match planned.action {
        PlannedAction::Archive if planned.ticket.as_ref() == Some(&id) => None,
        PlannedAction::Archive => Some(Since::ticket(SincePlan::OtherTicket { id })),
        _ => Some(Since::ticket(SincePlan::KeyTaken { id })),
    }
}

/// Separates slots whose intents have the ids of their tickets from those without.
fn by_name(slots: Vec<Slot>) -> (Vec<(Slot, RecordId)>, Vec<Slot>) {
    let (mut known, mut nameless) = (Vec::new(), Vec::new());
    for slot in slots {
        match slot.op.ticket.clone() {
            Some(ticket) => known.push((slot, ticket)),
            None => nameless.push(slot),
        }
    }
    (known, nameless)
}
