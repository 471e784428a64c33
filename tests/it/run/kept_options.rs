//! The options of a run stay with it: a resume without options uses those of the run,
//! and one with options its own, which stay with the run from then on.

use std::time::Instant;

use serde_json::json;

use crate::support::{Args, Ended, FilledPortal, Rehearsal, Served, keyed};

const MAPPING: &str = keyed!(
    "source_ticket_id",
    r#"subject = "Subject"
hs_pipeline = { value = "Support Pipeline" }
hs_pipeline_stage = "Stage"
"#
);

/// Rows of which those with these numbers are refused.
fn rows(count: usize, bad: &[usize]) -> String {
    let mut text = "Id,Subject,Stage\n".to_owned();
    for id in 1..=count {
        let stage = if bad.contains(&id) { "Nowhere" } else { "New" };
        text.push_str(&format!("{id},Ticket {id},{stage}\n"));
    }
    text
}

fn here(csv: &str) -> Rehearsal {
    let here = Rehearsal::new();
    here.write("in.csv", csv);
    here.write("m.toml", MAPPING);
    here
}

/// The first ten rows of a run that is told something.
fn begin(here: &Rehearsal, portal: &Served, told: impl Args) -> Ended {
    let import = "import in.csv -m m.toml --create-properties";
    let limit = "--run-dir run --limit 10";
    here.run_against(portal, (import, limit, told))
}

fn resume(here: &Rehearsal, portal: &Served, told: impl Args) -> Ended {
    let resume = "resume run --no-limit";
    here.run_against(portal, (resume, told))
}

/// Lines of run.log that name this.
fn logged(here: &Rehearsal, words: &str) -> usize {
    let log = here.read("run/run.log");
    log.lines().filter(|line| line.contains(words)).count()
}

#[test]
fn every_option_stays_and_can_be_told_anew() {
    for (option, first, later) in [
        ("api", "v3", "2026-09"),
        ("batch-size", "7", "9"),
        ("concurrency", "3", "2"),
        ("horizon", "0.7", "1.5"),
        ("max-duration", "600", "500"),
        ("max-refused", "8", "9"),
        ("rate", "150/10s", "140/10s"),
        ("reserve", "20", "25"),
        ("timeout", "30", "20"),
        ("wait-for-limit", "true", "false"),
    ] {
        let here = here(&rows(30, &[]));
        let portal = here.serve("--rate off");
        let flag = format!("--{option}");
        begin(&here, &portal, format!("{flag}={first}")).expect(0);
        let again = here.run_against(&portal, "resume run");
        again.expect(5).says("--no-limit");
        let said = |ended: Ended, value: &str| {
            let words = format!("with the options of the run: {flag} {value}\n");
            assert!(ended.stderr.contains(&words), "{words}\n{}", ended.stderr);
        };
        // Told anew, and kept from then on: a run without a limit comes to its end.
        let db = rusqlite::Connection::open(here.path("run/run.db")).expect("the journal");
        let kept = |value: &str| {
            let sql = "SELECT value FROM meta WHERE name = 'told'";
            let told: String = db.query_row(sql, [], |row| row.get(0)).expect("told");
            let wanted = match option {
                "api" => format!("{{\"api\":\"{value}\"}}"),
                _ => format!("{{\"api\":\"2026-09\",\"{option}\":\"{value}\"}}"),
            };
            assert_eq!(told, wanted);
        };
        kept(first);
        let ended = match option {
            "rate" => resume(&here, &portal, [&flag, later]),
            _ => resume(&here, &portal, ""),
        };
        let value = if option == "rate" { later } else { first };
        said(ended.expect(0), value);
        kept(value);
    }
}

#[test]
fn a_rate_holds_after_a_resume() {
    let here = here(&rows(20, &[]));
    let portal = here.serve("--rate off");
    begin(&here, &portal, "--rate 2/500ms").expect(0);
    let started = Instant::now();
    resume(&here, &portal, "").expect(0);
    // Five calls and more, two at a time.
    assert!(
        started.elapsed().as_millis() >= 900,
        "{:?}",
        started.elapsed()
    );
}

#[test]
fn batches_and_paths_stay_as_told() {
    let here = here(&rows(60, &[]));
    let portal = here.serve("--rate off");
    begin(&here, &portal, "--batch-size 5 --api v3").expect(0);
    resume(&here, &portal, "").expect(0);
    assert_eq!(
        logged(&here, "POST /crm/v3/objects/tickets/batch/create"),
        12
    );
    assert_eq!(
        logged(&here, "POST /crm/objects/2026-09/tickets/batch/create"),
        0
    );
}

#[test]
fn a_run_of_an_earlier_version_keeps_the_paths_that_it_began_with() {
    for (told, paths) in [
        ("{}", "POST /crm/v3/objects/tickets/batch/create"),
        (
            r#"{"api":"2026-09"}"#,
            "POST /crm/objects/2026-09/tickets/batch/create",
        ),
    ] {
        let here = here(&rows(60, &[]));
        let portal = here.serve("--rate off");
        begin(&here, &portal, "").expect(0);
        let db = rusqlite::Connection::open(here.path("run/run.db")).expect("the journal");
        let sql = "UPDATE meta SET value = ?1 WHERE name = 'told'";
        let _one = db.execute(sql, [told]).expect("written");
        drop(db);
        let before = logged(&here, paths);
        resume(&here, &portal, "").expect(0);
        assert!(logged(&here, paths) > before, "{paths}");
        here.run_against(&portal, "verify run").expect(0);
    }
}

#[test]
fn deadline_and_horizon_stay_as_told() {
    let desk = FilledPortal::new("--rate off --trouble hang@2:tickets/batch/update");
    desk.here.write("in.csv", rows(30, &[]));
    desk.here.write("m.toml", MAPPING);
    let import = "import in.csv -m m.toml --run-dir";
    desk.run((import, "made --create-properties")).expect(0);
    let changed = rows(30, &[]).replace("Ticket", "Case");
    desk.here.write("in.csv", changed);
    let told = "run --op update --limit 10 --timeout 0.5 --horizon 0.5";
    desk.run((import, told)).expect(0);
    let started = Instant::now();
    resume(&desk.here, &desk.sandbox, "").expect(0);
    // Undisturbed defaults would take 100 s for the call and 120 s for its horizon.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn refusals_are_counted_from_the_resume() {
    let here = here(&rows(60, &[1, 2, 20, 21, 22, 23, 40, 41, 42]));
    let portal = here.serve("--rate off");
    begin(
        &here,
        &portal,
        "--max-refused 3 --batch-size 1 --concurrency 1",
    )
    .expect(3);
    let ended = resume(&here, &portal, "").expect(6);
    ended.says("more than --max-refused 3 allows");
    // Those that stopped it do not stop it again.
    let ended = here.run_against(&portal, "resume run").expect(3);
    ended.says("9 refused");
}

#[test]
fn time_that_is_up_stops_an_import_again() {
    let here = here(&rows(60, &[]));
    let slow = "slow=100ms:tickets/batch/create";
    let portal = here.serve(["--rate", "off", "--trouble", slow]);
    begin(&here, &portal, "--batch-size 1 --concurrency 1").expect(0);
    // Fifty rows take five seconds and more.
    let told = resume(&here, &portal, "--max-duration 1").expect(5);
    told.says("--max-duration of 1 s is over");
    resume(&here, &portal, "")
        .expect(5)
        .says("--max-duration of 1 s is over");
    resume(&here, &portal, "--max-duration 600").expect(0);
}

#[test]
fn an_export_is_resumed_as_it_was_told_or_is_told_anew() {
    let desk = FilledPortal::new("--rate off --trouble slow=200ms");
    let _ids = desk.create(1_000, |n| json!({"subject": format!("Ticket {n}")}));
    let export = "export --properties subject -o out.csv --run-dir run";
    let told = "--max-duration 1 --concurrency 1 --rate 3/1s";
    desk.run((export, told)).expect(5);
    desk.run("resume run --batch-size 5")
        .expect(64)
        .says("--batch-size means nothing to an export");
    desk.run("resume run").expect(5);
    desk.run("resume run --max-duration 600 --rate 500/1s")
        .expect(0);
    assert_eq!(desk.here.rows("out.csv").len(), 1_000);
}

#[test]
fn the_run_folder_is_tried_before_anything_is_written() {
    let here = here(&rows(20, &[]));
    let portal = here.serve("--rate off");
    // A file where the folder of all runs would be.
    here.write("tickethaul-runs", "no folder");
    here.run_against(&portal, "import in.csv -m m.toml --create-properties")
        .expect(7)
        .says("can't use the run folder")
        .says("nothing was written to the portal");
    let ended = here
        .run_against(&portal, "export --properties source_ticket_id")
        .expect(64);
    ended.says("the portal has no ticket property source_ticket_id");
}

#[test]
fn what_was_created_before_an_error_is_told() {
    let more = "[[property]]\nname = \"source_more\"\ntype = \"string\"\n";
    let here = here(&rows(20, &[]));
    here.write("m.toml", format!("{MAPPING}{more}"));
    let portal = here.serve("--rate off --trouble expired-token@5:properties/2026-09/tickets");
    let ended = here.run_against(
        &portal,
        "import in.csv -m m.toml --create-properties --run-dir run",
    );
    ended
        .expect(7)
        .says("can't create the property source_more")
        .says("left in the portal: properties source_ticket_id")
        .says_nothing_of("nothing was");
    assert!(!here.path("run").exists(), "the run did not begin");
}

/// Rows of an import that a day's calls are not enough for, and how it ends.
fn on_a_day(ends: &str, more: impl Args) -> (Rehearsal, Ended) {
    let here = here(&rows(30, &[]));
    let day = format!("day_ends={ends}");
    let portal = here.serve(["--switch", "daily_limit=9", "--switch", &day]);
    let import = "import in.csv -m m.toml --create-properties";
    let small = "--run-dir run --batch-size 5 --reserve 0";
    let ended = here.run_against(&portal, (import, small, more));
    (here, ended)
}

#[test]
fn a_day_whose_calls_are_used_up_ends_the_run_or_is_waited_for() {
    let (here, ended) = on_a_day("1h", "");
    ended.expect(5).says("daily limit of calls is used up");
    assert!(here.rows("run/done.csv").len() < 30);
    let (here, ended) = on_a_day("3s", "--wait-for-limit");
    ended
        .expect(0)
        .says("calls of today are used up: waiting for ")
        .says("(--wait-for-limit); Ctrl-C stops");
    assert_eq!(here.rows("run/done.csv").len(), 30);
    assert_eq!(logged(&here, "used up"), 1, "{}", here.read("run/run.log"));
    // The day after is far: the run's own time ends the wait, and a resume that is told
    // otherwise does not wait.
    let here = self::here(&rows(30, &[]));
    let portal = here.serve("--switch daily_limit=9 --switch day_ends=1h");
    let import = "import in.csv -m m.toml --create-properties";
    let small = "--run-dir run --batch-size 5 --reserve 0";
    let waiting = "--wait-for-limit --max-duration 0.5";
    here.run_against(&portal, (import, small, waiting))
        .expect(5)
        .says("used up: waiting for ")
        .says("--max-duration of 0.5 s is over");
    here.run_against(&portal, "resume run --wait-for-limit=false")
        .expect(5)
        .says("daily limit of calls is used up");
}
