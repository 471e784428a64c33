//! One create call for many inputs, until every input has a verdict: whole-call
//! refusals are split until the culprit stands alone (protocol S5), passing row
//! errors are repeated. Used for tickets and for contacts.

use std::time::Duration;

use super::reply::{
    Item, Matching, PropertyFault, Verdict, collides, judge, match_reply, property_fault, sent,
};
use super::stop::stop_for;
use crate::hubspot::records::{ApiError, CreateInput};
use crate::hubspot::{CallError, Client};
use crate::model::event::Stop;
use crate::model::schema::ObjectType;

/// HubSpot: a lock lasts about two seconds.
const PASSING: Duration = Duration::from_secs(2);
/// How often rows are repeated before the run stops for later.
const REPEATS: u32 = 8;

/// What became of the inputs, and why the run has to stop, if it has to.
#[derive(Debug)]
pub struct Sent {
    /// In the order of the items. `Repeat` stands for an input that was not written.
    pub verdicts: Vec<Verdict>,
    /// Set when the portal can't be reached, does not accept the token, or does not
    /// take a property at all.
    pub stop: Option<Stop>,
}

/// Creates records.
pub async fn create(
    client: &Client,
    object: ObjectType,
    matching: &Matching<'_>,
    items: &[&Item],
) -> Sent {
    let mut call = Call {
        client,
        object,
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
        let inputs: Vec<&CreateInput> = part.iter().map(|&idx| &self.items[idx].input).collect();
        let chosen: Vec<&Item> = part.iter().map(|&idx| self.items[idx]).collect();
        match self.client.batch_create(self.object, &inputs).await {
            Ok(reply) => match_reply(&chosen, self.matching, &reply)
                .map(Some)
                .map_err(mend),
            Err(CallError::Ambiguous(_)) => Ok(Some(vec![Verdict::Unclear; part.len()])),
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
    let suspected = collides(error, matching);
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
