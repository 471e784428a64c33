//! A run that stops or dies, another run of the same file, and then the first one
//! resumed: only what a call of the first can have written counts as its own (protocol
//! K6).

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tickethaul::hubspot::Reply;
use tickethaul::import::flow::Operation;
use tickethaul::journal::Reading;
use tickethaul::model::event::Summary;
use tickethaul::model::outcome::{Change, Fate};
use tickethaul::sandbox::Options;

use crate::support::in_process::{InProcess, Life, contacts, tickets};
use crate::support::{KNOWN_KEY, Portal, rows_of};

const LINKS: &str = r#"
[[associate]]
to = "contacts"
by = "email"
column = "Mail"
missing = "create"
"#;

const ROWS: usize = 30;

async fn portal() -> Arc<Portal> {
    let portal = Portal::with(Options {
        rate: "off".parse().expect("a rate"),
        ..Options::default()
    })
    .await;
    portal.unique_property("source_ticket_id").await;
    Arc::new(portal)
}

/// A run of thirty rows, `k1` to `k30`.
fn run_in(folder: &Path, name: &str, portal: &Arc<Portal>, operation: Operation) -> InProcess {
    let input = folder.join("in.csv");
    let rows: String = (1..=ROWS)
        .map(|n| format!("k{n},new {n},p{n}@overtaken.example\n"))
        .collect();
    std::fs::write(&input, format!("Id,Subject,Mail\n{rows}")).expect("an input");
    InProcess {
        portal: Arc::clone(portal),
        operation,
        diff: false,
        input,
        mapping: KNOWN_KEY.to_owned(),
        folder: folder.join(name),
        batch_size: 10,
        facts: tickethaul::model::learned::KnownFacts::default(),
        tamper: None,
        unsent: None,
    }
}

async fn whole(run: &InProcess) -> Summary {
    let ended = run.go(&Life::whole()).await;
    ended.expect("nothing ends this life").expect("a run")
}

/// The first run, stopped by a limit before calls to paths that end so; what became of
/// it when it was resumed after another run of the same rows.
async fn stopped(operation: Operation, links: bool, unsent: &'static str) -> (InProcess, Summary) {
    let portal = portal().await;
    if matches!(
        operation,
        Operation::Update | Operation::Archive | Operation::Associate
    ) {
        for n in 1..=ROWS {
            let old = json!({"subject": "old", "source_ticket_id": format!("k{n}")});
            let _id = portal.ticket(old).await;
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let run_in = |name| {
        let run = run_in(folder.path(), name, &portal, operation);
        let links = if links { LINKS } else { "" };
        InProcess {
            mapping: format!("{KNOWN_KEY}{links}"),
            ..run
        }
    };
    let mut first = run_in("first");
    first.unsent = Some(unsent);
    let summary = whole(&first).await;
    assert!(summary.stop.is_some(), "{operation:?}: {summary:?}");
    assert_eq!(summary.tally.of(Fate::Unknown), 0, "{operation:?}");
    assert_eq!(summary.tally.of(Fate::Done), 0, "{operation:?}");
    let past = Reading::open(&first.folder).and_then(|reading| reading.past());
    let past = past.expect("a journal");
    assert!(past.unknown.is_empty(), "{operation:?}: {:?}", past.unknown);
    assert_eq!(
        past.figures.tally, summary.tally,
        "status says what was said last"
    );
    let other = whole(&run_in("other")).await;
    assert_eq!(other.tally.of(Fate::Done), 30, "{operation:?}: {other:?}");
    first.unsent = None;
    let resumed = whole(&first).await;
    let first = InProcess {
        folder: folder.keep().join("first"),
        ..first
    };
    (first, resumed)
}

#[tokio::test]
async fn rows_whose_call_never_began_are_pending_and_what_another_run_made_is_not_ours() {
    for (operation, links, unsent, fate) in [
        (
            Operation::Create,
            false,
            "/tickets/batch/create",
            Fate::Exists,
        ),
        (
            Operation::Create,
            true,
            "/contacts/batch/read",
            Fate::Exists,
        ),
        (
            Operation::Create,
            true,
            "/contacts/batch/create",
            Fate::Exists,
        ),
        (
            Operation::Upsert,
            false,
            "/tickets/batch/upsert",
            Fate::Done,
        ),
        (
            Operation::Update,
            false,
            "/tickets/batch/update",
            Fate::Done,
        ),
        (
            Operation::Archive,
            false,
            "/tickets/batch/archive",
            Fate::Unchanged,
        ),
        (
            Operation::Associate,
            true,
            "/tickets/contacts/batch/create",
            Fate::Unchanged,
        ),
        (
            Operation::Associate,
            true,
            "/contacts/batch/create",
            Fate::Unchanged,
        ),
    ] {
        let (first, resumed) = stopped(operation, links, unsent).await;
        let story = format!("{operation:?} before {unsent}: {resumed:?}");
        assert_eq!(resumed.tally.of(fate), 30, "{story}");
        // Where only the links were not sent, the contacts are the first run's own.
        let made = if unsent == "/tickets/contacts/batch/create" {
            30
        } else {
            0
        };
        assert_eq!(resumed.contacts_created, made, "{story}");
        assert!(!resumed.changes.contains_key(&Change::Created), "{story}");
        if fate == Fate::Done {
            assert_eq!(resumed.changes, [(Change::Updated, 30)].into(), "{story}");
        }
        let held = tickets(&first.portal, "subject").await.len();
        let archived = operation == Operation::Archive;
        assert_eq!(held, if archived { 0 } else { ROWS }, "{story}");
        let people = contacts(&first.portal).await;
        assert_eq!(people, if links { 20 + ROWS } else { 20 }, "{story}");
        let _gone = std::fs::remove_dir_all(first.folder.parent().expect("a folder"));
    }
}

/// Tickets of others say that they were made an hour later than they were.
fn an_hour_later(ours: BTreeSet<String>) -> impl Fn(&str, u64, Reply) -> Reply + Send + Sync {
    move |path: &str, _nth: u64, reply: Reply| {
        if !path.ends_with("/tickets/batch/read") || reply.body.is_empty() {
            return reply;
        }
        let mut body: Value = serde_json::from_slice(&reply.body).expect("JSON");
        for record in body["results"].as_array_mut().into_iter().flatten() {
            let made = record["properties"]["hs_createdate"].as_str();
            let made = made.and_then(|text| text.parse::<Timestamp>().ok());
            let id = record["id"].as_str().unwrap_or_default().to_owned();
            if let (Some(made), false) = (made, ours.contains(&id)) {
                let later = made + SignedDuration::from_hours(1);
                record["properties"]["hs_createdate"] = json!(later.to_string());
            }
        }
        Reply {
            body: Bytes::from(body.to_string()),
            ..reply
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_run_that_died_only_tickets_of_its_own_time_are_its_own() {
    for operation in [Operation::Create, Operation::Upsert] {
        let mut deaths = 0;
        for k in (12..).step_by(3) {
            let portal = portal().await;
            let folder = tempfile::tempdir().expect("a folder");
            let mut first = run_in(folder.path(), "first", &portal, operation);
            if first.go(&Life::until(k)).await.is_some() {
                break;
            }
            deaths += 1;
            let id = |ticket: &Value| ticket["id"].as_str().unwrap_or_default().to_owned();
            let ours: BTreeSet<String> = tickets(&portal, "subject").await.iter().map(id).collect();
            let _other = whole(&run_in(folder.path(), "other", &portal, operation)).await;
            first.tamper = Some(Arc::new(an_hour_later(ours.clone())));
            let story = format!("{operation:?} ended at step {k}");
            let resumed = whole(&first).await;
            assert_eq!(resumed.tally.settled(), 30, "{story}");
            for row in rows_of(&first.folder.join("done.csv")) {
                let made = (&*row["_fate"], &*row["_operation"]) == ("done", "create");
                let is_ours = ours.contains(&row["_ticket_id"]);
                assert_eq!(made, is_ours, "{story}: {row:?}");
            }
        }
        assert!(deaths > 5, "{operation:?}: {deaths}");
    }
}

/// Rows that a run has intended without knowing what became of them.
fn unknown(run: &InProcess) -> usize {
    let past = Reading::open(&run.folder).and_then(|reading| reading.past());
    past.map_or(0, |past| past.unknown.len())
}

#[tokio::test]
async fn a_resume_that_stops_before_it_looks_does_not_make_what_came_meanwhile_ours() {
    let folder = tempfile::tempdir().expect("a folder");
    // Which step comes between the intents and the first call, the threads decide.
    let mut dead = None;
    for k in (14..40).cycle().take(200) {
        let portal = portal().await;
        let run = run_in(folder.path(), "first", &portal, Operation::Create);
        let _gone = std::fs::remove_dir_all(&run.folder);
        let ended = run.go(&Life::until(k)).await;
        if ended.is_none() && unknown(&run) > 0 && tickets(&portal, "subject").await.is_empty() {
            dead = Some((run, portal));
            break;
        }
    }
    let (mut first, portal) = dead.expect("a run that died with intents, before its first call");
    let other = run_in(folder.path(), "other", &portal, Operation::Create);
    let _made = whole(&other).await;
    first.unsent = Some("/tickets/batch/read");
    let stopped = whole(&first).await;
    assert!(stopped.stop.is_some(), "{stopped:?}");
    assert!(stopped.tally.of(Fate::Unknown) > 0, "{stopped:?}");
    let past = Reading::open(&first.folder).and_then(|reading| reading.past());
    assert_eq!(past.expect("a journal").figures.tally, stopped.tally);
    first.unsent = None;
    first.tamper = Some(Arc::new(an_hour_later(BTreeSet::new())));
    let resumed = whole(&first).await;
    assert_eq!(resumed.tally.of(Fate::Exists), 30, "{resumed:?}");
}

/// The first call that reads contacts finds none. If `lost`, replies to calls that create
/// them are lost, and the run can't read what became of them.
fn late_contacts(lost: bool) -> impl Fn(&str, u64, Reply) -> Reply + Send + Sync {
    move |path: &str, nth: u64, reply: Reply| {
        let said = |status: u16, body: &'static str| Reply {
            status,
            body: Bytes::from_static(body.as_bytes()),
            headers: reply.headers.clone(),
        };
        if path.ends_with("/contacts/batch/create") && lost {
            return said(502, "<html>");
        }
        match (path.ends_with("/contacts/batch/read"), nth) {
            (true, 1) => said(200, r#"{"status":"COMPLETE","results":[]}"#),
            (true, _) if lost => said(401, r#"{"category":"INVALID_AUTHENTICATION"}"#),
            _ => reply,
        }
    }
}

#[tokio::test]
async fn contacts_whose_call_was_carried_out_after_they_were_looked_for_are_the_runs_own() {
    // One contact in a call, and ten.
    for batch_size in [1, 10] {
        let portal = portal().await;
        let folder = tempfile::tempdir().expect("a folder");
        let run_in = |name| InProcess {
            mapping: format!("{KNOWN_KEY}{LINKS}"),
            batch_size,
            ..run_in(folder.path(), name, &portal, Operation::Create)
        };
        let mut first = run_in("first");
        first.tamper = Some(Arc::new(late_contacts(true)));
        let stopped = whole(&first).await;
        assert!(stopped.stop.is_some(), "{batch_size}: {stopped:?}");
        let made = contacts(&portal).await - 20;
        assert!(made > 0, "{batch_size}: {stopped:?}");
        // They do not come to light before they are created once more.
        first.tamper = Some(Arc::new(late_contacts(false)));
        let resumed = whole(&first).await;
        assert_eq!(
            resumed.tally.of(Fate::Done),
            30,
            "{batch_size}: {resumed:?}"
        );
        assert_eq!(resumed.contacts_created, 30, "{batch_size}: {resumed:?}");
        assert_eq!(contacts(&portal).await, 20 + ROWS, "{batch_size}");
        // Another run has not sent anything that may have created them.
        let mut other = run_in("other");
        other.tamper = Some(Arc::new(late_contacts(false)));
        let other = whole(&other).await;
        assert_eq!(other.contacts_created, 0, "{batch_size}: {other:?}");
    }
}
