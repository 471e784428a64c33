//! One call that writes many inputs, until every input has a verdict: whole-call
//! refusals are split until the culprit stands alone (protocol S5), passing row
//! errors are repeated. Used by every operation on tickets, and for contacts.

use std::time::Duration;

use super::reply::{
    Input, Item, Matching, PropertyFault, Verdict, collides, judge, match_reply, property_fault,
    sent,
};
use super::stop::stop_for;
use crate::hubspot::records::{ApiError, BatchReply};
use crate::hubspot::{CallError, Client};
use crate::model::event::Stop;
use crate::model::schema::ObjectType;

/// HubSpot: a lock lasts about two seconds.
const PASSING: Duration = Duration::from_secs(2);
/// How often rows are repeated before the run stops for later.
const REPEATS: u32 = 8;

/// What a call does with its inputs.
#[derive(Clone, Copy, Debug)]
pub enum Verb<'a> {
    /// Makes records of new inputs.
    Create,
    /// Changes records that are named by this property, or by their ids.
    Update(Option<&'a str>),
    /// Changes records that are named by this property, and makes those that lack.
    Upsert(&'a str),
    /// Moves records, named by their ids, to the recycle bin.
    Archive,
}

/// What became of the inputs, and why the run has to stop, if it has to.
#[derive(Debug)]
pub struct Sent {
    /// In the order of the items. `Repeat` stands for an input that was not written.
    pub verdicts: Vec<Verdict>,
    /// Set when the portal can't be reached, does not accept the token, or does not
    /// take a property at all.
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
        parts: vec![(0..items.len()).collect()],
        repeats: 0,
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
    /// Inputs that are sent together; the last part goes next.
    parts: Vec<Vec<usize>>,
    repeats: u32,
}

impl Call<'_> {
    async fn run(&mut self) -> Result<(), Stop> {
        while let Some(part) = self.parts.pop() {
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
            self.repeat(again).await?;
        }
        Ok(())
    }

    /// One call; no verdicts when the part was split instead.
    async fn send(&mut self, part: &[usize]) -> Result<Option<Vec<Verdict>>, Stop> {
        let chosen: Vec<&Item> = part.iter().map(|&idx| self.items[idx]).collect();
        match self.call(&chosen).await {
            Ok(reply) if reply.may_come_late => Ok(Some(vec![Verdict::Late; part.len()])),
            Ok(reply) => self.matched(&chosen, &reply).map(Some).map_err(mend),
            Err(CallError::Ambiguous(_)) => Ok(Some(vec![Verdict::Late; part.len()])),
            Err(CallError::Refused(error)) if error.may_come_late => {
                Ok(Some(vec![Verdict::Late; part.len()]))
            }
            Err(CallError::Refused(error)) => {
                let verdicts = refused(&error, &chosen, self.matching)?;
                if verdicts.is_none() {
                    self.parts.extend(split(&error, part, self.items));
                }
                Ok(verdicts)
            }
            Err(other) => Err(stop_for(other)),
        }
    }

    async fn call(&self, items: &[&Item]) -> Result<BatchReply, CallError> {
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

    /// HubSpot names nobody that it archived, only whom it did not. Where it speaks of
    /// somebody else, nobody knows who that is.
    fn matched(&self, items: &[&Item], reply: &BatchReply) -> Result<Vec<Verdict>, PropertyFault> {
        let mut matched = match_reply(items, self.matching, reply)?;
        if matches!(self.verb, Verb::Archive) && !matched.stray_error {
            for (verdict, item) in matched.verdicts.iter_mut().zip(items) {
                if *verdict == Verdict::Unclear {
                    *verdict = Verdict::Written {
                        id: item.key.clone(),
                        created: None,
                    };
                }
            }
        }
        Ok(matched.verdicts)
    }

    async fn repeat(&mut self, again: Vec<usize>) -> Result<(), Stop> {
        if again.is_empty() {
            return Ok(());
        }
        self.repeats += 1;
        if self.repeats > REPEATS {
            let words = "the portal keeps answering that rows are locked or limited";
            return Err(Stop::Later(words.to_owned()));
        }
        tokio::time::sleep(PASSING).await;
        self.parts.push(again);
        Ok(())
    }
}

/// What a whole-call refusal means without splitting, if anything: it concerns the
/// only input, or keys that may be taken.
fn refused(
    error: &ApiError,
    chosen: &[&Item],
    matching: &Matching<'_>,
) -> Result<Option<Vec<Verdict>>, Stop> {
    if let Some(fault) = property_fault(error) {
        return Err(mend(fault));
    }
    if let [only] = chosen {
        return Ok(Some(vec![judge(error, only, matching).map_err(mend)?]));
    }
    let news = chosen
        .iter()
        .all(|item| matches!(item.input, Input::New(_)));
    let suspected = news && collides(error, matching);
    Ok(suspected.then(|| vec![Verdict::Suspected; chosen.len()]))
}

/// Halves, unless the error repeats values: then their rows go one by one and the
/// others together.
fn split(error: &ApiError, part: &[usize], items: &[&Item]) -> Vec<Vec<usize>> {
    let suspect = |&&idx: &&usize| {
        error.problems.iter().any(|problem| {
            problem.value.is_some()
                && problem.value.as_deref() == sent(items[idx], &problem.property)
        })
    };
    let (suspects, others): (Vec<&usize>, Vec<&usize>) = part.iter().partition(suspect);
    if suspects.is_empty() {
        let (left, right) = part.split_at(part.len() / 2);
        return vec![right.to_vec(), left.to_vec()];
    }
    let mut parts: Vec<Vec<usize>> = suspects.into_iter().map(|&idx| vec![idx]).collect();
    if !others.is_empty() {
        parts.push(others.into_iter().copied().collect());
    }
    parts
}

fn mend(fault: PropertyFault) -> Stop {
    Stop::Mend(fault.0)
}
