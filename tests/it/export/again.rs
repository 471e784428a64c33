//! Exports to an existing target: the same export replaces it, another one is refused;
//! stopped exports are listed with their state, and leave newer files alone.

use std::fs;

use serde_json::json;

use crate::support::{Args, Ended, FilledPortal, OF_EXPORT};

const SUBJECT: &str = "--properties subject";

/// A portal with tickets of several months.
fn desk_of_months(tickets: usize) -> FilledPortal {
    let desk = FilledPortal::new("--rate off");
    let month = |n: usize| format!("2026-{:02}-15T12:00:00Z", 1 + n % 5);
    let _ids = desk.create(
        tickets,
        |n| json!({"subject": format!("Ticket {n}"), "createdate": month(n)}),
    );
    desk
}

#[test]
fn another_selection_never_takes_the_place_of_a_data_set() {
    let desk = desk_of_months(50);
    let parts = "--format jsonl -o lake";
    let whole = (SUBJECT, "--partition-by month(createdate)", parts);
    desk.export(whole).expect(0);
    let months = desk.names("lake/tickets");
    for (more, words) in [
        (
            "--where 'createdate >= 2026-04-01'",
            "--where createdate >= 2026-04-01 instead of none",
        ),
        ("--limit 5", "--limit 5 instead of none"),
        ("--archived include", "--archived include instead of no"),
        (
            "--properties content",
            "--properties subject,content instead of subject",
        ),
        ("--values both", "--values both instead of ids"),
    ] {
        for force in ["", "--force"] {
            desk.export((whole, more, force))
                .expect(64)
                .says(words)
                .says("--replace");
            assert_eq!(desk.names("lake/tickets"), months);
        }
    }
    desk.export((SUBJECT, "--partition-by year(createdate)", parts))
        .expect(64)
        .says("--partition-by year(createdate)");
    desk.export(whole).expect(0);
    assert_eq!(desk.names("lake/tickets"), months);
    // A part that was changed by hand makes it no less of a wider data set.
    let manifest = desk.here.json("lake/_manifest.json");
    let part = manifest["files"][0]["name"].as_str().expect("a part");
    desk.here.write(&format!("lake/{part}"), "edited by hand");
    desk.export((&whole, "--limit 1 --force"))
        .expect(64)
        .says("--limit 1 instead of none");
    assert_eq!(desk.names("lake/tickets"), months);
    desk.export((&whole, "--force")).expect(0);
    desk.export((&whole, "--limit 1 --replace")).expect(0);
    assert_eq!(desk.names("lake/tickets").len(), months.len() - 4);
}

#[test]
fn a_file_is_replaced_by_the_same_export_alone() {
    let (desk, ids) = FilledPortal::with_tickets(20);
    let nightly = (SUBJECT, "-o tickets.csv");
    for _night in 0..2 {
        desk.export(nightly).expect(0);
    }
    let fewer = (&nightly, "--limit 5");
    desk.export(fewer)
        .expect(64)
        .says("tickets.csv holds another export: --limit 5 instead of none");
    assert_eq!(desk.ids("tickets.csv"), ids);
    desk.export((&fewer, "--replace")).expect(0);
    assert_eq!(desk.ids("tickets.csv"), ids[..5]);
    desk.here.write("tickets.csv", "edited by hand");
    desk.export(fewer).expect(64).says("has been changed since");
    desk.export((&nightly, "--force"))
        .expect(64)
        .says("--limit none instead of 5");
    assert_eq!(desk.here.read("tickets.csv"), "edited by hand");
    desk.export((&fewer, "--force")).expect(0);
    assert_eq!(desk.ids("tickets.csv"), ids[..5]);
    let with_table = "-o other.csv --history hs_pipeline_stage";
    desk.here.write("other.history.csv", "mine");
    desk.export((SUBJECT, with_table))
        .expect(64)
        .says("other.history.csv is there already");
    assert_eq!(desk.here.read("other.history.csv"), "mine");
}

#[test]
fn a_folder_that_holds_more_than_an_export_is_never_thrown_away() {
    let desk = desk_of_months(10);
    let parts = (SUBJECT, "--partition-by month(createdate)");
    let args = (parts, "-o lake");
    fs::create_dir_all(desk.here.path("lake/precious")).expect("folders");
    desk.here
        .write("lake/_manifest.json", r#"{"made by": "another tool"}"#);
    desk.here.write("lake/precious/thesis.txt", "mine");
    for more in ["", "--force", "--replace"] {
        desk.export((&args, more))
            .expect(64)
            .says("is not an export");
        assert_eq!(desk.here.read("lake/precious/thesis.txt"), "mine");
    }
    let args = (parts, "-o own");
    desk.export(args).expect(0);
    desk.here.write("own/thesis.txt", "mine");
    desk.export((&args, "--force"))
        .expect(64)
        .says("thesis.txt is not part of the export");
    assert_eq!(desk.here.read("own/thesis.txt"), "mine");
}

#[test]
fn an_output_in_its_own_run_folder_is_refused() {
    let desk = desk_of_months(3);
    fs::create_dir(desk.here.path("exp")).expect("a folder");
    for (output, folder) in [
        ("exp/out.csv", "exp"),
        ("out.csv", "."),
        ("exp/o.csv", "./exp"),
    ] {
        desk.export((SUBJECT, &["-o", output, "--run-dir", folder]))
            .expect(64)
            .says("lies in the run folder");
        assert!(!desk.here.path(output).exists());
    }
}

/// What a resume is told so that it comes to its end: the export remembers its own.
const AT_ONCE: &str = "--rate 1000/1s --max-duration 60";

/// Resumes a run to its end.
fn resume(desk: &FilledPortal, run: impl Args) -> Ended {
    desk.run(("resume", run, AT_ONCE))
}

/// Whether a time with seconds stands in a text: `12:34:56`.
fn has_seconds(text: &str) -> bool {
    let is_time = |word: &str| {
        let parts: Vec<&str> = word.split(':').collect();
        let is_part = |part: &&str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        parts.len() == 3 && parts.iter().all(is_part)
    };
    text.split(|c: char| !c.is_ascii_digit() && c != ':')
        .any(is_time)
}

/// Stops an export to a file by its time.
fn stopped(desk: &FilledPortal, output: &str, more: impl Args) {
    let slow = format!("--rate 3/1s --max-duration 0.8 -o {output}");
    desk.export((SUBJECT, &slow, more)).expect(5);
}

#[test]
fn a_stopped_export_is_shown_and_says_what_it_is() {
    let desk = desk_of_months(1_500);
    stopped(&desk, "tickets.csv", "");
    let runs = desk.here.run("runs").expect(0).stdout;
    for words in ["export", "stopped", "tickets.csv", "begun"] {
        assert!(runs.contains(words), "{runs}");
    }
    let json = desk.here.run("runs --json").expect(0).json();
    assert_eq!(json[0]["operation"], "export");
    assert_eq!(json[0]["state"], "stopped");
    let status = desk.here.run("status").expect(0).stdout;
    assert!(
        status.contains("stopped") && status.contains("tickets read so far"),
        "{status}"
    );
    let resumed = resume(&desk, "").expect(0);
    let resumed = resumed
        .says("resuming export tickethaul-runs/")
        .says("tickets.csv");
    assert!(has_seconds(&resumed.stderr), "{}", resumed.stderr);
    assert!(desk.here.path("tickets.csv").is_file());
    let runs = desk.here.run("runs").expect(0).stdout;
    assert!(runs.contains("finished"), "{runs}");
    let status = desk.here.run("status").expect(0).stdout;
    assert!(status.contains("1,500 tickets exported"), "{status}");
    desk.exports_left_reports(1);
    let run = format!("tickethaul-runs/{}", desk.names("tickethaul-runs")[0]);
    let again = desk.here.run(format!("resume {run}")).expect(0);
    again.says("is finished, with 1,500 tickets");
}

#[test]
fn a_stopped_export_leaves_a_newer_file_alone() {
    let desk = desk_of_months(1_500);
    stopped(&desk, "tickets.csv", "--run-dir old");
    // Another run, as of another machine: this user's registry does not know the old one.
    fs::remove_dir_all(desk.here.path(".local")).expect("the registry");
    desk.export((SUBJECT, "-o tickets.csv")).expect(0);
    let newer = desk.here.read("tickets.csv.manifest.json");
    let named = "old --output tickets.csv";
    resume(&desk, named)
        .expect(7)
        .says("it is left alone")
        .says("--force");
    assert_eq!(desk.here.read("tickets.csv.manifest.json"), newer);
    resume(&desk, (named, "--force")).expect(0);
}

#[test]
fn a_stopped_export_whose_target_is_newer_is_shown_as_superseded() {
    let desk = desk_of_months(1_500);
    stopped(&desk, "tickets.csv", "");
    // Without the registry nobody vouches for the old run, so it is not given up.
    fs::remove_dir_all(desk.here.path(".local")).expect("the registry");
    desk.export((SUBJECT, "-o tickets.csv")).expect(0);
    let runs = desk.here.run("runs").expect(0).stdout;
    assert!(
        runs.contains("superseded") && !runs.contains("stopped"),
        "{runs}"
    );
    resume(&desk, "")
        .expect(64)
        .says("no run in this folder is unfinished");
}

#[test]
fn a_new_export_to_the_same_file_supersedes_a_stopped_one() {
    let desk = desk_of_months(1_500);
    stopped(&desk, "tickets.csv", "--run-dir old");
    desk.export((SUBJECT, "-o tickets.csv"))
        .expect(0)
        .says("the stopped export old");
    assert!(!desk.here.path("old").exists());
    desk.run("resume")
        .expect(64)
        .says("no run in this folder is unfinished");
}

/// Night after night that ends before its time does not fill the disk.
#[test]
fn of_stopped_exports_to_the_same_file_one_is_kept() {
    let desk = desk_of_months(1_500);
    for name in ["first", "second", "third"] {
        stopped(&desk, "tickets.csv", ["--run-dir", name]);
    }
    let kept = ["first", "second", "third"].map(|name| desk.here.path(name).exists());
    assert_eq!(kept, [false, true, true]);
    desk.export((SUBJECT, "-o tickets.csv"))
        .expect(0)
        .says("the stopped export third")
        .says_nothing_of("second");
    assert!(!desk.here.path("second").exists() && !desk.here.path("third").exists());
}

#[test]
fn a_fixed_run_folder_is_taken_over_from_a_stopped_export_to_the_same_file() {
    let desk = desk_of_months(1_500);
    stopped(&desk, "tickets.csv", ["--run-dir", "night"]);
    let to = |output| (SUBJECT, ["-o", output, "--run-dir", "night"]);
    // Pages that another export needs are not thrown away.
    let ended = desk.export(to("other.csv")).expect(64);
    let _ended = ended.says("is not empty").says("tickethaul resume");
    let lock = fs::File::open(desk.here.path("night/lock")).expect("a lock");
    lock.lock().expect("locked");
    let _ended = desk.export(to("tickets.csv")).expect(7).says("is in use");
    drop(lock);
    let ended = desk.export(to("tickets.csv")).expect(0);
    let _ended = ended.says("this one replaces it");
    assert_eq!(desk.names("night"), OF_EXPORT);
    assert_eq!(desk.here.rows("tickets.csv").len(), 1_500);
    let status = desk.here.run(["status", "night"]).expect(0).stdout;
    assert!(status.contains("1,500"), "{status}");
    // What an export left that had no room to begin.
    fs::create_dir(desk.here.path("short")).expect("a folder");
    let _lock = desk.here.write("short/lock", "");
    let _half = desk.here.write("short/export.json.new", "{");
    desk.export((SUBJECT, "-o short.csv --run-dir short"))
        .expect(0);
}

#[test]
fn what_the_export_did_not_make_stays_in_its_run_folder() {
    let desk = desk_of_months(1_500);
    stopped(&desk, "tickets.csv", "--run-dir old");
    desk.here.write("old/thesis.txt", "mine");
    resume(&desk, "old").expect(0);
    let left = [&OF_EXPORT[..], &["thesis.txt"]].concat();
    assert_eq!(desk.names("old"), left);
    // A fixed folder holds the last export, and is not taken where it holds more.
    let again = (SUBJECT, "-o tickets.csv --run-dir old");
    desk.export(again).expect(64).says("is not empty");
    assert_eq!(desk.names("old"), left);
    fs::remove_file(desk.here.path("old/thesis.txt")).expect("removed");
    let before = desk.here.read("old/summary.json");
    desk.export(again).expect(0);
    assert_eq!(desk.names("old"), OF_EXPORT);
    assert_ne!(desk.here.read("old/summary.json"), before);
}

#[test]
fn runs_in_folders_of_their_own_are_found() {
    let desk = desk_of_months(1_500);
    fs::create_dir_all(desk.here.path("elsewhere/deep")).expect("folders");
    stopped(&desk, "tickets.csv", "--run-dir elsewhere/deep/nightly");
    let runs = desk.here.run("runs").expect(0).stdout;
    assert!(runs.contains("nightly"), "{runs}");
    // By its name from another folder, with a target that does not move.
    fs::create_dir(desk.here.path("other")).expect("a folder");
    let in_other = |args: &str| desk.tool(args).in_folder("other").run();
    in_other("runs").expect(0).prints_nothing_of("nightly");
    // What was started in a folder below is of that folder.
    in_other("export --properties subject -o x.csv").expect(0);
    in_other("runs").expect(0).prints("/x.csv");
    desk.here.run("runs").expect(0).prints_nothing_of("/x.csv");
    desk.here.run("runs --all").expect(0).prints("/x.csv");
    in_other("runs --all").expect(0).prints("nightly");
    let status = in_other("status nightly").expect(0).stdout;
    assert!(status.contains("stopped"), "{status}");
    in_other(&format!("resume nightly {AT_ONCE}")).expect(0);
    assert!(desk.here.path("tickets.csv").is_file());
}

#[test]
fn imports_in_folders_of_their_own_are_found() {
    let desk = FilledPortal::new("--rate off");
    desk.here.write("t.csv", "Id,Subject\n1,a\n2,b\n3,c\n");
    let mapping = "version = 1\n[key]\nproperty = \"desk_id\"\ncolumn = \"Id\"\n\
         [[property]]\nname = \"desk_id\"\nlabel = \"FilledPortal\"\ntype = \"string\"\nunique = true\n\
         [properties]\nsubject = \"Subject\"\nhs_pipeline_stage = { value = \"New\" }\n";
    desk.here.write("m.toml", mapping);
    let import = "import t.csv -m m.toml --run-dir rehearsal --limit 1";
    desk.run((import, "--create-properties")).expect(0);
    let runs = desk.here.run("runs").expect(0).stdout;
    assert!(
        runs.contains("rehearsal") && runs.contains("at its limit"),
        "{runs}"
    );
    desk.run("resume --no-limit")
        .expect(0)
        .says("resuming rehearsal");
}
