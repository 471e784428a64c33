//! What is exported with a mapping is what an import reads with it: every value of
//! every type is unchanged.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{FilledPortal, project};

/// Properties of the portal's own, one of each type.
const OWN: [(&str, &str, &str); 7] = [
    ("o_text", "string", "text"),
    ("o_number", "number", "number"),
    ("o_day", "date", "date"),
    ("o_moment", "datetime", "date"),
    ("o_yes", "bool", "booleancheckbox"),
    ("o_one", "enumeration", "select"),
    ("o_several", "enumeration", "checkbox"),
];

/// Every property that makes the trip.
const ALL: &str = "subject,content,hs_pipeline,hs_pipeline_stage,hs_ticket_priority,\
                   hs_ticket_category,hubspot_owner_id,createdate,closed_date,source_type,o_text,\
                   o_number,o_day,o_moment,o_yes,o_one,o_several";

fn define(desk: &FilledPortal) {
    for (name, kind, field) in OWN {
        let mut body = json!({
            "name": name, "label": format!("Own {name}"), "groupName": "ticketinformation",
            "type": kind, "fieldType": field,
        });
        let option = |value: &str, label: &str| json!({"value": value, "label": label});
        match kind {
            "enumeration" => {
                body["options"] = json!([
                    option("a", "First, of all"),
                    option("b", "Zweite \"Wahl\""),
                    option("c", "c"),
                ]);
            }
            "bool" => body["options"] = json!([option("true", "Yes"), option("false", "No")]),
            _ => {}
        }
        desk.call("POST", "/crm/v3/properties/tickets", &body);
    }
}

/// The n-th ticket: every type, and texts that CSV finds hard; now and then nothing.
fn ticket(n: usize, owners: &[String]) -> Value {
    const TEXTS: [&str; 8] = [
        "plain",
        "a, b; \"c\" 'd'",
        "two\nlines\r\nand a third\n",
        "  blanks around  ",
        "emoji 🦊 ünd ß",
        "=1+1",
        "-",
        "tab\tand \\ backslash",
    ];
    let mut values = json!({
        "subject": format!("{} {n}", TEXTS[n % 8]),
        "content": TEXTS[(n / 8) % 8],
        "hs_ticket_priority": (["LOW", "MEDIUM", "HIGH"][n % 3]),
        "hubspot_owner_id": owners[n % owners.len()],
        "createdate": format!("2025-{:02}-{:02}T23:59:59.{:03}Z", 1 + n % 12, 1 + n % 28, n % 1000),
        "o_text": TEXTS[(n / 3) % 8],
        "o_number": format!("{}{}", if n.is_multiple_of(2) { "-" } else { "" }, n as f64 / 8.0),
        "o_day": format!("2024-02-{:02}", 1 + n % 29),
        "o_moment": format!("2024-10-27T0{}:30:00Z", n % 4),
        "o_yes": (["true", "false"][n % 2]),
        "o_one": (["a", "b", "c"][n % 3]),
        "o_several": (["a", "a;b", "a;b;c", "c"][n % 4]),
    });
    if n.is_multiple_of(7) {
        for name in [
            "content",
            "hubspot_owner_id",
            "o_number",
            "o_day",
            "o_yes",
            "o_several",
        ] {
            let _gone = values.as_object_mut().expect("an object").remove(name);
        }
    }
    values
}

fn owners(desk: &FilledPortal) -> Vec<String> {
    let owners = desk.call("GET", "/crm/v3/owners", &Value::Null);
    let owners = owners["results"].as_array().expect("owners");
    let ids = owners
        .iter()
        .map(|owner| owner["id"].as_str().expect("an id"));
    ids.map(str::to_owned).collect()
}

/// The mapping that ships, with a line for each property of the portal's own, as its
/// comment says.
fn mapping() -> String {
    let text = std::fs::read_to_string(project("mappings/tickethaul.toml"));
    let line = |(name, ..): (&str, &str, &str)| {
        format!("{name} = {{ column = \"{name}\", optional = true, trim = false }}\n")
    };
    let own: String = OWN.into_iter().map(line).collect();
    format!("{}{own}", text.expect("the mapping"))
}

/// The same for new tickets in another portal: tied to the old ids by a key.
fn mapping_for_another() -> String {
    let by_id = "record_id = { column = \"hs_object_id\" }";
    let by_key = "property = \"old_id\"\ncolumn = \"hs_object_id\"";
    let key =
        "\n[[property]]\nname = \"old_id\"\nlabel = \"Old id\"\ntype = \"string\"\nunique = true\n";
    let text = mapping();
    assert!(text.contains(by_id));
    format!("{}{key}", text.replace(by_id, by_key))
}

/// A portal with so many tickets of every type.
fn filled(tickets: usize) -> FilledPortal {
    let desk = FilledPortal::new("--rate off");
    define(&desk);
    let owners = owners(&desk);
    let _ids = desk.create(tickets, |n| ticket(n, &owners));
    desk.here.write("mine.toml", mapping());
    desk.export("-m mine.toml -o out.csv").expect(0);
    desk
}

/// All values of all tickets, by subject.
fn values(desk: &FilledPortal) -> BTreeMap<String, BTreeMap<String, String>> {
    let args = ["--properties", ALL, "-o", "values.csv"];
    desk.export(args).expect(0);
    let rows = desk.here.rows("values.csv").into_iter();
    let by_subject = rows.map(|mut row| {
        let _other = row.remove("hs_object_id");
        (row["subject"].clone(), row)
    });
    by_subject.collect()
}

#[test]
fn an_export_imported_into_another_portal_has_the_same_values() {
    let desk = filled(900);
    let other = FilledPortal::new("--rate off");
    define(&other);
    let file = desk.here.path("out.csv").display().to_string();
    other.here.write("other.toml", mapping_for_another());
    let args = ["import", &file, "-m", "other.toml", "--create-properties"];
    other.here.run_against(&other.sandbox, args).expect(0);
    let (was, is) = (values(&desk), values(&other));
    assert_eq!(was.len(), 900);
    for (subject, was) in &was {
        assert_eq!(is.get(subject), Some(was), "{subject}");
    }
    assert_eq!(is.len(), 900);
}

#[test]
fn a_mapping_that_can_not_be_run_backwards_is_told_where() {
    let (desk, _) = FilledPortal::with_tickets(1);
    let zendesk = project("mappings/zendesk.toml").display().to_string();
    desk.export(["-m", &zendesk, "-o", "a.csv"])
        .expect(64)
        .says("can't be run backwards")
        .says("zendesk.toml:");
    desk.here.write("mine.toml", mapping());
    desk.export("-m mine.toml -o a.parquet").expect(64);
    let text = mapping().replace("\n[properties]", "\n[properties]\nno_such = \"x\"");
    desk.here.write("mine.toml", text);
    desk.export("-m mine.toml -o a.csv")
        .expect(64)
        .says("no_such");
}

#[test]
fn a_value_without_a_text_in_the_mapping_costs_its_row() {
    let desk = FilledPortal::new("--rate off");
    let priority = |n| if n == 1 { "LOW" } else { "HIGH" };
    let _ids = desk.create(
        3,
        |n| json!({"subject": "x", "hs_ticket_priority": priority(n)}),
    );
    let text = "version = 1\n[key]\nrecord_id = { column = \"Ticket\" }\n[properties]\n\
                hs_ticket_priority = { column = \"P\", map = { important = \"High\" } }\n";
    desk.here.write("mine.toml", text);
    let ended = desk.export("-m mine.toml -o a.csv").expect(3);
    ended.says("has `LOW` in P, which holds what the mapping can read back");
    let rows = desk.here.rows("a.csv");
    assert_eq!(rows.len(), 2);
    assert!(
        rows.iter()
            .all(|row| row["P"] == "important" && !row["Ticket"].is_empty())
    );
    assert_eq!(desk.here.rows("a.csv.issues.csv").len(), 1);
}

/// Imports the export into the portal that it is from; what `summary.json` says.
fn updated(desk: &FilledPortal, run: &str) -> Value {
    let args = format!("import out.csv -m mine.toml --op update --diff --run-dir {run}");
    desk.run(args).expect(0);
    desk.here.json(&format!("{run}/summary.json"))
}

#[test]
fn an_export_that_nobody_edited_changes_nothing() {
    let desk = filled(10_000);
    let touched = |file: &str| {
        desk.export(format!("--properties hs_lastmodifieddate -o {file}"))
            .expect(0);
        desk.here.read(file)
    };
    let before = touched("before.csv");
    let summary = updated(&desk, "run");
    assert_eq!(summary["rows"]["unchanged"], 10_000, "{summary}");
    assert_eq!(summary["changes"], json!({}));
    // A read for each hundred, and what every run asks first: no write.
    assert!(summary["calls"].as_u64() < Some(115), "{summary}");
    assert!(touched("after.csv") == before, "a ticket was written to");
}

#[test]
fn of_an_edited_export_only_the_edit_is_sent() {
    let desk = filled(150);
    let text = desk.here.read("out.csv");
    assert!(text.contains("plain 0,"));
    desk.here
        .write("out.csv", text.replace("plain 0,", "edited 0,"));
    let summary = updated(&desk, "run");
    assert_eq!(summary["rows"]["unchanged"], 149, "{summary}");
    assert_eq!(summary["changes"], json!({"updated": 1}), "{summary}");
    assert!(values(&desk).contains_key("edited 0"));
}
