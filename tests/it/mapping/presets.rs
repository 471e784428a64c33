//! Every mapping that ships with the tool, on its sample, into the sandbox: which rows
//! are imported, which are refused and why, and what the portal holds afterwards. The
//! samples are hand-made like the exports of those systems; each has a few bad rows.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::import::json::SHAPES;
use crate::notes::comments::SAMPLED;
use crate::support::samples::{Expected, samples};
use crate::support::{Rehearsal, Row, project};

fn sample(name: &str) -> String {
    project(&format!("samples/{name}.csv"))
        .display()
        .to_string()
}

fn preset(name: &str) -> String {
    project(&format!("mappings/{name}.toml"))
        .display()
        .to_string()
}

/// Imports a sample with a preset; gives the summary and what was said.
fn import(here: &Rehearsal, sample_name: &str, preset_name: &str) -> (Value, String) {
    let (file, mapping) = (sample(sample_name), preset(preset_name));
    let import = ["import", &file, "-m", &mapping];
    let ended = here
        .run_embedded((import, "--run-dir run --json"))
        .expect(3);
    (ended.json(), ended.stderr)
}

/// The tickets of the portal by subject.
fn tickets(here: &Rehearsal, properties: &str) -> BTreeMap<String, Row> {
    let args = ["export", "--properties", properties, "-o", "out.csv"];
    here.run_embedded(args).expect(0);
    let rows = here.rows("out.csv").into_iter();
    rows.map(|row| (row["subject"].clone(), row)).collect()
}

fn check(expected: &Expected) {
    let here = Rehearsal::new();
    let report = checked(&here, expected);
    let (summary, said) = import(&here, &expected.sample, &expected.preset);
    let name = &expected.sample;
    let count = |fate: &str| summary["rows"][fate].as_u64().unwrap_or_default();
    let refused = expected.refused.len() as u64;
    assert_eq!(
        (count("done"), count("skipped"), count("refused")),
        (expected.done, expected.skipped, refused),
        "{name}\n{said}"
    );
    assert_eq!(
        summary["read"].as_u64(),
        Some(expected.done + expected.skipped + refused),
        "{name}"
    );
    let mut rows = here.rows("run/refused.csv");
    rows.sort_by_key(|row| row["_line"].parse::<u64>().unwrap_or_default());
    let found: Vec<String> = rows
        .iter()
        .map(|row| format!("{} {} {}", row["_line"], row["_code"], row["_column"]))
        .collect();
    let wanted: Vec<String> = expected
        .refused
        .iter()
        .map(|refused| format!("{} {} {}", refused.line, refused.code, refused.column))
        .collect();
    assert_eq!(found, wanted, "{name}");
    let mut foretold = here.rows("checked.csv");
    foretold.sort_by_key(|row| row["_line"].parse::<u64>().unwrap_or_default());
    assert_eq!(foretold, rows, "{name}: check says what import does");
    assert_eq!(
        report["rows"],
        serde_json::json!({"ready": expected.done, "skipped": expected.skipped, "refused": refused}),
        "{name}"
    );
    let told = said
        .lines()
        .find_map(|line| line.strip_prefix("columns that nothing uses: "));
    assert_eq!(told.unwrap_or_default(), expected.unused, "{name}");
}

/// What `check` says of a sample and its preset; the rows that it would refuse are in
/// checked.csv.
fn checked(here: &Rehearsal, expected: &Expected) -> Value {
    let (file, mapping) = (sample(&expected.sample), preset(&expected.preset));
    let check = ["check", &file, "-m", &mapping];
    let ended = here.run_embedded((check, "-o checked.csv --json"));
    ended.expect(4).json()
}

#[test]
fn every_sample_goes_in_with_its_preset() {
    samples().iter().for_each(check);
}

#[test]
fn every_preset_and_every_sample_has_its_test() {
    let names = |folder: &str, ending: &str| -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(project(folder))
            .expect("a folder of the project")
            .filter_map(|entry| {
                let name = entry.expect("an entry").file_name();
                let name = name.to_string_lossy().into_owned();
                name.strip_suffix(ending).map(str::to_owned)
            })
            .collect();
        names.sort();
        names
    };
    // Zendesk is the story of `first`, our own export the last test here.
    let mut presets: Vec<String> = ["zendesk", "tickethaul"].map(str::to_owned).into();
    let mut sampled: Vec<String> = ["zendesk-tickets", "tickethaul-tickets"]
        .map(str::to_owned)
        .into();
    // Lists of people, which the book's guides use and so its stories.
    sampled.extend(["zendesk-users", "jira-people"].map(str::to_owned));
    for expected in samples() {
        presets.push(expected.preset);
        sampled.push(expected.sample);
    }
    presets.extend(SHAPES.iter().map(|shape| shape.preset.to_owned()));
    for with_comments in &SAMPLED {
        presets.push(with_comments.preset.to_owned());
        let files = [with_comments.tickets, with_comments.comments];
        sampled.extend(files.map(|name| name.trim_end_matches(".csv").to_owned()));
    }
    presets.sort();
    presets.dedup();
    sampled.sort();
    assert_eq!(names("mappings", ".toml"), presets);
    assert_eq!(names("samples", ".csv"), sampled);
}

#[test]
fn both_styles_of_jiras_dates_and_all_its_repeated_columns_are_read() {
    let here = Rehearsal::new();
    let _imported = import(&here, "jira-tickets", "jira");
    let tickets = tickets(
        &here,
        "subject,createdate,source_tags,hs_pipeline_stage,source_status",
    );
    let first = &tickets["Parcel has not arrived"];
    assert_eq!(first["createdate"], "2024-02-26T08:12:00Z");
    let fourth = &tickets["Rückgabe einer Lampe, Bestellung 58377"];
    assert_eq!(fourth["createdate"], "2024-02-28T18:03:52.111Z");
    assert_eq!(fourth["source_tags"], "delivery;vip;late");
    assert_eq!(
        (&*fourth["hs_pipeline_stage"], &*fourth["source_status"]),
        ("4", "Resolved")
    );
}

#[test]
fn jiras_comments_are_forecast_as_notes() {
    let here = Rehearsal::new();
    let (file, mapping) = (sample("jira-tickets"), preset("jira"));
    let report = here
        .run_embedded(["check", &file, "-m", &mapping, "--json"])
        .expect(4)
        .json();
    assert_eq!(
        report["import"]["notes"],
        serde_json::json!({"tickets": 8, "notes": 12, "parts": 12})
    );
    assert_eq!(report["import"]["calls"]["notes"], 1);
    let shown = here
        .run_embedded(["check", &file, "-m", &mapping])
        .expect(4);
    shown
        .prints("write 12 notes to 8 tickets, each with its own time")
        .prints("Maya Lindqvist: We look into it; thanks.")
        .prints("Grace Okafor: Any news?");
}

#[test]
fn intercoms_times_are_in_the_zone_of_their_column() {
    let here = Rehearsal::new();
    let (summary, _said) = import(&here, "intercom-tickets", "intercom");
    let tickets = tickets(&here, "subject,createdate,source_first_response_seconds");
    for (subject, instant) in [
        (
            "Invoice 2024-1187 shows the wrong VAT",
            "2024-02-27T08:29:38Z",
        ),
        // 02:30 did not exist that day.
        ("Charged twice for one order", "2024-03-10T07:30:00Z"),
    ] {
        assert_eq!(tickets[subject]["createdate"], instant, "{subject}");
    }
    let remarks: BTreeMap<&str, u64> = summary["remarks"]
        .as_array()
        .expect("remarks")
        .iter()
        .filter_map(|remark| Some((remark["what"].as_str()?, remark["count"].as_u64()?)))
        .collect();
    for what in [
        "local times in a clock-change gap, moved forward",
        "local times that occur twice, taken as the earlier",
    ] {
        assert_eq!(remarks.get(what), Some(&1), "{remarks:?}");
    }
}

#[test]
fn the_last_row_of_an_incident_counts() {
    let here = Rehearsal::new();
    let _imported = import(&here, "servicenow-tickets", "servicenow");
    let done = here.rows("run/done.csv");
    let of = |number: &str| -> Vec<&str> {
        let rows = done.iter().filter(|row| row["number"] == number);
        rows.map(|row| row["state"].as_str()).collect()
    };
    assert_eq!(of("INC0010023"), ["On Hold"]);
}

#[test]
fn html_becomes_text_and_labels_become_values() {
    let here = Rehearsal::new();
    let _imported = import(&here, "zoho-desk-tickets", "zoho-desk");
    let zoho = tickets(&here, "subject,content,hs_ticket_priority,source_requester");
    let row = &zoho["Rückgabe einer Lampe, Bestellung 58377"];
    assert_eq!(
        row["content"],
        "Guten Tag,\ndie Lampe flackert. Ich möchte sie zurückgeben.\nGrüße"
    );
    assert_eq!(row["hs_ticket_priority"], "URGENT");
    assert!(!row["source_requester"].is_empty());

    let here = Rehearsal::new();
    let _imported = import(&here, "hubspot-ui-tickets", "hubspot-ui");
    let own = tickets(
        &here,
        "subject,hs_pipeline,hs_pipeline_stage,hs_ticket_category",
    );
    let row = &own["Can't log in since the update"];
    assert_eq!(
        (&*row["hs_pipeline"], &*row["hs_pipeline_stage"]),
        ("78200415", "151934002")
    );
    assert_eq!(row["hs_ticket_category"], "GENERAL_INQUIRY;FEATURE_REQUEST");
}

#[test]
fn an_export_as_narrow_as_can_be_is_enough() {
    for (name, header, row) in [
        (
            "freshdesk",
            "Ticket Id,Subject,Status,Created time",
            "1,a,Open,2025-12-03 16:29:08",
        ),
        (
            "jira",
            "Summary,Issue key,Status,Created",
            "a,OPS-1,To Do,25/Feb/26 10:17 PM",
        ),
        (
            "servicenow",
            "Number,Opened,Short description,State",
            "INC1,2018-01-17 15:09:51,a,1",
        ),
        (
            "intercom",
            "Conversation ID,Conversation created at (Europe/Dublin),Current conversation state",
            "1,2024-02-26 08:12:31,snoozed",
        ),
        (
            "zoho-desk",
            "Ticket Id,Subject,Status,Created Time",
            "1,a,Closed,2025-01-05T15:04:00.000Z",
        ),
        (
            "osticket",
            "Ticket Number,Subject,Date Created,Current Status",
            "1,a,2024-02-26 08:12:31,Open",
        ),
        (
            "bugzilla",
            "Bug ID,Product,Component,Assignee,Status,Resolution,Summary,Changed",
            "7,P,C,a@b.example,NEW,---,a,2024-02-26 08:12:31",
        ),
        (
            "hubspot-ui",
            "Record ID,Ticket name,Ticket status",
            "1,a,New",
        ),
    ] {
        let here = Rehearsal::new();
        let file = here.write("narrow.csv", format!("{header}\n{row}\n"));
        let file = file.display().to_string();
        let mapping = preset(name);
        let args = ["import", &file, "-m", &mapping, "--run-dir", "run"];
        let ended = here.run_embedded(args);
        assert_eq!(ended.code, 0, "{name}\n{}", ended.stderr);
    }
}

#[test]
fn our_own_export_makes_no_new_tickets() {
    let here = Rehearsal::new();
    let (file, mapping) = (sample("tickethaul-tickets"), preset("tickethaul"));
    let ended = here
        .run_embedded(["import", &file, "-m", &mapping])
        .expect(64);
    ended
        .says("can't be used to create")
        .says("update and archive");
}

/// The `[[property]]` entries of a mapping by name: type, field type, unique.
fn defined(path: &std::path::Path) -> BTreeMap<String, [String; 3]> {
    let text = fs::read_to_string(path).expect("a mapping");
    let mapping: toml::Table = text.parse().expect("TOML");
    let entries = mapping.get("property").and_then(toml::Value::as_array);
    let of = |entry: &toml::Value, key: &str| entry.get(key).map(toml::Value::to_string);
    let entries = entries.into_iter().flatten().map(|entry| {
        let name = entry["name"].as_str().expect("a name").to_owned();
        let traits = ["type", "field_type", "unique"];
        (name, traits.map(|key| of(entry, key).unwrap_or_default()))
    });
    entries.collect()
}

#[test]
fn presets_define_a_shared_property_alike() {
    let mut seen: BTreeMap<String, (String, [String; 3])> = BTreeMap::new();
    let mut shared = 0;
    for entry in fs::read_dir(project("mappings")).expect("the presets") {
        let path = entry.expect("an entry").path();
        let preset = path.display().to_string();
        for (name, traits) in defined(&path) {
            match seen.get(&name) {
                Some((other, first)) => {
                    shared += 1;
                    assert_eq!(first, &traits, "{name} in {other} and in {preset}");
                }
                None => {
                    seen.insert(name, (preset.clone(), traits));
                }
            }
        }
    }
    assert!(shared > 20, "presets share properties: {shared}");
}

#[test]
fn the_samples_of_several_systems_go_into_one_portal() {
    let here = Rehearsal::new();
    let systems = [
        ("zendesk", 1_193, 7),
        ("jira", 16, 2),
        ("freshdesk", 16, 2),
        ("intercom", 16, 2),
        ("servicenow", 14, 2),
    ];
    for (system, done, refused) in systems {
        let (file, mapping) = (sample(&format!("{system}-tickets")), preset(system));
        let import = ["import", &file, "-m", &mapping, "--json"];
        let ended = here.run_embedded((import, ["--run-dir", system]));
        let summary = ended.expect(3).json();
        let rows = &summary["rows"];
        assert_eq!(
            (&rows["done"], &rows["refused"]),
            (&done.into(), &refused.into()),
            "{system}"
        );
    }
    // Every other preset fits in beside them.
    for entry in fs::read_dir(project("mappings")).expect("the presets") {
        let mapping = entry.expect("an entry").path().display().to_string();
        let apply = ["schema", "apply", "--yes", "-m", &mapping];
        here.run_embedded(apply).expect(0);
        here.run_embedded(["schema", "diff", "-m", &mapping])
            .expect(0);
    }
}
