//! Comments that become e-mails and calls if the mapping says so: what they hold, and that
//! each exists once for every way in which a portal recognises it, with lost calls, kills,
//! verify, undo and retry.

use serde_json::{Value, json};

use crate::support::conversation::{Conversations, RUNGS, Talk, id};
use crate::support::{Args, Ended, switched};

const MAPPING: &str = r#"
version = 1
[key]
property = "source_ticket_id"
column = "Id"
[properties]
subject = "Subject"
hs_pipeline_stage = { value = "1" }
[[notes]]
each = "comments"
as = "email"
at = "at"
author = "from"
public = "public"
from = "from"
to = "to"
subject = "subject"
incoming = "incoming"
id = "id"
body = { path = "body", html = "clean" }
[[notes]]
each = "calls"
optional = true
as = "call"
at = "at"
subject = "subject"
incoming = { path = "way", map = { in = true, out = false } }
id = "id"
body = "body"
[[notes]]
each = "tasks"
optional = true
as = "task"
at = "at"
subject = "subject"
id = "id"
properties = { hs_task_status = "state" }
body = "body"
"#;

const KINDS: [(&str, &str); 4] = [
    ("emails", "hs_email_html"),
    ("calls", "hs_call_body"),
    ("tasks", "hs_task_body"),
    ("notes", "hs_note_body"),
];

/// Tickets with an e-mail each way, a private comment, a call, a task without a text; every second one has a
/// comment of somebody without an address too.
fn source(tickets: usize) -> String {
    let ticket = |n: usize| {
        let comment = |id: u32, from: &str, to: Value, incoming: bool, public: bool| {
            json!({"id": id, "at": format!("2021-03-01T09:00:0{id}Z"), "from": from, "to": to,
                   "incoming": incoming, "public": public, "subject": format!("Re: {n}"),
                   "body": format!("<p>says {n} the {id}. time</p>")})
        };
        let mut comments = vec![
            comment(
                1,
                "Ann Lee <Ann@x.example>",
                json!(["help@desk.example"]),
                true,
                true,
            ),
            comment(2, "help@desk.example", json!("ann@x.example"), false, true),
            comment(3, "help@desk.example", json!("ann@x.example"), false, false),
        ];
        if n.is_multiple_of(2) {
            comments.push(comment(4, "Ann", json!("help@desk.example"), true, true));
        }
        let call = json!({"id": 1, "at": "2021-03-01T10:00:00Z", "way": "in", "subject": "Rang",
                          "body": format!("rang {n}")});
        let task = json!({"id": 1, "at": "2021-03-02T10:00:00Z", "state": "WAITING",
                          "subject": format!("Look {n}")});
        let ticket = json!({"Id": format!("K{n}"), "Subject": format!("Ticket {n}"),
                            "comments": comments, "calls": [call], "tasks": [task]});
        ticket.to_string() + "\n"
    };
    (1..=tickets).map(ticket).collect()
}

/// A portal with the key's property, and a folder with source and mapping.
fn talk(tickets: usize, args: impl Args) -> Talk {
    let talk = Talk::new(&Conversations::new(0), args);
    talk.desk.here.write("in.jsonl", source(tickets));
    talk.desk.here.write("m.toml", MAPPING);
    talk
}

/// Continues until a run is finished.
fn finished(talk: &Talk, begin: impl Args, run: &str, code: i32) -> Ended {
    let more = "--horizon 0.4 --timeout 0.4 --progress none";
    let here = &talk.desk.here;
    let go_on = || {
        let begun = here.path(&format!("{run}/run.db")).exists();
        if !begun {
            let _none = std::fs::remove_dir_all(here.path(run));
        }
        match begun {
            true => talk.desk.run(("resume", [run], more)),
            false => talk.desk.run((&begin, ["--run-dir", run], more)),
        }
    };
    let mut rounds = std::iter::repeat_with(go_on).take(20);
    let ended = rounds.find(|ended| ended.code != 5);
    ended.expect("it comes to its end").expect(code)
}

const IMPORT: &str = "import in.jsonl -m m.toml";

/// All records of a kind: key of the ticket, time, text, in order; with all properties.
fn held(talk: &Talk, kind: &str, body: &str) -> Vec<(String, String, String, Value)> {
    let tickets = talk.all("tickets", "properties=source_ticket_id");
    let key_of = |on: &Value| {
        let ticket = tickets
            .iter()
            .find(|ticket| id(ticket) == on["id"].as_str().expect("an id"));
        let key = &ticket.expect("a ticket")["properties"]["source_ticket_id"];
        key.as_str().expect("a key").to_owned()
    };
    let names = "hs_timestamp,hs_unique_id,hs_email_direction,hs_email_status,hs_email_headers,\
                 hs_email_subject,hs_email_html,hs_call_body,hs_call_title,hs_call_direction,hs_task_body,hs_task_subject,\
                 hs_task_status,hs_note_body";
    let query = format!("properties={names}&associations=tickets");
    let mut found: Vec<_> = talk
        .all(kind, &query)
        .into_iter()
        .map(|record| {
            let on = &record["associations"]["tickets"]["results"];
            assert_eq!(on.as_array().map(Vec::len), Some(1), "{record}");
            let text = |name: &str| {
                let text = record["properties"][name].as_str().unwrap_or_default();
                text.to_owned()
            };
            (
                key_of(&on[0]),
                text("hs_timestamp"),
                text(body),
                record["properties"].clone(),
            )
        })
        .collect();
    found.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
    found
}

/// Every comment and call is there once, as what it is to be.
#[track_caller]
fn check(talk: &Talk, tickets: usize, story: &str) {
    let [emails, calls, tasks, notes] = KINDS.map(|(kind, body)| held(talk, kind, body));
    let counts = (emails.len(), calls.len(), tasks.len(), notes.len());
    assert_eq!(
        counts,
        (2 * tickets, tickets, tickets, tickets + tickets / 2),
        "{story}"
    );
    for (n, (email, at, html, properties)) in emails.iter().enumerate() {
        let number = n % 2 + 1;
        assert_eq!(
            *at,
            format!("2021-03-01T09:00:0{number}Z"),
            "{story} {email}"
        );
        assert!(
            html.contains(&format!("the {number}. time")),
            "{story}: {html}"
        );
        let direction = ["INCOMING_EMAIL", "EMAIL"][n % 2];
        assert_eq!(properties["hs_email_direction"], direction, "{story}");
        assert_eq!(properties["hs_email_status"], "SENT");
        let headers = properties["hs_email_headers"].as_str().expect("headers");
        let headers: Value = serde_json::from_str(headers).expect("JSON");
        let from = ["ann@x.example", "help@desk.example"][n % 2];
        assert_eq!(headers["from"]["email"], from);
        let to = ["help@desk.example", "ann@x.example"][n % 2];
        assert_eq!(headers["to"][0]["email"], to);
    }
    for (key, at, body, properties) in &calls {
        assert_eq!(at, "2021-03-01T10:00:00Z", "{story}");
        assert!(
            body.contains(&format!("rang {}", &key[1..])),
            "{story}: {body}"
        );
        assert_eq!(properties["hs_call_title"], "Rang");
        assert_eq!(properties["hs_call_direction"], "INBOUND");
    }
    for (key, _, _, properties) in &tasks {
        assert_eq!(properties["hs_task_subject"], format!("Look {}", &key[1..]));
        assert_eq!(properties["hs_task_status"], "WAITING", "{story}");
    }
    for (_, _, body, _) in &notes {
        assert!(
            body.contains(" 3. time") || body.contains(" 4. time"),
            "{body}"
        );
    }
}

#[test]
fn emails_calls_and_notes_are_there_once_on_every_rung_and_are_taken_back() {
    std::thread::scope(|scope| {
        for rung in RUNGS {
            let _side_by_side = scope.spawn(move || one_rung(rung));
        }
    });
}

fn one_rung(rung: &[&str]) {
    let mut args = switched(rung);
    for kind in ["emails", "calls", "tasks", "notes"] {
        args.extend([
            "--trouble".to_owned(),
            format!("post-502@2:{kind}/batch/create"),
        ]);
    }
    let story = format!("{rung:?}");
    let talk = talk(6, &args);
    let _ended = finished(&talk, (IMPORT, "--batch-size 4"), "run", 0);
    check(&talk, 6, &story);
    let summary = talk.summary("run");
    assert_eq!(
        summary["notes"]["created"],
        12 + 6 + 6 + 9,
        "{story}: {summary}"
    );
    talk.run("verify run", 0);
    let _ended = finished(&talk, (IMPORT, "--op upsert"), "again", 0);
    check(&talk, 6, &story);
    assert_eq!(talk.summary("again")["notes"]["created"], 0, "{story}");
    talk.run("undo run --yes --horizon 0.2", 0);
    for kind in ["emails", "calls", "tasks", "notes", "tickets"] {
        assert!(talk.all(kind, "").is_empty(), "{story}: {kind}");
    }
}

#[test]
fn what_others_changed_of_emails_and_calls_is_named_and_left() {
    let talk = talk(4, "");
    let _ended = finished(&talk, IMPORT, "run", 0);
    let of = |kind: &str, body: &str, key: &str| {
        let found = held(&talk, kind, body).into_iter();
        let mut ids = found.filter(|record| record.0 == key);
        let record = ids.next().expect("a record").3;
        record["hs_object_id"].as_str().expect("an id").to_owned()
    };
    let edited = of("emails", "hs_email_html", "K1");
    let change = json!({"properties": {"hs_email_html": "<p>edited</p>"}});
    let path = format!("/crm/v3/objects/emails/{edited}");
    talk.desk.call("PATCH", &path, &change);
    let gone = of("calls", "hs_call_body", "K2");
    talk.desk.call(
        "DELETE",
        &format!("/crm/v3/objects/calls/{gone}"),
        &Value::Null,
    );
    talk.run("verify run", 4);
    let mut found: Vec<(String, String)> = talk
        .desk
        .here
        .rows("run/verify.csv")
        .into_iter()
        .map(|row| (row["_key"].clone(), row["_finding"].clone()))
        .collect();
    found.sort();
    let expected = [("K1", "note_differs"), ("K2", "note_lacking")];
    assert_eq!(
        found,
        expected.map(|(key, what)| (key.to_owned(), what.to_owned()))
    );
    talk.run("undo run --yes --horizon 0.2", 3);
    let left: Vec<String> = held(&talk, "emails", "hs_email_html")
        .into_iter()
        .map(|one| one.0)
        .collect();
    assert_eq!(
        left,
        ["K1", "K1"],
        "the edited one stays with all of its ticket"
    );
}

#[test]
fn an_email_whose_key_is_held_is_refused_and_tried_again() {
    let talk = talk(2, "");
    let other = json!({"properties": {"subject": "other", "hs_pipeline_stage": "1"}});
    let other = id(&talk.desk.call("POST", "/crm/v3/objects/tickets", &other));
    let link = json!({"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 224});
    let holder = json!({
        "properties": {"hs_timestamp": "2021-03-01T09:00:00Z", "hs_email_direction": "EMAIL",
                       "hs_unique_id": "K1:email:1"},
        "associations": [{"to": {"id": other}, "types": [link]}],
    });
    let holder = id(&talk.desk.call("POST", "/crm/v3/objects/emails", &holder));
    let _refused = finished(&talk, IMPORT, "run", 3);
    let refused = talk.desk.here.read("run/refused.jsonl");
    assert!(
        refused.contains("NOTE_KEY_HELD") && refused.contains("K1:email:1"),
        "{refused}"
    );
    talk.desk.call(
        "DELETE",
        &format!("/crm/v3/objects/emails/{holder}"),
        &Value::Null,
    );
    talk.desk.call(
        "DELETE",
        &format!("/crm/v3/objects/tickets/{other}"),
        &Value::Null,
    );
    let _ended = finished(&talk, "retry run", "again", 0);
    check(&talk, 2, "retried");
    talk.run("verify run", 0);
}

#[test]
fn a_kill_while_a_call_about_emails_or_calls_is_held_leaves_each_once() {
    std::thread::scope(|scope| {
        for (rung, kind) in [(0, "emails"), (1, "calls"), (3, "emails"), (4, "calls")] {
            let _side_by_side = scope.spawn(move || held_calls(RUNGS[rung], kind));
        }
    });
}

fn held_calls(rung: &[&str], kind: &str) {
    let killed_at = |n: usize| {
        let mut args = switched(rung);
        args.extend(["--trouble".to_owned(), format!("hold@{n}=committed:{kind}")]);
        let mut talk = talk(5, &args);
        let begin = (
            IMPORT,
            "--run-dir run --batch-size 6 --horizon 0.4 --timeout 0.4",
        );
        let held = talk.desk.kill_tool_while_held(begin);
        if held {
            let _ended = finished(&talk, IMPORT, "run", 0);
            let calm = talk.served("");
            check(&calm, 5, &format!("{rung:?} {kind} {n}"));
            calm.run("verify run", 0);
        }
        held
    };
    let calls = (1..).take_while(|&n| killed_at(n)).count();
    assert!(
        calls >= 3,
        "{rung:?} {kind}: there are calls to be held: {calls}"
    );
}

#[test]
fn the_scope_of_emails_is_named_before_anything_is_sent() {
    let talk = talk(1, "--switch missing_scopes=sales-email-read");
    let told = talk.run(IMPORT, 7).says("sales-email-read");
    assert!(talk.all("tickets", "").is_empty(), "{}", told.stderr);
}

#[test]
fn what_a_mapping_lacks_for_emails_is_named() {
    let talk = talk(1, "");
    for (old, new, words) in [
        ("from = \"from\"\n", "", "has no `from`"),
        ("incoming = \"incoming\"\n", "", "has no `incoming`"),
        ("as = \"call\"\n", "", "`subject` has no effect without"),
        (
            "as = \"call\"\n",
            "as = \"call\"\ncc = \"cc\"\n",
            "`cc` has no effect without",
        ),
        ("as = \"call\"\n", "as = \"cal\"\n", "did you mean `call`?"),
    ] {
        talk.desk
            .here
            .write("m.toml", MAPPING.replacen(old, new, 1));
        talk.run(IMPORT, 64).says(words);
    }
}
