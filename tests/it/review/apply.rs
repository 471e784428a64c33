//! `apply`: what a plan says is done, and nothing else. Only rows whose tickets others
//! have changed since are refused; a plan that no longer fits is not applied at all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::reviewed::{desk, file, ids, import, rows, update};
use crate::support::{Args, Ended, FilledPortal};

#[track_caller]
fn plan(desk: &FilledPortal, file: &str, op: &str, more: impl Args, code: i32) -> Value {
    let args = format!("plan {file} -m m.toml --op {op} --json --detailed-exitcode");
    desk.run((args, more)).expect(code).json()
}

fn apply(desk: &FilledPortal, plan: &str, run: &str) -> Ended {
    desk.run(format!("apply {plan} --run-dir {run} --yes --horizon 0.2"))
}

fn summary(desk: &FilledPortal, run: &str) -> Value {
    desk.here.json(&format!("{run}/summary.json"))
}

/// Keys of the refused rows by code.
fn refused(desk: &FilledPortal, run: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut refused: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in desk.here.rows(&format!("{run}/refused.csv")) {
        let keys = refused.entry(row["_code"].clone()).or_default();
        keys.insert(row["Id"].clone());
    }
    refused
}

/// Subjects of live tickets by key.
fn subjects(desk: &FilledPortal) -> BTreeMap<String, String> {
    desk.export("--properties desk_id,subject --force -o all.csv")
        .expect(0);
    let rows = desk.here.rows("all.csv").into_iter();
    rows.map(|row| (row["desk_id"].clone(), row["subject"].clone()))
        .collect()
}

#[test]
fn a_plan_is_applied_once_and_a_second_plan_is_empty() {
    let desk = desk("");
    desk.here.write("made.csv", file(1..=30, "Subject", "text"));
    import(&desk, "create", "made.csv", "made").expect(0);
    for (op, text, left) in [
        ("create", file(31..=150, "New", "text"), "exists"),
        ("update", file(20..=40, "Other", ""), "unchanged"),
        ("upsert", file(35..=260, "Third", "text"), "unchanged"),
    ] {
        desk.here.write("in.csv", text);
        let folder = format!("plan-{op}");
        let planned = plan(&desk, "in.csv", op, format!("-o {folder}"), 2);
        let run = format!("run-{op}");
        apply(&desk, &folder, &run).expect(0).says("going to ");
        let summary = summary(&desk, &run);
        let zero = json!(0);
        for (action, change) in [("create", "created"), ("update", "updated")] {
            let made = summary["changes"].get(change).unwrap_or(&zero);
            assert_eq!(&planned["rows"][action], made, "{op}: {summary}");
        }
        assert_eq!(planned["operation"], op);
        assert_eq!(summary["operation"], op);
        let again = plan(&desk, "in.csv", op, "", 0);
        assert_eq!(again["rows"][left], planned["read"], "{op}: {again}");
        let before = subjects(&desk);
        apply(&desk, &folder, "twice")
            .expect(7)
            .says("was applied before, by the run")
            .says(&run);
        assert!(!desk.here.path("twice").exists());
        assert_eq!(subjects(&desk), before);
    }
    // Verify and undo take it as any run.
    desk.run("verify run-upsert").expect(0);
    let undone = desk.run("undo run-upsert --yes --json").expect(0).json();
    assert_eq!(undone["archived"], 110, "{undone}");
    assert_eq!(undone["restored"], 116, "{undone}");
    let archived = plan(&desk, "made.csv", "archive", "-o gone", 2);
    assert_eq!(archived["rows"]["archive"], 30);
    apply(&desk, "gone", "gone-run").expect(0);
    let again = plan(&desk, "made.csv", "archive", "", 0);
    assert_eq!(again["rows"]["unchanged"], 30, "{again}");
}

/// Between plan and apply others change tickets and make some of the keys: exactly those rows
/// are refused.
fn others_come_between(known: usize, new: usize, touched: usize, came: usize) {
    let desk = desk("");
    desk.here
        .write("made.csv", file(1..=known, "Subject", "text"));
    import(&desk, "create", "made.csv", "made").expect(0);
    let all = file(1..=known, "Other", "text") + &rows(known + 1..=known + new, "New", "text");
    desk.here.write("in.csv", all);
    let planned = plan(&desk, "in.csv", "upsert", "-o plan", 2);
    assert_eq!(planned["rows"]["update"], known);
    assert_eq!(planned["rows"]["create"], new);
    let ids = ids(&desk, "made");
    let key = |n: usize| format!("D-{}", n * (known / touched));
    let mut changed: BTreeSet<String> = (1..=touched).map(key).collect();
    let theirs: Vec<u64> = changed.iter().map(|key| ids[key]).collect();
    for part in theirs.chunks(100) {
        update(&desk, part, &json!({"subject": "theirs"}));
    }
    let keys = (1..=came).map(|n| format!("D-{}", known + n * (new / came)));
    let keys: Vec<String> = keys.collect();
    let _made = desk.create(
        keys.len(),
        |n| json!({"subject": "theirs", "desk_id": keys[n]}),
    );
    changed.extend(keys);
    apply(&desk, "plan", "run").expect(3);
    let refused = refused(&desk, "run");
    assert_eq!(refused["CHANGED_SINCE_PLAN"], changed);
    assert_eq!(refused.len(), 1, "{refused:?}");
    let summary = summary(&desk, "run");
    assert_eq!(
        summary["rows"]["done"],
        known + new - changed.len(),
        "{summary}"
    );
    let subjects = subjects(&desk);
    for (key, subject) in &subjects {
        assert_eq!(
            subject == "theirs",
            changed.contains(key),
            "{key}: {subject}"
        );
    }
    assert_eq!(subjects.len(), known + new);
}

#[test]
fn what_others_changed_between_plan_and_apply_is_refused_alone() {
    others_come_between(200, 120, 10, 4);
}

#[test]
#[ignore = "ten thousand rows take a minute in a debug build"]
fn of_ten_thousand_rows_exactly_those_that_others_changed_are_refused() {
    others_come_between(6_000, 4_000, 50, 20);
}

#[test]
fn every_kind_of_change_is_told() {
    let desk = desk("");
    desk.here.write("made.csv", file(1..=20, "Subject", "text"));
    import(&desk, "create", "made.csv", "made").expect(0);
    let ids = ids(&desk, "made");
    // Five change, five stay, five are archived, one is there and one is not.
    desk.here.write(
        "in.csv",
        file(1..=5, "Other", "text") + &rows(6..=10, "Subject", "text"),
    );
    let _planned = plan(&desk, "in.csv", "update", "-o plan", 2);
    desk.here.write("bin.csv", file(11..=15, "", ""));
    let _planned = plan(&desk, "bin.csv", "archive", "-o bin", 2);
    desk.here.write("new.csv", file(20..=22, "New", "text"));
    let _planned = plan(&desk, "new.csv", "create", "-o new", 2);

    update(&desk, &[ids["D-1"]], &json!({"subject": "theirs"}));
    // What somebody else did just so is a change as well.
    update(&desk, &[ids["D-2"]], &json!({"subject": "Other 2"}));
    // A property that the plan leaves alone, because it was as the row says.
    update(&desk, &[ids["D-3"]], &json!({"content": "theirs"}));
    // One that the rows do not speak of.
    update(&desk, &[ids["D-4"]], &json!({"hs_ticket_priority": "HIGH"}));
    update(&desk, &[ids["D-6"]], &json!({"subject": "theirs"}));
    desk.archive(&[ids["D-5"], ids["D-7"], ids["D-12"], ids["D-20"]]);
    let _new = desk.create(1, |_| json!({"desk_id": "D-21", "subject": "theirs"}));

    let keys = |run: &str, code: i32, plan: &str| {
        apply(&desk, plan, run).expect(code);
        let mut refused = refused(&desk, run);
        let keys = refused.remove("CHANGED_SINCE_PLAN").unwrap_or_default();
        assert!(refused.is_empty(), "{refused:?}");
        keys.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(
        keys("run", 3, "plan"),
        ["D-1", "D-2", "D-3", "D-5", "D-6", "D-7"]
    );
    let rows = desk.here.rows("run/refused.csv");
    let of = |key: &str| rows.iter().find(|row| row["Id"] == key).expect("refused");
    assert_eq!(of("D-1")["_column"], "Subject");
    assert_eq!(of("D-1")["_value"], "theirs");
    let hint = &of("D-1")["_hint"];
    assert!(
        hint.contains("the plan counted on \"Subject 1\" here, and the ticket holds \"theirs\""),
        "{hint}"
    );
    assert!(hint.contains("tickethaul retry"), "{hint}");
    assert_eq!(keys("bin-run", 3, "bin"), ["D-12"]);
    assert_eq!(keys("new-run", 3, "new"), ["D-20", "D-21"]);
    let subjects = subjects(&desk);
    assert_eq!(
        (&*subjects["D-1"], &*subjects["D-3"], &*subjects["D-4"]),
        ("theirs", "Subject 3", "Other 4")
    );
    // A retry carries the rows out on what the portal holds now.
    desk.run("retry new-run --run-dir again").expect(0);
    let again = summary(&desk, "again");
    assert_eq!(
        (&again["rows"]["done"], &again["rows"]["exists"]),
        (&json!(1), &json!(1)),
        "{again}"
    );
}

#[test]
fn a_link_that_was_cut_and_a_contact_that_is_gone_refuse_their_rows_alone() {
    let desk = desk("");
    desk.here.write("made.csv", file(1..=6, "Subject", "text"));
    import(&desk, "create", "made.csv", "made").expect(0);
    // D-1 to D-4 have their contacts, D-5 and D-6 get one that is there.
    let others = rows(5..=6, "Other", "text")
        .replace("p6@", "p1@")
        .replace("p5@", "p4@");
    let text = file(1..=2, "Other", "text") + &rows(3..=4, "Subject", "text") + &others;
    desk.here.write("in.csv", text);
    let planned = plan(&desk, "in.csv", "upsert", "-o plan", 2);
    assert_eq!(planned["links"], json!({"contacts": 2}), "{planned}");
    let ids = ids(&desk, "made");
    let contact = |key: &str| {
        let path = format!("/crm/v4/objects/tickets/{}/associations/contacts", ids[key]);
        desk.call("GET", &path, &Value::Null)["results"][0]["toObjectId"].to_string()
    };
    let of = ["D-1", "D-3", "D-4"].map(|key| (ids[key], contact(key)));
    for (ticket, contact) in &of[..2] {
        let path = format!("/crm/v4/objects/tickets/{ticket}/associations/contacts/{contact}");
        desk.call("DELETE", &path, &Value::Null);
    }
    let path = format!("/crm/v3/objects/contacts/{}", of[2].1);
    desk.call("DELETE", &path, &Value::Null);
    apply(&desk, "plan", "run").expect(3);
    let refused = refused(&desk, "run");
    let expected = ["D-1", "D-3", "D-4", "D-5"].map(str::to_owned);
    assert_eq!(
        refused["CHANGED_SINCE_PLAN"],
        expected.into(),
        "{refused:?}"
    );
    assert_eq!(refused.len(), 1, "{refused:?}");
    let subjects = subjects(&desk);
    let of = |key: &str| subjects[key].as_str();
    assert_eq!(
        ["D-1", "D-2", "D-5", "D-6"].map(of),
        ["Subject 1", "Other 2", "Subject 5", "Other 6"]
    );
}

#[test]
fn a_plan_is_applied_once_wherever_it_and_its_run_are_moved() {
    let desk = desk("");
    desk.here.write("in.csv", file(1..=3, "Subject", "text"));
    let _planned = plan(&desk, "in.csv", "create", "-o plan", 2);
    let copy = desk.here.path("copy");
    std::fs::create_dir(&copy).expect("a folder");
    for entry in std::fs::read_dir(desk.here.path("plan")).expect("a plan") {
        let entry = entry.expect("a file");
        let _bytes = std::fs::copy(entry.path(), copy.join(entry.file_name())).expect("a copy");
    }
    apply(&desk, "plan", "run").expect(0);
    apply(&desk, "copy", "twice")
        .expect(7)
        .says("was applied before, by the run");
    std::fs::rename(desk.here.path("run"), desk.here.path("moved")).expect("moved");
    apply(&desk, "plan", "twice")
        .expect(7)
        .says("was applied before, by the run");
    assert_eq!(subjects(&desk).len(), 3);
}

#[test]
fn a_plan_that_does_not_fit_any_more_is_not_applied() {
    let desk = desk("");
    desk.here.write("made.csv", file(1..=5, "Subject", "text"));
    import(&desk, "create", "made.csv", "made").expect(0);
    let mapping = desk.here.read("m.toml");
    let table = mapping.replace(
        "subject = \"Subject\"",
        "subject = { column = \"Subject\", map = { file = \"v.csv\" }, unmapped = \"keep\" }",
    );
    desk.here.write("v.csv", "from,to\nx,y\n");
    desk.here.write("m.toml", &table);
    let text = file(1..=5, "Other", "text");
    desk.here.write("in.csv", &text);
    let _planned = plan(&desk, "in.csv", "update", "-o plan", 2);
    let before = subjects(&desk);
    let refused = |words: &str, code: i32| {
        apply(&desk, "plan", "run").expect(code).says(words);
        assert!(!desk.here.path("run").exists(), "{words}");
    };
    desk.here
        .write("in.csv", text.replace("Other 3", "Third 3"));
    refused("is not the file that the plan was made of", 7);
    desk.here.write("in.csv", &text);
    desk.here.write("m.toml", &mapping);
    refused("has changed since the plan was made", 7);
    desk.here.write("m.toml", &table);
    desk.here.write("v.csv", "from,to\nx,z\n");
    refused("v.csv, which the mapping", 7);
    desk.here.write("v.csv", "from,to\nx,y\n");
    // Without a terminal nobody is asked, so --yes is needed where something changes.
    let args = ["apply", "plan", "--run-dir", "run"];
    desk.run(args).expect(64).says("--yes");
    let other = crate::support::reviewed::desk("");
    let args = [
        "apply",
        "plan",
        "--run-dir",
        "run",
        "--yes",
        "--base-url",
        other.sandbox.url(),
    ];
    desk.run(args).expect(7).says("the plan belongs to portal");
    desk.run("apply made --yes")
        .expect(7)
        .says("holds no plan.db");
    assert_eq!(subjects(&desk), before, "nothing was sent");
    desk.call("DELETE", "/crm/v3/properties/tickets/desk_id", &Value::Null);
    refused(
        "the portal holds property desk_id among the archived ones",
        7,
    );
}

#[test]
fn what_the_portal_lacks_is_created_when_the_plan_says_so() {
    let desk = FilledPortal::new("--rate off");
    let lent = crate::support::reviewed::desk("");
    desk.here.write("m.toml", lent.here.read("m.toml"));
    desk.here.write("in.csv", file(1..=3, "New", "text"));
    let args = "plan in.csv -m m.toml -o plan";
    desk.run(args)
        .expect(7)
        .says("the portal lacks the property desk_id");
    assert!(!desk.here.path("plan").exists());
    let planned = desk.run((args, "--create-properties")).expect(0);
    let said = "create what the portal lacks: the property desk_id";
    assert!(planned.stdout.contains(said), "{}", planned.stdout);
    desk.run("schema diff -m m.toml").expect(4);
    // Nothing that is there changes, so nobody is asked.
    desk.run("apply plan --run-dir run").expect(0);
    assert_eq!(summary(&desk, "run")["rows"]["done"], 3);
}

#[test]
fn a_run_that_is_resumed_is_held_to_its_plan_too() {
    let mut desk = desk("--trouble hold@2=committed:batch/update");
    desk.here.write("made.csv", file(1..=60, "Subject", "text"));
    import(&desk, "create", "made.csv", "made").expect(0);
    desk.here.write("in.csv", file(1..=60, "Other", "text"));
    let _planned = plan(&desk, "in.csv", "update", "-o plan", 2);
    let args = "apply plan --run-dir run --yes --batch-size 20 --concurrency 1 --horizon 0.2";
    assert!(desk.kill_tool_while_held(args));
    // The first ten are done, the next twenty are carried out and nobody knows it.
    let ids = ids(&desk, "made");
    update(
        &desk,
        &[ids["D-5"], ids["D-15"], ids["D-45"]],
        &json!({"subject": "theirs"}),
    );
    apply(&desk, "plan", "more")
        .expect(7)
        .says("was applied before");
    desk.run("resume run --horizon 0.2").expect(3);
    let changed: BTreeSet<String> = ["D-15", "D-45"].map(str::to_owned).into();
    assert_eq!(refused(&desk, "run")["CHANGED_SINCE_PLAN"], changed);
    let subjects = subjects(&desk);
    let theirs = subjects.values().filter(|subject| *subject == "theirs");
    assert_eq!(theirs.count(), 3);
    assert_eq!(summary(&desk, "run")["rows"]["done"], 58);
    // Without its plan the run does not continue.
    desk.here.write("more.csv", file(1..=60, "Third", "text"));
    let _planned = plan(&desk, "more.csv", "update", "-o more", 2);
    desk.run("apply more --run-dir late --yes --max-duration 0.000001")
        .expect(5);
    std::fs::rename(desk.here.path("more"), desk.here.path("moved")).expect("moved");
    desk.run("resume late").expect(7).says("holds no plan.db");
    std::fs::rename(desk.here.path("moved"), desk.here.path("more")).expect("moved");
    desk.run("resume late --max-duration 600").expect(0);
}
