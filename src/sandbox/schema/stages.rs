//! Pipelines and stages of tickets (C1 §3.5): which pair a write may name,
//! and what the portal sets by itself when a ticket enters or leaves a closed
//! stage. Pure.

use jiff::Timestamp;

use super::{Pipeline, Schema, Stage};
use crate::sandbox::records::changes::Changes;
use crate::sandbox::records::refusal::Invalid;
use crate::sandbox::records::shapes::Values;
use crate::sandbox::records::values::Fault;
use crate::sandbox::switches::{ClearStage, ClosedDate, ForeignStage, Reopened, Switches};

pub(crate) const PIPELINE: &str = "hs_pipeline";
pub(crate) const STAGE: &str = "hs_pipeline_stage";
const CLOSED_DATE: &str = "closed_date";
const IS_CLOSED: &str = "hs_is_closed";
const LAST_CLOSED: &str = "hs_last_closed_date";
const REOPENED: &str = "hs_ticket_reopened_at";
const TIME_TO_CLOSE: &str = "time_to_close";

/// Adds to a write what the switches imply: a stage sets its pipeline (C1 §12.6), a cleared stage
/// is ignored (C1 §12.7).
pub(crate) fn complete(
    schema: &Schema,
    switches: &Switches,
    changes: &mut Changes,
    current: Option<&Values>,
) {
    let ignores = switches.clear_stage == ClearStage::Ignored && current.is_some();
    if ignores && changes.get(STAGE) == Some(&None) {
        let _ = changes.remove(STAGE);
    }
    let follows = switches.foreign_stage == ForeignStage::Moves && !changes.contains_key(PIPELINE);
    if let Some(Some(stage)) = changes.get(STAGE).filter(|_| follows) {
        let mut pipelines = schema.pipelines.iter();
        let home = pipelines.find(|pipeline| pipeline.stage(stage).is_some());
        if let Some(id) = home.map(|pipeline| pipeline.id.clone()) {
            let _ = changes.insert(PIPELINE.to_owned(), Some(id));
        }
    }
}

/// Checks the pipeline and stage that a write would leave the ticket in. A write
/// that names neither is left alone; `current` is None on create.
pub(crate) fn check(
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

/// Sets what follows from the stage: the pipeline if none was named, `hs_is_closed`, and the dates
/// of closing and reopening. `is_dated`: the write set `closed_date` itself.
pub(crate) fn settle(
    schema: &Schema,
    switches: &Switches,
    values: &mut Values,
    is_dated: bool,
    now: &str,
) {
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
    let is_dated = is_dated && switches.closed_date_writable == ClosedDate::Explicit;
    if closed && !was_closed {
        close(values, is_dated, now);
    } else if !closed && was_closed {
        let _ = values.insert(REOPENED.to_owned(), now.to_owned());
        if !is_dated && switches.closed_date_on_reopen == Reopened::Cleared {
            let _ = values.remove(CLOSED_DATE);
        }
    }
    measure(values, closed);
}

fn close(values: &mut Values, is_dated: bool, now: &str) {
    if !is_dated {
        let _ = values.insert(CLOSED_DATE.to_owned(), now.to_owned());
    }
    if let Some(date) = values.get(CLOSED_DATE).cloned() {
        let _ = values.insert(LAST_CLOSED.to_owned(), date);
    }
}

/// `time_to_close`, in milliseconds: a back-dated pair gives the historical number
/// (C1 §3.4).
fn measure(values: &mut Values, closed: bool) {
    let millis = |name: &str| {
        let at: Timestamp = values.get(name)?.parse().ok()?;
        Some(at.as_millisecond())
    };
    let span = millis(CLOSED_DATE)
        .zip(millis("createdate"))
        .filter(|_| closed)
        .map(|(end, start)| (end - start).to_string());
    let _ = match span {
        Some(span) => values.insert(TIME_TO_CLOSE.to_owned(), span),
        None => values.remove(TIME_TO_CLOSE),
    };
}

/// Whether a ticket is in a closed stage.
pub(crate) fn is_closed(values: &Values) -> bool {
    values.get(IS_CLOSED).is_some_and(|closed| closed == "true")
}

/// Whether a write sets the close date itself.
pub(crate) fn is_dated(changes: &Changes) -> bool {
    changes.contains_key(CLOSED_DATE)
}
