//! The main job as a user would do it: the sample goes into the embedded portal, what
//! is refused is corrected and imported again, and everything is exported again.

use std::collections::BTreeSet;
use std::fs;

use crate::support::samples::{preset, repair, sample};
use crate::support::{Args, Ended, Rehearsal, Row, Served, TOKEN, keyed, write_rows};

const ROWS: usize = 1_200;
const REFUSED: usize = 7;
const DONE: usize = ROWS - REFUSED;

fn import<'a>(file: &'a str, mapping: &'a str, run_dir: &'a str) -> Vec<&'a str> {
    vec!["import", file, "-m", mapping, "--run-dir", run_dir]
}

/// Where a story plays: on the embedded sandbox or against a served one.
enum Stage {
    Embedded,
    Served(Served),
}

impl Stage {
    fn run(&self, here: &Rehearsal, args: impl Args) -> Ended {
        match self {
            Stage::Embedded => here.run_embedded(args),
            Stage::Served(sandbox) => here.run_against(sandbox, args),
        }
    }
}

/// The whole story of the README, with the same assertions wherever it plays.
fn the_main_job(here: &Rehearsal, stage: &Stage, first_args: &[&str]) {
    let (sample, preset) = (sample(), preset());
    let mut args = import(&sample, &preset, "run1");
    args.extend(first_args);
    let first = stage.run(here, &args).expect(3);
    for words in ["1,200 rows read", "1,193 done", "7 refused", "refused.csv"] {
        assert!(
            first.stderr.contains(words),
            "not said: {words}\n{}",
            first.stderr
        );
    }
    assert!(!first.stderr.contains("nothing uses"), "{}", first.stderr);
    every_row_is_in_one_file(here, "run1");
    the_log_tells_calls_and_no_token(here, "run1");
    refused_rows_are_whole_and_explained(here, "run1/refused.csv");

    let exported =
        "export --properties subject,content,hs_pipeline_stage,source_ticket_id -o out.csv";
    stage.run(here, exported).expect(0);
    exported_values_are_the_mapped_ones(here, "out.csv");

    let repaired = repair(here, "run1/refused.csv").display().to_string();
    stage
        .run(here, import(&repaired, &preset, "run2"))
        .expect(0);
    assert_eq!(here.rows("run2/done.csv").len(), REFUSED);

    stage.run(here, import(&sample, &preset, "run3")).expect(3);
    a_second_run_creates_nothing(here);
    stage.run(here, exported).expect(0);
    assert_eq!(
        here.rows("out.csv").len(),
        ROWS,
        "one ticket for each row of the sample"
    );
}

fn every_row_is_in_one_file(here: &Rehearsal, run: &str) {
    let done = here.rows(&format!("{run}/done.csv"));
    let refused = here.rows(&format!("{run}/refused.csv"));
    assert_eq!((done.len(), refused.len()), (DONE, REFUSED));
    let ids: BTreeSet<&str> = done.iter().map(|row| row["_ticket_id"].as_str()).collect();
    assert_eq!(ids.len(), DONE, "no ticket id twice");
    for row in &done {
        assert_eq!(row["_fate"], "done");
        assert_eq!(row["_operation"], "create");
        assert!(
            row["_link"].ends_with(&row["_ticket_id"]),
            "{}",
            row["_link"]
        );
    }
    let map = here.rows(&format!("{run}/idmap.csv"));
    let expected: BTreeSet<(String, String)> = done
        .iter()
        .map(|row| (format!("zendesk-{}", row["Id"]), row["_ticket_id"].clone()))
        .collect();
    let found = map
        .iter()
        .map(|row| (row["key"].clone(), row["ticket_id"].clone()));
    assert_eq!(found.collect::<BTreeSet<_>>(), expected);
    let summary = here.json(&format!("{run}/summary.json"));
    assert_eq!(summary["read"], ROWS);
    let sum: u64 = summary["rows"]
        .as_object()
        .expect("fates")
        .values()
        .filter_map(|n| n.as_u64())
        .sum();
    assert_eq!(sum, ROWS as u64, "every row has one fate");
    assert_eq!(summary["rows"]["done"], DONE);
}

fn the_log_tells_calls_and_no_token(here: &Rehearsal, run: &str) {
    let log = here.read(&format!("{run}/run.log"));
    assert!(
        log.contains("POST /crm/objects/2026-09/tickets/batch/create attempt 1: 201"),
        "{log}"
    );
    for entry in fs::read_dir(here.path(run)).expect("the run folder") {
        let path = entry.expect("an entry").path();
        let bytes = fs::read(&path).expect("a file of the run");
        let token = TOKEN.as_bytes();
        let found = bytes.windows(token.len()).any(|part| part == token);
        assert!(!found, "the token is in {}", path.display());
    }
}

fn refused_rows_are_whole_and_explained(here: &Rehearsal, file: &str) {
    let rows = here.rows(file);
    let found: BTreeSet<(&str, &str, &str, &str)> = rows
        .iter()
        .map(|row| {
            (
                row["_line"].as_str(),
                row["_code"].as_str(),
                row["_column"].as_str(),
                row["_value"].as_str(),
            )
        })
        .collect();
    let expected = BTreeSet::from([
        (
            "863",
            "INVALID_EMAIL",
            "Requester email",
            "grace.okafor(at)bluepeak.example",
        ),
        ("1719", "INVALID_DATE", "Created at", "31/02/2021 25:61"),
        ("3048", "RAGGED_ROW", "", ""),
        ("4254", "MISSING_VALUE", "Subject", ""),
        ("5419", "AMBIGUOUS_OWNER", "Assignee", "Alex Kim"),
        ("6595", "REPEATED_KEY", "Id", "zendesk-100004"),
        ("8102", "UNMAPPED_VALUE", "Status", "opne"),
    ]);
    assert_eq!(found, expected);
    let source = rows_of_sample();
    for row in &rows {
        assert!(
            row["_hint"].len() > 30,
            "a hint that helps: {}",
            row["_hint"]
        );
        if row["_code"] == "RAGGED_ROW" {
            let text = fs::read_to_string(sample()).expect("the sample");
            let (header, record) = row["_raw"].split_once('\n').expect("two lines");
            assert_eq!(text.lines().next(), Some(header));
            assert_eq!(text.lines().nth(3047), Some(record));
            continue;
        }
        let whole = source
            .iter()
            .any(|cells| cells.iter().all(|(name, cell)| row[name] == *cell));
        assert!(whole, "all source cells are there, untouched: {row:?}");
    }
}

/// The sample's good records, by an independent parser.
fn rows_of_sample() -> Vec<Row> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_path(sample())
        .expect("the sample");
    let headers = reader.headers().expect("a header").clone();
    let records = reader.records().map(|record| record.expect("a record"));
    records
        .filter(|record| record.len() == headers.len())
        .map(|record| {
            headers
                .iter()
                .map(str::to_owned)
                .zip(record.iter().map(str::to_owned))
                .collect()
        })
        .collect()
}

fn exported_values_are_the_mapped_ones(here: &Rehearsal, file: &str) {
    let stages = [
        ("new", "1"),
        ("open", "3"),
        ("pending", "2"),
        ("hold", "2"),
        ("solved", "4"),
        ("closed", "4"),
    ];
    let refused: BTreeSet<String> = here
        .rows("run1/refused.csv")
        .iter()
        .map(|row| row["_line"].clone())
        .collect();
    assert_eq!(refused.len(), REFUSED);
    let mut expected = BTreeSet::new();
    let mut seen = BTreeSet::new();
    let bad = |row: &Row| {
        !stages.iter().any(|(status, _)| *status == row["Status"])
            || row["Subject"].is_empty()
            || row["Assignee"] == "Alex Kim"
            || row["Created at"].starts_with("31/02")
            || row["Requester email"].contains("(at)")
    };
    for row in rows_of_sample() {
        if bad(&row) || !seen.insert(row["Id"].clone()) {
            continue;
        }
        let stage = stages
            .iter()
            .find(|(status, _)| *status == row["Status"])
            .expect("a stage")
            .1;
        expected.insert((
            format!("zendesk-{}", row["Id"].trim()),
            row["Subject"].trim().to_owned(),
            row["Description"].trim().to_owned(),
            stage.to_owned(),
        ));
    }
    let found: BTreeSet<_> = here
        .rows(file)
        .into_iter()
        .map(|row| {
            let cell = |name: &str| row[name].clone();
            (
                cell("source_ticket_id"),
                cell("subject"),
                cell("content"),
                cell("hs_pipeline_stage"),
            )
        })
        .collect();
    assert_eq!(found.len(), DONE);
    assert!(
        found == expected,
        "exported values differ: {:?}",
        found
            .symmetric_difference(&expected)
            .take(4)
            .collect::<Vec<_>>()
    );
    assert!(
        found
            .iter()
            .any(|row| row.2.contains('\n') && row.2.contains('"')),
        "multi-line texts with quotes"
    );
    assert!(found.iter().any(|row| row.1.contains('❤')), "emoji");
}

fn a_second_run_creates_nothing(here: &Rehearsal) {
    let again = here.rows("run3/done.csv");
    assert_eq!(again.len(), DONE);
    let before: BTreeSet<(String, String)> = here
        .rows("run1/done.csv")
        .into_iter()
        .map(|row| (row["Id"].clone(), row["_ticket_id"].clone()))
        .collect();
    for row in &again {
        assert_eq!(row["_fate"], "exists");
        assert!(before.contains(&(row["Id"].clone(), row["_ticket_id"].clone())));
    }
    let codes = |run: &str| {
        let rows = here.rows(&format!("{run}/refused.csv"));
        rows.iter()
            .map(|row| row["_code"].clone())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(codes("run3"), codes("run1"), "the seven are refused again");
}

#[test]
fn the_sample_goes_into_the_embedded_sandbox() {
    the_main_job(&Rehearsal::new(), &Stage::Embedded, &[]);
}

#[test]
fn the_sample_goes_into_a_portal_of_another_process() {
    let here = Rehearsal::new();
    let stage = Stage::Served(here.serve("--rate 190/10s"));
    let (sample, preset) = (sample(), preset());
    stage
        .run(&here, import(&sample, &preset, "run0"))
        .expect(7)
        .says("source_ticket_id")
        .says("--create-properties");
    assert!(!here.path("run0").exists(), "nothing half done");
    the_main_job(&here, &stage, &["--create-properties"]);
}

/// A mapping of our own for rows that only the portal can refuse.
const PLAIN: &str = keyed!(
    "source_ticket_id",
    r#"subject = "Subject"
hs_pipeline = "Pipeline"
hs_pipeline_stage = "Stage"
serial_number = { column = "Serial", optional = true }
createdate = { column = "Created", optional = true, timezone = "UTC" }
[[property]]
name = "serial_number"
label = "Serial number"
type = "string"
unique = true
"#
);

/// `count` rows; `special` may change a row: (id, pipeline, stage, serial).
fn plain_rows(from: usize, count: usize, special: impl Fn(usize, &mut [String; 5])) -> String {
    let mut text = "Id,Subject,Pipeline,Stage,Serial,Created\n".to_owned();
    for id in from..from + count {
        let mut cells = [
            id.to_string(),
            format!("Ticket {id}"),
            "Support Pipeline".to_owned(),
            "New".to_owned(),
            format!("SN-{id}"),
        ];
        special(id, &mut cells);
        text.push_str(&cells.join(","));
        text.push_str(",2021-05-06 07:08:09\n");
    }
    text
}

#[test]
fn five_rows_that_only_the_portal_can_refuse_cost_five_rows() {
    for partial_success in ["207", "400"] {
        let here = Rehearsal::new();
        let switch = format!("partial_success={partial_success}");
        let sandbox = here.serve(format!("--rate off --switch {switch}"));
        let mapping = here.write("plain.toml", PLAIN).display().to_string();
        let held = here
            .write("held.csv", plain_rows(1, 3, |_, _| ()))
            .display()
            .to_string();
        let mut args = import(&held, &mapping, "held");
        args.push("--create-properties");
        here.run_against(&sandbox, &args).expect(0);

        let rows = plain_rows(1_001, 2_000, |id, cells| match id {
            1_005 => cells[4] = "SN-1".to_owned(),
            1_777 => cells[4] = "SN-2".to_owned(),
            2_999 => cells[4] = "SN-3".to_owned(),
            1_006 | 2_500 => {
                cells[2] = "Escalations".to_owned();
                cells[3] = "Archive (read only)".to_owned();
            }
            _ => {}
        });
        let rows = here.write("rows.csv", rows).display().to_string();
        let ended = here
            .run_against(&sandbox, import(&rows, &mapping, "run"))
            .expect(3);
        let refused: BTreeSet<(String, String)> = here
            .rows("run/refused.csv")
            .into_iter()
            .map(|row| (row["Id"].clone(), row["_code"].clone()))
            .collect();
        let expected = [
            ("1005", "CONFLICTING_UNIQUE_VALUE"),
            ("1006", "STAGE_READ_ONLY"),
            ("1777", "CONFLICTING_UNIQUE_VALUE"),
            ("2500", "STAGE_READ_ONLY"),
            ("2999", "CONFLICTING_UNIQUE_VALUE"),
        ];
        let expected = expected
            .map(|(id, code)| (id.to_owned(), code.to_owned()))
            .into();
        assert_eq!(refused, expected, "{partial_success}\n{}", ended.stderr);
        assert_eq!(here.rows("run/done.csv").len(), 1_995, "{partial_success}");
        tickets_are(&here, &sandbox, 1_998);
    }
}

/// How many tickets the portal holds, and that no key is there twice.
fn tickets_are(here: &Rehearsal, sandbox: &Served, count: usize) {
    here.run_against(
        sandbox,
        "export --properties source_ticket_id --force -o held.csv",
    )
    .expect(0);
    let rows = here.rows("held.csv");
    let keys: BTreeSet<&str> = rows
        .iter()
        .map(|row| row["source_ticket_id"].as_str())
        .collect();
    assert_eq!((rows.len(), keys.len()), (count, count));
}

#[test]
fn a_lost_reply_doubles_and_loses_nothing() {
    for trouble in ["post-502", "reset-after", "truncate"] {
        let here = Rehearsal::new();
        let trouble = format!("{trouble}@3:tickets/batch/create");
        let sandbox = here.serve(format!("--rate off --trouble {trouble}"));
        let mapping = here.write("plain.toml", PLAIN).display().to_string();
        let rows = here
            .write("rows.csv", plain_rows(1, 500, |_, _| ()))
            .display()
            .to_string();
        let mut args = import(&rows, &mapping, "run");
        args.push("--create-properties");
        here.run_against(&sandbox, &args).expect(0);
        let done = here.rows("run/done.csv");
        assert_eq!(done.len(), 500, "{trouble}");
        assert!(
            done.iter().all(|row| row["_fate"] == "done"),
            "{trouble}: all are ours"
        );
        tickets_are(&here, &sandbox, 500);
    }
}

#[test]
fn a_property_that_does_not_stick_stops_after_ten_tickets() {
    let here = Rehearsal::new();
    let sandbox = here.serve("--rate off --switch not_kept=serial_number");
    let mapping = here.write("plain.toml", PLAIN).display().to_string();
    let rows = plain_rows(1, 500, |_, _| ());
    let rows = here.write("rows.csv", rows).display().to_string();
    let mut args = import(&rows, &mapping, "run");
    args.push("--create-properties");
    here.run_against(&sandbox, &args)
        .expect(7)
        .says("serial_number")
        .says("Stopped");
    tickets_are(&here, &sandbox, 10);
    assert_eq!(here.rows("run/done.csv").len(), 10);

    // The mapping names another property for such a portal: no ticket lacks the value.
    let with_into = PLAIN.replace(
        "serial_number = { column = \"Serial\", optional = true }",
        "serial_number = { column = \"Serial\", read_only = { into = \"content\" } }",
    );
    let mapping = here.write("into.toml", with_into).display().to_string();
    let rows = plain_rows(501, 120, |_, _| ());
    let rows = here.write("more.csv", rows).display().to_string();
    here.run_against(&sandbox, import(&rows, &mapping, "run2"))
        .expect(0)
        .says("the portal does not keep serial_number: its values go into content");
    let args = "export --properties serial_number,content --replace -o held.csv";
    here.run_against(&sandbox, args).expect(0);
    let held = here.rows("held.csv");
    let moved = held.iter().filter(|row| row["content"].starts_with("SN-"));
    assert_eq!(moved.count(), 120);
    assert!(held.iter().all(|row| row["serial_number"].is_empty()));
}

#[test]
fn a_read_only_property_is_told_before_anything_is_sent() {
    let here = Rehearsal::new();
    let sandbox = here.serve("--rate off --switch createdate_writable=no");
    let mapping = here.write("plain.toml", PLAIN).display().to_string();
    let rows = plain_rows(1, 5, |_, _| ());
    let rows = here.write("rows.csv", rows).display().to_string();
    let mut args = import(&rows, &mapping, "run");
    args.push("--create-properties");
    here.run_against(&sandbox, &args)
        .expect(64)
        .says("`createdate` is read-only");
    let args = ["schema", "apply", "-m", &mapping, "--yes"];
    here.run_against(&sandbox, args).expect(0).says("lacks");
}

#[test]
fn a_key_of_an_earlier_row_or_one_that_differs_by_case_is_refused_with_its_line() {
    let here = Rehearsal::new();
    let mapping = here.write("plain.toml", PLAIN).display().to_string();
    let rows = "Id,Subject,Pipeline,Stage\na1,One,0,1\nb2,Two,0,1\na1,Three,0,1\nB2,Four,0,1\n";
    let rows = here.write("rows.csv", rows).display().to_string();
    here.run_embedded(import(&rows, &mapping, "run")).expect(3);
    let refused = here.rows("run/refused.csv");
    let found: Vec<(&str, &str)> = refused
        .iter()
        .map(|row| (row["Subject"].as_str(), row["_code"].as_str()))
        .collect();
    assert_eq!(found, [("Three", "REPEATED_KEY"), ("Four", "KEY_CASE")]);
    assert!(
        refused[0]["_hint"].contains("line 2"),
        "{}",
        refused[0]["_hint"]
    );
    assert!(
        refused[1]["_hint"].contains("line 3"),
        "{}",
        refused[1]["_hint"]
    );
}

#[test]
fn rows_without_an_id_get_a_key_of_their_cells_and_identical_ones_a_number() {
    let here = Rehearsal::new();
    let hashed = PLAIN.replace("column = \"Id\"", "row_hash = true");
    let mapping = here.write("hashed.toml", hashed).display().to_string();
    let rows = "Subject,Pipeline,Stage\nsame,0,1\nother,0,1\nsame,0,1\nsame,0,1\n";
    let rows = here.write("rows.csv", rows).display().to_string();
    here.run_embedded(import(&rows, &mapping, "run")).expect(0);
    let keys: BTreeSet<String> = here
        .rows("run/idmap.csv")
        .iter()
        .map(|row| row["key"].clone())
        .collect();
    assert_eq!(keys.len(), 4, "{keys:?}");
    let numbered = keys
        .iter()
        .filter(|key| key.ends_with("-2") || key.ends_with("-3"));
    assert_eq!(numbered.count(), 2, "{keys:?}");
    here.run_embedded(import(&rows, &mapping, "again"))
        .expect(0);
    let again = here.rows("again/done.csv");
    assert!(
        again.iter().all(|row| row["_fate"] == "exists"),
        "the same file again makes nothing"
    );
}

#[test]
fn a_refused_row_without_an_id_keeps_its_key_however_it_is_repaired() {
    let here = Rehearsal::new();
    let hashed = PLAIN.replace("column = \"Id\"", "row_hash = true");
    let mapping = here.write("hashed.toml", hashed).display().to_string();
    let rows = "Subject,Pipeline,Stage\nbad,0,Somewhere\n";
    let rows = here.write("rows.csv", rows).display().to_string();
    here.run_embedded(import(&rows, &mapping, "run")).expect(3);
    let refused = here.rows("run/refused.csv");
    let key = refused[0]["_key"].clone();
    for (repaired, fate) in [("once", "done"), ("and again", "exists")] {
        let mut row = refused[0].clone();
        row.insert("Stage".to_owned(), "1".to_owned());
        row.insert("Subject".to_owned(), repaired.to_owned());
        let file = here.path(&format!("{fate}.csv"));
        write_rows(&file, &here.path("run/refused.csv"), &[row]);
        let file = file.display().to_string();
        here.run_embedded(import(&file, &mapping, fate)).expect(0);
        let done = here.rows(&format!("{fate}/done.csv"));
        assert_eq!(done[0]["_fate"], fate);
    }
    assert_eq!(here.rows("done/idmap.csv")[0]["key"], key);
}

#[test]
fn contacts_are_found_created_skipped_or_missed_as_the_mapping_says() {
    let rows = "Id,Subject,Pipeline,Stage,Mail\n1,a,0,1,GRACE.OKAFOR@bluepeak.example\n2,b,0,1,new@bluepeak.example\n3,c,0,1, New@BluePeak.example\n4,d,0,1,\n";
    for (missing, done, created) in [("create", 4, 1), ("skip", 4, 0), ("refuse", 2, 0)] {
        let here = Rehearsal::new();
        let sandbox = here.serve("--rate off");
        let link = format!(
            "\n[[associate]]\nto = \"contacts\"\nby = \"email\"\ncolumn = \"Mail\"\nmissing = \"{missing}\"\n"
        );
        let mapping = here
            .write("plain.toml", format!("{PLAIN}{link}"))
            .display()
            .to_string();
        let rows = here.write("rows.csv", rows).display().to_string();
        let mut args = import(&rows, &mapping, "run");
        args.extend(["--create-properties", "--json"]);
        let code = if done == 4 { 0 } else { 3 };
        let ended = here.run_against(&sandbox, &args).expect(code);
        assert_eq!(here.rows("run/done.csv").len(), done, "{missing}");
        let summary: serde_json::Value =
            serde_json::from_str(&ended.stdout).expect("JSON on stdout");
        assert_eq!(summary["contacts_created"], created, "{missing}");
        let refused = here.rows("run/refused.csv");
        assert!(
            refused
                .iter()
                .all(|row| row["_code"] == "CONTACT_MISSING" && row["_column"] == "Mail")
        );
    }
}

#[test]
fn what_can_not_work_is_told_in_one_message_and_nothing_is_half_done() {
    let here = Rehearsal::new();
    let sandbox = here.serve("--rate off");
    let plain = here.write("plain.toml", PLAIN).display().to_string();
    let wrong_column = PLAIN.replace("subject = \"Subject\"", "subject = \"Subjekt\"");
    let wrong_column = here
        .write("column.toml", wrong_column)
        .display()
        .to_string();
    let wrong_stage = PLAIN.replace(
        "hs_pipeline_stage = \"Stage\"",
        "hs_pipeline_stage = { value = \"Nwe\" }",
    );
    let wrong_stage = here.write("stage.toml", wrong_stage).display().to_string();
    let rows = here
        .write("rows.csv", plain_rows(1, 3, |_, _| ()))
        .display()
        .to_string();
    let empty = here.write("empty.csv", "").display().to_string();
    let header = here
        .write("header.csv", "Id,Subject,Pipeline,Stage\n")
        .display()
        .to_string();
    let binary = here
        .write("binary.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR")
        .display()
        .to_string();
    let folder = here.path("").display().to_string();
    let table: [(&str, &str, i32, &str); 8] = [
        (
            &rows,
            &plain,
            7,
            "the portal lacks the properties source_ticket_id, serial_number",
        ),
        (&empty, &plain, 64, "it is empty"),
        (&binary, &plain, 64, "it is not a text file"),
        (&folder, &plain, 64, "it is a folder"),
        ("missing.csv", &plain, 64, "there is no such file"),
        (&rows, &wrong_column, 64, "Subjekt"),
        (&rows, &wrong_stage, 64, "Nwe"),
        (&rows, "missing.toml", 64, "missing.toml"),
    ];
    for (file, mapping, code, words) in table {
        let ended = here
            .run_against(&sandbox, import(file, mapping, "run"))
            .expect(code)
            .says(words);
        assert_eq!(ended.stdout, "");
        assert!(!here.path("run").exists(), "no run folder: {words}");
    }
    let mut args = import(&header, &plain, "run");
    args.push("--create-properties");
    here.run_against(&sandbox, &args).expect(0).says("no rows");
    // A run all the same: whoever asks for it later finds it.
    assert!(here.path("run/summary.json").exists());
}

#[test]
fn a_wrong_token_and_a_portal_that_is_not_there_leave_nothing_behind() {
    let here = Rehearsal::new();
    let sandbox = here.serve("");
    let mapping = here.write("plain.toml", PLAIN).display().to_string();
    let rows = here
        .write("rows.csv", plain_rows(1, 3, |_, _| ()))
        .display()
        .to_string();
    let args = import(&rows, &mapping, "run");

    let secret = "pat-na1-wrong-7d1e";
    here.tool(&args)
        .env("TICKETHAUL_BASE_URL", sandbox.url())
        .env("HUBSPOT_ACCESS_TOKEN", secret)
        .run()
        .expect(7)
        .says("nothing was written")
        .says_nothing_of(secret);

    // A port that was free a moment ago and that nobody listens on.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|socket| socket.local_addr())
        .expect("a port")
        .port();
    here.tool(&args)
        .env("TICKETHAUL_BASE_URL", format!("http://127.0.0.1:{port}"))
        .env("HUBSPOT_ACCESS_TOKEN", secret)
        .run()
        .expect(5)
        .says("run the same command again")
        .says_nothing_of(secret);

    here.run(&args).expect(64).says("HUBSPOT_ACCESS_TOKEN");
    assert!(!here.path("run").exists());
    assert!(!here.path("tickethaul-runs").exists());
}

#[test]
fn a_state_file_has_one_owner_at_a_time() {
    let here = Rehearsal::new();
    fs::create_dir(here.path("sandbox-data")).expect("a folder");
    let data = here.path("sandbox-data/sandbox.db").display().to_string();
    let _owner = here.serve(["--data", &data]);
    here.run(["sandbox", "--data", &data])
        .expect(7)
        .says("in use");
    let mapping = here.write("plain.toml", PLAIN).display().to_string();
    let rows = here
        .write("rows.csv", plain_rows(1, 3, |_, _| ()))
        .display()
        .to_string();
    here.run_embedded(import(&rows, &mapping, "run")).expect(7);
}

#[test]
fn schema_apply_shows_and_creates_what_a_mapping_needs_once() {
    let here = Rehearsal::new();
    let sandbox = here.serve("--rate off");
    let mapping = here.write("plain.toml", PLAIN).display().to_string();
    let args = ["schema", "apply", "-m", &mapping, "--yes"];
    here.run_against(&sandbox, args)
        .expect(0)
        .says("serial_number");
    here.run_against(&sandbox, args)
        .expect(0)
        .says("has every property");
    let rows = here
        .write("rows.csv", plain_rows(1, 3, |_, _| ()))
        .display()
        .to_string();
    here.run_against(&sandbox, import(&rows, &mapping, "run"))
        .expect(0);
}

#[test]
fn an_export_to_stdout_is_csv_and_an_unknown_property_is_told() {
    let here = Rehearsal::new();
    let mapping = here.write("plain.toml", PLAIN).display().to_string();
    let rows = here
        .write("rows.csv", plain_rows(1, 250, |_, _| ()))
        .display()
        .to_string();
    here.run_embedded(import(&rows, &mapping, "run")).expect(0);
    let ended = here.run_embedded("export --properties subject").expect(0);
    let mut lines = ended.stdout.lines();
    assert_eq!(lines.next(), Some("hs_object_id,subject"));
    assert_eq!(lines.count(), 250);
    here.run_embedded("export --properties subjekt -o x.csv")
        .expect(64)
        .says("did you mean subject?");
    assert!(!here.path("x.csv").exists());
}

#[test]
fn a_run_of_refusals_only_stops_early() {
    let here = Rehearsal::new();
    let mapping = here.write("plain.toml", PLAIN).display().to_string();
    let rows = plain_rows(1, 3_000, |_, cells| cells[3] = "Nwe".to_owned());
    let rows = here.write("rows.csv", rows).display().to_string();
    here.run_embedded(import(&rows, &mapping, "run"))
        .expect(6)
        .says("all refused");
    let mut args = import(&rows, &mapping, "run2");
    args.extend(["--max-refused", "5000"]);
    here.run_embedded(&args).expect(3);
    assert_eq!(here.rows("run2/refused.csv").len(), 3_000);
    let mut args = import(&rows, &mapping, "run3");
    args.extend(["--max-refused", "0"]);
    here.run_embedded(&args).expect(6).says("--max-refused 0");
}
