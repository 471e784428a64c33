//! The helper of stories about files: tickets with comments, some of which have files, and
//! what the portal must hold of them afterwards.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::Args;
use super::conversation::{Comment, Conversations, Form, Get, Talk};

/// The folder with the files, beside the input.
pub const FOLDER: &str = "attachments";

/// A file of a comment.
#[derive(Clone, Debug)]
pub struct File {
    /// The source's id of it.
    pub id: String,
    pub name: String,
    pub bytes: String,
}

/// Conversations with files, by ticket and comment.
#[derive(Clone, Debug, Default)]
pub struct Filed {
    pub talk: Conversations,
    pub files: BTreeMap<(String, u32), Vec<File>>,
}

/// The mapping: that of conversations in objects, with files.
pub fn mapping() -> String {
    let id = "id = \"id\"\n";
    let files = "attachments = { each = \"attachments\", id = \"id\", name = \"file_name\", \
                 url = \"content_url\", size = \"size\" }\n";
    let mapping = Form::Objects.mapping();
    assert!(mapping.contains(id));
    mapping.replace(id, &format!("{id}{files}"))
}

impl Filed {
    /// So many tickets. Every third comment has files: most have bytes of their own; two of
    /// one ticket have the same, and one is an attachment of two tickets.
    pub fn new(tickets: usize) -> Filed {
        Filed::of(Conversations::new(tickets))
    }

    pub fn of(talk: Conversations) -> Filed {
        let mut files: BTreeMap<(String, u32), Vec<File>> = BTreeMap::new();
        let mut number = 100;
        for one in talk.comments.iter().filter(|one| one.id % 3 == 1) {
            let mut add = |name: &str, bytes: String| {
                number += 1;
                let id = number.to_string();
                let name = name.to_owned();
                let of = files.entry((one.ticket.clone(), one.id)).or_default();
                of.push(File { id, name, bytes });
            };
            let what = format!("{} {}", one.ticket, one.id);
            add("shot 1.PNG", format!("picture of {what}"));
            if one.id == 4 {
                add("Größe.txt", format!("size of {what}"));
            }
        }
        let mut filed = Filed { talk, files };
        filed.add_odd_ones();
        filed
    }

    fn add_odd_ones(&mut self) {
        let places: Vec<(String, u32)> = self.files.keys().cloned().collect();
        let ticket = |place: &(String, u32)| place.0.clone();
        let mut pairs = places.windows(2);
        let same = pairs.find(|pair| ticket(&pair[0]) == ticket(&pair[1]));
        let same = same.expect("a ticket with two").to_vec();
        for (n, place) in same.iter().enumerate() {
            let file = File {
                id: format!("twin-{n}"),
                name: "twin.txt".to_owned(),
                bytes: "the same bytes".to_owned(),
            };
            self.files.get_mut(place).expect("a comment").push(file);
        }
        let last = places.last().expect("a comment").clone();
        let shared = File {
            id: "shared".to_owned(),
            name: "of two.pdf".to_owned(),
            bytes: "of two tickets".to_owned(),
        };
        for place in [&places[0], &last] {
            let of = self.files.get_mut(place).expect("a comment");
            of.push(shared.clone());
        }
    }

    /// How many files there are in the end, where duplicates of a folder count as one by
    /// their bytes or do not.
    pub fn count(&self, by_bytes: bool) -> usize {
        let all = self.files.values().flatten();
        let ids: BTreeSet<&str> = all.map(|file| file.id.as_str()).collect();
        ids.len() - usize::from(by_bytes)
    }

    /// An object on each line.
    pub fn jsonl(&self) -> String {
        let mut of_ticket: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
        for one in &self.talk.comments {
            let files = self.files.get(&(one.ticket.clone(), one.id));
            let files = files.into_iter().flatten();
            let files: Vec<Value> = files
                .map(|file| {
                    json!({"id": file.id, "file_name": file.name, "size": file.bytes.len(),
                    "content_url": format!("https://files.example/{}", file.id)})
                })
                .collect();
            let comment = json!({"id": one.id, "at": one.at, "author": "Ann", "body": one.text, "attachments": files});
            of_ticket.entry(&one.ticket).or_default().push(comment);
        }
        let lines = self.talk.tickets.iter().map(|(key, subject)| {
            let comments = of_ticket.remove(key.as_str()).unwrap_or_default();
            json!({"Id": key, "Subject": subject, "comments": comments}).to_string() + "\n"
        });
        lines.collect()
    }

    /// Writes input, mapping and files into a folder.
    pub fn write(&self, folder: &Path) {
        fs::write(folder.join("in.jsonl"), self.jsonl()).expect("written");
        fs::write(folder.join("m.toml"), mapping()).expect("written");
        for file in self.files.values().flatten() {
            let place = folder.join(FOLDER).join(&file.id);
            fs::create_dir_all(&place).expect("a folder");
            fs::write(place.join(&file.name), &file.bytes).expect("written");
        }
    }

    /// Each comment is one note of its ticket and has its files; each file is there once, and
    /// no other.
    #[track_caller]
    pub fn check(&self, get: Get<'_>, (count, story): (usize, &str)) {
        self.talk.check(get, story);
        let mut held = files(get);
        assert_eq!(held.len(), count, "{story}: files");
        for (of, ids) in attached(get) {
            let wanted = self.files.get(&(of.ticket.clone(), of.id));
            let wanted: BTreeSet<&str> = wanted
                .into_iter()
                .flatten()
                .map(|file| file.bytes.as_str())
                .collect();
            let got: BTreeSet<String> = ids
                .iter()
                .map(|id| {
                    let file = held.get(id);
                    file.unwrap_or_else(|| panic!("{story}: {of:?} has no file {id}"))
                        .md5
                        .clone()
                })
                .collect();
            let wanted: BTreeSet<String> = wanted.into_iter().map(md5).collect();
            assert_eq!(got, wanted, "{story}: {of:?}");
            for id in &ids {
                held.get_mut(id).expect("it was there").is_used = true;
            }
        }
        let unused: Vec<&Held> = held.values().filter(|file| !file.is_used).collect();
        assert!(unused.is_empty(), "{story}: {unused:?}");
    }
}

fn md5(text: &str) -> String {
    use md5::Digest;
    let digits = md5::Md5::digest(text.as_bytes());
    digits.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A file as the portal has it.
#[derive(Clone, Debug)]
pub struct Held {
    pub md5: String,
    pub path: String,
    is_used: bool,
}

/// Every file of a portal, by its id.
pub fn files(get: Get<'_>) -> BTreeMap<String, Held> {
    let mut held = BTreeMap::new();
    let mut after = String::new();
    loop {
        let page = get(&format!("/files/v3/files/search?limit=100{after}"));
        for file in page["results"].as_array().expect("results") {
            let text = |name: &str| file[name].as_str().expect("a text").to_owned();
            let new = Held {
                md5: text("fileMd5"),
                path: text("path"),
                is_used: false,
            };
            assert_eq!(file["access"], "PRIVATE");
            held.insert(text("id"), new);
        }
        match page["paging"]["next"]["after"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return held,
        }
    }
}

/// The comments that notes are, with the files that each names.
fn attached(get: Get<'_>) -> Vec<(Comment, Vec<String>)> {
    let notes = super::conversation::notes(get);
    let of_note = |id: &str| -> Vec<String> {
        let path = format!("/crm/v3/objects/notes/{id}?properties=hs_attachment_ids");
        let ids = get(&path)["properties"]["hs_attachment_ids"].clone();
        let ids = ids.as_str().unwrap_or_default().split(';');
        ids.filter(|id| !id.is_empty()).map(str::to_owned).collect()
    };
    notes
        .into_iter()
        .map(|note| (note.comment, of_note(&note.id)))
        .collect()
}

/// A portal in a file, and a folder with input, mapping and files. What is found there is
/// found at once unless the switches say otherwise.
pub fn talk_of(filed: &Filed, args: impl Args) -> Talk {
    let talk = Talk::of(Form::Objects, &filed.talk, args);
    filed.write(&talk.desk.here.path("."));
    talk
}

/// A portal with these tickets, notes and their files, and with its files found at once.
pub fn imported(filed: &Filed) -> Talk {
    let talk = talk_of(filed, "--switch file_search_lag=0s");
    let import = format!("import in.jsonl -m m.toml --attachments {FOLDER} --horizon 0.8");
    talk.run(import, 0);
    talk
}

/// The same portal, read at once.
pub fn calm(talk: Talk) -> Talk {
    talk.served("--switch file_search_lag=0s")
}

/// Holds what came of it against what is wanted.
#[track_caller]
pub fn check(talk: &Talk, filed: &Filed, count: usize, story: &str) {
    let get = |path: &str| talk.desk.call("GET", path, &Value::Null);
    filed.check(&get, (count, story));
}

/// What portals make of duplicates and names, and how late they find files. The second part
/// says whether equal bytes in one folder are one file.
pub const PORTALS: [(&[&str], bool); 5] = [
    (&["file_search_lag=80ms"], true),
    (
        &[
            "file_duplicate=content+name",
            "file_stat_lag=60ms",
            "file_search_lag=60ms",
        ],
        false,
    ),
    (
        &[
            "file_duplicate=name",
            "file_rename=random",
            "file_existing=200",
        ],
        false,
    ),
    (&["file_names=slugged", "file_rename_path=no"], true),
    (
        &[
            "file_race=409",
            "file_rename=(1)",
            "unknown_file_id=400",
            "file_search_lag=0s",
        ],
        true,
    ),
];
