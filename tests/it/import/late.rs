//! Calls that were lost and are carried out late (protocol S4), or whose reply says too
//! little: rows wait, are read back and end as the portal has them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use serde_json::{Value, json};
use tickethaul::hubspot::Reply;
use tickethaul::import::flow::Operation;
use tickethaul::model::event::Summary;
use tickethaul::model::outcome::{Change, Fate};
use tickethaul::sandbox::Options;

use crate::support::in_process::{InProcess, Life, Tamper, tickets};
use crate::support::{FilledPortal, Going, KNOWN_KEY, Portal, TOKEN, rows_of};

#[test]
fn the_later_row_of_a_key_stands_although_the_earlier_one_is_carried_out_late() {
    let desk = FilledPortal::new("--rate off --trouble late-commit=2500ms@2:batch/update");
    desk.unique_property("source_ticket_id");
    let _ids = desk.create(
        40,
        |n| json!({"subject": "old", "source_ticket_id": format!("K{n}")}),
    );
    let rows: String = (0..40).map(|n| format!("K{n},first\n")).collect();
    let later = "K15,second\nK16,second\n";
    desk.here
        .write("in.csv", format!("Id,Subject\n{rows}{later}"));
    let mapping = "version = 1\n[key]\nproperty = \"source_ticket_id\"\ncolumn = \"Id\"\n[properties]\nsubject = \"Subject\"\n";
    desk.here.write("m.toml", mapping);
    let args = "import in.csv -m m.toml --op update --run-dir run --batch-size 10 --horizon 3 \
                --progress plain";
    let ended = desk.run(args).expect(0);
    ended.says("may still carry out").says("42 done");
    desk.export("--properties subject,source_ticket_id -o held.csv")
        .expect(0);
    for row in desk.here.rows("held.csv") {
        let second = ["K15", "K16"].contains(&row["source_ticket_id"].as_str());
        assert_eq!(
            row["subject"],
            if second { "second" } else { "first" },
            "{row:?}"
        );
    }
}

/// Forty tickets, and a file that updates them in fours of ten.
fn forty(trouble: &str) -> FilledPortal {
    let desk = FilledPortal::new(format!("--rate off --trouble {trouble}"));
    desk.unique_property("source_ticket_id");
    let old = |n: usize| json!({"subject": "old", "source_ticket_id": format!("K{n}")});
    let _ids = desk.create(40, old);
    let rows: String = (0..40).map(|n| format!("K{n},first\n")).collect();
    desk.here.write("in.csv", format!("Id,Subject\n{rows}"));
    desk.here.write("m.toml", KNOWN_KEY);
    desk
}

#[test]
fn a_run_that_is_stopped_while_rows_wait_leaves_them_unknown_and_goes_on() {
    let desk = forty("post-502@2:batch/update");
    let mut command = desk.here.command(
        "import in.csv -m m.toml --op update --run-dir run --batch-size 10 --horizon 30 \
         --progress plain",
    );
    command
        .env("TICKETHAUL_BASE_URL", desk.sandbox.url())
        .env("HUBSPOT_ACCESS_TOKEN", TOKEN);
    let mut going = Going::start(command);
    let _said = going.until(|line| line.contains("looked up 30 s later"));
    going.signal("INT");
    let (code, said) = going.end();
    assert_eq!(code, Some(5), "{said}");
    let summary = desk.here.json("run/summary.json");
    assert_eq!(summary["rows"]["unknown"], 10, "{summary}");
    let status = desk.here.run("status run --json").expect(0).json();
    assert!(status["unknown"].as_u64() >= Some(10), "{status}");
    desk.run("resume run --horizon 0.1").expect(0);
    assert_eq!(desk.here.rows("run/done.csv").len(), 40);
}

/// An update of thirty tickets whose replies are tampered with; how many calls of
/// each kind it took is the tampering's to count.
async fn update(operation: Operation, tamper: Arc<Tamper>) {
    let portal = Portal::with(Options {
        rate: "off".parse().expect("a rate"),
        ..Options::default()
    })
    .await;
    portal.unique_property("source_ticket_id").await;
    // An upsert makes its tickets.
    let held = if operation == Operation::Upsert {
        0
    } else {
        30
    };
    for n in 1..=held {
        let old = json!({"subject": "old", "source_ticket_id": format!("k{n}")});
        let _id = portal.ticket(old).await;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("in.csv");
    let rows: String = (1..=30).map(|n| format!("k{n},new {n}\n")).collect();
    std::fs::write(&input, format!("Id,Subject\n{rows}")).expect("an input");
    let run = InProcess {
        portal: Arc::new(portal),
        operation,
        diff: false,
        input,
        mapping: KNOWN_KEY.to_owned(),
        folder: folder.path().join("run"),
        batch_size: 10,
        facts: tickethaul::model::learned::KnownFacts::default(),
        tamper: Some(tamper),
        unsent: None,
    };
    let ended = run
        .go(&Life::whole())
        .await
        .expect("nothing ends this life");
    let summary = ended.expect("a run without trouble");
    assert_eq!(summary.tally.of(Fate::Done), 30, "{summary:?}");
    let change = match operation {
        Operation::Upsert => Change::Created,
        Operation::Archive => Change::Archived,
        _ => Change::Updated,
    };
    assert_eq!(summary.changes, [(change, 30)].into());
    let held = tickets(&run.portal, "subject,source_ticket_id").await;
    let archived = operation == Operation::Archive;
    assert_eq!(held.len(), if archived { 0 } else { 30 });
    for ticket in held {
        let subject = ticket["properties"]["subject"].as_str().unwrap_or_default();
        assert!(subject.starts_with("new "), "{ticket}");
    }
}

/// Changes the body of the second call of a verb.
fn second(verb: &'static str, change: impl Fn(&mut Value) + Send + Sync + 'static) -> Arc<Tamper> {
    Arc::new(move |path: &str, nth: u64, reply: Reply| {
        if !path.ends_with(&format!("/tickets/batch/{verb}")) || nth != 2 {
            return reply;
        }
        let mut body: Value = serde_json::from_slice(&reply.body).expect("JSON");
        change(&mut body);
        Reply {
            body: Bytes::from(body.to_string()),
            ..reply
        }
    })
}

#[tokio::test]
async fn replies_that_name_nobody_or_too_few_are_read_back() {
    for (operation, verb) in [(Operation::Update, "update"), (Operation::Upsert, "upsert")] {
        update(operation, second(verb, |body| body["results"] = json!([]))).await;
        let few = |body: &mut Value| body["results"].as_array_mut().expect("results").truncate(3);
        update(operation, second(verb, few)).await;
    }
}

/// A portal that answers as if a ticket had been merged into another, from the first
/// write on: batches pass it over in silence, a read of it alone brings the other.
fn merged(loser: String, survivor: &'static str) -> Arc<Tamper> {
    let written = std::sync::atomic::AtomicBool::new(false);
    Arc::new(move |path: &str, nth: u64, mut reply: Reply| {
        let seen = || written.load(std::sync::atomic::Ordering::SeqCst);
        if path.ends_with("/batch/update") || path.ends_with("/batch/archive") {
            written.store(true, std::sync::atomic::Ordering::SeqCst);
        }
        if path.ends_with("/batch/archive") && nth == 1 {
            reply.status = 502;
        } else if path.contains("/tickets/batch/") && seen() && !reply.body.is_empty() {
            let mut body: Value = serde_json::from_slice(&reply.body).expect("JSON");
            if let Some(results) = body["results"].as_array_mut() {
                results.retain(|one| one["id"] != *loser);
            }
            reply.body = Bytes::from(body.to_string());
        } else if path.ends_with(&format!("/tickets/{loser}")) {
            let body = json!({"id": survivor, "properties": {"subject": "another's"}});
            reply.status = 200;
            reply.body = Bytes::from(body.to_string());
        }
        reply
    })
}

#[tokio::test]
async fn a_ticket_that_is_merged_meanwhile_is_told_with_the_one_that_it_went_into() {
    let by_id = KNOWN_KEY.replace(
        "property = \"source_ticket_id\"\ncolumn = \"Id\"",
        "record_id = { column = \"Id\" }",
    );
    for (operation, mapping, fates) in [
        (Operation::Update, &*by_id, (2, 1)),
        (Operation::Archive, &*by_id, (2, 1)),
        (Operation::Archive, KNOWN_KEY, (2, 1)),
    ] {
        let portal = Portal::start().await;
        portal.unique_property("source_ticket_id").await;
        let mut ids = Vec::new();
        for n in 1..=3 {
            let old = json!({"subject": "old", "source_ticket_id": format!("k{n}")});
            ids.push(portal.ticket(old).await);
        }
        let name = |n: usize| match mapping == KNOWN_KEY {
            true => format!("k{}", n + 1),
            false => ids[n].clone(),
        };
        let folder = tempfile::tempdir().expect("a folder");
        let input = folder.path().join("in.csv");
        let rows: String = (0..3).map(|n| format!("{},new {n}\n", name(n))).collect();
        std::fs::write(&input, format!("Id,Subject\n{rows}")).expect("an input");
        let run = InProcess {
            portal: Arc::new(portal),
            operation,
            diff: false,
            input,
            mapping: mapping.to_owned(),
            folder: folder.path().join("run"),
            batch_size: 10,
            facts: tickethaul::model::learned::KnownFacts::default(),
            tamper: Some(merged(ids[1].clone(), "4711")),
            unsent: None,
        };
        let ended = run
            .go(&Life::whole())
            .await
            .expect("nothing ends this life");
        let tally = ended.expect("a run without trouble").tally;
        let found = (tally.of(Fate::Done), tally.of(Fate::Refused));
        assert_eq!(found, fates, "{operation:?}");
        let refused = rows_of(&run.folder.join("refused.csv"));
        assert_eq!(refused[0]["_code"], "TICKET_MERGED");
        assert!(refused[0]["_hint"].contains("4711"), "{:?}", refused[0]);
    }
}

#[tokio::test]
async fn an_archive_with_an_error_about_nobody_is_read_back() {
    let stray: Arc<Tamper> = Arc::new(move |path: &str, nth: u64, reply: Reply| {
        if !path.ends_with("/batch/archive") || nth != 2 {
            return reply;
        }
        let error = json!({"status": "error", "category": "OBJECT_NOT_FOUND", "message": "no",
            "context": {"ids": ["4711"]}});
        let body = json!({"status": "COMPLETE", "results": [], "errors": [error]});
        Reply {
            status: 207,
            body: Bytes::from(body.to_string()),
            ..reply
        }
    });
    update(Operation::Archive, stray).await;
}

#[tokio::test]
async fn a_lost_reply_is_waited_for_and_read_back() {
    for (operation, verb) in [
        (Operation::Update, "update"),
        (Operation::Upsert, "upsert"),
        (Operation::Archive, "archive"),
    ] {
        let lost: Arc<Tamper> = Arc::new(move |path: &str, nth: u64, reply: Reply| {
            let is_lost = path.ends_with(verb) && nth == 2;
            Reply {
                status: if is_lost { 502 } else { reply.status },
                ..reply
            }
        });
        update(operation, lost).await;
    }
}

/// The name by which a portal says that it does not show a record; none for those that it
/// shows.
type Hidden = fn(&Value) -> Option<Value>;

/// Every tenth ticket, by the key that it was asked for by, or by its id.
fn tenth_by_key(ticket: &Value) -> Option<Value> {
    let key = &ticket["properties"]["source_ticket_id"];
    let is_tenth = key.as_str().is_some_and(|key| key.ends_with('0'));
    is_tenth.then(|| key.clone())
}

fn tenth_by_id(ticket: &Value) -> Option<Value> {
    tenth_by_key(ticket).map(|_key| ticket["id"].clone())
}

/// The first calls to a path leave records out and say that they can't be read.
fn hiding(at: &'static str, times: u64, category: &'static str, hidden: Hidden) -> Arc<Tamper> {
    let seen = AtomicU64::new(0);
    Arc::new(move |path: &str, _nth: u64, reply: Reply| {
        if !path.contains(at) || seen.fetch_add(1, Ordering::SeqCst) >= times {
            return reply;
        }
        let mut body: Value = serde_json::from_slice(&reply.body).expect("JSON");
        let results = body["results"].as_array_mut().expect("results");
        let names: Vec<Value> = results.iter().filter_map(hidden).collect();
        results.retain(|record| hidden(record).is_none());
        let errors = names.iter().map(|name| {
            json!({
                "status": "error", "category": category, "message": "not now",
                "context": {"ids": [name]},
            })
        });
        body["errors"] = errors.collect();
        Reply {
            status: 207,
            body: Bytes::from(body.to_string()),
            ..reply
        }
    })
}

#[tokio::test]
async fn a_ticket_that_can_not_be_read_is_not_missing() {
    for operation in [Operation::Update, Operation::Archive] {
        let (summary, _folder) =
            compared(operation, hiding(TICKETS, 2, "INTERNAL_ERROR", tenth_by_id)).await;
        assert_eq!(
            summary.tally.of(Fate::Done),
            30,
            "{operation:?}: {summary:?}"
        );
        let hidden = hiding(TICKETS, 99, "MISSING_SCOPES", tenth_by_key);
        let (summary, folder) = compared(operation, hidden).await;
        assert!(summary.stop.is_none(), "{operation:?}: {summary:?}");
        assert_eq!(summary.tally.of(Fate::Done), 27, "{operation:?}");
        let refused = std::fs::read_to_string(folder.path().join("run/refused.csv"));
        let refused = refused.expect("refused rows");
        assert_eq!(refused.matches(",TICKET_HIDDEN,").count(), 3, "{refused}");
        assert!(refused.contains("(MISSING_SCOPES)"), "{refused}");
        let nameless = hiding(TICKETS, 99, "MISSING_SCOPES", tenth_by_id);
        let (summary, _folder) = compared(operation, nameless).await;
        assert_eq!(
            summary.tally.of(Fate::Refused),
            0,
            "{operation:?}: {summary:?}"
        );
        let stop = summary.stop.as_ref().map(ToString::to_string);
        let words = stop.unwrap_or_default();
        assert!(
            words.contains("does not let some tickets be read"),
            "{words}"
        );
    }
}

const TICKETS: &str = "/tickets/batch/read";

/// What rows link to by an e-mail, or by a record id.
const REQUESTER: &str = r#"
[[associate]]
to = "contacts"
by = "WHAT"
column = "Requester"
missing = "skip"
"#;

#[tokio::test]
async fn a_contact_that_can_not_be_read_is_neither_left_out_nor_made_again() {
    let names: [(&str, Hidden); 2] = [
        ("email", |contact| {
            Some(contact["properties"]["email"].clone())
        }),
        ("id", |contact| Some(contact["id"].clone())),
    ];
    for (what, name) in names {
        let hidden = |times, category| hiding("/contacts/batch/read", times, category, name);
        let codes = linked(what, hidden(2, "INTERNAL_ERROR")).await;
        assert_eq!(codes, [""; 0], "{what}: it can be read a moment later");
        let codes = linked(what, hidden(99, "MISSING_SCOPES")).await;
        assert_eq!(codes, ["CONTACT_HIDDEN"; 3], "{what}");
    }
}

/// Three new tickets, each with a contact that is there; the codes of what was refused.
/// Those that were not refused have their contacts.
async fn linked(what: &str, tamper: Arc<Tamper>) -> Vec<String> {
    let portal = Arc::new(Portal::troubled(&[]).await);
    portal.unique_property("source_ticket_id").await;
    let mut rows = "Id,Subject,Requester\n".to_owned();
    for n in 1..=3 {
        let mail = format!("p{n}@example.com");
        let id = portal.made("contacts", json!({"email": mail})).await;
        let requester = if what == "id" { &id } else { &mail };
        rows.push_str(&format!("k{n},new,{requester}\n"));
    }
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("in.csv");
    std::fs::write(&input, rows).expect("an input");
    let run = InProcess {
        portal: Arc::clone(&portal),
        operation: Operation::Create,
        diff: false,
        input,
        mapping: format!("{KNOWN_KEY}{}", REQUESTER.replace("WHAT", what)),
        folder: folder.path().join("run"),
        batch_size: 10,
        facts: tickethaul::model::learned::KnownFacts::default(),
        tamper: Some(tamper),
        unsent: None,
    };
    let ended = run.go(&Life::whole()).await;
    let summary = ended.expect("a whole life").expect("a run");
    assert!(summary.stop.is_none(), "{what}: {summary:?}");
    for ticket in tickets(&portal, "subject").await {
        let links = &ticket["associations"]["contacts"]["results"];
        assert!(
            links.as_array().is_some_and(|links| !links.is_empty()),
            "{what}: {ticket}"
        );
    }
    let refused = rows_of(&folder.path().join("run/refused.csv"));
    refused.iter().map(|row| row["_code"].clone()).collect()
}

/// Thirty tickets, compared first and then changed as a tampered portal lets it be.
async fn compared(operation: Operation, tamper: Arc<Tamper>) -> (Summary, tempfile::TempDir) {
    let portal = Portal::troubled(&[]).await;
    portal.unique_property("source_ticket_id").await;
    for n in 1..=30 {
        let old = json!({"subject": "old", "source_ticket_id": format!("k{n}")});
        let _id = portal.ticket(old).await;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("in.csv");
    let rows: String = (1..=30).map(|n| format!("k{n},new {n}\n")).collect();
    std::fs::write(&input, format!("Id,Subject\n{rows}")).expect("an input");
    let run = InProcess {
        portal: Arc::new(portal),
        operation,
        diff: operation == Operation::Update,
        input,
        mapping: KNOWN_KEY.to_owned(),
        folder: folder.path().join("run"),
        batch_size: 10,
        facts: tickethaul::model::learned::KnownFacts::default(),
        tamper: Some(tamper),
        unsent: None,
    };
    let ended = run.go(&Life::whole()).await;
    (ended.expect("a whole life").expect("a run"), folder)
}
