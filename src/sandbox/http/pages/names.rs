//! Names for ids: stages, pipelines, owners.

use std::collections::HashMap;

use minijinja::{Value as Shown, context};
use serde_json::Value;

use super::ask::{Ask, Refusal, with_query};

/// A pipeline with its stages, in the order in which the portal shows them.
#[derive(Debug)]
pub(super) struct Pipeline {
    pub(super) id: String,
    pub(super) label: String,
    /// Id and label.
    pub(super) stages: Vec<(String, String)>,
}

/// The names of one portal.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) pipelines: Vec<Pipeline>,
    owners: HashMap<String, String>,
}

impl Names {
    pub(super) fn read(ask: &Ask<'_>) -> Result<Names, Refusal> {
        let pipelines = ask.get("/crm/v3/pipelines/tickets")?;
        let pipelines = in_order(&pipelines["results"]).into_iter().map(pipeline);
        let mut owners = HashMap::new();
        for archived in ["false", "true"] {
            for owner in owners_of(ask, archived)? {
                let _new = owners.insert(text(&owner["id"]), owner_name(&owner));
            }
        }
        Ok(Names {
            pipelines: pipelines.collect(),
            owners,
        })
    }

    /// A stage's label, or its id if there is none.
    pub(super) fn stage(&self, id: &str) -> String {
        let mut stages = self.pipelines.iter().flat_map(|pipeline| &pipeline.stages);
        let stage = stages.find(|(known, _)| known == id);
        stage.map_or(id, |(_, label)| label).to_owned()
    }

    /// A pipeline's label, or its id if there is none.
    pub(super) fn pipeline(&self, id: &str) -> String {
        let pipeline = self.pipelines.iter().find(|pipeline| pipeline.id == id);
        pipeline.map_or(id, |pipeline| &pipeline.label).to_owned()
    }

    /// An owner's name, or the id if there is none.
    pub(super) fn owner(&self, id: &str) -> String {
        self.owners.get(id).map_or(id, String::as_str).to_owned()
    }

    /// Owners to choose from, by name.
    pub(super) fn owners(&self) -> Vec<Shown> {
        let mut owners: Vec<(&String, &String)> = self.owners.iter().collect();
        owners.sort_by_key(|(_, name)| *name);
        let owners = owners.into_iter().map(|(id, name)| context! { id, name });
        owners.collect()
    }

    /// Pipelines with their stages, to choose from.
    pub(super) fn choices(&self) -> Vec<Shown> {
        let pipelines = self.pipelines.iter().map(|pipeline| {
            let stages = pipeline.stages.iter();
            let stages = stages.map(|(id, label)| context! { id, label });
            context! {
                id => &pipeline.id,
                label => &pipeline.label,
                stages => stages.collect::<Vec<_>>(),
            }
        });
        pipelines.collect()
    }
}

/// All owners, either active or archived ones.
pub(super) fn owners_of(ask: &Ask<'_>, archived: &str) -> Result<Vec<Value>, Refusal> {
    let owners = ask.get(&with_query(
        "/crm/v3/owners",
        &[("limit", "500"), ("archived", archived)],
    ))?;
    Ok(owners["results"].as_array().cloned().unwrap_or_default())
}

fn owner_name(owner: &Value) -> String {
    let (first, last) = (text(&owner["firstName"]), text(&owner["lastName"]));
    let name = format!("{first} {last}");
    match name.trim() {
        "" => text(&owner["email"]),
        name => name.to_owned(),
    }
}

fn pipeline(pipeline: &Value) -> Pipeline {
    let stages = in_order(&pipeline["stages"]).into_iter();
    Pipeline {
        id: text(&pipeline["id"]),
        label: text(&pipeline["label"]),
        stages: stages
            .map(|stage| (text(&stage["id"]), text(&stage["label"])))
            .collect(),
    }
}

fn in_order(list: &Value) -> Vec<&Value> {
    let mut list: Vec<&Value> = list.as_array().into_iter().flatten().collect();
    list.sort_by_key(|item| item["displayOrder"].as_i64());
    list
}

/// A value as text; empty if there is none.
pub(super) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
