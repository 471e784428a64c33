//! `schema pull|show|diff|apply`: a portal's definitions in a file, and what a mapping
//! needs beyond them.

use std::fs;

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::rehearsal::{Rehearsal, project};

const MAPPING: &str = r#"version = 1
[key]
property = "source_ticket_id"
column = "Id"
[properties]
subject = "Subject"
hs_pipeline_stage = { value = "New" }
[[property]]
name = "source_ticket_id"
type = "string"
unique = true
group = "old_desk"
[[property]]
name = "area"
type = "enumeration"
options = ["North", "South"]
"#;

#[test]
fn what_apply_creates_diff_does_not_find_again() {
    let desk = Desk::new(&["--rate", "off"]);
    let (here, portal) = (&desk.here, &desk.sandbox);
    let _mapping = here.write("m.toml", MAPPING);
    let run = |args: &[&str], code| here.run_against(portal, args).expect(code);
    let diff = ["schema", "diff", "-m", "m.toml"];
    let told = run(&diff, 4).stderr;
    for words in [
        "group old_desk",
        "property source_ticket_id (source_ticket_id, string, unique)",
        "property area",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    let apply = ["schema", "apply", "-m", "m.toml"];
    let _ended = run(&apply, 0).says("created in portal");
    let _ended = run(&diff, 0).says("the portal has every property");

    let _mapping = here.write(
        "m.toml",
        MAPPING.replace("\"South\"]", "\"South\", \"East\"]"),
    );
    let _ended = run(&diff, 4).says("options of area: East");
    let _ended = run(&apply, 0).says("options of area: East");
    let _ended = run(&diff, 0);
    let area = desk.call("GET", "/crm/v3/properties/tickets/area", &Value::Null);
    let options = area["options"].as_array().expect("options").iter();
    let labels: Vec<&Value> = options.map(|option| &option["label"]).collect();
    assert_eq!(labels, ["North", "South", "East"]);
    let key = desk.call(
        "GET",
        "/crm/v3/properties/tickets/source_ticket_id",
        &Value::Null,
    );
    assert_eq!(key["groupName"], "old_desk");
    let _ended = run(&apply, 0).says("the portal has every property");

    // What is there otherwise is told, and stays.
    let _mapping = here.write(
        "m.toml",
        MAPPING.replace(
            "type = \"enumeration\"\noptions = [\"North\", \"South\"]",
            "type = \"number\"",
        ),
    );
    let _ended = run(&apply, 0).says("area is of type enumeration in the portal");
    let _ended = run(&diff, 4).says("the mapping defines number");
}

#[test]
fn every_preset_is_applied_whole() {
    for entry in fs::read_dir(project("mappings")).expect("the presets") {
        let preset = entry.expect("an entry").path().display().to_string();
        // Two of them may define one property in two ways, so each gets a portal.
        let here = Rehearsal::new();
        let apply = ["schema", "apply", "-m", &preset];
        let _ended = here.run_embedded(&apply).expect(0);
        let _ended = here
            .run_embedded(&["schema", "diff", "-m", &preset])
            .expect(0);
    }
}

#[test]
fn a_copy_is_kept_for_checks_without_a_portal() {
    let desk = Desk::new(&["--rate", "off"]);
    let (here, portal) = (&desk.here, &desk.sandbox);
    let _mapping = here.write("m.toml", MAPPING);
    let _file = here.write("in.csv", "Id,Subject\n1,a\n");
    let check = ["check", "in.csv", "-m", "m.toml"];
    let _ended = here
        .run(check)
        .expect(64)
        .says("no portal is named, and none was pulled yet");
    let ended = here.run_against(portal, &["schema", "pull"]).expect(0);
    let place = here.path(".cache/tickethaul/schema");
    assert_eq!(
        fs::read_dir(&place).expect("the cache").count(),
        1,
        "{}",
        ended.stderr
    );
    let ended = here.run(check).expect(0).says("as pulled");
    assert!(
        ended
            .stdout
            .contains("create 1 ticket: 1 in Support Pipeline / New"),
        "{}",
        ended.stdout
    );

    let pull = ["schema", "pull", "-o", "portal.toml"];
    let _ended = here.run_against(portal, &pull).expect(0);
    let named = ["check", "in.csv", "-m", "m.toml", "--schema", "portal.toml"];
    let _ended = here.run(named).expect(0);
    // A pull of the same portal says the same, but for the time.
    let copies = [
        fs::read_to_string(only(&place)).expect("a copy"),
        here.read("portal.toml"),
    ];
    let [one, other] = copies.map(|text| {
        let lines = text.lines().filter(|line| !line.starts_with("pulled = "));
        lines.map(str::to_owned).collect::<Vec<_>>()
    });
    assert_eq!(one, other);

    // Two portals were pulled: nobody can know which is meant.
    let _bytes = fs::copy(only(&place), place.join("4711.toml")).expect("copied");
    let _ended = here
        .run(check)
        .expect(64)
        .says("several portals were pulled");
    let broken = here
        .write("broken.toml", "version = 1\n")
        .display()
        .to_string();
    let args = ["check", "in.csv", "-m", "m.toml", "--schema", &broken];
    let _ended = here.run(args).expect(64).says("is no copy of a portal");
}

fn only(folder: &std::path::Path) -> std::path::PathBuf {
    let mut entries = fs::read_dir(folder).expect("a folder");
    entries.next().expect("a file").expect("an entry").path()
}

#[test]
fn a_copy_holds_what_admins_define() {
    let desk = Desk::new(&["--rate", "off"]);
    let label = json!({"name": "requester", "label": "Requester"});
    let _made = desk.call(
        "POST",
        "/crm/v4/associations/tickets/contacts/labels",
        &label,
    );
    let run = |args: &[&str]| desk.here.run_against(&desk.sandbox, args).expect(0);
    let _ended = run(&["schema", "pull", "-o", "portal.toml"]);
    let copy: toml::Table = desk.here.read("portal.toml").parse().expect("TOML");
    let has = |list: &str, key: &str, value: &str| {
        let list = copy[list].as_array().expect("a list");
        list.iter()
            .any(|one| one.get(key).and_then(toml::Value::as_str) == Some(value))
    };
    for (list, key, value) in [
        ("tickets", "name", "hs_ticket_priority"),
        ("contacts", "name", "email"),
        ("pipelines", "label", "Escalations"),
        (
            "owners",
            "email",
            "maya.lindqvist@northwind-support.example",
        ),
        ("groups", "name", "ticketinformation"),
        ("links", "label", "Requester"),
    ] {
        assert!(has(list, key, value), "{list} without {value}");
    }
    let shown = run(&["schema", "show"]).stdout;
    for words in [
        "hs_ticket_priority",
        "Escalations",
        "Waiting on us",
        "Maya Lindqvist",
    ] {
        assert!(shown.contains(words), "{words}\n{shown}");
    }
    let preset = project("mappings/hubspot-ui.toml").display().to_string();
    let shown = run(&["schema", "show", "-m", &preset, "--json"]).stdout;
    let shown: Value = serde_json::from_str(&shown).expect("JSON");
    let names: Vec<&str> = shown["properties"]
        .as_array()
        .expect("properties")
        .iter()
        .filter_map(|property| property["name"].as_str())
        .collect();
    assert!(
        names.contains(&"subject") && !names.contains(&"hs_num_times_contacted"),
        "{names:?}"
    );
}
