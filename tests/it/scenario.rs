//! The helper of stories about tickets that exist already: a portal with a past, a
//! file that updates, upserts or archives, and what must have come of it. Running the
//! file is left to the story.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use tickethaul::import::flow::Operation;

use crate::in_process::tickets;
use crate::plain_http::Portal;
use crate::rehearsal::{Row, rows_of};

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

/// A file, the portal before it and the portal after it.
pub struct Scenario {
    /// What the file is used for.
    pub operation: Operation,
    /// The file; its column `N` numbers the rows.
    pub csv: String,
    /// Tickets that the portal has before, by key; true for the recycle bin.
    before: BTreeMap<String, bool>,
    /// Tickets that it must have after, by key: subject and content; none in the bin.
    after: BTreeMap<String, Option<(String, String)>>,
    ends: BTreeMap<usize, End>,
}

impl Scenario {
    /// A file of so many rows. Of each thousand five repeat the key before theirs, and
    /// of an upsert 300 exist. Otherwise all exist but for ten, and ten are in the
    /// recycle bin. Four can't be written: two by their stage, two by the portal.
    pub fn new(operation: Operation, rows: usize) -> Scenario {
        let mut scenario = Scenario {
            operation,
            csv: "N,Id,Subject,Body,Pipeline,Stage\n".to_owned(),
            before: BTreeMap::new(),
            after: BTreeMap::new(),
            ends: BTreeMap::new(),
        };
        for n in 1..=rows {
            scenario.plant(n);
        }
        for n in 1..=rows {
            scenario.add(n);
        }
        scenario
    }

    fn plant(&mut self, n: usize) {
        let exists = match self.operation {
            Operation::Upsert => (1..=3).contains(&(n % 10)),
            _ => n % 100 != 33 && !n.is_multiple_of(200),
        };
        if exists {
            let archived = self.operation != Operation::Upsert && n % 100 == 66;
            let old = (!archived).then(|| (format!("Old {n}"), String::new()));
            let _new = self.before.insert(key(n), archived);
            let _new = self.after.insert(key(n), old);
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
        self.csv.push_str(&format!(
            "{n},{key},{subject},\"{body}\",{pipeline},{stage}\n"
        ));
        let end = self.end(&key, stage);
        let _new = self.ends.insert(n, end);
        if end.0 == "done" {
            let written = (self.operation != Operation::Archive).then_some((subject, body));
            let _old = self.after.insert(key, written);
        }
    }

    /// Where a row ends, given what came before it.
    fn end(&self, key: &str, stage: &str) -> End {
        let held = self.after.get(key);
        match (self.operation, held) {
            (Operation::Update | Operation::Upsert, _) if stage == "Nwe" => {
                ("refused", "UNKNOWN_STAGE")
            }
            (Operation::Update, None) | (Operation::Archive, None) => ("refused", "TICKET_MISSING"),
            (Operation::Update, Some(None)) => ("refused", "TICKET_ARCHIVED"),
            (Operation::Archive, Some(None)) => ("unchanged", "archive"),
            (Operation::Archive, Some(Some(_))) => ("done", "archive"),
            _ if stage.starts_with("Archive") => ("refused", "STAGE_READ_ONLY"),
            (_, Some(_)) => ("done", "update"),
            (_, None) => ("done", "create"),
        }
    }

    /// Tickets that must have a past: seed more.
    pub fn seeds(&self) -> usize {
        self.before.len() * 5 / 4 + 50
    }

    /// Calls that give the tickets with these ids their keys: path and body.
    pub fn past(&self, ids: &[String]) -> Vec<(&'static str, Value)> {
        assert!(ids.len() >= self.before.len(), "enough tickets are seeded");
        let property = json!({
            "name": "source_ticket_id", "label": "Source", "groupName": "ticketinformation",
            "type": "string", "fieldType": "text", "hasUniqueValue": true,
        });
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

    /// The files of a run are what they must be. Whether the second row of a key found
    /// a ticket or made it can't be told after a death.
    #[track_caller]
    pub fn check_files(&self, folder: &Path, story: &str) {
        let mut ends: BTreeMap<usize, (String, String)> = BTreeMap::new();
        let mut add = |row: &Row, fate: &str, word: &str| {
            let n = row["N"].parse().expect("a number");
            let old = ends.insert(n, (fate.to_owned(), word.to_owned()));
            assert!(old.is_none(), "{story}: row {n} is there twice");
        };
        for row in rows_of(&folder.join("done.csv")) {
            let repeats = row["N"].parse::<usize>().expect("a number") % 200 == 0;
            let word = match row["_operation"].as_str() {
                "create" if repeats => "update",
                word => word,
            };
            add(&row, &row["_fate"], word);
        }
        for row in rows_of(&folder.join("refused.csv")) {
            add(&row, "refused", &row["_code"]);
        }
        for (n, (fate, word)) in &self.ends {
            let found = ends.remove(n);
            let wanted = ((*fate).to_owned(), (*word).to_owned());
            assert_eq!(found, Some(wanted), "{story}: row {n}");
        }
        assert!(ends.is_empty(), "{story}: {ends:?}");
        let summary = std::fs::read_to_string(folder.join("summary.json")).expect("a summary");
        let summary: Value = serde_json::from_str(&summary).expect("JSON");
        assert_eq!(summary["read"], self.ends.len(), "{story}");
        for fate in ["done", "unchanged", "refused"] {
            assert_eq!(summary["rows"][fate], self.fated(fate), "{story}: {fate}");
        }
    }

    /// The portal is what it must be: `held` has key, subject and content of every
    /// ticket, and whether it is in the recycle bin.
    #[track_caller]
    pub fn check_portal(&self, held: Vec<(String, String, String, bool)>, story: &str) {
        let keyed = held.into_iter().filter(|(key, ..)| !key.is_empty());
        let mut found = BTreeMap::new();
        for (key, subject, content, archived) in keyed {
            let ticket = (!archived).then_some((subject, content));
            let old = found.insert(key.clone(), ticket);
            assert!(old.is_none(), "{story}: {key} is there twice");
        }
        for (key, wanted) in &self.after {
            let ticket = found.remove(key);
            assert_eq!(ticket.as_ref(), Some(wanted), "{story}: {key}");
        }
        assert!(found.is_empty(), "{story}: nobody asked for {found:?}");
    }
}

fn key(n: usize) -> String {
    format!("K{n}")
}

/// A portal that keeps its state in a file.
pub async fn portal_in(file: &Path, seeds: usize) -> Portal {
    Portal::with(tickethaul::sandbox::Options {
        data: tickethaul::sandbox::Data::File(file.to_owned()),
        rate: "off".parse().expect("a rate"),
        seed_tickets: u32::try_from(seeds).expect("not that many"),
        ..tickethaul::sandbox::Options::default()
    })
    .await
}

/// Writes the portal of a scenario into a file, to be copied for each story.
pub async fn plant(scenario: &Scenario, file: &Path) {
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
