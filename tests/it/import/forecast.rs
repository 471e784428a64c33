//! What `check --portal` forecasts and an import then does: the calls that it makes, by
//! purpose, and the tickets that the portal already has.

use std::fmt::Write as _;

use serde_json::Value;

use crate::support::Rehearsal;

const HEAD: &str = r#"version = 1
[key]
property = "source_ticket_id"
column = "Id"
[[property]]
name = "source_ticket_id"
label = "Source ticket ID"
type = "string"
unique = true
"#;

const TICKET: &str = r#"
[[property]]
name = "source_team"
label = "Team"
type = "string"
[properties]
subject = "Subject"
hs_pipeline = { value = "Support Pipeline" }
hs_pipeline_stage = { value = "New" }
source_team = "Team"
"#;

const CONTACT: &str = r#"
[[associate]]
to = "contacts"
by = "email"
column = "Mail"
missing = "create"
"#;

const PARENT: &str = r#"
[[associate]]
to = "tickets"
by = "key"
column = "Parent"
"#;

/// Rows with these numbers; every third has a parent.
fn rows(numbers: std::ops::Range<u32>) -> String {
    let mut text = "Id,Subject,Team,Mail,Parent\n".to_owned();
    let first = numbers.start;
    for number in numbers {
        let parent = if number % 3 == 0 {
            format!("T{first}")
        } else {
            String::new()
        };
        let mail = number % 40;
        let _ok = writeln!(
            text,
            "T{number},Subject {number},FilledPortal,c{mail}@x.example,{parent}"
        );
    }
    text
}

/// The forecast of an operation, and the calls that it then makes.
#[track_caller]
fn foretold(here: &Rehearsal, op: &str, mapping: &str, run: &str) -> (Value, u64) {
    here.write("m.toml", mapping);
    let ended = here
        .run_embedded(format!("check in.csv -m m.toml --op {op} --json"))
        .expect(0);
    let report: Value = serde_json::from_str(&ended.stdout).expect("a report");
    let import = [
        "import",
        "in.csv",
        "-m",
        "m.toml",
        "--op",
        op,
        "--run-dir",
        run,
        "--json",
    ];
    let mut import = import.to_vec();
    import.extend((op == "archive").then_some("--yes"));
    let summary = here.run_embedded(&import).expect(0).json();
    let made = summary["calls"].as_u64().expect("a number");
    let most = report["import"]["calls_at_most"]
        .as_u64()
        .expect("a number");
    assert!(
        made <= most && most <= made + made / 4 + 3,
        "{op}: {most} foretold, {made} made: {}",
        report["import"]["calls"]
    );
    (report["import"].clone(), made)
}

#[test]
fn the_calls_of_an_import_are_those_that_were_foretold() {
    let here = Rehearsal::new();
    here.write("in.csv", rows(0..250));
    // Two properties that the portal lacks, 250 tickets in four batches, no links.
    let (plain, made) = foretold(&here, "create", &format!("{HEAD}{TICKET}"), "one");
    assert_eq!(plain["calls_at_most"], made, "{plain}");
    assert_eq!(plain["calls"]["properties"], 4, "{plain}");
    assert_eq!(plain["calls"]["tickets"], 4, "{plain}");
    // New ones with contacts, and links to one another.
    here.write("in.csv", rows(1000..1250));
    let linked = format!("{HEAD}{TICKET}{CONTACT}{PARENT}");
    let (create, _) = foretold(&here, "create", &linked, "two");
    assert_eq!(create["calls"]["properties"], 0, "{create}");
    assert_eq!(create["emails"], 40);
    let changes = [
        ("update", format!("{HEAD}{TICKET}"), "three"),
        ("upsert", format!("{HEAD}{TICKET}{CONTACT}"), "four"),
        ("archive", format!("{HEAD}[properties]\n"), "five"),
    ];
    for (op, mapping, run) in changes {
        let _file = match op {
            "update" => here.write("in.csv", rows(1000..1250).replace("FilledPortal", "Other")),
            "upsert" => here.write("in.csv", rows(2000..2250)),
            _ => here.path("in.csv"),
        };
        let _told = foretold(&here, op, &mapping, run);
    }
}

#[test]
fn keys_are_looked_up_where_the_portal_is_at_hand() {
    let here = Rehearsal::new();
    here.write("m.toml", format!("{HEAD}{TICKET}"));
    here.write("in.csv", rows(0..30));
    let check = "check in.csv -m m.toml";
    let told = here.run_embedded(check).expect(0).stdout;
    assert!(
        told.contains("into a portal that holds none of these tickets"),
        "{told}"
    );
    here.run_embedded("import in.csv -m m.toml --run-dir run")
        .expect(0);
    here.write("in.csv", rows(20..60));
    let told = here.run_embedded(check).expect(0).stdout;
    assert!(told.contains("leave 10 of 40 keys as they are"), "{told}");
    let told = here.run_embedded((check, "--op upsert")).expect(0).stdout;
    assert!(
        told.contains("update 10 of 40 keys, and create the others"),
        "{told}"
    );
    let told = here.run_embedded((check, "--op update")).expect(0).stdout;
    assert!(told.contains("find no ticket for 30 of 40 keys"), "{told}");
    // Without the portal nothing is known of its tickets.
    here.run_embedded("schema pull -o copy.toml").expect(0);
    let told = here
        .run("check in.csv -m m.toml --schema copy.toml")
        .expect(0)
        .stdout;
    assert!(told.contains("as if the portal were empty"), "{told}");
}
