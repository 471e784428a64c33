//! The files of a run used as input: a refused row stays refused until what it was
//! refused for has changed, corrections count, and a deletion removes only what the run
//! created.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use tickethaul::import::flow::Operation;

use crate::support::in_process::{InProcess, Life};
use crate::support::reviewed::tickets;
use crate::support::{Args, Ended, FilledPortal, Portal, Row, keyed, rows_of, write_rows};

const MAPPING: &str = keyed!(
    "desk_id",
    prefix = "d-",
    r#"subject = "Subject"
hs_pipeline_stage = { value = "1" }
[[associate]]
to = "contacts"
by = "email"
column = "Mail"
missing = "create"
"#
);

/// A portal into which `text` was imported, as run `run`.
fn imported(text: &str, code: i32) -> FilledPortal {
    let desk = FilledPortal::new("--rate off");
    desk.tool("import in.csv -m m.toml --create-properties --run-dir run")
        .rows(text)
        .mapping(MAPPING)
        .run()
        .expect(code);
    desk
}

/// Runs a command with the mapping on a file.
fn go(desk: &FilledPortal, words: impl Args, file: &str, run: &str) -> Ended {
    desk.run((words, format!("{file} -m m.toml --run-dir {run}")))
}

/// Column → cell of the only row of a file.
#[track_caller]
fn only_row(desk: &FilledPortal, file: &str) -> Row {
    let rows = desk.here.rows(file);
    assert_eq!(rows.len(), 1, "{file}: {rows:?}");
    rows[0].clone()
}

/// Changes cells of the rows of a refused.csv, told by their lines, and writes them.
fn correct(desk: &FilledPortal, from: &str, to: &str, changes: &[(&str, &str, &str)]) {
    let mut rows = desk.here.rows(from);
    for (line, column, value) in changes {
        let row = rows.iter_mut().find(|row| row["_line"] == *line);
        let row = row.unwrap_or_else(|| panic!("no line {line} in {from}"));
        row.insert((*column).to_owned(), (*value).to_owned());
    }
    write_rows(&desk.here.path(to), &desk.here.path(from), &rows);
}

#[test]
fn a_row_with_the_key_of_another_stays_refused_until_its_key_changes() {
    let rows = "Id,Subject,Mail\n1,Grace's,grace@x.example\nb,Other's,other@x.example\n\
                1,Alexey's,alexey@x.example\nB,Upper's,upper@x.example\n";
    let desk = imported(rows, 3);
    let held = tickets(&desk);
    assert_eq!(held["Grace's"], "grace@x.example");
    let commands: [&[&str]; 8] = [
        &["import"],
        &["import", "--op", "update"],
        &["import", "--op", "upsert"],
        &["import", "--op", "upsert", "--diff"],
        &["import", "--op", "archive", "--yes"],
        &["associate"],
        &["dissociate"],
        &["delete", "--yes"],
    ];
    for (nth, words) in commands.into_iter().enumerate() {
        let run = format!("run{nth}");
        go(&desk, words, "run/refused.csv", &run).expect(3);
        let refused = desk.here.rows(&format!("{run}/refused.csv"));
        let told: Vec<[&str; 4]> = refused
            .iter()
            .map(|row| ["_line", "_code", "_key", "_column"].map(|name| row[name].as_str()))
            .collect();
        let expected = [
            ["4", "REPEATED_KEY", "d-1", "Id"],
            ["5", "KEY_CASE", "d-B", "Id"],
        ];
        assert_eq!(told, expected, "{words:?}");
        assert!(
            refused[0]["_hint"].contains("line 4 of the first input"),
            "{refused:?}"
        );
        assert!(
            desk.here.rows(&format!("{run}/done.csv")).is_empty(),
            "{words:?}"
        );
        assert_eq!(tickets(&desk), held, "{words:?}");
    }
    desk.run("schema pull -o portal.toml").expect(0);
    for op in ["create", "update", "upsert", "archive"] {
        let args = format!("check run/refused.csv -m m.toml --op {op} --json");
        let schema = "--schema portal.toml";
        let report = desk.here.run((&args, schema)).expect(4).json();
        assert_eq!(
            report["rows"]["refused"], 2,
            "{op}: a check says what an import does"
        );
    }
    let changes = [("4", "Id", "3"), ("5", "Id", "c")];
    correct(&desk, "run/refused.csv", "fixed.csv", &changes);
    go(&desk, "import", "fixed.csv", "fixed").expect(0);
    let held = tickets(&desk);
    assert_eq!(held["Grace's"], "grace@x.example");
    assert_eq!(held["Alexey's"], "alexey@x.example");
    assert_eq!(held.len(), 4);
}

#[test]
fn rows_of_one_ticket_are_not_linked_to_different_records_unless_the_file_is_a_table_of_links() {
    let rows = "Id,Subject,Mail\n1,Grace's,grace@x.example\n2,Other's,other@x.example\n\
                1,Alexey's,alexey@x.example\n1,Grace's,grace@x.example\n";
    let desk = imported(rows, 3);
    go(&desk, "associate", "in.csv", "linked").expect(3);
    let refused = only_row(&desk, "linked/refused.csv");
    assert_eq!(
        (&*refused["_line"], &*refused["_code"]),
        ("4", "REPEATED_KEY")
    );
    assert!(
        refused["_hint"].contains("line 2 has the same key"),
        "{refused:?}"
    );
    assert_eq!(desk.column("linked/done.csv", "_fate"), ["unchanged"; 3]);
    assert_eq!(tickets(&desk)["Grace's"], "grace@x.example");

    go(&desk, "dissociate", "in.csv", "cut").expect(3);
    assert_eq!(only_row(&desk, "cut/refused.csv")["_line"], "4");

    let from = MAPPING.find("[properties]").expect("entries");
    let to = MAPPING.find("[[associate]]").expect("links");
    let links = format!("{}{}", &MAPPING[..from], &MAPPING[to..]);
    desk.here.write("m.toml", links);
    go(&desk, "associate", "in.csv", "table").expect(0);
    assert_eq!(desk.here.rows("table/done.csv").len(), 4);
    let mails = tickets(&desk)["Grace's"].clone();
    assert!(
        mails.contains("grace@") && mails.contains("alexey@"),
        "a table of links may name a ticket again: {mails}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn which_row_may_link_a_ticket_is_known_after_a_crash_at_any_step() {
    let rows = "Id,Subject,Mail\n1,a,a@x.example\n2,b,b@x.example\n1,c,c@x.example\n";
    let mut deaths = 0;
    for k in 12.. {
        let folder = tempfile::tempdir().expect("a folder");
        let input = folder.path().join("in.csv");
        std::fs::write(&input, rows).expect("an input");
        let portal = Portal::troubled(&[]).await;
        portal.unique_property("desk_id").await;
        for key in ["d-1", "d-2"] {
            let _id = portal.ticket(json!({"desk_id": key})).await;
        }
        let run = InProcess {
            portal: Arc::new(portal),
            operation: Operation::Associate,
            diff: false,
            input,
            mapping: MAPPING.to_owned(),
            folder: folder.path().join("run"),
            batch_size: 1,
            facts: tickethaul::model::learned::KnownFacts::default(),
            tamper: None,
            unsent: None,
        };
        let first = run.go(&Life::until(k)).await;
        let died = first.is_none();
        if died {
            deaths += 1;
            let again = run.go(&Life::whole()).await.expect("a whole life");
            let _summary = again.unwrap_or_else(|error| panic!("step {k}: {error}"));
        }
        let refused = rows_of(&run.folder.join("refused.csv"));
        let lines: Vec<&str> = refused.iter().map(|row| &*row["_line"]).collect();
        assert_eq!(lines, ["4"], "ended at step {k}");
        assert_eq!(rows_of(&run.folder.join("done.csv")).len(), 2, "step {k}");
        if !died {
            break;
        }
    }
    assert!(deaths > 10, "the run has steps to end at: {deaths}");
}

#[test]
fn a_corrected_raw_record_counts_and_the_first_line_survives_every_round() {
    let desk = imported("Id,Subject,Mail\n1,fits,a@x.example\n", 0);
    let first = "Id;Subject;Mail\n2;a, b;c;d@x.example\n3;\"open;e@x.example\n4;fine;f@x.example\n";
    let second = "MAIL;id;subject\ng@x.example;5;one;two\nno address;6;six\n";
    desk.here.write("a.csv", first);
    desk.here.write("b.csv", second);
    desk.run("import a.csv b.csv -m m.toml --run-dir r1")
        .expect(3);
    let codes: BTreeMap<String, String> = desk
        .here
        .rows("r1/refused.csv")
        .into_iter()
        .map(|row| (row["_line"].clone(), row["_code"].clone()))
        .collect();
    let expected = [
        ("a.csv:2", "RAGGED_ROW"),
        ("a.csv:3", "UNCLOSED_QUOTE"),
        ("b.csv:2", "RAGGED_ROW"),
        ("b.csv:3", "INVALID_EMAIL"),
    ];
    let expected = expected.map(|(line, code)| (line.to_owned(), code.to_owned()));
    assert_eq!(codes, BTreeMap::from(expected));

    // As it is, nothing of it goes in; the delimiter is not guessed.
    go(&desk, "import", "r1/refused.csv", "r2").expect(3);
    let again = desk.here.rows("r2/refused.csv");
    assert_eq!(again.len(), 4);
    for row in &again {
        assert_eq!(codes.get(&row["_line"]), Some(&row["_code"]), "{row:?}");
    }
    assert!(!again[0].contains_key("_remark"), "no column of done.csv");

    let raw = |line: &str| {
        let row = again.iter().find(|row| row["_line"] == line);
        row.expect("a row")["_raw"].clone()
    };
    let (two, three, five) = (raw("a.csv:2"), raw("a.csv:3"), raw("b.csv:2"));
    let corrected = [
        ("a.csv:2", "_raw", &*two.replace("a, b;c", "\"a, b;c\"")),
        ("a.csv:3", "_raw", &three.replace("\"open", "\"open\"")),
        // Read as the second file was, whose columns stand in another order.
        ("b.csv:2", "_raw", &five.replace("one;two", "one two")),
        ("b.csv:3", "Mail", "still none"),
    ];
    correct(&desk, "r2/refused.csv", "fixed.csv", &corrected);
    go(&desk, "import", "fixed.csv", "r3").expect(3);
    assert_eq!(only_row(&desk, "r3/refused.csv")["_line"], "b.csv:3");
    correct(
        &desk,
        "r3/refused.csv",
        "fixed.csv",
        &[("b.csv:3", "Mail", "h@x.example")],
    );
    go(&desk, "import", "fixed.csv", "r4").expect(0);
    let held: Vec<(String, String)> = tickets(&desk).into_iter().collect();
    let pair = |subject: &str, mail: &str| (subject.to_owned(), mail.to_owned());
    assert_eq!(
        held,
        [
            pair("a, b;c", "d@x.example"),
            pair("fine", "f@x.example"),
            pair("fits", "a@x.example"),
            pair("one two", "g@x.example"),
            pair("open", "e@x.example"),
            pair("six", "h@x.example"),
        ]
    );
}

#[test]
fn cells_that_were_filled_in_count_where_the_raw_record_is_as_it_was() {
    let desk = imported("Id,Subject,Mail\n1,one,two,a@x.example\n", 3);
    let refused = only_row(&desk, "run/refused.csv");
    let raw = "Id,Subject,Mail\n1,one,two,a@x.example";
    assert_eq!(refused["_raw"], raw, "as it stands");
    let cells = [
        ("2", "Id", "1"),
        ("2", "Subject", "one, two"),
        ("2", "Mail", "a@x.example"),
    ];
    correct(&desk, "run/refused.csv", "fixed.csv", &cells);
    go(&desk, "import", "fixed.csv", "fixed").expect(0);
    assert!(tickets(&desk).contains_key("one, two"));
}

#[test]
fn our_columns_are_replaced_and_never_doubled() {
    let desk = imported(
        "_key,Id,Subject,Mail\nmine,1,one,a@x.example\nmine,2,,b@x.example\n",
        3,
    );
    let header = |file: &str| {
        let text = desk.here.read(file);
        text.lines().next().expect("a header").to_owned()
    };
    let (done, refused) = (header("run/done.csv"), header("run/refused.csv"));
    assert_eq!(
        done,
        "_key,Id,Subject,Mail,_fate,_ticket_id,_operation,_link,_remark"
    );
    go(&desk, "import", "run/refused.csv", "again").expect(3);
    assert_eq!(header("again/refused.csv"), refused);
    assert_eq!(header("again/done.csv"), done);
    go(&desk, "import", "run/done.csv", "done").expect(0);
    assert_eq!(header("done/done.csv"), done);
    assert_eq!(only_row(&desk, "done/done.csv")["_fate"], "exists");
    assert_eq!(only_row(&desk, "done/done.csv")["_key"], "mine");
}

/// Three tickets, then five rows of which these three are updated or exist.
fn two_runs(operation: &str) -> FilledPortal {
    let rows: Vec<String> = (1..=5)
        .map(|n| format!("{n},s{n} {operation},\n"))
        .collect();
    let desk = imported(&format!("Id,Subject,Mail\n{}", rows[..3].concat()), 0);
    desk.here
        .write("more.csv", format!("Id,Subject,Mail\n{}", rows.concat()));
    // Blind, an upsert writes what is there already too.
    let words: &[&str] = match operation {
        "upsert" => &["import", "--op", "upsert", "--blind"],
        _ => &["import", "--op", operation],
    };
    go(&desk, words, "more.csv", "more").expect(0);
    desk
}

#[test]
fn a_deletion_by_the_files_of_a_run_takes_only_what_that_run_created() {
    for (operation, file, fate) in [
        ("create", "more/idmap.csv", "3 exists"),
        ("create", "more/done.csv", "3 exists"),
        ("upsert", "more/idmap.csv", "3 updated"),
        ("upsert", "more/done.csv", "3 updated"),
    ] {
        let desk = two_runs(operation);
        let ended = desk
            .run(format!("delete {file} --yes --json --run-dir gone"))
            .expect(0);
        let ended = ended.says("3 rows are left alone").says(fate);
        let ended = ended.says("the tickets of 2 rows");
        let summary: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON");
        assert_eq!(summary["rows"]["done"], 2, "{file}");
        assert_eq!(summary["rows"]["skipped"], 3, "{file}");
        let left: Vec<String> = tickets(&desk).into_keys().collect();
        let expected = [1, 2, 3].map(|n| format!("s{n} {operation}"));
        assert_eq!(left, expected, "{file}");
        // Of what was deleted nothing was created.
        let ended = desk
            .run("delete gone/done.csv --yes --run-dir none")
            .expect(0);
        ended.says("2 archived").says("nothing to archive");
    }
    // By their key too, and as an operation of import.
    let desk = two_runs("create");
    go(&desk, "import --op archive --yes", "more/done.csv", "gone").expect(0);
    assert_eq!(desk.here.rows("gone/done.csv").len(), 2);
    assert_eq!(tickets(&desk).len(), 3);
}

#[test]
fn a_file_that_names_no_tickets_is_told_in_words_of_its_own() {
    let desk = two_runs("create");
    let here = &desk.here;
    here.write("other.csv", "Number,Subject\n1,a\n");
    let first_idmap = here.read("more/idmap.csv");
    let first_idmap: String = first_idmap
        .lines()
        .map(|line| line.splitn(3, ',').take(2).collect::<Vec<_>>().join(",") + "\n")
        .collect();
    here.write("first.csv", first_idmap);
    let cases: [(&[&str], &str); 5] = [
        (
            &["delete", "other.csv"],
            "no column of the file holds ids of tickets",
        ),
        (
            &["delete", "more/refused.csv"],
            "its columns are \"Id\", \"Subject\", \"Mail\"",
        ),
        (
            &["delete", "first.csv"],
            "does not say which of its tickets the run created",
        ),
        (
            &["delete", "--ids-from", "other.csv"],
            "other.csv has several columns",
        ),
        (
            &["delete", "--ids-from", "more/done.csv"],
            "done.csv has several columns",
        ),
    ];
    for (words, said) in cases {
        let ended = here
            .run_against(&desk.sandbox, (words, "--yes --run-dir gone"))
            .expect(64)
            .says(said);
        for inside in ["-->", "record_id", "the ids:"] {
            assert!(!ended.stderr.contains(inside), "{}", ended.stderr);
        }
        assert!(!here.path("gone").exists(), "nothing was begun");
    }
    let ended = here.run_against(&desk.sandbox, "delete --ids 4711 --yes");
    assert!(!ended.stderr.contains("the ids:"), "{}", ended.stderr);
}

#[test]
fn a_corrected_record_is_read_in_the_order_of_its_own_file() {
    let desk = imported("Id,Subject,Mail\n1,one, two,a@x.example\n", 3);
    let refused = only_row(&desk, "run/refused.csv");
    let raw = refused["_raw"].replace("one, two", "\"one, two\"");
    // Somebody sorts the columns by their names.
    let added = [
        "_line", "_code", "_column", "_value", "_hint", "_key", "_raw",
    ];
    let mut writer = csv::Writer::from_path(desk.here.path("sorted.csv")).expect("a file");
    let columns = ["Mail", "Subject", "Id"];
    writer
        .write_record(columns.iter().chain(&added))
        .expect("written");
    let cells = added.map(|name| match name {
        "_raw" => raw.clone(),
        name => refused[name].clone(),
    });
    let empty = columns.map(|_column| String::new());
    writer
        .write_record(empty.iter().chain(&cells))
        .expect("written");
    drop(writer);
    go(&desk, "import", "sorted.csv", "again").expect(0);
    let held: Vec<(String, String)> = tickets(&desk).into_iter().collect();
    let wanted = ("one, two".to_owned(), "a@x.example".to_owned());
    assert!(held.contains(&wanted), "{held:?}");
}
