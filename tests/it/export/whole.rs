//! Exports as users see them: every ticket once and in id order, in every format, with
//! the files next to the data.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;

use jiff::Timestamp;
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::{Value, json};

use crate::support::{FilledPortal, parquet_rows};

fn json_of(desk: &FilledPortal, file: &str) -> Value {
    desk.here.json(file)
}

#[test]
fn every_ticket_comes_once_and_in_id_order() {
    let (desk, ids) = FilledPortal::with_tickets(2_350);
    desk.export("--properties subject -o all.csv")
        .expect(0)
        .says("2,350 tickets exported");
    assert_eq!(desk.ids("all.csv"), ids);
    let subjects: BTreeSet<String> = desk.column("all.csv", "subject").into_iter().collect();
    assert_eq!(subjects.len(), 2_350);
    let ended = desk
        .export("--properties subject --concurrency 1")
        .expect(0);
    assert_eq!(ended.stdout, desk.here.read("all.csv"));
}

#[test]
fn a_manifest_and_a_schema_stand_beside_the_file() {
    let (desk, _) = FilledPortal::with_tickets(120);
    desk.export("--properties subject,hs_ticket_priority -o a.csv")
        .expect(0);
    let manifest = json_of(&desk, "a.csv.manifest.json");
    assert_eq!(manifest["tickets"], 120);
    let data = fs::read(desk.here.path("a.csv")).expect("the file");
    assert_eq!(manifest["files"][0]["bytes"], data.len());
    let hash = blake3::hash(&data).to_hex().to_string();
    assert_eq!(manifest["files"][0]["blake3"], hash);
    assert!(manifest["calls"].as_u64() >= Some(6));
    let time = |name: &str| manifest[name].as_str().map(str::parse::<Timestamp>);
    let (started, ended) = (time("started"), time("ended"));
    assert!(matches!((&started, &ended), (Some(Ok(from)), Some(Ok(to))) if from <= to));
    let schema = json_of(&desk, "a.csv.schema.json");
    let priority = &schema["columns"][2];
    assert_eq!(priority["property"], "hs_ticket_priority");
    assert!(priority["options"].as_array().is_some_and(|o| o.len() >= 3));
    let left: Vec<_> = fs::read_dir(desk.here.path(""))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name())
        .filter(|name| name.to_string_lossy().contains(".tickethaul-"))
        .collect();
    assert!(left.is_empty(), "nothing is left over: {left:?}");
}

#[test]
fn archived_tickets_are_left_out_included_or_alone() {
    let (desk, ids) = FilledPortal::with_tickets(330);
    let gone: Vec<u64> = ids.iter().copied().step_by(3).collect();
    desk.archive(&gone);
    let live: Vec<u64> = ids
        .iter()
        .copied()
        .filter(|id| !gone.contains(id))
        .collect();
    for (choice, expected) in [("no", &live), ("only", &gone), ("include", &ids)] {
        let args = format!("--properties subject --archived {choice} --replace -o a.csv");
        desk.export(args).expect(0);
        assert_eq!(&desk.ids("a.csv"), expected, "{choice}");
    }
    let told = desk.column("a.csv", "archived");
    let told = told.iter().zip(&ids).filter(|(word, _)| *word == "true");
    assert_eq!(told.map(|(_, id)| *id).collect::<Vec<_>>(), gone);
}

#[test]
fn the_ending_says_the_form_and_all_forms_say_the_same() {
    let (desk, ids) = FilledPortal::with_tickets(150);
    let wanted = "subject,hs_ticket_priority,createdate,hs_is_closed";
    for file in ["a.csv", "a.csv.gz", "a.csv.zst", "a.jsonl", "a.jsonl.gz"] {
        desk.export(format!("--properties {wanted} -o {file}"))
            .expect(0);
    }
    let plain = fs::read(desk.here.path("a.csv")).expect("the file");
    let mut gz = Vec::new();
    let packed = fs::File::open(desk.here.path("a.csv.gz")).expect("the file");
    let _bytes = flate2::read::GzDecoder::new(packed).read_to_end(&mut gz);
    assert!(gz == plain, "gzip");
    let packed = fs::File::open(desk.here.path("a.csv.zst")).expect("the file");
    assert!(zstd::decode_all(packed).expect("zstd") == plain, "zstd");
    let lines = desk.here.read("a.jsonl");
    let objects: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect();
    assert_eq!(objects.len(), ids.len());
    assert_eq!(objects[0]["hs_object_id"], ids[0].to_string());
    assert_eq!(objects[0]["hs_ticket_priority"], Value::Null);
    assert_eq!(objects[0]["hs_is_closed"], json!(false));
    let subjects = objects
        .iter()
        .map(|object| object["subject"].as_str().expect("text"));
    assert_eq!(
        subjects.collect::<Vec<_>>(),
        desk.column("a.csv", "subject")
    );
}

#[test]
fn values_are_written_as_people_read_them() {
    let desk = FilledPortal::new("--rate off");
    let owners = desk.call("GET", "/crm/v3/owners", &Value::Null);
    let owner = &owners["results"][0];
    let ids = desk.create(1, |_| {
        json!({
            "subject": "=1+1", "hs_ticket_priority": "HIGH",
            "hubspot_owner_id": owner["id"], "createdate": "2026-01-31T23:30:00Z",
        })
    });
    let wanted = "subject,hs_pipeline_stage,hs_ticket_priority,hubspot_owner_id,createdate";
    let read = "--values both --headers labels --zone Europe/Berlin --escape-formulas";
    let dates = "--datetime-format '%d.%m.%Y %H:%M' -o a.csv";
    desk.export((["--properties", wanted], read, dates))
        .expect(0);
    let text = desk.here.read("a.csv");
    let row = text.lines().nth(1).expect("a row");
    let name = format!(
        "{} {}",
        owner["firstName"].as_str().expect("a name"),
        owner["lastName"].as_str().expect("a name")
    );
    let owner_id = owner["id"].as_str().expect("an id");
    let expected = format!(
        "{},'=1+1,1,New,HIGH,High,{owner_id},{name},01.02.2026 00:30",
        ids[0]
    );
    assert_eq!(row, expected);
    assert!(text.starts_with("Record ID,"), "{text}");
    let evil = json!({"name": "evil", "label": "=HYPERLINK(1)", "groupName": "ticketinformation",
        "type": "string", "fieldType": "text"});
    desk.call("POST", "/crm/v3/properties/tickets", &evil);
    let args = "--properties evil --headers labels --escape-formulas";
    desk.export((args, "-o b.csv")).expect(0);
    let text = desk.here.read("b.csv");
    assert!(text.starts_with("Record ID,'=HYPERLINK(1)\n"), "{text}");
}

#[test]
fn chosen_ids_and_the_first_tickets() {
    let (desk, ids) = FilledPortal::with_tickets(450);
    desk.export("--properties subject --limit 205 -o a.csv")
        .expect(0);
    assert_eq!(desk.ids("a.csv"), ids[..205]);
    let chosen: Vec<u64> = ids.iter().rev().copied().step_by(2).collect();
    let lines: Vec<String> = chosen.iter().map(u64::to_string).collect();
    let text = format!("id\n{}\n1\n{}\n", lines.join("\n"), lines[0]);
    desk.here.write("ids.txt", text);
    desk.export("--properties subject --ids-from ids.txt -o b.csv")
        .expect(0)
        .says("1 id is not in the portal");
    let mut expected = chosen;
    expected.sort_unstable();
    assert_eq!(desk.ids("b.csv"), expected);
    assert_eq!(
        json_of(&desk, "b.csv.manifest.json")["missing"],
        json!(["1"])
    );
    desk.here.write("bad.txt", "7\nx\n");
    desk.export("--properties subject --ids-from bad.txt")
        .expect(64)
        .says("bad.txt, line 2: `x` is not a record id");
}

#[test]
fn four_hundred_properties_are_read_without_a_414() {
    let desk = FilledPortal::new("--rate off");
    let name = |n: usize| format!("a_property_with_a_long_name_{n:03}");
    let inputs = (0..400).map(|n| {
        json!({
            "name": name(n), "label": name(n), "groupName": "ticketinformation",
            "type": "string", "fieldType": "text",
        })
    });
    let inputs: Vec<Value> = inputs.collect();
    for input in &inputs {
        desk.call("POST", "/crm/v3/properties/tickets", input);
    }
    let ids = desk.create(230, |n| json!({name(n): "x", name(399): "y"}));
    desk.export("--all-properties -o a.csv").expect(0);
    assert_eq!(desk.ids("a.csv"), ids);
    let marked = desk.column("a.csv", &name(229));
    assert_eq!(marked.iter().filter(|cell| *cell == "x").count(), 1);
    assert!(
        desk.column("a.csv", &name(399))
            .iter()
            .all(|cell| cell == "y")
    );
}

#[test]
fn a_file_that_can_not_be_made_is_told_before_anything_is_read() {
    let (desk, _) = FilledPortal::with_tickets(1);
    desk.export("--properties subject -o nowhere/a.csv")
        .expect(64)
        .says("nowhere");
}

/// Properties of every type beside HubSpot's own.
fn define_all_types(desk: &FilledPortal) {
    let define = |name: &str, of_type: &str, field: &str| {
        json!({
            "name": name, "label": name, "groupName": "ticketinformation",
            "type": of_type, "fieldType": field,
        })
    };
    let mut marks = define("marks", "enumeration", "checkbox");
    let options = ["a", "b", "c"].map(|value| json!({"label": value, "value": value}));
    marks["options"] = json!(options);
    for body in [
        define("size", "number", "number"),
        define("due", "date", "date"),
        define("seen", "datetime", "date"),
        marks,
    ] {
        desk.call("POST", "/crm/v3/properties/tickets", &body);
    }
}

/// What `month(createdate)` and all types are tried on.
fn create_typed(desk: &FilledPortal, tickets: usize) -> Vec<u64> {
    desk.create(tickets, |n| {
        json!({
            "subject": format!("Ticket {n}"), "size": format!("{n}.5"),
            "due": format!("2026-01-{:02}", 1 + n % 28), "marks": "a;c",
            "createdate": format!("2026-{:02}-15T12:00:00Z", 1 + n % 5),
        })
    })
}

#[test]
fn parquet_is_typed_from_the_schema() {
    let desk = FilledPortal::new("--rate off");
    define_all_types(&desk);
    let ids = create_typed(&desk, 130);
    let wanted = "subject,size,due,seen,marks,createdate,hs_is_closed";
    desk.export(format!("--properties {wanted} -o a.parquet"))
        .expect(0);
    let path = desk.here.path("a.parquet");
    let reader = SerializedFileReader::try_from(path.as_path()).expect("Parquet");
    let mut schema = Vec::new();
    let file = reader.metadata().file_metadata();
    parquet::schema::printer::print_schema(&mut schema, file.schema());
    let schema = String::from_utf8(schema).expect("text");
    for line in [
        "REQUIRED INT64 hs_object_id;",
        "OPTIONAL BYTE_ARRAY subject (STRING);",
        "OPTIONAL DOUBLE size;",
        "OPTIONAL INT32 due (DATE);",
        "OPTIONAL INT64 seen (TIMESTAMP(MILLIS,true));",
        "OPTIONAL group marks (LIST) {",
        "OPTIONAL BOOLEAN hs_is_closed;",
    ] {
        assert!(schema.contains(line), "{line} in {schema}");
    }
    let rows = parquet_rows(&path);
    let read = rows
        .iter()
        .map(|row| row["hs_object_id"].parse().expect("an id"));
    assert_eq!(read.collect::<Vec<u64>>(), ids);
    let row = rows.iter().find(|row| row["subject"] == "\"Ticket 7\"");
    let row = row.expect("a ticket");
    for (name, value) in [
        ("size", "7.5"),
        ("due", "2026-01-08"),
        ("seen", "null"),
        ("marks", "[\"a\", \"c\"]"),
        ("hs_is_closed", "false"),
        ("createdate", "2026-03-15 12:00:00.000 +00:00"),
    ] {
        assert_eq!(row[name], value, "{name}");
    }
}

#[test]
fn a_value_that_does_not_fit_leaves_its_cell_empty_and_is_listed() {
    let desk = FilledPortal::new("--rate off");
    define_all_types(&desk);
    let ids = desk.create(
        3,
        |n| json!({"subject": "x", "size": if n == 1 { "12345678901234567" } else { "1" }}),
    );
    desk.export("--properties subject,size -o a.parquet")
        .expect(3)
        .says("1 value is not in")
        .says("12345678901234567");
    let rows = parquet_rows(&desk.here.path("a.parquet"));
    let mut sizes: Vec<&str> = rows.iter().map(|row| &*row["size"]).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, ["1.0", "1.0", "null"]);
    let issues = desk.here.rows("a.parquet.issues.csv");
    assert_eq!(issues.len(), 1);
    assert!(ids.contains(&issues[0]["hs_object_id"].parse().expect("an id")));
    assert_eq!(issues[0]["_column"], "size");
    desk.export("--properties subject --replace -o a.parquet")
        .expect(0);
    assert!(!desk.here.path("a.parquet.issues.csv").exists());
}

#[test]
fn a_folder_of_parts_is_replaced_whole() {
    let desk = FilledPortal::new("--rate off");
    define_all_types(&desk);
    let ids = create_typed(&desk, 250);
    let args = "--properties subject --format csv --partition-by month(createdate) -o";
    for _again in 0..2 {
        desk.export((args, "parts")).expect(0);
        let mut read = Vec::new();
        for month in 1..=5 {
            let folder = format!("createdate_month=2026-{month:02}");
            let part = desk.here.path("parts/tickets").join(&folder);
            let mut files = std::fs::read_dir(part).expect("a part");
            let file = files.next().expect("a file").expect("an entry").file_name();
            assert!(files.next().is_none());
            let file = format!("parts/tickets/{folder}/{}", file.to_string_lossy());
            let part = desk.ids(&file);
            assert!(part.is_sorted() && part.len() == 50, "{file}");
            read.extend(part);
        }
        read.sort_unstable();
        assert_eq!(read, ids);
    }
    let manifest = json_of(&desk, "parts/_manifest.json");
    // The parts, five tables beside them, and the state for the next run.
    assert_eq!(manifest["files"].as_array().map(Vec::len), Some(5 + 5 + 2));
    desk.here.write("taken", "not an export");
    desk.export((args, "taken"))
        .expect(64)
        .says("is not an export");
    assert_eq!(desk.here.read("taken"), "not an export");
}
