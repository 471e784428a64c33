//! Exports with the files of what was said: each is downloaded once and unchanged, under a
//! safe name; files that can't be downloaded are reported and counted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::time::Duration;

use md5::Digest;
use serde_json::{Value, json};

use crate::support::between::through;
use crate::support::conversation::Talk;
use crate::support::filed::{Filed, calm, files, imported};
use crate::support::host::Host;
use crate::support::{
    Answer, FilledPortal, Row, TOKEN, TROUBLES, files_below, hang, troubled, wait_at_most,
};

const EXPORT: &str = "export --properties subject --with notes --attachments out -o t.csv";

/// Every row tells of a file that is there and is the portal's; nothing else is there.
#[track_caller]
fn check(talk: &Talk) -> Vec<Row> {
    let get = |path: &str| talk.desk.call("GET", path, &Value::Null);
    let held = files(&get);
    let rows = talk.desk.here.rows("t.attachments.csv");
    let mut places: BTreeMap<String, String> = BTreeMap::new();
    for row in &rows {
        assert_eq!(row["problem"], "", "{row:?}");
        let path = talk.desk.here.path("out").join(&row["path"]);
        let bytes = fs::read(&path).expect("the file");
        let digits = md5::Md5::digest(&bytes);
        let digits: String = digits.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(digits, row["md5"], "{row:?}");
        assert_eq!(digits, held[&row["file_id"]].md5, "{row:?}");
        assert_eq!(row["bytes"], bytes.len().to_string());
        let before = places.insert(row["file_id"].clone(), row["path"].clone());
        assert!(before.is_none_or(|before| before == row["path"]), "{row:?}");
    }
    assert_eq!(places.len(), held.len(), "each file once");
    let there = files_below(&talk.desk.here.path("out"));
    assert_eq!(there.len(), held.len(), "and nothing else: {there:?}");
    rows
}

#[test]
fn each_file_comes_out_once_and_is_what_it_was() {
    let filed = Filed::new(20);
    let talk = imported(&filed);
    let count = filed.count(true);
    let words = format!("{count} attachments downloaded, 0 there before");
    talk.run(EXPORT, 0).says(&words);
    let rows = check(&talk);
    assert!(rows.len() > count, "several notes name one file");
    let names: BTreeSet<&str> = rows.iter().map(|row| row["name"].as_str()).collect();
    let own = ["Größe.txt", "of two.pdf", "shot 1.png", "twin.txt"];
    assert_eq!(names, BTreeSet::from(own), "without our mark");
    assert!(rows.iter().all(|row| row["activity"] == "note"));
    let notes: BTreeMap<String, Row> = talk
        .desk
        .here
        .rows("t.notes.csv")
        .into_iter()
        .map(|row| (row["note_id"].clone(), row))
        .collect();
    let named =
        |row: &Row| notes[&row["activity_id"]]["hs_attachment_ids"].contains(&row["file_id"]);
    assert!(rows.iter().all(named));
    // The same again asks for none; one that was spoilt or went is brought again.
    let again = format!("0 attachments downloaded, {count} there before");
    talk.run(EXPORT, 0).says(&again);
    let path = |row: &Row| talk.desk.here.path("out").join(&row["path"]);
    fs::write(path(&rows[0]), "spoilt").expect("written");
    let other = rows.iter().find(|row| row["path"] != rows[0]["path"]);
    fs::remove_file(path(other.expect("another"))).expect("it was there");
    talk.run(EXPORT, 0).says("2 attachments downloaded");
    let _rows = check(&talk);
}

#[test]
fn what_is_not_there_is_told_and_counted_and_all_else_comes() {
    let filed = Filed::new(6);
    let talk = imported(&filed);
    let get = |path: &str| talk.desk.call("GET", path, &Value::Null);
    let held = files(&get);
    let lost = held.keys().next().expect("a file");
    let path = format!("/files/v3/files/{lost}");
    talk.desk.call("DELETE", &path, &Value::Null);
    let told = format!("1 attachment is not downloaded, such as file {lost}");
    let result = talk.run((EXPORT, "--json"), 3).says(&told).json();
    assert_eq!(result["attachments"]["lacking"], 1, "{result}");
    assert_eq!(result["attachments"]["downloaded"], held.len() - 1);
    let rows = talk.desk.here.rows("t.attachments.csv");
    let lacking: Vec<&Row> = rows
        .iter()
        .filter(|row| !row["problem"].is_empty())
        .collect();
    assert!(
        lacking
            .iter()
            .all(|row| row["file_id"] == *lost && row["path"].is_empty())
    );
    assert!(!lacking.is_empty());
    // Nothing names files, or nothing of it is said.
    for (with, words) in [
        ("contacts", "has attachments"),
        ("notes.hs_note_body", "has attachments"),
    ] {
        let more = format!("--with {with} --attachments out -o u.csv");
        talk.run(("export --properties subject", more), 64)
            .says(words);
    }
    let set = "--with notes --attachments out --since last -o lake";
    let told = talk
        .run(("export --properties subject", set), 64)
        .says("takes no attachments along");
    // What it says to do instead does it.
    let (_, told) = told
        .stderr
        .split_once("tickethaul export")
        .expect("a command");
    let (command, _) = told.split_once(". ").expect("its end");
    talk.run(("export", command.replace("DIR", "beside")), 3);
    assert!(talk.desk.here.rows("files.attachments.csv").len() > 1);
    assert!(!files_below(&talk.desk.here.path("beside")).is_empty());
    talk.desk.here.write("plain", "a file");
    let args = "export --properties subject --with notes --attachments plain -o u.csv";
    talk.run(args, 64).says("plain is not a folder");
}

#[test]
fn a_killed_export_brings_what_lacks_and_goes_where_it_was_told() {
    let filed = Filed::new(12);
    let talk = imported(&filed);
    let mut talk = talk.served("--switch file_search_lag=0s --trouble hold@6=received:/files");
    let command = (EXPORT, "--run-dir run");
    assert!(talk.desk.kill_tool_while_held(command));
    let here = talk.desk.here.path(".");
    assert!(!here.join("t.csv").exists());
    let talk = calm(talk);
    fs::rename(here.join("run"), here.join("moved")).expect("moved");
    let resume = format!(
        "resume moved -o t.csv --base-url {}",
        talk.desk.sandbox.url()
    );
    talk.run(&resume, 7).says("add `--attachments");
    let out = here.canonicalize().expect("a path").join("out");
    let out = out.to_str().expect("text");
    talk.run((resume, ["--attachments", out]), 0)
        .says("attachments downloaded");
    let _rows = check(&talk);
}

#[test]
fn an_export_without_files_is_not_resumed_with_them() {
    let filed = Filed::new(6);
    let hold = "--trouble hold@1=received:/crm/objects";
    let mut talk = imported(&filed).served(hold);
    let plain = "export --properties subject -o t.csv --run-dir run";
    assert!(talk.desk.kill_tool_while_held(plain));
    let talk = calm(talk);
    let resume = ["resume", "run", "--base-url", talk.desk.sandbox.url()];
    talk.run((resume, "--attachments out"), 64)
        .says("means nothing to this export");
    talk.run(resume, 0);
}

/// Puts a file into the portal.
fn upload(desk: &FilledPortal, name: &str, bytes: &str) -> String {
    let address = desk.sandbox.url().trim_start_matches("http://");
    let part = |name: &str, text: &str| {
        format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
    };
    let options = json!({"access": "PRIVATE", "overwrite": false, "duplicateValidationStrategy": "NONE",
        "duplicateValidationScope": "EXACT_FOLDER"});
    let body = part("fileName", name)
        + &part("folderPath", "/desk")
        + &part("options", &options.to_string())
        + &format!(
            "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n{bytes}\r\n--cut--\r\n"
        );
    let head = format!(
        "POST /files/v3/files HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: multipart/form-data; boundary=cut\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).expect("the portal");
    stream.write_all(head.as_bytes()).expect("sent");
    let mut reply = Vec::new();
    let _bytes = stream.read_to_end(&mut reply).expect("a reply");
    let file = Answer::of(&reply).expect(201);
    file["id"].as_str().expect("an id").to_owned()
}

/// Names as somebody who means harm, or no harm at all, gives them.
const NAMES: [&str; 9] = [
    "../../evil.sh",
    "..\\evil.bat",
    "a\u{7}\u{1b}[2Jb.txt",
    "con.txt",
    "same.txt",
    "same.txt",
    "",
    ".",
    "/etc/passwd",
];

#[test]
fn no_name_leads_elsewhere_and_no_token_goes_to_other_hosts() {
    let desk = FilledPortal::new("--rate off --switch file_search_lag=0s");
    let ids = desk.create(1, |_| json!({"subject": "Files"}));
    let long = format!("{}.txt", "\u{1f4ce}".repeat(300));
    let names: Vec<&str> = NAMES.iter().copied().chain([long.as_str()]).collect();
    let files = (0..names.len() + 1).map(|n| upload(&desk, &format!("f{n}.txt"), "hello"));
    let files: Vec<String> = files.collect();
    let other = upload(&desk, "other.txt", "jello");
    let all = [files.clone(), vec![other.clone()]].concat();
    let note = json!({"hs_note_body": "Files", "hs_attachment_ids": all.join(";")});
    let _note = hang(&desk, "notes", 228, &ids, &note);
    let host = Host::start();
    let ended = through(&desk, EXPORT, &|asked, send| {
        assert!(asked.says("authorization"), "{}", asked.line);
        if asked.is_to("/signed-url") {
            let path = if asked.is_to(&files[names.len()]) {
                "gone"
            } else {
                "good.txt"
            };
            return (200, json!({"url": host.url(path)}).to_string());
        }
        let (status, body) = send();
        match asked.is_to("/files/search?ids") {
            false => (status, body),
            true => {
                let mut page: Value = serde_json::from_str(&body).expect("JSON");
                for file in page["results"].as_array_mut().expect("results") {
                    let place = files.iter().position(|id| file["id"] == **id);
                    if let Some(name) = place.and_then(|place| names.get(place)) {
                        file["name"] = (*name).into();
                        file["extension"] = "".into();
                    }
                }
                (status, page.to_string())
            }
        }
    });
    let ended = ended.expect(3).says("2 attachments are not downloaded");
    assert!(!ended.stderr.contains(TOKEN));
    let rows = desk.here.rows("t.attachments.csv");
    assert_eq!(rows.len(), all.len());
    let there = files_below(&desk.here.path("out"));
    assert_eq!(
        there.len(),
        names.len(),
        "each has a name of its own: {there:?}"
    );
    let folder = desk.here.path("out").join(ids[0].to_string());
    assert!(
        there.iter().all(|path| path.parent() == Some(&folder)),
        "{there:?}"
    );
    for (row, name) in rows.iter().zip(&names) {
        assert_eq!(row["name"], *name, "as the portal has it");
        let path = desk.here.path("out").join(&row["path"]);
        assert_eq!(fs::read(path).expect("the file"), b"hello", "{name}");
    }
    let problem = |id: &str| {
        let row = rows.iter().find(|row| row["file_id"] == id);
        row.expect("a row")["problem"].clone()
    };
    assert!(problem(&files[names.len()]).contains("404"), "{rows:?}");
    assert!(
        problem(&other).contains("MD5"),
        "other bytes are not the file: {rows:?}"
    );
    let asked = host.asked();
    assert!(asked.len() > names.len());
    assert!(asked.iter().all(|(_, token)| token.is_none()), "{asked:?}");
}

/// Files of forms and inboxes are found by no search, and need a scope of their own: with it they
/// come out like others, and without it each is named with its reason, and all others come.
#[test]
fn hidden_files_come_out_with_their_scope_and_are_named_without() {
    let filed = Filed::new(6);
    let talk = imported(&filed);
    let get = |path: &str| talk.desk.call("GET", path, &Value::Null);
    let all: Vec<String> = files(&get).into_keys().collect();
    let db = rusqlite::Connection::open(talk.desk.here.path("portal.db")).expect("a portal");
    db.busy_timeout(Duration::from_secs(5)).expect("patience");
    for (id, access) in all.iter().zip(["HIDDEN_PRIVATE", "HIDDEN_SENSITIVE"]) {
        let sql = "UPDATE file SET access = ?2 WHERE id = ?1";
        assert_eq!(db.execute(sql, [id.as_str(), access]).expect("hidden"), 1);
    }
    let found = talk
        .desk
        .call("GET", "/files/v3/files/search?limit=100", &Value::Null);
    assert_eq!(
        found["results"].as_array().map(Vec::len),
        Some(all.len() - 2)
    );
    drop(db);
    let talk =
        talk.served("--switch file_search_lag=0s --switch missing_scopes=files.ui_hidden.read");
    let ended = talk.run(EXPORT, 3).says("2 attachments are not downloaded");
    ended.says("files.ui_hidden.read");
    let rows = talk.desk.here.rows("t.attachments.csv");
    let (lacking, there): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| !row["problem"].is_empty());
    let ids = |rows: &[&Row]| -> BTreeSet<String> {
        rows.iter().map(|row| row["file_id"].clone()).collect()
    };
    assert_eq!(ids(&lacking), all[..2].iter().cloned().collect());
    assert!(
        lacking
            .iter()
            .all(|row| row["problem"].contains("files.ui_hidden.read"))
    );
    assert_eq!(ids(&there), all[2..].iter().cloned().collect());
    let talk = calm(talk);
    talk.run(EXPORT, 0).says("2 attachments downloaded");
    let rows = talk.desk.here.rows("t.attachments.csv");
    for row in rows.iter().filter(|row| all[..2].contains(&row["file_id"])) {
        let bytes = fs::read(talk.desk.here.path("out").join(&row["path"])).expect("the file");
        assert_eq!(bytes.len().to_string(), row["bytes"], "{row:?}");
    }
}

/// Kills an export so often at random moments under all troubles, resumes it, and repeats it
/// until nothing lacks.
fn random_kills(tickets: usize, kills: u32, (share, seed): (&str, u64)) {
    let filed = Filed::new(tickets);
    let troubles = TROUBLES.map(|name| match name {
        "429" | "locked" => format!("{name}@0.1%"),
        name => format!("{name}@{share}"),
    });
    let quick = "--switch file_search_lag=0s";
    let mut talk = imported(&filed).served((quick, troubled(&troubles)));
    let mut random = fastrand::Rng::with_seed(seed);
    let anew = format!("{EXPORT} --run-dir run --timeout 1");
    let next = |talk: &Talk| match talk.desk.here.path("run/export.json").is_file() {
        true => "resume run",
        false => anew.as_str(),
    };
    for _kill in 0..kills {
        let (moment, command) = (random.u64(20..400), next(&talk));
        talk.desk.kill_tool(command, |child, _| {
            wait_at_most(child, Duration::from_millis(moment));
        });
    }
    let mut last = String::new();
    let ends = (0..60).find(|_round| {
        let (desk, command) = (&talk.desk, next(&talk));
        let mut ended = desk.run(command);
        // One that finished without some file is not resumed, but exported again.
        if ended.stderr.contains("is finished") {
            ended = desk.run(&anew);
        }
        last = format!("{}: {}", ended.code, ended.stderr);
        ended.code == 0
    });
    assert!(ends.is_some(), "it does not end: {last}");
    let _rows = check(&calm(talk));
}

#[test]
fn random_kills_under_all_troubles_leave_each_file_once() {
    random_kills(12, 4, ("1%", 7));
}

#[test]
#[ignore = "five minutes: many kills, more troubles"]
fn many_kills_under_more_troubles_leave_each_file_once() {
    (1..=5).for_each(|seed| random_kills(30, 40, ("5%", seed)));
}
