//! The mapping language as its users meet it: files beside a mapping, several rows for
//! one ticket, what the import can't do yet, and mistakes with their places.

use serde_json::Value;

use crate::rehearsal::{Rehearsal, project};

/// A mapping for `Id,Subject,Status` and more.
const HEAD: &str = r#"version = 1
[source]
timezone = "UTC"
[key]
property = "source_ticket_id"
column = "Id"
[[property]]
name = "source_ticket_id"
type = "string"
unique = true
[properties]
subject = "Subject"
"#;

const STAGE: &str = "hs_pipeline_stage = { value = \"New\" }\n";

fn import<'a>(file: &'a str, mapping: &'a str) -> [&'a str; 6] {
    ["import", file, "-m", mapping, "--run-dir", "run"]
}

#[test]
fn a_dozen_mistakes_and_one_are_told_at_once_each_at_its_place() {
    let here = Rehearsal::new();
    let mapping = r#"version = 1
sytem = "Help desk"

[source]
timezone = "Europe/Berln"

[key]
property = "source_ticket_id"
column = "Idd"

[rows]
skip = 'col("Stauts") == "deleted"'

[properties]
subjct = "Subject"
subject = { column = "Subject", trucate = true }
hs_pipeline_stage = { column = "Status", map = { open = "Waiting on uss" } }
hs_ticket_priority = { column = "Status", unmaped = "blank" }
createdate = { column = "Created", format = "%d/%m" }
content = { column = '/^Body(/' }
hubspot_owner_id = { column = "Agent", lookup = "ownr" }

[[associate]]
to = "contcts"
by = "email"
column = "Mail"

[[property]]
name = "source_ticket_id"
type = "strng"
unique = true
"#;
    let _mapping = here.write("bad.toml", mapping);
    let _file = here.write(
        "in.csv",
        "Id,Subject,Status,Created,Body,Agent,Mail\n1,a,open,,,,\n",
    );
    let ended = here.run_embedded(&import("in.csv", "bad.toml")).expect(64);
    let told = ended.stderr;
    let expected = [
        ("2:1", "did you mean `system`?"),
        ("5:12", "did you mean `Europe/Berlin`?"),
        ("9:10", "did you mean `Id`?"),
        ("12:14", "did you mean `Status`?"),
        ("15:1", "did you mean `subject`?"),
        ("16:33", "did you mean `truncate`?"),
        ("17:57", "did you mean \"Waiting on us\"?"),
        ("18:43", "did you mean `unmapped`?"),
        ("19:45", "formats are written like"),
        ("20:22", "write it in 'single quotes'"),
        ("21:49", "write \"owner\""),
        ("24:6", "did you mean `contacts`?"),
        ("30:8", "did you mean `string`?"),
    ];
    for (place, suggestion) in expected {
        let at = told
            .find(&format!("--> bad.toml:{place}\n"))
            .unwrap_or_else(|| panic!("nothing is told at {place}\n{told}"));
        let problem = told[at..].split("\n\n").next().unwrap_or_default();
        assert!(problem.contains(suggestion), "{place}: {problem}");
    }
    assert_eq!(told.matches("error: ").count(), expected.len(), "{told}");
}

#[test]
fn files_beside_the_mapping_are_read_from_its_folder() {
    let here = Rehearsal::new();
    std::fs::create_dir(here.path("maps")).expect("a folder");
    let _values = here.write("maps/stages.csv", "from,to\nDoing,Waiting on us\n");
    let _people = here.write(
        "maps/people.csv",
        "Login;Mail\nmlq;maya.lindqvist@northwind-support.example\n",
    );
    let _mapping = here.write(
        "maps/desk.toml",
        format!(
            "{HEAD}hs_pipeline_stage = {{ column = \"Status\", map = {{ file = \"stages.csv\" }} }}\n\
             hubspot_owner_id = {{ column = \"Agent\", lookup = {{ file = \"people.csv\", from = \"Login\", to = \"Mail\" }} }}\n"
        ),
    );
    let _file = here.write(
        "in.csv",
        "Id,Subject,Status,Agent\n1,a,doing,MLQ\n2,b,Done,\n",
    );
    let _ended = here
        .run_embedded(&import("in.csv", "maps/desk.toml"))
        .expect(3)
        .says("\"Done\": the mapping's value map has no entry for it");
    let exported = [
        "export",
        "--properties",
        "hs_pipeline_stage,hubspot_owner_id",
        "-o",
        "out.csv",
    ];
    let _ended = here.run_embedded(&exported).expect(0);
    let rows = here.rows("out.csv");
    assert_eq!(
        (
            &*rows[0]["hs_pipeline_stage"],
            &*rows[0]["hubspot_owner_id"]
        ),
        ("3", "41629701")
    );
}

#[test]
fn one_row_of_each_ticket_goes_in_and_the_others_are_skipped() {
    let rows = "Id,Subject\n1,a\n1,b\n,none\n2,c\n1,late\n3,d\n3,e\n3,f,ragged\n3,g\n";
    for (keep, done, refused) in [
        ("first", ["a", "c", "d"], ["none", "f", "late"]),
        ("last", ["b", "c", "g"], ["none", "f", "late"]),
    ] {
        let here = Rehearsal::new();
        let text = HEAD.replace(
            "[properties]",
            &format!("[rows]\none_per = \"Id\"\nkeep = \"{keep}\"\n[properties]"),
        );
        let _mapping = here.write("m.toml", format!("{text}{STAGE}"));
        let _file = here.write("in.csv", rows);
        let _ended = here.run_embedded(&import("in.csv", "m.toml")).expect(3);
        let mut found: Vec<String> = here
            .rows("run/done.csv")
            .into_iter()
            .map(|row| row["Subject"].clone())
            .collect();
        found.sort();
        assert_eq!(found, done, "{keep}");
        let fallen = here.rows("run/refused.csv");
        let said = |word: &str| {
            fallen
                .iter()
                .any(|row| row["Subject"] == word || row["_raw"].contains(&format!(",{word},")))
        };
        assert_eq!(fallen.len(), refused.len(), "{keep}");
        assert!(refused.iter().all(|word| said(word)), "{keep}: {fallen:?}");
    }
}

#[test]
fn links_that_the_import_can_not_make_yet_are_refused_before_anything_is_sent() {
    let here = Rehearsal::new();
    let _mapping = here.write(
        "m.toml",
        format!(
            "{HEAD}{STAGE}[[associate]]\nto = \"tickets\"\nby = \"key\"\ncolumn = \"Parent\"\nmissing = \"skip\"\n\
             [[associate]]\nto = \"contacts\"\nby = \"email\"\ncolumn = \"Mail\"\nlabel = \"Requester\"\n"
        ),
    );
    let _file = here.write("in.csv", "Id,Subject,Parent,Mail\n1,a,2,a@x.example\n");
    let _ended = here
        .run_embedded(&import("in.csv", "m.toml"))
        .expect(64)
        .says("links to tickets by key; links to contacts with the label \"Requester\"")
        .says("nothing was sent");
    assert!(!here.path("run").exists());
}

#[test]
fn a_mapping_is_proposed_checked_and_imports_its_file() {
    for sample in crate::presets::SAMPLES
        .iter()
        .map(|expected| expected.sample)
    {
        let here = Rehearsal::new();
        let file = project(&format!("samples/{sample}.csv"))
            .display()
            .to_string();
        let init = [
            "map",
            "init",
            &file,
            "--from",
            "none",
            "-o",
            "proposed.toml",
        ];
        let _ended = here.run(init).expect(0).says("go over it");
        let _ended = here.run(["map", "check", "proposed.toml"]).expect(0);
        let args = [
            "import",
            &file,
            "-m",
            "proposed.toml",
            "--run-dir",
            "run",
            "--json",
        ];
        let ended = here.run_embedded(&args);
        assert!(matches!(ended.code, 0 | 3), "{sample}: {}", ended.stderr);
        let summary: Value = serde_json::from_str(&ended.stdout).expect("a summary");
        let done = summary["rows"]["done"].as_u64().unwrap_or_default();
        let read = summary["read"].as_u64().unwrap_or_default();
        assert!(
            done * 10 >= read * 6,
            "{sample}: {done} of {read}\n{}",
            ended.stderr
        );
    }
}

#[test]
fn a_known_system_gets_its_preset_and_lines_for_the_rest() {
    let here = Rehearsal::new();
    let file = project("samples/intercom-tickets.csv")
        .display()
        .to_string();
    let ended = here.run(["map", "init", &file]).expect(0);
    assert!(ended.stdout.starts_with("# Intercom: "), "{}", ended.stdout);
    assert!(
        ended
            .stdout
            .contains("= \"E como você avalia o seu atendimento?\"\n"),
        "{}",
        ended.stdout
    );
    let _ended = ended.says("the preset intercom reads 23 of the file's 24 columns");
    let forced = here.run(["map", "init", &file, "--from", "jira", "-o", "j.toml"]);
    let _ended = forced.expect(0).says("the file lacks some that it needs");
    let again = here.run(["map", "init", &file, "-o", "j.toml"]).expect(64);
    let _ended = again.says("name another file");
    let _ended = here
        .run(["map", "init", &file, "--from", "jria"])
        .expect(64);
}

#[test]
fn mappings_are_checked_by_themselves() {
    let here = Rehearsal::new();
    let _good = here.write("good.toml", format!("{HEAD}{STAGE}"));
    let _bad = here.write(
        "bad.toml",
        format!(
            "{HEAD}{STAGE}createdate = {{ column = \"C\", timezone = \"Mars\", format = \"%H\" }}\n"
        ),
    );
    let ended = here
        .run(["map", "check", "good.toml", "bad.toml"])
        .expect(64);
    for words in [
        "good.toml: nothing is wrong with it",
        "there is no time zone `Mars`",
        "it does not give a whole date",
    ] {
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
    }
    let all: Vec<String> = std::fs::read_dir(project("mappings"))
        .expect("the presets")
        .map(|entry| entry.expect("an entry").path().display().to_string())
        .collect();
    let args = ["map".to_owned(), "check".to_owned()]
        .into_iter()
        .chain(all);
    let _ended = here.run(args).expect(0);
}

#[test]
fn the_json_schema_is_printed() {
    let here = Rehearsal::new();
    let ended = here.run(["map", "schema"]).expect(0);
    let schema: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(schema["title"], "tickethaul mapping");
}
