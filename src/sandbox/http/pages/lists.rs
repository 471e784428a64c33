//! Plain lists: contacts, companies, owners, definitions of properties.

use minijinja::{Value as Shown, context};
use serde_json::{Value, json};

use super::ask::{Ask, Refusal, with_query};
use super::names::{owners_of, text};
use super::render::Page;
use super::tickets::next_page;
use super::visit::Visit;

/// Records of one page of a list.
const MOST: u32 = 50;

/// Contacts or companies.
pub(super) fn records(ask: &Ask<'_>, visit: &Visit, kind: &str) -> Result<Page, Refusal> {
    let columns: &[(&str, &str)] = match kind {
        "contacts" => &[
            ("firstname", "First name"),
            ("lastname", "Last name"),
            ("email", "E-mail"),
            ("createdate", "Created"),
        ],
        _ => &[
            ("name", "Name"),
            ("domain", "Domain"),
            ("createdate", "Created"),
        ],
    };
    let properties: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let mut body = json!({
        "properties": properties,
        "sorts": [{"propertyName": "createdate", "direction": "DESCENDING"}],
        "limit": MOST,
    });
    for (field, name) in [("q", "query"), ("after", "after")] {
        if !visit.field(field).is_empty() {
            body[name] = visit.field(field).into();
        }
    }
    let found = ask.post(&format!("/crm/v3/objects/{kind}/search"), &body)?;
    let rows = found["results"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|record| {
            let cells = properties
                .iter()
                .map(|name| text(&record["properties"][name]));
            context! { id => text(&record["id"]), cells => cells.collect::<Vec<_>>() }
        });
    let labels: Vec<&str> = columns.iter().map(|(_, label)| *label).collect();
    let title = match kind {
        "contacts" => "Contacts",
        _ => "Companies",
    };
    let after = found["paging"]["next"]["after"].as_str();
    Ok(Page::html(
        "records.html",
        (title, kind),
        context! {
            title,
            kind,
            labels,
            rows => rows.collect::<Vec<Shown>>(),
            total => found["total"].as_u64(),
            q => visit.field("q"),
            next => after.map(|after| next_page(visit, after)),
        },
    ))
}

/// Who can own a ticket.
pub(super) fn owners(ask: &Ask<'_>) -> Result<Page, Refusal> {
    let owners = owners_of(ask, "false")?;
    let rows = owners.iter().map(|owner| {
        context! {
            id => text(&owner["id"]),
            tickets => with_query("/", &[("owner", &text(&owner["id"]))]),
            first => text(&owner["firstName"]),
            last => text(&owner["lastName"]),
            email => text(&owner["email"]),
        }
    });
    let rows: Vec<Shown> = rows.collect();
    Ok(Page::html(
        "owners.html",
        ("Owners", "owners"),
        context! { rows },
    ))
}

/// Definitions of the properties of a kind of record.
pub(super) fn properties(ask: &Ask<'_>, visit: &Visit) -> Result<Page, Refusal> {
    let kinds = ["tickets", "contacts", "companies"];
    let asked = |kind: &&&str| **kind == visit.field("kind");
    let kind = *kinds.iter().find(asked).unwrap_or(&kinds[0]);
    let defined = ask.get(&format!("/crm/v3/properties/{kind}"))?;
    let defined = defined["results"].as_array().into_iter().flatten();
    let rows = defined.map(|property| {
        let options = property["options"].as_array();
        let labels = options
            .into_iter()
            .flatten()
            .map(|option: &Value| text(&option["label"]));
        context! {
            name => text(&property["name"]),
            label => text(&property["label"]),
            group => text(&property["groupName"]),
            form => text(&property["type"]),
            field => text(&property["fieldType"]),
            is_unique => property["hasUniqueValue"].as_bool(),
            is_own => property["hubspotDefined"].as_bool() != Some(true),
            options => labels.collect::<Vec<String>>(),
        }
    });
    let rows: Vec<Shown> = rows.collect();
    Ok(Page::html(
        "properties.html",
        ("Properties", "properties"),
        context! { rows, kind, kinds },
    ))
}
