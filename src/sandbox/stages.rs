//! Pipelines and stages of tickets (contract 3.5): which pair a write may name,
//! and what the portal sets by itself when a ticket enters or leaves a closed
//! stage. Pure.

use super::drafts::Changes;
use super::refusal::Invalid;
use super::schema::{Pipeline, Schema, Stage};
use super::shapes::Values;
use super::values::Fault;

const PIPELINE: &str = "hs_pipeline";
pub(super) const STAGE: &str = "hs_pipeline_stage";
const CLOSED_DATE: &str = "closed_date";
const IS_CLOSED: &str = "hs_is_closed";

/// Checks the pipeline and stage that a write would leave the ticket in. A write
/// that names neither is left alone; `current` is None on create.
pub(super) fn check(
    schema: &Schema,
    changes: &Changes,
    current: Option<&Values>,
) -> Result<(), Invalid> {
    let untouched = !changes.contains_key(PIPELINE) && !changes.contains_key(STAGE);
    if untouched && current.is_some() {
        return Ok(());
    }
    let pipeline = pipeline(schema, changes, current)?;
    match (changes.get(STAGE), current) {
        (Some(Some(id)), _) => writable(pipeline, id),
        (Some(None), Some(_)) => Err(no_such_stage(pipeline, "")),
        (None, Some(current)) => {
            let id = current.get(STAGE).map_or("", String::as_str);
            stage(pipeline, id).map(|_| ())
        }
        (_, None) => Ok(()),
    }
}

fn pipeline<'a>(
    schema: &'a Schema,
    changes: &Changes,
    current: Option<&Values>,
) -> Result<&'a Pipeline, Invalid> {
    let kept = current.and_then(|values| values.get(PIPELINE));
    let id = match changes.get(PIPELINE) {
        Some(Some(id)) => id,
        Some(None) if current.is_some() => return Err(no_such_pipeline(schema, "")),
        _ => match kept {
            Some(id) => id,
            None => default_pipeline(schema),
        },
    };
    schema
        .pipeline(id)
        .ok_or_else(|| no_such_pipeline(schema, id))
}

/// The pipeline of tickets that name none.
fn default_pipeline(schema: &Schema) -> &str {
    schema
        .pipelines
        .first()
        .map_or("", |pipeline| pipeline.id.as_str())
}

fn stage<'a>(pipeline: &'a Pipeline, id: &str) -> Result<&'a Stage, Invalid> {
    pipeline
        .stage(id)
        .ok_or_else(|| no_such_stage(pipeline, id))
}

fn writable(pipeline: &Pipeline, id: &str) -> Result<(), Invalid> {
    let stage = stage(pipeline, id)?;
    if stage.takes_tickets() {
        return Ok(());
    }
    let message = format!(
        "{id} is a stage with write permissions {}; tickets cannot be moved into it",
        stage.write_permissions
    );
    Err(invalid(STAGE, id, Fault::new("STAGE_READ_ONLY", message)))
}

fn no_such_pipeline(schema: &Schema, id: &str) -> Invalid {
    let ids: Vec<&str> = schema
        .pipelines
        .iter()
        .map(|pipeline| pipeline.id.as_str())
        .collect();
    let message = format!(
        "{id} is not a valid pipeline ID. Valid options are: [{}]",
        ids.join(", ")
    );
    invalid(PIPELINE, id, Fault::new("INVALID_OPTION", message))
}

fn no_such_stage(pipeline: &Pipeline, id: &str) -> Invalid {
    let ids: Vec<&str> = pipeline
        .stages
        .iter()
        .map(|stage| stage.id.as_str())
        .collect();
    let message = format!(
        "{id} is not a valid pipeline stage ID. Valid options are: pipelineId={} : [{}]",
        pipeline.id,
        ids.join(", ")
    );
    invalid(STAGE, id, Fault::new("INVALID_OPTION", message))
}

fn invalid(name: &str, value: &str, fault: Fault) -> Invalid {
    Invalid {
        name: name.to_owned(),
        value: Some(value.to_owned()),
        fault,
    }
}

/// Sets what follows from the stage: the pipeline where none was named,
/// `hs_is_closed`, and `closed_date` on entering and leaving a closed stage
/// unless the write gave one itself (`dated`).
pub(super) fn settle(schema: &Schema, values: &mut Values, dated: bool, now: &str) {
    let pipeline = values
        .entry(PIPELINE.to_owned())
        .or_insert_with(|| default_pipeline(schema).to_owned());
    let pipeline = schema.pipeline(pipeline);
    let stage = pipeline
        .zip(values.get(STAGE))
        .and_then(|(pipeline, id)| pipeline.stage(id));
    let closed = stage.is_some_and(Stage::is_closed);
    let before = values.insert(IS_CLOSED.to_owned(), closed.to_string());
    let was_closed = before.is_some_and(|before| before == "true");
    if closed && !was_closed && !dated {
        let _ = values.insert(CLOSED_DATE.to_owned(), now.to_owned());
    }
    if !closed && was_closed && !dated {
        let _ = values.remove(CLOSED_DATE);
    }
}

/// Whether a write gives the close date itself.
pub(super) fn is_dated(changes: &Changes) -> bool {
    changes.contains_key(CLOSED_DATE)
}
