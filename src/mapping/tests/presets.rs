//! The mappings that ship with the tool, against the headers that they are for.

use crate::mapping::tests::sample::{headers, row, schema, value};
use crate::mapping::{CompiledMapping, For, Mapped, MappingFile};
use crate::model::ticket::Remark;

const ZENDESK: &str = include_str!("../../../mappings/zendesk.toml");

/// The account's CSV export, with a description beside.
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
    assert_eq!(draft.remarks, [Remark::LeftBlank]);
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
