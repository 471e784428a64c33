//! One create call for many inputs, until every input has a verdict: whole-call
//! refusals are split until the culprit stands alone (protocol S5), passing row
//! errors are repeated. Used for tickets and for contacts.

use std::time::Duration;

use super::reply::{
    Item, PropertyFault, Verdict, collides, judge, match_reply, property_fault, sent,
};
use super::stop::stop_for;
use crate::hubspot::Client;
use crate::hubspot::error::CallError;
use crate::hubspot::records::{ApiError, CreateInput};
use crate::model::event::Stop;
use crate::model::schema::ObjectType;

/// HubSpot: a lock lasts about two seconds.
const PASSING: Duration = Duration::from_secs(2);
/// How often a row is repeated before the run stops for later.
const REPEATS: u32 = 8;

/// Creates records. The verdicts are in the order of `items`; none is `Repeat`.
///
/// # Errors
/// When the run has to stop: the portal can't be reached, does not accept the
/// token, or does not take a property at all. Outcomes of earlier parts are lost
/// then: the rows stay unknown and are looked up by whoever resumes.
pub async fn create(
    client: &Client,
    object: ObjectType,
    key_property: &str,
    items: &[&Item],
) -> Result<Vec<Verdict>, Stop> {
    let mut verdicts: Vec<Option<Verdict>> = vec![None; items.len()];
    let mut parts: Vec<Vec<usize>> = vec![(0..items.len()).collect()];
    let mut repeats = 0;
    while let Some(part) = parts.pop() {
        let inputs: Vec<&CreateInput> = part.iter().map(|&idx| &items[idx].input).collect();
        let outcome = client.batch_create(object, &inputs).await;
        let chosen: Vec<&Item> = part.iter().map(|&idx| items[idx]).collect();
        let part_verdicts = match outcome {
            Ok(reply) => match_reply(&chosen, key_property, &reply).map_err(mend)?,
            Err(CallError::Ambiguous(_)) => vec![Verdict::Unclear; part.len()],
            Err(CallError::Refused(error)) => match refused(&error, &chosen, key_property)? {
                Some(verdicts) => verdicts,
                None => {
                    parts.extend(split(&error, &part, items));
                    continue;
                }
            },
            Err(other) => return Err(stop_for(other)),
        };
        let mut again = Vec::new();
        for (idx, verdict) in part.into_iter().zip(part_verdicts) {
            match verdict {
                Verdict::Repeat => again.push(idx),
                verdict => verdicts[idx] = Some(verdict),
            }
        }
        if !again.is_empty() {
            repeats += 1;
            if repeats > REPEATS {
                let words = "the portal keeps answering that rows are locked or limited";
                return Err(Stop::Later(words.to_owned()));
            }
            tokio::time::sleep(PASSING).await;
            parts.push(again);
        }
    }
    Ok(verdicts
        .into_iter()
        .map(|verdict| verdict.unwrap_or(Verdict::Unclear))
        .collect())
}

/// What a whole-call refusal means without splitting, if anything: it concerns the
/// only input, or keys that may be taken.
fn refused(
    error: &ApiError,
    chosen: &[&Item],
    key_property: &str,
) -> Result<Option<Vec<Verdict>>, Stop> {
    if let Some(fault) = property_fault(error) {
        return Err(mend(fault));
    }
    if let [only] = chosen {
        return Ok(Some(vec![judge(error, only, key_property).map_err(mend)?]));
    }
    let suspected = collides(error, key_property);
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
