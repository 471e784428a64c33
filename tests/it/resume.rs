//! Runs that stop and continue, as a user meets them: guards, limits, signals, folders
//! that can't be written, runs without keys.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::filled_portal::FilledPortal;
use crate::rehearsal::{Ended, Rehearsal, Served, TOKEN};

const MAPPING: &str = r#"
version = 1

[key]
property = "source_ticket_id"
column = "Id"

[properties]
subject = "Subject"
content = { column = "Body", optional = true }
hs_pipeline_stage = "Stage"

[[property]]
name = "source_ticket_id"
label = "Source ticket ID"
type = "string"
unique = true
"#;

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
    let _file = here.write("in.csv", rows(count));
    let _file = here.write("m.toml", MAPPING);
    here
}

const IMPORT: [&str; 7] = [
    "import",
    "in.csv",
    "-m",
    "m.toml",
    "--create-properties",
    "--run-dir",
    "run",
];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    IMPORT.into_iter().chain(more.iter().copied()).collect()
}

/// A run that came to its limit of ten rows: one that can be resumed.
fn limited(here: &Rehearsal, sandbox: &Served) {
    let _ended = here
        .run_against(sandbox, &with(&["--limit", "10"]))
        .expect(0)
        .says("tickethaul resume run --no-limit");
    assert_eq!(here.rows("run/done.csv").len(), 10);
}

fn tickets(here: &Rehearsal, sandbox: &Served) -> usize {
    let args = [
        "export",
        "--properties",
        "source_ticket_id",
        "-o",
        "held.csv",
    ];
    let _ended = here.run_against(sandbox, &args).expect(0);
    let rows = here.rows("held.csv");
    let keys: std::collections::BTreeSet<_> =
        rows.iter().map(|row| &row["source_ticket_id"]).collect();
    assert_eq!(keys.len(), rows.len(), "no key twice");
    rows.len()
}

#[test]
fn a_pilot_of_some_rows_goes_on_as_the_same_run() {
    let here = folder_with(250);
    let sandbox = here.serve(&["--rate", "off"]);
    limited(&here, &sandbox);
    let _ended = here
        .run_against(&sandbox, &["resume", "run"])
        .expect(5)
        .says("--no-limit");
    assert_eq!(tickets(&here, &sandbox), 10);
    let ended = here
        .run_against(&sandbox, &["resume", "run", "--no-limit", "--json"])
        .expect(0);
    let summary: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(summary["rows"]["done"], 250);
    assert_eq!(summary["read"], 250);
    assert_eq!(here.rows("run/done.csv").len(), 250);
    assert_eq!(tickets(&here, &sandbox), 250);
    let _ended = here
        .run_against(&sandbox, &["resume", "run"])
        .expect(0)
        .says("is finished");
}

#[test]
fn a_run_that_died_before_its_summary_writes_it_later() {
    let here = folder_with(30);
    let sandbox = here.serve(&["--rate", "off"]);
    let _ended = here.run_against(&sandbox, &with(&[])).expect(0);
    let summary = here.read("run/summary.json");
    fs::remove_file(here.path("run/summary.json")).expect("removed");
    let resume = ["resume", "run"];
    let _ended = here
        .run_against(&sandbox, &resume)
        .expect(0)
        .says("30 done");
    let again = here.read("run/summary.json");
    for one in [summary, again] {
        let json: serde_json::Value = serde_json::from_str(&one).expect("JSON");
        assert_eq!(
            (&json["read"], &json["rows"]["done"]),
            (&30.into(), &30.into())
        );
    }
    let _ended = here
        .run_against(&sandbox, &resume)
        .expect(0)
        .says("is finished: every row is settled");
}

#[test]
fn resume_takes_the_last_unfinished_run_and_runs_lists_them_all() {
    let here = folder_with(30);
    let import = ["import", "in.csv", "-m", "m.toml", "--limit", "10"];
    let _ended = here.run_embedded(&import).expect(0);
    let args = ["resume", "--no-limit"];
    // The run knows its portal: no flag is needed.
    let _ended = here.run(args).expect(0).says("30 done");
    let listed = here.run(["runs"]).expect(0);
    assert!(listed.stdout.contains("finished"), "{}", listed.stdout);
    let status = here.run(["status"]).expect(0);
    assert!(status.stdout.contains("30 done"), "{}", status.stdout);
    let json = here.run(["status", "--json"]).expect(0);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!(
        (&json["rows"]["done"], &json["unknown"]),
        (&30.into(), &0.into())
    );
    let _ended = here
        .run(["resume"])
        .expect(64)
        .says("no run in this folder is unfinished");
    let _ended = here
        .run(["resume", "nothing"])
        .expect(64)
        .says("there is no run nothing");
}

#[test]
fn a_changed_input_or_mapping_is_refused_with_what_differs() {
    let here = folder_with(50);
    let staged = "hs_pipeline_stage = { column = \"Stage\", map = { file = \"stages.csv\" } }";
    let mapping = MAPPING.replace("hs_pipeline_stage = \"Stage\"", staged);
    let _file = here.write("m.toml", &mapping);
    let _file = here.write("stages.csv", "from,to\nNew,New\n");
    let sandbox = here.serve(&["--rate", "off"]);
    limited(&here, &sandbox);
    let resume = ["resume", "run", "--no-limit"];

    let _file = here.write("in.csv", rows(51));
    let _ended = here
        .run_against(&sandbox, &resume)
        .expect(7)
        .says("it had ");
    let same_size = rows(50).replace("Ticket 49", "Ticket 4X");
    let _file = here.write("in.csv", same_size);
    let _ended = here
        .run_against(&sandbox, &resume)
        .expect(7)
        .says("its contents differ");
    let _file = here.write("in.csv", rows(50));

    let _file = here.write("stages.csv", "from,to\nNew,Closed\n");
    let _ended = here
        .run_against(&sandbox, &resume)
        .expect(7)
        .says("stages.csv, which the mapping")
        .says("has changed since the run began");
    let _file = here.write("stages.csv", "from,to\nNew,New\n");

    let changed = mapping.replace("subject = \"Subject\"", "subject = \"Body\"");
    let _file = here.write("m.toml", changed);
    let _ended = here
        .run_against(&sandbox, &resume)
        .expect(7)
        .says("line 9 was \"subject = \"Subject\"\" and is \"subject = \"Body\"\"");
    let _file = here.write("m.toml", &mapping);

    // Written again with the same contents: another time, the same file.
    let _ended = here.run_against(&sandbox, &resume).expect(0);
    assert_eq!(tickets(&here, &sandbox), 50);
}

#[test]
fn a_changed_schema_is_refused_with_what_differs() {
    let desk = FilledPortal::new(&["--rate", "off"]);
    let _file = desk.here.write("in.csv", rows(50));
    let extra = "\n[[property]]\nname = \"source_body\"\nlabel = \"Body\"\ntype = \"string\"\n";
    let mapping = MAPPING.replace("content =", "source_body =");
    let _file = desk.here.write("m.toml", format!("{mapping}{extra}"));
    limited(&desk.here, &desk.sandbox);
    let path = "/crm/v3/properties/tickets/source_body";
    let _none = desk.call("DELETE", path, &Value::Null);
    let resume = ["resume", "run", "--no-limit"];
    let _ended = desk
        .here
        .run_against(&desk.sandbox, &resume)
        .expect(7)
        .says("the portal has changed since the run began: property source_body is gone");
    assert_eq!(desk.here.rows("run/done.csv").len(), 10);
}

#[test]
fn another_portal_is_refused() {
    let here = folder_with(50);
    let sandbox = here.serve(&["--rate", "off"]);
    limited(&here, &sandbox);
    let other = here.serve(&["--rate", "off"]);
    let _ended = here
        .run_against(&other, &["resume", "run", "--no-limit"])
        .expect(7)
        .says("the run belongs to portal");
    assert_eq!(here.rows("run/done.csv").len(), 10);
}

#[test]
fn a_newer_journal_and_a_folder_without_one_are_told() {
    let here = folder_with(50);
    let sandbox = here.serve(&["--rate", "off"]);
    limited(&here, &sandbox);
    let db = rusqlite::Connection::open(here.path("run/run.db")).expect("the journal");
    db.pragma_update(None, "user_version", 99)
        .expect("a version");
    drop(db);
    let _ended = here
        .run_against(&sandbox, &["resume", "run"])
        .expect(7)
        .says("newer tickethaul");
    fs::create_dir(here.path("empty")).expect("a folder");
    let _ended = here
        .run_against(&sandbox, &["resume", "empty"])
        .expect(7)
        .says("holds no run.db");
}

/// A process of the tool that is running.
pub struct Going {
    child: Child,
    said: BufReader<std::process::ChildStderr>,
}

impl Going {
    pub fn start(mut command: Command) -> Going {
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the tool starts");
        let said = BufReader::new(child.stderr.take().expect("its stderr"));
        Going { child, said }
    }

    /// Waits until it says a line that fits; gives all that it said.
    pub fn until(&mut self, fits: impl Fn(&str) -> bool) -> String {
        let mut all = String::new();
        loop {
            let mut line = String::new();
            let read = self.said.read_line(&mut line).expect("its stderr");
            assert!(read > 0, "it ended without saying that:\n{all}");
            all.push_str(&line);
            if fits(&line) {
                return all;
            }
        }
    }

    pub fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status();
        assert!(sent.expect("kill runs").success());
    }

    pub fn end(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        let _read = std::io::Read::read_to_string(&mut self.said, &mut rest);
        let status = self.child.wait().expect("it ended");
        (status.code(), rest)
    }
}

/// An import that has to wait for the portal's allowance, so that it can be met on
/// its way.
fn slow_import(here: &Rehearsal, sandbox: &Served) -> Going {
    let mut command = here.command(with(&["--batch-size", "10", "--progress", "json"]));
    let _same = command
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
fn a_signal_lets_calls_end_and_names_the_command_that_goes_on() {
    let here = folder_with(2_000);
    let sandbox = here.serve(&["--rate", "40/2s"]);
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
    let _ended = here.run_against(&sandbox, &["resume", "run"]).expect(0);
    assert_eq!(tickets(&here, &sandbox), 2_000);
    assert_eq!(here.rows("run/done.csv").len(), 2_000);
}

#[test]
fn a_second_signal_leaves_at_once_and_a_held_lock_is_told() {
    let here = folder_with(1_500);
    let sandbox = here.serve(&["--rate", "40/2s"]);
    let mut going = slow_import(&here, &sandbox);
    let _ended = here
        .run_against(&sandbox, &["resume", "run"])
        .expect(7)
        .says(&format!("in use by process {}", going.child.id()));
    let status = here.run_against(&sandbox, &["status", "run"]).expect(0);
    assert!(status.stdout.contains("running"), "{}", status.stdout);
    going.signal("TERM");
    let _said = going.until(|line| line.contains("interrupt again to leave at once"));
    going.signal("TERM");
    let (code, said) = going.end();
    // Calls that were in flight may have ended before the second signal.
    assert!(matches!(code, Some(130 | 5)), "{code:?} {said}");
    let _ended = here.run_against(&sandbox, &["resume", "run"]).expect(0);
    assert_eq!(tickets(&here, &sandbox), 1_500);
    assert_eq!(here.rows("run/done.csv").len(), 1_500);
}

#[test]
fn a_folder_that_is_deleted_meanwhile_stops_the_run() {
    let here = folder_with(2_000);
    let sandbox = here.serve(&["--rate", "40/2s"]);
    let going = slow_import(&here, &sandbox);
    fs::rename(here.path("run"), here.path("moved")).expect("moved away");
    let (code, said) = going.end();
    assert_eq!(code, Some(7), "{said}");
    assert!(said.contains("it was deleted or moved"), "{said}");
    fs::rename(here.path("moved"), here.path("run")).expect("moved back");
    let _ended = here.run_against(&sandbox, &["resume", "run"]).expect(0);
    assert_eq!(tickets(&here, &sandbox), 2_000);
}

/// Runs the tool where `mount` has put a small file system over `place`.
fn mounted(here: &Rehearsal, sandbox: &Served, options: &str, args: &[&str]) -> Ended {
    let tool = env!("CARGO_BIN_EXE_tickethaul");
    let script = format!("mount -t tmpfs -o {options} none place && exec \"$@\"");
    let mut command = here.command([""; 0]);
    let mut inside = Command::new("unshare");
    let _same = inside
        .args([
            "--map-root-user",
            "--mount",
            "sh",
            "-c",
            &script,
            "sh",
            tool,
        ])
        .args(args)
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
    let sandbox = here.serve(&["--rate", "off"]);
    let import = [
        "import",
        "in.csv",
        "-m",
        "m.toml",
        "--create-properties",
        "--run-dir",
        "place/run",
    ];
    let full = mounted(&here, &sandbox, "size=1m", &import).expect(7);
    let told = full.stderr.contains("No space left") || full.stderr.contains("disk is full");
    assert!(told, "{}", full.stderr);
    assert!(full.stderr.contains("resume"), "{}", full.stderr);
    let held = tickets(&here, &sandbox);
    assert!(held < 20_000, "{held}");
    let read_only = mounted(&here, &sandbox, "ro", &import).expect(7);
    assert!(
        read_only
            .stderr
            .contains("nothing was written to the portal"),
        "{}",
        read_only.stderr
    );
    assert_eq!(tickets(&here, &sandbox), held);
}

#[test]
fn without_keys_a_lost_reply_leaves_its_rows_unknown_until_the_user_decides() {
    for (decision, held) in [("done", 100), ("resend", 140)] {
        let here = folder_with(100);
        let sandbox = here.serve(&[
            "--rate",
            "off",
            "--trouble",
            "post-502@2:tickets/batch/create",
        ]);
        let args = with(&["--no-key", "--batch-size", "40", "--concurrency", "1"]);
        let ended = here
            .run_against(&sandbox, &args)
            .expect(5)
            .says("40 unknown");
        assert!(ended.stderr.contains("--unknown done"), "{}", ended.stderr);
        assert_eq!(here.rows("run/done.csv").len(), 60);
        let status = here.run_against(&sandbox, &["status", "run"]).expect(0);
        assert!(status.stdout.contains("40 unknown"), "{}", status.stdout);

        let _ended = here
            .run_against(&sandbox, &["resume", "run"])
            .expect(5)
            .says("40 unknown");
        let resume = ["resume", "run", "--unknown", decision];
        let _ended = here
            .run_against(&sandbox, &resume)
            .expect(0)
            .says("100 done");
        let export = ["export", "--properties", "subject", "-o", "held.csv"];
        let _ended = here.run_against(&sandbox, &export).expect(0);
        assert_eq!(here.rows("held.csv").len(), held, "{decision}");
        assert_eq!(here.rows("run/done.csv").len(), 100, "{decision}");
    }
}
