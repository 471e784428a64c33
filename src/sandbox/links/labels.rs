//! Labels (C1 §8.4): association types that a portal defines itself, with one name for both
//! directions or a pair of names.

use serde_json::{Value, json};

use super::label::{Label, SORT};
use super::link_type::LinkType;
use super::shapes::{LabelInput, LabelPatch};
use crate::sandbox::api::problem::Problem;
use crate::sandbox::api::reply::Results;
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::schema::kind::Kind;

/// A type as the list of labels shows it.
fn shown(known: &LinkType) -> Value {
    json!({"category": known.category(), "typeId": known.id, "label": known.label})
}

impl PortalState {
    pub(crate) fn labels(&self, from: Kind, to: Kind) -> Results<Value> {
        Results::whole(self.schema.links.between(from, to).map(shown).collect())
    }

    /// Creates a label; a pair of names is shown with both its ids.
    pub(crate) fn create_label(
        &mut self,
        from: Kind,
        to: Kind,
        input: LabelInput,
    ) -> Result<Results<Value>, Problem> {
        let taken = |known: &LinkType| known.label.as_ref() == Some(&input.label);
        if self.schema.links.between(from, to).any(taken) {
            let message = format!("A label '{}' already exists for this pair.", input.label);
            return Err(Problem::validation(message));
        }
        let (there, back) = self.schema.links.free_ids();
        let label = Label {
            there,
            // Between records of one kind, a single name reads the same in both directions.
            back: if from == to && input.inverse_label.is_none() {
                there
            } else {
                back
            },
            from: from.type_id().to_owned(),
            to: to.type_id().to_owned(),
            name: input.name,
            label: input.label,
            inverse_label: input.inverse_label,
        };
        let n_shown = if label.inverse_label.is_some() { 2 } else { 1 };
        let results = label.types().iter().take(n_shown).map(shown).collect();
        self.keep_label(label)?;
        Ok(Results::whole(results))
    }

    pub(crate) fn update_label(&mut self, patch: LabelPatch) -> Result<(), Problem> {
        let mut labels = self.schema.links.labels.iter();
        let known = labels.find(|label| label.has(patch.association_type_id));
        let mut label = known.cloned().ok_or_else(Problem::not_found)?;
        label.label = patch.label;
        label.inverse_label = patch.inverse_label.or(label.inverse_label);
        self.keep_label(label)
    }

    /// Removes a label, also from the records that have it.
    pub(crate) fn delete_label(&mut self, id: u32) -> Result<(), Problem> {
        let mut labels = self.schema.links.labels.iter();
        let label = labels.find(|label| label.has(id)).cloned();
        let label = label.ok_or_else(Problem::not_found)?;
        let transaction = self.store.begin()?;
        self.store.drop_link_type(label.there)?;
        self.store.drop_link_type(label.back)?;
        self.store.undefine(SORT, "", &label.there.to_string())?;
        transaction.commit()?;
        self.schema.links.remove(id);
        Ok(())
    }

    fn keep_label(&mut self, label: Label) -> Result<(), Problem> {
        self.store
            .define(SORT, "", &label.there.to_string(), &label)?;
        self.schema.links.put(label);
        Ok(())
    }
}
