//! The verbs on up to a hundred records at once (C1 §2.6 to §2.8). Whether a bad row fails only
//! itself or the whole call is decided by `outcome`.

use std::collections::BTreeSet;

use super::outcome::{Outcome, ids_twice};
use super::refusal::Refusal;
use super::shapes::{
    BatchOut, CreateInput, Incoming, ObjectOut, ReadBatch, Reference, Scalar, UpdateInput,
    UpsertInput,
};
use super::show::View;
use super::writes::Occasion;
use crate::sandbox::api::problem::Problem;
use crate::sandbox::api::route::Verb;
use crate::sandbox::clock::Moment;
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::store::Record;
use crate::sandbox::switches::{DeleteMissing, ReadDuplicates, ReadMissing, UpsertFillsKey};

impl PortalState {
    pub(crate) fn create_batch(
        &self,
        kind: Kind,
        inputs: &[CreateInput],
        on: Occasion,
    ) -> Result<BatchOut, Problem> {
        let traced = self.traced(
            Verb::Create,
            inputs.iter().map(|input| input.trace.as_ref()),
        )?;
        let transaction = self.store.begin()?;
        let mut outcome = Outcome::default();
        for input in inputs {
            let made = self.create_one(kind, input, on);
            let shown = made.map(|written| self.show_created(kind, written));
            outcome.take(input.trace.as_ref(), shown)?;
        }
        let reply = self.settle(kind, outcome, traced, on.now)?;
        transaction.commit()?;
        Ok(reply)
    }

    pub(crate) fn update_batch(
        &self,
        kind: Kind,
        inputs: &[UpdateInput],
        on: Occasion,
    ) -> Result<BatchOut, Problem> {
        let traced = self.traced(
            Verb::Update,
            inputs.iter().map(|input| input.trace.as_ref()),
        )?;
        let targets = inputs
            .iter()
            .map(|input| (input.id_property.as_deref(), input.id.0.as_str()));
        let found = self.targets(kind, targets)?;
        let transaction = self.store.begin()?;
        let mut outcome = Outcome::default();
        for (input, record) in inputs.iter().zip(found) {
            match record {
                Some(record) => {
                    let shown = self.update_input(kind, record, input.properties.as_ref(), on);
                    outcome.take(input.trace.as_ref(), shown)?;
                }
                None if input.id_property.is_none() && self.passes_over(kind, &input.id.0)? => {}
                None => outcome.lost(&input.id.0, input.trace.as_ref()),
            }
        }
        let reply = self.settle(kind, outcome, traced, on.now)?;
        transaction.commit()?;
        Ok(reply)
    }

    pub(crate) fn upsert_batch(
        &self,
        kind: Kind,
        inputs: &[UpsertInput],
        on: Occasion,
    ) -> Result<BatchOut, Problem> {
        let traced = self.traced(
            Verb::Upsert,
            inputs.iter().map(|input| input.trace.as_ref()),
        )?;
        let unnamed = |input: &UpsertInput| input.id_property.is_none();
        if inputs.iter().any(unnamed) {
            return Err(Problem::validation(
                "Every input of an upsert needs an idProperty.",
            ));
        }
        let targets = inputs
            .iter()
            .map(|input| (input.id_property.as_deref(), input.id.0.as_str()));
        let found = self.targets(kind, targets)?;
        let transaction = self.store.begin()?;
        let mut outcome = Outcome::default();
        for (input, record) in inputs.iter().zip(found) {
            let is_new = record.is_none();
            let shown = match record {
                Some(record) => self.update_input(kind, record, input.properties.as_ref(), on),
                None => self.create_by_key(kind, input, on),
            };
            let shown = shown.map(|shown| ObjectOut {
                new: Some(is_new),
                ..shown
            });
            outcome.take(input.trace.as_ref(), shown)?;
        }
        let reply = self.settle(kind, outcome, traced, on.now)?;
        transaction.commit()?;
        Ok(reply)
    }

    /// Found records, and missing ones together in one error.
    pub(crate) fn read_batch(
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
            history: batch.properties_with_history.clone(),
            ..View::default()
        };
        let mut outcome = Outcome::default();
        let mut shown = BTreeSet::new();
        let repeats = self.switches.read_duplicates == ReadDuplicates::Repeat;
        for id in self.asked_for(ids)? {
            match self.find(kind, id_property, id, archived)? {
                Some(record) if repeats || shown.insert(record.id) => {
                    outcome.take(None, Ok(self.show(kind, record, &view)?))?;
                }
                Some(_) => {}
                None if id_property.is_none() && self.passes_over(kind, id)? => {}
                None => outcome.lost(id, None),
            }
        }
        if self.switches.read_missing == ReadMissing::Whole
            && let Some(problem) = outcome.missing(kind)
        {
            return Err(problem);
        }
        self.settle(kind, outcome, true, now)
    }

    /// Unknown ids are silently skipped (C1 §2.4, §12.18).
    pub(crate) fn archive_batch(
        &self,
        kind: Kind,
        inputs: &[Reference],
        now: Moment,
    ) -> Result<(), Problem> {
        let transaction = self.store.begin()?;
        let mut outcome = Outcome::default();
        for input in inputs {
            let id = input.id.0.parse().ok();
            let was_there = match id {
                Some(id) => self.archive_one(kind, id, now)?,
                None => false,
            };
            if !was_there {
                outcome.lost(&input.id.0, None);
            }
        }
        if self.switches.delete_missing == DeleteMissing::Missing
            && let Some(problem) = outcome.missing(kind)
        {
            return Err(problem);
        }
        Ok(transaction.commit()?)
    }

    /// The ids of a read, each once, unless duplicates fail the call (C1 §12.17).
    fn asked_for<'a>(&self, ids: &'a [String]) -> Result<Vec<&'a String>, Problem> {
        let mut seen = BTreeSet::new();
        let mut repeated = Vec::new();
        let mut kept = Vec::new();
        for id in ids {
            match seen.insert(id) {
                true => kept.push(id),
                false => repeated.push(id.clone()),
            }
        }
        match self.switches.read_duplicates {
            ReadDuplicates::Collapse => Ok(kept),
            ReadDuplicates::Repeat => Ok(ids.iter().collect()),
            ReadDuplicates::Refused if repeated.is_empty() => Ok(kept),
            ReadDuplicates::Refused => Err(ids_twice(repeated)),
        }
    }

    /// The records that inputs mean, one entry per input. Two inputs for one record fail the call
    /// (C1 §2.8).
    fn targets<'a>(
        &self,
        kind: Kind,
        inputs: impl Iterator<Item = (Option<&'a str>, &'a str)>,
    ) -> Result<Vec<Option<Record>>, Problem> {
        let mut found = Vec::new();
        let (mut given, mut ids) = (BTreeSet::new(), BTreeSet::new());
        let mut twice = Vec::new();
        for (id_property, id) in inputs {
            self.check_id_property(kind, id_property, "update/upsert")?;
            let record = self.find(kind, id_property, id, false)?;
            let folded = id_property.map(|property| self.folded(kind, property, id));
            let is_new = given.insert((id_property, folded.unwrap_or_else(|| id.to_owned())));
            let is_other = record.as_ref().is_none_or(|record| ids.insert(record.id));
            if !(is_new && is_other) {
                twice.push(id.to_owned());
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
        given: Option<&Incoming>,
        on: Occasion,
    ) -> Result<ObjectOut, Refusal> {
        let given = given.ok_or(Refusal::NoProperties)?;
        let written = self.update_one(kind, record, given, on)?;
        Ok(self.show_updated(kind, written, given.keys()))
    }

    /// Creates the record that an upsert did not find, with the key by which it was looked up (C1
    /// §12.15).
    fn create_by_key(
        &self,
        kind: Kind,
        input: &UpsertInput,
        on: Occasion,
    ) -> Result<ObjectOut, Refusal> {
        let mut given = input.properties.clone().ok_or(Refusal::NoProperties)?;
        let fills = self.switches.upsert_fills_key == UpsertFillsKey::Yes;
        if let Some(property) = input.id_property.as_ref().filter(|_| fills) {
            let _ = given
                .entry(property.clone())
                .or_insert_with(|| Scalar::Text(input.id.0.clone()));
        }
        let input = CreateInput {
            properties: Some(given),
            associations: None,
            trace: None,
        };
        let written = self.create_one(kind, &input, on)?;
        Ok(self.show_created(kind, written))
    }
}
