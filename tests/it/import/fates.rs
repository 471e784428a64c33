//! Replies that say too little, too much or nothing, and keys that somebody else holds:
//! fates by the protocol.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Value, json};
use tickethaul::hubspot::Reply;
use tickethaul::import::flow::Operation;
use tickethaul::model::event::Summary;
use tickethaul::model::outcome::Fate;
use tickethaul::model::stop::Stop;
use tickethaul::sandbox::Options;

use crate::support::in_process::{InProcess, Life, Tamper, tickets};
use crate::support::{Portal, Row, rows_of};

const MAPPING: &str = r#"
version = 1

[key]
property = "source_ticket_id"
column = "Id"

[properties]
subject = "Subject"
hs_pipeline_stage = { value = "New" }
"#;

const CREATE: &str = "/crm/objects/2026-09/tickets/batch/create";

/// Thirty rows, `k1` to `k30`, into a portal; what came of them by key.
async fn import(
    switches: &[&str],
    prepare: impl AsyncFnOnce(&Portal),
    tamper: Option<Arc<Tamper>>,
) -> (InProcess, Summary, BTreeMap<String, Row>, tempfile::TempDir) {
    let switches = switches.iter().map(|text| text.parse().expect("a switch"));
    let portal = Portal::with(Options {
        rate: "off".parse().expect("a rate"),
        switches: switches
            .collect::<Vec<tickethaul::sandbox::Switch>>()
            .into_iter()
            .collect(),
        ..Options::default()
    })
    .await;
    portal.unique_property("source_ticket_id").await;
    prepare(&portal).await;
    let folder = tempfile::tempdir().expect("a folder");
    let input = folder.path().join("in.csv");
    let rows: String = (1..=30).map(|id| format!("k{id},Subject {id}\n")).collect();
    std::fs::write(&input, format!("Id,Subject\n{rows}")).expect("an input");
    let import = InProcess {
        portal: Arc::new(portal),
        operation: Operation::Create,
        diff: false,
        input,
        mapping: MAPPING.to_owned(),
        folder: folder.path().join("run"),
        batch_size: 10,
        facts: tickethaul::model::learned::KnownFacts::default(),
        tamper,
        unsent: None,
    };
    let ended = import
        .go(&Life::whole())
        .await
        .expect("nothing ends this life");
    let summary = ended.expect("a run without trouble");
    let mut by_key = BTreeMap::new();
    for name in ["done.csv", "refused.csv"] {
        for row in rows_of(&import.folder.join(name)) {
            by_key.insert(row["Id"].clone(), row);
        }
    }
    assert_eq!(summary.tally.sum(), 30);
    (import, summary, by_key, folder)
}

/// Changes the body of the second create call.
fn second(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Option<Arc<Tamper>> {
    Some(Arc::new(move |path: &str, nth: u64, reply: Reply| {
        if path != CREATE || nth != 2 {
            return reply;
        }
        let mut body: Value = serde_json::from_slice(&reply.body).expect("JSON");
        change(&mut body);
        Reply {
            body: Bytes::from(body.to_string()),
            ..reply
        }
    }))
}

async fn all_are_ours(import: &InProcess, summary: &Summary) {
    assert_eq!(summary.tally.of(Fate::Done), 30, "{summary:?}");
    assert_eq!(tickets(&import.portal, "subject").await.len(), 30);
}

#[tokio::test]
async fn a_reply_with_missing_results_is_looked_up() {
    let (import, summary, _, _folder) = import(
        &[],
        async |_| (),
        second(|body| {
            let results = body["results"].as_array_mut().expect("results");
            results.truncate(7);
        }),
    )
    .await;
    all_are_ours(&import, &summary).await;
}

#[tokio::test]
async fn a_success_without_results_is_looked_up() {
    let (import, summary, _, _folder) = import(
        &[],
        async |_| (),
        second(|body| body["results"] = json!([])),
    )
    .await;
    all_are_ours(&import, &summary).await;
}

#[tokio::test]
async fn a_reply_that_names_nobody_is_looked_up() {
    let nameless: Arc<Tamper> = Arc::new(|path: &str, _, reply: Reply| {
        if path != CREATE {
            return reply;
        }
        let text = String::from_utf8(reply.body.to_vec()).expect("text");
        let body = text.replace("source_ticket_id", "some_other_property");
        Reply {
            body: Bytes::from(body),
            ..reply
        }
    });
    let (import, summary, _, _folder) = import(&[], async |_| (), Some(nameless)).await;
    all_are_ours(&import, &summary).await;
}

#[tokio::test]
async fn a_trace_id_that_was_never_sent_is_nobodys() {
    let (import, summary, by_key, _folder) = import(
        &["echo_trace_id=yes"],
        async |_| (),
        second(|body| {
            let results = body["results"].as_array_mut().expect("results");
            let mut stranger = results[0].clone();
            stranger["id"] = json!("999");
            stranger["objectWriteTraceId"] = json!("4711");
            results.insert(0, stranger);
        }),
    )
    .await;
    all_are_ours(&import, &summary).await;
    assert!(by_key.values().all(|row| row["_ticket_id"] != "999"));
}

/// A ticket of somebody else.
async fn foreign(portal: &Portal, key: &str) -> String {
    let body = json!({"properties": {"subject": "theirs", "hs_pipeline_stage": "1", "source_ticket_id": key}});
    let ticket = portal
        .post("/crm/v3/objects/tickets", body)
        .await
        .expect(201);
    ticket["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn a_ticket_of_somebody_else_that_holds_the_key_exists() {
    for collision in ["unique_collision=400", "unique_collision=409"] {
        for partial in ["partial_success=207", "partial_success=400"] {
            let (import, summary, by_key, _folder) = import(
                &[collision, partial],
                async |portal| {
                    let _id = foreign(portal, "k3").await;
                    let _id = foreign(portal, "k17").await;
                },
                None,
            )
            .await;
            assert_eq!(summary.tally.of(Fate::Exists), 2, "{collision} {partial}");
            assert_eq!(summary.tally.of(Fate::Done), 28, "{collision} {partial}");
            assert_eq!(by_key["k17"]["_fate"], "exists");
            let all = tickets(&import.portal, "subject").await;
            let theirs = all
                .iter()
                .filter(|ticket| ticket["properties"]["subject"] == "theirs");
            assert_eq!((all.len(), theirs.count()), (30, 2));
        }
    }
}

#[tokio::test]
async fn a_key_in_the_recycle_bin_is_free_or_refused_as_the_portal_has_it() {
    for (switch, by_key, refused) in [
        ("archived_holds_unique=free", "archived_by_key=found", 0),
        ("archived_holds_unique=free", "archived_by_key=missing", 0),
        ("archived_holds_unique=blocks", "archived_by_key=found", 1),
        ("archived_holds_unique=blocks", "archived_by_key=missing", 1),
    ] {
        let (_import, summary, by_key, _folder) = import(
            &[switch, by_key],
            async |portal| {
                let id = foreign(portal, "k17").await;
                portal
                    .call("DELETE", &format!("/crm/v3/objects/tickets/{id}"), "")
                    .await
                    .expect(204);
            },
            None,
        )
        .await;
        assert_eq!(summary.tally.of(Fate::Refused), refused, "{switch}");
        assert_eq!(summary.tally.of(Fate::Done), 30 - refused, "{switch}");
        if refused > 0 {
            assert_eq!(by_key["k17"]["_code"], "KEY_IN_RECYCLE_BIN");
            assert_eq!(by_key["k17"]["_column"], "Id");
        }
    }
}

#[tokio::test]
async fn a_version_that_ends_meanwhile_stops_the_run_and_blames_no_row() {
    let gone = |path: &str, nth: u64, reply: Reply| match path == CREATE && nth >= 2 {
        true => Reply {
            status: 404,
            body: Bytes::from_static(br#"{"status":"error","message":"resource not found"}"#),
            ..reply
        },
        false => reply,
    };
    let (_import, summary, rows, _folder) = import(&[], async |_| (), Some(Arc::new(gone))).await;
    assert_eq!(summary.tally.of(Fate::Refused), 0, "{summary:?}");
    let stop = summary.stop.expect("a stop");
    assert!(matches!(stop, Stop::MustFix(_)), "{stop:?}");
    let words = stop.to_string();
    assert!(
        words.contains(CREATE) && words.contains("--api v3"),
        "{words}"
    );
    assert_eq!(rows.len(), 10, "the canary is in");
}
