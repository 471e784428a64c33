//! The helper of stories about tickets that exist already: a portal with a past, a file
//! that updates, upserts or archives, and the expected result. Running the file is left
//! to the story.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use tickethaul::import::flow::Operation;

use super::in_process::tickets;
use super::{Portal, Row, rows_of, unique_text};

/// By key, with a few values of which one can be refused by nobody but the portal.
pub const MAPPING: &str = r#"
version = 1

[key]
property = "source_ticket_id"
column = "Id"

[properties]
subject = "Subject"
content = "Body"
hs_pipeline = "Pipeline"
hs_pipeline_stage = "Stage"
"#;

/// Properties that are checked.
pub const CHECKED: &str = "source_ticket_id,subject,content";

/// Where a row must end: `_fate`, and `_operation` or `_code`.
type End = (&'static str, &'static str);

/// How a file names its tickets, and what its portal makes of the recycle bin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Rows name tickets by their ids, not by a key.
    pub by_id: bool,
    /// The portal finds archived tickets by their key.
    pub finds_archived: bool,
    /// Archived tickets keep their keys to themselves.
    pub bin_holds_keys: bool,
}

impl Setting {
    /// By key, into a portal as the sandbox is by itself.
    pub const PLAIN: Setting = Setting {
        by_id: false,
        finds_archived: true,
        bin_holds_keys: false,
    };

    /// What such a portal is served with.
    pub fn switches(self) -> [&'static str; 2] {
        [
            match self.finds_archived {
                true => "archived_by_key=found",
                false => "archived_by_key=missing",
            },
            match self.bin_holds_keys {
                true => "archived_holds_unique=blocks",
                false => "archived_holds_unique=free",
            },
        ]
    }
}

/// A ticket as a portal holds it.
#[derive(Clone, Debug)]
pub struct Held {
    pub id: String,
    pub key: String,
    pub subject: String,
    pub content: String,
    pub archived: bool,
}

/// A file, the portal before it and the portal after it.
pub struct Scenario {
    /// What the file is used for.
    pub operation: Operation,
    /// How it names tickets, and what portal it is for.
    pub setting: Setting,
    /// The file; its column `N` numbers the rows.
    pub csv: String,
    /// Tickets that the portal has before, by key; true for the recycle bin.
    before: BTreeMap<String, bool>,
    /// Tickets that it must have after, by key: subject and content; none in the bin.
    after: BTreeMap<String, Option<(String, String)>>,
    /// The key of each row, and its line but for number and key.
    rows: BTreeMap<usize, (String, String)>,
    ends: BTreeMap<usize, End>,
}

impl Scenario {
    /// A file of so many rows that names tickets by key.
    pub fn new(operation: Operation, rows: usize) -> Scenario {
        Scenario::with(operation, Setting::PLAIN, rows)
    }

    /// A file of so many rows. Of each thousand five repeat the key before theirs. Of an
    /// upsert 300 exist and of a create 100; otherwise all exist but for ten, and ten are
    /// in the recycle bin. Four can't be written: two by their stage, two by the portal.
    pub fn with(operation: Operation, setting: Setting, rows: usize) -> Scenario {
        let mut scenario = Scenario {
            operation,
            setting,
            csv: String::new(),
            before: BTreeMap::new(),
            after: BTreeMap::new(),
            rows: BTreeMap::new(),
            ends: BTreeMap::new(),
        };
        for n in 1..=rows {
            scenario.plant(n);
        }
        for n in 1..=rows {
            scenario.add(n);
        }
        scenario.write(|_, key| key.to_owned());
        scenario
    }

    fn plant(&mut self, n: usize) {
        let in_bin = n % 100 == 66;
        let exists = match self.operation {
            Operation::Upsert if in_bin => self.setting.bin_holds_keys,
            Operation::Upsert => (1..=3).contains(&(n % 10)),
            Operation::Create if in_bin => self.setting.bin_holds_keys,
            Operation::Create => n % 10 == 1,
            _ => n % 100 != 33 && !n.is_multiple_of(200),
        };
        if exists {
            let old = (!in_bin).then(|| (format!("Old {n}"), String::new()));
            self.before.insert(key(n), in_bin);
            self.after.insert(key(n), old);
        }
    }

    fn add(&mut self, n: usize) {
        let id = if n.is_multiple_of(200) { n - 1 } else { n };
        let (pipeline, stage) = match n % 500 {
            17 => ("Support Pipeline", "Nwe"),
            267 => ("Escalations", "Archive (read only)"),
            _ => ("Support Pipeline", "New"),
        };
        let (key, subject, body) = (key(id), format!("New {n}"), format!("two\nlines of {n}"));
        let line = format!("{subject},\"{body}\",{pipeline},{stage}\n");
        let end = self.end(n, &key, stage);
        self.ends.insert(n, end);
        self.rows.insert(n, (key.clone(), line));
        if end.0 == "done" {
            let written = (self.operation != Operation::Archive).then_some((subject, body));
            self.after.insert(key, written);
        }
    }

    /// Where a row ends, given what came before it.
    fn end(&self, n: usize, key: &str, stage: &str) -> End {
        let held = self.after.get(key);
        let found = self.setting.by_id || self.setting.finds_archived;
        let was_archived = self.before.get(key) == Some(&true);
        let repeats = n.is_multiple_of(200);
        match (self.operation, held) {
            (Operation::Archive, None) => ("refused", "TICKET_MISSING"),
            (Operation::Archive, Some(None)) if was_archived && !found => {
                ("refused", "TICKET_MISSING")
            }
            (Operation::Archive, Some(None)) => ("unchanged", "archive"),
            (Operation::Archive, Some(Some(_))) => ("done", "archive"),
            _ if stage == "Nwe" => ("refused", "UNKNOWN_STAGE"),
            (Operation::Update, None) => ("refused", "TICKET_MISSING"),
            (Operation::Update, Some(None)) if !found => ("refused", "TICKET_MISSING"),
            (Operation::Update, Some(None)) => ("refused", "TICKET_ARCHIVED"),
            (Operation::Create, _) if repeats => ("refused", "REPEATED_KEY"),
            (Operation::Create, Some(Some(_))) => ("exists", "create"),
            (_, Some(None)) => ("refused", "KEY_IN_RECYCLE_BIN"),
            _ if stage.starts_with("Archive") => ("refused", "STAGE_READ_ONLY"),
            (_, Some(_)) => ("done", "update"),
            (_, None) => ("done", "create"),
        }
    }

    /// Writes the file; `name` is what a row names its ticket by, given number and key.
    fn write(&mut self, name: impl Fn(usize, &str) -> String) {
        let lines = self.rows.iter().map(|(n, (key, line))| {
            let name = name(*n, key);
            format!("{n},{name},{line}")
        });
        self.csv = format!(
            "N,Id,Subject,Body,Pipeline,Stage\n{}",
            lines.collect::<String>()
        );
    }

    /// The text of the mapping.
    pub fn mapping(&self) -> String {
        match self.setting.by_id {
            true => MAPPING.replace(
                "property = \"source_ticket_id\"\ncolumn = \"Id\"",
                "record_id = { column = \"Id\" }",
            ),
            false => MAPPING.to_owned(),
        }
    }

    /// Tickets that must have a past: seed more.
    pub fn seeds(&self) -> usize {
        self.before.len() * 5 / 4 + 50
    }

    /// Calls that give the tickets with these ids their keys: path and body. From then
    /// on the file can name them by their ids.
    pub fn past(&mut self, ids: &[String]) -> Vec<(&'static str, Value)> {
        assert!(ids.len() >= self.before.len(), "enough tickets are seeded");
        if self.setting.by_id {
            let by_key = self.before.keys().cloned().zip(ids.iter().cloned());
            let by_key: BTreeMap<String, String> = by_key.collect();
            let nobody = |n| format!("77{n}");
            self.write(|n, key| by_key.get(key).cloned().unwrap_or_else(|| nobody(n)));
        }
        let property = unique_text("source_ticket_id");
        let mut calls = vec![("/crm/v3/properties/tickets", property)];
        let held: Vec<(&String, &String)> = self.before.keys().zip(ids).collect();
        for part in held.chunks(100) {
            let inputs = part.iter().map(|(key, id)| {
                let subject = key.replace('K', "Old ");
                json!({"id": id, "properties": {
                    "source_ticket_id": key, "subject": subject, "content": "",
                    "hs_pipeline": "0", "hs_pipeline_stage": "1",
                }})
            });
            let body = json!({"inputs": inputs.collect::<Vec<_>>()});
            calls.push(("/crm/v3/objects/tickets/batch/update", body));
        }
        let archived = held.iter().filter(|(key, _)| self.before[*key]);
        let inputs: Vec<Value> = archived.map(|(_, id)| json!({"id": id})).collect();
        if !inputs.is_empty() {
            calls.push((
                "/crm/v3/objects/tickets/batch/archive",
                json!({"inputs": inputs}),
            ));
        }
        calls
    }

    /// Rows with a fate.
    pub fn fated(&self, fate: &str) -> usize {
        self.ends
            .values()
            .filter(|(ended, _)| *ended == fate)
            .count()
    }

    /// Rows with a word beside their fate.
    pub fn worded(&self, word: &str) -> usize {
        self.ends.values().filter(|(_, said)| *said == word).count()
    }

    /// Portal and files of a run are what they must be, row by row: which row did what to
    /// which ticket, and that those that are refused did nothing.
    #[track_caller]
    pub fn check(&self, held: &[Held], folder: &Path, story: &str) {
        let tickets = self.check_portal(held, story);
        self.check_rows(&tickets, folder, story);
        self.check_summary(folder, story);
    }

    /// Each row is in one file, with its ticket, and in idmap.csv if it has one.
    fn check_rows(&self, tickets: &BTreeMap<&str, &str>, folder: &Path, story: &str) {
        let mut ends: BTreeMap<usize, (String, String)> = BTreeMap::new();
        let mut add = |row: &Row, fate: &str, word: &str| {
            let n = row["N"].parse().expect("a number");
            let old = ends.insert(n, (fate.to_owned(), word.to_owned()));
            assert!(old.is_none(), "{story}: row {n} is there twice");
            n
        };
        let mut idmap = Vec::new();
        for row in rows_of(&folder.join("done.csv")) {
            let n = add(&row, &row["_fate"], &row["_operation"]);
            let (key, _) = &self.rows[&n];
            let ticket = tickets.get(key.as_str());
            assert_eq!(Some(&&*row["_ticket_id"]), ticket, "{story}: row {n}");
            idmap.push((row["Id"].clone(), row["_ticket_id"].clone()));
        }
        for row in rows_of(&folder.join("refused.csv")) {
            let _n = add(&row, "refused", &row["_code"]);
        }
        for (n, (fate, word)) in &self.ends {
            let found = ends.remove(n);
            let wanted = ((*fate).to_owned(), (*word).to_owned());
            assert_eq!(found, Some(wanted), "{story}: row {n}");
        }
        assert!(ends.is_empty(), "{story}: {ends:?}");
        let mapped = rows_of(&folder.join("idmap.csv")).into_iter();
        let mapped: Vec<_> = mapped
            .map(|row| (row["key"].clone(), row["ticket_id"].clone()))
            .collect();
        assert!(mapped == idmap, "{story}: idmap.csv is not as done.csv");
    }

    fn check_summary(&self, folder: &Path, story: &str) {
        let summary = std::fs::read_to_string(folder.join("summary.json")).expect("a summary");
        let summary: Value = serde_json::from_str(&summary).expect("JSON");
        assert_eq!(summary["read"], self.ends.len(), "{story}");
        for fate in ["done", "exists", "unchanged", "refused"] {
            assert_eq!(summary["rows"][fate], self.fated(fate), "{story}: {fate}");
        }
        let did = |fate, word| {
            self.ends
                .values()
                .filter(|end| **end == (fate, word))
                .count()
        };
        for (word, change) in [
            ("create", "created"),
            ("update", "updated"),
            ("archive", "archived"),
        ] {
            let found = summary["changes"][change].as_u64().unwrap_or(0);
            assert_eq!(found, did("done", word) as u64, "{story}: {change}");
        }
        for group in summary["refusals"].as_array().expect("refusals") {
            let code = group["code"].as_str().expect("a code");
            let rows = self.worded(code);
            assert_eq!(group["rows"], rows, "{story}: {code}");
        }
    }

    /// Every ticket is what it must be; their ids by key.
    #[track_caller]
    fn check_portal<'a>(&self, held: &'a [Held], story: &str) -> BTreeMap<&'a str, &'a str> {
        let mut found = BTreeMap::new();
        for ticket in held.iter().filter(|ticket| !ticket.key.is_empty()) {
            let old = found.insert(ticket.key.as_str(), ticket);
            assert!(old.is_none(), "{story}: {} is there twice", ticket.key);
        }
        let ids = found.iter().map(|(key, ticket)| (*key, ticket.id.as_str()));
        let ids = ids.collect();
        for (key, wanted) in &self.after {
            let ticket = found.remove(key.as_str());
            let values = |ticket: &Held| (ticket.subject.clone(), ticket.content.clone());
            let ticket = ticket.map(|ticket| (!ticket.archived).then(|| values(ticket)));
            assert_eq!(ticket.as_ref(), Some(wanted), "{story}: {key}");
        }
        assert!(found.is_empty(), "{story}: nobody asked for {found:?}");
        ids
    }
}

fn key(n: usize) -> String {
    format!("K{n}")
}

/// A portal that keeps its state in a file.
pub async fn portal_in(file: &Path, seeds: usize) -> Portal {
    portal_with(file, seeds, &[]).await
}

/// Such a portal with these switches turned.
pub async fn portal_with(file: &Path, seeds: usize, switches: &[&str]) -> Portal {
    let switches = switches.iter().map(|text| text.parse().expect("a switch"));
    let switches: Vec<tickethaul::sandbox::Switch> = switches.collect();
    Portal::with(tickethaul::sandbox::Options {
        data: tickethaul::sandbox::Data::File(file.to_owned()),
        rate: "off".parse().expect("a rate"),
        seed_tickets: u32::try_from(seeds).expect("not that many"),
        switches: switches.into_iter().collect(),
        ..tickethaul::sandbox::Options::default()
    })
    .await
}

/// Writes the portal of a scenario into a file, to be copied for each story.
pub async fn plant(scenario: &mut Scenario, file: &Path) {
    let portal = portal_in(file, scenario.seeds()).await;
    let seeded = tickets(&portal, "subject").await;
    let ids = seeded.iter().filter_map(|one| one["id"].as_str());
    let ids: Vec<String> = ids.map(str::to_owned).collect();
    for (path, body) in scenario.past(&ids) {
        let answer = portal.post(path, body).await;
        assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
    }
    portal.sandbox.stop().await;
}
