//! One record: its properties with what they were before, the records that it is linked
//! to, and for tickets the conversation.

use minijinja::{Value as Shown, context};
use serde_json::{Value, json};

use super::ask::{Ask, Refusal, with_query};
use super::conversation::{ACTIVITIES, conversation};
use super::names::{Names, text};
use super::render::Page;

/// Kinds of records that are shown as links, and the properties that name one.
const LINKED: [(&str, &[&str]); 3] = [
    ("contacts", &["firstname", "lastname", "email"]),
    ("companies", &["name", "domain"]),
    ("tickets", &["subject"]),
];

/// The page of a ticket, contact or company.
pub(super) fn page(ask: &Ask<'_>, kind: &str, id: &str) -> Result<Page, Refusal> {
    let defined = ask.get(&format!("/crm/v3/properties/{kind}"))?;
    let defined = defined["results"].as_array().cloned().unwrap_or_default();
    let record = read(ask, kind, id, &defined)?;
    let names = Names::read(ask)?;
    let mut linked = Vec::new();
    for (other, named_by) in LINKED {
        let ids = linked_ids(&record, other);
        if !ids.is_empty() {
            let records = read_linked(ask, other, &ids, named_by)?;
            linked.push(context! { kind => other, records });
        }
    }
    let mut activities = Vec::new();
    for (other, activity) in ACTIVITIES {
        let ids = linked_ids(&record, other);
        activities.extend(conversation(ask, (other, activity), &ids)?);
    }
    activities.sort_by(|one, other| one.0.cmp(&other.0));
    let activities: Vec<Shown> = activities.into_iter().map(|(_, shown)| shown).collect();
    let title = title(kind, &record);
    Ok(Page::html(
        "record.html",
        (&title, kind),
        context! {
            title => &title,
            kind,
            id,
            is_archived => record["archived"].as_bool(),
            properties => properties(&record, &defined, &names),
            linked,
            activities,
        },
    ))
}

/// A file of the file manager.
pub(super) fn file(ask: &Ask<'_>, id: &str) -> Result<Page, Refusal> {
    let signed = ask.get(&format!("/files/v3/files/{id}/signed-url"))?;
    let address = text(&signed["url"]);
    let path = address
        .find("/_signed")
        .map_or("", |place| &address[place..]);
    ask.bytes(path).map(Page::download)
}

/// Reads a record, live or in the recycle bin.
fn read(ask: &Ask<'_>, kind: &str, id: &str, defined: &[Value]) -> Result<Value, Refusal> {
    let names: Vec<&str> = defined
        .iter()
        .filter_map(|one| one["name"].as_str())
        .collect();
    let names = names.join(",");
    let others = LINKED
        .iter()
        .map(|(other, _)| *other)
        .filter(|other| *other != kind);
    let others: Vec<&str> = others
        .chain(ACTIVITIES.iter().map(|(other, _)| *other))
        .collect();
    let others = others.join(",");
    let pairs = |archived| {
        [
            ("properties", names.as_str()),
            ("propertiesWithHistory", names.as_str()),
            ("associations", others.as_str()),
            ("archived", archived),
        ]
    };
    let path = format!("/crm/v3/objects/{kind}/{id}");
    let live = ask.get(&with_query(&path, &pairs("false")));
    live.or_else(|_| ask.get(&with_query(&path, &pairs("true"))))
}

fn linked_ids(record: &Value, kind: &str) -> Vec<String> {
    let links = record["associations"][kind]["results"].as_array();
    let mut ids: Vec<String> = links
        .into_iter()
        .flatten()
        .map(|link| text(&link["id"]))
        .collect();
    ids.sort_unstable();
    // A record may be linked in several ways.
    ids.dedup();
    ids
}

/// Records by their ids, each with its name.
fn read_linked(
    ask: &Ask<'_>,
    kind: &str,
    ids: &[String],
    named_by: &[&str],
) -> Result<Vec<Shown>, Refusal> {
    let inputs: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
    let body = json!({"inputs": inputs, "properties": named_by});
    let read = ask.post(&format!("/crm/v3/objects/{kind}/batch/read"), &body)?;
    let records = read["results"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|record| {
            let parts = named_by
                .iter()
                .map(|name| text(&record["properties"][name]));
            let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
            context! { id => text(&record["id"]), name => parts.join(" ") }
        });
    Ok(records.collect())
}

fn title(kind: &str, record: &Value) -> String {
    let named_by = LINKED.iter().find(|(other, _)| *other == kind);
    let parts = named_by.into_iter().flat_map(|(_, names)| names.iter());
    let parts = parts.map(|name| text(&record["properties"][name]));
    let parts: Vec<String> = parts.filter(|part| !part.is_empty()).collect();
    match parts.is_empty() {
        true => format!("{kind} {}", text(&record["id"])),
        false => parts.join(" "),
    }
}

/// Properties that have a value now or had one before.
fn properties(record: &Value, defined: &[Value], names: &Names) -> Vec<Shown> {
    let shown = defined.iter().filter_map(|property| {
        let name = text(&property["name"]);
        let value = text(&record["properties"][&name]);
        let versions = record["propertiesWithHistory"][&name].as_array();
        let versions = versions.into_iter().flatten();
        let former: Vec<Shown> = versions
            .skip(1)
            .map(|version| context! { value => text(&version["value"]), since => text(&version["timestamp"]) })
            .collect();
        let meaning = match name.as_str() {
            "hs_pipeline" => names.pipeline(&value),
            "hs_pipeline_stage" => names.stage(&value),
            "hubspot_owner_id" => names.owner(&value),
            _ => option(property, &value),
        };
        let meaning = (meaning != value).then_some(meaning);
        let has_any = !value.is_empty() || !former.is_empty();
        has_any.then(|| context! { name, label => text(&property["label"]), value, meaning, former })
    });
    shown.collect()
}

/// The label of an option, or the value itself.
fn option(property: &Value, value: &str) -> String {
    let mut options = property["options"].as_array().into_iter().flatten();
    let option = options.find(|option| option["value"] == value);
    option.map_or(value.to_owned(), |option| text(&option["label"]))
}
