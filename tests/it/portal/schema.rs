//! `schema pull|show|diff|apply`: a portal's definitions in a file, and what a mapping
//! needs beyond them.

use std::fs;

use serde_json::{Value, json};

use crate::support::{FilledPortal, Rehearsal, project};

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
    let desk = FilledPortal::new("--rate off");
    let (here, portal) = (&desk.here, &desk.sandbox);
    here.write("m.toml", MAPPING);
    let run = |args: &str, code| desk.run(args).expect(code);
    let diff = "schema diff -m m.toml";
    let told = run(diff, 4).stderr;
    for words in [
        "group old_desk",
        "property source_ticket_id (source_ticket_id, string, unique)",
        "property area",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    let apply = "schema apply -m m.toml --yes";
    run(apply, 0).says("created in portal");
    run(diff, 0).says("the portal has every property");

    here.write(
        "m.toml",
        MAPPING.replace("\"South\"]", "\"South\", \"East\"]"),
    );
    run(diff, 4).says("options of area: East");
    run(apply, 0).says("options of area: East");
    run(diff, 0);
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
    run(apply, 0).says("the portal has every property");

    // A clash is told, and nothing is created beside it.
    here.write(
        "m.toml",
        MAPPING.replace(
            "type = \"enumeration\"\noptions = [\"North\", \"South\"]",
            "type = \"number\"\n[[property]]\nname = \"more\"\ntype = \"string\"",
        ),
    );
    run(apply, 7)
        .says("area is of type enumeration in the portal")
        .says("nothing was written");
    run(diff, 4).says("the mapping defines number");
    let more = desk
        .here
        .run_against(portal, ["export", "--properties", "more"]);
    let _ended = more
        .expect(64)
        .says("the portal has no ticket property more");
}

const CLASHING: &str = r#"version = 1
[key]
property = "source_ticket_id"
column = "Id"
[properties]
subject = "Subject"
hs_pipeline_stage = { value = "New" }
area = "Area"
note = "Note"
[[property]]
name = "source_ticket_id"
type = "string"
unique = true
[[property]]
name = "area"
type = "enumeration"
options = ["North", "South"]
[[property]]
name = "note"
type = "string"
[[property]]
name = "other"
type = "string"
"#;

/// A ticket property as an admin makes it.
fn admin(name: &str, kind: &str, field: &str, unique: bool) -> Value {
    json!({
        "name": name, "label": name, "groupName": "ticketinformation",
        "type": kind, "fieldType": field, "hasUniqueValue": unique,
    })
}

#[test]
fn a_clash_is_named_before_the_first_row_and_the_portal_stays_as_it_is() {
    let text = |name: &str, unique| admin(name, "string", "text", unique);
    let full = (0..10).map(|number| text(&format!("unique_{number}"), true));
    // What the admin made, what of it was archived, and what is said.
    let table: [(Vec<Value>, &[&str], &str); 6] = [
        (
            vec![text("area", false)],
            &[],
            "area is of type string in the portal, the mapping defines enumeration",
        ),
        (
            vec![admin("note", "number", "number", false)],
            &[],
            "note is of type number in the portal, the mapping defines string",
        ),
        (
            vec![text("source_ticket_id", false)],
            &[],
            "source_ticket_id holds no unique values in the portal",
        ),
        (
            vec![text("note", true)],
            &[],
            "note holds unique values in the portal",
        ),
        (
            vec![text("note", false)],
            &["note"],
            "the portal holds property note among the archived ones",
        ),
        (
            full.collect(),
            &[],
            "KEY_LIMIT: the portal has 10 unique ticket properties",
        ),
    ];
    for (made, archived, words) in table {
        let desk = FilledPortal::new("--rate off");
        for property in &made {
            desk.call("POST", "/crm/v3/properties/tickets", property);
        }
        for name in archived {
            let path = format!("/crm/v3/properties/tickets/{name}");
            desk.call("DELETE", &path, &Value::Null);
        }
        let before = properties(&desk);
        let here = &desk.here;
        here.write("in.csv", "Id,Subject,Area,Note\n1,a,North,x\n2,b,South,y\n");
        here.write("m.toml", CLASHING);
        let run = |args: &str, code| desk.run(args).expect(code);

        let checked = run("check in.csv -m m.toml", 4);
        checked.prints(words).prints("2 rows: 2 would go in");
        let json = run("check in.csv -m m.toml --json", 4).json();
        assert_eq!(json["clashes"].as_array().map(Vec::len), Some(1), "{json}");
        run("schema diff -m m.toml", 4).says(words);
        run("schema apply -m m.toml --yes", 7).says(words);
        for op in ["create", "update", "upsert"] {
            let import = format!("import in.csv -m m.toml --create-properties --op {op}");
            run(&import, 7)
                .says(words)
                .says("nothing was written")
                .says_nothing_of("refused");
        }
        assert!(!here.path("tickethaul-runs").exists(), "no run was begun");
        assert_eq!(properties(&desk), before, "the portal is as it was");
    }
}

/// Names of the portal's ticket properties.
fn properties(desk: &FilledPortal) -> Vec<String> {
    let reply = desk.call("GET", "/crm/v3/properties/tickets", &Value::Null);
    let found = reply["results"].as_array().expect("results").iter();
    let names = found.filter_map(|property| property["name"].as_str());
    names.map(str::to_owned).collect()
}

#[test]
fn options_that_the_portal_lacks_are_created_like_properties() {
    let desk = FilledPortal::new("--rate off");
    let here = &desk.here;
    let mut area = admin("area", "enumeration", "select", false);
    area["options"] = json!([{"label": "North", "value": "North", "displayOrder": 0}]);
    desk.call("POST", "/crm/v3/properties/tickets", &area);
    here.write("in.csv", "Id,Subject,Area,Note\n1,a,North,x\n2,b,South,y\n");
    here.write("m.toml", CLASHING);
    let run = |args: &str, code| desk.run(args).expect(code);
    run("check in.csv -m m.toml", 0).says("options of area: South");
    let import = "import in.csv -m m.toml";
    run(import, 7)
        .says("options of area: South")
        .says("--create-properties");
    run("import in.csv -m m.toml --create-properties", 0).says("2 done");
}

#[test]
fn every_preset_is_applied_whole() {
    for entry in fs::read_dir(project("mappings")).expect("the presets") {
        let preset = entry.expect("an entry").path().display().to_string();
        let here = Rehearsal::new();
        let apply = ["schema", "apply", "-m", &preset, "--yes"];
        here.run_embedded(apply).expect(0);
        here.run_embedded(["schema", "diff", "-m", &preset])
            .expect(0);
    }
}

#[test]
fn a_copy_is_kept_for_checks_without_a_portal() {
    let desk = FilledPortal::new("--rate off");
    let (here, portal) = (&desk.here, &desk.sandbox);
    here.write("m.toml", MAPPING);
    here.write("in.csv", "Id,Subject\n1,a\n");
    let check = "check in.csv -m m.toml";
    here.run(check)
        .expect(64)
        .says("no portal is named, and none was pulled yet");
    let ended = here.run_against(portal, ["schema", "pull"]).expect(0);
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

    let pull = "schema pull -o portal.toml";
    here.run_against(portal, pull).expect(0);
    let named = "check in.csv -m m.toml --schema portal.toml";
    here.run(named).expect(0);
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
    here.run(check)
        .expect(64)
        .says("several portals were pulled");
    let broken = here
        .write("broken.toml", "version = 1\n")
        .display()
        .to_string();
    let args = ["check", "in.csv", "-m", "m.toml", "--schema", &broken];
    here.run(args).expect(64).says("is not a copy of a portal");
}

fn only(folder: &std::path::Path) -> std::path::PathBuf {
    let mut entries = fs::read_dir(folder).expect("a folder");
    entries.next().expect("a file").expect("an entry").path()
}

#[test]
fn a_copy_holds_what_admins_define() {
    let desk = FilledPortal::new("--rate off");
    let label = json!({"name": "requester", "label": "Requester"});
    desk.call(
        "POST",
        "/crm/v4/associations/tickets/contacts/labels",
        &label,
    );
    desk.run("schema pull -o portal.toml").expect(0);
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
    desk.run("schema show")
        .expect(0)
        .prints("hs_ticket_priority")
        .prints("Escalations")
        .prints("Waiting on us")
        .prints("Maya Lindqvist");
    let preset = project("mappings/hubspot-ui.toml").display().to_string();
    let shown = desk.run(["schema", "show", "-m", &preset, "--json"]);
    let shown = shown.expect(0).json();
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

/// Whichever call about definitions fails, and whether the portal did its work or not, one
/// command creates what lacks.
#[test]
fn a_portal_that_fails_once_does_not_end_the_creation_of_properties() {
    std::thread::scope(|scope| {
        for (trouble, n) in ["503", "post-502"].into_iter().zip([4..=6, 5..=7]) {
            for call in n {
                let _side_by_side = scope.spawn(move || {
                    let trouble = format!("{trouble}@{call}:/properties/");
                    let desk = FilledPortal::new(["--rate", "off", "--trouble", &trouble]);
                    desk.here.write("m.toml", MAPPING);
                    let args = "schema apply -m m.toml --yes";
                    desk.run(args).expect(0).says("created in portal");
                    for name in ["source_ticket_id", "area"] {
                        let path = format!("/crm/v3/properties/tickets/{name}");
                        desk.call("GET", &path, &Value::Null);
                    }
                });
            }
        }
    });
}
