//! Two tables, by status and by verb (C1 §4.4 to §4.7), row by row, in paused time: what each status makes the
//! client do, and which calls it repeats after which trouble.

use std::ops::Range;
use std::sync::Arc;

use futures::future::BoxFuture;
use tickethaul::hubspot::testing::Step;
use tickethaul::hubspot::{
    ApiVersion, CallError, Client, CreateInput, LinkInput, LinkType, Reply, Search, SearchError,
    Settings, WriteInput,
};
use tickethaul::model::schema::{NewProperty, ObjectType};
use tickethaul::model::shelf::Shelf;

use crate::support::canned::{portal_with, reply, scripted};

const TICKETS: ObjectType = ObjectType::Tickets;
const CONTACTS: ObjectType = ObjectType::Contacts;
const HTML: &str = "<html><head><title>Attention Required!</title></head></html>";

/// A reply that every call can read.
const GOOD: &str = r#"{"id":"1","name":"p","portalId":1,"total":0,"results":[]}"#;

fn good() -> Step {
    Step::Reply(reply(200, GOOD))
}

fn input(value: &str) -> WriteInput {
    WriteInput {
        trace_id: "r1".to_owned(),
        id: "1".to_owned(),
        properties: vec![("p".into(), value.to_owned())],
    }
}

fn new_record() -> CreateInput {
    CreateInput {
        trace_id: "r1".to_owned(),
        properties: vec![("p".into(), "v".to_owned())],
        associations: Vec::new(),
    }
}

/// One word for the end of a call.
fn end<T>(outcome: &Result<T, CallError>) -> &'static str {
    match outcome {
        Ok(_) => "answered",
        Err(CallError::Refused(_)) => "refused",
        Err(CallError::Ambiguous(_)) => "ambiguous",
        Err(CallError::Unavailable(_)) => "unavailable",
        Err(CallError::Paused(_)) => "paused",
        Err(CallError::Denied(_)) => "denied",
        Err(CallError::Garbled(_)) => "garbled",
        Err(CallError::Blocked(_)) => "blocked",
        Err(CallError::Gone { .. }) => "gone",
    }
}

/// Calls by what repeating them does.
#[derive(Clone, Copy, Debug)]
enum Verb {
    Read,
    Upsert,
    Create,
}

/// Attempts and end of a call whose every attempt meets this trouble, and the wait
/// before the second attempt. The client has had a reply before.
async fn meet(trouble: &Step, verb: Verb) -> (usize, &'static str, Option<f64>) {
    let account = Step::Reply(reply(200, GOOD));
    let (client, script) = scripted(vec![account, trouble.clone()]);
    let _ = client.account().await.expect("an account");
    let ended = match verb {
        Verb::Read => end(&client
            .batch_read(TICKETS, None, &["1".to_owned()], &[], Shelf::Live)
            .await),
        Verb::Upsert => end(&client.batch_upsert(TICKETS, "k", &[&input("v")]).await),
        Verb::Create => end(&client.batch_create(TICKETS, &[&new_record()]).await),
    };
    let waits = script.waits();
    (waits.len(), ended, waits.get(1).copied())
}

/// A row: the trouble, the first wait in seconds, and attempts and end of a read, of
/// a write that may be repeated, of one that may not.
type Row = (&'static str, Step, Range<f64>, [(usize, &'static str); 3]);

fn told(status: u16, body: &str) -> Step {
    Step::Reply(reply(status, body))
}

fn asking(status: u16, seconds: &str, body: &str) -> Step {
    let Reply {
        status,
        headers,
        body,
    } = reply(status, body);
    Step::Reply(Reply {
        status,
        headers: headers.with("Retry-After", seconds),
        body,
    })
}

fn limit(policy: &str) -> String {
    format!(
        r#"{{"status":"error","message":"You have reached your limit.","errorType":"RATE_LIMIT","correlationId":"c","policyName":"{policy}","requestId":"r"}}"#
    )
}

fn error(category: &str) -> String {
    format!(r#"{{"status":"error","message":"no","correlationId":"c","category":"{category}"}}"#)
}

const AT_ONCE: Range<f64> = 0.0..0.0;
const SECOND: Range<f64> = 0.5..1.01;

/// Ends of a call that is over after one attempt, whatever it is.
fn over(word: &'static str) -> [(usize, &'static str); 3] {
    [(1, word); 3]
}

/// Trouble that may have hit after the write.
fn lost(attempts: usize) -> [(usize, &'static str); 3] {
    [
        (attempts, "unavailable"),
        (attempts, "ambiguous"),
        (1, "ambiguous"),
    ]
}

const UNREADABLE: [(usize, &str); 3] = [(3, "garbled"), (3, "ambiguous"), (1, "ambiguous")];
const STRANGE: [(usize, &str); 3] = [(1, "garbled"), (1, "ambiguous"), (1, "ambiguous")];

fn refusals() -> Vec<Row> {
    let bad_json = r#"{"status":"error","message":"Invalid input JSON on line 1, column 1: …","correlationId":"c"}"#;
    let no_inputs = r#"{"status":"error","message":"Invalid input JSON on line 1, column 15: Some required fields were not set: [inputs]","correlationId":"c"}"#;
    let no_type = r#"{"status":"error","message":"Unable to infer object type from: butterflies","correlationId":"c"}"#;
    let no_id = r#"{"status":"error","message":"resource not found","correlationId":"c"}"#;
    let no_number = r#"{"status":"error","message":"Object not found.  objectId are usually numeric.","correlationId":"c","context":{"id":["abc"]},"category":"VALIDATION_ERROR"}"#;
    let exists = r#"{"status":"error","message":"Contact already exists. Existing ID: 123","correlationId":"c","category":"CONFLICT"}"#;
    vec![
        (
            "400 bad JSON",
            told(400, bad_json),
            AT_ONCE,
            over("refused"),
        ),
        ("400 schema", told(400, no_inputs), AT_ONCE, over("refused")),
        (
            "400 unknown type",
            told(400, no_type),
            AT_ONCE,
            over("refused"),
        ),
        ("400 HTML", told(400, HTML), AT_ONCE, STRANGE),
        (
            "401",
            told(401, &error("INVALID_AUTHENTICATION")),
            AT_ONCE,
            over("denied"),
        ),
        (
            "401 expired",
            told(401, &error("EXPIRED_AUTHENTICATION")),
            AT_ONCE,
            over("denied"),
        ),
        (
            "403 scopes",
            told(403, &error("MISSING_SCOPES")),
            AT_ONCE,
            over("denied"),
        ),
        (
            "403 forbidden",
            told(403, &error("FORBIDDEN")),
            AT_ONCE,
            over("denied"),
        ),
        ("403 of the edge", told(403, HTML), AT_ONCE, over("refused")),
        // Without a category it is the path that is missing, whose version may have ended.
        ("404 numeric", told(404, no_id), AT_ONCE, over("gone")),
        (
            "404 not numeric",
            told(404, no_number),
            AT_ONCE,
            over("refused"),
        ),
        ("404 HTML", told(404, HTML), AT_ONCE, STRANGE),
        ("405", told(405, &error("")), AT_ONCE, over("refused")),
        ("405 HTML", told(405, HTML), AT_ONCE, STRANGE),
        ("409", told(409, exists), AT_ONCE, over("refused")),
        ("413", told(413, ""), AT_ONCE, over("refused")),
        ("414", told(414, HTML), AT_ONCE, over("refused")),
        ("415", told(415, &error("")), AT_ONCE, over("refused")),
    ]
}

fn waits() -> Vec<Row> {
    let patient = |attempts| [(attempts, "unavailable"); 3];
    vec![
        ("423", told(423, &error("")), 2.0..2.01, patient(10)),
        (
            "423 asking 5 s",
            asking(423, "5", ""),
            5.0..5.01,
            patient(10),
        ),
        (
            "429 burst",
            told(429, &limit("TEN_SECONDLY_ROLLING")),
            10.0..10.01,
            patient(20),
        ),
        (
            "429 burst asking 3 s",
            asking(429, "3", &limit("TEN_SECONDLY_ROLLING")),
            3.0..3.01,
            patient(20),
        ),
        (
            "429 burst asking a day",
            asking(429, "86400", &limit("TEN_SECONDLY_ROLLING")),
            60.0..60.01,
            patient(20),
        ),
        (
            "429 search",
            told(429, &limit("SECONDLY")),
            1.0..1.01,
            patient(20),
        ),
        (
            "429 daily",
            told(429, &limit("DAILY")),
            AT_ONCE,
            over("paused"),
        ),
        ("429 HTML", told(429, HTML), 10.0..10.01, patient(20)),
        ("477 long", asking(477, "3600", ""), AT_ONCE, over("paused")),
        (
            "477 short",
            asking(477, "5", ""),
            5.0..5.01,
            [(10, "paused"); 3],
        ),
        ("477 without a time", told(477, ""), AT_ONCE, over("paused")),
        ("not sent", Step::NotSent, SECOND, patient(6)),
    ]
}

fn failures() -> Vec<Row> {
    vec![
        ("408", told(408, ""), SECOND, lost(6)),
        ("500", told(500, &error("INTERNAL_ERROR")), SECOND, lost(6)),
        ("500 HTML", told(500, HTML), SECOND, lost(6)),
        ("502", told(502, HTML), SECOND, lost(6)),
        ("503", told(503, ""), SECOND, lost(6)),
        ("503 asking 7 s", asking(503, "7", HTML), 7.0..7.01, lost(6)),
        ("504", told(504, HTML), SECOND, lost(6)),
        ("521", told(521, HTML), SECOND, lost(6)),
        ("522", told(522, HTML), SECOND, lost(3)),
        ("523", told(523, HTML), SECOND, lost(6)),
        ("524", told(524, HTML), SECOND, lost(6)),
        ("525", told(525, HTML), SECOND, lost(3)),
        ("526", told(526, HTML), SECOND, lost(3)),
        ("reset", Step::Reset, SECOND, lost(6)),
        ("no answer", Step::Hang, 100.5..101.01, lost(6)),
        (
            "2xx cut short",
            told(200, r#"{"results":["#),
            SECOND,
            UNREADABLE,
        ),
        ("2xx HTML", told(200, HTML), SECOND, UNREADABLE),
        ("2xx empty", told(200, ""), SECOND, UNREADABLE),
        ("redirect", told(302, ""), AT_ONCE, STRANGE),
    ]
}

#[tokio::test(start_paused = true)]
async fn each_status_is_met_as_the_contract_says() {
    for (name, trouble, first_wait, ends) in [refusals(), waits(), failures()].concat() {
        let verbs = [Verb::Read, Verb::Upsert, Verb::Create];
        for (verb, wanted) in verbs.into_iter().zip(ends) {
            let (attempts, ended, wait) = meet(&trouble, verb).await;
            assert_eq!((attempts, ended), wanted, "{name}, {verb:?}");
            if attempts > 1 {
                let wait = wait.expect("a wait");
                assert!(first_wait.contains(&wait), "{name}, {verb:?}: {wait} s");
            }
        }
    }
}

type Call = fn(Client) -> BoxFuture<'static, Result<(), CallError>>;

macro_rules! call {
    (|$client:ident| $made:expr) => {
        |$client: Client| Box::pin(async move { $made.await.map(drop) })
    };
}

/// Every call, and whether it may be repeated when it may have been carried out.
fn retry_safety() -> Vec<(&'static str, bool, Call)> {
    vec![
        (
            "list",
            true,
            call!(|c| c.list(TICKETS, &[], None, Shelf::Live)),
        ),
        (
            "read",
            true,
            call!(|c| c.read(TICKETS, None, "1", &[], Shelf::Live)),
        ),
        (
            "batch/read",
            true,
            call!(|c| c.batch_read(TICKETS, None, &["1".to_owned()], &[], Shelf::Live)),
        ),
        ("search", true, |c| {
            Box::pin(async move {
                match c.search(TICKETS, &Search::default(), 0).await {
                    Err(SearchError::Call(error)) => Err(error),
                    outcome => outcome.map(drop).map_err(|other| panic!("{other}")),
                }
            })
        }),
        (
            "PATCH, absolute",
            true,
            call!(|c| c.update(TICKETS, None, "1", &input("v").properties)),
        ),
        (
            "PATCH, appending",
            false,
            call!(|c| c.update(TICKETS, None, "1", &input(";v").properties)),
        ),
        (
            "batch/update, absolute",
            true,
            call!(|c| c.batch_update(TICKETS, None, &[&input("v")])),
        ),
        (
            "batch/update, appending",
            false,
            call!(|c| c.batch_update(TICKETS, None, &[&input("v"), &input(";v")])),
        ),
        (
            "batch/upsert",
            true,
            call!(|c| c.batch_upsert(TICKETS, "k", &[&input("v")])),
        ),
        (
            "batch/upsert, appending",
            false,
            call!(|c| c.batch_upsert(TICKETS, "k", &[&input(";v")])),
        ),
        ("DELETE", true, call!(|c| c.delete(TICKETS, "1"))),
        (
            "batch/archive",
            true,
            call!(|c| c.batch_archive(TICKETS, &["1".to_owned()])),
        ),
        (
            "association PUT",
            true,
            call!(|c| c.put_link((TICKETS, "1"), (CONTACTS, "2"), 16)),
        ),
        (
            "association DELETE",
            true,
            call!(|c| c.delete_link((TICKETS, "1"), (CONTACTS, "2"), 16)),
        ),
        (
            "association batch create",
            true,
            call!(|c| c.link(TICKETS, CONTACTS, &[one_link()])),
        ),
        (
            "association batch archive",
            true,
            call!(|c| c.unlink(TICKETS, CONTACTS, &[("1".to_owned(), "2".to_owned())])),
        ),
        (
            "POST create",
            false,
            call!(|c| c.create(TICKETS, &new_record())),
        ),
        (
            "batch/create",
            false,
            call!(|c| c.batch_create(TICKETS, &[&new_record()])),
        ),
        (
            "note create",
            false,
            call!(|c| c.batch_create(ObjectType::Notes, &[&new_record()])),
        ),
        (
            "property create",
            false,
            call!(|c| c.create_property(&new_property())),
        ),
        (
            "label create",
            false,
            call!(|c| c.create_link_label(TICKETS, CONTACTS, "a", "A", None)),
        ),
    ]
}

fn one_link() -> LinkInput {
    LinkInput {
        from: "1".to_owned(),
        to: "2".to_owned(),
        types: vec![LinkType {
            category: "HUBSPOT_DEFINED".to_owned(),
            id: 16,
            label: None,
        }],
    }
}

fn new_property() -> NewProperty {
    NewProperty {
        name: "p".to_owned(),
        label: "P".to_owned(),
        type_name: "string".to_owned(),
        field_type: "text".to_owned(),
        group: "ticketinformation".to_owned(),
        description: String::new(),
        unique: false,
        options: Vec::new(),
    }
}

/// Attempts and end of a call whose first attempt meets this trouble.
async fn once(trouble: Step, call: Call) -> (usize, &'static str) {
    let account = Step::Reply(reply(200, GOOD));
    let (client, script) = scripted(vec![account, trouble, good()]);
    let _ = client.account().await.expect("an account");
    let ended = end(&call(client).await);
    (script.waits().len(), ended)
}

#[tokio::test(start_paused = true)]
async fn calls_are_repeated_where_that_is_safe_and_only_there() {
    for (name, repeatable, call) in retry_safety() {
        for trouble in [
            told(429, &limit("TEN_SECONDLY_ROLLING")),
            told(429, &limit("SECONDLY")),
            told(423, ""),
            asking(477, "5", ""),
            Step::NotSent,
        ] {
            assert_eq!(once(trouble, call).await, (2, "answered"), "{name}");
        }
        for trouble in [
            told(500, HTML),
            told(502, HTML),
            told(504, HTML),
            told(524, HTML),
            Step::Reset,
            Step::Hang,
        ] {
            let wanted = match repeatable {
                true => (2, "answered"),
                false => (1, "ambiguous"),
            };
            assert_eq!(once(trouble, call).await, wanted, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_repeated_after_a_loss_says_so() {
    for (trouble, late) in [
        (Step::Reset, true),
        (told(502, HTML), true),
        (told(423, ""), false),
    ] {
        let (client, _) = scripted(vec![trouble, good()]);
        let done = client.batch_update(TICKETS, None, &[&input("v")]).await;
        assert_eq!(done.expect("a reply").may_come_late, late);
    }
}

#[tokio::test(start_paused = true)]
async fn a_clear_end_after_a_loss_stays_unclear() {
    let (client, script) = scripted(vec![Step::Reset, told(423, "")]);
    let outcome = client.batch_archive(TICKETS, &["1".to_owned()]).await;
    assert_eq!(end(&outcome), "ambiguous");
    assert_eq!(script.waits().len() + 1, 10);
}

#[tokio::test(start_paused = true)]
async fn a_storm_ends_when_the_shared_patience_is_used_up() {
    let (client, script) = scripted(vec![told(502, HTML)]);
    let ids = ["1".to_owned()];
    let read = || async {
        end(&client
            .batch_read(TICKETS, None, &ids, &[], Shelf::Live)
            .await)
    };
    let ends = futures::future::join_all((0..100).map(|_| read())).await;
    assert!(ends.iter().all(|end| *end == "unavailable"), "{ends:?}");
    // 100 first attempts and 250 repeats, where 100 calls alone would make 500.
    assert_eq!(script.waits().len() + 1, 350);
}

#[tokio::test]
async fn errors_name_the_correlation_id() {
    let bodies = [
        (
            400,
            r#"{"message":"no","correlationId":"from-body"}"#,
            "(correlation id from-body)",
        ),
        (401, "", "(correlation id from-header)"),
        (429, &limit("DAILY"), "(correlation id c)"),
        (477, "", "(correlation id from-header)"),
        (500, "", "(correlation id from-header)"),
    ];
    for (status, body, id) in bodies {
        let (client, _) = scripted(vec![told(status, body)]);
        let outcome = client.batch_create(TICKETS, &[&new_record()]).await;
        let words = outcome.expect_err("no answer").to_string();
        assert!(words.ends_with(id), "{status}: {words}");
    }
}

#[tokio::test(start_paused = true)]
async fn searches_have_a_budget_of_their_own() {
    let (client, script) = scripted(vec![good()]);
    let search = Search::default();
    let searches = (0..11).map(|_| client.search(TICKETS, &search, 0));
    let start = tokio::time::Instant::now();
    let found = futures::future::join_all(searches).await;
    assert!(found.iter().all(Result::is_ok));
    assert_eq!(start.elapsed().as_secs(), 2);
    let waits = script.waits();
    let bursts: Vec<usize> = (0..waits.len()).filter(|&at| waits[at] >= 1.0).collect();
    assert_eq!(bursts, [4, 9], "{waits:?}");
}

#[tokio::test]
async fn calls_stop_at_the_reserve_of_the_day() {
    let Reply {
        status,
        headers,
        body,
    } = reply(200, GOOD);
    let headers = headers
        .with("X-HubSpot-RateLimit-Daily", "250000")
        .with("X-HubSpot-RateLimit-Daily-Remaining", "24999");
    let step = Step::Reply(Reply {
        status,
        headers,
        body,
    });
    let (client, script) = scripted(vec![step]);
    let _ = client.account().await.expect("an account");
    let outcome = client.batch_create(TICKETS, &[&new_record()]).await;
    assert_eq!(end(&outcome), "paused");
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_listener_hears_every_attempt_and_nothing_secret() {
    use std::sync::Mutex;
    use tickethaul::hubspot::{Attempt, CallLog};

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl CallLog for Heard {
        fn hear(&self, attempt: &Attempt<'_>) {
            let line = format!("{attempt:?}");
            self.0.lock().expect("unpoisoned").push(line);
        }
    }

    let settings = Settings {
        api: ApiVersion::V2026_09,
        ..Settings::default()
    };
    let (client, _) = portal_with(settings, vec![("/crm", reply(423, ""))]);
    let heard = Arc::new(Heard::default());
    client.log_to(heard.clone());
    let change = input("a secret of the user").properties;
    let _ = client.update(TICKETS, Some("k"), "1", &change).await;
    let lines = heard.0.lock().expect("unpoisoned");
    assert_eq!(lines.len(), 10);
    assert_eq!(
        lines[1],
        "Attempt { method: \"PATCH\", path: \"/crm/objects/2026-09/tickets/1\", number: 2, \
         status: Some(423), took: 0ns, correlation_id: Some(\"from-header\"), verdict: \"locked\" }"
    );
}
