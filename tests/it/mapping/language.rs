//! The mapping language as its users meet it: files next to a mapping, several rows for
//! one ticket, what the import can't do yet, and mistakes with their places.

use serde_json::Value;

use crate::support::{Rehearsal, Row, project, write_rows};

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
    here.write("bad.toml", mapping);
    here.write(
        "in.csv",
        "Id,Subject,Status,Created,Body,Agent,Mail\n1,a,open,,,,\n",
    );
    let ended = here.run_embedded(import("in.csv", "bad.toml")).expect(64);
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
    here.write("maps/stages.csv", "from,to\nDoing,Waiting on us\n");
    here.write(
        "maps/people.csv",
        "Login;Mail\nmlq;maya.lindqvist@northwind-support.example\n",
    );
    here.write(
        "maps/desk.toml",
        format!(
            "{HEAD}hs_pipeline_stage = {{ column = \"Status\", map = {{ file = \"stages.csv\" }} }}\n\
             hubspot_owner_id = {{ column = \"Agent\", lookup = {{ file = \"people.csv\", from = \"Login\", to = \"Mail\" }} }}\n"
        ),
    );
    here.write(
        "in.csv",
        "Id,Subject,Status,Agent\n1,a,doing,MLQ\n2,b,Done,\n",
    );
    here.run_embedded(import("in.csv", "maps/desk.toml"))
        .expect(3)
        .says("\"Done\": the mapping's value map has no entry for it");
    let exported = "export --properties hs_pipeline_stage,hubspot_owner_id -o out.csv";
    here.run_embedded(exported).expect(0);
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
        here.write("m.toml", format!("{text}{STAGE}"));
        here.write("in.csv", rows);
        here.run_embedded(import("in.csv", "m.toml")).expect(3);
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
fn a_mapping_is_proposed_checked_and_imports_its_file() {
    for sample in crate::support::samples::samples()
        .into_iter()
        .filter(|expected| !expected.edit_first)
        .map(|expected| expected.sample)
    {
        let here = Rehearsal::new();
        let file = project(&format!("samples/{sample}.csv"))
            .display()
            .to_string();
        let init = (["map", "init", &file], "--from none -o proposed.toml");
        here.run(init).expect(0).says("go over it");
        here.run("map check proposed.toml").expect(0);
        let ended = here.run_embedded((import(&file, "proposed.toml"), "--json"));
        assert!(matches!(ended.code, 0 | 3), "{sample}: {}", ended.stderr);
        let summary = ended.json();
        let done = summary["rows"]["done"].as_u64().unwrap_or_default();
        let read = summary["read"].as_u64().unwrap_or_default();
        assert!(
            done * 10 >= read * 6,
            "{sample}: {done} of {read}; teach propose/vocabulary.toml its words, or say \
             `edit_first = true` in {sample}.toml\n{}",
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
    ended.says("the preset intercom reads 23 of the file's 24 columns");
    let ended = here.run(["map", "init", &file, "--from", "none", "--json"]);
    let told: Value = serde_json::from_str(&ended.expect(0).stdout).expect("JSON");
    assert!(
        told["mapping"]
            .as_str()
            .is_some_and(|text| text.contains("[key]"))
    );
    let subject = told["matches"]
        .as_array()
        .and_then(|all| all.iter().find(|one| one["property"] == "subject"));
    assert_eq!(subject.expect("a match")["column"], "Ticket title");
    let forced = here.run(["map", "init", &file, "--from", "jira", "-o", "j.toml"]);
    forced.expect(0).says("the file lacks some that it needs");
    let again = here.run(["map", "init", &file, "-o", "j.toml"]).expect(64);
    again.says("name another file");
    here.run(["map", "init", &file, "--from", "jria"])
        .expect(64);
}

#[test]
fn mappings_are_checked_by_themselves() {
    let here = Rehearsal::new();
    here.write("good.toml", format!("{HEAD}{STAGE}"));
    here.write(
        "bad.toml",
        format!(
            "{HEAD}{STAGE}createdate = {{ column = \"C\", timezone = \"Mars\", format = \"%H\" }}\n"
        ),
    );
    let ended = here.run("map check good.toml bad.toml").expect(64);
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
    here.run(("map check", all)).expect(0);
}

#[test]
fn the_json_schema_is_printed() {
    let here = Rehearsal::new();
    let schema = here.run("map schema").expect(0).json();
    assert_eq!(schema["title"], "tickethaul mapping");
}

/// Cells of all sorts, always the same: good ones, slips, and what no column expects.
fn odd_cells(rows: usize) -> String {
    let odd = [
        "",
        " ",
        "-",
        "New",
        "Closed",
        "closed ",
        "Waiting on us",
        "Escalations",
        "High",
        "urgent",
        "Hgih",
        "2024-03-31 02:30:00",
        "31/12/2024",
        "2024-13-01",
        "1710055800",
        "12.50",
        "1,5",
        "1e9",
        "0x10",
        "007",
        "true",
        "No",
        "maybe",
        "maya.lindqvist@northwind-support.example",
        "Alex Kim",
        "a@b.example",
        "a@b",
        "<p>x &amp; y</p>",
        "<table><td>",
        "product issue",
        "BILLING_ISSUE;PRODUCT_ISSUE",
        ";PRODUCT_ISSUE",
        "9007199254740993123",
        "-0.0",
        "\u{feff}x",
        "\u{1F600}",
        "e\u{301}",
        "a;b;a",
        "\t",
        "\r\n",
    ];
    // What the columns expect; four of five cells are of this sort.
    let good = [
        "text",
        "New",
        "Support Pipeline",
        "High",
        "Product issue",
        "Maya Lindqvist",
        "31/12/2024",
        "2024-12-31",
        "1,5",
        "yes",
        "a@b.example",
    ];
    let mut state: u64 = 42;
    let mut pick = |column: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let drawn = (state >> 33) as usize;
        if drawn.is_multiple_of(5) {
            odd[drawn / 5 % odd.len()]
        } else {
            good[column]
        }
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    let header =
        "Id,Subject,Text,Stage,Pipeline,Priority,Category,Owner,Created,Due,Effort,Flag,Mail";
    writer.write_record(header.split(',')).expect("written");
    for row in 0..rows {
        let id = row.to_string();
        let cells: Vec<&str> = (0..good.len()).map(&mut pick).collect();
        let start = [id.as_str(), "subject"];
        writer
            .write_record(start.iter().chain(&cells))
            .expect("written");
    }
    String::from_utf8(writer.into_inner().expect("written")).expect("text")
}

/// `check` refuses what the import refused, word for word, and finds nothing wrong with
/// the rows that went in.
fn the_check_says_the_same(here: &Rehearsal, done: usize, refused: &[Row]) {
    here.run_embedded("check odd.csv -m m.toml -o checked.csv")
        .expect(4);
    assert_eq!(sorted(here.rows("checked.csv")), sorted(refused.to_vec()));
    write_rows(
        &here.path("passed.csv"),
        &here.path("odd.csv"),
        &here.rows("run/done.csv"),
    );
    let report = here
        .run_embedded("check passed.csv -m m.toml --json")
        .expect(0)
        .json();
    assert_eq!(report["rows"]["ready"], done);
}

fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort();
    rows
}

#[test]
fn what_passes_the_local_check_is_accepted_by_the_sandbox() {
    let here = Rehearsal::new();
    here.write("odd.csv", odd_cells(3_000));
    let mapping = r#"
content = { column = "Text", html = "text", truncate = true }
hs_pipeline = { column = "Pipeline", map = { escalations = "Escalations" }, unmapped = "Support Pipeline" }
hs_pipeline_stage = { column = "Stage", default = "New", map = { high = "New" }, unmapped = "keep" }
hs_ticket_priority = { column = "Priority", map = { Hgih = "HIGH" }, unmapped = "blank" }
hs_ticket_category = { column = "Category", map = { new = "" }, unmapped = "blank" }
hubspot_owner_id = { column = "Owner", lookup = "owner", missing = "blank" }
createdate = { column = "Created", format = ["iso", "%d/%m/%Y"], required = false, default = "2024-01-01" }
source_due = { column = "Due", format = ["iso", "%d/%m/%Y"], map = { "-" = "" }, unmapped = "keep" }
source_effort = { column = "Effort", decimal = ",", default = 0 }
source_flag = { column = "Flag", map = { maybe = false, closed = true }, unmapped = "blank" }
[[associate]]
to = "contacts"
by = "email"
column = "Mail"
missing = "create"
[[property]]
name = "source_due"
type = "date"
[[property]]
name = "source_effort"
type = "number"
[[property]]
name = "source_flag"
type = "bool"
"#;
    here.write("m.toml", format!("{HEAD}{mapping}"));
    here.run_embedded("import odd.csv -m m.toml --run-dir run --max-refused 3000")
        .expect(3);
    let done = here.rows("run/done.csv").len();
    let refused = here.rows("run/refused.csv");
    assert_eq!(done + refused.len(), 3_000);
    assert!(done > 300, "some rows have to pass: {done}");
    the_check_says_the_same(&here, done, &refused);
    for row in &refused {
        let local = [
            "INVALID_DATE",
            "INVALID_NUMBER",
            "UNKNOWN_STAGE",
            "INVALID_EMAIL",
            "AMBIGUOUS_OWNER",
            "INVALID_OPTION",
            "AMBIGUOUS_OPTION",
        ];
        assert!(
            local.contains(&&*row["_code"]),
            "the portal refused what passed: {row:?}"
        );
    }
}

#[test]
fn the_mapping_of_the_readme_is_one() {
    let here = Rehearsal::new();
    let readme = std::fs::read_to_string(project("README.md")).expect("the README");
    let mut blocks = readme.split("```toml\n");
    let block = blocks
        .find(|block| block.contains("version = 1"))
        .expect("a mapping");
    here.write("m.toml", block.split("```").next().unwrap_or_default());
    here.write("priorities.csv", "from,to\nHigh,HIGH\n");
    here.write("people.csv", "Name,Email\nMaya,maya@x.example\n");
    here.run("map check m.toml").expect(0);
}

/// Filters and tests that do not exist are found before any row, wherever in a template they
/// stand, all of them at once and each at its place.
#[test]
fn map_check_finds_all_unknown_filters_and_tests_of_templates() {
    let here = Rehearsal::new();
    let templates = r#"content = { template = "{% if col('Id') is emty %}{{ col('Id') | uper }}{% endif %}" }
source_url = { template = "x/{{ col('Id') | trim | nope(foo) }}" }
[rows]
skip = "col('Status') == 'x' and col('Id') | shout is odd"
"#;
    let _file = here.write("m.toml", format!("{HEAD}{STAGE}{templates}"));
    let told = here.run(["map", "check", "m.toml"]).expect(64).stderr;
    for (words, place) in [
        ("there is no test `emty`", ":14:44"),
        ("there is no filter `uper`", ":14:66"),
        ("there is no filter `nope`", ":15:52"),
        ("nothing is named `foo`", ":15:57"),
        ("there is no filter `shout`", ":17:46"),
    ] {
        let (_, after) = told
            .split_once(words)
            .unwrap_or_else(|| panic!("{words}\n{told}"));
        assert!(
            after
                .lines()
                .nth(1)
                .is_some_and(|line| line.ends_with(place)),
            "{place}\n{told}"
        );
    }
    assert_eq!(told.matches("error:").count(), 5, "{told}");
    assert!(told.contains("did you mean `upper`?"), "{told}");
}
