//! The board: the stages of a pipeline side by side, each with its newest tickets.

use minijinja::{Value as Shown, context};
use serde_json::json;

use super::ask::{Ask, Refusal, with_query};
use super::names::{Names, Pipeline};
use super::render::Page;
use super::tickets::{SHOWN, row};
use super::visit::Visit;

/// How many tickets of a stage are shown.
const MOST: u32 = 20;

/// The page.
pub(super) fn page(ask: &Ask<'_>, visit: &Visit) -> Result<Page, Refusal> {
    let names = Names::read(ask)?;
    let asked = |pipeline: &&Pipeline| pipeline.id == visit.field("pipeline");
    let pipelines = &names.pipelines;
    let Some(pipeline) = pipelines.iter().find(asked).or(pipelines.first()) else {
        return Err(Refusal(
            "This portal has no pipeline of tickets.".to_owned(),
        ));
    };
    let mut stages = Vec::with_capacity(pipeline.stages.len());
    for (id, label) in &pipeline.stages {
        let (total, cards) = cards(ask, (&pipeline.id, id), &names)?;
        let all = with_query("/", &[("stage", id)]);
        stages.push(context! { label, total, cards, all });
    }
    Ok(Page::html(
        "board.html",
        ("Board", "board"),
        context! { stages, pipelines => names.choices(), pipeline => &pipeline.id, label => &pipeline.label },
    ))
}

fn cards(
    ask: &Ask<'_>,
    (pipeline, stage): (&str, &str),
    names: &Names,
) -> Result<(u64, Vec<Shown>), Refusal> {
    let is =
        |name: &str, value: &str| json!({"propertyName": name, "operator": "EQ", "value": value});
    let found = ask.post(
        "/crm/v3/objects/tickets/search",
        &json!({
            "filterGroups": [{"filters": [is("hs_pipeline", pipeline), is("hs_pipeline_stage", stage)]}],
            "sorts": [{"propertyName": "createdate", "direction": "DESCENDING"}],
            "properties": SHOWN,
            "limit": MOST,
        }),
    )?;
    let cards = found["results"].as_array().into_iter().flatten();
    let cards = cards.map(|ticket| row(ticket, names)).collect();
    Ok((found["total"].as_u64().unwrap_or_default(), cards))
}
