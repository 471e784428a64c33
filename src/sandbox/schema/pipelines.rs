//! Pipelines and stages of tickets as a portal has them (C1 §7.1): listing, creating, changing,
//! replacing, and removing those without tickets.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::kind::Kind;
use super::{Pipeline, Stage};
use crate::sandbox::api::problem::Problem;
use crate::sandbox::clock::Moment;
use crate::sandbox::portal_state::PortalState;

/// Stages of a pipeline (C1 §7.1).
const MOST_STAGES: usize = 100;

/// The first id of new pipelines and stages.
const FIRST_ID: u64 = 801_000_001;

/// A pipeline to be created.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PipelineInput {
    label: String,
    #[serde(default)]
    display_order: i64,
    #[serde(default)]
    stages: Vec<StageInput>,
    pipeline_id: Option<String>,
}

/// A stage to be created.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StageInput {
    label: String,
    #[serde(default)]
    display_order: i64,
    metadata: Option<BTreeMap<String, String>>,
    stage_id: Option<String>,
}

/// Changes to a pipeline or a stage; fields that are not named stay.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Relabel {
    label: Option<String>,
    display_order: Option<i64>,
    metadata: Option<BTreeMap<String, String>>,
}

impl PortalState {
    pub(crate) fn pipelines(&self) -> Vec<Pipeline> {
        self.schema.pipelines.clone()
    }

    pub(crate) fn pipeline(&self, id: &str) -> Result<Pipeline, Problem> {
        self.schema
            .pipeline(id)
            .cloned()
            .ok_or_else(Problem::not_found)
    }

    pub(crate) fn stage(&self, pipeline: &str, id: &str) -> Result<Stage, Problem> {
        let pipeline = self.pipeline(pipeline)?;
        pipeline.stage(id).cloned().ok_or_else(Problem::not_found)
    }

    pub(crate) fn create_pipeline(
        &mut self,
        input: PipelineInput,
        now: Moment,
    ) -> Result<Pipeline, Problem> {
        let id = input.pipeline_id.unwrap_or_else(|| self.free_id());
        if self.schema.pipeline(&id).is_some() {
            return Err(Problem::conflict(format!(
                "A pipeline with the id {id} already exists."
            )));
        }
        self.schema.pipelines.push(Pipeline {
            id: id.clone(),
            label: input.label,
            display_order: input.display_order,
            archived: false,
            created_at: now.iso(),
            updated_at: now.iso(),
            stages: Vec::new(),
        });
        let added = input
            .stages
            .into_iter()
            .try_for_each(|stage| self.add_stage(&id, stage, now).map(drop));
        if let Err(problem) = added {
            self.schema.pipelines.retain(|pipeline| pipeline.id != id);
            return Err(problem);
        }
        self.keep_pipeline(&id)
    }

    pub(crate) fn create_stage(
        &mut self,
        pipeline: &str,
        input: StageInput,
        now: Moment,
    ) -> Result<Stage, Problem> {
        let stage = self.add_stage(pipeline, input, now)?;
        let _ = self.keep_pipeline(pipeline)?;
        Ok(stage)
    }

    pub(crate) fn update_pipeline(
        &mut self,
        id: &str,
        change: Relabel,
        now: Moment,
    ) -> Result<Pipeline, Problem> {
        let pipeline = self
            .schema
            .pipeline_mut(id)
            .ok_or_else(Problem::not_found)?;
        pipeline.label = change.label.unwrap_or_else(|| pipeline.label.clone());
        pipeline.display_order = change.display_order.unwrap_or(pipeline.display_order);
        pipeline.updated_at = now.iso();
        self.keep_pipeline(id)
    }

    /// Changes a stage; `metadata` is required (C1 §7.1).
    pub(crate) fn update_stage(
        &mut self,
        pipeline: &str,
        id: &str,
        change: Relabel,
        now: Moment,
    ) -> Result<Stage, Problem> {
        let metadata = change
            .metadata
            .ok_or_else(|| Problem::validation("A stage needs its metadata."))?;
        check_metadata(&metadata)?;
        let held = self
            .schema
            .pipeline_mut(pipeline)
            .ok_or_else(Problem::not_found)?;
        let mut stages = held.stages.iter_mut();
        let stage = stages
            .find(|stage| stage.id == id)
            .ok_or_else(Problem::not_found)?;
        stage.label = change.label.unwrap_or_else(|| stage.label.clone());
        stage.display_order = change.display_order.unwrap_or(stage.display_order);
        stage.metadata = metadata;
        stage.updated_at = now.iso();
        let changed = stage.clone();
        let _ = self.keep_pipeline(pipeline)?;
        Ok(changed)
    }

    /// Changes a pipeline to what the request says; stages that it does not name are removed.
    pub(crate) fn replace_pipeline(
        &mut self,
        id: &str,
        input: PipelineInput,
        now: Moment,
    ) -> Result<Pipeline, Problem> {
        let before = self.pipeline(id)?;
        let named = |id: &String| {
            let mut stages = input.stages.iter();
            stages.any(|stage| stage.stage_id.as_ref() == Some(id))
        };
        let stages = before.stages.iter().cloned();
        let (kept, gone): (Vec<Stage>, Vec<Stage>) = stages.partition(|stage| named(&stage.id));
        gone.iter()
            .try_for_each(|stage| self.refuse_used(&stage.id))?;
        // Removed stages keep their ids until the new ones have theirs.
        let replaced = Pipeline {
            label: input.label,
            display_order: input.display_order,
            updated_at: now.iso(),
            stages: gone.clone(),
            ..before.clone()
        };
        self.put_pipeline(replaced)?;
        let mut stages = input.stages.into_iter();
        let added = stages.try_for_each(|stage| self.add_stage(id, stage, now).map(drop));
        if let Err(problem) = added {
            self.put_pipeline(before)?;
            return Err(problem);
        }
        let mut after = self.pipeline(id)?;
        after.stages = after.stages.split_off(gone.len());
        for stage in &mut after.stages {
            if let Some(known) = kept.iter().find(|known| known.id == stage.id) {
                stage.created_at.clone_from(&known.created_at);
            }
        }
        self.put_pipeline(after)?;
        self.keep_pipeline(id)
    }

    /// Changes a stage to what the request says.
    pub(crate) fn replace_stage(
        &mut self,
        pipeline: &str,
        id: &str,
        input: StageInput,
        now: Moment,
    ) -> Result<Stage, Problem> {
        let change = Relabel {
            label: Some(input.label),
            display_order: Some(input.display_order),
            metadata: input.metadata,
        };
        self.update_stage(pipeline, id, change, now)
    }

    /// Removes a pipeline, unless a ticket is in it or it is the last one.
    pub(crate) fn delete_pipeline(&mut self, id: &str) -> Result<(), Problem> {
        let pipeline = self.pipeline(id)?;
        let mut stages = pipeline.stages.iter();
        stages.try_for_each(|stage| self.refuse_used(&stage.id))?;
        if self.schema.pipelines.len() == 1 {
            return Err(Problem::validation("The last pipeline can't be deleted."));
        }
        self.store.undefine("pipeline", Kind::Ticket.plural(), id)?;
        self.schema.pipelines.retain(|pipeline| pipeline.id != id);
        Ok(())
    }

    /// Removes a stage, unless a ticket is in it.
    pub(crate) fn delete_stage(&mut self, pipeline: &str, id: &str) -> Result<(), Problem> {
        let _there = self.stage(pipeline, id)?;
        self.refuse_used(id)?;
        let held = self
            .schema
            .pipeline_mut(pipeline)
            .ok_or_else(Problem::not_found)?;
        held.stages.retain(|stage| stage.id != id);
        self.keep_pipeline(pipeline).map(drop)
    }

    /// The history of a pipeline: its creation and its last change.
    pub(crate) fn pipeline_audit(&self, id: &str) -> Result<Vec<Value>, Problem> {
        let held = self.pipeline(id)?;
        Ok(self.audit(&held.id, (&held.created_at, &held.updated_at), &json!(held)))
    }

    /// The history of a stage.
    pub(crate) fn stage_audit(&self, pipeline: &str, id: &str) -> Result<Vec<Value>, Problem> {
        let held = self.stage(pipeline, id)?;
        Ok(self.audit(&held.id, (&held.created_at, &held.updated_at), &json!(held)))
    }

    /// The entries of an audit, newest first.
    fn audit(&self, id: &str, (created, updated): (&str, &str), now: &Value) -> Vec<Value> {
        let entry = |action: &str, at: &str| {
            json!({
                "portalId": self.portal_id, "identifier": id, "action": action,
                "timestamp": at, "rawObject": now,
            })
        };
        let changed = (updated != created).then(|| entry("UPDATE", updated));
        changed
            .into_iter()
            .chain([entry("CREATE", created)])
            .collect()
    }

    fn refuse_used(&self, stage: &str) -> Result<(), Problem> {
        match self.store.is_in_stage(stage)? {
            false => Ok(()),
            true => Err(
                Problem::validation(format!("The stage {stage} has tickets in it."))
                    .about("PipelineError.STAGE_ID_IN_USE")
                    .with("stageId", vec![stage.to_owned()]),
            ),
        }
    }

    fn add_stage(
        &mut self,
        pipeline: &str,
        input: StageInput,
        now: Moment,
    ) -> Result<Stage, Problem> {
        let metadata = input.metadata.unwrap_or_default();
        check_metadata(&metadata)?;
        let id = input.stage_id.unwrap_or_else(|| self.free_id());
        let mut all = self.schema.pipelines.iter();
        if all.any(|pipeline| pipeline.stage(&id).is_some()) {
            return Err(Problem::conflict(format!(
                "A stage with the id {id} already exists."
            )));
        }
        let held = self
            .schema
            .pipeline_mut(pipeline)
            .ok_or_else(Problem::not_found)?;
        if held.stages.len() >= MOST_STAGES {
            let message = format!("A pipeline has at most {MOST_STAGES} stages.");
            return Err(Problem::validation(message));
        }
        let stage = Stage {
            id,
            label: input.label,
            display_order: input.display_order,
            metadata,
            created_at: now.iso(),
            updated_at: now.iso(),
            archived: false,
            write_permissions: "CRM_PERMISSIONS_ENFORCEMENT".to_owned(),
        };
        held.stages.push(stage.clone());
        Ok(stage)
    }

    /// An id that no pipeline and no stage has.
    fn free_id(&self) -> String {
        let pipelines = self.schema.pipelines.iter();
        let ids = pipelines.flat_map(|pipeline| {
            let stages = pipeline.stages.iter().map(|stage| stage.id.as_str());
            stages.chain([pipeline.id.as_str()])
        });
        let last = ids.filter_map(|id| id.parse::<u64>().ok()).max();
        last.map_or(FIRST_ID, |last| FIRST_ID.max(last + 1))
            .to_string()
    }

    fn put_pipeline(&mut self, pipeline: Pipeline) -> Result<(), Problem> {
        let place = self.schema.pipeline_mut(&pipeline.id);
        *place.ok_or_else(Problem::not_found)? = pipeline;
        Ok(())
    }

    fn keep_pipeline(&mut self, id: &str) -> Result<Pipeline, Problem> {
        let pipeline = self.pipeline(id)?;
        self.store
            .define("pipeline", Kind::Ticket.plural(), id, &pipeline)?;
        Ok(pipeline)
    }
}

fn check_metadata(metadata: &BTreeMap<String, String>) -> Result<(), Problem> {
    match metadata.get("ticketState").map(String::as_str) {
        Some("OPEN" | "CLOSED") => Ok(()),
        _ => Err(Problem::validation(
            "The metadata of a ticket stage needs ticketState, OPEN or CLOSED.",
        )),
    }
}
