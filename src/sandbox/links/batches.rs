//! The v4 batches (C1 §8.3): impossible pairs are reported row by row, a repeated pair
//! fails the call.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::link_type::LinkType;
use super::shapes::{ArchiveInput, PairInput, ReadInput, ReadOut, TypedInput, pair_out, way_out};
use crate::sandbox::api::problem::{Problem, RowProblem};
use crate::sandbox::api::reply::Paging;
use crate::sandbox::clock::Moment;
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::records::shapes::{BatchOut, Reference};
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::switches::{MissingFrom, NoLinks};

/// Associations of one record on a page of a batch read.
const PAGE: usize = 100;

const INVALID: &str = "crm.associations.INVALID_IDENTIFIER";
const NONE: &str = "crm.associations.NO_ASSOCIATIONS_FOUND";

impl PortalState {
    /// Associates pairs by named types.
    pub(crate) fn link_batch(
        &self,
        ends: (Kind, Kind),
        inputs: &[TypedInput],
        now: Moment,
    ) -> Result<BatchOut<Value>, Problem> {
        refuse_twice(inputs.iter().map(|input| (&input.from, &input.to)))?;
        let transaction = self.store.begin()?;
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for input in inputs {
            let types = self.types_of(ends, &input.types)?;
            match self.pair_of(ends, &input.from, &input.to)? {
                Ok((from, to)) => match self.no_room(&types, from, to)? {
                    Some(problem) => errors.push(problem),
                    None => {
                        for known in &types {
                            self.link(from, known, to, now)?;
                        }
                        results.extend(self.linked_pair(&types, from, to));
                    }
                },
                Err(problem) => errors.push(*problem),
            }
        }
        transaction.commit()?;
        Ok(BatchOut::new(results, errors, now.iso()))
    }

    /// Associates pairs by the default type.
    pub(crate) fn link_defaults(
        &self,
        ends: (Kind, Kind),
        inputs: &[PairInput],
        now: Moment,
    ) -> Result<BatchOut<Value>, Problem> {
        refuse_twice(inputs.iter().map(|input| (&input.from, &input.to)))?;
        let known = self.default_type(ends)?;
        let transaction = self.store.begin()?;
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for input in inputs {
            match self.pair_of(ends, &input.from, &input.to)? {
                Ok((from, to)) => match self.no_room(&[known], from, to)? {
                    Some(problem) => errors.push(problem),
                    None => {
                        self.link(from, known, to, now)?;
                        results.push(way_out(known, from, to));
                    }
                },
                Err(problem) => errors.push(*problem),
            }
        }
        transaction.commit()?;
        Ok(BatchOut::new(results, errors, now.iso()))
    }

    /// What records are associated with; `link` is the address of further pages.
    pub(crate) fn read_links(
        &self,
        ends: (Kind, Kind),
        inputs: &[ReadInput],
        link: &str,
        now: Moment,
    ) -> Result<BatchOut<Value>, Problem> {
        let (mut results, mut errors) = (Vec::new(), Vec::new());
        for input in inputs {
            let after = input.after.as_ref().and_then(|after| after.0.parse().ok());
            let Some(id) = self.linkable(ends.0, &input.id.0)? else {
                errors.extend(self.missing_from(ends, &input.id.0)?);
                continue;
            };
            let linked = self.linked(id, ends, after.unwrap_or_default(), now)?;
            if linked.is_empty() {
                let is_told = self.switches.no_links == NoLinks::Listed;
                errors.extend(is_told.then(|| none(ends, &input.id.0)));
                continue;
            }
            let next = linked.get(PAGE).map(|(next, _)| *next);
            results.push(json!(ReadOut {
                from: json!({"id": input.id.0}),
                to: linked
                    .into_iter()
                    .take(PAGE)
                    .map(|(_, shown)| shown)
                    .collect(),
                paging: next
                    .map(|next| Paging::new(next.to_string(), format!("{link}after={next}"))),
            }));
        }
        Ok(BatchOut::new(results, errors, now.iso()))
    }

    /// The answer for a missing record (C1 §12.38): nothing, a row, or the refusal of the call.
    pub(super) fn missing_from(
        &self,
        ends: (Kind, Kind),
        id: &str,
    ) -> Result<Option<RowProblem>, Problem> {
        let problem = Problem::no_such(format!("No {} with ID {id} exists", ends.0.singular()));
        let ids = vec![id.to_owned()];
        let named = match self.switches.missing_from {
            MissingFrom::Id => problem.with("id", ids),
            MissingFrom::Ids => problem.with("ids", ids),
            MissingFrom::From => problem.with("fromObjectId", ids),
            MissingFrom::Message => problem,
            MissingFrom::NoLinks => return Ok(Some(none(ends, id))),
            MissingFrom::Absent => return Ok(None),
            MissingFrom::Whole => return Err(problem.with("ids", ids)),
            MissingFrom::WholeUnnamed => {
                return Err(Problem::no_such("Some records do not exist."));
            }
            MissingFrom::Refused => {
                let message = format!("{id} is not a valid ID");
                return Err(Problem::validation(message).about(INVALID));
            }
        };
        Ok(Some(named.into_row(None)))
    }

    /// Cuts pairs; those that are not associated are skipped.
    pub(crate) fn cut_batch(
        &self,
        ends: (Kind, Kind),
        inputs: &[ArchiveInput],
    ) -> Result<(), Problem> {
        let transaction = self.store.begin()?;
        for input in inputs {
            for to in &input.to {
                if let Ok((from, to)) = self.pair_of(ends, &input.from, to)? {
                    self.cut(from, to)?;
                }
            }
        }
        Ok(transaction.commit()?)
    }

    /// Cuts the named types of pairs.
    pub(crate) fn cut_labels(
        &self,
        ends: (Kind, Kind),
        inputs: &[TypedInput],
    ) -> Result<(), Problem> {
        let transaction = self.store.begin()?;
        for input in inputs {
            let types = self.types_of(ends, &input.types)?;
            if let Ok((from, to)) = self.pair_of(ends, &input.from, &input.to)? {
                for known in types {
                    self.unlink(from, known, to)?;
                }
            }
        }
        Ok(transaction.commit()?)
    }

    /// The row of a pair that can't be associated because one of the two has as many associations
    /// as it may have.
    pub(super) fn no_room(
        &self,
        types: &[&LinkType],
        from: i64,
        to: i64,
    ) -> rusqlite::Result<Option<RowProblem>> {
        for known in types {
            if let Some(full) = self.room(from, known, to)? {
                let problem = full.problem();
                let problem = problem.with("fromObjectId", vec![from.to_string()]);
                let problem = problem.with("toObjectId", vec![to.to_string()]);
                return Ok(Some(problem.into_row(None)));
            }
        }
        Ok(None)
    }

    fn linked_pair(&self, types: &[&LinkType], from: i64, to: i64) -> Option<Value> {
        let labels: Vec<String> = types
            .iter()
            .filter_map(|known| known.label.clone())
            .collect();
        let first = types.first()?;
        Some(pair_out(first, from, to, &labels, self.switches.link_ids))
    }

    /// A pair of live records, or why it is not one.
    pub(super) fn pair_of(
        &self,
        (from_end, to_end): (Kind, Kind),
        from: &Reference,
        to: &Reference,
    ) -> rusqlite::Result<Result<(i64, i64), Box<RowProblem>>> {
        let (from, to) = (&from.id.0, &to.id.0);
        if from_end == to_end && from == to {
            return Ok(Err(Box::new(invalid(
                format!("Object {from} cannot be associated to itself ({to})"),
                from,
            ))));
        }
        let mut ids = [0; 2];
        for (place, (end, id)) in [(from_end, from), (to_end, to)].into_iter().enumerate() {
            match self.linkable(end, id)? {
                Some(found) => ids[place] = found,
                None => {
                    return Ok(Err(Box::new(invalid(
                        format!("{id} is not a valid ID"),
                        id,
                    ))));
                }
            }
        }
        Ok(Ok((ids[0], ids[1])))
    }
}

fn invalid(message: String, id: &str) -> RowProblem {
    Problem::validation(message)
        .about(INVALID)
        .with("id", vec![id.to_owned()])
        .into_row(None)
}

/// The error of a record that is associated with nothing of a kind.
fn none((from, to): (Kind, Kind), id: &str) -> RowProblem {
    let message = format!(
        "No {} is associated with {} {id}.",
        to.singular(),
        from.singular()
    );
    Problem::no_such(message)
        .about(NONE)
        .with("fromObjectId", vec![id.to_owned()])
        .with("fromObjectType", vec![from.singular().to_owned()])
        .with("toObjectType", vec![to.singular().to_owned()])
        .into_row(None)
}

/// The same pair twice in a batch fails the call.
fn refuse_twice<'a>(
    pairs: impl Iterator<Item = (&'a Reference, &'a Reference)>,
) -> Result<(), Problem> {
    let mut seen = BTreeSet::new();
    for (from, to) in pairs {
        if !seen.insert((from.id.0.as_str(), to.id.0.as_str())) {
            return Err(Problem::validation(format!(
                "Duplicate pairs found in batch input: {} and {}. Pairs must be unique",
                from.id.0, to.id.0
            )));
        }
    }
    Ok(())
}
