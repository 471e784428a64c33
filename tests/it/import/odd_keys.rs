//! Keys that a spreadsheet rewrote, and invisible characters around keys and in
//! headers: none of them makes a different key or column.

use serde_json::Value;

use crate::support::{Args, Ended, Rehearsal, keyed};

const MAPPING: &str = keyed!(
    "source_ticket_id",
    r#"subject = "Ticket subject"
hs_pipeline_stage = { value = "1" }
"#
);

fn import(here: &Rehearsal, text: &str, more: impl Args, run: &str) -> Ended {
    let args = format!("import in.csv -m m.toml --run-dir {run}");
    here.tool((args, more)).embedded().rows(text).run()
}

fn with(key: &str) -> Rehearsal {
    let here = Rehearsal::new();
    here.write("m.toml", MAPPING.replace("column = \"Id\"\n", key));
    here
}

fn check(here: &Rehearsal, op: &str, code: i32) -> Value {
    here.run_embedded(format!("check in.csv -m m.toml --op {op} --json"))
        .expect(code)
        .json()
}

fn keys(here: &Rehearsal, run: &str) -> Vec<String> {
    let rows = here.rows(&format!("{run}/idmap.csv")).into_iter();
    let mut keys: Vec<String> = rows.map(|row| row["key"].clone()).collect();
    keys.sort();
    keys
}

#[test]
fn a_key_that_a_spreadsheet_rewrote_is_refused_unless_the_mapping_says_that_it_is_one() {
    let here = with("column = \"Id\"\n");
    let good = "Id,Ticket subject\n100004,a\n100011,b\n100015,c\n";
    import(&here, good, "", "run").expect(0);
    let rewritten = "Id,Ticket subject\n100004.0,a\n1.00011E+05,b\n\"100,015\",c\n100.015,c\n\
                     100\u{a0}015,c\n100020,d\n";
    for op in ["create", "upsert", "update", "archive"] {
        let asked: &[&str] = if op == "archive" { &["--yes"] } else { &[] };
        import(&here, rewritten, (format!("--op {op}"), asked), op).expect(3);
        let refused = here.rows(&format!("{op}/refused.csv"));
        let rewritten: Vec<_> = refused
            .iter()
            .filter(|row| row["_code"] == "KEY_REWRITTEN")
            .collect();
        assert_eq!(rewritten.len(), 5, "{op}: {refused:?}");
        assert_eq!(rewritten[1]["_column"], "Id");
        assert_eq!(rewritten[1]["_value"], "1.00011E+05");
        assert!(
            rewritten[1]["_hint"].contains("column as text"),
            "{:?}",
            rewritten[1]
        );
        let report = check(&here, op, 4);
        assert_eq!(report["refusals"][0]["code"], "KEY_REWRITTEN", "{op}");
        assert_eq!(report["refusals"][0]["rows"], 5, "{op}");
    }
    let here = with("column = \"Id\"\nas_written = true\n");
    import(&here, rewritten, "", "run").expect(0);
    assert_eq!(here.rows("run/done.csv").len(), 6);
}

#[test]
fn each_cell_of_a_composed_key_and_each_id_is_judged() {
    let template = "template = \"{{ col('Project') }}-{{ col('Id') }}\"\n";
    let here = with(template);
    let rows = "Project,Id,Ticket subject\nOPS,7,a\nOPS,1E+05,b\n2.0,8,c\n";
    import(&here, rows, "", "run").expect(3);
    assert_eq!(keys(&here, "run"), ["OPS-7"]);
    let refused = here.rows("run/refused.csv");
    let places: Vec<(&str, &str)> = refused
        .iter()
        .map(|row| (&*row["_column"], &*row["_value"]))
        .collect();
    assert_eq!(places, [("Id", "1E+05"), ("Project", "2.0")]);

    let here = Rehearsal::new();
    let by_id = "version = 1\n[key]\nrecord_id = { column = \"Id\" }\n[properties]\nsubject = \"Ticket subject\"\n";
    here.write("m.toml", by_id);
    let rows = "Id,Ticket subject\n2.1E+10,a\nx,b\n";
    import(&here, rows, "--op update", "run").expect(3);
    let refused = here.rows("run/refused.csv");
    assert_eq!(refused[0]["_code"], "KEY_REWRITTEN");
    assert!(
        !refused[0]["_hint"].contains("as_written"),
        "ids of records are digits"
    );
    assert_eq!(refused[1]["_code"], "INVALID_ID");
}

#[test]
fn letters_that_nobody_sees_make_no_other_key() {
    let here = with("column = \"Id\"\n");
    let plain = "Id,Ticket subject\n1,a\n2,b\n3,c\n4,d\n5,e\n6,f\n";
    import(&here, plain, "", "run").expect(0);
    let odd = "Id,Ticket subject\n1\u{a0},a\n\u{feff}2,b\n3\u{200b},c\n\u{2062}4,d\n\
               \u{200e}5\u{ad},e\n6,f\n\u{200b},g\n7\u{200b}8,h\n";
    let ended = import(&here, odd, "", "odd").expect(3);
    ended.says("4 keys with invisible characters around them, which were removed");
    assert_eq!(keys(&here, "odd"), ["1", "2", "3", "4", "5", "6"]);
    let done = here.rows("odd/done.csv");
    assert!(done.iter().all(|row| row["_fate"] == "exists"), "{done:?}");
    let two = done
        .iter()
        .find(|row| row["Ticket subject"] == "b")
        .expect("a row");
    assert_eq!(
        two["_remark"],
        "Id \"⟪U+FEFF⟫2\": invisible characters removed"
    );
    let refused = here.rows("odd/refused.csv");
    let codes: Vec<&str> = refused.iter().map(|row| &*row["_code"]).collect();
    assert_eq!(codes, ["MISSING_KEY", "INVALID_KEY"]);
    let report = check(&here, "create", 4);
    let remarks = report["remarks"].as_array().expect("remarks");
    let said = remarks.iter().find(|one| {
        one["what"]
            .as_str()
            .is_some_and(|what| what.starts_with("keys with"))
    });
    assert_eq!(said.expect("a check says so")["count"], 4);
}

#[test]
fn letters_that_nobody_sees_make_no_other_column() {
    let here = with("column = \"Id\"\n");
    let odd = "\u{a0}Id\u{200b},Ticket\u{a0}\u{ad}subject,Status\n1,one,open\n\u{a0}Id,Ticket\u{a0}\u{ad}subject,Status\n2,two,open\n";
    let ended = import(&here, odd, "", "run").expect(0);
    let ended = ended.says("invisible characters in the names of columns are ignored");
    ended.says("\"Ticket⟪U+00A0⟫⟪U+00AD⟫subject\"");
    let subjects: Vec<String> = here
        .rows("run/done.csv")
        .into_iter()
        .map(|row| row["Id"].clone())
        .collect();
    assert_eq!(subjects, ["1", "2"], "the header once more is no row");
    let report = check(&here, "create", 0);
    assert!(
        report["notices"][0]
            .as_str()
            .is_some_and(|words| words.contains("⟪U+00A0⟫")),
        "{report}"
    );
    assert_eq!(report["unused_columns"], serde_json::json!(["Status"]));
    here.run("check in.csv")
        .expect(0)
        .prints("invisible characters");

    // Another file of the run has the same columns, as people see them.
    here.write("other.csv", "Ticket subject,STATUS,id\nthree,open,3\n");
    here.run_embedded("import in.csv other.csv -m m.toml --run-dir both")
        .expect(0);
    assert_eq!(keys(&here, "both"), ["1", "2", "3"]);
}
