//! Runs that stop and continue, as a user meets them: guards, limits, signals, folders
//! that can't be written, runs without keys.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::support::{Args, Ended, FilledPortal, Going, Rehearsal, Served, TOKEN, keyed};

const MAPPING: &str = keyed!(
    "source_ticket_id",
    r#"subject = "Subject"
content = { column = "Body", optional = true }
hs_pipeline_stage = "Stage"
"#
);

fn rows(count: usize) -> String {
    let mut text = "Id,Subject,Body,Stage\n".to_owned();
    for id in 1..=count {
        text.push_str(&format!("{id},Ticket {id},\"Body of {id}\",New\n"));
    }
    text
}

/// A folder with an input of so many rows and a mapping.
fn folder_with(count: usize) -> Rehearsal {
    let here = Rehearsal::new();
    here.write("in.csv", rows(count));
    here.write("m.toml", MAPPING);
    here
}

const IMPORT: &str = "import in.csv -m m.toml --create-properties --run-dir run";

/// A run that came to its limit of ten rows: one that can be resumed.
fn limited(here: &Rehearsal, sandbox: &Served) {
    here.run_against(sandbox, (IMPORT, "--limit 10"))
        .expect(0)
        .says("tickethaul resume run --no-limit");
    assert_eq!(here.rows("run/done.csv").len(), 10);
}

fn tickets(here: &Rehearsal, sandbox: &Served) -> usize {
    here.run_against(sandbox, "export --properties source_ticket_id -o held.csv")
        .expect(0);
    let rows = here.rows("held.csv");
    let keys: std::collections::BTreeSet<_> =
        rows.iter().map(|row| &row["source_ticket_id"]).collect();
    assert_eq!(keys.len(), rows.len(), "no key twice");
    rows.len()
}

#[test]
fn a_pilot_of_some_rows_goes_on_as_the_same_run() {
    let here = folder_with(250);
    let sandbox = here.serve("--rate off");
    limited(&here, &sandbox);
    here.run_against(&sandbox, "resume run")
        .expect(5)
        .says("--no-limit");
    assert_eq!(tickets(&here, &sandbox), 10);
    let summary = here
        .run_against(&sandbox, "resume run --no-limit --json")
        .expect(0)
        .json();
    assert_eq!(summary["rows"]["done"], 250);
    assert_eq!(summary["read"], 250);
    assert_eq!(here.rows("run/done.csv").len(), 250);
    assert_eq!(tickets(&here, &sandbox), 250);
    here.run_against(&sandbox, "resume run")
        .expect(0)
        .says("is finished");
}

#[test]
fn a_run_that_died_before_its_summary_writes_it_later() {
    let here = folder_with(30);
    let sandbox = here.serve("--rate off");
    here.run_against(&sandbox, IMPORT).expect(0);
    let summary = here.read("run/summary.json");
    fs::remove_file(here.path("run/summary.json")).expect("removed");
    let resume = "resume run";
    here.run_against(&sandbox, resume).expect(0).says("30 done");
    let again = here.read("run/summary.json");
    for one in [summary, again] {
        let json: serde_json::Value = serde_json::from_str(&one).expect("JSON");
        assert_eq!(
            (&json["read"], &json["rows"]["done"]),
            (&30.into(), &30.into())
        );
    }
    here.run_against(&sandbox, resume)
        .expect(0)
        .says("is finished: every row is settled");
}

#[test]
fn resume_takes_the_last_unfinished_run_and_runs_lists_them_all() {
    let here = folder_with(30);
    here.run_embedded("import in.csv -m m.toml --limit 10")
        .expect(0);
    // The run knows its portal: no flag is needed.
    here.run("resume --no-limit").expect(0).says("30 done");
    here.run("runs").expect(0).prints("finished");
    here.run("status").expect(0).prints("30 done");
    let json = here.run("status --json").expect(0).json();
    assert_eq!(
        (&json["rows"]["done"], &json["unknown"]),
        (&30.into(), &0.into())
    );
    here.run("resume")
        .expect(64)
        .says("no run in this folder is unfinished");
    here.run("resume nothing")
        .expect(64)
        .says("there is no run nothing");
}

#[test]
fn a_changed_input_or_mapping_is_refused_with_what_differs() {
    let here = folder_with(50);
    let staged = "hs_pipeline_stage = { column = \"Stage\", map = { file = \"stages.csv\" } }";
    let mapping = MAPPING.replace("hs_pipeline_stage = \"Stage\"", staged);
    here.write("m.toml", &mapping);
    here.write("stages.csv", "from,to\nNew,New\n");
    let sandbox = here.serve("--rate off");
    limited(&here, &sandbox);
    let resume = "resume run --no-limit";

    here.write("in.csv", rows(51));
    here.run_against(&sandbox, resume).expect(7).says("it had ");
    let same_size = rows(50).replace("Ticket 49", "Ticket 4X");
    here.write("in.csv", same_size);
    here.run_against(&sandbox, resume)
        .expect(7)
        .says("its contents differ");
    here.write("in.csv", rows(50));

    here.write("stages.csv", "from,to\nNew,Closed\n");
    here.run_against(&sandbox, resume)
        .expect(7)
        .says("stages.csv, which the mapping")
        .says("has changed since the run began");
    here.write("stages.csv", "from,to\nNew,New\n");

    let changed = mapping.replace("subject = \"Subject\"", "subject = \"Body\"");
    here.write("m.toml", changed);
    here.run_against(&sandbox, resume)
        .expect(7)
        .says("line 13 was \"subject = \"Subject\"\" and is \"subject = \"Body\"\"");
    here.write("m.toml", &mapping);

    // Written again with the same contents: another time, the same file.
    here.run_against(&sandbox, resume).expect(0);
    assert_eq!(tickets(&here, &sandbox), 50);
}

#[test]
fn a_changed_schema_is_refused_with_what_differs() {
    let desk = FilledPortal::new("--rate off");
    desk.here.write("in.csv", rows(50));
    let extra = "\n[[property]]\nname = \"source_body\"\nlabel = \"Body\"\ntype = \"string\"\n";
    let mapping = MAPPING.replace("content =", "source_body =");
    desk.here.write("m.toml", format!("{mapping}{extra}"));
    limited(&desk.here, &desk.sandbox);
    let path = "/crm/v3/properties/tickets/source_body";
    desk.call("DELETE", path, &Value::Null);
    desk.run("resume run --no-limit")
        .expect(7)
        .says("the portal has changed since the run began: property source_body is gone");
    assert_eq!(desk.here.rows("run/done.csv").len(), 10);
}

#[test]
fn another_portal_is_refused() {
    let here = folder_with(50);
    let sandbox = here.serve("--rate off");
    limited(&here, &sandbox);
    let other = here.serve("--rate off");
    here.run_against(&other, "resume run --no-limit")
        .expect(7)
        .says("the run belongs to portal");
    assert_eq!(here.rows("run/done.csv").len(), 10);
}

#[test]
fn a_newer_journal_and_a_folder_without_one_are_told() {
    let here = folder_with(50);
    let sandbox = here.serve("--rate off");
    limited(&here, &sandbox);
    let db = rusqlite::Connection::open(here.path("run/run.db")).expect("the journal");
    db.pragma_update(None, "user_version", 99)
        .expect("a version");
    drop(db);
    here.run_against(&sandbox, "resume run")
        .expect(7)
        .says("newer tickethaul");
    fs::create_dir(here.path("empty")).expect("a folder");
    here.run_against(&sandbox, "resume empty")
        .expect(7)
        .says("holds no run.db");
}

/// An import that has to wait for the portal's allowance, so that it can be met on
/// its way.
fn slow_import(here: &Rehearsal, sandbox: &Served) -> Going {
    let mut command = here.command((IMPORT, "--batch-size 10 --progress json"));
    command
        .env("TICKETHAUL_BASE_URL", sandbox.url())
        .env("HUBSPOT_ACCESS_TOKEN", TOKEN);
    let mut going = Going::start(command);
    let some_are_in = |line: &str| {
        let event: Option<serde_json::Value> = serde_json::from_str(line).ok();
        event.is_some_and(|event| event["rows"]["done"].as_u64() > Some(0))
    };
    let _said = going.until(some_are_in);
    going
}

#[test]
fn a_run_whose_journal_another_program_reads_ends_like_any_other() {
    let here = folder_with(1_200);
    let sandbox = here.serve("--rate 40/2s");
    let going = slow_import(&here, &sandbox);
    let journal = rusqlite::Connection::open(here.path("run/run.db")).expect("a journal");
    let count = |fate: &str| {
        let sql = "SELECT count(*) FROM row WHERE fate = ?1";
        journal.query_row(sql, [fate], |row| row.get::<_, usize>(0))
    };
    assert!(count("done").expect("it can be read meanwhile") < 1_200);
    let (code, said) = going.end();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(count("done"), Ok(1_200));
    drop(journal);
    assert_eq!(tickets(&here, &sandbox), 1_200);
}

#[test]
fn a_signal_lets_calls_end_and_names_the_command_that_goes_on() {
    let here = folder_with(2_000);
    let sandbox = here.serve("--rate 40/2s");
    let going = slow_import(&here, &sandbox);
    going.signal("INT");
    let (code, said) = going.end();
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("tickethaul resume run"), "{said}");
    let done = here.rows("run/done.csv").len();
    assert!(done < 2_000, "it stopped on its way: {done}");
    assert_eq!(
        tickets(&here, &sandbox),
        done,
        "what is in the portal is settled"
    );
    here.run_against(&sandbox, "resume run").expect(0);
    assert_eq!(tickets(&here, &sandbox), 2_000);
    assert_eq!(here.rows("run/done.csv").len(), 2_000);
}

#[test]
fn a_second_signal_leaves_at_once_and_a_held_lock_is_told() {
    let here = folder_with(1_500);
    let sandbox = here.serve("--rate 40/2s");
    let mut going = slow_import(&here, &sandbox);
    here.run_against(&sandbox, "resume run")
        .expect(7)
        .says(&format!("in use by process {}", going.id()));
    here.run_against(&sandbox, "status run")
        .expect(0)
        .prints("running");
    going.signal("TERM");
    let _said = going.until(|line| line.contains("interrupt again to leave at once"));
    going.signal("TERM");
    let (code, said) = going.end();
    // Calls that were in flight may have ended before the second signal.
    assert!(matches!(code, Some(130 | 5)), "{code:?} {said}");
    here.run_against(&sandbox, "resume run").expect(0);
    assert_eq!(tickets(&here, &sandbox), 1_500);
    assert_eq!(here.rows("run/done.csv").len(), 1_500);
}

#[test]
fn a_folder_that_is_deleted_meanwhile_stops_the_run() {
    let here = folder_with(2_000);
    let sandbox = here.serve("--rate 40/2s");
    let going = slow_import(&here, &sandbox);
    fs::rename(here.path("run"), here.path("moved")).expect("moved away");
    let (code, said) = going.end();
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains("it was deleted or moved"), "{said}");
    fs::rename(here.path("moved"), here.path("run")).expect("moved back");
    here.run_against(&sandbox, "resume run").expect(0);
    assert_eq!(tickets(&here, &sandbox), 2_000);
}

/// Runs the tool where `mount` has put a small file system over `place`.
fn mounted(here: &Rehearsal, sandbox: &Served, options: &str, args: impl Args) -> Ended {
    let tool = env!("CARGO_BIN_EXE_tickethaul");
    let script = format!("mount -t tmpfs -o {options} none place && exec \"$@\"");
    let mut command = here.command([""; 0]);
    let mut inside = Command::new("unshare");
    inside
        .args([
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            &script,
            "sh",
            tool,
        ])
        .args(args.words())
        .current_dir(here.path(""))
        .env("TICKETHAUL_BASE_URL", sandbox.url())
        .env("HUBSPOT_ACCESS_TOKEN", TOKEN);
    std::mem::swap(&mut command, &mut inside);
    here.finish(command)
}

#[test]
fn a_full_disk_and_a_read_only_folder_are_told() {
    let here = folder_with(20_000);
    fs::create_dir(here.path("place")).expect("a folder");
    let sandbox = here.serve("--rate off");
    let import = "import in.csv -m m.toml --create-properties --run-dir place/run";
    let full = mounted(&here, &sandbox, "size=1m", import).expect(7);
    let told = full.stderr.contains("No space left") || full.stderr.contains("disk is full");
    assert!(told, "{}", full.stderr);
    assert!(full.stderr.contains("resume"), "{}", full.stderr);
    let held = tickets(&here, &sandbox);
    assert!(held < 20_000, "{held}");
    mounted(&here, &sandbox, "ro", import)
        .expect(7)
        .says("nothing was written to the portal");
    assert_eq!(tickets(&here, &sandbox), held);
}

#[test]
fn without_keys_a_lost_reply_leaves_its_rows_unknown_until_the_user_decides() {
    for (decision, held) in [("done", 100), ("resend", 140)] {
        let here = folder_with(100);
        let sandbox = here.serve("--rate off --trouble post-502@2:tickets/batch/create");
        let args = (IMPORT, "--no-key --batch-size 40 --concurrency 1");
        here.run_against(&sandbox, args)
            .expect(5)
            .says("40 unknown")
            .says("--unknown done");
        assert_eq!(here.rows("run/done.csv").len(), 60);
        here.run_against(&sandbox, "status run")
            .expect(0)
            .prints("40 unknown");

        here.run_against(&sandbox, "resume run")
            .expect(5)
            .says("40 unknown");
        let resume = ["resume", "run", "--unknown", decision];
        here.run_against(&sandbox, resume)
            .expect(0)
            .says("100 done");
        here.run_against(&sandbox, "export --properties subject -o held.csv")
            .expect(0);
        assert_eq!(here.rows("held.csv").len(), held, "{decision}");
        assert_eq!(here.rows("run/done.csv").len(), 100, "{decision}");
    }
}
