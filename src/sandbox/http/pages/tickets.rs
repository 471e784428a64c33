//! The list of tickets: searched, filtered, sorted, a page at a time.

use minijinja::{Value as Shown, context};
use serde_json::{Value, json};

use super::ask::{Ask, Refusal, with_query};
use super::names::{Names, text};
use super::render::Page;
use super::visit::Visit;

/// Tickets of one page of the list.
const MOST: u32 = 50;

/// What the list shows for a ticket.
pub(super) const SHOWN: [&str; 6] = [
    "subject",
    "hs_pipeline",
    "hs_pipeline_stage",
    "hs_ticket_priority",
    "hubspot_owner_id",
    "createdate",
];

/// Orders to choose from: name in the address, label, property, direction.
const ORDERS: [(&str, &str, &str, &str); 5] = [
    ("newest", "newest first", "createdate", "DESCENDING"),
    ("oldest", "oldest first", "createdate", "ASCENDING"),
    (
        "changed",
        "changed last first",
        "hs_lastmodifieddate",
        "DESCENDING",
    ),
    ("subject", "by subject", "subject", "ASCENDING"),
    ("stage", "by stage", "hs_pipeline_stage", "ASCENDING"),
];

/// Filters: field of the form, property.
const FILTERS: [(&str, &str); 3] = [
    ("pipeline", "hs_pipeline"),
    ("stage", "hs_pipeline_stage"),
    ("owner", "hubspot_owner_id"),
];

/// The page.
pub(super) fn page(ask: &Ask<'_>, visit: &Visit) -> Result<Page, Refusal> {
    let names = Names::read(ask)?;
    let is_archived = visit.field("archived") == "yes";
    let found = match is_archived {
        true => archived(ask, visit)?,
        false => search(ask, visit)?,
    };
    let results = found["results"].as_array().into_iter().flatten();
    let rows: Vec<Shown> = results.map(|ticket| row(ticket, &names)).collect();
    let after = found["paging"]["next"]["after"].as_str();
    let next = after.map(|after| next_page(visit, after));
    let orders = ORDERS.map(|(word, label, ..)| context! { word, label });
    let chosen = |field: &str| visit.field(field).to_owned();
    Ok(Page::html(
        "tickets.html",
        ("Tickets", "tickets"),
        context! {
            rows,
            next,
            is_archived,
            total => found["total"].as_u64(),
            pipelines => names.choices(),
            owners => names.owners(),
            orders,
            q => chosen("q"),
            pipeline => chosen("pipeline"),
            stage => chosen("stage"),
            owner => chosen("owner"),
            sort => chosen("sort"),
        },
    ))
}

fn search(ask: &Ask<'_>, visit: &Visit) -> Result<Value, Refusal> {
    let filters = FILTERS.iter().filter_map(|(field, property)| {
        let value = visit.field(field);
        let filter = json!({"propertyName": property, "operator": "EQ", "value": value});
        (!value.is_empty()).then_some(filter)
    });
    let filters: Vec<Value> = filters.collect();
    let chosen = ORDERS
        .iter()
        .find(|(word, ..)| *word == visit.field("sort"));
    let (.., property, direction) = chosen.unwrap_or(&ORDERS[0]);
    let mut body = json!({
        "properties": SHOWN,
        "sorts": [{"propertyName": property, "direction": direction}],
        "limit": MOST,
    });
    if !filters.is_empty() {
        body["filterGroups"] = json!([{"filters": filters}]);
    }
    for (field, name) in [("q", "query"), ("after", "after")] {
        if !visit.field(field).is_empty() {
            body[name] = visit.field(field).into();
        }
    }
    ask.post("/crm/v3/objects/tickets/search", &body)
}

/// The recycle bin, which can't be searched.
fn archived(ask: &Ask<'_>, visit: &Visit) -> Result<Value, Refusal> {
    let (limit, properties) = (MOST.to_string(), SHOWN.join(","));
    let mut pairs = vec![
        ("archived", "true"),
        ("limit", limit.as_str()),
        ("properties", properties.as_str()),
    ];
    if !visit.field("after").is_empty() {
        pairs.push(("after", visit.field("after")));
    }
    ask.get(&with_query("/crm/v3/objects/tickets", &pairs))
}

/// A line of the list, or a card of the board.
pub(super) fn row(ticket: &Value, names: &Names) -> Shown {
    let of = |name: &str| text(&ticket["properties"][name]);
    context! {
        id => text(&ticket["id"]),
        subject => of("subject"),
        pipeline => names.pipeline(&of("hs_pipeline")),
        stage => names.stage(&of("hs_pipeline_stage")),
        priority => of("hs_ticket_priority"),
        owner => names.owner(&of("hubspot_owner_id")),
        created => of("createdate"),
    }
}

/// The next page of the same list.
pub(super) fn next_page(visit: &Visit, after: &str) -> String {
    let kept = visit
        .fields()
        .filter(|(name, value)| *name != "after" && !value.is_empty());
    let pairs: Vec<(&str, &str)> = kept.chain([("after", after)]).collect();
    with_query("", &pairs)
}
