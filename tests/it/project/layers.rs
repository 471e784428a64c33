//! Which module may use which, checked by the `use` lines and paths of the tree: a
//! dependency that the architecture does not have fails here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::support::{files_below, project};

mod graph; // which file names what of which other file

/// Which rooms a room may use. `error` is for all but model and sandbox.
const ARROWS: [(&str, &[&str]); 11] = [
    (
        "cli",
        &[
            "import", "export", "review", "mapping", "hubspot", "journal", "report", "model",
            "output", "sandbox", "error",
        ],
    ),
    (
        "import",
        &["mapping", "hubspot", "journal", "model", "output", "error"],
    ),
    (
        "export",
        &["mapping", "hubspot", "journal", "model", "output", "error"],
    ),
    (
        "review",
        &[
            "import", "mapping", "hubspot", "journal", "model", "output", "error",
        ],
    ),
    ("mapping", &["model", "error"]),
    ("hubspot", &["model", "error"]),
    ("journal", &["model", "output", "error"]),
    ("report", &["model", "error"]),
    ("model", &[]),
    ("output", &["error"]),
    ("sandbox", &[]),
];

/// A crate or a thing, and the only places that may name it (a file or a room).
const PLACES: [(&str, &[&str]); 22] = [
    ("clap::", &["cli"]),
    ("reqwest::", &["hubspot/transport"]),
    ("hyper_util::", &["hubspot/transport"]),
    ("rusqlite::", &["journal", "sandbox"]),
    ("axum::", &["sandbox"]),
    (
        "csv::",
        &[
            "import/settle/files.rs",
            "import/check/values.rs",
            "export/held/csv_rows.rs",
            "export/write/csv_rows.rs",
            "mapping/tables.rs",
            "review/findings_file.rs",
            "review/undo/outcome_file.rs",
        ],
    ),
    ("csv_core::", &["import/read/delimited/cut.rs"]),
    ("encoding_rs::", &["model/dialect.rs", "import/read"]),
    ("flate2::", &["import/read/part.rs", "export/write/pack.rs"]),
    ("zstd::", &["import/read/part.rs", "export/write/pack.rs"]),
    (
        "parquet::",
        &[
            "export/held/parquet_rows.rs",
            "export/write/parquet_column.rs",
            "export/write/parquet_rows.rs",
        ],
    ),
    (
        "zip::",
        &["import/read/part.rs", "import/read/sheets/bounds.rs"],
    ),
    (
        "calamine::",
        &[
            "import/read/sheets/workbook.rs",
            "import/read/sheets/cell.rs",
        ],
    ),
    (
        "rustix::",
        &[
            "export/dataset/publish.rs",
            "cli/process.rs",
            "cli/token_command.rs",
        ],
    ),
    (
        "minijinja::",
        &["mapping", "report/html", "sandbox/http/pages"],
    ),
    ("multer::", &["sandbox/files"]),
    ("terminal_size::", &["report/progress/board.rs"]),
    ("indicatif::", &["report"]),
    ("glob::", &["import/read/sources.rs"]),
    ("std::env", &["cli/settings.rs", "main.rs"]),
    ("SystemTime", &["sandbox/clock.rs"]),
    (
        "Timestamp::now",
        &["journal/clock.rs", "sandbox/clock.rs", "report/age.rs"],
    ),
];

/// How many entries a folder may have, so that its listing can be read at once.
const MOST_ENTRIES: usize = 16;

/// Folders that may have more, and why.
const LARGER: [(&str, &str); 8] = [
    ("cli", "one file for each command, and what commands share"),
    (
        "export",
        "not grouped yet; its `mod.rs` stands in the order of the flow",
    ),
    (
        "export/dataset",
        "not grouped yet; its `mod.rs` stands in the order of the flow",
    ),
    (
        "journal",
        "one file for each table of the database, each in its versions",
    ),
    (
        "mapping",
        "the words of a mapping, each with its file; phases have folders",
    ),
    ("mapping/convert", "one file for each conversion"),
    ("mapping/propose", "one file for each belief about a file"),
    ("model", "one file for each value that rooms share"),
];

/// Names that only we understood, and that have standard words in their place by now.
const OLD_NAMES: [&str; 22] = [
    "Begun",
    "Claim",
    "Desk",
    "Diversion",
    "Kin",
    "Landed",
    "Mend",
    "Parking",
    "Purse",
    "Rival",
    "Rivals",
    "Song",
    "Sounded",
    "Stray",
    "Sung",
    "Talk",
    "Told",
    "Typed",
    "divert",
    "uncollide",
    "unkept",
    "untwin",
];

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// Every source file's text, tests and all.
static TEXTS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let mut found = BTreeMap::new();
    let mut folders = vec![src()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("src is readable") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let below = path.strip_prefix(src()).expect("below src");
                let name = below.to_string_lossy().replace('\\', "/");
                let text = fs::read_to_string(&path).expect("a source file");
                let _new = found.insert(name, text);
            }
        }
    }
    found
});

/// Every source file with its production code: comments, literals and tests cut off.
static SOURCES: LazyLock<BTreeMap<&str, String>> = LazyLock::new(|| {
    let is_production = |name: &str| !name.ends_with("tests.rs") && !name.contains("/tests/");
    let found = TEXTS.iter().filter(|(name, _)| is_production(name));
    found
        .map(|(name, text)| (name.as_str(), graph::production(text)))
        .collect()
});

fn room(file: &str) -> &str {
    file.split_once('/').map_or("", |(room, _)| room)
}

/// The rooms that a file names after `crate::`, also inside braces.
fn rooms_used(text: &str) -> Vec<String> {
    let mut used = Vec::new();
    for part in text.split("crate::").skip(1) {
        let names = match part.strip_prefix('{') {
            Some(group) => group
                .split('}')
                .next()
                .unwrap_or_default()
                .split(',')
                .collect(),
            None => vec![part],
        };
        for name in names {
            let end = |letter: char| !(letter.is_alphanumeric() || letter == '_');
            used.push(name.trim().split(end).next().unwrap_or_default().to_owned());
        }
    }
    used
}

#[test]
fn rooms_know_only_whom_they_may() {
    let mut wrong = Vec::new();
    for (file, text) in &*SOURCES {
        let own = room(file);
        let Some((_, allowed)) = ARROWS.iter().find(|(name, _)| *name == own) else {
            continue;
        };
        for used in rooms_used(text) {
            let is_room = used == "error" || ARROWS.iter().any(|(name, _)| *name == used);
            if is_room && used != own && !allowed.contains(&used.as_str()) {
                wrong.push(format!("{file} uses {used}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "arrows that are not in the architecture: {wrong:#?}"
    );
}

#[test]
fn crates_stay_in_their_places() {
    let mut wrong = Vec::new();
    for (file, text) in &*SOURCES {
        for (thing, places) in PLACES {
            let named = text.match_indices(thing).any(|(at, _)| {
                let before = text[..at].chars().next_back();
                !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
            });
            let home = places
                .iter()
                .any(|place| *file == *place || file.starts_with(&format!("{place}/")));
            if named && !home {
                wrong.push(format!("{file} names {thing}"));
            }
        }
    }
    assert!(wrong.is_empty(), "out of place: {wrong:#?}");
}

#[test]
fn what_the_wire_calls_things_is_judged_by_the_client() {
    let words = [
        "CONFLICT",
        "OBJECT_NOT_FOUND",
        "RATE_LIMITS",
        "VALIDATION_ERROR",
        "USER_DEFINED",
        "HUBSPOT_DEFINED",
    ];
    let words = words.map(|word| format!("\"{word}\""));
    let outside = TEXTS.iter().filter(|(file, text)| {
        let code = text.split("#[cfg(test)]\nmod tests {").next();
        let mut lines = code.into_iter().flat_map(str::lines);
        let is_test = file.ends_with("tests.rs");
        let names_one = lines.any(|line| {
            let is_code = !line.trim_start().starts_with("//");
            is_code && words.iter().any(|word| line.contains(word))
        });
        !matches!(room(file), "hubspot" | "sandbox") && !is_test && names_one
    });
    let outside: Vec<_> = outside.map(|(file, _)| file).collect();
    assert!(
        outside.is_empty(),
        "wire words outside the client: {outside:?}"
    );
}

#[test]
fn printing_is_for_cli_and_report() {
    let prints = [
        "println!",
        "eprintln!",
        "print!(",
        "eprint!(",
        "io::stdout()",
        "io::stderr()",
    ];
    let outside = SOURCES.iter().filter(|(file, text)| {
        !matches!(room(file), "cli" | "report") && prints.iter().any(|print| text.contains(print))
    });
    assert_eq!(outside.map(|(file, _)| *file).collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_file_opens_with_prose() {
    for (name, text) in &*TEXTS {
        assert!(text.starts_with("//! "), "{name} has no opening prose");
    }
}

#[test]
fn no_files_lead_to_each_other() {
    let graph = graph::graph(&TEXTS);
    let mut words = String::new();
    for circle in graph::circles(&graph) {
        words += &format!("\ncircle of {}: {}\n", circle.len(), circle.join(", "));
        for file in &circle {
            let within = graph[file].iter().filter(|(used, _)| circle.contains(used));
            for (used, names) in within {
                words += &format!("  {file} -> {used}: {names:?}\n");
            }
        }
    }
    assert!(words.is_empty(), "files that lead to each other:\n{words}");
}

#[test]
fn none_of_the_old_names_is_left() {
    let mut left = Vec::new();
    for (file, text) in &*SOURCES {
        let mut names = text.split(|letter: char| !(letter.is_alphanumeric() || letter == '_'));
        if let Some(name) = names.find(|name| OLD_NAMES.contains(name)) {
            left.push(format!("{file} names {name}"));
        }
    }
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn a_folder_can_be_read_at_once() {
    let mut entries: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for name in TEXTS.keys() {
        let mut rest = name.as_str();
        while let Some((folder, entry)) = rest.rsplit_once('/') {
            let _new = entries.entry(folder).or_default().insert(entry);
            rest = folder;
        }
    }
    for (folder, entries) in entries {
        let reason = LARGER.iter().find(|(name, _)| *name == folder);
        let is_larger = entries.len() > MOST_ENTRIES;
        assert_eq!(
            is_larger,
            reason.is_some(),
            "src/{folder} has {} entries, {MOST_ENTRIES} is the most: group them",
            entries.len()
        );
    }
}

/// What several stories need is in `support`, so that none is reached through another.
#[test]
fn stories_lean_on_support_alone() {
    // Every sample has an expectation, in whichever table: this one looks into all of them.
    let looks_into_others = Path::new("mapping/presets.rs");
    let root = project("tests/it");
    let mut wrong = Vec::new();
    for path in files_below(&root) {
        let file = path.strip_prefix(&root).expect("below");
        let is_rust = path.extension().is_some_and(|ending| ending == "rs");
        if !is_rust || file.starts_with("project") || file == looks_into_others {
            continue;
        }
        let text = fs::read_to_string(&path).expect("a story");
        let mut named = text.split("crate::").skip(1);
        if named.any(|rest| !rest.starts_with("support")) {
            wrong.push(file.to_owned());
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_map_names_files_that_are_there() {
    let map = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let map = fs::read_to_string(map).expect("the map");
    let mut named = 0;
    for part in map.split('`').skip(1).step_by(2) {
        let path = part.trim_end_matches('/');
        let begins = ARROWS
            .iter()
            .any(|(name, _)| path.starts_with(&format!("{name}/")));
        if !begins || path.contains(' ') {
            continue;
        }
        named += 1;
        let there = src().join(path).exists() || src().join(format!("{path}.rs")).exists();
        assert!(there, "ARCHITECTURE.md names {path}, which is not there");
    }
    assert!(named > 20, "only {named} paths found");
}
