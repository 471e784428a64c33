//! A small portal and short ways to map a row, for the tests of this room.

use crate::mapping::{CompiledMapping, For, Mapped, MappingErrors, MappingFile};
use crate::model::issue::RowIssue;
use crate::model::place::RowAddress;
use crate::model::row::{Cells, Headers, SourceRow};
use crate::model::schema::{Owner, PropertyDef, Schema, ValueType};
use crate::model::testing::{self, by_name, owner, pipeline};
use crate::model::ticket::{Remark, TicketDraft};

/// What every mapping here starts with; `[properties]` is open at its end.
pub(crate) const HEAD: &str = r#"version = 1
[source]
timezone = "Europe/Berlin"
empty = ["-", "NULL"]
[key]
property = "old_id"
column = "Id"
prefix = "z-"
[properties]
subject = "Subject"
hs_pipeline_stage = { value = "New" }
"#;

/// A property whose label is not its name.
fn property(name: &str, value_type: ValueType) -> PropertyDef {
    with_options(name, value_type, &[])
}

fn with_options(name: &str, value_type: ValueType, options: &[(&str, &str)]) -> PropertyDef {
    PropertyDef {
        label: format!("The {name}"),
        ..testing::with_options(name, value_type, options)
    }
}

/// A portal with one property of each type.
pub(crate) fn schema() -> Schema {
    let priorities = [
        ("LOW", "Low"),
        ("MEDIUM", "Medium"),
        ("HIGH", "High"),
        ("URGENT", "Urgent"),
    ];
    let categories = [("BILLING", "Billing issue"), ("PRODUCT", "Product issue")];
    let tickets = [
        property("subject", ValueType::String),
        property("content", ValueType::String),
        property("old_tags", ValueType::String),
        property("hs_pipeline", ValueType::Pipeline),
        property("hs_pipeline_stage", ValueType::Stage),
        property("hubspot_owner_id", ValueType::Owner),
        property("createdate", ValueType::DateTime),
        property("closed_date", ValueType::DateTime),
        property("due_day", ValueType::Date),
        property("effort", ValueType::Number),
        property("is_vip", ValueType::Bool),
        with_options("hs_ticket_priority", ValueType::Enumeration, &priorities),
        with_options(
            "hs_ticket_category",
            ValueType::MultiEnumeration,
            &categories,
        ),
        PropertyDef {
            read_only: true,
            ..property("hs_object_id", ValueType::Number)
        },
        PropertyDef {
            unique: true,
            ..property("old_id", ValueType::String)
        },
    ];
    let contacts = ["email", "firstname", "lastname"];
    let contacts = contacts.map(|name| property(name, ValueType::String));
    Schema {
        tickets: by_name(tickets),
        contacts: by_name(contacts),
        pipelines: vec![
            pipeline(
                "0",
                "Support Pipeline",
                &[
                    ("1", "New"),
                    ("2", "Waiting on contact"),
                    ("3", "Waiting on us"),
                    ("4", "Closed"),
                ],
            ),
            pipeline("77", "Returns", &[("901", "New"), ("902", "Received")]),
        ],
        owners: vec![
            owner("51", "maya@x.example", "Maya", "Lindqvist"),
            owner("52", "alex@x.example", "Alex", "Kim"),
            owner("53", "alexandra@x.example", "Alex", "Kim"),
            Owner {
                archived: true,
                ..owner("54", "oliver@x.example", "Oliver", "Brandt")
            },
        ],
        custom: Vec::new(),
    }
}

/// What mapping did to the values of a ticket.
pub(crate) fn remarks(draft: &TicketDraft) -> Vec<Remark> {
    draft.remarks.iter().map(|placed| placed.remark).collect()
}

/// Headers in file order.
pub(crate) fn headers(names: &[&str]) -> Headers {
    Headers::new(names.iter().map(|name| (*name).to_owned()).collect())
}

/// A row with these cells.
pub(crate) fn row(cells: &[&str]) -> SourceRow {
    SourceRow {
        seq: 1,
        address: RowAddress {
            file: 0,
            record: 1,
            line: 2,
            byte: 0,
        },
        cells: Cells::new(cells.iter().copied()),
        kept: None,
        object: None,
        comments: Vec::new(),
    }
}

/// Parses and compiles against the small portal; mistakes of both kinds come together.
pub(crate) fn compiled(text: &str, names: &[&str]) -> Result<CompiledMapping, MappingErrors> {
    match MappingFile::parse("test.toml", text) {
        Ok(file) => file.compile(&headers(names), &schema(), For::Create),
        Err(errors) => Err(errors.and_against(&headers(names), &schema(), For::Create)),
    }
}

/// Parses and compiles against the small portal, for an operation; it has to fit.
pub(crate) fn compiled_for(text: &str, names: &[&str], purpose: For) -> CompiledMapping {
    let file = MappingFile::parse("test.toml", text).unwrap_or_else(|e| panic!("{e}"));
    file.compile(&headers(names), &schema(), purpose)
        .unwrap_or_else(|e| panic!("{e}"))
}

/// Maps one row by `HEAD` and `more`; columns are given with their cells, after an
/// id and a subject.
pub(crate) fn map(more: &str, cells: &[(&str, &str)]) -> Mapped {
    let all = [&[("Id", "7"), ("Subject", "Printer")], cells].concat();
    let names: Vec<&str> = all.iter().map(|(name, _)| *name).collect();
    let cells: Vec<&str> = all.iter().map(|(_, cell)| *cell).collect();
    match compiled(&format!("{HEAD}{more}"), &names) {
        Ok(mapping) => mapping.map(&row(&cells)),
        Err(errors) => panic!("{errors}"),
    }
}

/// The ticket of a row that has to go in.
pub(crate) fn ticket(more: &str, cells: &[(&str, &str)]) -> TicketDraft {
    match map(more, cells) {
        Mapped::Ticket(ticket) => ticket,
        other => panic!("no ticket: {other:?}"),
    }
}

/// What is wrong with a row that has to be refused.
pub(crate) fn refusal(more: &str, cells: &[(&str, &str)]) -> RowIssue {
    match map(more, cells) {
        Mapped::Refused { issue, .. } => issue,
        other => panic!("not refused: {other:?}"),
    }
}

/// The value of a property of a draft.
pub(crate) fn value<'t>(ticket: &'t TicketDraft, property: &str) -> Option<&'t str> {
    let found = ticket
        .properties
        .iter()
        .find(|(name, _)| **name == *property);
    found.map(|(_, value)| value.as_str())
}

/// A mapping file of `HEAD` and `more` with other files next to it: their folder, and the mapping's
/// path.
pub(crate) fn beside(files: &[(&str, &str)], more: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        std::fs::write(folder.path().join(name), text).expect("written");
    }
    let name = folder.path().join("mapping.toml").display().to_string();
    let text = format!("{HEAD}{more}");
    std::fs::write(&name, &text).expect("written");
    (folder, name)
}
