//! `check -m`: what it finds in a file without sending anything, and that an import
//! then does just that.

use std::process::Stdio;

use serde_json::Value;

use crate::support::{Args, Rehearsal, Row, keyed, write_rows};

const MAPPING: &str = keyed!(
    "source_ticket_id",
    r#"subject = "Subject"
hs_pipeline_stage = { column = "Status", map = { open = "Waiting on us", done = "Closed" } }
hs_ticket_priority = { column = "Priority" }
hubspot_owner_id = { column = "Agent", lookup = "owner", missing = "blank" }
[[associate]]
to = "contacts"
by = "email"
column = "Mail"
missing = "create"
"#
);

const HEADER: &str = "Id,Subject,Status,Priority,Agent,Mail,Note\n";

/// What `check` says of in.csv as JSON.
#[track_caller]
fn report(here: &Rehearsal, more: impl Args, code: i32) -> Value {
    let args = ("check in.csv -m m.toml --json", more);
    here.run_embedded(args).expect(code).json()
}

fn desk(rows: &str) -> Rehearsal {
    let here = Rehearsal::new();
    here.write("m.toml", MAPPING);
    here.write("in.csv", format!("{HEADER}{rows}"));
    here
}

#[test]
fn values_filled_in_by_a_script_leave_nothing_unmapped() {
    let here = desk(
        "1,a,open,High,Maya Lindqvist,a@x.example,\n\
         2,b,opne,Hgih,Maja Lindqvist,b@x.example,\n\
         3,c,OPNE,hgih,Nobody,,\n\
         4,d,dnoe,urgent,Nobody,a@x.example,\n\
         5,e,dnoe,,,,\n\
         6,f,paused,Low,,,\n",
    );
    let before = report(&here, "--write-values values.csv", 4);
    assert_eq!(before["rows"]["refused"], 5);
    let found: Vec<(String, String, u64, Value)> = unmapped(&before);
    let line = |property: &str, value: &str, count, suggestion: Value| {
        (property.to_owned(), value.to_owned(), count, suggestion)
    };
    assert_eq!(
        found,
        [
            line("hs_pipeline_stage", "dnoe", 2, "Closed".into()),
            line("hs_pipeline_stage", "opne", 2, "Waiting on us".into()),
            line("hs_pipeline_stage", "paused", 1, Value::Null),
            line("hs_ticket_priority", "Hgih", 2, "High".into()),
            line("hubspot_owner_id", "Nobody", 2, Value::Null),
            line(
                "hubspot_owner_id",
                "Maja Lindqvist",
                1,
                "Maya Lindqvist".into()
            ),
        ]
    );

    fill_in(&here);
    let filled = MAPPING
        .replace(
            "{ open = \"Waiting on us\", done = \"Closed\" }",
            "{ file = \"values.csv\" }",
        )
        .replace(
            "\"Priority\" }",
            "\"Priority\", map = { file = \"values.csv\" }, unmapped = \"keep\" }",
        )
        .replace(
            "\"Agent\",",
            "\"Agent\", map = { file = \"values.csv\" }, unmapped = \"keep\",",
        );
    here.write("m.toml", filled);
    let after = report(&here, "", 0);
    assert_eq!(after["unmapped"], serde_json::json!([]));
    assert_eq!(after["rows"]["ready"], 6);
    here.run_embedded("import in.csv -m m.toml --run-dir run")
        .expect(0);
}

/// Property, value, count and suggestion of everything without a counterpart.
fn unmapped(report: &Value) -> Vec<(String, String, u64, Value)> {
    let columns = report["unmapped"].as_array().expect("columns");
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    columns
        .iter()
        .flat_map(|column| {
            let values = column["values"].as_array().expect("values");
            values.iter().map(|value| {
                (
                    text(&column["property"]),
                    text(&value["value"]),
                    value["count"].as_u64().expect("a count"),
                    value["suggestion"].clone(),
                )
            })
        })
        .collect()
}

/// What a script does with the value file: it takes the suggestion, else what it knows.
fn fill_in(here: &Rehearsal) {
    let mut rows = here.rows("values.csv");
    for row in rows.iter_mut().filter(|row| row["to"].is_empty()) {
        let known = match &*row["property"] {
            "hs_pipeline_stage" => "Waiting on contact",
            _ => "Maya Lindqvist",
        };
        let to = match &*row["suggestion"] {
            "" => known.to_owned(),
            suggestion => suggestion.to_owned(),
        };
        row.insert("to".to_owned(), to);
    }
    let path = here.path("values.csv");
    let filled = here.path("filled.csv");
    write_rows(&filled, &path, &rows);
    std::fs::rename(filled, path).expect("renamed");
}

#[test]
fn a_value_file_is_never_written_over() {
    let here = desk("1,a,opne,,,,\n");
    let _report = report(&here, "--write-values values.csv", 4);
    here.run_embedded("check in.csv -m m.toml --write-values values.csv")
        .expect(64)
        .says("values.csv");
}

#[test]
fn repeated_keys_are_told_with_both_places_as_the_import_tells_them() {
    let here = Rehearsal::new();
    here.write("m.toml", MAPPING);
    let row = |id: &str, status: &str| format!("{id},s,{status},,,,\n");
    let first = [row("A1", "open"), row("b", "odd"), row("b", "open")].concat();
    let second = [
        row("x", "open"),
        row("a1", "done"),
        row("A1", "done"),
        row("b", "done"),
        row("A1", "open"),
    ];
    here.write("a.csv", format!("{HEADER}{first}"));
    here.write("b.csv", format!("{HEADER}{}", second.concat()));
    here.run_embedded("check a.csv b.csv -m m.toml -o checked.csv")
        .expect(4);
    let told: Vec<(String, String, String)> = here
        .rows("checked.csv")
        .into_iter()
        .map(|row| {
            (
                row["_line"].clone(),
                row["_code"].clone(),
                first_words(&row),
            )
        })
        .collect();
    let line =
        |line: &str, code: &str, words: &str| (line.to_owned(), code.to_owned(), words.to_owned());
    assert_eq!(
        told,
        [
            line(
                "a.csv:3",
                "UNMAPPED_VALUE",
                "the mapping's value map has no entry for it"
            ),
            line(
                "b.csv:3",
                "KEY_CASE",
                "line 2 of a.csv has the key \"A1\", which differs only by case"
            ),
            line(
                "b.csv:4",
                "REPEATED_KEY",
                "line 2 of a.csv has the same key"
            ),
            line(
                "b.csv:5",
                "REPEATED_KEY",
                "line 4 of a.csv has the same key"
            ),
            line(
                "b.csv:6",
                "REPEATED_KEY",
                "line 2 of a.csv has the same key"
            ),
        ]
    );
    here.run_embedded("import a.csv b.csv -m m.toml --run-dir run")
        .expect(3);
    let sorted = |mut rows: Vec<Row>| {
        rows.sort();
        rows
    };
    assert_eq!(
        sorted(here.rows("checked.csv")),
        sorted(here.rows("run/refused.csv"))
    );
}

/// The sentence of a hint, without its place and its advice.
fn first_words(row: &Row) -> String {
    let hint = row["_hint"].split("\": ").last().unwrap_or_default();
    hint.split("; ").next().unwrap_or_default().to_owned()
}

#[test]
fn standard_input_with_repeated_keys_is_read_twice() {
    let here = desk("");
    let mut command = here.command("check - -m m.toml --json");
    command
        .args(["--portal", "sandbox", "--sandbox-data"])
        .arg(here.path("sandbox-data"))
        .stdin(Stdio::from(
            std::fs::File::open(
                here.write("rows", format!("{HEADER}1,a,open,,,,\n1,b,open,,,,\n")),
            )
            .expect("the rows"),
        ));
    let report = here.finish(command).expect(4).json();
    assert_eq!(report["refusals"][0]["code"], "REPEATED_KEY");
    assert_eq!(report["refusals"][0]["examples"][0]["line"], "3");
    assert_eq!(report["import"]["tickets"], 1);
}

#[test]
fn what_a_run_costs_and_sets_off_is_what_it_then_does() {
    let rows: String = (0..250)
        .map(|n| {
            format!(
                "{n},s,{},,,c{}@x.example,\n",
                ["open", "done"][n % 2],
                n % 40
            )
        })
        .collect();
    let here = desk(&rows);
    let found = report(&here, "", 0);
    let run = &found["import"];
    assert_eq!((&run["tickets"], &run["emails"]), (&250.into(), &40.into()));
    assert_eq!(
        run["stages"],
        serde_json::json!([
            {"pipeline": "Support Pipeline", "stage": "Waiting on us", "rows": 125},
            {"pipeline": "Support Pipeline", "stage": "Closed", "rows": 125},
        ])
    );
    assert_eq!(found["unused_columns"], serde_json::json!(["Note"]));
    assert!(run["daily_calls"].as_u64().is_some(), "{run}");
    assert_eq!(
        run["rate"],
        serde_json::json!({"calls": 190, "seconds": 10.0})
    );
    let slow = report(&here, "--rate 1/2s", 0);
    let calls = run["calls_at_most"].as_u64().expect("a number");
    assert_eq!(slow["import"]["seconds"], calls as f64 * 2.0);
    let summary = here
        .run_embedded("import in.csv -m m.toml --run-dir run --json")
        .expect(0)
        .json();
    assert_eq!(summary["contacts_created"], run["emails"]);
    let (most, made) = (run["calls_at_most"].as_u64(), summary["calls"].as_u64());
    // The import creates the key property too, which the portal lacks.
    assert!(made <= most.map(|most| most + 2), "{made:?} of {most:?}");
}

#[test]
fn mistakes_of_a_mapping_are_told_as_the_import_tells_them() {
    let here = desk("1,a,open,,,,\n");
    let bad = MAPPING
        .replace("hs_ticket_priority", "hs_ticket_prority")
        .replace("done = \"Closed\"", "done = \"Closd\"")
        .replace("missing = \"blank\"", "mising = \"blank\"");
    here.write("m.toml", bad);
    let ended = here.run_embedded("check in.csv -m m.toml").expect(64);
    for words in [
        "did you mean `hs_ticket_priority`?",
        "did you mean \"Closed\"?",
        "did you mean `missing`?",
    ] {
        assert!(ended.stderr.contains(words), "{words}\n{}", ended.stderr);
    }
}

#[test]
fn what_a_check_minds_depends_on_the_operation() {
    let here = desk("A,one,open,,,,\nA,two,open,,,,\na,three,open,,,,\n");
    // Which pipeline a ticket has that is there already is not known, and both have this.
    let mapping = MAPPING.replace("Closed", "Waiting on contact");
    here.write("m.toml", &mapping);
    for (operation, refused, codes) in [
        ("create", 2, vec!["KEY_CASE", "REPEATED_KEY"]),
        ("upsert", 1, vec!["KEY_CASE"]),
        ("update", 0, vec![]),
    ] {
        let code = if refused > 0 { 4 } else { 0 };
        let found = report(&here, format!("--op {operation}"), code);
        assert_eq!(found["rows"]["refused"], refused, "{operation}: {found}");
        assert_eq!(found["import"]["operation"], operation);
        let mut told: Vec<&str> = found["refusals"]
            .as_array()
            .expect("refusals")
            .iter()
            .filter_map(|group| group["code"].as_str())
            .collect();
        told.sort_unstable();
        assert_eq!(told, codes, "{operation}");
    }
    let upsert = "import in.csv -m m.toml --op upsert";
    let _ended = here.run_embedded((upsert, "--run-dir run"));
    let refused = here.rows("run/refused.csv");
    assert_eq!(refused.len(), 1, "the import minds the same");
    assert_eq!(refused[0]["_code"], "KEY_CASE");

    let keys_and_subjects = mapping.replace(
        "hs_pipeline_stage = { column = \"Status\", map = { open = \"Waiting on us\", done = \"Waiting on contact\" } }\n",
        "",
    );
    here.write("m.toml", keys_and_subjects);
    let created = here.run_embedded("check in.csv -m m.toml");
    created
        .expect(64)
        .says("nothing is mapped to `hs_pipeline_stage`");
    let _found = report(&here, "--op update", 0);
}
