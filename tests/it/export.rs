//! Exports as users see them: every ticket once and in id order, in every form, with
//! what stands beside the data.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;

use serde_json::{Value, json};

use crate::desk::Desk;

fn json_of(desk: &Desk, file: &str) -> Value {
    serde_json::from_str(&desk.here.read(file)).expect("JSON")
}

#[test]
fn every_ticket_comes_once_and_in_id_order() {
    let (desk, ids) = Desk::with_tickets(2_350);
    let _ended = desk
        .export(&["--properties", "subject", "-o", "all.csv"])
        .expect(0)
        .says("2350 tickets exported");
    assert_eq!(desk.ids("all.csv"), ids);
    let subjects: BTreeSet<String> = desk.column("all.csv", "subject").into_iter().collect();
    assert_eq!(subjects.len(), 2_350);
    let serial = ["--properties", "subject", "--concurrency", "1"];
    let ended = desk.export(&serial).expect(0);
    assert_eq!(ended.stdout, desk.here.read("all.csv"));
}

#[test]
fn a_manifest_and_a_schema_stand_beside_the_file() {
    let (desk, _) = Desk::with_tickets(120);
    let args = ["--properties", "subject,hs_ticket_priority", "-o", "a.csv"];
    let _ended = desk.export(&args).expect(0);
    let manifest = json_of(&desk, "a.csv.manifest.json");
    assert_eq!(manifest["tickets"], 120);
    let data = fs::read(desk.here.path("a.csv")).expect("the file");
    assert_eq!(manifest["files"][0]["bytes"], data.len());
    let hash = blake3::hash(&data).to_hex().to_string();
    assert_eq!(manifest["files"][0]["blake3"], hash);
    assert!(manifest["calls"].as_u64() >= Some(6));
    assert!(manifest["started"].as_str() <= manifest["ended"].as_str());
    let schema = json_of(&desk, "a.csv.schema.json");
    let priority = &schema["columns"][2];
    assert_eq!(priority["property"], "hs_ticket_priority");
    assert!(priority["options"].as_array().is_some_and(|o| o.len() >= 3));
    let left: Vec<_> = fs::read_dir(desk.here.path(""))
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name())
        .filter(|name| name.to_string_lossy().starts_with('.'))
        .collect();
    assert!(left.is_empty(), "nothing is left over: {left:?}");
}

#[test]
fn archived_tickets_are_left_out_included_or_alone() {
    let (desk, ids) = Desk::with_tickets(330);
    let gone: Vec<u64> = ids.iter().copied().step_by(3).collect();
    desk.archive(&gone);
    let live: Vec<u64> = ids
        .iter()
        .copied()
        .filter(|id| !gone.contains(id))
        .collect();
    for (choice, expected) in [("no", &live), ("only", &gone), ("include", &ids)] {
        let args = [
            "--properties",
            "subject",
            "--archived",
            choice,
            "-o",
            "a.csv",
        ];
        let _ended = desk.export(&args).expect(0);
        assert_eq!(&desk.ids("a.csv"), expected, "{choice}");
    }
    let told = desk.column("a.csv", "archived");
    let told = told.iter().zip(&ids).filter(|(word, _)| *word == "true");
    assert_eq!(told.map(|(_, id)| *id).collect::<Vec<_>>(), gone);
}

#[test]
fn the_ending_says_the_form_and_all_forms_say_the_same() {
    let (desk, ids) = Desk::with_tickets(150);
    let wanted = "subject,hs_ticket_priority,createdate,hs_is_closed";
    for file in ["a.csv", "a.csv.gz", "a.csv.zst", "a.jsonl", "a.jsonl.gz"] {
        let _ended = desk.export(&["--properties", wanted, "-o", file]).expect(0);
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
    let desk = Desk::new(&["--rate", "off"]);
    let owners = desk.call("GET", "/crm/v3/owners", &Value::Null);
    let owner = &owners["results"][0];
    let ids = desk.create(1, |_| {
        json!({
            "subject": "=1+1", "hs_ticket_priority": "HIGH",
            "hubspot_owner_id": owner["id"], "createdate": "2026-01-31T23:30:00Z",
        })
    });
    let wanted = "subject,hs_pipeline_stage,hs_ticket_priority,hubspot_owner_id,createdate";
    let args = [
        "--properties",
        wanted,
        "--values",
        "both",
        "--headers",
        "labels",
        "--zone",
        "Europe/Berlin",
        "--datetime-format",
        "%d.%m.%Y %H:%M",
        "--escape-formulas",
        "-o",
        "a.csv",
    ];
    let _ended = desk.export(&args).expect(0);
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
}

#[test]
fn chosen_ids_and_the_first_tickets() {
    let (desk, ids) = Desk::with_tickets(450);
    let _ended = desk
        .export(&["--properties", "subject", "--limit", "205", "-o", "a.csv"])
        .expect(0);
    assert_eq!(desk.ids("a.csv"), ids[..205]);
    let chosen: Vec<u64> = ids.iter().rev().copied().step_by(2).collect();
    let lines: Vec<String> = chosen.iter().map(u64::to_string).collect();
    let text = format!("id\n{}\n1\n{}\n", lines.join("\n"), lines[0]);
    let _path = desk.here.write("ids.txt", text);
    let args = [
        "--properties",
        "subject",
        "--ids-from",
        "ids.txt",
        "-o",
        "b.csv",
    ];
    let _ended = desk
        .export(&args)
        .expect(0)
        .says("1 ids are not in the portal");
    let mut expected = chosen;
    expected.sort_unstable();
    assert_eq!(desk.ids("b.csv"), expected);
    assert_eq!(
        json_of(&desk, "b.csv.manifest.json")["missing"],
        json!(["1"])
    );
    let _path = desk.here.write("bad.txt", "7\nx\n");
    let args = ["--properties", "subject", "--ids-from", "bad.txt"];
    let _ended = desk
        .export(&args)
        .expect(64)
        .says("bad.txt, line 2: `x` is no record id");
}

#[test]
fn four_hundred_properties_are_read_without_a_414() {
    let desk = Desk::new(&["--rate", "off"]);
    let name = |n: usize| format!("a_property_with_a_long_name_{n:03}");
    let inputs = (0..400).map(|n| {
        json!({
            "name": name(n), "label": name(n), "groupName": "ticketinformation",
            "type": "string", "fieldType": "text",
        })
    });
    let inputs: Vec<Value> = inputs.collect();
    for input in &inputs {
        let _made = desk.call("POST", "/crm/v3/properties/tickets", input);
    }
    let ids = desk.create(230, |n| json!({name(n): "x", name(399): "y"}));
    let args = ["--all-properties", "-o", "a.csv"];
    let _ended = desk.export(&args).expect(0);
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
    let (desk, _) = Desk::with_tickets(1);
    let args = ["--properties", "subject", "-o", "nowhere/a.csv"];
    let _ended = desk.export(&args).expect(64).says("nowhere");
}
