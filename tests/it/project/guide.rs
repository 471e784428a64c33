//! HubSpot's guide for tickets, promise by promise and in its order: each is shown by
//! the tool where it has a command for it, else by the client. The list is `PROMISES`;
//! every test of this file is in it, and everything in it is a test.

use serde_json::{Value, json};
use tickethaul::hubspot::records::association_types::{CONTACT, PRIMARY_COMPANY};
use tickethaul::hubspot::{
    Association, Client, CreateInput, Credentials, LinkType, Settings, Token,
};
use tickethaul::model::schema::ObjectType;
use tickethaul::model::shelf::Shelf;

use crate::support::{Args, DESK_KEY, Ended, FilledPortal, Portal, Row, id};

/// What the guide promises, and the test that shows it.
const PROMISES: [(&str, &str); 17] = [
    (
        "a new ticket takes its data in properties; the example body goes in",
        "a_new_ticket_takes_its_data_in_properties",
    ),
    (
        "a new ticket can be associated with existing records or activities",
        "a_new_ticket_is_associated_with_existing_records_and_activities",
    ),
    (
        "details are in default properties and in custom ones",
        "details_are_in_default_and_custom_properties",
    ),
    (
        "subject and hs_pipeline_stage should be there; no pipeline: the default one",
        "without_a_pipeline_a_ticket_is_in_the_default_one",
    ),
    (
        "all available properties can be retrieved",
        "all_available_properties_can_be_retrieved",
    ),
    (
        "statuses and pipelines are given by internal id, and come back so",
        "statuses_and_pipelines_are_internal_ids",
    ),
    (
        "the type of an association is a default one or listed by the labels call",
        "association_types_are_listed",
    ),
    (
        "an association can carry a defined label",
        "an_association_can_carry_a_defined_label",
    ),
    (
        "the example: types 16 to a contact and 26 to a company",
        "the_example_of_a_contact_and_a_company_goes_in",
    ),
    (
        "tickets are retrieved one by one",
        "one_ticket_is_retrieved",
    ),
    ("all tickets are listed", "all_tickets_are_listed"),
    (
        "a batch is read by record id, or by a unique property with idProperty",
        "a_batch_is_read_by_record_id_or_by_a_unique_property",
    ),
    (
        "a property without a value, and an association that is not there, do not appear",
        "what_is_not_there_does_not_appear",
    ),
    (
        "tickets are updated one by one and in batches",
        "tickets_are_updated_one_by_one_and_in_batches",
    ),
    (
        "existing tickets are associated with records or activities",
        "existing_tickets_are_associated",
    ),
    ("an association is removed", "an_association_is_removed"),
    (
        "tickets are deleted one by one and in batches, into the recycle bin",
        "tickets_are_deleted_into_the_recycle_bin",
    ),
];

#[test]
fn every_promise_has_its_test() {
    let text = include_str!("guide.rs");
    let (_, tests) = text
        .split_once("fn every_promise_has_its_test")
        .expect("this test");
    let declared =
        tests.matches("\n#[test]\n").count() + tests.matches("\n#[tokio::test]\n").count();
    assert_eq!(declared, PROMISES.len());
    for (promise, test) in PROMISES {
        assert!(tests.contains(&format!("fn {test}()")), "{promise}");
    }
}

/// Imports these lines by a mapping that is `DESK_KEY` and more.
fn import(desk: &FilledPortal, csv: &str, more: &str) -> Ended {
    desk.tool("import in.csv -m m.toml --create-properties --run-dir run")
        .rows(csv)
        .mapping(format!("{DESK_KEY}{more}"))
        .run()
}

/// The tickets of a portal.
fn exported(desk: &FilledPortal, more: impl Args) -> Vec<Row> {
    desk.export(("-o held.csv --replace", more)).expect(0);
    desk.here.rows("held.csv")
}

/// One ticket as `get --json` shows it.
fn got(desk: &FilledPortal, args: impl Args) -> Value {
    desk.run(("get --json", args)).expect(0).json()
}

fn get_json(desk: &FilledPortal, path: &str) -> Value {
    desk.call("GET", path, &Value::Null)
}

fn a_desk() -> FilledPortal {
    FilledPortal::new("--rate off")
}

/// A client of a portal in this process.
async fn client() -> (Client, Portal) {
    let portal = Portal::start().await;
    let token = Token::new("sandbox".to_owned()).expect("a token");
    let settings = Settings {
        credentials: Some(Credentials::Token(token)),
        ..Settings::default()
    };
    let client = Client::connect(&portal.sandbox.base_url(), settings).expect("a client");
    (client, portal)
}

fn input(properties: &[(&str, &str)], associations: Vec<Association>) -> CreateInput {
    let own = |(name, value): &(&str, &str)| ((*name).into(), (*value).to_owned());
    CreateInput {
        trace_id: "0".to_owned(),
        properties: properties.iter().map(own).collect(),
        associations,
    }
}

/// The guide's own example.
const EXAMPLE: [(&str, &str); 4] = [
    ("hs_pipeline", "0"),
    ("hs_pipeline_stage", "1"),
    ("hs_ticket_priority", "HIGH"),
    ("subject", "troubleshoot report"),
];

#[tokio::test]
async fn a_new_ticket_takes_its_data_in_properties() {
    let (client, _portal) = client().await;
    let made = client
        .create(ObjectType::Tickets, &input(&EXAMPLE, Vec::new()))
        .await;
    let made = made.expect("a ticket");
    for (name, value) in EXAMPLE {
        assert_eq!(made.get(name), Some(value));
    }
}

/// An activity of each kind; its column in a file, kind and id.
fn activities(desk: &FilledPortal) -> Vec<(&'static str, &'static str, String)> {
    let at = "2026-09-01T10:00:00Z";
    let kinds = [
        (
            "Note",
            "notes",
            json!({"hs_timestamp": at, "hs_note_body": "Seen"}),
        ),
        (
            "Call",
            "calls",
            json!({"hs_timestamp": at, "hs_call_body": "Called"}),
        ),
        (
            "Task",
            "tasks",
            json!({"hs_timestamp": at, "hs_task_subject": "Do"}),
        ),
        (
            "Meeting",
            "meetings",
            json!({"hs_timestamp": at, "hs_meeting_title": "Met"}),
        ),
        (
            "Mail",
            "emails",
            json!({"hs_timestamp": at, "hs_email_direction": "EMAIL"}),
        ),
        (
            "Text",
            "communications",
            json!({"hs_timestamp": at, "hs_communication_channel_type": "SMS",
                   "hs_communication_logged_from": "CRM", "hs_communication_body": "Hi"}),
        ),
    ];
    let made = kinds.map(|(column, kind, properties)| {
        let body = json!({"properties": properties});
        let made = id(&desk.call("POST", &format!("/crm/v3/objects/{kind}"), &body));
        (column, kind, made.to_string())
    });
    made.into()
}

#[test]
fn a_new_ticket_is_associated_with_existing_records_and_activities() {
    let desk = a_desk();
    let contact = get_json(&desk, "/crm/v3/objects/contacts?limit=1&properties=email");
    let contact = &contact["results"][0];
    let mail = contact["properties"]["email"].as_str().expect("an e-mail");
    let (mut columns, mut cells) = ("Id,Subject,Person".to_owned(), format!("1,Lamp,{mail}"));
    let mut more = r#"
[properties]
subject = "Subject"
hs_pipeline_stage = { value = "New" }
[[associate]]
to = "contacts"
by = "email"
column = "Person"
"#
    .to_owned();
    let activities = activities(&desk);
    for (column, kind, id) in &activities {
        columns += &format!(",{column}");
        cells += &format!(",{id}");
        more += &format!("[[associate]]\nto = \"{kind}\"\nby = \"id\"\ncolumn = \"{column}\"\n");
    }
    import(&desk, &format!("{columns}\n{cells}\n"), &more).expect(0);
    let ids = activities.iter();
    let ids = ids.map(|(_, kind, _)| format!(",{kind}.hs_object_id"));
    let with = format!("contacts{}", ids.collect::<String>());
    let held = exported(&desk, ["--properties", "subject", "--with", &with]);
    assert_eq!(held[0]["contacts"], id(contact).to_string());
    for (_, kind, id) in activities {
        assert_eq!(held[0][&format!("{kind}.hs_object_id")], id, "{kind}");
    }
}

#[test]
fn details_are_in_default_and_custom_properties() {
    let desk = a_desk();
    let more = r#"
[properties]
subject = "Subject"
shelf = "Shelf"
hs_pipeline_stage = { value = "New" }
[[property]]
name = "shelf"
label = "Shelf"
type = "string"
"#;
    import(&desk, "Id,Subject,Shelf\n1,Lamp,B7\n", more).expect(0);
    let held = exported(&desk, "--properties subject,shelf");
    assert_eq!(
        (held[0]["subject"].as_str(), held[0]["shelf"].as_str()),
        ("Lamp", "B7")
    );
}

#[test]
fn without_a_pipeline_a_ticket_is_in_the_default_one() {
    let desk = a_desk();
    let more = "[properties]\nsubject = \"Subject\"\nhs_pipeline_stage = \"Stage\"\n";
    import(&desk, "Id,Subject,Stage\n1,Lamp,New\n", more).expect(0);
    let held = exported(&desk, "--properties hs_pipeline,hs_pipeline_stage");
    assert_eq!(held[0]["hs_pipeline"], "0");
    import(&a_desk(), "Id,Subject,Stage\n1,Lamp,\n", more).expect(3);
}

#[tokio::test]
async fn all_available_properties_can_be_retrieved() {
    let (client, portal) = client().await;
    portal.unique_property("desk_id").await;
    let defined = client
        .properties(ObjectType::Tickets, false)
        .await
        .expect("properties");
    for name in ["subject", "content", "hs_pipeline_stage", "desk_id"] {
        assert!(
            defined.iter().any(|property| property.name == name),
            "{name}"
        );
    }
}

#[test]
fn statuses_and_pipelines_are_internal_ids() {
    let desk = a_desk();
    let more = r#"
[properties]
subject = "Subject"
hs_pipeline = { value = "Support Pipeline" }
hs_pipeline_stage = "Stage"
"#;
    let csv = "Id,Subject,Stage\n1,Lamp,Closed\n2,FilledPortal,4\n";
    import(&desk, csv, more).expect(0);
    let held = exported(&desk, "--properties hs_pipeline,hs_pipeline_stage");
    for row in held {
        assert_eq!(
            (
                row["hs_pipeline"].as_str(),
                row["hs_pipeline_stage"].as_str()
            ),
            ("0", "4")
        );
    }
}

#[tokio::test]
async fn association_types_are_listed() {
    let (client, _portal) = client().await;
    let between = (ObjectType::Tickets, ObjectType::Contacts);
    let types = client
        .link_types(between.0, between.1)
        .await
        .expect("types");
    let plain = types
        .iter()
        .find(|kind| kind.label.is_none())
        .expect("the default");
    assert_eq!(
        (plain.category.as_str(), plain.id),
        ("HUBSPOT_DEFINED", CONTACT.from_ticket)
    );
}

#[test]
fn an_association_can_carry_a_defined_label() {
    let desk = a_desk();
    let label = json!({"name": "requester", "label": "Requester"});
    desk.call(
        "POST",
        "/crm/v4/associations/tickets/contacts/labels",
        &label,
    );
    let more = r#"
[properties]
subject = "Subject"
hs_pipeline_stage = { value = "New" }
[[associate]]
to = "contacts"
by = "email"
column = "Mail"
missing = "create"
label = "Requester"
"#;
    import(&desk, "Id,Subject,Mail\n1,Lamp,a@guide.example\n", more).expect(0);
    let ticket = &exported(&desk, "--properties subject")[0]["hs_object_id"];
    let shown = got(&desk, format!("{ticket} --associations contacts"));
    assert_eq!(
        shown["associations"]["contacts"][0]["labels"],
        json!(["Requester"])
    );
}

#[tokio::test]
async fn the_example_of_a_contact_and_a_company_goes_in() {
    let (client, portal) = client().await;
    let contact = portal.contact_id().await;
    let company = portal.made("companies", json!({"name": "Blue Peak"})).await;
    let link = |to: &str, type_id| Association {
        to: to.to_owned(),
        types: vec![LinkType::plain(type_id)],
    };
    let links = vec![
        link(&contact, CONTACT.from_ticket),
        link(&company, PRIMARY_COMPANY.from_ticket),
    ];
    let made = client
        .create(ObjectType::Tickets, &input(&EXAMPLE, links))
        .await;
    let ticket = [made.expect("a ticket").id];
    for (object, other) in [
        (ObjectType::Contacts, contact),
        (ObjectType::Companies, company),
    ] {
        let linked = client.linked(ObjectType::Tickets, object, &ticket).await;
        let linked = linked.expect("links").by_record.remove(&ticket[0]);
        assert_eq!(linked.expect("a link")[0].id, other);
    }
}

#[test]
fn one_ticket_is_retrieved() {
    let (desk, ids) = FilledPortal::with_tickets(2);
    let shown = got(&desk, [&ids[1].to_string(), "--properties", "subject"]);
    assert_eq!(shown["properties"], json!({"subject": "Ticket 1"}));
}

#[test]
fn all_tickets_are_listed() {
    let (desk, ids) = FilledPortal::with_tickets(230);
    let _held = exported(&desk, "--properties subject");
    assert_eq!(desk.ids("held.csv"), ids);
}

#[test]
fn a_batch_is_read_by_record_id_or_by_a_unique_property() {
    let desk = a_desk();
    let more = "[properties]\nsubject = \"Subject\"\nhs_pipeline_stage = { value = \"New\" }\n";
    import(&desk, "Id,Subject\nabc,Lamp\ndef,FilledPortal\n", more).expect(0);
    let by_key = ["get", "abc", "def", "--id-property", "desk_id", "--json"];
    let by_key = desk.run(by_key).expect(0).stdout;
    let id = |line: &str| {
        let ticket: Value = serde_json::from_str(line).expect("JSON");
        ticket["id"].as_str().expect("an id").to_owned()
    };
    let ids: Vec<String> = by_key.lines().map(id).collect();
    let by_id = [
        "get",
        &ids[0],
        &ids[1],
        "--properties",
        "subject,hs_pipeline",
    ];
    let by_id = desk.run(by_id).expect(0).stdout;
    assert!(
        by_id.contains("Lamp") && by_id.contains("FilledPortal"),
        "{by_id}"
    );
}

#[test]
fn what_is_not_there_does_not_appear() {
    let (desk, ids) = FilledPortal::with_tickets(1);
    let ticket = ids[0].to_string();
    let shown = got(
        &desk,
        format!("{ticket} --properties content --associations deals"),
    );
    assert_eq!(shown["properties"], json!({}));
    assert_eq!(shown["associations"], json!({"deals": []}));
}

/// Three imported tickets, `1` to `3`.
fn three() -> FilledPortal {
    let desk = a_desk();
    let more = "[properties]\nsubject = \"Subject\"\nhs_pipeline_stage = { value = \"New\" }\n";
    import(&desk, "Id,Subject\n1,Lamp\n2,FilledPortal\n3,Chair\n", more).expect(0);
    desk
}

#[test]
fn tickets_are_updated_one_by_one_and_in_batches() {
    let closed = vec![("hs_pipeline_stage".into(), "4".to_owned())];
    in_process(async |client, portal| {
        let id = portal.ticket(json!({})).await;
        let one = client.update(ObjectType::Tickets, None, &id, &closed).await;
        assert_eq!(one.expect("a ticket").get("hs_pipeline_stage"), Some("4"));
    });
    let desk = three();
    desk.here.write("changes.csv", "Id,Stage\n1,4\n3,4\n");
    let mapping = format!("{DESK_KEY}[properties]\nhs_pipeline_stage = \"Stage\"\n");
    desk.here.write("changes.toml", mapping);
    desk.run("import changes.csv -m changes.toml --op update")
        .expect(0);
    let held = exported(&desk, "--properties desk_id,hs_pipeline_stage");
    let stages = held
        .iter()
        .map(|row| (row["desk_id"].as_str(), row["hs_pipeline_stage"].as_str()));
    let mut stages: Vec<_> = stages.collect();
    stages.sort_unstable();
    assert_eq!(stages, [("1", "4"), ("2", "1"), ("3", "4")]);
}

/// What the client does in a portal of this process, beside what the tool does.
fn in_process(story: impl AsyncFnOnce(Client, Portal)) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let (client, portal) = client().await;
        story(client, portal).await;
    });
}

/// Associates the ticket `2` with a contact; gives ticket and contact.
fn associated(desk: &FilledPortal) -> (String, String) {
    let contact = get_json(desk, "/crm/v3/objects/contacts?limit=1");
    let contact = id(&contact["results"][0]).to_string();
    desk.here
        .write("links.csv", format!("Id,Contact\n2,{contact}\n"));
    let link = "[[associate]]\nto = \"contacts\"\nby = \"id\"\ncolumn = \"Contact\"\n";
    desk.here.write("links.toml", format!("{DESK_KEY}{link}"));
    desk.run("associate links.csv -m links.toml").expect(0);
    let ticket = got(desk, "2 --id-property desk_id");
    (ticket["id"].as_str().expect("an id").to_owned(), contact)
}

#[test]
fn existing_tickets_are_associated() {
    let desk = three();
    let (ticket, contact) = associated(&desk);
    let shown = got(&desk, format!("{ticket} --associations contacts"));
    assert_eq!(shown["associations"]["contacts"][0]["id"], json!(contact));
}

#[test]
fn an_association_is_removed() {
    let desk = three();
    let (ticket, _contact) = associated(&desk);
    desk.run("dissociate links.csv -m links.toml").expect(0);
    let shown = got(&desk, format!("{ticket} --associations contacts"));
    assert_eq!(shown["associations"]["contacts"], json!([]));
}

#[test]
fn tickets_are_deleted_into_the_recycle_bin() {
    in_process(async |client, portal| {
        let ticket = portal.ticket(json!({"subject": "Lamp"})).await;
        let tickets = ObjectType::Tickets;
        client.delete(tickets, &ticket).await.expect("deleted");
        let gone = client.read(tickets, None, &ticket, &["subject"], Shelf::RecycleBin);
        let gone = gone.await.expect("a reply").expect("in the bin");
        assert_eq!(gone.get("subject"), Some("Lamp"));
    });
    let desk = three();
    let held = exported(&desk, "--properties desk_id");
    let ids = [&*held[0]["hs_object_id"], &*held[1]["hs_object_id"]].join(",");
    let args = ["delete", "--ids", &ids, "--yes"];
    desk.run(args).expect(0);
    assert_eq!(exported(&desk, "--properties desk_id").len(), 1);
    assert_eq!(
        exported(&desk, "--properties desk_id --archived only").len(),
        2
    );
}
