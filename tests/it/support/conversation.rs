//! The helper of stories about notes: a file of tickets with comments, and what the portal
//! must hold of them afterwards.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Args, Ended, FilledPortal, Rehearsal, keyed};

/// How the portal is served.
const SERVED: &str = "--rate off --data portal.db";

/// Columns for comments.
const COLUMNS: usize = 8;

pub const MAPPING: &str = keyed!(
    "source_ticket_id",
    r#"subject = "Subject"
hs_pipeline_stage = { value = "1" }
[[notes]]
column = "Comment"
parts = { separator = ";", names = ["at", "author", "id", "body"], last = "rest" }
at = "at"
author = "author"
id = "id"
body = "body"

"#
);

/// How comments stand in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In columns of their ticket's row.
    Columns,
    /// In a list of their ticket's JSON object.
    Objects,
    /// In a file of their own, in no order.
    Beside,
}

/// The file of comments.
pub const COMMENTS: &str = "comments.csv";

impl Form {
    /// Name of the input.
    pub fn input(self) -> &'static str {
        match self {
            Form::Columns | Form::Beside => "in.csv",
            Form::Objects => "in.jsonl",
        }
    }

    /// The mapping.
    pub fn mapping(self) -> String {
        let parts = "column = \"Comment\"\nparts = { separator = \";\", names = [\"at\", \"author\", \
                     \"id\", \"body\"], last = \"rest\" }\n";
        assert!(MAPPING.contains(parts));
        match self {
            Form::Columns => MAPPING.to_owned(),
            Form::Objects => MAPPING.replace(parts, "each = \"comments\"\noptional = true\n"),
            Form::Beside => {
                let beside = format!("file = \"{COMMENTS}\"\nticket = \"Ticket\"\n");
                MAPPING.replace(parts, &beside)
            }
        }
    }
}

/// A comment: its ticket's key, its id, its time and its text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Comment {
    pub ticket: String,
    pub id: u32,
    pub at: String,
    pub text: String,
}

/// Tickets by key, with their subjects, and their comments.
#[derive(Clone, Debug, Default)]
pub struct Conversations {
    pub tickets: BTreeMap<String, String>,
    pub comments: Vec<Comment>,
}

impl Conversations {
    /// So many tickets, of which each has up to eight comments.
    pub fn new(tickets: usize) -> Conversations {
        let mut conversations = Conversations::default();
        for n in 1..=tickets {
            conversations.add_ticket(n);
            let comments = (n * 7) % (COLUMNS + 1);
            (0..comments).for_each(|_| conversations.add_comment(n));
        }
        conversations
    }

    pub fn add_ticket(&mut self, n: usize) {
        self.tickets.insert(key(n), format!("Ticket {n}"));
    }

    pub fn add_comment(&mut self, n: usize) {
        let ticket = key(n);
        let id = self
            .comments
            .iter()
            .filter(|one| one.ticket == ticket)
            .count()
            + 1;
        assert!(id <= COLUMNS, "{ticket} has no column for one more");
        self.comments.push(Comment {
            id: u32::try_from(id).expect("small"),
            // Two comments of a ticket may be of one millisecond.
            at: format!("2021-03-01T09:00:{:02}Z", id / 2),
            text: format!("says {n} the {id}. time"),
            ticket,
        });
    }

    /// The file.
    pub fn csv(&self) -> String {
        let mut of_ticket: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for one in &self.comments {
            let cell = format!("{};Ann;{};{}", one.at, one.id, one.text);
            of_ticket.entry(&one.ticket).or_default().push(cell);
        }
        let mut csv = format!("Id,Subject{}\n", ",Comment".repeat(COLUMNS));
        for (key, subject) in &self.tickets {
            let mut cells = of_ticket.remove(key.as_str()).unwrap_or_default();
            cells.resize(COLUMNS, String::new());
            csv += &format!("{key},{subject},{}\n", cells.join(","));
        }
        csv
    }

    /// The same as an object on each line.
    pub fn jsonl(&self) -> String {
        let mut of_ticket: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for one in &self.comments {
            let comment = json!({"id": one.id, "at": one.at, "author": "Ann", "body": one.text});
            of_ticket.entry(&one.ticket).or_default().push(comment);
        }
        let lines = self.tickets.iter().map(|(key, subject)| {
            let comments = of_ticket.remove(key.as_str()).unwrap_or_default();
            json!({"Id": key, "Subject": subject, "comments": comments}).to_string() + "\n"
        });
        lines.collect()
    }

    /// The input in a form.
    pub fn text(&self, form: Form) -> String {
        match form {
            Form::Columns => self.csv(),
            Form::Objects => self.jsonl(),
            Form::Beside => {
                let tickets = self.tickets.iter();
                let rows = tickets.map(|(key, subject)| format!("{key},{subject}\n"));
                format!("Id,Subject\n{}", rows.collect::<String>())
            }
        }
    }

    /// The file of comments, mixed, with two of tickets that nobody has.
    pub fn comments_csv(&self) -> String {
        let rows = self
            .comments
            .iter()
            .map(|one| format!("{},Ann,{},{},{}\n", one.at, one.id, one.ticket, one.text));
        let strangers = ["K90001", "K90002"]
            .map(|ticket| format!("2021-03-01T09:00:00Z,Ann,1,{ticket},says nothing\n"));
        let mut rows: Vec<String> = rows.chain(strangers).collect();
        fastrand::Rng::with_seed(5).shuffle(&mut rows);
        format!("at,author,id,Ticket,body\n{}", rows.concat())
    }

    /// Writes the input, and what stands beside it, into a folder.
    pub fn write(&self, folder: &std::path::Path, form: Form) {
        let write = |name: &str, text: String| {
            std::fs::write(folder.join(name), text).expect("written");
        };
        write(form.input(), self.text(form));
        write("m.toml", form.mapping());
        if form == Form::Beside {
            write(COMMENTS, self.comments_csv());
        }
    }

    /// Each comment is one note of its ticket, with its time, and nothing else is there.
    #[track_caller]
    pub fn check(&self, get: Get<'_>, story: &str) {
        let mut held: Vec<Comment> = notes(get).into_iter().map(|note| note.comment).collect();
        held.sort();
        let mut wanted = self.comments.clone();
        wanted.sort();
        let lacks: Vec<_> = wanted.iter().filter(|one| !held.contains(one)).collect();
        assert!(
            lacks.is_empty(),
            "{story}: {} lack, {:?}",
            lacks.len(),
            lacks.first()
        );
        for pair in held.windows(2) {
            assert!(pair[0] != pair[1], "{story}: {:?} is there twice", pair[0]);
        }
        assert_eq!(held.len(), wanted.len(), "{story}");
        let tickets = all(get, "tickets", "properties=subject");
        assert_eq!(tickets.len(), self.tickets.len(), "{story}");
    }
}

/// Asks a portal for what stands at a path.
pub type Get<'a> = &'a dyn Fn(&str) -> Value;

/// All records of a kind, live ones.
fn all(get: Get<'_>, kind: &str, query: &str) -> Vec<Value> {
    let mut records = Vec::new();
    let mut after = String::new();
    loop {
        let path = format!("/crm/v3/objects/{kind}?limit=100&{query}{after}");
        let page = get(&path);
        records.extend(page["results"].as_array().expect("results").clone());
        match page["paging"]["next"]["after"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return records,
        }
    }
}

/// Every note, with the ticket that it hangs on.
pub fn notes(get: Get<'_>) -> Vec<HeldNote> {
    let text = |record: &Value, name: &str| {
        record["properties"][name]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let tickets = all(get, "tickets", "properties=source_ticket_id");
    let keys: BTreeMap<String, String> = tickets
        .iter()
        .map(|ticket| (id(ticket), text(ticket, "source_ticket_id")))
        .collect();
    let query = "properties=hs_timestamp,hs_note_body,hs_unique_id&associations=tickets";
    let notes = all(get, "notes", query).into_iter().map(|note| {
        let on = &note["associations"]["tickets"]["results"];
        let on: Vec<&Value> = on.as_array().into_iter().flatten().collect();
        assert_eq!(on.len(), 1, "{note}");
        let body = text(&note, "hs_note_body");
        assert!(body.contains("Ann"), "the author stands in {body}");
        let said = body.find("says ").expect("a comment");
        let said = &body[said..];
        let said = &said[..said.find("time").expect("its end") + 4];
        let number = said
            .split(' ')
            .nth(3)
            .expect("a number")
            .trim_end_matches('.');
        HeldNote {
            id: id(&note),
            comment: Comment {
                ticket: keys[on[0]["id"].as_str().expect("an id")].clone(),
                id: number.parse().expect("a number"),
                at: text(&note, "hs_timestamp"),
                text: said.to_owned(),
            },
            key: text(&note, "hs_unique_id"),
        }
    });
    notes.collect()
}

fn key(n: usize) -> String {
    format!("K{n:05}")
}

/// A note as the portal holds it, with the key of the ticket that it hangs on.
#[derive(Clone, Debug)]
pub struct HeldNote {
    pub id: String,
    pub comment: Comment,
    pub key: String,
}

/// A portal in a file, and a folder with the input.
pub struct Talk {
    pub desk: FilledPortal,
}

impl Talk {
    /// A portal that is served with these switches and troubles.
    pub fn new(conversations: &Conversations, args: impl Args) -> Talk {
        Talk::of(Form::Columns, conversations, args)
    }

    /// The same, with comments that stand so in the input.
    pub fn of(form: Form, conversations: &Conversations, args: impl Args) -> Talk {
        let here = Rehearsal::new();
        conversations.write(&here.path("."), form);
        let talk = Talk {
            desk: FilledPortal::in_folder(here, SERVED),
        };
        talk.desk.unique_property("source_ticket_id");
        talk.served(args)
    }

    /// The same portal, served with other switches and troubles.
    pub fn served(self, args: impl Args) -> Talk {
        Talk {
            desk: self.desk.served((SERVED, args)),
        }
    }

    /// Runs the tool.
    #[track_caller]
    pub fn run(&self, args: impl Args, code: i32) -> Ended {
        self.desk.run(args).expect(code)
    }

    /// All records of a kind, live ones.
    pub fn all(&self, kind: &str, query: &str) -> Vec<Value> {
        all(&|path| self.get(path), kind, query)
    }

    /// Every note, with the ticket that it hangs on.
    pub fn notes(&self) -> Vec<HeldNote> {
        notes(&|path| self.get(path))
    }

    /// Each comment is one note of its ticket, with its time, and nothing else is there.
    #[track_caller]
    pub fn check(&self, conversations: &Conversations, story: &str) {
        conversations.check(&|path| self.get(path), story);
    }

    fn get(&self, path: &str) -> Value {
        self.desk.call("GET", path, &Value::Null)
    }

    /// The summary of a run.
    pub fn summary(&self, run: &str) -> Value {
        self.desk.here.json(&format!("{run}/summary.json"))
    }

    /// Makes a note by hand.
    pub fn make_note(&self, ticket: &str, properties: Value) -> String {
        let types = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 228}]);
        let body = json!({"properties": properties, "associations": [{"to": {"id": ticket}, "types": types}]});
        id(&self.desk.call("POST", "/crm/v3/objects/notes", &body))
    }
}

/// The id of a record.
pub fn id(record: &Value) -> String {
    record["id"].as_str().expect("an id").to_owned()
}

/// Ways to know a note again; associations are late to be read.
pub const RUNGS: [&[&str]; 5] = [
    &["activity_key=unique", "link_lag=60ms"],
    &["activity_key=claimed", "link_lag=60ms"],
    &[
        "activity_key=silent",
        "activity_collision=409",
        "link_lag=60ms",
    ],
    &["activity_key=plain", "link_lag=60ms"],
    &["activity_key=absent", "link_lag=60ms", "body_form=wrapped"],
];
