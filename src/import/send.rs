//! `send`: brings a batch to its end. Intents first, then the contacts, then the
//! create call, then look-ups until every row has an outcome (protocol S1-S3, S7).

use std::sync::Arc;

use jiff::Timestamp;

use super::create::create;
use super::flow::{Batch, PlannedOp, RowOutcome};
use super::links::{Ends, LinkKinds, links};
use super::lookup::{LookUp, Looked};
use super::reply::{Item, Matching, Verdict};
use super::settle::{RowIntent, SettleHandle};
use super::stop::StopSwitch;
use crate::hubspot::Client;
use crate::hubspot::records::{Association, CreateInput, Record};
use crate::journal::Claim;
use crate::mapping::CompiledMapping;
use crate::model::compare::same_value;
use crate::model::event::Stop;
use crate::model::issue::{Problem, Reason, RowIssue};
use crate::model::outcome::RowEnd;
use crate::model::place::Places;
use crate::model::schema::{ObjectType, ValueType};
use crate::model::ticket::PropertyValues;

/// How often a row is sent before the run stops for later.
const ATTEMPTS: u32 = 6;

/// Sends batches; shared by all that are in flight.
pub struct Sender {
    /// The portal.
    pub client: Client,
    /// Where intents and outcomes go.
    pub settle: SettleHandle,
    /// Finds and creates the records that rows are linked to.
    pub ends: Ends,
    /// The kinds of links.
    pub kinds: LinkKinds,
    /// Tells which column feeds a property, and the types of values.
    pub mapping: Arc<CompiledMapping>,
    /// The key stays here: the portal has no property for it (S7).
    pub no_key: bool,
    /// Once it is pulled no new call is begun.
    pub stop: StopSwitch,
    /// Tells where an earlier row stands.
    pub places: Places,
}

/// A ticket that a batch created, with what was sent for it.
#[derive(Debug)]
pub struct Created {
    /// Id of the ticket.
    pub ticket: String,
    /// What was sent.
    pub properties: PropertyValues,
}

/// Whether a send of ours may have written a row (S3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// No.
    No,
    /// Perhaps; intended at this time of the portal's clock, where it was known.
    Maybe(Option<Timestamp>),
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

/// What a batch came to.
#[derive(Debug, Default)]
pub struct Delivered {
    /// Tickets that it created.
    pub created: Vec<Created>,
    /// Why the run has to stop, if it has to.
    pub stop: Option<Stop>,
}

impl Sender {
    /// Brings every row of the batch to its end; all of them are settled when this
    /// returns, in the order in which they ended. When the run has to stop, rows
    /// without an outcome stay pending, or are counted as unknown.
    pub async fn deliver(&self, batch: Batch) -> Delivered {
        let mut delivered = Delivered::default();
        let mut todo = Vec::new();
        let ended = self.go(batch, &mut todo, &mut delivered.created).await;
        delivered.stop = ended.err();
        let unknown = todo
            .iter()
            .filter(|slot| slot.written != Written::No)
            .count();
        if unknown > 0 {
            // A settle thread that is gone has its own error to tell.
            let _told = self.settle.unknown(unknown as u64).await;
        }
        delivered
    }

    /// The rounds of a batch; `todo` holds the rows that have no outcome yet.
    async fn go(
        &self,
        batch: Batch,
        todo: &mut Vec<Slot>,
        created: &mut Vec<Created>,
    ) -> Result<(), Stop> {
        let (past, fresh): (Vec<_>, Vec<_>) =
            batch.ops.into_iter().partition(|op| op.past.is_some());
        let intended = self.client.portal_now();
        let fresh = self.claim(fresh, intended).await?;
        todo.extend(self.link(past.into_iter().chain(fresh).collect()).await?);
        self.look_up_past(todo).await?;
        while !todo.is_empty() {
            if let Some(stop) = self.stop.reason() {
                return Err(stop);
            }
            let (verdicts, stop) = self.send(todo).await;
            let doubtful = self.end_certain(todo, verdicts, intended, created).await?;
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

    /// Makes the intents durable (D2); rows whose key another row of this run holds
    /// end here (K4, K2).
    async fn claim(
        &self,
        ops: Vec<PlannedOp>,
        intended: Option<Timestamp>,
    ) -> Result<Vec<PlannedOp>, Stop> {
        if ops.is_empty() {
            return Ok(ops);
        }
        let counted = self.mapping.counts_keys();
        let intents = ops.iter().map(|op| row_intent(op, counted)).collect();
        let claims = self.settle.intend(intents, intended).await?;
        let mut free = Vec::new();
        let mut refused = Vec::new();
        for (mut op, claim) in ops.into_iter().zip(claims) {
            match claim {
                Claim::Free(key) => {
                    op.rekey(self.mapping.key_property(), key);
                    free.push(op);
                }
                Claim::Taken { key, file, line } => {
                    refused.push(self.taken(op, key, self.places.words(file, line)));
                }
            }
        }
        self.settle.settle(refused).await?;
        Ok(free)
    }

    /// Finds or creates the records that rows are linked to; refuses rows for which
    /// there is none.
    async fn link(&self, ops: Vec<PlannedOp>) -> Result<Vec<Slot>, Stop> {
        let wanted = ops.iter().flat_map(|op| &op.draft.links);
        let found = self.ends.resolve(wanted).await?;
        let mut slots = Vec::new();
        let mut refused = Vec::new();
        for op in ops {
            match links(op.draft.links.iter(), &found, &self.kinds) {
                Ok(links) => {
                    let associations = links.into_iter().map(Association::from);
                    slots.push(self.slot(op, associations.collect()));
                }
                Err(problem) => refused.push(op.ended(RowEnd::Refused((*problem).into()))),
            }
        }
        self.settle.settle(refused).await?;
        Ok(slots)
    }

    fn slot(&self, mut op: PlannedOp, associations: Vec<Association>) -> Slot {
        let mut properties = std::mem::take(&mut op.draft.properties);
        if self.no_key {
            properties.retain(|(name, _)| **name != *self.mapping.key_property());
        }
        let input = CreateInput {
            trace_id: op.source.seq.to_string(),
            properties,
            associations,
        };
        Slot {
            item: Item {
                input,
                key: op.draft.key.clone(),
            },
            written: match &op.past {
                Some(past) => Written::Maybe(past.at),
                None => Written::No,
            },
            op,
            attempts: 0,
            collisions: 0,
        }
    }

    /// Rows that an earlier process may have sent are looked up before anything
    /// else; what is not in the portal is sent like any other (S3).
    async fn look_up_past(&self, todo: &mut Vec<Slot>) -> Result<(), Stop> {
        let (past, fresh): (Vec<Slot>, Vec<Slot>) = std::mem::take(todo)
            .into_iter()
            .partition(|slot| slot.written != Written::No);
        *todo = fresh;
        if past.is_empty() || self.no_key {
            todo.extend(past);
            return Ok(());
        }
        let unclear = past.into_iter().map(|slot| (slot, None)).collect();
        self.look_up(todo, unclear).await
    }

    /// One round of create calls. A row that was in doubt before goes alone, so
    /// that the reply can only speak of it.
    async fn send(&self, slots: &mut [Slot]) -> (Vec<Verdict>, Option<Stop>) {
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
                let words = "the portal's replies do not say what became of some rows";
                return (verdicts, Some(Stop::Later(words.to_owned())));
            }
            let items: Vec<&Item> = part.iter().map(|slot| &slot.item).collect();
            let sent = create(&self.client, ObjectType::Tickets, &matching, &items).await;
            verdicts.extend(sent.verdicts);
            if sent.stop.is_some() {
                return (verdicts, sent.stop);
            }
        }
        (verdicts, None)
    }

    /// Whether a record holds everything that an item sends.
    fn sends(&self, item: &Item, record: &Record) -> bool {
        item.input.properties.iter().all(|(name, value)| {
            let mut known = self.mapping.properties().iter();
            let value_type = known
                .find(|property| property.name == *name)
                .map_or(ValueType::String, |property| property.value_type);
            same_value(value_type, value, record.get(name))
        })
    }

    /// Settles rows whose verdict is certain; gives the others back, with the
    /// collision that the portal spoke of. Rows without a verdict stay in `todo`.
    async fn end_certain(
        &self,
        todo: &mut Vec<Slot>,
        verdicts: Vec<Verdict>,
        intended: Option<Timestamp>,
        created: &mut Vec<Created>,
    ) -> Result<Vec<Doubtful>, Stop> {
        let unsent = todo.split_off(verdicts.len());
        let mut outcomes = Vec::new();
        let mut doubtful = Vec::new();
        for (mut slot, verdict) in std::mem::replace(todo, unsent).into_iter().zip(verdicts) {
            match verdict {
                Verdict::Created(ticket) => {
                    created.push(Created {
                        ticket: ticket.clone(),
                        properties: slot.item.input.properties,
                    });
                    outcomes.push(slot.op.ended(RowEnd::Done { ticket }));
                }
                Verdict::Refused(issue) => outcomes.push(self.refuse(slot.op, &issue)),
                Verdict::Collided(named) => doubtful.push((slot, Some(named))),
                Verdict::Unclear => {
                    if slot.written == Written::No {
                        slot.written = Written::Maybe(intended);
                    }
                    doubtful.push((slot, None));
                }
                Verdict::Suspected => doubtful.push((slot, None)),
                Verdict::Repeat => todo.push(slot),
            }
        }
        self.settle.settle(outcomes).await?;
        Ok(doubtful)
    }

    /// Looks rows up by key and decides (S3, K5, K6); those to be sent again, and
    /// all of them when the look-up fails, go into `todo`.
    async fn look_up(&self, todo: &mut Vec<Slot>, doubtful: Vec<Doubtful>) -> Result<(), Stop> {
        if doubtful.is_empty() {
            return Ok(());
        }
        let look_up = LookUp {
            client: &self.client,
            key_property: self.mapping.key_property(),
        };
        let keys = doubtful.iter().map(|(slot, _)| slot.item.key.clone());
        let live = look_up.live(&keys.collect::<Vec<_>>()).await;
        let mut failed = None;
        let mut outcomes = Vec::new();
        for (mut slot, collided) in doubtful {
            let looked = match (&live, &failed) {
                (Ok(live), None) => look_up.decide(&mut slot, live, collided).await,
                (Err(stop), _) => Err(stop.clone()),
                (_, Some(stop)) => Err(Stop::clone(stop)),
            };
            match looked {
                Ok(Looked::Ended(end)) => outcomes.push(self.end(slot.op, end)),
                Ok(Looked::Again) => todo.push(slot),
                Err(stop) => {
                    failed = Some(stop);
                    todo.push(slot);
                }
            }
        }
        self.settle.settle(outcomes).await?;
        failed.map_or(Ok(()), Err)
    }

    fn taken(&self, op: PlannedOp, other: String, place: String) -> RowOutcome {
        let reason = match other == op.draft.key {
            true => Reason::RepeatedKey { place },
            false => Reason::KeyCase { other, place },
        };
        let problem = Problem::new(reason)
            .property(self.mapping.key_property())
            .value(&op.draft.key);
        self.refuse(op, &RowIssue::new(problem))
    }

    fn end(&self, op: PlannedOp, end: RowEnd) -> RowOutcome {
        match end {
            RowEnd::Refused(mut refusal) => {
                if let Some(column) = self.mapping.column_of(&refusal.column) {
                    refusal.column = column.to_owned();
                }
                op.ended(RowEnd::Refused(refusal))
            }
            end => op.ended(end),
        }
    }

    /// The portal speaks of properties; the user knows columns.
    fn refuse(&self, op: PlannedOp, issue: &RowIssue) -> RowOutcome {
        let placed = issue.problems().cloned().map(|mut problem| {
            if problem.column.is_none() {
                let property = problem.property.as_deref().unwrap_or_default();
                problem.column = self.mapping.column_of(property).map(str::to_owned);
            }
            problem
        });
        let placed = RowIssue::from_problems(placed.collect());
        let issue = placed.unwrap_or_else(|| issue.clone());
        op.ended(RowEnd::Refused(issue.into()))
    }
}

/// A row to be looked up; the id that the portal named, if it spoke of a collision.
type Doubtful = (Slot, Option<Option<String>>);

fn row_intent(op: &PlannedOp, counted: bool) -> RowIntent {
    RowIntent {
        seq: op.source.seq,
        address: op.source.address,
        key: op.draft.key.clone(),
        body: op.body,
        counted,
    }
}
