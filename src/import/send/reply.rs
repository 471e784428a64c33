//! From a reply to the outcome of each input (protocol S1). Pure: replies are matched
//! by trace id, else by key, never by position.

use std::collections::HashMap;

use crate::hubspot::RowErrorKind;
use crate::hubspot::records::written::WrittenRecord;
use crate::hubspot::records::{ApiError, BatchReply, CreateInput, PropertyProblem, WriteInput};
use crate::model::issue::{Problem, Reason, RowIssue};
use crate::model::key::{FoldedKey, Key};
use crate::model::ticket::PropertyValues;

/// An input of a call that writes, with the key that ties its record to its row.
#[derive(Clone, Debug)]
pub struct Item {
    /// What is sent.
    pub input: Input,
    /// Value of the key property, or the record's id, as the call's matching says.
    pub key: Key,
}

/// What is sent for one record.
#[derive(Clone, Debug)]
pub enum Input {
    /// A record to be created.
    New(CreateInput),
    /// A record that exists, or may exist.
    Change(WriteInput),
}

impl Input {
    /// The record to be created, if it is one.
    pub fn as_new(&self) -> Option<&CreateInput> {
        match self {
            Input::New(input) => Some(input),
            Input::Change(_) => None,
        }
    }

    /// The record to be changed, if it is one.
    pub fn as_change(&self) -> Option<&WriteInput> {
        match self {
            Input::New(_) => None,
            Input::Change(input) => Some(input),
        }
    }

    /// Names and values that are sent.
    pub fn properties(&self) -> &PropertyValues {
        match self {
            Input::New(input) => &input.properties,
            Input::Change(input) => &input.properties,
        }
    }

    /// Names and values that were sent.
    pub fn into_properties(self) -> PropertyValues {
        match self {
            Input::New(input) => input.properties,
            Input::Change(input) => input.properties,
        }
    }

    /// Removes names and values.
    pub fn take_properties(&mut self) -> PropertyValues {
        std::mem::take(match self {
            Input::New(input) => &mut input.properties,
            Input::Change(input) => &mut input.properties,
        })
    }

    fn trace_id(&self) -> &str {
        match self {
            Input::New(input) => &input.trace_id,
            Input::Change(input) => &input.trace_id,
        }
    }
}

/// The outcome of one input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The record is as sent.
    Written {
        /// Its id.
        id: String,
        /// Whether the call created it, if the portal says.
        created: Option<bool>,
    },
    /// It may or may not exist: look it up (S2, S3).
    Unclear,
    /// It may or may not exist, and the call may still be carried out (S4).
    Late,
    /// The record to be changed does not exist.
    Missing,
    /// Nothing was written, and the key may be taken: look it up, send it again if it
    /// is not.
    Suspected,
    /// The key is taken; the portal may name the record that has it.
    Collided(Option<String>),
    /// The portal refused it.
    Refused(RowIssue),
    /// Not now: rate, lock or an internal error of the portal.
    Repeat,
}

/// An error about a property itself, whatever its value: the run can't continue (S5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyFault {
    /// Its internal name.
    pub property: String,
    /// What the portal says about it.
    pub said: String,
}

impl PropertyFault {
    /// What the portal says about a property.
    pub fn of(problem: &PropertyProblem) -> PropertyFault {
        PropertyFault {
            property: problem.property.clone(),
            said: problem.message.clone(),
        }
    }
}

/// How the records of a reply are matched with the inputs of its call.
pub enum Matching<'a> {
    /// By the value of this unique property, which every input carries.
    Key(&'a str),
    /// By the record's id, which every input carries.
    Id,
    /// By everything that was sent: no input carries a key (S7). Inputs that send the
    /// same are interchangeable.
    Content(&'a (dyn Fn(&Item, &WrittenRecord) -> bool + Sync)),
}

impl Matching<'_> {
    fn key_property(&self) -> Option<&str> {
        match self {
            Matching::Key(property) => Some(property),
            Matching::Id | Matching::Content(_) => None,
        }
    }
}

/// The verdicts of a reply.
#[derive(Debug)]
pub struct Matched {
    /// In the order of the inputs. `Unclear` for those that the reply does not mention.
    pub verdicts: Vec<Verdict>,
    /// Whether an error of the reply can't be assigned to an input.
    pub stray_error: bool,
}

/// Matches a 2xx reply with the inputs of its call.
///
/// # Errors
/// When the reply names a property that can't be written at all.
pub fn match_reply(
    items: &[&Item],
    matching: &Matching<'_>,
    reply: &BatchReply<WrittenRecord>,
) -> Result<Matched, PropertyFault> {
    let by_trace: HashMap<&str, usize> = indexed(items, |item| item.input.trace_id());
    let by_key: HashMap<&FoldedKey, usize> = indexed(items, |item| item.key.folded());
    let mut verdicts: Vec<Option<Verdict>> = vec![None; items.len()];
    for record in &reply.results {
        let by_trace = record.trace_id.as_deref().map(|trace| by_trace.get(trace));
        let idx = match (by_trace, matching) {
            (Some(traced), _) => traced.copied(),
            (None, Matching::Key(property)) => record
                .get(property)
                .and_then(|key| by_key.get(&FoldedKey::of(key)).copied()),
            (None, Matching::Id) => by_key.get(&FoldedKey::of(&record.id)).copied(),
            (None, Matching::Content(same)) => {
                (0..items.len()).find(|&idx| verdicts[idx].is_none() && same(items[idx], record))
            }
        };
        if let Some(idx) = idx {
            let (id, created) = (record.id.clone(), record.created);
            verdicts[idx] = Some(Verdict::Written { id, created });
        }
    }
    let mut stray_error = false;
    for error in &reply.errors {
        let about = named(error, &by_trace, &by_key, &verdicts);
        stray_error |= about.is_empty();
        for idx in about {
            verdicts[idx] = Some(judge(error, items[idx], matching)?);
        }
    }
    let unclear = |verdict: Option<Verdict>| verdict.unwrap_or(Verdict::Unclear);
    Ok(Matched {
        verdicts: verdicts.into_iter().map(unclear).collect(),
        stray_error,
    })
}

fn indexed<'a, K: std::hash::Hash + Eq>(
    items: &[&'a Item],
    name: impl Fn(&'a Item) -> K,
) -> HashMap<K, usize> {
    items
        .iter()
        .enumerate()
        .map(|(idx, item)| (name(item), idx))
        .collect()
}

/// The inputs that an error entry is about; the last one left if it names none.
fn named(
    error: &ApiError,
    by_trace: &HashMap<&str, usize>,
    by_key: &HashMap<&FoldedKey, usize>,
    verdicts: &[Option<Verdict>],
) -> Vec<usize> {
    let traces = error.trace_ids.iter();
    let mut found: Vec<usize> = traces
        .filter_map(|trace| by_trace.get(trace.as_str()).copied())
        .collect();
    if found.is_empty() {
        let ids = error.ids.iter().map(|id| FoldedKey::of(id));
        found.extend(ids.filter_map(|id| by_key.get(&id).copied()));
    }
    if found.is_empty() && error.trace_ids.is_empty() && error.ids.is_empty() {
        let left: Vec<usize> = (0..verdicts.len())
            .filter(|&idx| verdicts[idx].is_none())
            .collect();
        if let [only] = left[..] {
            found.push(only);
        }
    }
    found
}

/// What an error means for one input.
///
/// # Errors
/// When it is about a property itself.
pub fn judge(
    error: &ApiError,
    item: &Item,
    matching: &Matching<'_>,
) -> Result<Verdict, PropertyFault> {
    Ok(match error.kind() {
        RowErrorKind::Property(problem) => return Err(PropertyFault::of(problem)),
        RowErrorKind::Passing => Verdict::Repeat,
        RowErrorKind::Missing if matches!(item.input, Input::Change(_)) => Verdict::Missing,
        RowErrorKind::Collision if collides(error, matching) => {
            Verdict::Collided(error.existing_id.clone())
        }
        _ => Verdict::Refused(refusal(error, item)),
    })
}

/// Whether an error says that the key is taken. One that names another property is about
/// that one.
pub fn collides(error: &ApiError, matching: &Matching<'_>) -> bool {
    let key_property = matching.key_property();
    error.kind() == RowErrorKind::Collision
        && key_property.is_some_and(|property| error.may_collide_on(property))
}

fn refusal(error: &ApiError, item: &Item) -> RowIssue {
    let problems = error
        .problems
        .iter()
        .filter(|problem| concerns(problem, item))
        .map(|problem| property_problem(problem, error, item))
        .collect();
    RowIssue::from_problems(problems).unwrap_or_else(|| {
        let (code, message) = (error.code(), error.message.clone());
        RowIssue::new(Problem::new(Reason::Portal { code, message }))
    })
}

/// A whole-call refusal lists problems of all rows; those with a value that this row
/// does not send belong to another row.
fn concerns(problem: &PropertyProblem, item: &Item) -> bool {
    match (&problem.value, sent(item, &problem.property)) {
        (Some(value), Some(sent)) => value == sent,
        _ => true,
    }
}

fn property_problem(problem: &PropertyProblem, error: &ApiError, item: &Item) -> Problem {
    let reason = match problem.is_collision() {
        true => Reason::ConflictingUniqueValue {
            id: error.existing_id.clone(),
        },
        false => Reason::Portal {
            code: problem.code.clone(),
            message: problem.message.clone(),
        },
    };
    let value = problem
        .value
        .as_deref()
        .or_else(|| sent(item, &problem.property));
    Problem::new(reason)
        .property(problem.property.clone())
        .value(value.unwrap_or_default())
}

/// What an item sends for a property.
pub fn sent<'a>(item: &'a Item, property: &str) -> Option<&'a str> {
    let mut values = item.input.properties().iter();
    values
        .find(|(name, _)| &**name == property)
        .map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(trace: &str, key: &str) -> Item {
        Item {
            input: Input::New(CreateInput {
                trace_id: trace.to_owned(),
                properties: vec![("k".into(), key.to_owned()), ("p".into(), "v".to_owned())],
                associations: Vec::new(),
            }),
            key: key.into(),
        }
    }

    fn record(id: &str, key: Option<&str>, trace: Option<&str>) -> WrittenRecord {
        WrittenRecord {
            id: id.to_owned(),
            values: key.map(|key| ("k", key)).into_iter().collect(),
            trace_id: trace.map(str::to_owned),
            created: None,
        }
    }

    fn error(code: &str, property: &str, traces: &[&str]) -> ApiError {
        ApiError {
            status: 207,
            category: "VALIDATION_ERROR".to_owned(),
            problems: vec![PropertyProblem {
                code: code.to_owned(),
                property: property.to_owned(),
                message: "no".to_owned(),
                value: None,
            }],
            trace_ids: traces.iter().map(|&trace| trace.to_owned()).collect(),
            existing_id: Some("77".to_owned()),
            ..ApiError::default()
        }
    }

    fn verdicts(results: Vec<WrittenRecord>, errors: Vec<ApiError>) -> Vec<Verdict> {
        let items = [item("t1", "A"), item("t2", "B"), item("t3", "C")];
        let items: Vec<&Item> = items.iter().collect();
        let reply = BatchReply {
            results,
            errors,
            ..BatchReply::default()
        };
        let matched = match_reply(&items, &Matching::Key("k"), &reply);
        matched.expect("no property fault").verdicts
    }

    #[test]
    fn results_are_matched_by_trace_then_key_never_by_position() {
        let found = verdicts(
            vec![
                record("3", Some("c"), None),
                record("1", None, Some("t1")),
                record("9", Some("stranger"), Some("t9")),
            ],
            vec![],
        );
        let written = |id: &str| Verdict::Written {
            id: id.to_owned(),
            created: None,
        };
        assert_eq!(found, [written("1"), Verdict::Unclear, written("3")]);
    }

    #[test]
    fn one_error_naming_many_settles_them_all_and_a_nameless_one_the_last_left() {
        let many = verdicts(
            vec![],
            vec![error("CONFLICTING_UNIQUE_VALUE", "k", &["t1", "t3"])],
        );
        let collided = Verdict::Collided(Some("77".to_owned()));
        assert_eq!(many, [collided.clone(), Verdict::Unclear, collided.clone()]);
        let results = vec![record("1", Some("A"), None), record("2", Some("B"), None)];
        let last = verdicts(results, vec![error("CONFLICTING_UNIQUE_VALUE", "", &[])]);
        assert_eq!(last[2], collided);
    }

    #[test]
    fn a_collision_on_another_property_is_a_refusal() {
        let found = verdicts(
            vec![],
            vec![error("CONFLICTING_UNIQUE_VALUE", "p", &["t2"])],
        );
        let Verdict::Refused(issue) = &found[1] else {
            panic!("{found:?}");
        };
        assert_eq!(issue.first().reason.code(), "CONFLICTING_UNIQUE_VALUE");
        assert_eq!(issue.first().value, "v");
    }

    #[test]
    fn records_that_were_to_be_changed_are_matched_by_id_and_may_be_missing() {
        let item = |id: &str| Item {
            input: Input::Change(WriteInput {
                trace_id: format!("t{id}"),
                id: id.to_owned(),
                properties: Vec::new(),
            }),
            key: id.into(),
        };
        let items = [item("1"), item("2"), item("3")];
        let missing = ApiError {
            category: "OBJECT_NOT_FOUND".to_owned(),
            ids: vec!["2".to_owned()],
            ..ApiError::default()
        };
        let reply = BatchReply {
            results: vec![record("3", None, None)],
            errors: vec![missing],
            ..BatchReply::default()
        };
        let items: Vec<&Item> = items.iter().collect();
        let found = match_reply(&items, &Matching::Id, &reply).expect("no property fault");
        let third = Verdict::Written {
            id: "3".to_owned(),
            created: None,
        };
        assert_eq!(found.verdicts, [Verdict::Unclear, Verdict::Missing, third]);
        assert!(!found.stray_error);
        let stray = ApiError {
            ids: vec!["9".to_owned()],
            ..ApiError::default()
        };
        let reply = BatchReply {
            errors: vec![stray],
            ..BatchReply::default()
        };
        let found = match_reply(&items, &Matching::Id, &reply).expect("no property fault");
        assert!(found.stray_error, "it is about none of them");
    }

    #[test]
    fn an_error_about_a_property_stops_and_a_passing_one_is_repeated() {
        let item = item("t1", "A");
        let fault = judge(
            &error("READ_ONLY_VALUE", "p", &[]),
            &item,
            &Matching::Key("k"),
        );
        assert!(fault.is_err());
        let locked = ApiError {
            status: 423,
            ..ApiError::default()
        };
        assert_eq!(
            judge(&locked, &item, &Matching::Key("k")),
            Ok(Verdict::Repeat)
        );
    }
}
