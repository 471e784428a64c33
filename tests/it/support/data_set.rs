//! Data sets: one that is brought up to date by nightly runs, and what has to hold of it.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use super::{Args, Ended, FilledPortal, Row, files_below, id, rows_of, switched};

/// The rows of a table of a CSV data set, file by file, without what differs from run to
/// run; each with the part that it is in.
pub fn rows(desk: &FilledPortal, set: &str, table: &str) -> impl Iterator<Item = Row> {
    let root = desk.here.path(set).join(table);
    files_below(&root).into_iter().flat_map(move |file| {
        let part = file.parent().and_then(|part| part.strip_prefix(&root).ok());
        let part = part.map(|part| part.to_string_lossy().into_owned());
        let part = part.unwrap_or_default();
        rows_of(&file).into_iter().map(move |mut row| {
            assert!(row.remove("_extracted_at").is_some_and(|at| !at.is_empty()));
            assert_eq!(row.remove("_run_id").map(|run| run.len()), Some(32));
            row.insert("part".to_owned(), part.clone());
            row
        })
    })
}

/// The same, sorted.
pub fn table(desk: &FilledPortal, set: &str, table: &str) -> Vec<Row> {
    let mut rows: Vec<Row> = rows(desk, set, table).collect();
    rows.sort();
    rows
}

/// Every file of a data set is listed in its manifest, with its length and hash.
pub fn is_whole(desk: &FilledPortal, set: &str) -> Value {
    let root = desk.here.path(set);
    let text = fs::read_to_string(root.join("_manifest.json")).expect("a manifest");
    let manifest: Value = serde_json::from_str(&text).expect("JSON");
    let listed = manifest["files"].as_array().expect("files").iter();
    let listed: BTreeMap<String, &Value> = listed
        .map(|file| (file["name"].as_str().expect("a name").to_owned(), file))
        .collect();
    let mut found = 0;
    for path in files_below(&root) {
        let name = path.strip_prefix(&root).expect("below");
        let name = name.to_string_lossy().into_owned();
        if ["_manifest.json", "_schema.json"].contains(&&*name) {
            continue;
        }
        let file = listed
            .get(&name)
            .unwrap_or_else(|| panic!("{name} is not listed"));
        let bytes = fs::read(&path).expect("a file");
        assert_eq!(
            file["blake3"],
            blake3::hash(&bytes).to_hex().as_str(),
            "{name}"
        );
        found += 1;
    }
    assert_eq!(found, listed.len());
    manifest
}

/// A portal with tickets of several months, and the arguments of a nightly run.
pub struct Story {
    pub desk: FilledPortal,
    pub ids: Vec<u64>,
    /// What each run is told besides.
    pub more: String,
}

impl Story {
    pub fn new(tickets: usize, switches: &[&str], more: &str) -> Story {
        let lags = switches.iter().any(|one| one.starts_with("search_lag"));
        let in_time = if lags { "" } else { "--switch search_lag=0s" };
        let desk = FilledPortal::new(("--rate off", in_time, switched(switches)));
        let month = |n: usize| format!("2026-{:02}-15T12:00:00Z", 1 + n % 5);
        let made = |n| json!({"subject": format!("Ticket {n}"), "createdate": month(n)});
        let ids = desk.create(tickets, made);
        Story {
            desk,
            ids,
            more: more.to_owned(),
        }
    }

    /// What a run into a data set is told.
    pub fn args(&self, set: &str) -> String {
        let nightly = "--properties subject,content,createdate --since last";
        format!("{nightly} -o {set} {}", self.more)
    }

    /// Brings the data set up to date.
    pub fn run(&self) -> Ended {
        self.desk.export(self.args("lake"))
    }

    pub fn run_with(&self, more: impl Args) -> Ended {
        self.desk.export((self.args("lake"), more))
    }

    /// What a full export into a fresh folder holds, the data set holds; gives its
    /// manifest.
    #[track_caller]
    pub fn check(&self, tables: &[&str], story: &str) -> Value {
        let fresh = self.desk.here.path("fresh");
        let _none = fs::remove_dir_all(&fresh);
        self.desk.export(self.args("fresh")).expect(0);
        for name in [
            "tickets",
            "deleted",
            "pipelines",
            "stages",
            "properties",
            "owners",
        ]
        .iter()
        .chain(tables)
        {
            let rows = |set| table(&self.desk, set, name);
            let (held, expected) = (rows("lake"), rows("fresh"));
            assert_eq!(held, expected, "{story}: {name}");
        }
        let manifest = is_whole(&self.desk, "lake");
        let held = table(&self.desk, "lake", "tickets").len();
        assert_eq!(manifest["tickets"], held, "{story}");
        manifest
    }

    pub fn update(&self, ids: &[u64], properties: &Value) {
        for ids in ids.chunks(100) {
            let inputs = ids
                .iter()
                .map(|id| json!({"id": id.to_string(), "properties": properties}));
            let body = json!({"inputs": inputs.collect::<Vec<_>>()});
            self.desk
                .call("POST", "/crm/v3/objects/tickets/batch/update", &body);
        }
    }

    pub fn press(&self, button: &str, ids: &[u64]) {
        let inputs = ids.iter().map(|id| json!({"id": id.to_string()}));
        let body = json!({"inputs": inputs.collect::<Vec<_>>()});
        let path = format!("/_sandbox/tickets/{button}");
        self.desk.call("POST", &path, &body);
    }

    pub fn merge(&self, primary: u64, loser: u64) -> u64 {
        let body =
            json!({"primaryObjectId": primary.to_string(), "objectIdToMerge": loser.to_string()});
        let merged = self
            .desk
            .call("POST", "/crm/v3/objects/tickets/merge", &body);
        id(&merged)
    }

    pub fn tombstones(&self) -> Vec<(u64, String)> {
        let rows = table(&self.desk, "lake", "deleted").into_iter();
        let stone = |row: Row| {
            (
                row["hs_object_id"].parse().expect("an id"),
                row["how"].clone(),
            )
        };
        let mut stones: Vec<(u64, String)> = rows.map(stone).collect();
        stones.sort();
        stones
    }
}
