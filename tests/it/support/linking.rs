//! The helper of stories about interrupted runs that link: files that link tickets, the
//! portal before them, and what portal and files must hold after. Running them is left
//! to the story.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};
use tickethaul::import::flow::Operation;

use super::scenario::portal_in;
use super::{Portal, Row, id, rows_of};

const KEY: &str = r#"
version = 1
[key]
property = "source_ticket_id"
column = "Id"
[[associate]]
to = "contacts"
by = "email"
column = "Mail"
missing = "create"
label = "Requester"
"#;

/// New tickets, linked to each other wherever they stand in the file.
const FAMILY: &str = r#"
[properties]
subject = "Subject"
hs_pipeline_stage = "Stage"
[[associate]]
to = "tickets"
by = "key"
column = "Parent"
"#;

/// Links of a ticket: e-mails of contacts with the number of kinds of the link, and
/// keys of tickets.
type Links = (BTreeMap<String, usize>, BTreeSet<String>);

/// A file, the portal before it and the portal after it.
pub struct Linking {
    /// What the file is used for.
    pub operation: Operation,
    /// Whether the portal finds archived tickets by their key.
    finds_archived: bool,
    /// The file; its column `N` numbers the rows.
    pub csv: String,
    /// Tickets that the portal has before, with the contacts that they are linked to.
    before: BTreeMap<String, Option<String>>,
    /// Tickets that it has in the recycle bin.
    archived: BTreeSet<String>,
    after: BTreeMap<String, Links>,
    /// Contacts that must be there in the end.
    mails: BTreeSet<String>,
    ends: BTreeMap<usize, (&'static str, &'static str)>,
}

fn key(n: usize) -> String {
    format!("K{n}")
}

fn mail(n: usize) -> String {
    format!("person{}@link.example", n % 7)
}

impl Linking {
    /// A file of so many rows for one of create, associate and dissociate.
    pub fn new(operation: Operation, rows: usize) -> Linking {
        Linking::with(operation, true, rows)
    }

    /// The same for a portal that finds archived tickets by their key, or does not.
    pub fn with(operation: Operation, finds_archived: bool, rows: usize) -> Linking {
        let mut linking = Linking {
            operation,
            finds_archived,
            archived: BTreeSet::new(),
            csv: "N,Id,Subject,Stage,Mail,Parent\n".to_owned(),
            before: BTreeMap::new(),
            after: BTreeMap::new(),
            mails: BTreeSet::new(),
            ends: BTreeMap::new(),
        };
        match operation {
            Operation::Create => linking.family(rows),
            _ => linking.alone(rows),
        }
        linking
    }

    /// The text of the mapping.
    pub fn mapping(&self) -> String {
        match self.operation {
            Operation::Create => format!("{KEY}{FAMILY}"),
            _ => KEY.to_owned(),
        }
    }

    /// Tickets whose parents come later, came before or never come; some parents are
    /// refused themselves.
    fn family(&mut self, rows: usize) {
        let has_stage = |n: usize| n % 23 != 5;
        for n in 1..=rows {
            let parent = match n % 5 {
                0 | 1 if n + 11 <= rows => Some(n + 11),
                2 if n > 30 => Some(n - 30),
                3 if n % 20 == 13 => Some(rows + n),
                _ => None,
            };
            let stage = if has_stage(n) { "New" } else { "Nwe" };
            let named = parent.map_or_else(String::new, key);
            self.row(n, &key(n), stage, &named);
            let found = parent.filter(|&parent| parent <= rows && has_stage(parent));
            let end = match (parent, found) {
                _ if !has_stage(n) => ("refused", "UNKNOWN_STAGE"),
                (Some(_), None) => ("refused", "LINKED_TICKET_MISSING"),
                _ => ("done", "create"),
            };
            self.ends.insert(n, end);
            if !has_stage(n) {
                continue;
            }
            self.mails.insert(mail(n));
            let links = self.after.entry(key(n)).or_default();
            links.0.insert(mail(n), 2);
            if let Some(found) = found {
                links.1.insert(key(found));
                let other = self.after.entry(key(found)).or_default();
                other.1.insert(key(n));
            }
        }
    }

    /// What the portal is served with.
    pub fn switch(&self) -> &'static str {
        match self.finds_archived {
            true => "archived_by_key=found",
            false => "archived_by_key=missing",
        }
    }

    /// Tickets that are there get or lose their contacts. Of fifty one is not there and
    /// one archived, of forty one is linked as wanted before, every thirtieth ticket comes twice.
    fn alone(&mut self, rows: usize) {
        let makes = self.operation == Operation::Associate;
        for n in 1..=rows {
            let ticket = if n % 30 == 0 { n - 1 } else { n };
            self.row(n, &key(ticket), "", "");
            if n % 50 == 25 {
                self.ends.insert(n, ("refused", "TICKET_MISSING"));
                continue;
            }
            if n % 50 == 35 {
                self.archived.insert(key(n));
                let code = match self.finds_archived {
                    true => "TICKET_ARCHIVED",
                    false => "TICKET_MISSING",
                };
                self.ends.insert(n, ("refused", code));
                continue;
            }
            let settled = n % 40 == 7;
            self.mails.insert(mail(n));
            if ticket == n {
                let linked = (settled == makes).then(|| mail(n));
                self.before.insert(key(n), linked);
                let _new = self.after.entry(key(n)).or_default();
            }
            let links = &mut self.after.entry(key(ticket)).or_default().0;
            let end = match (makes, settled || n != ticket) {
                (true, true) if n != ticket => ("done", "link"),
                (true, true) => ("unchanged", "associate"),
                (true, false) => ("done", "link"),
                (false, true) => ("unchanged", "dissociate"),
                (false, false) => ("done", "unlink"),
            };
            self.ends.insert(n, end);
            if makes {
                links.insert(mail(n), 2);
            } else if end.0 == "done" {
                // A label is cut alone; the plain link stays.
                links.insert(mail(n), 1);
            }
        }
    }

    fn row(&mut self, n: usize, id: &str, stage: &str, parent: &str) {
        let line = format!("{n},{id},Ticket {n},{stage},{},{parent}\n", mail(n));
        self.csv.push_str(&line);
    }

    /// Writes the portal before the file into a state file, to be copied for each story.
    pub async fn plant(&self, file: &Path) {
        let portal = portal_in(file, 0).await;
        portal.unique_property("source_ticket_id").await;
        let label = json!({"name": "requester", "label": "Requester"});
        let path = "/crm/v4/associations/tickets/contacts/labels";
        portal.post(path, label).await.expect(200);
        // In this direction; the inverse has a kind of its own.
        let listed = portal.get(path).await.expect(200);
        let mut kinds = listed["results"].as_array().expect("kinds").iter();
        let ours = kinds.find(|kind| kind["label"] == "Requester");
        let ours = ours.expect("the label's kind");
        let kind =
            json!({"associationCategory": ours["category"], "associationTypeId": ours["typeId"]});
        for (key, mail) in &self.before {
            let ticket = portal.ticket(json!({"source_ticket_id": key})).await;
            if let Some(mail) = mail {
                let contact = contact(&portal, mail).await;
                let input = json!({"from": {"id": ticket}, "to": {"id": contact}, "types": [kind]});
                let path = "/crm/v4/associations/tickets/contacts/batch/create";
                let made = portal.post(path, json!({"inputs": [input]})).await;
                assert!((200..300).contains(&made.status), "{made:?}");
            }
        }
        for key in &self.archived {
            let ticket = portal.ticket(json!({"source_ticket_id": key})).await;
            let gone = portal
                .delete(&format!("/crm/v3/objects/tickets/{ticket}"))
                .await;
            assert_eq!(gone.status, 204, "{gone:?}");
        }
        if self.operation == Operation::Dissociate {
            for mail in &self.mails {
                let _there = contact(&portal, mail).await;
            }
        }
        portal.sandbox.stop().await;
    }

    /// Portal and files hold what they must. `get` asks the portal.
    pub fn check(&self, folder: &Path, mut get: impl FnMut(&str) -> Value, story: &str) {
        let tickets = self.check_portal(&mut get, story);
        self.check_files(&tickets, folder, story);
    }

    /// Every ticket has the links that it must have; the keys of tickets by id.
    fn check_portal(
        &self,
        get: &mut impl FnMut(&str) -> Value,
        story: &str,
    ) -> BTreeMap<u64, String> {
        let contacts = all(get, "/crm/v3/objects/contacts?limit=100&properties=email");
        let text = |record: &Value, name: &str| {
            record["properties"][name]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        };
        let mut mails = BTreeMap::new();
        for contact in &contacts {
            let ours = text(contact, "email");
            let old = mails.insert(id(contact), ours.clone());
            assert!(old.is_none(), "{story}: {ours} is there twice");
        }
        let ours = mails
            .values()
            .filter(|mail| mail.ends_with("@link.example"));
        let ours: Vec<&String> = ours.collect();
        assert_eq!(
            ours.len(),
            self.mails.len(),
            "{story}: no contact doubled: {ours:?}"
        );
        let path = "/crm/v3/objects/tickets?limit=100&properties=source_ticket_id&associations=contacts,tickets";
        let tickets = all(get, path);
        let keys: BTreeMap<u64, String> = tickets
            .iter()
            .map(|ticket| (id(ticket), text(ticket, "source_ticket_id")))
            .collect();
        let mut found = BTreeMap::new();
        for ticket in &tickets {
            let others = |kind: &str| {
                ticket["associations"][kind]["results"]
                    .as_array()
                    .cloned()
                    .unwrap_or_default()
            };
            let mut links = Links::default();
            for other in others("contacts") {
                *links.0.entry(mails[&id(&other)].clone()).or_default() += 1;
            }
            links.1.extend(
                others("tickets")
                    .iter()
                    .map(|other| keys[&id(other)].clone()),
            );
            let old = found.insert(keys[&id(ticket)].clone(), links);
            assert!(old.is_none(), "{story}: a ticket is there twice");
        }
        for (key, wanted) in &self.after {
            let held = found.remove(key);
            assert_eq!(held.as_ref(), Some(wanted), "{story}: {key}");
        }
        assert!(found.is_empty(), "{story}: nobody asked for {found:?}");
        keys
    }

    fn check_files(&self, tickets: &BTreeMap<u64, String>, folder: &Path, story: &str) {
        let mut ends: BTreeMap<usize, (String, String)> = BTreeMap::new();
        let mut add = |row: &Row, fate: &str, word: &str| {
            let n = row["N"].parse().expect("a number");
            let old = ends.insert(n, (fate.to_owned(), word.to_owned()));
            assert!(old.is_none(), "{story}: row {n} is there twice");
        };
        let mut idmap = Vec::new();
        for row in rows_of(&folder.join("done.csv")) {
            add(&row, &row["_fate"], &row["_operation"]);
            let ticket = row["_ticket_id"].parse().expect("an id");
            assert_eq!(tickets.get(&ticket), Some(&row["Id"]), "{story}: {row:?}");
            idmap.push((row["Id"].clone(), row["_ticket_id"].clone()));
        }
        let mapped = rows_of(&folder.join("idmap.csv")).into_iter();
        let mapped: Vec<_> = mapped
            .map(|row| (row["key"].clone(), row["ticket_id"].clone()))
            .collect();
        assert!(mapped == idmap, "{story}: idmap.csv is not as done.csv");
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
            let ends = self.ends.values().filter(|(ended, _)| *ended == fate);
            assert_eq!(summary["rows"][fate], ends.count(), "{story}: {fate}");
        }
    }
}

async fn contact(portal: &Portal, mail: &str) -> String {
    let path = "/crm/v3/objects/contacts/batch/read";
    let body = json!({"idProperty": "email", "inputs": [{"id": mail}], "properties": ["email"]});
    let read = portal.post(path, body).await.json();
    match read["results"][0]["id"].as_str() {
        Some(id) => id.to_owned(),
        None => portal.made("contacts", json!({ "email": mail })).await,
    }
}

fn all(get: &mut impl FnMut(&str) -> Value, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut after = String::new();
    loop {
        let page = get(&format!("{path}{after}"));
        all.extend(page["results"].as_array().expect("results").clone());
        match page["paging"]["next"]["after"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return all,
        }
    }
}
