//! `undo`: a portal after an undo is as it was before the run, but for what others touched
//! since, however often the undo was killed.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::reviewed::{desk, file, ids, import, rows, update};

fn undo(desk: &Desk, run: &str, more: &[&str], code: i32) -> Value {
    let args = [&["undo", run, "--yes", "--json", "--horizon", "0.2"], more].concat();
    let ended = desk.here.run_against(&desk.sandbox, &args).expect(code);
    serde_json::from_str(&ended.stdout).expect("JSON")
}

/// Everything that is live, with its values and contacts, by key.
fn portal(desk: &Desk) -> BTreeMap<String, String> {
    let names = "desk_id,subject,content,hs_pipeline_stage,hs_ticket_priority";
    let args = [
        "--properties",
        names,
        "--with",
        "contacts.email",
        "--force",
        "-o",
        "all.csv",
    ];
    let _ended = desk.export(&args).expect(0);
    let rows = desk.here.rows("all.csv").into_iter();
    rows.map(|row| (row["desk_id"].clone(), format!("{row:?}")))
        .collect()
}

#[test]
fn what_a_create_made_goes_and_can_be_made_again() {
    for holds in ["archived_holds_unique=blocks", "archived_holds_unique=free"] {
        let desk = desk(&["--switch", holds]);
        let _file = desk.here.write("in.csv", file(1..=120, "Subject", "text"));
        let _ended = import(&desk, "create", "in.csv", "run").expect(0);
        let ids = ids(&desk, "run");
        update(&desk, &[ids["D-3"]], &json!({"subject": "edited"}));
        let _linked = desk.link_contacts(&[ids["D-4"]], 1);

        let planned = undo(&desk, "run", &["--plan"], 0);
        assert_eq!(
            (&planned["archived"], &planned["left"]["TOUCHED"]),
            (&json!(118), &json!(1))
        );
        assert_eq!(portal(&desk).len(), 120, "a plan changes nothing");

        let undone = undo(&desk, "run", &["--run-dir", "back"], 3);
        assert_eq!(undone["archived"], 118, "{undone}");
        assert_eq!(undone["left"], json!({"TOUCHED": 1, "LINKED_BY_OTHERS": 1}));
        let left: Vec<String> = portal(&desk).into_keys().collect();
        assert_eq!(left, ["D-3", "D-4"], "{holds}");
        let status = desk.here.run(["status", "back", "--json"]).expect(0);
        let status: Value = serde_json::from_str(&status.stdout).expect("JSON");
        assert_eq!(status["state"], "finished", "{status}");
        let listed = desk.here.rows("back/undo.csv");
        assert_eq!(listed.len(), 120);
        let touched = listed
            .iter()
            .find(|row| row["_key"] == "D-3")
            .expect("listed");
        let told = [
            &*touched["_undone"],
            &*touched["_property"],
            &*touched["_value"],
        ];
        assert_eq!(told, ["left", "subject", "edited"]);
        assert_eq!(touched["_ticket_id"], ids["D-3"].to_string());
        // The same import again makes all of it anew.
        let _ended = import(&desk, "create", "in.csv", "again").expect(0);
        let again = desk.here.rows("again/done.csv");
        let exist = again.iter().filter(|row| row["_fate"] == "exists").count();
        assert_eq!(
            (again.len(), exist, portal(&desk).len()),
            (120, 2, 120),
            "{holds}"
        );
    }
}

#[test]
fn what_an_upsert_changed_is_as_it_was_before() {
    let desk = desk(&[]);
    let _file = desk.here.write("in.csv", file(1..=60, "Subject", "text"));
    let _ended = import(&desk, "create", "in.csv", "run").expect(0);
    let before = portal(&desk);
    // Twenty stay as they are, forty change twice, ten are new.
    let twice = file(1..=40, "First", "other") + &rows(1..=70, "Second", "");
    let twice = twice.replace("Second 5", "Subject 5");
    let _file = desk.here.write("twice.csv", twice);
    let _ended = import(&desk, "upsert", "twice.csv", "twice").expect(0);
    let ids = ids(&desk, "run");
    update(
        &desk,
        &[ids["D-7"]],
        &json!({"subject": "mine", "hs_ticket_priority": "HIGH"}),
    );

    let undone = undo(&desk, "twice", &["--run-dir", "back"], 3);
    assert_eq!(
        (&undone["archived"], &undone["left"]["TOUCHED"]),
        (&json!(10), &json!(2)),
        "{undone}"
    );
    let after = portal(&desk);
    let differ: Vec<&String> = before
        .keys()
        .filter(|key| after.get(*key) != before.get(*key))
        .collect();
    assert_eq!((before.len(), after.len()), (60, 60));
    assert_eq!(differ, ["D-7"]);
    // Nothing is left to do.
    let again = undo(&desk, "twice", &["--plan"], 0);
    assert_eq!(
        (&again["archived"], &again["restored"]),
        (&json!(0), &json!(0)),
        "{again}"
    );
}

#[test]
fn an_undo_that_is_killed_ends_as_if_it_had_not_been() {
    for (call, operation) in [("batch/archive", "create"), ("batch/update", "upsert")] {
        for state in ["received", "committed", "answered"] {
            let mut desk = desk(&["--trouble", &format!("hold@2={state}:tickets/{call}")]);
            let _file = desk.here.write("in.csv", file(1..=120, "Subject", "text"));
            let _ended = import(&desk, "create", "in.csv", "run").expect(0);
            let mut before = portal(&desk);
            if operation == "upsert" {
                let _file = desk.here.write("other.csv", file(1..=120, "Other", ""));
                let _ended = import(&desk, "upsert", "other.csv", "other").expect(0);
            } else {
                before.clear();
            }
            let of = if operation == "upsert" {
                "other"
            } else {
                "run"
            };
            let args = ["undo", of, "--yes", "--run-dir", "back", "--horizon", "0.2"];
            assert!(desk.kill_tool_while_held(&args), "{call} {state}");
            let args = ["resume", "back", "--horizon", "0.2"];
            let _ended = desk.here.run_against(&desk.sandbox, &args).expect(0);
            assert_eq!(portal(&desk), before, "{call} {state}");
            let listed = desk.here.rows("back/undo.csv");
            assert_eq!(listed.len(), 120, "{call} {state}");
            let word = if operation == "upsert" {
                "updated"
            } else {
                "archived"
            };
            assert!(
                listed.iter().all(|row| row["_undone"] == word),
                "{call} {state}"
            );
        }
    }
}

#[test]
fn what_can_not_be_undone_is_listed() {
    let desk = desk(&[]);
    let _file = desk.here.write("in.csv", file(1..=8, "Subject", "text"));
    let _ended = import(&desk, "create", "in.csv", "run").expect(0);
    let _file = desk.here.write("blind.csv", file(1..=8, "Blind", "text"));
    let args = [
        "import",
        "blind.csv",
        "-m",
        "m.toml",
        "--op",
        "update",
        "--blind",
        "--run-dir",
        "blind",
    ];
    let _ended = desk.here.run_against(&desk.sandbox, &args).expect(0);
    assert_eq!(
        undo(&desk, "blind", &[], 3)["left"],
        json!({"NOT_KNOWN": 8})
    );
    let args = [
        "import",
        "in.csv",
        "-m",
        "m.toml",
        "--op",
        "archive",
        "--yes",
        "--run-dir",
        "gone",
    ];
    let _ended = desk.here.run_against(&desk.sandbox, &args).expect(0);
    assert_eq!(
        undo(&desk, "gone", &[], 3)["left"],
        json!({"ARCHIVED_BY_RUN": 8})
    );
    assert_eq!(undo(&desk, "run", &[], 3)["left"], json!({"NOT_LIVE": 8}));
    // Nobody is asked without a terminal.
    let args = ["undo", "run"];
    let _ended = desk
        .here
        .run_against(&desk.sandbox, &args)
        .expect(64)
        .says("--yes");
}
