//! The verbs on up to a hundred records at once (contract 2.6 to 2.8): when one
//! bad row costs a row and when the whole call, and in which order results come.

use std::collections::BTreeSet;

use super::clock::Moment;
use super::desk::{Desk, View, object};
use super::kind::Kind;
use super::problem::{Problem, RowProblem};
use super::refusal::Refusal;
use super::shapes::{BatchOut, CreateInput, ObjectOut, ReadBatch, Reference, Text, UpdateInput};
use super::store::Record;
use super::switches::{EchoTraceId, PartialSuccess, ResultOrder};

/// Where the rows of a batch ended.
#[derive(Default)]
struct Outcome {
    done: Vec<ObjectOut>,
    /// With the trace ids of their rows.
    refused: Vec<(Option<String>, Refusal)>,
    /// Ids that lead nowhere, and the trace ids of their rows.
    unknown: (Vec<String>, Vec<String>),
}

impl Desk {
    pub(super) fn create_batch(
        &self,
        kind: Kind,
        inputs: &[CreateInput],
        now: Moment,
    ) -> Result<BatchOut, Problem> {
        let traced = self.traced(inputs.iter().map(|input| input.trace.as_ref()))?;
        let transaction = self.store.begin()?;
        let mut outcome = Outcome::default();
        for input in inputs {
            let trace = input.trace.as_ref().map(|trace| trace.0.clone());
            match self.create_one(kind, input, now) {
                Ok(record) => outcome.done.push(self.echo(object(kind, record), trace)),
                Err(Refusal::Store(error)) => return Err(error.into()),
                Err(refusal) => outcome.refused.push((trace, refusal)),
            }
        }
        let reply = self.settle(kind, outcome, traced, now)?;
        transaction.commit()?;
        Ok(reply)
    }

    pub(super) fn update_batch(
        &self,
        kind: Kind,
        inputs: &[UpdateInput],
        now: Moment,
    ) -> Result<BatchOut, Problem> {
        let traced = self.traced(inputs.iter().map(|input| input.trace.as_ref()))?;
        let found = self.targets(kind, inputs)?;
        let transaction = self.store.begin()?;
        let mut outcome = Outcome::default();
        for (input, record) in inputs.iter().zip(found) {
            let trace = input.trace.as_ref().map(|trace| trace.0.clone());
            let Some(record) = record else {
                outcome.unknown.0.push(input.id.0.clone());
                outcome.unknown.1.extend(trace);
                continue;
            };
            match self.update_input(kind, record, input, now) {
                Ok(shown) => outcome.done.push(self.echo(shown, trace)),
                Err(Refusal::Store(error)) => return Err(error.into()),
                Err(refusal) => outcome.refused.push((trace, refusal)),
            }
        }
        let reply = self.settle(kind, outcome, traced, now)?;
        transaction.commit()?;
        Ok(reply)
    }

    /// Found records, once each however often they are asked for (switch 17);
    /// missing ones together in one error.
    pub(super) fn read_batch(
        &self,
        kind: Kind,
        batch: &ReadBatch,
        ids: &[String],
        archived: bool,
        now: Moment,
    ) -> Result<BatchOut, Problem> {
        let id_property = batch.id_property.as_deref();
        self.check_id_property(kind, id_property, "read")?;
        let view = View {
            properties: batch.properties.clone(),
            ..View::default()
        };
        let mut outcome = Outcome::default();
        let (mut asked, mut shown) = (BTreeSet::new(), BTreeSet::new());
        for id in ids.iter().filter(|id| asked.insert(id.as_str())) {
            match self.find(kind, id_property, id, archived)? {
                Some(record) if shown.insert(record.id) => {
                    outcome.done.push(self.show(kind, record, &view)?)
                }
                Some(_) => {}
                None => outcome.unknown.0.push(id.clone()),
            }
        }
        self.settle(kind, outcome, true, now)
    }

    /// Ids that lead nowhere are passed over in silence (contract 2.4).
    pub(super) fn archive_batch(
        &self,
        kind: Kind,
        inputs: &[Reference],
        now: Moment,
    ) -> Result<(), Problem> {
        let transaction = self.store.begin()?;
        for id in inputs.iter().filter_map(|input| input.id.0.parse().ok()) {
            self.store.archive(kind, id, &now.iso())?;
        }
        Ok(transaction.commit()?)
    }

    /// Whether bad rows cost only themselves: every input has a trace id (switch
    /// 11), and the portal grants it (switch 10). The same trace id twice fails
    /// the call (switch 12).
    fn traced<'a>(&self, traces: impl Iterator<Item = Option<&'a Text>>) -> Result<bool, Problem> {
        let mut seen = BTreeSet::new();
        let mut all = true;
        for trace in traces {
            match trace {
                Some(trace) if !seen.insert(trace.0.as_str()) => return Err(trace_twice(&trace.0)),
                Some(_) => {}
                None => all = false,
            }
        }
        Ok(all && self.switches.partial_success == PartialSuccess::PerRow)
    }

    /// The records that updates mean, one place per input. Two inputs for one
    /// record fail the call (contract 2.8).
    fn targets(&self, kind: Kind, inputs: &[UpdateInput]) -> Result<Vec<Option<Record>>, Problem> {
        let mut found = Vec::with_capacity(inputs.len());
        let (mut given, mut ids) = (BTreeSet::new(), BTreeSet::new());
        let mut twice = Vec::new();
        for input in inputs {
            let id_property = input.id_property.as_deref();
            self.check_id_property(kind, id_property, "update/upsert")?;
            let record = self.find(kind, id_property, &input.id.0, false)?;
            let is_new = given.insert((id_property, input.id.0.as_str()));
            let is_other = record.as_ref().is_none_or(|record| ids.insert(record.id));
            if !(is_new && is_other) {
                twice.push(input.id.0.clone());
            }
            found.push(record);
        }
        match twice.is_empty() {
            true => Ok(found),
            false => Err(ids_twice(twice)),
        }
    }

    fn update_input(
        &self,
        kind: Kind,
        record: Record,
        input: &UpdateInput,
        now: Moment,
    ) -> Result<ObjectOut, Refusal> {
        let given = input.properties.as_ref().ok_or(Refusal::NoProperties)?;
        let record = self.update_one(kind, record, given, now)?;
        Ok(self.show_written(kind, record, given.keys()))
    }

    fn echo(&self, mut shown: ObjectOut, trace: Option<String>) -> ObjectOut {
        shown.object_write_trace_id =
            trace.filter(|_| self.switches.echo_trace_id == EchoTraceId::Yes);
        shown
    }

    /// The reply, or the refusal of the whole call; on a refusal the caller drops
    /// its transaction.
    fn settle(
        &self,
        kind: Kind,
        outcome: Outcome,
        traced: bool,
        now: Moment,
    ) -> Result<BatchOut, Problem> {
        let Outcome {
            done,
            refused,
            unknown,
        } = outcome;
        if !refused.is_empty() && !traced {
            let refusals = refused.into_iter().map(|(_, refusal)| refusal).collect();
            return Err(Refusal::whole(refusals, self.portal_id));
        }
        let row = |(trace, refusal): (Option<String>, Refusal)| {
            refusal.problem(self.portal_id).into_row(trace.as_deref())
        };
        let mut errors: Vec<RowProblem> = refused.into_iter().map(row).collect();
        errors.extend(missing(kind, unknown));
        Ok(BatchOut::new(
            ordered(done, self.switches.result_order),
            errors,
            now.iso(),
        ))
    }
}

/// One error for all ids that lead nowhere (contract 2.7).
fn missing(kind: Kind, (ids, traces): (Vec<String>, Vec<String>)) -> Option<RowProblem> {
    if ids.is_empty() {
        return None;
    }
    let message = format!(
        "Could not get some {} objects, they may be deleted or not exist. Check that ids are valid.",
        kind.upper()
    );
    let mut problem = Problem::no_such(message).with("ids", ids);
    if !traces.is_empty() {
        problem = problem.with("objectWriteTraceId", traces);
    }
    Some(problem.into_row(None))
}

fn ordered(mut results: Vec<ObjectOut>, order: ResultOrder) -> Vec<ObjectOut> {
    match order {
        ResultOrder::Input => {}
        ResultOrder::Reversed => results.reverse(),
        // All ids have 11 digits, so their order as text is their order.
        ResultOrder::ById => results.sort_by(|one, other| one.id.cmp(&other.id)),
        ResultOrder::Shuffled => shuffle(&mut results),
    }
    results
}

/// Any order but the one that came in, where there is another.
fn shuffle(results: &mut [ObjectOut]) {
    let before: Vec<String> = results.iter().map(|result| result.id.clone()).collect();
    fastrand::shuffle(results);
    if results.len() > 1 && results.iter().map(|result| &result.id).eq(&before) {
        results.rotate_left(1);
    }
}

fn trace_twice(trace: &str) -> Problem {
    Problem::validation(format!(
        "Duplicate objectWriteTraceIds found in batch input: [{trace}]. They must be unique"
    ))
    .with("objectWriteTraceId", vec![trace.to_owned()])
}

fn ids_twice(ids: Vec<String>) -> Problem {
    let list = ids.join(", ");
    Problem::validation(format!(
        "Duplicate IDs found in batch input: [{list}]. IDs must be unique"
    ))
    .with("ids", ids)
}
