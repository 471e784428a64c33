//! JSON as input: objects become tickets and their comments notes, whatever the form of
//! the file; refused objects go whole into refused.jsonl, and are read back from there.

use std::fs;
use std::io::Write as _;

use serde_json::{Value, json};

use crate::support::{Ended, Rehearsal, project};

/// A sample in the shape of a system's JSON, its preset, and what becomes of it.
pub struct Shape {
    /// Name of the file.
    pub sample: &'static str,
    /// Name of the preset.
    pub preset: &'static str,
    done: u64,
    /// Line, code and column of each refused row.
    refused: &'static [(&'static str, &'static str, &'static str)],
    /// Tickets with comments, and comments.
    notes: (u64, u64),
    /// One note as `check` shows it.
    shown: &'static str,
}

/// All of them.
pub const SHAPES: [Shape; 5] = [
    Shape {
        sample: "zendesk-json-tickets.jsonl",
        preset: "zendesk-json",
        done: 6,
        refused: &[
            ("6", "UNMAPPED_VALUE", "status"),
            ("7", "INVALID_DATE", "comments"),
            ("8", "NO_JSON_OBJECT", ""),
        ],
        notes: (4, 9),
        shown: "22 · Public · web: Answer 1",
    },
    Shape {
        sample: "freshdesk-json-tickets.json",
        preset: "freshdesk-json",
        done: 5,
        refused: &[("290", "UNMAPPED_VALUE", "status")],
        notes: (3, 6),
        shown: "help@acme.example · Public · reply: Reply 1 to",
    },
    Shape {
        sample: "intercom-json-tickets.jsonl",
        preset: "intercom-json",
        done: 4,
        refused: &[("5", "UNMAPPED_VALUE", "state")],
        notes: (3, 5),
        shown: "Maya Lindqvist · Internal · admin: Ask billing.",
    },
    Shape {
        sample: "helpscout-json-tickets.jsonl",
        preset: "helpscout-json",
        done: 4,
        refused: &[("5", "UNMAPPED_VALUE", "status")],
        notes: (4, 9),
        shown: "Maya Lindqvist · Public · email: We look into it.",
    },
    Shape {
        sample: "case-tickets.jsonl",
        preset: "case",
        done: 3,
        refused: &[
            ("4", "UNKNOWN_STAGE", "properties.hs_pipeline_stage"),
            ("5", "INVALID_DATE", "notes"),
            ("6", "NO_JSON_LIST", "contacts"),
        ],
        notes: (2, 3),
        shown: "Carrier called",
    },
];

/// The objects of a refused.jsonl.
fn objects(here: &Rehearsal, name: &str) -> Vec<Value> {
    let text = here.read(name);
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("an object a line")
}

fn word<'v>(object: &'v Value, name: &str) -> &'v str {
    object[name].as_str().unwrap_or_default()
}

fn import(here: &Rehearsal, file: &str, mapping: &str, run: &str) -> Ended {
    here.run_embedded(format!("import {file} -m {mapping} --run-dir {run}"))
}

fn check_shape(shape: &Shape) {
    let here = Rehearsal::new();
    let file = project(&format!("samples/{}", shape.sample));
    let file = file.display().to_string();
    let args = ["check", &file, "-m", shape.preset];
    here.run_embedded(args).expect(4).prints(shape.shown);
    let report = here.run_embedded((&args, "--json")).expect(4).json();
    let (tickets, notes) = shape.notes;
    let forecast = &report["import"]["notes"];
    assert_eq!(
        (&forecast["tickets"], &forecast["notes"]),
        (&json!(tickets), &json!(notes)),
        "{}",
        shape.sample
    );
    assert_eq!(
        report["rows"],
        json!({"ready": shape.done, "skipped": 0, "refused": shape.refused.len()})
    );
    import(&here, &file, shape.preset, "run").expect(3);
    let mut refused = objects(&here, "run/refused.jsonl");
    refused.sort_by_key(|one| word(one, "_line").parse::<u64>().unwrap_or_default());
    let found: Vec<_> = refused
        .iter()
        .map(|one| (word(one, "_line"), word(one, "_code"), word(one, "_column")))
        .collect();
    assert_eq!(found, shape.refused, "{}", shape.sample);
    assert!(!here.path("run/refused.csv").exists());
}

#[test]
fn every_shape_goes_in_with_its_preset() {
    SHAPES.iter().for_each(check_shape);
}

const MAPPING: &str = r#"
version = 1
[key]
property = "desk_id"
column = "id"
prefix = "d-"
[properties]
subject = "subject"
content = { column = "custom_fields[id=1].value", optional = true }
hs_pipeline_stage = { column = "status.name", map = { open = "1" }, unmapped = "refuse" }
desk_tags = { column = "tags", optional = true, split = "," }
[[notes]]
each = "comments"
optional = true
id = "id"
at = "at"
body = "text"
[[property]]
name = "desk_id"
label = "FilledPortal id"
type = "string"
unique = true
[[property]]
name = "desk_tags"
label = "FilledPortal tags"
type = "string"
"#;

const ROWS: [&str; 3] = [
    r#"{"id":1,"subject":"one","status":{"name":"open"},"tags":["a","b c"],"comments":[{"id":9,"at":"2024-03-01T09:00:00Z","text":"x"}]}"#,
    r#"{"id":2,"subject":"two, \"and\" more\nlines","status":{"name":"opne"},"custom_fields":[{"id":1,"value":"v"},{"id":2}]}"#,
    r#"{"id":3,"subject":"three","status":{"name":"open"},"huge":12345678901234567890123,"comments":[{"id":1,"at":"soon","text":"x"}]}"#,
];

fn gz(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).expect("packed");
    packed.finish().expect("packed")
}

#[test]
fn objects_are_the_same_rows_however_they_stand() {
    let here = Rehearsal::new();
    here.write("m.toml", MAPPING);
    let lines = ROWS.join("\n");
    let pretty: Vec<String> = ROWS
        .iter()
        .map(|row| {
            let object: Value = serde_json::from_str(row).expect("JSON");
            serde_json::to_string_pretty(&object).expect("JSON")
        })
        .collect();
    // A number of that length is none for everybody.
    let pretty = pretty.join("\n");
    let list = format!("[{}]", ROWS.join(",\n"));
    let utf16: Vec<u8> = std::iter::once(0xFEFF)
        .chain(lines.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let forms: [(&str, Vec<u8>); 7] = [
        ("in.jsonl", lines.clone().into_bytes()),
        ("in.ndjson", lines.replace('\n', "\r\n\r\n").into_bytes()),
        ("in.json", list.clone().into_bytes()),
        ("pretty.json", pretty.into_bytes()),
        ("in.jsonl.gz", gz(&lines)),
        (
            "in.json.zst",
            zstd::encode_all(list.as_bytes(), 1).expect("packed"),
        ),
        ("in.utf16", utf16),
    ];
    let mut first = None;
    for (name, bytes) in forms {
        here.write(name, bytes);
        let ended = here
            .run_embedded(["check", name, "-m", "m.toml", "--json"])
            .expect(4);
        let mut report: Value = serde_json::from_str(&ended.stdout).expect("a report");
        for group in report["refusals"].as_array_mut().expect("refusals") {
            for row in group["examples"].as_array_mut().expect("examples") {
                row["line"] = Value::Null;
            }
        }
        assert_eq!(
            report["rows"],
            json!({"ready": 1, "skipped": 0, "refused": 2})
        );
        assert_eq!(report["import"]["notes"]["notes"], 1);
        assert_eq!(
            first.get_or_insert_with(|| report.clone()),
            &report,
            "{name}"
        );
        let survey = here.run(["check", name]).expect(0);
        let said = if name.contains(".json") && !name.contains(".jsonl") {
            "JSON"
        } else {
            "JSON lines"
        };
        survey.prints(said).prints("status.name");
    }
}

#[test]
fn refused_objects_are_whole_can_be_fixed_and_go_in_once() {
    let here = Rehearsal::new();
    here.write("m.toml", MAPPING);
    let broken = r#"{"id":4,"subject":"four","status":{"name":"open"}"#;
    let text = format!("{}\n{broken}\n", ROWS.join("\n"));
    here.write("in.jsonl", text);
    here.run_embedded("import in.jsonl -m m.toml --run-dir run --create-properties")
        .expect(3)
        .says("refused.jsonl");
    let refused = objects(&here, "run/refused.jsonl");
    assert_eq!(refused.len(), 3);
    let text = here.read("run/refused.jsonl");
    assert!(text.contains("\"huge\":12345678901234567890123"), "{text}");
    assert!(
        text.contains(r#""custom_fields":[{"id":1,"value":"v"},{"id":2}]"#),
        "{text}"
    );
    // Nothing was fixed: the retry refuses the same rows, with the lines of the first input.
    here.run_embedded("retry run --run-dir again").expect(3);
    let lines = |run: &str| -> Vec<(String, String)> {
        let mut lines: Vec<_> = objects(&here, &format!("{run}/refused.jsonl"))
            .iter()
            .map(|one| (word(one, "_line").to_owned(), word(one, "_code").to_owned()))
            .collect();
        lines.sort();
        lines
    };
    assert_eq!(lines("again"), lines("run"));
    let fixed = here.read("again/refused.jsonl");
    let fixed = fixed
        .replace("opne", "open")
        .replace("\"at\":\"soon\"", "\"at\":\"2024-03-02\"")
        .replace("\\\"open\\\"}", "\\\"open\\\"}}");
    here.write("again/refused.jsonl", fixed);
    here.run_embedded("retry again --run-dir last").expect(3);
    // A day without a zone is no instant; as a file of its own it is fixed for good.
    let fixed = here
        .read("last/refused.jsonl")
        .replace("2024-03-02", "2024-03-02T10:00:00Z");
    assert_eq!(fixed.lines().count(), 1);
    here.write("fixed.jsonl", fixed);
    import(&here, "fixed.jsonl", "m.toml", "end").expect(0);
    let export = "export --properties desk_id,subject,content,desk_tags -o out.csv";
    here.run_embedded(export).expect(0);
    let mut rows = here.rows("out.csv");
    rows.retain(|row| row["desk_id"].starts_with("d-"));
    rows.sort_by_key(|row| row["desk_id"].clone());
    let ids: Vec<&str> = rows.iter().map(|row| row["desk_id"].as_str()).collect();
    assert_eq!(ids, ["d-1", "d-2", "d-3", "d-4"]);
    assert_eq!(rows[0]["desk_tags"], "a;b c");
    assert_eq!(rows[1]["content"], "v");
    assert_eq!(rows[1]["subject"], "two, \"and\" more\nlines");
}

#[test]
fn files_of_one_run_have_the_columns_of_all() {
    let here = Rehearsal::new();
    here.write("m.toml", MAPPING);
    here.write("a.jsonl", ROWS[0]);
    here.write("b.json", format!("[{}]", ROWS[1].replace("opne", "open")));
    let ended = here.run_embedded("check a.jsonl b.json -m m.toml --json");
    let report: Value = serde_json::from_str(&ended.expect(0).stdout).expect("a report");
    assert_eq!(report["rows"]["ready"], 2);
    here.write("c.csv", "id,subject\n1,x\n");
    here.run("check a.jsonl c.csv")
        .expect(64)
        .says("only one of them is JSON");
}

#[test]
fn json_that_means_harm_costs_little() {
    let here = Rehearsal::new();
    here.write("m.toml", MAPPING);
    let deep = format!(
        "{{\"id\":5,\"x\":{}1{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let long = format!("{{\"id\":6,\"subject\":\"{}\"}}", "x".repeat(40 << 20));
    let bomb = format!(
        "{{\"id\":7,\"subject\":\"s\",\"status\":{{\"name\":\"open\"}},\"comments\":[{{\"id\":1,\"at\":\"2024-03-01T09:00:00Z\",\"text\":\"{}\"}}]}}",
        "<b>".repeat(1 << 20)
    );
    let text = format!("{}\n{deep}\n{long}\n{bomb}\n", ROWS[0]);
    here.write("in.jsonl", text);
    here.run_embedded("import in.jsonl -m m.toml --run-dir run --create-properties")
        .expect(3);
    let codes: Vec<String> = objects(&here, "run/refused.jsonl")
        .iter()
        .map(|one| word(one, "_code").to_owned())
        .collect();
    assert!(codes.contains(&"NESTED_TOO_DEEP".to_owned()), "{codes:?}");
    assert!(codes.contains(&"RECORD_TOO_LONG".to_owned()), "{codes:?}");
    let size = fs::metadata(here.path("run/refused.jsonl"))
        .expect("the file")
        .len();
    assert!(size < 1 << 20, "{size}");
    // A list whose object is broken leaves open where the next begins.
    here.write("in.json", "[{\"id\":1,\"subject\":\"a\n\"},{\"id\":2}]");
    here.run("check in.json")
        .expect(64)
        .says("the object that begins in line 1 is broken");
}

#[test]
fn a_json_export_is_recognised_and_its_proposal_goes_in() {
    for shape in &SHAPES {
        let here = Rehearsal::new();
        let file = project(&format!("samples/{}", shape.sample))
            .display()
            .to_string();
        here.run(["map", "init", &file, "-o", "m.toml"]).expect(0);
        let mapping = here.read("m.toml");
        assert!(mapping.contains("[[notes]]"), "{}\n{mapping}", shape.preset);
        here.run("map check m.toml").expect(0);
        // What the preset does not know of a file, the proposal may.
        let ended = import(&here, &file, "m.toml", "run");
        assert!(matches!(ended.code, 0 | 3), "{}", ended.stderr);
        let summary = here.json("run/summary.json");
        let done = summary["rows"]["done"].as_u64().unwrap_or_default();
        assert!(done >= shape.done, "{}: {summary}", shape.sample);
    }
}

#[test]
fn a_plan_of_objects_is_shown_and_applied() {
    let here = Rehearsal::new();
    here.write("m.toml", MAPPING);
    here.write("in.jsonl", ROWS.join("\n"));
    here.run_embedded("plan in.jsonl -m m.toml -o plan --create-properties")
        .expect(0);
    let shown = here.run_embedded("plan plan --json").expect(0);
    let report: Value = serde_json::from_str(shown.stdout.trim()).expect("a report");
    assert_eq!(report["rows"]["create"], 1, "{report}");
    assert_eq!(report["refused"], 2, "{report}");
    here.run_embedded("apply plan --run-dir run").expect(3);
    assert_eq!(objects(&here, "run/refused.jsonl").len(), 2);
    let summary = here.json("run/summary.json");
    assert_eq!(
        (&summary["rows"]["done"], &summary["notes"]["created"]),
        (&json!(1), &json!(1)),
        "{summary}"
    );
    let again = here.run_embedded("plan in.jsonl -m m.toml --op upsert --json");
    let report = again.expect(0).json();
    assert_eq!(report["rows"]["unchanged"], 1, "{report}");
}

#[test]
fn what_a_check_refuses_is_written_as_objects_and_a_run_without_refusals_has_none() {
    let here = Rehearsal::new();
    here.write("m.toml", MAPPING);
    here.write("in.jsonl", ROWS.join("\n"));
    here.run_embedded("check in.jsonl -m m.toml -o bad.csv")
        .expect(64)
        .says("end its name with .jsonl");
    here.run_embedded("check in.jsonl -m m.toml -o bad.jsonl")
        .expect(4);
    let bad = objects(&here, "bad.jsonl");
    assert_eq!(bad.len(), 2);
    assert_eq!(word(&bad[0], "_code"), "UNMAPPED_VALUE");
    assert_eq!(bad[1]["comments"][0]["text"], "x");
    here.write("good.jsonl", ROWS[0]);
    let good = "import good.jsonl -m m.toml --run-dir run --create-properties";
    here.run_embedded(good).expect(0);
    assert_eq!(here.read("run/refused.jsonl"), "");
    here.run_embedded("retry run")
        .expect(0)
        .says("nothing to retry");
    // A file that lost columns which we added says nothing of its rows any more.
    let damaged = here.read("bad.jsonl").replace("\"_key\"", "\"key\"");
    here.write("damaged.jsonl", damaged);
    here.run_embedded("check damaged.jsonl")
        .expect(64)
        .says("refused.jsonl of a run, and damaged: it lacks _key");
}

/// An object with a list of comments.
fn with_comments(id: u32, comments: Value) -> String {
    json!({"id": id, "subject": "s", "status": {"name": "open"}, "comments": comments}).to_string()
}

#[test]
fn hostile_comments_are_notes_once_or_refuse_their_row() {
    let here = Rehearsal::new();
    let plain = MAPPING.replace("body = \"text\"", "body = \"text\"\nauthor = \"by\"");
    here.write("m.toml", &plain);
    let html = plain.replace(
        "body = \"text\"",
        "body = { path = \"text\", html = \"clean\" }",
    );
    here.write("html.toml", html.replace("id = \"id\"\nat", "at"));
    let at = "2024-03-01T09:00:00.123Z";
    let one = |id: u32, text: &str| json!({"id": id, "at": at, "by": "Ann", "text": text});
    let script = "<script>alert(1)</script><p onclick=x>hi <a href='javascript:x'>there</a></p>";
    let long = "0123456789".repeat(1 << 17);
    let rows = [
        // Two in one millisecond.
        with_comments(1, json!([one(1, "a"), one(2, "b")])),
        // One that comes twice is one; two of one id that differ are none.
        with_comments(2, json!([one(1, "a"), one(1, "a")])),
        with_comments(3, json!([one(1, "a"), one(1, "b")])),
        with_comments(4, json!([one(1, &long)])),
        with_comments(5, json!("no list")),
        with_comments(6, json!([one(1, ""), one(2, "\u{202e}x")])),
    ];
    here.write("in.jsonl", rows.join("\n"));
    let args = "import in.jsonl -m m.toml --run-dir run --create-properties";
    here.run_embedded(args).expect(3);
    let mut refused: Vec<(String, String)> = objects(&here, "run/refused.jsonl")
        .iter()
        .map(|one| (word(one, "_line").to_owned(), word(one, "_code").to_owned()))
        .collect();
    refused.sort();
    let expected = [("3", "REPEATED_NOTE"), ("5", "NO_JSON_LIST")];
    let expected = expected.map(|(line, code)| (line.to_owned(), code.to_owned()));
    assert_eq!(refused, expected);
    let summary = here.json("run/summary.json");
    let notes = summary["notes"]["created"].as_u64().expect("a number");
    // 1.3 MB are 21 parts.
    assert!((20..23).contains(&(notes - 4)), "{summary}");
    here.run_embedded("verify run").expect(0);
    // Without ids, equal comments are counted apart, and HTML is cleaned.
    let free = |text: &str| json!({"at": at, "by": "Ann", "text": text});
    let row = with_comments(7, json!([free("same"), free("same"), free(script)]));
    here.write("free.jsonl", row);
    for (run, made) in [("free", 3), ("again", 0)] {
        let args = format!("import free.jsonl -m html.toml --op upsert --run-dir {run}");
        here.run_embedded(args).expect(0);
        let summary = here.json(&format!("{run}/summary.json"));
        assert_eq!(summary["notes"]["created"], made, "{summary}");
    }
}
