//! `send`: brings a batch to its end. Intents first, then the contacts, then the
//! create call, then look-ups until every row has an outcome (protocol S1-S3, K4-K6).

use std::collections::HashMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::contacts::{Contacts, Resolved};
use super::create::create;
use super::flow::{Batch, PlannedOp, RowOutcome};
use super::reply::{Item, Verdict};
use super::settle::{RowIntent, SettleHandle};
use super::stop::stop_for;
use crate::hubspot::Client;
use crate::hubspot::records::{Association, CreateInput, Record};
use crate::journal::Claim;
use crate::mapping::CompiledMapping;
use crate::model::event::Stop;
use crate::model::issue::{Problem, Reason, RowIssue};
use crate::model::outcome::RowEnd;
use crate::model::schema::ObjectType;
use crate::model::ticket::PropertyValues;

/// HubSpot: default association ticket → contact.
const TICKET_TO_CONTACT: u32 = 16;
/// Protocol K6: how far the portal's clocks may be apart.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(5);
/// How often a row is sent before the run stops for later.
const ATTEMPTS: u32 = 6;
/// Protocol K5: rounds of collision and look-up for one row.
const COLLISIONS: u32 = 2;

/// Sends batches; shared by all that are in flight.
pub struct Sender {
    /// The portal.
    pub client: Client,
    /// Where intents and outcomes go.
    pub settle: SettleHandle,
    /// Finds and creates the contacts that rows need.
    pub contacts: Contacts,
    /// Tells which column feeds a property.
    pub mapping: Arc<CompiledMapping>,
}

/// A ticket that a batch created, with what was sent for it.
#[derive(Debug)]
pub struct Created {
    /// Id of the ticket.
    pub ticket: String,
    /// What was sent.
    pub properties: PropertyValues,
}

/// A row on its way, with what is known of its sends.
struct Slot {
    op: PlannedOp,
    /// What is sent; it holds the draft's property values.
    item: Item,
    /// Set when a send of ours may have written it (S3).
    maybe_written: bool,
    attempts: u32,
    collisions: u32,
}

/// What a look-up makes of a row.
enum Looked {
    Ended(RowEnd),
    Again,
}

impl Sender {
    /// Brings every row of the batch to its end; all of them are settled when this
    /// returns, in the order in which they ended.
    ///
    /// # Errors
    /// When the run has to stop; rows without an outcome stay pending or unknown.
    pub async fn deliver(&self, batch: Batch) -> Result<Vec<Created>, Stop> {
        let intended = self.client.portal_now().unwrap_or(Timestamp::MAX);
        let ops = self.claim(batch.ops, intended).await?;
        let mut todo = self.link(ops).await?;
        let mut created = Vec::new();
        while !todo.is_empty() {
            let verdicts = self.send(&mut todo).await?;
            let mut outcomes = Vec::new();
            let mut doubtful = Vec::new();
            for (slot, verdict) in todo.into_iter().zip(verdicts) {
                match verdict {
                    Verdict::Created(ticket) => {
                        created.push(Created {
                            ticket: ticket.clone(),
                            properties: slot.item.input.properties,
                        });
                        outcomes.push(slot.op.ended(RowEnd::Done { ticket }));
                    }
                    Verdict::Refused(issue) => outcomes.push(self.refuse(slot.op, issue)),
                    verdict => doubtful.push((slot, verdict)),
                }
            }
            todo = self.look_up(doubtful, intended, &mut outcomes).await?;
            self.settle.settle(outcomes).await?;
        }
        Ok(created)
    }

    /// Makes the intents durable (D2); rows whose key another row of this run holds
    /// end here (K4, K2).
    async fn claim(
        &self,
        ops: Vec<PlannedOp>,
        intended: Timestamp,
    ) -> Result<Vec<PlannedOp>, Stop> {
        let intents = ops
            .iter()
            .map(|op| RowIntent {
                seq: op.source.seq,
                address: op.source.address,
                key: op.draft.key.clone(),
                body: op.body,
            })
            .collect();
        let claims = self.settle.intend(intents, intended).await?;
        let mut free = Vec::new();
        let mut refused = Vec::new();
        for (op, claim) in ops.into_iter().zip(claims) {
            match claim {
                Claim::Free => free.push(op),
                Claim::Taken { key, line } => refused.push(self.taken(op, key, line)),
            }
        }
        if !refused.is_empty() {
            self.settle.settle(refused).await?;
        }
        Ok(free)
    }

    /// Finds or creates the contacts of the rows; refuses rows whose contact can't be.
    async fn link(&self, ops: Vec<PlannedOp>) -> Result<Vec<Slot>, Stop> {
        let links = ops.iter().flat_map(|op| &op.draft.links);
        let found = self.contacts.resolve(links).await?;
        let mut slots = Vec::new();
        let mut refused = Vec::new();
        for op in ops {
            match associations(&op, &found) {
                Ok(associations) => slots.push(slot(op, associations)),
                Err(problem) => refused.push(op.ended(RowEnd::Refused(RowIssue::new(*problem)))),
            }
        }
        if !refused.is_empty() {
            self.settle.settle(refused).await?;
        }
        Ok(slots)
    }

    /// One round of create calls. A row that was in doubt before goes alone, so
    /// that the reply can only speak of it.
    async fn send(&self, slots: &mut [Slot]) -> Result<Vec<Verdict>, Stop> {
        let key_property = self.mapping.key_property();
        let mut verdicts = Vec::new();
        let fresh = slots.iter().all(|slot| slot.attempts < 2);
        let size = if fresh { slots.len().max(1) } else { 1 };
        for part in slots.chunks_mut(size) {
            for slot in part.iter_mut() {
                slot.attempts += 1;
                if slot.attempts > ATTEMPTS {
                    let words = "the portal's replies do not say what became of some rows";
                    return Err(Stop::Later(words.to_owned()));
                }
            }
            let items: Vec<&Item> = part.iter().map(|slot| &slot.item).collect();
            verdicts.extend(create(&self.client, ObjectType::Tickets, key_property, &items).await?);
        }
        Ok(verdicts)
    }

    /// Looks rows up by key and decides (S3, K5, K6); gives back those to be sent
    /// again.
    async fn look_up(
        &self,
        doubtful: Vec<(Slot, Verdict)>,
        intended: Timestamp,
        outcomes: &mut Vec<RowOutcome>,
    ) -> Result<Vec<Slot>, Stop> {
        let mut again = Vec::new();
        if doubtful.is_empty() {
            return Ok(again);
        }
        let keys: Vec<String> = doubtful
            .iter()
            .map(|(slot, _)| slot.op.draft.key.clone())
            .collect();
        let live = self.read_by_key(&keys, false).await?;
        for (mut slot, verdict) in doubtful {
            slot.maybe_written |= verdict == Verdict::Unclear;
            let looked = match (
                find(&live, &slot.op.draft.key, self.mapping.key_property()),
                verdict,
            ) {
                (Some(record), _) => Looked::Ended(ours_or_theirs(record, &slot, intended)),
                (None, Verdict::Collided(named)) => self.held_elsewhere(&mut slot, named).await?,
                (None, _) => Looked::Again,
            };
            match looked {
                Looked::Ended(end) => outcomes.push(self.end(slot.op, end)),
                Looked::Again => again.push(slot),
            }
        }
        Ok(again)
    }

    /// A collision whose holder is not among the live tickets (K5).
    async fn held_elsewhere(&self, slot: &mut Slot, named: Option<String>) -> Result<Looked, Stop> {
        let key = &slot.op.draft.key;
        let key_property = self.mapping.key_property();
        let archived = self.read_by_key(std::slice::from_ref(key), true).await?;
        if let Some(record) = find(&archived, key, key_property) {
            let reason = Reason::KeyInRecycleBin {
                id: record.id.clone(),
            };
            return Ok(Looked::Ended(self.key_refused(key, reason)));
        }
        slot.collisions += 1;
        if slot.collisions < COLLISIONS {
            return Ok(Looked::Again);
        }
        let reason = match &named {
            Some(id) if self.has_another_key(id, key).await? => {
                Reason::ConflictingUniqueValue { id: named }
            }
            _ => Reason::KeyHeldElsewhere { id: named },
        };
        Ok(Looked::Ended(self.key_refused(key, reason)))
    }

    /// Whether a ticket that the portal named does not hold the key: then another
    /// unique property collided.
    async fn has_another_key(&self, id: &str, key: &str) -> Result<bool, Stop> {
        let key_property = self.mapping.key_property();
        let ids = [id.to_owned()];
        let reply = self
            .client
            .batch_read(ObjectType::Tickets, None, &ids, &[key_property], false)
            .await
            .map_err(stop_for)?;
        Ok(reply
            .results
            .first()
            .is_some_and(|record| record.get(key_property).is_none_or(|held| held != key)))
    }

    async fn read_by_key(&self, keys: &[String], archived: bool) -> Result<Vec<Record>, Stop> {
        let key_property = self.mapping.key_property();
        let wanted = [key_property, "hs_createdate"];
        let reply = self
            .client
            .batch_read(
                ObjectType::Tickets,
                Some(key_property),
                keys,
                &wanted,
                archived,
            )
            .await
            .map_err(stop_for)?;
        Ok(reply.results)
    }

    fn key_refused(&self, key: &str, reason: Reason) -> RowEnd {
        let problem = Problem::new(reason)
            .property(self.mapping.key_property())
            .value(key);
        RowEnd::Refused(RowIssue::new(problem))
    }

    fn taken(&self, op: PlannedOp, other: String, line: u64) -> RowOutcome {
        let reason = match other == op.draft.key {
            true => Reason::RepeatedKey { line },
            false => Reason::KeyCase { other, line },
        };
        let end = self.key_refused(&op.draft.key, reason);
        self.end(op, end)
    }

    fn end(&self, op: PlannedOp, end: RowEnd) -> RowOutcome {
        match end {
            RowEnd::Refused(issue) => self.refuse(op, issue),
            end => op.ended(end),
        }
    }

    /// The portal speaks of properties; the user knows columns.
    fn refuse(&self, op: PlannedOp, issue: RowIssue) -> RowOutcome {
        let placed = issue.problems().cloned().map(|mut problem| {
            if problem.column.is_none() {
                let property = problem.property.as_deref().unwrap_or_default();
                problem.column = self.mapping.column_of(property).map(str::to_owned);
            }
            problem
        });
        let issue = RowIssue::from_problems(placed.collect()).unwrap_or(issue);
        op.ended(RowEnd::Refused(issue))
    }
}

/// Protocol K6: a ticket that was found is ours only if a send of ours may have
/// written it, and it was inserted at or after our intent.
fn ours_or_theirs(record: &Record, slot: &Slot, intended: Timestamp) -> RowEnd {
    let ticket = record.id.clone();
    let since = intended.checked_sub(CLOCK_SLACK).unwrap_or(intended);
    let inserted_since = record.inserted_at().is_some_and(|at| at >= since);
    match slot.maybe_written && inserted_since {
        true => RowEnd::Done { ticket },
        false => RowEnd::Exists { ticket },
    }
}

/// The record that holds a key: exactly, else by case folding (portals may).
fn find<'a>(records: &'a [Record], key: &str, key_property: &str) -> Option<&'a Record> {
    let held = |record: &&Record| record.get(key_property) == Some(key);
    let folded = |record: &&Record| {
        let value = record.get(key_property);
        value.is_some_and(|value| value.to_lowercase() == key.to_lowercase())
    };
    records
        .iter()
        .find(held)
        .or_else(|| records.iter().find(folded))
}

fn slot(mut op: PlannedOp, associations: Vec<Association>) -> Slot {
    let input = CreateInput {
        trace_id: op.source.seq.to_string(),
        properties: std::mem::take(&mut op.draft.properties),
        associations,
    };
    Slot {
        item: Item {
            input,
            key: op.draft.key.clone(),
        },
        op,
        maybe_written: false,
        attempts: 0,
        collisions: 0,
    }
}

/// The inline links of a row, or why it can't go in.
fn associations(
    op: &PlannedOp,
    found: &HashMap<String, Resolved>,
) -> Result<Vec<Association>, Box<Problem>> {
    use crate::model::ticket::Missing;
    let mut all: Vec<Association> = Vec::new();
    for link in &op.draft.links {
        let problem = |reason| {
            Box::new(
                Problem::new(reason)
                    .column(&*link.column)
                    .value(&link.value),
            )
        };
        match found.get(&link.value) {
            Some(Resolved::Id(id)) => {
                if all.iter().all(|other| other.to != *id) {
                    all.push(Association {
                        to: id.clone(),
                        category: "HUBSPOT_DEFINED",
                        type_id: TICKET_TO_CONTACT,
                    });
                }
            }
            Some(Resolved::Refused(detail)) => {
                let detail = detail.clone();
                return Err(problem(Reason::ContactRefused { detail }));
            }
            Some(Resolved::Missing) | None if link.missing == Missing::Skip => {}
            Some(Resolved::Missing) | None => return Err(problem(Reason::ContactMissing)),
        }
    }
    Ok(all)
}
