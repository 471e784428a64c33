//! `plan` and `import --dry-run`: what is reported for each row is what an import then
//! does, and nothing is written meanwhile.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::between::{Asked, Told, through};
use crate::support::conversation::{Conversations, Talk};
use crate::support::reviewed::{desk, file, ids, import, rows, update};
use crate::support::{Args, FilledPortal};

/// The JSON of a plan.
#[track_caller]
fn plan(desk: &FilledPortal, file: &str, op: &str, more: impl Args, code: i32) -> Value {
    let args = format!("plan {file} -m m.toml --op {op} --json --detailed-exitcode");
    desk.run((args, more)).expect(code).json()
}

/// Everything that a portal holds of tickets and contacts.
fn dump(desk: &FilledPortal) -> BTreeMap<String, BTreeMap<String, String>> {
    let names = "desk_id,subject,content,hs_pipeline_stage,hs_lastmodifieddate";
    let args = format!("--properties {names} --with contacts.email --force -o all.csv");
    desk.export(args).expect(0);
    let rows = desk.here.rows("all.csv").into_iter();
    rows.map(|row| (row["hs_object_id"].clone(), row)).collect()
}

/// Runs the import that was planned, and holds its sums against the plan's.
#[track_caller]
fn comes_true(desk: &FilledPortal, file: &str, op: &str, planned: &Value) {
    let run = format!("{op}-run");
    let ended = import(desk, op, file, &run);
    let refused = planned["rows"]["refused"].as_u64().expect("a number");
    let _ended = ended.expect(if refused > 0 { 3 } else { 0 });
    let summary = desk.here.json(&format!("{run}/summary.json"));
    let zero = json!(0);
    let changed = |word: &str| summary["changes"].get(word).unwrap_or(&zero).clone();
    for (action, made) in [
        ("create", changed("created")),
        ("update", changed("updated")),
        ("link", changed("linked")),
        ("archive", changed("archived")),
        ("unchanged", summary["rows"]["unchanged"].clone()),
        ("exists", summary["rows"]["exists"].clone()),
        ("skipped", summary["rows"]["skipped"].clone()),
        ("refused", summary["rows"]["refused"].clone()),
    ] {
        assert_eq!(
            planned["rows"][action], made,
            "{op} {action}: {planned}\n{summary}"
        );
    }
    assert_eq!(planned["read"], summary["read"]);
    assert_eq!(
        planned["created_for_links"]
            .get("contacts")
            .unwrap_or(&zero),
        &summary["contacts_created"],
        "{op}"
    );
    let codes = |refusals: &Value| -> BTreeMap<String, Value> {
        let refusals = refusals.as_array().expect("a list").iter();
        refusals
            .map(|one| {
                (
                    one["code"].as_str().expect("a code").to_owned(),
                    one["rows"].clone(),
                )
            })
            .collect()
    };
    assert_eq!(
        codes(&planned["refusals"]),
        codes(&summary["refusals"]),
        "{op}"
    );
    let most = planned["import"]["calls_at_most"]
        .as_u64()
        .expect("a number");
    let made = summary["calls"].as_u64().expect("a number");
    assert!(
        made <= most,
        "{op}: {made} calls, {most} foretold: {planned}"
    );
}

/// Sixty tickets, of which some are archived, changed by others, or lost their contact.
fn stocked(switch: impl Args) -> FilledPortal {
    let desk = desk(switch);
    desk.here.write("made.csv", file(1..=60, "Subject", "text"));
    import(&desk, "create", "made.csv", "made").expect(0);
    let ids = ids(&desk, "made");
    update(
        &desk,
        &[ids["D-1"], ids["D-2"]],
        &json!({"subject": "theirs"}),
    );
    update(&desk, &[ids["D-3"]], &json!({"content": ""}));
    desk.archive(&[ids["D-50"], ids["D-51"]]);
    let contacts: Vec<String> = desk.call(
        "POST",
        "/crm/v4/associations/tickets/contacts/batch/read",
        &json!({"inputs": [{"id": ids["D-9"].to_string()}]}),
    )["results"][0]["to"]
        .as_array()
        .expect("a contact")
        .iter()
        .map(|to| to["toObjectId"].to_string())
        .collect();
    let cut = json!({"inputs": [{
        "from": {"id": ids["D-9"].to_string()},
        "to": [{"id": contacts[0].trim_matches('"')}],
    }]});
    desk.call(
        "POST",
        "/crm/v4/associations/tickets/contacts/batch/archive",
        &cut,
    );
    desk
}

/// Rows of all kinds: as the portal has them, other, twice, in another case, unmappable.
fn mixed() -> String {
    let twice = rows(4..=6, "Twice", "other") + &rows(1..=20, "Subject", "text");
    let case = rows(70..=70, "Case", "text").replace("D-70", "d-71");
    let ragged = "D-90,one,two,three,four\n,,,\n";
    file(40..=58, "Subject", "text")
        + &twice
        + &rows(61..=75, "New", "text")
        + &case
        + &rows(4..=4, "Thrice", "text")
        + ragged
}

#[test]
fn what_a_plan_says_of_each_operation_is_what_comes_of_it() {
    for op in ["create", "update", "upsert", "archive"] {
        let desk = stocked("--switch archived_holds_unique=free");
        desk.here.write("in.csv", mixed());
        let before = dump(&desk);
        let planned = plan(&desk, "in.csv", op, "-o plan", 3);
        assert_eq!(dump(&desk), before, "{op}: a plan writes nothing");
        comes_true(&desk, "in.csv", op, &planned);
    }
}

#[test]
fn updates_are_counted_by_property_as_two_dumps_differ() {
    let desk = stocked("");
    let others = file(1..=30, "Subject", "") + &rows(31..=49, "Other", "text");
    desk.here.write("in.csv", others);
    let before = dump(&desk);
    let planned = plan(&desk, "in.csv", "update", "", 2);
    import(&desk, "update", "in.csv", "run").expect(0);
    let after = dump(&desk);
    for name in ["subject", "content"] {
        let (mut changed, mut filled, mut cleared) = (0, 0, 0);
        for (id, row) in &after {
            match (&*before[id][name], &*row[name]) {
                (one, other) if one == other => {}
                ("", _) => filled += 1,
                (_, "") => cleared += 1,
                _ => changed += 1,
            }
        }
        let counts = json!({"changed": changed, "filled": filled, "cleared": cleared});
        assert_eq!(planned["properties"][name], counts, "{name}: {planned}");
    }
    let first = &planned["first"][0];
    assert_eq!(first["action"], "update");
    let change = &first["changes"][0];
    assert_eq!(
        (&change["property"], &change["before"], &change["after"]),
        (&json!("subject"), &json!("theirs"), &json!("Subject 1")),
        "{first}"
    );
    // Once it is carried out, nothing is left.
    let again = plan(&desk, "in.csv", "update", "", 0);
    assert_eq!(again["rows"]["unchanged"], 49);
    assert_eq!(again["properties"], json!({}));
}

#[test]
fn a_dry_run_leaves_nothing_and_its_exit_code_says_what_it_found() {
    let desk = stocked("");
    let before = dump(&desk);
    desk.here.write("new.csv", file(70..=71, "New", "text"));
    let run = |more: &str, code| {
        let args = "import new.csv -m m.toml --dry-run";
        desk.run((args, more)).expect(code)
    };
    let told = run("", 0).stdout;
    for words in [
        "2 rows to create into portal",
        "nothing was written",
        "line 2, key D-70: create",
        "subject: \"New 70\"",
        "link to a new contact p70@desk.example",
        "2 links to contacts are made, for which 2 contacts are created",
        "set off workflows",
    ] {
        assert!(told.contains(words), "not said: {words}\n{told}");
    }
    let _ended = run("--detailed-exitcode", 2);
    let _ended = run("--detailed-exitcode --op update", 3);
    let shown = run("--op update --show D-71", 0).stdout;
    assert!(shown.contains("TICKET_MISSING"), "{shown}");
    run("--show D-1", 64).says("no row of the plan has the key");
    desk.run("import new.csv -m m.toml --detailed-exitcode")
        .expect(64)
        .says("--dry-run");
    assert_eq!(desk.runs_of_rows(), [""; 0]);
    assert_eq!(dump(&desk), before);
}

#[test]
fn a_plan_that_is_kept_is_for_its_owner_and_can_be_looked_at_again() {
    let desk = stocked("");
    desk.here.write("in.csv", file(1..=5, "Subject", "text"));
    let args = "plan in.csv -m m.toml --op upsert -o plans/one";
    let made = desk.run(args).expect(0);
    let again = desk.here.run("plan plans/one").expect(0);
    assert_eq!(again.stdout, made.stdout);
    let shown = desk
        .here
        .run("plan plans/one --show d-3 --json")
        .expect(0)
        .json();
    assert_eq!(shown[0]["changes"][0]["property"], "content", "{shown}");
    desk.here
        .run("plan plans/one --detailed-exitcode")
        .expect(2);
    desk.run(args).expect(64).says("is not empty");
    desk.here.run("plan in.csv").expect(64).says("-m MAPPING");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |name: &str| {
            let found = std::fs::metadata(desk.here.path(name)).expect("there");
            found.permissions().mode() & 0o777
        };
        assert_eq!(mode("plans/one"), 0o700);
        for file in ["plan.db", "plan.txt", "plan.json"] {
            assert_eq!(mode(&format!("plans/one/{file}")), 0o600, "{file}");
        }
    }
    // What fails leaves no folder behind.
    desk.run("plan none.csv -m m.toml -o plans/two").expect(64);
    assert!(!desk.here.path("plans/two").exists());
}

#[test]
fn links_to_tickets_of_the_file_are_told_when_all_tickets_are() {
    let desk = stocked("");
    let mapping = desk.here.read("m.toml").replace(
        "[[property]]",
        "[[associate]]\nto = \"tickets\"\nby = \"key\"\ncolumn = \"Parent\"\n[[property]]",
    );
    desk.here.write("m.toml", mapping);
    let rows = "Id,Subject,Text,Mail,Parent\n\
                D-81,New 81,text,p81@desk.example,D-83\n\
                D-82,New 82,text,p82@desk.example,D-1\n\
                D-83,New 83,text,p83@desk.example,\n\
                D-84,New 84,text,p84@desk.example,D-99\n\
                D-20,Subject 20,text,p20@desk.example,D-21\n";
    desk.here.write("in.csv", rows);
    let planned = plan(&desk, "in.csv", "upsert", "", 3);
    let zero = json!(0);
    assert_eq!(
        (
            &planned["rows"]["create"],
            &planned["rows"]["link"],
            &planned["rows"]["refused"]
        ),
        (&json!(4), &json!(1), &zero),
        "{planned}"
    );
    assert_eq!(planned["links"], json!({"contacts": 4, "tickets": 3}));
    assert_eq!(planned["refusals"][0]["code"], "LINKED_TICKET_MISSING");
    assert_eq!(planned["links_left_out"], 0, "{planned}");
    import(&desk, "upsert", "in.csv", "run").expect(3);
    let summary = desk.here.json("run/summary.json");
    assert_eq!(
        summary["refusals"][0]["code"], "LINKED_TICKET_MISSING",
        "{summary}"
    );
    assert_eq!(summary["changes"]["linked"], 1, "{summary}");
}

#[test]
fn keys_that_the_recycle_bin_holds_are_named() {
    let desk = stocked("--switch archived_holds_unique=blocks");
    desk.here.write(
        "in.csv",
        file(1..=3, "Subject", "text") + &rows(90..=91, "New", "text"),
    );
    import(&desk, "archive", "in.csv", "gone").expect(3);
    let planned = plan(&desk, "in.csv", "create", "", 2);
    assert_eq!(
        (&planned["rows"]["create"], &planned["keys_in_recycle_bin"]),
        (&json!(5), &json!(3)),
        "{planned}"
    );
    import(&desk, "create", "in.csv", "again").expect(3);
    let codes = desk.column("again/refused.csv", "_code");
    assert_eq!(codes, ["KEY_IN_RECYCLE_BIN"; 3]);
}

#[test]
fn a_link_that_several_rows_of_a_ticket_ask_for_is_planned_once() {
    let desk = stocked("");
    let rows = "Id,Subject,Text,Mail\nD-1,One,text,new@desk.example\n\
                D-1,Two,text,new@desk.example\nD-2,Two,text,new@desk.example\n";
    desk.here.write("in.csv", rows);
    let planned = plan(&desk, "in.csv", "upsert", "-o twice", 2);
    assert_eq!(planned["links"], json!({"contacts": 2}), "{planned}");
    desk.run("apply twice --run-dir run --yes --horizon 0.2")
        .expect(0);
}

/// Answers for the portal that it does not let three of its tickets be read.
fn hide(asked: &Asked, send: &dyn Fn() -> Told) -> Told {
    let (status, body) = send();
    if !asked.is_to("/tickets/batch/read") || status >= 300 {
        return (status, body);
    }
    let mut body: Value = serde_json::from_str(&body).expect("JSON");
    let results = body["results"].as_array_mut().expect("results");
    let is_hidden = |record: &Value| {
        let key = record["properties"]["desk_id"].as_str().unwrap_or_default();
        ["D-3", "D-13", "D-23"].contains(&key)
    };
    let hidden: Vec<Value> = results.extract_if(.., |record| is_hidden(record)).collect();
    if hidden.is_empty() {
        return (status, body.to_string());
    }
    let errors = hidden.iter().map(|record| {
        json!({
            "status": "error", "category": "MISSING_SCOPES", "message": "not yours",
            "context": {"ids": [record["properties"]["desk_id"]]},
        })
    });
    body["errors"] = errors.collect();
    (207, body.to_string())
}

#[test]
fn a_ticket_that_the_portal_does_not_show_costs_its_row_of_the_plan_too() {
    for operation in ["create", "update", "upsert", "archive"] {
        let desk = stocked("");
        desk.here.write("in.csv", file(1..=30, "Other", "text"));
        let args = format!("in.csv -m m.toml --op {operation} --json");
        let planned = through(&desk, ("plan", &args), &hide).expect(0).json();
        let hidden = &planned["refusals"][0];
        assert_eq!(
            (&hidden["code"], &hidden["rows"]),
            (&json!("TICKET_HIDDEN"), &json!(3)),
            "{operation}: {planned}"
        );
        through(&desk, ("import --yes --run-dir run", &args), &hide).expect(3);
        let codes = desk.column("run/refused.csv", "_code");
        assert_eq!(codes, ["TICKET_HIDDEN"; 3], "{operation}");
    }
}

#[test]
fn the_notes_of_a_plan_are_those_of_its_import() {
    let talk = Talk::new(&Conversations::new(30), "");
    let args = "plan in.csv -m m.toml";
    let planned = talk.run((args, "--json"), 0).json();
    let words = talk.run(args, 0).stdout;
    talk.run("import in.csv -m m.toml --run-dir run", 0);
    let made = &talk.summary("run")["notes"];
    let foretold = &planned["import"]["notes"];
    assert_eq!(foretold["notes"], made["created"], "{planned}");
    let line = format!(
        "write {} notes to {} tickets",
        made["created"], foretold["tickets"]
    );
    assert!(words.contains(&line), "{line}: {words}");
    // A plan does not look for notes, so it can't say that nothing would change.
    let words = talk
        .run((args, "--op upsert --detailed-exitcode"), 2)
        .stdout;
    let line = line.replace("write", "write at most");
    assert!(words.contains(&line), "{line}: {words}");
    assert!(!words.contains("Nothing would change"), "{words}");
}
