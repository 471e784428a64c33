//! The mappings that ship with the tool, against the headers that they are for.

use crate::mapping::tests::sample::{headers, remarks, row, schema, value};
use crate::mapping::{CompiledMapping, For, Mapped, MappingFile};
use crate::model::compare::same_value;
use crate::model::schema::{PropertyDef, PropertyOption};
use crate::model::testing::owner;
use crate::model::ticket::Remark;

const ZENDESK: &str = include_str!("../../../mappings/zendesk.toml");

/// The account's CSV export, with a description added.
const ZENDESK_HEADER: &str = "Summation column,Id,Requester,Requester id,Requester external id,\
Requester email,Requester domain,Submitter,Assignee,Group,Subject,Tags,Status,Priority,Via,\
Ticket type,Created at,Updated at,Assigned at,Organization,Due date,Initially assigned at,\
Solved at,Resolution time,Satisfaction Score,Group stations,Assignee stations,Reopens,Replies,\
First reply time in minutes,First reply time in minutes within business hours,\
First resolution time in minutes,First resolution time in minutes within business hours,\
Full resolution time in minutes,Full resolution time in minutes within business hours,\
Agent wait time in minutes,Agent wait time in minutes within business hours,\
Requester wait time in minutes,Requester wait time in minutes within business hours,\
On hold time in minutes,On hold time in minutes within business hours,Description";

fn zendesk(names: &[&str]) -> CompiledMapping {
    let file = MappingFile::parse("zendesk.toml", ZENDESK).unwrap_or_else(|e| panic!("{e}"));
    assert!(file.links_contacts());
    assert_eq!(
        (file.key_property(), file.dialect().delimiter),
        ("source_ticket_id", None)
    );
    let schema = schema().with_tickets(file.new_properties());
    file.compile(&headers(names), &schema, For::Create)
        .unwrap_or_else(|e| panic!("{e}"))
}

fn mapped(cells: &[(&str, &str)]) -> Mapped {
    let names: Vec<&str> = ZENDESK_HEADER.split(',').collect();
    let cell_of = |name: &&str| {
        let found = cells.iter().find(|(column, _)| column == name);
        found.map_or("", |(_, cell)| cell)
    };
    let cells: Vec<&str> = names.iter().map(cell_of).collect();
    zendesk(&names).map(&row(&cells))
}

#[test]
fn the_zendesk_preset_carries_every_column() {
    let names: Vec<&str> = ZENDESK_HEADER.split(',').collect();
    assert_eq!(zendesk(&names).unused_columns(), Vec::<String>::new());
}

#[test]
fn the_zendesk_preset_survives_a_narrow_export() {
    let mapping = zendesk(&["id", "subject", "status", "created at"]);
    let Mapped::Ticket(draft) = mapping.map(&row(&["7", "Printer", "On-hold", "2024-03-10"]))
    else {
        panic!("four columns are enough");
    };
    assert_eq!(value(&draft, "hs_pipeline_stage"), Some("2"));
}

#[test]
fn the_zendesk_preset_maps_a_row() {
    let Mapped::Ticket(draft) = mapped(&[
        ("Id", "35436"),
        ("Subject", "Drucker 🖨 druckt nicht"),
        ("Description", "Guten Tag,\nnichts geht."),
        ("Status", "Solved"),
        ("Priority", "normal"),
        ("Assignee", "Oliver Brandt"),
        ("Requester", "Grace Okafor"),
        ("Requester email", "Grace.Okafor@bluepeak.example"),
        ("Tags", "printer,berlin vip"),
        ("Ticket type", "incident"),
        ("Created at", "2024-03-10 07:30:00"),
        ("Solved at", "2024-03-11T09:00:00Z"),
        ("Due date", "-"),
        ("Replies", "3"),
    ]) else {
        panic!("a usual row");
    };
    assert_eq!(draft.key, "zendesk-35436");
    for (property, expected) in [
        ("subject", Some("Drucker 🖨 druckt nicht")),
        ("content", Some("Guten Tag,\nnichts geht.")),
        ("hs_pipeline", Some("0")),
        ("hs_pipeline_stage", Some("4")),
        ("hs_ticket_priority", Some("MEDIUM")),
        ("hubspot_owner_id", None),
        ("source_assignee", Some("Oliver Brandt")),
        ("source_tags", Some("printer;berlin;vip")),
        ("source_ticket_type", Some("incident")),
        (
            "source_url",
            Some("https://example.zendesk.com/agent/tickets/35436"),
        ),
        ("createdate", Some("2024-03-10T07:30:00.000Z")),
        ("closed_date", Some("2024-03-11T09:00:00.000Z")),
        ("source_due_date", None),
        ("source_replies", Some("3")),
    ] {
        assert_eq!(value(&draft, property), expected, "{property}");
    }
    assert_eq!(remarks(&draft), [Remark::LeftBlank]);
    assert_eq!(draft.links.len(), 1);
    assert_eq!(draft.links[0].value, "grace.okafor@bluepeak.example");
}

#[test]
fn the_zendesk_preset_skips_and_refuses() {
    let row = [
        ("Id", "1"),
        ("Subject", "s"),
        ("Created at", "2024-03-10 07:30:00"),
    ];
    assert_eq!(
        mapped(&[&row[..], &[("Status", "Deleted")]].concat()),
        Mapped::Skipped
    );
    let Mapped::Refused { key, issue } = mapped(&[&row[..], &[("Status", "parked")]].concat())
    else {
        panic!("an unknown status");
    };
    assert_eq!(key.as_deref(), Some("zendesk-1"));
    assert_eq!(issue.first().reason.code(), "UNMAPPED_VALUE");
}

/// The sample as our own export wrote it, and the small portal with what it needs.
#[test]
fn our_own_export_back_as_an_update_changes_nothing() {
    let sample = include_str!("../../../samples/tickethaul-tickets.csv");
    let preset = include_str!("../../../mappings/tickethaul.toml");
    let mut reader = csv::Reader::from_reader(sample.as_bytes());
    let names: Vec<String> = reader
        .headers()
        .expect("headers")
        .iter()
        .map(str::to_owned)
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let file = MappingFile::parse("tickethaul.toml", preset).unwrap_or_else(|e| panic!("{e}"));
    let mut schema = schema();
    schema.owners = (41_629_701..41_629_706)
        .map(|id| owner(&id.to_string(), &format!("{id}@x.example"), "", ""))
        .collect();
    let choices =
        ["PRODUCT_ISSUE", "BILLING_ISSUE", "GENERAL_INQUIRY"].map(|value| PropertyOption {
            label: value.to_lowercase().replace('_', " "),
            value: value.to_owned(),
        });
    for name in ["hs_resolution", "source_type"] {
        let like = schema.tickets["hs_ticket_priority"].clone();
        let property = PropertyDef {
            name: name.to_owned(),
            ..like
        };
        let _new = schema.tickets.insert(name.to_owned(), property);
    }
    if let Some(category) = schema.tickets.get_mut("hs_ticket_category") {
        category.options = choices.into();
    }
    let mapping = file
        .compile(&headers(&names), &schema, For::Update)
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(mapping.unused_columns(), ["source_ticket_id"]);
    for record in reader.records() {
        let record = record.expect("a record");
        let cells: Vec<&str> = record.iter().collect();
        let Mapped::Ticket(draft) = mapping.map(&row(&cells)) else {
            panic!("{cells:?}: {:?}", mapping.map(&row(&cells)));
        };
        assert_eq!(draft.key, cells[0]);
        let filled = cells.iter().filter(|cell| !cell.is_empty()).count();
        assert_eq!(
            draft.properties.len(),
            filled - 2,
            "all but the id and our old key"
        );
        for (name, sent) in &draft.properties {
            let idx = names
                .iter()
                .position(|column| *column == &**name)
                .expect("its column");
            let value_type = schema.tickets[&**name].value_type;
            assert!(
                same_value(value_type, sent, Some(cells[idx])),
                "{name}: {sent}"
            );
        }
    }
}
