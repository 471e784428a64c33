//! How the rows of a batch ended, and what that means for the call (C1 §2.6): whether a bad row
//! fails only itself or the whole call, and in which order results are returned.

use std::collections::BTreeSet;

use super::refusal::Refusal;
use super::shapes::{BatchOut, ObjectOut, Text};
use crate::sandbox::api::problem::{Problem, RowProblem};
use crate::sandbox::api::route::Verb;
use crate::sandbox::clock::Moment;
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::switches::{
    DuplicateTraceIds, EchoTraceId, PartialSuccess, PartialTraceIds, ResultOrder,
};

/// How the rows of a batch ended.
#[derive(Default)]
pub(crate) struct Outcome {
    /// With the trace ids of their rows.
    done: Vec<(Option<String>, ObjectOut)>,
    refused: Vec<(Option<String>, Refusal)>,
    /// Unknown ids, and the trace ids of their rows.
    lost: (Vec<String>, Vec<String>),
}

impl Outcome {
    /// Takes a row that was written, read or refused. A failure of the state ends the call.
    pub(crate) fn take(
        &mut self,
        trace: Option<&Text>,
        shown: Result<ObjectOut, Refusal>,
    ) -> Result<(), Problem> {
        let trace = trace.map(|trace| trace.0.clone());
        match shown {
            Ok(shown) => self.done.push((trace, shown)),
            Err(Refusal::Store(error)) => return Err(error.into()),
            Err(refusal) => self.refused.push((trace, refusal)),
        }
        Ok(())
    }

    /// Takes a row with an unknown id.
    pub(crate) fn lost(&mut self, id: &str, trace: Option<&Text>) {
        self.lost.0.push(id.to_owned());
        self.lost.1.extend(trace.map(|trace| trace.0.clone()));
    }

    /// One error for all unknown ids (C1 §2.7).
    pub(crate) fn missing(&self, kind: Kind) -> Option<Problem> {
        let (ids, traces) = &self.lost;
        if ids.is_empty() {
            return None;
        }
        let message = format!(
            "Could not get some {} objects, they may be deleted or not exist. Check that ids are valid.",
            kind.upper()
        );
        let problem = Problem::no_such(message).with("ids", ids.clone());
        Some(match traces.is_empty() {
            true => problem,
            false => problem.with("objectWriteTraceId", traces.clone()),
        })
    }
}

impl PortalState {
    /// Whether bad rows fail only themselves: every input has a trace id (C1 §12.11), and the
    /// portal supports it for the verb (C1 §12.10). The same trace id twice fails the call (C1
    /// §12.12).
    pub(crate) fn traced<'a>(
        &self,
        verb: Verb,
        traces: impl Iterator<Item = Option<&'a Text>>,
    ) -> Result<bool, Problem> {
        let refuses = self.switches.duplicate_trace_ids == DuplicateTraceIds::Refused;
        let mut seen = BTreeSet::new();
        let (mut all, mut any) = (true, false);
        for trace in traces {
            match trace {
                Some(trace) if !seen.insert(trace.0.as_str()) && refuses => {
                    return Err(trace_twice(&trace.0));
                }
                Some(_) => any = true,
                None => all = false,
            }
        }
        let some_do = any && self.switches.partial_trace_ids == PartialTraceIds::PerRow;
        Ok((all || some_do) && self.grants_rows(verb))
    }

    fn grants_rows(&self, verb: Verb) -> bool {
        match self.switches.partial_success {
            PartialSuccess::PerRow => true,
            PartialSuccess::Whole => false,
            PartialSuccess::WholeCreate => verb != Verb::Create,
            PartialSuccess::WholeUpdate => verb != Verb::Update,
            PartialSuccess::WholeUpsert => verb != Verb::Upsert,
        }
    }

    /// The reply, or the refusal of the whole call; on a refusal the caller drops
    /// its transaction.
    pub(crate) fn settle(
        &self,
        kind: Kind,
        outcome: Outcome,
        traced: bool,
        now: Moment,
    ) -> Result<BatchOut, Problem> {
        let missing = outcome.missing(kind);
        if !outcome.refused.is_empty() && !traced {
            let refusals = outcome.refused.into_iter().map(|(_, refusal)| refusal);
            return Err(Refusal::whole(refusals.collect(), self.portal_id));
        }
        let row = |(trace, refusal): (Option<String>, Refusal)| {
            refusal.row(self.portal_id, trace.as_deref())
        };
        let mut errors: Vec<RowProblem> = outcome.refused.into_iter().map(row).collect();
        errors.extend(missing.map(|problem| problem.into_row(None)));
        let echoes = self.switches.echo_trace_id == EchoTraceId::Yes;
        let shown = |(trace, mut shown): (Option<String>, ObjectOut)| {
            shown.object_write_trace_id = trace.filter(|_| echoes);
            shown
        };
        let done = outcome.done.into_iter().map(shown).collect();
        let done = ordered(done, self.switches.result_order);
        Ok(BatchOut::new(done, errors, now.iso()))
    }
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

/// Any order other than that of the inputs, if there is another.
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

/// The 400 for repeated ids (C1 §2.8).
pub(crate) fn ids_twice(ids: Vec<String>) -> Problem {
    let list = ids.join(", ");
    Problem::validation(format!(
        "Duplicate IDs found in batch input: [{list}]. IDs must be unique"
    ))
    .with("ids", ids)
}
