//! Exports that are ended by force or by their time and continue: the file is, byte for
//! byte, the one of an export that nothing disturbed, in every form.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use serde_json::json;

use crate::support::{Args, FilledPortal, OF_EXPORT};

/// Starts an export, and ends it by force once it has come so far or is finished.
fn killed_once(desk: &FilledPortal, args: impl Args, so_far: impl Fn() -> bool) {
    let mut child = desk
        .tool(args)
        .command()
        .stderr(Stdio::null())
        .spawn()
        .expect("the tool starts");
    while child.try_wait().expect("a child").is_none() && !so_far() {
        std::thread::yield_now();
    }
    let _gone = child.kill();
    let _ended = child.wait();
}

/// The same, once it has so many pages of tickets and of links.
fn killed_after(desk: &FilledPortal, args: impl Args, pages: usize) {
    let spools = ["live", "archived", "links", "contacts"];
    killed_once(desk, args, || {
        spools
            .iter()
            .map(|name| pages_of(desk, name))
            .sum::<usize>()
            >= pages
    });
}

/// Pages that the run has in a spool so far.
fn pages_of(desk: &FilledPortal, spool: &str) -> usize {
    let path = desk.here.path(&format!("run/{spool}.pages"));
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().count()
}

/// The file itself, or the rows of a data set's tables, without what is told of a run.
fn data(desk: &FilledPortal, name: &str) -> Vec<u8> {
    if name.ends_with(".parquet") {
        // Each file says in itself which run wrote it.
        let rows = crate::support::parquet_rows(&desk.here.path(name));
        return format!("{rows:?}").into_bytes();
    }
    if desk.here.path(name).is_file() {
        return fs::read(desk.here.path(name)).expect("a file");
    }
    let tables = [
        "tickets", "deleted", "history", "links", "contacts", "owners",
    ];
    let rows = tables.map(|table| crate::support::data_set::table(desk, name, table));
    assert!(rows.iter().all(|rows| !rows.is_empty()), "an empty table");
    format!("{rows:?}").into_bytes()
}

/// Kills an export to `killed` ten times and resumes it to its end, beside one to
/// `whole` that nothing disturbs; all their files must be the same.
fn killed_ten_times(
    desk: &FilledPortal,
    more: &str,
    (whole, killed): (&str, &str),
    tables: [&str; 2],
) {
    let export = |file| format!("export -o {file} --run-dir run --rate 20/500ms {more}");
    desk.run(export(whole)).expect(0);
    let mut random = fastrand::Rng::with_seed(u64::from(desk.sandbox.id()));
    let mut pages = 0;
    for kill in 0..10 {
        pages += random.usize(1..4);
        match kill {
            0 => killed_after(desk, export(killed), pages),
            _ => killed_after(desk, "resume run", pages),
        }
        assert!(
            !desk.here.path(killed).exists(),
            "kill {kill}: whole or not at all"
        );
        assert!(
            desk.here.path("run/export.json").is_file(),
            "kill {kill}: it can go on"
        );
    }
    let resume = desk.run("resume run");
    resume.expect(0);
    for (whole, killed) in [(whole, killed), (tables[0], tables[1])] {
        let (whole, killed) = (data(desk, whole), data(desk, killed));
        assert!(!whole.is_empty() && whole == killed, "the files differ");
    }
    assert_eq!(desk.names("run"), OF_EXPORT, "no page is left over");
}

#[test]
fn killed_ten_times_and_resumed_it_is_the_same_csv() {
    let desk = FilledPortal::new("--rate off");
    let _ids = desk.create(4_000, |n| json!({"subject": format!("Ticket {n}")}));
    let more = "--properties subject,createdate";
    let files = ("whole.csv.gz", "killed.csv.gz");
    killed_ten_times(&desk, more, files, [files.0, files.1]);
    let hash = |file: &str| {
        let manifest = desk.here.json(&format!("{file}.manifest.json"));
        manifest["files"][0]["blake3"].clone()
    };
    assert_eq!(hash(files.0), hash(files.1));
}

/// A portal whose export has several pages of everything.
fn desk_with_links_and_history(more: impl Args) -> FilledPortal {
    let desk = FilledPortal::new(("--rate off", more));
    let month = |n: usize| format!("2026-{:02}-15T12:00:00Z", 1 + n % 5);
    let subject = |n| json!({"subject": format!("Ticket {n}"), "createdate": month(n)});
    let ids = desk.create(2_300, subject);
    desk.link_contacts(&ids[..40], 3);
    desk.archive(&ids[100..250]);
    desk
}

const EVERYTHING: &str = "--properties subject,createdate --history hs_pipeline_stage \
                          --with contacts.email --archived include";

#[test]
fn killed_ten_times_and_resumed_it_is_the_same_parquet_with_its_tables() {
    let files = ("whole.parquet", "killed.parquet");
    let tables = ["whole.history.parquet", "killed.history.parquet"];
    killed_ten_times(&desk_with_links_and_history(""), EVERYTHING, files, tables);
}

#[test]
fn killed_ten_times_and_resumed_it_is_the_same_folder_of_parts() {
    let parts = "--partition-by month(createdate) --format csv --link-tables";
    let more = format!("{EVERYTHING} {parts}");
    let tables = ["whole", "killed"];
    killed_ten_times(
        &desk_with_links_and_history(""),
        &more,
        ("whole", "killed"),
        tables,
    );
}

#[test]
fn links_that_were_read_are_not_read_again() {
    let desk = desk_with_links_and_history("--trouble slow=50ms");
    let fixed = "export -o a.csv --run-dir run";
    let more = "--with contacts --concurrency 1";
    killed_once(&desk, (fixed, "--properties subject", more), || {
        pages_of(&desk, "links") > 0
    });
    assert!(
        desk.here.path("run/whole.json").is_file(),
        "no ticket is listed again"
    );
    let resume = desk.run("resume run");
    resume.expect(0);
    let manifest = desk.here.json("a.csv.manifest.json");
    let calls = manifest["calls"].as_u64().expect("a number");
    // What a new export asks of the portal first, and the rest of the links.
    assert!(calls < 12, "{calls} calls for the rest");
    let linked = desk.column("a.csv", "contacts");
    assert_eq!(
        linked
            .iter()
            .filter(|cell| cell.split(';').count() == 3)
            .count(),
        40
    );
}

#[test]
fn an_export_out_of_time_goes_on_later() {
    let desk = FilledPortal::new("--rate off");
    let ids = desk.create(3_000, |n| json!({"subject": format!("Ticket {n}")}));
    let args = "--properties subject -o a.csv --max-duration 0.4 --rate 10/1s";
    let ended = desk.export(args).expect(5).says("tickethaul resume");
    assert!(!desk.here.path("a.csv").exists(), "{}", ended.stderr);
    // Each takes up what the one before left, until the time is enough.
    let more = |_| desk.run("resume").code;
    let codes: Vec<i32> = (0..40).map(more).take_while(|code| *code == 5).collect();
    assert!(!codes.is_empty() && codes.len() < 40, "{codes:?}");
    assert_eq!(desk.ids("a.csv"), ids);
    desk.exports_left_reports(1);
}

#[test]
fn two_exports_do_not_write_one_file() {
    let desk = FilledPortal::new("--rate off");
    let _ids = desk.create(1_500, |n| json!({"subject": format!("Ticket {n}")}));
    let args = "export --properties subject -o a.csv --run-dir run --rate 5/1s";
    let mut first = desk.tool(args).command().spawn().expect("the tool starts");
    while !desk.here.path(".a.csv.tickethaul-part").exists() {
        assert!(first.try_wait().expect("a child").is_none());
        std::thread::yield_now();
    }
    desk.export("--properties subject -o a.csv")
        .expect(7)
        .says("a.csv: another process is writing it");
    let _gone = first.kill();
    let _ended = first.wait();
}

#[test]
fn a_resume_holds_the_portal_against_the_export() {
    let desk = FilledPortal::new("--rate off");
    let _ids = desk.create(2_000, |n| json!({"subject": format!("Ticket {n}")}));
    let args = "export --all-properties -o a.csv --run-dir run --rate 20/500ms";
    killed_after(&desk, args, 2);
    let body = json!({
        "name": "a_new_one", "label": "New", "groupName": "ticketinformation",
        "type": "string", "fieldType": "text",
    });
    desk.call("POST", "/crm/v3/properties/tickets", &body);
    let resume = desk.run("resume run");
    resume.expect(7).says("properties have changed");
}

/// The portal that does not answer is asked again and again: the time that was given counts
/// from the beginning, and so does a signal.
#[test]
fn waits_for_the_portal_end_with_the_time_or_a_signal() {
    let args = "--properties subject -o a.csv";
    for (silent, words) in [
        ("search", "tickethaul resume"),
        ("properties", "before any ticket was read"),
    ] {
        let trouble = format!("503@100%:{silent}");
        let desk = FilledPortal::new(format!("--rate off --trouble {trouble}"));
        let ended = desk
            .export((args, "--max-duration 0.4 --where 'subject = a'"))
            .expect(5)
            .says("(--max-duration)");
        ended.says(words);
        let mut child = desk
            .tool(("export", args))
            .command()
            .stderr(Stdio::piped())
            .spawn()
            .expect("the tool starts");
        let mut told = BufReader::new(child.stderr.take().expect("piped"));
        let mut first = String::new();
        let _read = told.read_line(&mut first).expect("it says which portal");
        let pid = child.id().to_string();
        let _sent = std::process::Command::new("kill")
            .args(["-INT", &pid])
            .status();
        let mut rest = String::new();
        let _read = told.read_to_string(&mut rest).expect("text");
        let status = child.wait().expect("it ends");
        assert_eq!(status.code(), Some(5), "{silent}: {first}{rest}");
        assert!(rest.contains("stopped by a signal"), "{silent}: {rest}");
    }
}
