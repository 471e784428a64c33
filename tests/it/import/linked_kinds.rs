//! Links to every kind of record that HubSpot has besides contacts, companies and deals:
//! activities, and custom objects, by name or type id.

use serde_json::{Value, json};

use crate::support::{Args, Ended, FilledPortal, Row, id, link};

const KEY: &str = r#"
version = 1
[key]
property = "desk_id"
column = "Id"
[properties]
subject = "Subject"
hs_pipeline_stage = { value = "New" }
[[property]]
name = "desk_id"
label = "FilledPortal id"
type = "string"
unique = true
"#;

/// The type id of the custom kind `device` of the sandbox.
const DEVICE: &str = "2-34567890";

fn a_desk() -> FilledPortal {
    FilledPortal::new("--rate off --switch search_lag=0s")
}

/// Runs a command with a file and a mapping that is `KEY` and more.
fn run(desk: &FilledPortal, words: impl Args, (csv, more): (&str, &str), run: &str) -> Ended {
    desk.tool((words, "in.csv -m m.toml", ["--run-dir", run]))
        .rows(csv)
        .mapping(format!("{KEY}{more}"))
        .run()
}

fn made(desk: &FilledPortal, kind: &str, properties: &Value) -> String {
    let path = format!("/crm/v3/objects/{kind}");
    id(&desk.call("POST", &path, &json!({ "properties": properties }))).to_string()
}

/// The rows of an export, in the order of their subjects.
fn exported(desk: &FilledPortal, more: impl Args) -> Vec<Row> {
    let args = "--properties subject -o held.csv --replace";
    desk.export((args, more)).expect(0);
    let mut rows = desk.here.rows("held.csv");
    rows.sort_by(|one, other| one["subject"].cmp(&other["subject"]));
    rows
}

#[test]
fn tickets_are_linked_to_a_custom_kind_by_any_of_its_names() {
    for api in ["v3", "2026-09"] {
        let desk = a_desk();
        let lamp = made(
            &desk,
            DEVICE,
            &json!({"name": "Lamp", "serial_number": "S1"}),
        );
        let label = json!({"name": "broken", "label": "Broken"});
        let labels = format!("/crm/v4/associations/tickets/{DEVICE}/labels");
        desk.call("POST", &labels, &label);
        let by_name = link(
            "device",
            "serial_number",
            "Serial",
            "missing = \"create\"\nproperties = { name = \"Subject\" }\n",
        );
        let by_label = link("Devices", "id", "Broken", "label = \"broken\"\n");
        let by_type = link(DEVICE, "id", "Device", "missing = \"skip\"\n");
        let csv = format!(
            "Id,Subject,Serial,Broken,Device\n1,A,S1,,\n2,B,S2,{lamp},\n3,C,,,{lamp}\n4,D,,,\n5,E,,66,\n"
        );
        let more = [by_name, by_label, by_type].concat();
        run(
            &desk,
            format!("import --create-properties --api {api}"),
            (&csv, &more),
            "run",
        )
        .expect(3);
        let refused = desk.here.rows("run/refused.csv");
        assert_eq!(
            (refused.len(), &*refused[0]["_code"]),
            (1, "RECORD_MISSING")
        );
        assert!(refused[0]["_hint"].contains(DEVICE), "{refused:?}");

        let held = exported(&desk, "--with device,device.serial_number");
        let serials: Vec<&str> = held
            .iter()
            .map(|row| &*row["device.serial_number"])
            .collect();
        assert_eq!(serials, ["S1", "S1;S2", "S1", ""], "{api}");
        let held = exported(&desk, ["--with", DEVICE, "--link-tables"]);
        let rows = desk.here.rows(&format!("held.{DEVICE}.csv"));
        assert_eq!((held.len(), rows.len()), (4, 4));
        let labelled: Vec<&Row> = rows
            .iter()
            .filter(|row| !row["link_labels"].is_empty())
            .collect();
        assert_eq!(labelled.len(), 1);
        assert_eq!(labelled[0]["link_labels"], "Broken");
        assert_eq!(labelled[0]["link_type_ids"].split(';').count(), 2);

        desk.run("verify run").expect(0);
        let shown = [
            "get",
            &held[0]["hs_object_id"],
            "--associations",
            "device,calls",
        ];
        desk.run(shown).expect(0).prints(&lamp);
    }
}

#[test]
fn links_to_activities_and_custom_kinds_are_made_cut_and_undone() {
    let desk = a_desk();
    let call = made(
        &desk,
        "calls",
        &json!({"hs_timestamp": "2026-03-01T10:00:00Z", "hs_call_body": "rang"}),
    );
    let lamp = made(&desk, DEVICE, &json!({"name": "Lamp"}));
    run(
        &desk,
        "import --create-properties",
        ("Id,Subject\n1,A\n2,B\n", ""),
        "run",
    )
    .expect(0);
    let more = link("calls", "id", "Call", "") + &link("device", "id", "Device", "");
    let csv = format!("Id,Call,Device\n1,{call},{lamp}\n2,,{lamp}\n");
    let more = more.replace("[[associate]]", "\n[[associate]]");
    let alone = KEY.split("[properties]").next().expect("a head").to_owned() + &more;
    let linked = |words: &str, run: &str| {
        desk.here.write("rows.csv", &csv);
        desk.here.write("alone.toml", &alone);
        let args = format!("rows.csv -m alone.toml --run-dir {run}");
        desk.run((words, &args)).expect(0)
    };
    let held = |desk: &FilledPortal| {
        let rows = exported(desk, "--with calls.hs_object_id,device").into_iter();
        let cells = rows.map(|row| (row["calls.hs_object_id"].clone(), row["device"].clone()));
        cells.collect::<Vec<_>>()
    };
    let both = vec![(call.clone(), lamp.clone()), (String::new(), lamp.clone())];
    let none = vec![(String::new(), String::new()); 2];
    let _made = linked("associate", "made");
    assert_eq!(held(&desk), both);
    desk.run("verify made").expect(0);
    let _same = linked("associate", "same");
    let fates = desk.column("same/done.csv", "_fate");
    assert_eq!(fates, ["unchanged", "unchanged"]);
    desk.run("undo made --yes --horizon 0.2").expect(0);
    assert_eq!(held(&desk), none);
    let _made = linked("associate", "again");
    let _cut = linked("dissociate", "cut");
    assert_eq!(held(&desk), none);
}

#[test]
fn kinds_that_a_portal_does_not_have_are_named_before_anything_is_sent() {
    let desk = a_desk();
    let rows = "Id,Subject,Other\n1,A,7\n";
    for (to, words) in [
        ("compnies", "did you mean `companies`?"),
        ("devise", "did you mean `device`?"),
        (
            "satellites",
            "the portal has no kind of record called `satellites`",
        ),
    ] {
        run(
            &desk,
            "import --create-properties",
            (rows, &link(to, "id", "Other", "")),
            "run",
        )
        .expect(64)
        .says(words);
    }
    desk.export("--properties subject --with devise -o a.csv")
        .expect(64)
        .says("did you mean device?");
    let told = desk.run("get 1 --associations satellites").expect(64);
    told.says("the portal has no kind of record called `satellites`");
    let denied = FilledPortal::new("--switch missing_scopes=crm.schemas.custom.read");
    run(
        &denied,
        "import --create-properties",
        (rows, &link("device", "id", "Other", "")),
        "run",
    )
    .expect(7)
    .says("crm.schemas.custom.read");
}

#[test]
fn a_copy_of_a_portal_knows_its_custom_kinds() {
    let desk = a_desk();
    desk.run("schema pull -o copy.toml").expect(0);
    desk.here
        .run("schema show --schema copy.toml")
        .expect(0)
        .prints(DEVICE);
    desk.here.write("rows.csv", "Id,Subject,Serial\n1,A,S1\n");
    let more = link(
        "device",
        "serial_number",
        "Serial",
        "missing = \"create\"\n",
    );
    desk.here.write("mapping.toml", format!("{KEY}{more}"));
    desk.here
        .run("check rows.csv -m mapping.toml --schema copy.toml")
        .expect(0);
}
