//! One call that writes many inputs, until every input has a verdict: whole-call refusals are split
//! until the culprit is alone (protocol S5), rows with temporary errors are sent again. Used by
//! every operation on tickets, and for contacts.

use super::parts::Parts;
use super::reply::{
    Input, Item, Matching, PropertyFault, Verdict, collides, judge, match_reply, sent,
};
use crate::hubspot::records::written::WrittenRecord;
use crate::hubspot::records::{ApiError, BatchReply, PropertyProblem};
use crate::hubspot::{CallError, Client, RowErrorKind};
use crate::import::stop::stop_for;
use crate::model::schema::ObjectType;
use crate::model::stop::{Obstacle, Stop};

/// What a call does with its inputs.
#[derive(Clone, Copy, Debug)]
pub enum Verb<'a> {
    /// Creates records.
    Create,
    /// Changes records that are named by this property, or by their ids.
    Update(Option<&'a str>),
    /// Changes records that are named by this property, and creates missing ones.
    Upsert(&'a str),
    /// Moves records, named by their ids, to the recycle bin.
    Archive,
}

/// The outcomes of the inputs, and why the run has to stop, if it has to.
#[derive(Debug)]
pub struct Sent {
    /// In the order of the items. `Repeat` stands for an input that was not written.
    pub verdicts: Vec<Verdict>,
    /// Set if the portal can't be reached, does not accept the token, or rejects a
    /// property altogether.
    pub stop: Option<Stop>,
}

/// Writes records.
pub async fn write(
    client: &Client,
    object: ObjectType,
    verb: Verb<'_>,
    matching: &Matching<'_>,
    items: &[&Item],
) -> Sent {
    let mut call = Call {
        client,
        object,
        verb,
        matching,
        items,
        verdicts: vec![Verdict::Repeat; items.len()],
        parts: Parts::new(vec![(0..items.len()).collect()], "rows"),
    };
    let stop = call.run().await.err();
    Sent {
        verdicts: call.verdicts,
        stop,
    }
}

struct Call<'a> {
    client: &'a Client,
    object: ObjectType,
    verb: Verb<'a>,
    matching: &'a Matching<'a>,
    items: &'a [&'a Item],
    verdicts: Vec<Verdict>,
    parts: Parts<usize>,
}

impl Call<'_> {
    async fn run(&mut self) -> Result<(), Stop> {
        while let Some(part) = self.parts.next() {
            let Some(verdicts) = self.send(&part).await? else {
                continue;
            };
            let mut again = Vec::new();
            for (idx, verdict) in part.into_iter().zip(verdicts) {
                if verdict == Verdict::Repeat {
                    again.push(idx);
                }
                self.verdicts[idx] = verdict;
            }
            self.parts.again(again).await?;
        }
        Ok(())
    }

    /// One call; no verdicts if the part was split instead.
    async fn send(&mut self, part: &[usize]) -> Result<Option<Vec<Verdict>>, Stop> {
        let chosen: Vec<&Item> = part.iter().map(|&idx| self.items[idx]).collect();
        match self.call(&chosen).await {
            Ok(reply) if reply.may_come_late => Ok(Some(vec![Verdict::Late; part.len()])),
            Ok(reply) => self
                .matched(&chosen, &reply)
                .map(Some)
                .map_err(stop_for_fault),
            Err(CallError::Ambiguous(_)) => Ok(Some(vec![Verdict::Late; part.len()])),
            Err(CallError::Refused(error)) if error.may_come_late => {
                Ok(Some(vec![Verdict::Late; part.len()]))
            }
            Err(CallError::Refused(error)) => {
                let verdicts = refused(&error, &chosen, self.matching)?;
                if verdicts.is_none() {
                    self.split(&error, part);
                }
                Ok(verdicts)
            }
            Err(other) => Err(stop_for(other)),
        }
    }

    async fn call(&self, items: &[&Item]) -> Result<BatchReply<WrittenRecord>, CallError> {
        let (client, object) = (self.client, self.object);
        let changes = || items.iter().filter_map(|item| item.input.as_change());
        match self.verb {
            Verb::Create => {
                let inputs = items.iter().filter_map(|item| item.input.as_new());
                client
                    .batch_create(object, &inputs.collect::<Vec<_>>())
                    .await
            }
            Verb::Update(by) => {
                let inputs: Vec<_> = changes().collect();
                client.batch_update(object, by, &inputs).await
            }
            Verb::Upsert(by) => {
                let inputs: Vec<_> = changes().collect();
                client.batch_upsert(object, by, &inputs).await
            }
            Verb::Archive => {
                let ids: Vec<String> = changes().map(|input| input.id.clone()).collect();
                client.batch_archive(object, &ids).await
            }
        }
    }

    /// HubSpot does not name the records that it archived, only those that it did not.
    /// If it names something else, the culprit is unknown.
    fn matched(
        &self,
        items: &[&Item],
        reply: &BatchReply<WrittenRecord>,
    ) -> Result<Vec<Verdict>, PropertyFault> {
        let mut matched = match_reply(items, self.matching, reply)?;
        if matches!(self.verb, Verb::Archive) && !matched.stray_error {
            for (verdict, item) in matched.verdicts.iter_mut().zip(items) {
                if *verdict == Verdict::Unclear {
                    *verdict = Verdict::Written {
                        id: item.key.to_string(),
                        created: None,
                    };
                }
            }
        }
        Ok(matched.verdicts)
    }

    /// Halves, unless the error quotes values: then their rows are sent one by one and
    /// the others together.
    fn split(&mut self, error: &ApiError, part: &[usize]) {
        let repeats = |problem: &PropertyProblem, idx: usize| {
            problem.value.is_some()
                && problem.value.as_deref() == sent(self.items[idx], &problem.property)
        };
        let is_suspect = |idx: &usize| error.problems.iter().any(|one| repeats(one, *idx));
        let (suspects, others): (Vec<usize>, Vec<usize>) =
            part.iter().partition(|idx| is_suspect(idx));
        if suspects.is_empty() {
            let _only = self.parts.halve(others);
            return;
        }
        suspects
            .into_iter()
            .for_each(|idx| self.parts.put(vec![idx]));
        self.parts.put(others);
    }
}

/// What a whole-call refusal means without splitting, if anything: it is about the only
/// input, or about keys that may be taken.
fn refused(
    error: &ApiError,
    chosen: &[&Item],
    matching: &Matching<'_>,
) -> Result<Option<Vec<Verdict>>, Stop> {
    if let RowErrorKind::Property(problem) = error.kind() {
        return Err(stop_for_fault(PropertyFault::of(problem)));
    }
    if let [only] = chosen {
        return Ok(Some(vec![
            judge(error, only, matching).map_err(stop_for_fault)?,
        ]));
    }
    let news = chosen
        .iter()
        .all(|item| matches!(item.input, Input::New(_)));
    let suspected = news && collides(error, matching);
    Ok(suspected.then(|| vec![Verdict::Suspected; chosen.len()]))
}

fn stop_for_fault(fault: PropertyFault) -> Stop {
    Stop::MustFix(Obstacle::Property {
        property: fault.property,
        said: fault.said,
    })
}
