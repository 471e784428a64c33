//! Plans of runs that upload files: what is counted, how its run is checked against it, and
//! that it uploads what was shown.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::Args;
use crate::support::conversation::Talk;
use crate::support::filed::{FOLDER, Filed, calm, check, talk_of};

const PLAN: &str = "plan in.jsonl -m m.toml --attachments attachments --json";

const QUICK: &str = "--switch file_search_lag=0s";

fn planned(talk: &Talk, more: impl Args, code: i32) -> Value {
    talk.run((PLAN, more), code).json()
}

fn apply(talk: &Talk, plan: &str, run: &str, code: i32) -> crate::support::Ended {
    talk.run(format!("apply {plan} --run-dir {run} --horizon 0.8"), code)
}

/// The sizes of all files, by id.
fn sizes(filed: &Filed) -> BTreeMap<&str, usize> {
    let all = filed.files.values().flatten();
    all.map(|file| (file.id.as_str(), file.bytes.len()))
        .collect()
}

#[test]
fn a_plan_counts_files_bytes_and_calls_and_its_run_uploads_them() {
    let filed = Filed::new(20);
    let talk = talk_of(&filed, QUICK);
    let shown = planned(&talk, "", 0);
    let plan = planned(&talk, "-o plan", 0);
    let sizes = sizes(&filed);
    let bytes: usize = sizes.values().sum();
    let files = json!({"files": sizes.len(), "bytes": bytes, "size_unknown": 0});
    for plan in [&shown, &plan] {
        assert_eq!(plan["import"]["files"], files);
        assert_eq!(plan["import"]["calls"]["files"], sizes.len() + 2);
    }
    let words = talk.desk.here.read("plan/plan.txt");
    let said = format!("upload {} files, ", sizes.len());
    assert!(
        words.contains(&said) && words.contains(" for files)"),
        "{words}"
    );
    let count = filed.count(true);
    let said = format!("{count} files uploaded");
    apply(&talk, "plan", "run", 0).says(&said);
    let summary = talk.summary("run");
    let calls = summary["calls"].as_u64().expect("a number");
    let most = plan["import"]["calls_at_most"].as_u64().expect("a number");
    assert!(calls <= most, "{calls} calls, and {most} were the most");
    check(&calm(talk), &filed, count, "applied");
}

/// What can't go in is shown beforehand, and a run is held to what the plan found.
#[test]
fn an_apply_is_refused_where_a_file_is_not_as_the_plan_found_it() {
    let filed = Filed::new(6);
    let talk = talk_of(&filed, QUICK);
    let mut files = filed.files.values().flatten();
    let mut path = || {
        let file = files.next().expect("a file");
        let path = format!("{FOLDER}/{}/{}", file.id, file.name);
        (talk.desk.here.path(&path), file.bytes.clone())
    };
    let ((lacking, bytes), (other, same)) = (path(), path());
    std::fs::remove_file(&lacking).expect("it was there");
    let plan = planned(&talk, "-o plan --detailed-exitcode", 3);
    assert_eq!(plan["refusals"][0]["code"], "FILE_MISSING", "{plan}");
    assert_eq!(plan["refused"], 1);
    assert_eq!(plan["import"]["files"]["files"], sizes(&filed).len() - 1);
    std::fs::write(&lacking, bytes).expect("written");
    apply(&talk, "plan", "run", 7).says("it was not there, and is now");
    std::fs::remove_file(&lacking).expect("it was there");
    std::fs::write(&other, "other bytes").expect("written");
    apply(&talk, "plan", "run", 7)
        .says("differ")
        .says("make a new plan");
    assert!(!talk.desk.here.path("run").exists());
    assert!(talk.all("tickets", "").is_empty(), "nothing was sent");
    // The same bytes under another date are the same file.
    std::fs::write(&other, same).expect("written");
    let said = format!("{} files uploaded", filed.count(true) - 1);
    apply(&talk, "plan", "run", 3).says(&said);
    let refused = talk.desk.here.read("run/refused.jsonl");
    assert!(refused.contains("FILE_MISSING"), "{refused}");
}

/// A plan that takes no files along is applied without them; one from elsewhere names no
/// folder whose files are uploaded.
#[test]
fn files_of_a_plan_come_from_where_it_says_and_somebody_vouches_for_it() {
    let filed = Filed::new(4);
    let talk = talk_of(&filed, QUICK);
    talk.run("plan in.jsonl -m m.toml -o plain", 0)
        .says("files are not uploaded");
    let args = ["apply", "plain", "--attachments", FOLDER];
    talk.run(args, 64).says("the plan takes no files along");
    let _plan = planned(&talk, "-o plan", 0);
    let here = talk.desk.here.path(".");
    std::fs::rename(here.join("plan"), here.join("moved")).expect("moved");
    apply(&talk, "moved", "run", 7).says("add `--attachments");
    let args = format!("apply moved --attachments {FOLDER} --run-dir run");
    talk.run((&args, "--horizon 0.8"), 0);
    check(&calm(talk), &filed, filed.count(true), "applied");
}

/// Of addresses only what the export says of sizes is known.
#[test]
fn sizes_that_nobody_says_are_counted_as_unknown() {
    let filed = Filed::new(4);
    let talk = talk_of(&filed, QUICK);
    let mut lines = filed.jsonl();
    let first = filed.files.values().next().expect("files")[0].bytes.len();
    lines = lines.replacen(&format!(",\"size\":{first}"), "", 1);
    talk.desk.here.write("in.jsonl", lines);
    let planned = |host: &str| {
        let plan = format!("plan in.jsonl -m m.toml --attachment-host {host}");
        talk.run(plan, 0)
    };
    planned("files.example").prints("and those of 1 more file, size unknown");
    planned("other.example").prints("FILE_HOST_NOT_ALLOWED");
}
