//! Comments and pages cite rules of the protocol (`(K4)`, `(protocol S1, S3)`) and
//! sections of the contract (`C1 §2.6`): each of them is in `docs`, and each
//! implemented rule is cited where it is implemented.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;
use tickethaul::sandbox::Switches;

/// A rule's number. That alone is no citation: `S3` is a service, `H1` a heading.
const RULE: &str = r"(?:PL|[DKSLPRHE])[0-9]{1,2}";

/// Says of a rule that there is no code for it to be cited in.
const NOT_BUILT: &str = "*Not built.*";

/// Rules after the word "protocol", or alone in parentheses.
static CITED_RULES: LazyLock<Regex> = LazyLock::new(|| {
    let list = format!("{RULE}(?:(?:, | and | to |-){RULE})*");
    pattern(&format!(r"\b[Pp]rotocol ({list})\b|\(({list})\)"))
});

/// One rule, and what joins it to the one before it.
static ONE_RULE: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"(, | and | to |-|^)({RULE})\b")));

/// A rule's number, wherever it stands. For the page that defines them.
static BARE_RULE: LazyLock<Regex> = LazyLock::new(|| pattern(&format!(r"\b{RULE}\b")));

/// Sections of one part of the contract.
static CITED_SECTIONS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"\b(C[0-9]) (§[0-9]+(?:\.[0-9]+)*(?:(?:, | and | to )§[0-9]+(?:\.[0-9]+)*)*)")
});

/// Ways of citing pages that are not here.
static ELSEWHERE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)\b(?:contract|switch|switches|architecture|redesign) [0-9]"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).expect("a page")
}

/// The rules of docs/protocol.md, and whether they are built.
fn rules() -> BTreeMap<String, bool> {
    let head = pattern(&format!(r"(?m)^- \*\*({RULE})\*\* (.*)$"));
    let page = read("docs/protocol.md");
    let rules: BTreeMap<String, bool> = head
        .captures_iter(&page)
        .map(|found| (found[1].to_owned(), !found[2].starts_with(NOT_BUILT)))
        .collect();
    assert_eq!(
        rules.len(),
        head.find_iter(&page).count(),
        "a rule's number is there twice"
    );
    rules
}

/// The sections of docs/contract.md with their part, the rows of its table among them.
fn sections() -> BTreeSet<String> {
    let heads = pattern(r"(?m)^# (C[0-9])\b|^##+ (§[0-9.]+)|\| (§[0-9.]+) \|");
    let mut part = String::new();
    let mut sections = BTreeSet::new();
    for found in heads.captures_iter(&read("docs/contract.md")) {
        if let Some(name) = found.get(1) {
            part = name.as_str().to_owned();
        } else if let Some(section) = found.get(2).or(found.get(3)) {
            let fresh = sections.insert(format!("{part} {}", section.as_str()));
            assert!(fresh, "{part} {} is there twice", section.as_str());
        }
    }
    sections
}

/// Comments of Rust as running text; what stands in backticks is no prose.
fn comments(rust: &str) -> String {
    let lines = rust.lines().filter_map(|line| {
        let line = line.trim_start();
        let text = match line.strip_prefix("//") {
            Some(text) => text.trim_start_matches(['/', '!']),
            None => line.split_once("; // ")?.1,
        };
        Some(text.trim())
    });
    prose(&lines.collect::<Vec<_>>().join("\n"))
}

/// A text on one line, without what stands in backticks.
fn prose(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    pattern("`[^`]*`")
        .replace_all(&words.join(" "), "…")
        .into_owned()
}

/// The rules that a text cites; a range names all that lie in it.
fn cited_rules(text: &str) -> BTreeSet<String> {
    let mut cited = BTreeSet::new();
    for found in CITED_RULES.captures_iter(text) {
        let list = found.get(1).or(found.get(2)).expect("one of both").as_str();
        let mut last: Option<String> = None;
        for one in ONE_RULE.captures_iter(list) {
            let rule = one[2].to_owned();
            if let (" to " | "-", Some(first)) = (&one[1], &last) {
                cited.extend(between(first, &rule));
            }
            cited.insert(rule.clone());
            last = Some(rule);
        }
    }
    cited
}

/// The rules from one to another of the same letter.
fn between(first: &str, last: &str) -> Vec<String> {
    let letters = first.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = |rule: &str| rule.trim_start_matches(letters).parse::<u8>();
    match (number(first), number(last)) {
        (Ok(from), Ok(to)) => (from..=to).map(|n| format!("{letters}{n}")).collect(),
        _ => vec![format!("{first} to {last}")],
    }
}

/// The sections that a text cites, and any `§` of which nobody can tell the part.
fn cited_sections(text: &str) -> BTreeSet<String> {
    let one = pattern(r"§[0-9]+(?:\.[0-9]+)*");
    let mut cited = BTreeSet::new();
    for found in CITED_SECTIONS.captures_iter(text) {
        let all = one.find_iter(&found[2]);
        cited.extend(all.map(|section| format!("{} {}", &found[1], section.as_str())));
    }
    let rest = CITED_SECTIONS.replace_all(text, "");
    cited.extend(
        one.find_iter(&rest)
            .map(|section| format!("? {}", section.as_str())),
    );
    cited
}

/// What a text cites that is nowhere.
fn dead(text: &str, rules: &BTreeMap<String, bool>, sections: &BTreeSet<String>) -> Vec<String> {
    let lost = cited_rules(text)
        .into_iter()
        .filter(|rule| !rules.contains_key(rule));
    let gone = cited_sections(text)
        .into_iter()
        .filter(|section| !sections.contains(section));
    let elsewhere = ELSEWHERE
        .find_iter(text)
        .map(|found| found.as_str().to_owned());
    lost.chain(gone).chain(elsewhere).collect()
}

/// Files below a folder with this ending, by their paths from the root.
fn files(folder: &str, ending: &str) -> Vec<String> {
    let mut open = vec![root().join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                files.push(from_root(&path));
            }
        }
    }
    files.sort();
    files
}

fn from_root(path: &Path) -> String {
    let path = path.strip_prefix(root()).expect("a file of ours");
    path.to_string_lossy().replace('\\', "/")
}

/// Pages for people, but for the two that are cited, which have numbers of their own.
fn pages() -> Vec<String> {
    let top = fs::read_dir(root()).expect("the root").flatten();
    let top = top
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|e| e == "md"));
    let mut pages: Vec<String> = top.map(|path| from_root(&path)).collect();
    pages.extend(
        files("docs", "md")
            .into_iter()
            .filter(|page| page != "docs/contract.md"),
    );
    pages
}

#[test]
fn every_citation_leads_somewhere() {
    let (rules, sections) = (rules(), sections());
    assert!(
        rules.len() > 40 && sections.len() > 90,
        "{rules:?} {sections:?}"
    );
    let rust = ["src", "tests", "benches"]
        .iter()
        .flat_map(|folder| files(folder, "rs"));
    // This file has made-up ones.
    let rust = rust.filter(|file| file != "tests/it/project/citations.rs");
    let mut wrong: Vec<String> = Vec::new();
    let texts = rust.map(|file| (comments(&read(&file)), file));
    for (text, file) in texts.chain(pages().into_iter().map(|page| (prose(&read(&page)), page))) {
        wrong.extend(
            dead(&text, &rules, &sections)
                .into_iter()
                .map(|cited| format!("{file}: {cited}")),
        );
    }
    let page = prose(&read("docs/protocol.md"));
    let bare = BARE_RULE.find_iter(&page).map(|rule| rule.as_str());
    wrong.extend(
        bare.filter(|rule| !rules.contains_key(*rule))
            .map(|rule| format!("docs/protocol.md: {rule}")),
    );
    assert!(wrong.is_empty(), "cited and not in docs: {wrong:#?}");
}

#[test]
fn every_rule_is_cited_where_it_is_built() {
    let cited: BTreeSet<String> = files("src", "rs")
        .iter()
        .flat_map(|file| cited_rules(&comments(&read(file))))
        .collect();
    let wrong: Vec<String> = rules()
        .into_iter()
        .filter(|(rule, built)| cited.contains(rule) != *built)
        .map(|(rule, built)| {
            format!(
                "{rule}, {}",
                if built {
                    "cited nowhere in src"
                } else {
                    "cited though it is not built"
                }
            )
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The unknowns of the contract are the switches of the sandbox.
#[test]
fn every_unknown_of_the_contract_is_a_switch() {
    let row = pattern(r"\| §12\.([0-9]+) \| ([^|]*)");
    let name = pattern("`([a-z_0-9]+)`");
    let page = read("docs/contract.md");
    let listed: BTreeSet<(u8, String)> = row
        .captures_iter(&page)
        .flat_map(|found| {
            let number: u8 = found[1].parse().expect("a row's number");
            let names = name.captures_iter(found.get(2).expect("names").as_str());
            names
                .map(move |name| (number, name[1].to_owned()))
                .collect::<Vec<_>>()
        })
        .collect();
    let known: BTreeSet<(u8, String)> = Switches::TABLE
        .iter()
        .filter(|known| known.row > 0)
        .map(|known| (known.row, known.name.to_owned()))
        .collect();
    assert_eq!(listed, known);
    let lacking: Vec<&str> = Switches::TABLE
        .iter()
        .map(|known| known.name)
        .filter(|name| !page.contains(&format!("`{name}`")))
        .collect();
    assert!(
        lacking.is_empty(),
        "switches that docs/contract.md does not name: {lacking:?}"
    );
}

#[test]
fn what_is_a_citation_and_what_is_not() {
    let (rules, sections) = (rules(), sections());
    let dead = |text: &str| dead(text, &rules, &sections);
    for made_up in [
        "//! Held back (protocol K99).",
        "/// Held back (K4, Q1 or K98), see protocol\n/// R88.",
        "/// Held back (K98).",
        "/// As in C1 §99.1.",
        "/// As in C1\n/// §2.6, §2.99 says.",
        "/// As in C7 §1.",
        "/// As in §2.6.",
        "/// The 400 (contract 2.6).",
        "/// Unknown (switch 18).",
        "mod held; // held back (S1 to S99)",
    ] {
        assert!(!dead(&comments(made_up)).is_empty(), "{made_up}");
    }
    for none in [
        "//! Held back (protocol K2,\n//! K4), (PL6), (S1-S3) and as C1 §2.6 to §2.8 say.",
        "/// Breakers of `H1`, in UTF8, from an S3 bucket, in cell K15; \"P1-Urgent\".",
        "let text = \"(K99) C1 §99\";",
        "/// `(K99)` and `C1 §99` are no prose.",
        "/// The contract of 2019, a switch that takes 400.",
    ] {
        assert_eq!(dead(&comments(none)), [""; 0], "{none}");
    }
}
