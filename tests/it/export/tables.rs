//! The tables beside the tickets of an export: former values, and the records that
//! tickets are linked to, as columns and as separate files.

use std::collections::BTreeMap;

use jiff::Timestamp;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::json;

use crate::support::{FilledPortal, Row, id, parquet_rows};

/// Puts tickets into a stage.
fn move_to(desk: &FilledPortal, ids: &[u64], stage: &str) {
    for ids in ids.chunks(100) {
        let inputs = ids
            .iter()
            .map(|id| json!({"id": id.to_string(), "properties": {"hs_pipeline_stage": stage}}));
        let body = json!({"inputs": inputs.collect::<Vec<_>>()});
        desk.call("POST", "/crm/v3/objects/tickets/batch/update", &body);
    }
}

/// The rows of a file by ticket.
fn by_ticket(desk: &FilledPortal, file: &str) -> BTreeMap<u64, Vec<Row>> {
    let mut rows: BTreeMap<u64, Vec<Row>> = BTreeMap::new();
    for row in desk.here.rows(file) {
        let ticket = row["hs_object_id"].parse().expect("an id");
        rows.entry(ticket).or_default().push(row);
    }
    rows
}

#[test]
fn former_values_stand_in_a_file_of_their_own() {
    let (desk, ids) = FilledPortal::with_tickets(260);
    move_to(&desk, &ids[..130], "2");
    move_to(&desk, &ids[..60], "4");
    let args = "--properties subject --history hs_pipeline_stage,subject --values both -o a.csv";
    desk.export(args)
        .expect(0)
        .says("260 tickets exported, 710 rows of history");
    assert_eq!(desk.ids("a.csv"), ids);
    let histories = by_ticket(&desk, "a.history.csv");
    assert_eq!(histories.keys().copied().collect::<Vec<_>>(), ids);
    for (place, (ticket, rows)) in histories.iter().enumerate() {
        let of = |name: &str| -> Vec<&Row> {
            rows.iter().filter(|row| row["property"] == name).collect()
        };
        let stages: Vec<&str> = of("hs_pipeline_stage")
            .iter()
            .map(|row| row["value"].as_str())
            .collect();
        let expected: &[&str] = match place {
            0..60 => &["1", "2", "4"],
            60..130 => &["1", "2"],
            _ => &["1"],
        };
        assert_eq!(stages, expected, "{ticket}");
        let times = of("hs_pipeline_stage");
        let times = times.iter().map(|row| row["at"].parse().expect("a time"));
        assert!(times.collect::<Vec<Timestamp>>().is_sorted());
        assert_eq!(of("hs_pipeline_stage")[0]["value_label"], "New");
        assert_eq!(of("subject").len(), 1);
        assert_eq!(rows[0]["source"], "INTEGRATION");
        assert!(rows.iter().all(|row| !row["source_id"].is_empty()));
        assert!(rows[0].contains_key("user_id"));
    }
    let manifest = desk.here.json("a.csv.manifest.json");
    assert_eq!(manifest["tables"], json!({"history": 710}));
    assert_eq!(manifest["files"][1]["name"], "a.history.csv");
    let data = std::fs::read(desk.here.path("a.history.csv")).expect("the file");
    let hash = blake3::hash(&data).to_hex().to_string();
    assert_eq!(manifest["files"][1]["blake3"], hash);
}

#[test]
fn former_values_are_the_same_however_tickets_are_chosen() {
    let desk = FilledPortal::new("--rate off --switch search_lag=0s");
    let ids = desk.create(430, |n| json!({"subject": format!("Ticket {n}")}));
    move_to(&desk, &ids[100..300], "2");
    let lines: Vec<String> = ids.iter().map(u64::to_string).collect();
    desk.here.write("ids.txt", lines.join("\n"));
    let fixed = "--properties subject --history hs_pipeline_stage";
    for (file, more) in [
        ("all", ""),
        ("ids", "--ids-from ids.txt"),
        ("found", "--where 'subject is set'"),
        ("first", "--limit 430"),
        ("parts", "--archived include"),
    ] {
        let output = format!("{file}.csv");
        desk.export((fixed, more, &["-o", &output])).expect(0);
    }
    let all = desk.here.read("all.history.csv");
    assert_eq!(all.lines().count(), 1 + 430 + 200);
    for file in ["ids", "found", "first", "parts"] {
        assert_eq!(
            desk.here.read(&format!("{file}.history.csv")),
            all,
            "{file}"
        );
        assert_eq!(desk.ids(&format!("{file}.csv")), ids, "{file}");
    }
}

#[test]
fn a_filter_finds_tickets_beyond_a_page() {
    let desk = FilledPortal::new("--rate off --switch search_lag=0s");
    let ids = desk.create(
        430,
        |n| json!({"subject": format!("Ticket {n}"), "hs_ticket_priority": if n.is_multiple_of(3) { "HIGH" } else { "LOW" }}),
    );
    let filter = "hs_ticket_priority = High and createdate >= 2020-01-01";
    let args = format!("--properties hs_ticket_priority --where '{filter}' -o a.csv");
    desk.export(args).expect(0);
    let priorities = desk.column("a.csv", "hs_ticket_priority");
    assert_eq!(priorities.len(), 144);
    assert!(priorities.iter().all(|priority| priority == "HIGH"));
    assert!(desk.ids("a.csv").iter().all(|id| ids.contains(id)));
}

#[test]
fn three_hundred_and_fifty_contacts_of_a_ticket_are_all_there() {
    let (desk, ids) = FilledPortal::with_tickets(3);
    let contacts = desk.link_contacts(&ids[1..2], 350);
    let columns = "--properties subject --with contacts,contacts.email";
    desk.export((columns, "-o a.csv")).expect(0);
    let linked = desk.column("a.csv", "contacts");
    let written: Vec<String> = contacts.iter().map(u64::to_string).collect();
    assert_eq!(linked, ["".to_owned(), written.join(";"), "".to_owned()]);
    let emails = desk.column("a.csv", "contacts.email");
    let emails: Vec<&str> = emails[1].split(';').collect();
    assert_eq!(emails.len(), 350);
    assert!(emails.iter().all(|email| email.contains('@')));

    desk.export((columns, "-o b.csv --link-tables"))
        .expect(0)
        .says("3 tickets exported, 350 rows of contacts");
    let rows = desk.here.rows("b.contacts.csv");
    let linked: Vec<u64> = rows
        .iter()
        .map(|row| row["contact_id"].parse().expect("an id"))
        .collect();
    assert_eq!(linked, contacts);
    for (row, email) in rows.iter().zip(emails) {
        assert_eq!(row["hs_object_id"], ids[1].to_string());
        assert_eq!(row["email"], email);
    }
    assert!(!desk.here.read("b.csv").contains("contacts"));
}

#[test]
fn all_kinds_of_other_records_come_along() {
    let (desk, ids) = FilledPortal::with_tickets(2);
    let mut expected = Vec::new();
    for (kind, type_id, properties) in [
        ("companies", 339, json!({"name": "Bluepeak"})),
        ("deals", 28, json!({"dealname": "Renewal"})),
        (
            "notes",
            227,
            json!({"hs_note_body": "Called.", "hs_timestamp": "2026-01-02T03:04:05Z"}),
        ),
    ] {
        let path = format!("/crm/v3/objects/{kind}");
        let made = id(&desk.call("POST", &path, &json!({"properties": properties})));
        let path = format!("/crm/v4/associations/tickets/{kind}/batch/create");
        let types =
            json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]);
        let link = json!({"from": {"id": ids[0].to_string()}, "to": {"id": made.to_string()}, "types": types});
        desk.call("POST", &path, &json!({"inputs": [link]}));
        expected.push(made.to_string());
    }
    let with = "companies,companies.name,deals.dealname,deals,notes.hs_object_id,notes.hs_note_body,notes.hs_timestamp";
    let args = format!("--properties subject --with {with}");
    desk.export((&args, "-o a.csv")).expect(0);
    let rows = desk.here.rows("a.csv");
    assert_eq!(rows[0]["companies"], expected[0]);
    assert_eq!(rows[0]["deals"], expected[1]);
    assert_eq!(rows[0]["notes.hs_object_id"], expected[2]);
    assert_eq!(rows[0]["companies.name"], "Bluepeak");
    assert_eq!(rows[0]["deals.dealname"], "Renewal");
    assert_eq!(rows[0]["notes.hs_note_body"], "Called.");
    assert!(with.split(',').all(|name| rows[1][name].is_empty()));
    desk.export((&args, "-o b.parquet --link-tables")).expect(0);
    for name in ["companies", "deals", "notes"] {
        assert!(desk.here.path(&format!("b.{name}.parquet")).is_file());
    }
    let schema = desk.here.json("b.parquet.schema.json");
    assert_eq!(schema["tables"]["notes"][4]["type"], "datetime");
}

#[test]
fn ids_of_linked_records_are_lists_of_whole_numbers() {
    let desk = FilledPortal::new("--rate off");
    let ids = desk.create(2, |n| json!({"subject": format!("T {n}")}));
    let contacts = desk.link_contacts(&ids[..1], 2);
    let asked = "--properties subject,hs_merged_object_ids --with contacts,contacts.email";
    for (file, more) in [("a.parquet", ""), ("b.parquet", "--link-tables")] {
        desk.export((asked, format!("-o {file}"), more)).expect(0);
    }
    let schema = |name: &str| {
        let reader =
            SerializedFileReader::try_from(desk.here.path(name).as_path()).expect("Parquet");
        let mut schema = Vec::new();
        parquet::schema::printer::print_schema(
            &mut schema,
            reader.metadata().file_metadata().schema(),
        );
        String::from_utf8(schema)
            .expect("text")
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    let ids_list = |name: &str| {
        format!("group {name} (LIST) {{ REPEATED group list {{ REQUIRED INT64 element;")
    };
    for name in ["contacts", "hs_merged_object_ids"] {
        assert!(
            schema("a.parquet").contains(&ids_list(name)),
            "{}",
            schema("a.parquet")
        );
    }
    let of_table = schema("b.contacts.parquet");
    assert!(of_table.contains(&ids_list("link_type_ids")), "{of_table}");
    let rows = parquet_rows(&desk.here.path("a.parquet"));
    let linked = format!("[{}, {}]", contacts[0], contacts[1]);
    assert_eq!(rows[0]["contacts"], linked);
    assert_eq!(rows[1]["contacts"], "null");
}
