//! Runs and plans in the list, old ones removed, and the tickets of a run deleted.

use serde_json::{Value, json};

use crate::support::reviewed::{desk, file, ids, import, update};
use crate::support::{Args, FilledPortal};

fn json_of(desk: &FilledPortal, args: impl Args) -> Value {
    desk.run((args, "--json")).expect(0).json()
}

/// Names and states of what `runs` lists.
fn listed(desk: &FilledPortal) -> Vec<(String, String)> {
    let runs = json_of(desk, "runs");
    let text = |run: &Value, name: &str| run[name].as_str().unwrap_or_default().to_owned();
    let runs = runs.as_array().expect("a list").iter();
    runs.map(|run| (text(run, "run"), text(run, "state")))
        .collect()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, state): &(&str, &str)| ((*name).to_owned(), (*state).to_owned());
    of.iter().map(owned).collect()
}

#[test]
fn plans_are_listed_and_what_is_old_and_ours_is_removed() {
    let desk = desk([]);
    desk.here.write("in.csv", file(1..=30, "Subject", "text"));
    let plan = |op: &str, folder: &str| {
        desk.run(format!("plan in.csv -m m.toml --op {op} -o {folder}"))
            .expect(0);
    };
    plan("create", "first");
    desk.run("apply first --run-dir made --yes").expect(0);
    desk.here.write("other.csv", file(1..=30, "Other", "text"));
    let stopped = "--run-dir stopped --op update --max-duration 0.000001";
    desk.run((&["import", "other.csv", "-m", "m.toml"][..], stopped))
        .expect(5);
    plan("update", "second");
    import(&desk, "create", "in.csv", "noted").expect(0);
    let all = [
        ("first", "applied"),
        ("made", "finished"),
        ("stopped", "stopped"),
        ("second", "planned"),
        ("noted", "finished"),
    ];
    assert_eq!(listed(&desk), pairs(&all));
    let table = desk.here.run("runs").expect(0).stdout;
    assert!(table.contains("create: 30 create"), "{table}");
    let status = desk.here.run("status first").expect(0).stdout;
    assert!(
        status.contains("30 create") && status.contains("applied by"),
        "{status}"
    );

    desk.here.write("noted/notes.txt", "mine");
    let clean = |more: &str| json_of(&desk, ("runs clean", more));
    // Without a terminal nobody is asked.
    desk.here
        .run("runs clean --older-than 1s")
        .expect(64)
        .says("--yes");
    desk.here
        .run("runs clean --older-than soon --yes")
        .expect(64);
    let none = clean("--older-than 1h --yes");
    assert_eq!(none["removed"], json!([]));
    let removed = clean("--older-than 1ms --yes");
    assert_eq!(
        removed["removed"],
        json!(["first", "made", "second"]),
        "{removed}"
    );
    assert_eq!(listed(&desk), pairs(&[all[2], all[4]]));
    for gone in ["first", "made", "second"] {
        assert!(!desk.here.path(gone).exists(), "{gone}");
    }
    assert_eq!(desk.here.read("noted/notes.txt"), "mine");
    assert!(desk.here.path("noted/run.db").exists(), "all of it stays");
    let removed = clean("--older-than 1ms --unfinished --yes");
    assert_eq!(removed["removed"], json!(["stopped"]), "{removed}");
    assert_eq!(removed["left"][0]["folder"], "noted", "{removed}");
}

#[test]
fn all_tickets_that_a_run_created_are_deleted_whoever_changed_them() {
    let desk = desk([]);
    desk.here.write("in.csv", file(1..=60, "Subject", "text"));
    import(&desk, "create", "in.csv", "made").expect(0);
    desk.here.write("more.csv", file(51..=170, "Other", "text"));
    import(&desk, "upsert", "more.csv", "more").expect(0);
    let ids = ids(&desk, "more");
    update(&desk, &[ids["D-70"]], &json!({"subject": "theirs"}));
    desk.run("delete --run more").expect(64).says("--yes");
    let ended = desk
        .run("delete --run more --yes --run-dir gone --horizon 0.2")
        .expect(0);
    ended.says("archive 110 tickets that the run created, even where others changed them since");
    desk.export("--properties desk_id,subject --force -o all.csv")
        .expect(0);
    let left = desk.here.rows("all.csv");
    assert_eq!(left.len(), 60);
    let others = left
        .iter()
        .filter(|row| row["subject"].starts_with("Other"));
    assert_eq!(others.count(), 10, "what it updated stays as it is");
    let again = desk.run(args_again()).expect(0);
    again.says("110 before");
}

fn args_again() -> [&'static str; 4] {
    ["delete", "--run", "more", "--yes"]
}

#[test]
fn a_deletion_of_created_tickets_that_is_killed_goes_on_as_one() {
    let mut desk = desk(["--trouble", "hold@2=committed:tickets/batch/archive"]);
    desk.here.write("in.csv", file(1..=120, "Subject", "text"));
    import(&desk, "create", "in.csv", "made").expect(0);
    let ids = ids(&desk, "made");
    assert!(desk.kill_tool_while_held("delete --run made --yes --run-dir gone --horizon 0.2"));
    // The first rows come last; this one is not archived yet.
    update(&desk, &[ids["D-3"]], &json!({"subject": "theirs"}));
    desk.run("resume gone --horizon 0.2").expect(0);
    desk.export("--properties desk_id --force -o all.csv")
        .expect(0);
    assert_eq!(desk.here.rows("all.csv").len(), 0);
}
