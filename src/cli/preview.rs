//! The first tickets of a file as HubSpot will show them: the quickest way to see that a
//! mapping is right, or what is wrong with it.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::error::Error;
use crate::import::flow::Operation;
use crate::import::read::{Input, Reading};
use crate::mapping::{CompiledMapping, For, Mapped, MappingFile, note_text};
use crate::model::count::count;
use crate::model::note::Note;
use crate::model::schema::{Pipeline, PropertyDef, PropertyOption, Schema, Stage, ValueType};
use crate::model::ticket::TicketDraft;

/// Tickets that are shown.
const SHOWN: usize = 3;
/// Rows that are looked at for them.
const LOOKED_AT: usize = 200;
/// Notes of a ticket that are shown.
const NOTES: usize = 3;
/// Characters of a value that are shown.
const LETTERS: usize = 60;

/// The first tickets of an input as text; nothing if no row becomes one. The input is
/// read from its start.
///
/// # Errors
/// When it can't be read.
pub fn preview(
    mut input: Input,
    mapping: &CompiledMapping,
    schema: &Schema,
) -> Result<String, Error> {
    let zone = TimeZone::system();
    let (drafts, refused) = first_drafts(&mut input, mapping)?;
    if drafts.is_empty() {
        return Ok(String::new());
    }
    let tickets = drafts.iter();
    let tickets = tickets.map(|(line, draft)| ticket(*line, draft, schema, &zone));
    let tickets: Vec<String> = tickets.collect();
    let name = zone.iana_name().unwrap_or("local time");
    let refused = match refused {
        0 => String::new(),
        _ => format!("; rows before them would be refused: {refused}"),
    };
    Ok(format!(
        "The first tickets as HubSpot will show them, times in {name}{refused}:\n{}",
        tickets.join("\n")
    ))
}

/// The first tickets with their lines, and how many rows before them are refused.
fn first_drafts(
    input: &mut Input,
    mapping: &CompiledMapping,
) -> Result<(Vec<(u64, TicketDraft)>, usize), Error> {
    let (mut drafts, mut refused) = (Vec::new(), 0);
    let mut group: Option<String> = None;
    for _row in 0..LOOKED_AT {
        if drafts.len() == SHOWN {
            break;
        }
        match input.next_row()? {
            None => break,
            Some(Reading::Fallen(_)) => {}
            // Several rows of one ticket, of which one counts.
            Some(Reading::Row(row))
                if group.is_some() && mapping.group(&row) == group.as_deref() => {}
            Some(Reading::Row(row)) => match mapping.map(&row) {
                Mapped::Ticket(draft) => {
                    group = mapping.group(&row).map(str::to_owned);
                    drafts.push((row.address.line, draft));
                }
                Mapped::Refused { .. } => refused += 1,
                Mapped::Skipped => {}
            },
        }
    }
    Ok((drafts, refused))
}

/// What the first tickets of an import would be; nothing if the operation creates none.
///
/// # Errors
/// When the input can't be read.
pub fn preview_of(
    operation: Operation,
    input: Input,
    mapping: &CompiledMapping,
    schema: &Schema,
) -> Result<String, Error> {
    match operation.purpose().creates() {
        true => preview(input, mapping, schema),
        false => Ok(String::new()),
    }
}

/// The first tickets by a proposed mapping, against what every portal has; nothing if
/// the mapping still has open questions.
///
/// # Errors
/// When the input can't be read.
pub fn preview_proposed(input: Input, mapping: &MappingFile) -> Result<String, Error> {
    let schema = usual_portal().with_tickets(mapping.new_properties());
    // A proposal without a subject can't create tickets, but what they would be can be shown.
    let compiled = [For::Create, For::Upsert, For::Update]
        .into_iter()
        .find_map(|purpose| mapping.compile(input.headers(), &schema, purpose).ok());
    match compiled {
        Some(compiled) => preview(input, &compiled, &schema),
        None => Ok(String::new()),
    }
}

fn ticket(line: u64, draft: &TicketDraft, schema: &Schema, zone: &TimeZone) -> String {
    let value = |name: &str| {
        let mut all = draft.properties.iter();
        all.find(|(property, _)| **property == *name)
            .map(|(_, value)| value.as_str())
    };
    let when = |name| value(name).and_then(|value| local(value, zone));
    let contact = draft.links.iter().find(|link| link.by.is_email_of(link.to));
    let facts = [
        ("subject", value("subject").map(short)),
        (
            "stage",
            stage(value("hs_pipeline"), value("hs_pipeline_stage"), schema),
        ),
        ("priority", value("hs_ticket_priority").map(short)),
        (
            "owner",
            owner(value("hubspot_owner_id"), value("source_assignee"), schema),
        ),
        (
            "created",
            Some(when("createdate").unwrap_or_else(|| "today".to_owned())),
        ),
        ("closed", when("closed_date")),
        ("contact", contact.map(|link| short(&link.value))),
        ("tags", value("source_tags").map(short)),
    ];
    let shown = facts
        .into_iter()
        .filter_map(|(name, fact)| Some((name, fact?)));
    let lines = shown.map(|(name, fact)| format!("\n    {name:<9} {fact}"));
    let lines: String = lines.collect();
    let notes = notes(&draft.notes, zone);
    format!("  line {line}, key {}{lines}{notes}", short(&draft.key))
}

/// How many notes a ticket gets, and the first of them.
fn notes(notes: &[Note], zone: &TimeZone) -> String {
    if notes.is_empty() {
        return String::new();
    }
    let lines = notes.iter().take(NOTES).map(|note| {
        let when = Timestamp::from_millisecond(note.at_ms);
        let when = when.map_or_else(|_| String::new(), |when| minute(when, zone));
        let text = note_text(&note.body);
        let mut lines = text.lines().filter(|line| !line.trim().is_empty());
        // The first line says who wrote it.
        let head = lines.next().unwrap_or_default();
        let rest: Vec<&str> = lines.collect();
        let text = match rest.is_empty() {
            true => head.to_owned(),
            false => format!("{head}: {}", rest.join(" ")),
        };
        format!("\n      {when}  {}", short(&text))
    });
    let lines: String = lines.collect();
    let count = count(notes.len() as u64);
    format!("\n    {:<9} {count}, the first:{lines}", "notes")
}

/// A value on one line, without invisible letters.
fn short(value: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let text: String = value.trim().chars().take(LETTERS).map(clean).collect();
    match value.trim().chars().count() > LETTERS {
        true => format!("{}…", text.trim_end()),
        false => text,
    }
}

fn local(value: &str, zone: &TimeZone) -> Option<String> {
    Some(minute(value.parse().ok()?, zone))
}

fn minute(instant: Timestamp, zone: &TimeZone) -> String {
    let local = instant.to_zoned(zone.clone()).datetime();
    local.strftime("%Y-%m-%d %H:%M").to_string()
}

fn stage(pipeline: Option<&str>, stage: Option<&str>, schema: &Schema) -> Option<String> {
    let stage = stage?;
    let mut pipelines = schema.pipelines.iter();
    let found = pipelines.find_map(|known| {
        let is_meant = pipeline.is_none_or(|id| known.id == id);
        let stage = known.stages.iter().find(|one| one.id == stage)?;
        is_meant.then(|| format!("{} / {}", known.label, stage.label))
    });
    found.or_else(|| Some(short(stage)))
}

/// The owner, or the source's owner who is not a user of the portal.
fn owner(id: Option<&str>, source: Option<&str>, schema: &Schema) -> Option<String> {
    let known = schema
        .owners
        .iter()
        .find(|owner| Some(owner.id.as_str()) == id);
    match (known, id, source) {
        (Some(owner), ..) => Some(format!("{} <{}>", owner.full_name(), owner.email)),
        (None, Some(id), _) => Some(short(id)),
        (None, None, Some(source)) => Some(format!("none yet ({} in the source)", short(source))),
        (None, None, None) => None,
    }
}

/// The ticket properties of every portal that proposals write: name, type, options.
const TICKETS: [(&str, ValueType, &[&str]); 11] = [
    ("subject", ValueType::String, &[]),
    ("content", ValueType::String, &[]),
    ("hs_pipeline", ValueType::Pipeline, &[]),
    ("hs_pipeline_stage", ValueType::Stage, &[]),
    ("hubspot_owner_id", ValueType::Owner, &[]),
    ("createdate", ValueType::DateTime, &[]),
    ("closed_date", ValueType::DateTime, &[]),
    ("hs_resolution", ValueType::String, &[]),
    (
        "hs_ticket_priority",
        ValueType::Enumeration,
        &["LOW", "MEDIUM", "HIGH", "URGENT"],
    ),
    (
        "source_type",
        ValueType::Enumeration,
        &["CHAT", "EMAIL", "FORM", "PHONE"],
    ),
    (
        "hs_ticket_category",
        ValueType::Enumeration,
        &[
            "PRODUCT_ISSUE",
            "BILLING_ISSUE",
            "FEATURE_REQUEST",
            "GENERAL_INQUIRY",
        ],
    ),
];

/// The same of contacts; all of them are text.
const CONTACTS: [&str; 7] = [
    "email",
    "firstname",
    "lastname",
    "phone",
    "mobilephone",
    "jobtitle",
    "company",
];

/// Stages of the pipeline that every portal starts with; their ids count from 1.
const STAGES: [&str; 4] = ["New", "Waiting on contact", "Waiting on us", "Closed"];

/// The part of every portal's definitions that proposals write.
fn usual_portal() -> Schema {
    let stages = STAGES.iter().zip(1_u32..).map(|(label, id)| Stage {
        id: id.to_string(),
        label: (*label).to_owned(),
        closed: *label == "Closed",
    });
    let tickets = TICKETS.iter();
    let tickets = tickets.map(|(name, value_type, options)| property(name, *value_type, options));
    let contacts = CONTACTS.iter();
    let contacts = contacts.map(|name| property(name, ValueType::String, &[]));
    Schema {
        tickets: tickets.collect(),
        contacts: contacts.collect(),
        pipelines: vec![Pipeline {
            id: "0".to_owned(),
            label: "Support Pipeline".to_owned(),
            stages: stages.collect(),
        }],
        ..Schema::default()
    }
}

fn property(name: &str, value_type: ValueType, options: &[&str]) -> (String, PropertyDef) {
    let option = |value: &&str| PropertyOption {
        label: (*value).to_owned(),
        value: (*value).to_owned(),
    };
    let definition = PropertyDef {
        value_type,
        options: options.iter().map(option).collect(),
        ..PropertyDef::text(name)
    };
    (name.to_owned(), definition)
}
