//! `retry`: the refused rows of a run again as a new run, and a run and its retries
//! counted as one.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};

use crate::support::reviewed::{desk, tickets};
use crate::support::samples::{preset, repair_codes_in_place, sample};
use crate::support::{Args, Ended, FilledPortal, Rehearsal, keyed, rows_of, write_rows};

const MAPPING: &str = keyed!(
    "desk_id",
    prefix = "d-",
    r#"subject = "Subject"
hs_pipeline_stage = { column = "Status", map = { open = "1" }, unmapped = "refuse" }
[[associate]]
to = "contacts"
by = "email"
column = "Mail"
missing = "create"
"#
);

const ROWS: &str = "Id,Subject,Status,Mail\n1,Grace's,open,grace@x.example\n\
                    2,Mel's,opne,mel@x.example\n1,Alexey's,open,alexey@x.example\n";

/// A portal into which `text` was imported, as run `run`.
fn imported(text: &str, troubles: impl Args) -> FilledPortal {
    let desk = FilledPortal::new(("--rate off", troubles));
    desk.tool("import in.csv -m m.toml --create-properties --run-dir run")
        .rows(text)
        .mapping(MAPPING)
        .run()
        .expect(3);
    desk
}

fn go(desk: &FilledPortal, words: impl Args, run: &str) -> Ended {
    desk.run((words, format!("--run-dir {run}")))
}

/// Changes cells of a refused.csv, told by their lines.
fn fix(here: &Rehearsal, file: &str, changes: &[(&str, &str, &str)]) {
    let mut rows = here.rows(file);
    for (line, column, value) in changes {
        let row = rows.iter_mut().find(|row| row["_line"] == *line);
        let row = row.unwrap_or_else(|| panic!("no line {line} in {file}"));
        row.insert((*column).to_owned(), (*value).to_owned());
    }
    let path = here.path(file);
    let fixed = here.path("fixed.csv");
    write_rows(&fixed, &path, &rows);
    fs::rename(fixed, path).expect("renamed");
}

fn status(here: &Rehearsal, run: &str) -> Value {
    here.run(format!("status {run} --json")).expect(0).json()
}

/// Rows of a family that are done, that exist, that are refused.
#[track_caller]
fn counted(here: &Rehearsal, run: &str) -> [u64; 3] {
    let status = status(here, run);
    let rows = &status["family"]["rows"];
    ["done", "exists", "refused"].map(|fate| {
        let rows = rows[fate].as_u64();
        rows.unwrap_or_else(|| panic!("no family of {run}: {status}"))
    })
}

/// The files of a folder with their contents.
fn contents(here: &Rehearsal, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(here.path(folder)).expect("a folder");
    entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let name = entry.file_name().to_string_lossy().into_owned();
            (name, fs::read(entry.path()).expect("a file"))
        })
        .collect()
}

#[test]
fn three_rounds_of_fixing_leave_each_line_of_the_file_one_fate() {
    let here = Rehearsal::new();
    let (sample, preset) = (sample(), preset());
    let args = ["import", &sample, "-m", &preset, "--run-dir", "first"];
    here.run_embedded(args)
        .expect(3)
        .says("tickethaul retry first");
    assert!(status(&here, "first")["family"].is_null());

    let in_round = |codes: &'static [&str]| move |code: &str| codes.contains(&code);
    let first = in_round(&["INVALID_EMAIL", "MISSING_VALUE", "RAGGED_ROW"]);
    repair_codes_in_place(&here, "first/refused.csv", first);
    let before = contents(&here, "first");
    // The old run says which portal, mapping and operation.
    here.run("retry first --run-dir second")
        .expect(3)
        .says("retrying 7 refused rows of first")
        .says("3 done");
    assert!(
        contents(&here, "first") == before,
        "the old run stays as it was"
    );
    assert_eq!(counted(&here, "first"), [1_196, 0, 4]);
    let lines: BTreeSet<String> = here
        .rows("second/refused.csv")
        .iter()
        .map(|row| row["_line"].clone())
        .collect();
    assert_eq!(
        lines,
        ["1719", "5419", "6595", "8102"].map(str::to_owned).into()
    );

    let second = in_round(&["UNMAPPED_VALUE", "INVALID_DATE"]);
    repair_codes_in_place(&here, "second/refused.csv", second);
    let codes = "--codes unmapped_value,INVALID_DATE";
    here.run(("retry second --run-dir third", codes))
        .expect(0)
        .says("retrying 2 refused rows of second; 2 rows with other codes not retried");
    assert_eq!(counted(&here, "second"), [1_198, 0, 2]);

    let third = in_round(&["AMBIGUOUS_OWNER", "REPEATED_KEY"]);
    repair_codes_in_place(&here, "second/refused.csv", third);
    here.run("retry second --run-dir fourth")
        .expect(0)
        .says("2 rows settled by an earlier retry");
    let runs = ["first", "second", "third", "fourth"];
    for run in runs {
        assert_eq!(counted(&here, run), [1_200, 0, 0], "{run}");
        assert_eq!(status(&here, run)["family"]["runs"], json!(runs));
    }
    assert_eq!(status(&here, "third")["parent"], "second");
    assert!(status(&here, "first")["parent"].is_null());
    let done = runs.map(|run| here.rows(&format!("{run}/done.csv")));
    let done: Vec<_> = done.into_iter().flatten().collect();
    assert_eq!(done.len(), 1_200);
    let tickets: BTreeSet<&str> = done.iter().map(|row| &*row["_ticket_id"]).collect();
    let ids: BTreeSet<&str> = done.iter().map(|row| &*row["Id"]).collect();
    assert_eq!(
        (tickets.len(), ids.len()),
        (1_200, 1_200),
        "no line went in twice"
    );

    let shown = here.run("status second").expect(0).stdout;
    assert!(
        shown.contains("first and its retries second, third, fourth"),
        "{shown}"
    );
    assert!(shown.contains("1,200 done"), "{shown}");
    let listed = here.run("runs").expect(0).stdout;
    let lines: Vec<&str> = listed.lines().skip(1).map(str::trim_end).collect();
    let [of_first, of_second, ..] = lines.as_slice() else {
        panic!("{listed}");
    };
    assert!(
        of_first.contains("first") && of_first.contains("1,200"),
        "{listed}"
    );
    assert!(
        of_second.contains("  second") && of_second.contains("retry"),
        "{listed}"
    );
    let listed = here.run("runs --json").expect(0).json();
    assert_eq!(listed[3]["parent"], "second");
}

#[test]
fn what_is_not_fixed_is_refused_again_in_every_operation_and_touches_no_ticket() {
    let desk = imported(ROWS, "");
    let held = tickets(&desk);
    assert_eq!(
        held,
        [("Grace's".to_owned(), "grace@x.example".to_owned())].into()
    );
    let commands: [(&[&str], &[&str]); 8] = [
        (&["import"], &[]),
        (&["import", "--op", "update"], &[]),
        (&["import", "--op", "upsert"], &[]),
        (&["import", "--op", "upsert", "--blind"], &[]),
        (&["import", "--op", "archive", "--yes"], &["--yes"]),
        (&["associate"], &[]),
        (&["dissociate"], &[]),
        (&["delete", "--yes"], &["--yes"]),
    ];
    for (nth, (words, more)) in commands.into_iter().enumerate() {
        let (run, again) = (format!("run{nth}"), format!("again{nth}"));
        go(&desk, (words, "run/refused.csv -m m.toml"), &run).expect(3);
        let told = |run: &str| -> Vec<[String; 3]> {
            let rows = desk.here.rows(&format!("{run}/refused.csv"));
            let rows = rows.iter();
            rows.map(|row| ["_line", "_code", "_key"].map(|name| row[name].clone()))
                .collect()
        };
        let first = told(&run);
        assert!(
            first.iter().any(|row| row[1] == "REPEATED_KEY"),
            "{words:?} {first:?}"
        );
        go(&desk, (&["retry", &run], more), &again).expect(3);
        assert_eq!(told(&again), first, "{words:?}");
        assert!(
            desk.here.rows(&format!("{again}/done.csv")).is_empty(),
            "{words:?}"
        );
        let refused = first.len() as u64;
        assert_eq!(counted(&desk.here, &run), [0, 0, refused], "{words:?}");
        assert_eq!(tickets(&desk), held, "{words:?}");
        let asked = status(&desk.here, &again);
        assert_eq!(asked["operation"], status(&desk.here, &run)["operation"]);
    }
    // Nobody can be asked here.
    go(&desk, "retry run4", "asked").expect(64).says("--yes");
    assert!(!desk.here.path("asked").exists());

    fix(&desk.here, "run/refused.csv", &[("4", "Id", "3")]);
    go(&desk, "retry run", "fixed").expect(3);
    let held = tickets(&desk);
    assert_eq!(held["Grace's"], "grace@x.example");
    assert_eq!(held["Alexey's"], "alexey@x.example");
    assert_eq!(counted(&desk.here, "run"), [2, 0, 1]);
}

#[test]
fn a_repeated_key_within_a_retry_names_the_line_of_the_first_file() {
    let rows = "Id,Subject,Status,Mail\n1,Grace's,open,grace@x.example\n\
                2,Mel's,opne,mel@x.example\n3,Kay's,open,kay@x.example\n\
                4,Alexey's,opne,alexey@x.example\n";
    let desk = imported(rows, "");
    let mended = [
        ("3", "Status", "open"),
        ("5", "Status", "open"),
        ("5", "Id", "2"),
    ];
    fix(&desk.here, "run/refused.csv", &mended);
    go(&desk, "retry run", "again").expect(3);
    let refused = desk.here.rows("again/refused.csv");
    let [row] = &*refused else {
        panic!("{refused:?}");
    };
    assert_eq!((&*row["_line"], &*row["_code"]), ("5", "REPEATED_KEY"));
    assert!(row["_hint"].contains("line 3 "), "{row:?}");

    // The row that the retry settled is no rival of itself.
    go(&desk, "import run/refused.csv -m m.toml", "whole").expect(3);
    assert_eq!(desk.column("whole/done.csv", "_fate"), ["exists"]);
    assert_eq!(desk.column("whole/refused.csv", "_line"), ["5"]);
}

#[test]
fn a_row_is_not_tried_again_once_it_is_in_and_a_changed_mapping_is_named() {
    let desk = imported(ROWS, "");
    go(&desk, "retry run --codes UNMAPPED", "none")
        .expect(64)
        .says("was refused with the code UNMAPPED")
        .says("REPEATED_KEY (1), UNMAPPED_VALUE (1)");
    let mapping = MAPPING.replace("open = \"1\"", "open = \"1\", opne = \"1\"");
    desk.here.write("m.toml", mapping);
    go(&desk, "retry run", "none")
        .expect(7)
        .says("has changed since the run began")
        .says("m.toml` retries with the mapping as it is now");
    assert!(!desk.here.path("none").exists(), "nothing was begun");
    let codes = "--codes UNMAPPED_VALUE";
    let args = ("retry run -m m.toml", codes);
    go(&desk, args, "mapped").expect(0).says("1 done");
    assert_eq!(counted(&desk.here, "run"), [2, 0, 1]);
    go(&desk, args, "none")
        .expect(0)
        .says("nothing to retry in run; 1 row settled by an earlier retry");
    assert!(!desk.here.path("none").exists(), "nothing was begun");
    // The other row is still there to be fixed.
    fix(&desk.here, "run/refused.csv", &[("4", "Id", "9")]);
    go(&desk, "retry run -m m.toml", "rest").expect(0);
    assert_eq!(desk.column("rest/done.csv", "Subject"), ["Alexey's"]);
    assert_eq!(counted(&desk.here, "mapped"), [3, 0, 0]);
    assert_eq!(tickets(&desk).len(), 3);
}

#[test]
fn a_retry_that_was_killed_is_resumed_like_any_run() {
    // The first call is the import's.
    for (state, trouble) in [
        ("received", "hold@2=received:tickets/batch/create"),
        ("committed", "hold@2=committed:tickets/batch/create"),
    ] {
        let mut desk = imported(ROWS, format!("--trouble {trouble}"));
        let changes = [("3", "Status", "open"), ("4", "Id", "4")];
        fix(&desk.here, "run/refused.csv", &changes);
        assert!(
            desk.kill_tool_while_held("retry run --run-dir again --horizon 0.2"),
            "{state}"
        );
        // What is edited meanwhile is none of its business.
        desk.here.write("run/refused.csv", "");
        let rows = &status(&desk.here, "run")["family"]["rows"];
        assert_eq!((&rows["done"], &rows["refused"]), (&json!(1), &json!(0)));
        go(&desk, "retry run", "more")
            .expect(7)
            .says("is not finished")
            .says("tickethaul resume again");
        desk.run("resume again").expect(0);
        assert_eq!(counted(&desk.here, "again"), [3, 0, 0], "{state}");
        desk.run("verify again").expect(0);
        let subjects: Vec<String> = tickets(&desk).into_keys().collect();
        assert_eq!(subjects, ["Alexey's", "Grace's", "Mel's"], "{state}");
        assert_eq!(
            rows_of(&desk.here.path("all.csv")).len(),
            3,
            "no ticket twice"
        );
        // What takes a retry back is no retry itself.
        go(&desk, "undo again --yes", "undone").expect(0);
        let family = &status(&desk.here, "run")["family"];
        assert_eq!(family["runs"], json!(["run", "again"]));
        assert!(status(&desk.here, "undone")["parent"].is_null());
        go(&desk, "retry undone", "none")
            .expect(64)
            .says("is the run of an undo");
    }
}

#[test]
fn a_file_that_a_spreadsheet_saved_is_retried_and_a_broken_one_named() {
    let rows = ROWS.replace("Mel's", "Mél's") + "5,one,two,open,e@x.example\n";
    let desk = imported(&rows, "");
    fix(&desk.here, "run/refused.csv", &[("3", "Status", "open")]);
    let whole = desk.here.read("run/refused.csv");
    desk.here
        .write("run/refused.csv", format!("{whole}6,\"torn\n"));
    go(&desk, "retry run", "none")
        .expect(64)
        .says("line 6 of it can't be read as a row (");
    let lacks = whole.replacen("_code", "code", 1);
    desk.here.write("run/refused.csv", lacks);
    go(&desk, "retry run", "none")
        .expect(64)
        .says("it lacks _code");
    let cut: String = whole
        .lines()
        .map(|line| format!("{}\n", &line[..9]))
        .collect();
    desk.here.write("run/refused.csv", cut);
    go(&desk, "retry run", "none")
        .expect(64)
        .says("it has no column _line any more");
    assert!(!desk.here.path("none").exists());

    // As Excel saves it in many countries, a record corrected in `_raw`.
    let mut rows = {
        desk.here.write("run/refused.csv", &whole);
        desk.here.rows("run/refused.csv")
    };
    let ragged = rows
        .iter_mut()
        .find(|row| row["_line"] == "5")
        .expect("a row");
    let corrected = ragged["_raw"].replace("one,two", "\"one,two\"");
    ragged.insert("_raw".to_owned(), corrected);
    let header = whole.lines().next().expect("a header").to_owned();
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .from_writer(Vec::new());
    writer.write_record(header.split(',')).expect("written");
    for row in &rows {
        let cells = header.split(',').map(|name| &*row[name]);
        writer.write_record(cells).expect("written");
    }
    let text = String::from_utf8(writer.into_inner().expect("bytes")).expect("a text");
    let latin: Vec<u8> = text
        .chars()
        .map(|letter| u8::try_from(u32::from(letter)).expect("Latin-1"))
        .collect();
    desk.here.write("run/refused.csv", latin);
    go(&desk, "retry run", "again").expect(3).says("2 done");
    let subjects: Vec<String> = tickets(&desk).into_keys().collect();
    assert_eq!(subjects, ["Grace's", "Mél's", "one,two"]);
    assert_eq!(desk.column("again/refused.csv", "_line"), ["4"]);
    assert_eq!(counted(&desk.here, "run"), [3, 0, 1]);
}

#[test]
fn a_run_that_is_not_finished_is_resumed_first() {
    let desk = FilledPortal::new("--rate off");
    desk.here.write("m.toml", MAPPING);
    desk.here.write("in.csv", ROWS);
    let args = "import in.csv -m m.toml --create-properties";
    go(&desk, (args, "--max-refused 0"), "run").expect(6);
    go(&desk, "retry run", "again")
        .expect(7)
        .says("is not finished")
        .says("tickethaul resume run");
    let exported = desk.export("--properties subject -o t.csv").expect(0);
    drop(exported);
    go(&desk, "retry nothing", "again").expect(64);
}

#[test]
fn a_fixed_row_with_the_key_of_another_does_not_count_for_its_ticket() {
    let desk = imported(
        "Id,Subject,Status,Mail\n1,Grace's,open,grace@x.example\n\
         1,Alexey's,opne,alexey@x.example\n2,Mel's,opne,mel@x.example\n",
        "",
    );
    let held = tickets(&desk);
    let changes = [
        ("3", "Status", "open"),
        ("4", "Status", "open"),
        ("4", "Id", "1"),
    ];
    fix(&desk.here, "run/refused.csv", &changes);
    let commands = [
        "retry run",
        "import run/refused.csv -m m.toml",
        "import run/refused.csv -m m.toml --op upsert",
        "import run/refused.csv -m m.toml --op update",
    ];
    for (nth, words) in commands.into_iter().enumerate() {
        let run = format!("again{nth}");
        if words.starts_with("import") {
            let planned = desk.run((words, "--dry-run --json")).expect(0).json();
            assert_eq!(planned["rows"]["refused"], 2, "{planned}");
            assert_eq!(planned["refusals"][0]["code"], "REPEATED_KEY", "{planned}");
        }
        go(&desk, words, &run).expect(3);
        let refused = desk.here.rows(&format!("{run}/refused.csv"));
        let codes: Vec<&str> = refused.iter().map(|row| &*row["_code"]).collect();
        assert_eq!(codes, ["REPEATED_KEY"; 2], "{words:?}");
        assert!(
            refused[0]["_hint"].contains("line 2 of the run run has the same key"),
            "{refused:?}"
        );
        assert_eq!(tickets(&desk), held, "{words:?}");
    }
    assert_eq!(counted(&desk.here, "run"), [1, 0, 2]);
    // With keys of their own they go in.
    fix(
        &desk.here,
        "again0/refused.csv",
        &[("3", "Id", "3"), ("4", "Id", "4")],
    );
    go(&desk, "retry again0", "last").expect(0);
    assert_eq!(counted(&desk.here, "run"), [3, 0, 0]);
    assert_eq!(tickets(&desk).len(), 3);
}

#[test]
fn what_an_undo_took_back_counts_as_refused_and_is_tried_again() {
    let desk = desk("");
    let text = "Id,Subject,Text,Mail\nD-1,One,text,p1@desk.example\nD-1,Two,text,p2@desk.example\n";
    desk.here.write("in.csv", text);
    go(&desk, "import in.csv -m m.toml", "run").expect(3);
    fix(&desk.here, "run/refused.csv", &[("3", "Id", "D-2")]);
    go(&desk, "retry run", "again").expect(0);
    assert_eq!(counted(&desk.here, "run"), [2, 0, 0]);
    let undo = |run: &str| desk.run(format!("undo {run} --yes --json"));
    undo("again").expect(0);
    assert_eq!(counted(&desk.here, "run"), [1, 0, 1]);
    let shown = status(&desk.here, "again");
    assert_eq!(shown["rows_taken_back"], 1, "{shown}");
    let listed = desk.here.run("runs").expect(0).stdout;
    assert!(listed.contains("undone"), "{listed}");
    go(&desk, "retry run", "third").expect(0);
    assert_eq!(counted(&desk.here, "run"), [2, 0, 0]);
    // The undo of the first run names what its retry did.
    undo("run")
        .expect(0)
        .says("third, a retry of its refused rows, did 1 row more")
        .prints("\"archived\": 1");
    undo("run").expect(0).prints("\"undone_before\": 1");
    assert_eq!(desk.column("third/done.csv", "_ticket_id").len(), 1);
}

#[test]
fn a_link_that_was_refused_is_made_by_a_retry_or_refused_again() {
    let desk = desk("");
    let link = "[[associate]]\nto = \"tickets\"\nby = \"key\"\ncolumn = \"Parent\"\n[[property]]";
    let mapping = desk.here.read("m.toml").replace("[[property]]", link);
    desk.here.write("m.toml", mapping);
    let rows = "Id,Subject,Text,Mail,Parent\nD-1,One,text,p1@desk.example,D-9\n\
                D-2,Two,text,p2@desk.example,\n";
    desk.here.write("in.csv", rows);
    go(&desk, "import in.csv -m m.toml", "run").expect(3);
    for again in ["unfixed", "unfixed2"] {
        go(&desk, "retry run", again).expect(3);
        let codes = desk.column(&format!("{again}/refused.csv"), "_code");
        assert_eq!(codes, ["LINKED_TICKET_MISSING"]);
        assert_eq!(counted(&desk.here, "run"), [1, 0, 1]);
    }
    fix(&desk.here, "run/refused.csv", &[("2", "Parent", "D-2")]);
    go(&desk, "retry run", "fixed").expect(0);
    assert_eq!(counted(&desk.here, "run"), [2, 0, 0]);
    let ids = desk.column("fixed/done.csv", "_ticket_id");
    let path = format!("/crm/v4/objects/tickets/{}/associations/tickets", ids[0]);
    let linked = desk.call("GET", &path, &Value::Null);
    assert_eq!(
        linked["results"].as_array().map(Vec::len),
        Some(1),
        "{linked}"
    );
}
