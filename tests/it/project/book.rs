//! The chapters of docs: their commands are run, their links lead somewhere, every example
//! of a mapping is one, and their tables have every key, code and exit code that there is.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use regex::Regex;
use serde_json::Value;

use crate::support::followed::follow;
use crate::support::{Rehearsal, project};

/// A test for each chapter that has commands, so that they run side by side.
macro_rules! chapters {
    ($($name:ident: $page:literal,)*) => {
        /// Chapters whose commands are run.
        const FOLLOWED: &[&str] = &[$($page,)*];

        $(
            #[test]
            fn $name() {
                let commands = follow(concat!("docs/", $page, ".md"), |_, _| ());
                assert!(commands > 0, "{} has no commands any more", $page);
            }
        )*
    };
}

chapters! {
    getting_started_is_as_it_says: "getting-started",
    the_guide_from_zendesk_is_as_it_says: "from-zendesk",
    the_guide_from_freshdesk_is_as_it_says: "from-freshdesk",
    the_guide_from_jira_is_as_it_says: "from-jira",
    the_cut_over_is_as_it_says: "cut-over",
    changing_tickets_is_as_it_says: "changing-tickets",
    exports_are_as_the_chapter_says: "exports",
    nightly_reporting_is_as_it_says: "nightly-reporting",
    data_sets_are_as_the_chapter_says: "data-sets",
    files_are_read_as_the_chapter_says: "files",
    mappings_are_as_the_chapter_says: "mapping",
    expressions_are_as_the_chapter_says: "expressions",
    operations_are_as_the_chapter_says: "operations",
    troubles_are_as_the_chapter_says: "troubleshooting",
    the_sandbox_is_as_the_chapter_says: "sandbox",
}

/// Names of the chapters, without their ending.
fn chapters() -> BTreeSet<String> {
    let entries = fs::read_dir(project("docs")).expect("the folder").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let pages = names.filter_map(|name| name.strip_suffix(".md").map(str::to_owned));
    pages.filter(|page| page != "SUMMARY").collect()
}

fn chapter(name: &str) -> String {
    fs::read_to_string(project(&format!("docs/{name}.md"))).expect("the chapter")
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

/// A page without its blocks of code.
fn prose(page: &str) -> String {
    pattern(r"(?ms)^```.*?^```$")
        .replace_all(page, "")
        .into_owned()
}

/// The blocks of code of one language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let fence = format!("```{language}\n");
    let parts = page.split(&*fence).skip(1);
    parts.filter_map(|part| part.split("```").next()).collect()
}

#[test]
fn every_chapter_with_commands_is_followed() {
    let with_commands: BTreeSet<String> = chapters()
        .into_iter()
        .filter(|name| !blocks(&chapter(name), "sh").is_empty())
        .collect();
    let followed: BTreeSet<String> = FOLLOWED.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(with_commands, followed);
}

#[test]
fn the_summary_names_every_chapter_once() {
    let summary = chapter("SUMMARY");
    let link = pattern(r"\]\(([a-z-]+)\.md\)");
    let named: Vec<String> = link
        .captures_iter(&summary)
        .map(|found| found[1].to_owned())
        .collect();
    let once: BTreeSet<String> = named.iter().cloned().collect();
    assert_eq!(once.len(), named.len(), "{named:?}");
    assert_eq!(once, chapters());
}

/// Where a heading is found: as GitHub and mdBook name it.
fn anchor(heading: &str) -> String {
    let letters = heading.to_lowercase();
    let kept = letters
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

fn anchors(page: &str) -> BTreeSet<String> {
    let heading = pattern(r"(?m)^#+ (.+)$");
    let text = prose(page);
    let found = heading.captures_iter(&text);
    found.map(|found| anchor(&found[1])).collect()
}

/// A path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    path.components().fold(PathBuf::new(), |mut plain, part| {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                let _is_below = plain.pop();
            }
            other => plain.push(other),
        }
        plain
    })
}

/// What is wrong with the links of a page.
fn dead_links(page: &str) -> Vec<String> {
    let link = pattern(r"\]\(([^)\s]+)\)");
    let text = fs::read_to_string(project(page)).expect("a page");
    let folder = Path::new(page).parent().expect("a folder");
    let mut dead = Vec::new();
    for found in link.captures_iter(&prose(&text)) {
        let target = &found[1];
        if target.contains("://") {
            continue;
        }
        let (file, heading) = target.split_once('#').unwrap_or((target, ""));
        let file = match file {
            "" => PathBuf::from(page),
            file => plain(&folder.join(file)),
        };
        let is_in_the_book = !page.starts_with("docs/") || file.starts_with("docs");
        let read = fs::read_to_string(project(&file.to_string_lossy()));
        let leads = match read {
            Ok(text) => heading.is_empty() || anchors(&text).contains(heading),
            Err(_) => false,
        };
        if !leads || !is_in_the_book {
            dead.push(format!("{page}: {target}"));
        }
    }
    dead
}

/// A chapter links to other chapters alone: the rest is not part of the book.
#[test]
fn every_link_leads_to_a_page_that_is_there() {
    let mut pages: Vec<String> = chapters()
        .into_iter()
        .map(|name| format!("docs/{name}.md"))
        .collect();
    let top = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "SECURITY.md",
    ];
    pages.extend(top.map(str::to_owned));
    pages.push("docs/SUMMARY.md".to_owned());
    let dead: Vec<String> = pages.iter().flat_map(|page| dead_links(page)).collect();
    assert!(dead.is_empty(), "{dead:#?}");
}

/// Files that examples of mappings have beside them.
const BESIDE: [(&str, &str); 5] = [
    ("values.csv", "from,to\nphone call,PHONE\n"),
    ("people.csv", "Name,Email\nAnn,ann@x.example\n"),
    ("companies.csv", "Name,Domain\nAcme,acme.example\n"),
    ("users.csv", "id,name,email\n1,Ann,ann@x.example\n"),
    ("comments.csv", "ticket_id,created,text\n"),
];

/// An example with what it leaves out because it is about something else.
fn completed(example: &str) -> String {
    let mut mapping = example.to_owned();
    if !example.contains("version = ") {
        mapping.insert_str(0, "version = 1\n");
    }
    if !example.contains("[key]\n") {
        mapping.push_str("\n[key]\nproperty = \"source_ticket_id\"\ncolumn = \"Id\"\n");
    }
    if !example.contains("[properties]\n") && !example.contains("[[associate]]\n") {
        mapping.push_str("\n[properties]\nsubject = \"Subject\"\n");
    }
    mapping
}

#[test]
fn every_example_of_a_mapping_is_one() {
    let here = Rehearsal::new();
    for (name, text) in BESIDE {
        here.write(name, text);
    }
    let pages = [chapter("mapping"), chapter("expressions")];
    let examples: Vec<&str> = pages.iter().flat_map(|page| blocks(page, "toml")).collect();
    assert!(examples.len() > 15, "{} examples", examples.len());
    let mut args = vec!["map".to_owned(), "check".to_owned()];
    for (number, example) in examples.into_iter().enumerate() {
        let name = format!("example-{number}.toml");
        here.write(&name, completed(example));
        args.push(name);
    }
    here.run(&args).expect(0);
}

/// The keys that a node of the JSON Schema allows, at any depth.
fn keys(node: &Value, found: &mut BTreeSet<String>) {
    let properties = node.get("properties").and_then(Value::as_object);
    for (key, inside) in properties.into_iter().flatten() {
        found.insert(key.clone());
        keys(inside, found);
    }
    for key in ["items", "additionalProperties"] {
        node.get(key).into_iter().for_each(|way| keys(way, found));
    }
    for key in ["anyOf", "oneOf"] {
        let ways = node.get(key).and_then(Value::as_array);
        ways.into_iter().flatten().for_each(|way| keys(way, found));
    }
}

/// The part of a page below a heading, to the next one of the same rank.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let mut parts = page.split("\n## ");
    let part = parts.find(|part| part.lines().next().is_some_and(|line| line == heading));
    part.unwrap_or_else(|| panic!("no section {heading}"))
}

/// Keys that a section does not explain, or shows in no example.
fn unexplained(section: &str, keys: &BTreeSet<String>) -> Vec<String> {
    let words = prose(section);
    let examples = blocks(section, "toml").join("\n");
    let is_explained = |key: &&String| {
        let used = pattern(&format!(r"\b{key} = |\[\[?{key}\]|\.{key}\]"));
        words.contains(&format!("`{key}`")) && used.is_match(&examples)
    };
    keys.iter()
        .filter(|key| !is_explained(key))
        .cloned()
        .collect()
}

#[test]
fn every_key_of_a_mapping_is_explained_with_an_example() {
    let schema = fs::read_to_string(project("src/mapping/schema.json")).expect("the schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let page = chapter("mapping");
    let tables = schema["properties"].as_object().expect("tables");
    let mut missing = Vec::new();
    for (name, node) in tables {
        let (heading, node) = match (name.as_str(), &node["type"]) {
            ("properties", _) => ("`[properties]`".to_owned(), &schema["$defs"]["entry"]),
            (_, kind) if kind == "array" => (format!("`[[{name}]]`"), node),
            (_, kind) if kind == "object" => (format!("`[{name}]`"), node),
            _ => ("The whole file".to_owned(), &Value::Null),
        };
        let mut inside = BTreeSet::new();
        keys(node, &mut inside);
        if node.is_null() {
            inside.insert(name.clone());
        }
        assert!(!inside.is_empty(), "{name}");
        let lacking = unexplained(section(&page, &heading), &inside);
        missing.extend(lacking.into_iter().map(|key| format!("{heading}: {key}")));
    }
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The codes for which rows are refused, as the source has them.
fn codes() -> BTreeSet<String> {
    let source = |name: &str| fs::read_to_string(project(name)).expect("a source");
    let constants = source("src/model/issue/mod.rs");
    let words = source("src/model/issue/words.rs");
    let (rows, _of_the_portal) = words.split_once("fn portal_advice(").expect("the codes");
    let files = source("src/model/file_fault.rs");
    let all = format!("{constants}{rows}{files}");
    let code = pattern(r#""([A-Z]+(?:_[A-Z]+)+|AMBIGUOUS)""#);
    let found = code.captures_iter(&all);
    found.map(|found| found[1].to_owned()).collect()
}

#[test]
fn every_code_of_a_refused_row_is_explained() {
    let page = chapter("troubleshooting");
    let row = pattern(r"(?m)^\| (`[A-Z_`, ]+) \|");
    let code = pattern("`([A-Z_]+)`");
    let explained: BTreeSet<String> = row
        .captures_iter(&page)
        .flat_map(|found| {
            let codes = code.captures_iter(found.get(1).expect("codes").as_str());
            codes.map(|code| code[1].to_owned()).collect::<Vec<_>>()
        })
        .collect();
    let codes = codes();
    assert!(codes.len() > 70, "{codes:?}");
    let differ: Vec<&String> = explained.symmetric_difference(&codes).collect();
    assert!(differ.is_empty(), "here or there only: {differ:?}");
}

#[test]
fn every_exit_code_is_in_the_tables() {
    let here = Rehearsal::new();
    let help = here.run("--help").expect(0).stdout;
    let (_, table) = help.split_once("Exit codes:").expect("the table");
    let code = pattern(r"(?m)^ {1,3}(\d+)  ");
    let row = pattern(r"(?m)^\| (\d+) \|");
    let of = |found: regex::Captures<'_>| found[1].to_owned();
    let codes: BTreeSet<String> = code.captures_iter(table).map(of).collect();
    let readme = fs::read_to_string(project("README.md")).expect("the README");
    let (_, readme) = readme.split_once("## Exit codes").expect("its table");
    let page = chapter("operations");
    for table in [readme, section(&page, "Exit codes")] {
        let rows: BTreeSet<String> = row.captures_iter(table).map(of).collect();
        assert_eq!(rows, codes);
    }
}
