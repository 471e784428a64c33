//! The attempt loop over a scripted transport, in paused time.

use bytes::Bytes;
use tokio::time::Instant;

use super::*;
use crate::hubspot::exchange::Headers;
use crate::hubspot::testing::{Script, Step};

fn caller(steps: Vec<Step>) -> (Caller, Arc<Script>) {
    let script = Script::once(steps);
    (Caller::new(script.clone(), &Settings::default()), script)
}

/// Seconds from the first attempt to each one after it.
fn waits(script: &Script) -> Vec<f64> {
    let sent = script.sent_at();
    let since = |time: &Instant| (*time - sent[0]).as_secs_f64();
    sent[1..].iter().map(since).collect()
}

fn reply(status: u16, headers: Headers, body: &'static str) -> Step {
    Step::Reply(Reply {
        status,
        headers,
        body: Bytes::from_static(body.as_bytes()),
    })
}

fn ok() -> Step {
    reply(200, Headers::default(), "7")
}

fn status(status: u16) -> Step {
    reply(status, Headers::default(), "{}")
}

fn number(body: &[u8]) -> serde_json::Result<u64> {
    serde_json::from_slice(body)
}

async fn call(caller: &Caller, effect: Effect) -> Result<u64, CallError> {
    let request = Request::post("/x".to_owned(), Vec::new(), effect);
    let answer = caller.call(&request, None, number).await?;
    Ok(answer.value)
}

#[tokio::test(start_paused = true)]
async fn a_read_is_repeated_through_all_kinds_of_trouble() {
    let (caller, script) = caller(vec![
        status(502),
        Step::Reset,
        Step::Hang,
        reply(200, Headers::default(), "[1"),
        Step::NotSent,
        ok(),
    ]);
    // The third attempt for garbled JSON is not reached: patience counts attempts.
    let garbled = call(&caller, Effect::Read).await;
    assert!(matches!(garbled, Err(CallError::Garbled(_))), "{garbled:?}");
    assert_eq!(caller.attempts(), 4);
    assert_eq!(call(&caller, Effect::Read).await.expect("an answer"), 7);
    let waits = waits(&script);
    assert!((0.5..=1.0).contains(&waits[0]), "{waits:?}");
    assert!((1.5..=3.0).contains(&waits[1]), "{waits:?}");
    assert!((103.5..=107.1).contains(&waits[2]), "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn a_create_stops_as_soon_as_its_outcome_is_unclear() {
    let lost = [
        status(500),
        status(502),
        reply(524, Headers::default(), "<html>"),
        Step::Reset,
        Step::Hang,
        reply(201, Headers::default(), r#"{"results":["#),
        reply(400, Headers::default(), "<html>"),
    ];
    for step in lost {
        let (caller, script) = caller(vec![step]);
        let outcome = call(&caller, Effect::Once).await;
        assert!(
            matches!(outcome, Err(CallError::Ambiguous(_))),
            "{outcome:?}"
        );
        assert_eq!(script.sent_at().len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_create_that_was_not_carried_out_is_repeated() {
    let (caller, script) = caller(vec![
        reply(
            429,
            Headers::default(),
            r#"{"policyName":"TEN_SECONDLY_ROLLING"}"#,
        ),
        status(423),
        Step::NotSent,
        ok(),
    ]);
    assert_eq!(call(&caller, Effect::Once).await.expect("an answer"), 7);
    let waits = waits(&script);
    assert!((10.0..10.1).contains(&waits[0]), "{waits:?}");
    assert!(waits[1] - waits[0] >= 2.0, "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn trouble_before_a_lost_reply_does_not_make_it_clear() {
    let (caller, _) = caller(vec![status(429), Step::Reset]);
    let outcome = call(&caller, Effect::Once).await;
    assert!(
        matches!(outcome, Err(CallError::Ambiguous(_))),
        "{outcome:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_portal_is_told_at_once_at_first_and_later_waited_for() {
    let (caller, script) = caller(vec![
        Step::NotSent,
        ok(),
        Step::NotSent,
        Step::NotSent,
        Step::NotSent,
        Step::NotSent,
        Step::NotSent,
        Step::NotSent,
    ]);
    let first = call(&caller, Effect::Read).await.expect_err("no portal");
    assert_eq!(first.to_string(), "can't reach it");
    let _ = call(&caller, Effect::Read).await.expect("an answer");
    let later = call(&caller, Effect::Once).await.expect_err("no portal");
    assert_eq!(later.to_string(), "can't reach it, after 6 attempts");
    assert!(matches!(later, CallError::Unavailable(_)));
    let waited = waits(&script).last().copied().expect("waits");
    assert!((15.5..=31.1).contains(&waited), "{waited}");
}

#[tokio::test(start_paused = true)]
async fn a_used_up_window_holds_every_call() {
    let rate = Headers::default()
        .with("x-hubspot-ratelimit-max", "100")
        .with("x-hubspot-ratelimit-remaining", "90");
    let (caller, script) = caller(vec![
        reply(200, rate, "7"),
        reply(429, Headers::default(), "{}"),
        ok(),
        ok(),
    ]);
    let _ = call(&caller, Effect::Read).await.expect("an answer");
    let late = async {
        sleep(Duration::from_secs(1)).await;
        call(&caller, Effect::Read).await
    };
    let (one, other) = tokio::join!(call(&caller, Effect::Once), late);
    assert_eq!((one.expect("an answer"), other.expect("an answer")), (7, 7));
    let waits = waits(&script);
    assert!(waits[1] >= 10.0 && waits[2] >= 10.0, "{waits:?}");
}

#[tokio::test(start_paused = true)]
async fn an_attempt_ends_at_its_deadline_and_the_wait_for_a_slot_does_not_count() {
    let (caller, script) = caller(vec![Step::Hang, Step::Hang]);
    let start = Instant::now();
    let both = tokio::join!(call(&caller, Effect::Once), call(&caller, Effect::Once));
    for outcome in [both.0, both.1] {
        let words = outcome.expect_err("nothing answers").to_string();
        assert_eq!(words, "no answer to a write: no answer within 100 s");
    }
    // Before the first reply, calls go one at a time.
    assert_eq!(start.elapsed().as_secs(), 200);
    assert!(waits(&script)[0] >= 100.0);
}

#[tokio::test(start_paused = true)]
async fn the_portals_clock_comes_from_replies() {
    let date = Headers::default().with("Date", "Mon, 23 Nov 2026 10:00:00 GMT");
    let (caller, _) = caller(vec![reply(502, date, ""), ok()]);
    let _ = call(&caller, Effect::Read).await.expect("an answer");
    let now = caller.portal_clock().now().expect("a time");
    let (early, late) = ("2026-11-23T10:00:00.5Z", "2026-11-23T10:00:01.1Z");
    let parse = |text: &str| text.parse::<jiff::Timestamp>().expect("a time");
    assert!((parse(early)..parse(late)).contains(&now), "{now}");
}

#[tokio::test(start_paused = true)]
async fn a_window_without_end_is_a_minute_and_is_told() {
    let headers = Headers::default()
        .with(contract::RATE_MAX, "1")
        .with(contract::RATE_REMAINING, "0")
        .with(contract::RATE_INTERVAL, "18446744073709551615");
    let step = || reply(200, headers.clone(), "7");
    let (caller, script) = caller(vec![step(), step()]);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ears = Arc::clone(&heard);
    caller.report_waits_to(Box::new(move |wait| {
        ears.lock().expect("unpoisoned").push(wait);
    }));
    for _ in 0..2 {
        assert_eq!(call(&caller, Effect::Read).await.expect("an answer"), 7);
    }
    assert_eq!(waits(&script), [60.0]);
    let expected = Wait::Asked(Duration::from_secs(60));
    assert_eq!(*heard.lock().expect("unpoisoned"), [expected]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_the_portal_asks_for_is_cut_and_told() {
    let hour = Headers::default().with(contract::RETRY_AFTER, "3600");
    let (caller, script) = caller(vec![reply(429, hour, "{}"), ok()]);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ears = Arc::clone(&heard);
    caller.report_waits_to(Box::new(move |wait| {
        ears.lock().expect("unpoisoned").push(wait);
    }));
    assert_eq!(call(&caller, Effect::Once).await.expect("an answer"), 7);
    assert_eq!(waits(&script), [60.0]);
    let expected = Wait::Asked(Duration::from_secs(60));
    assert_eq!(*heard.lock().expect("unpoisoned"), [expected]);
}

/// A caller that waits for the next day, in a portal whose clock says a minute to
/// midnight; the wait is a minute and a second.
fn patient(steps: Vec<Step>) -> (Caller, Arc<Script>) {
    let (_, script) = caller(steps);
    let settings = Settings {
        wait_for_limit: true,
        ..Settings::default()
    };
    let caller = Caller::new(script.clone(), &settings);
    caller.day_is_in("Europe/Berlin");
    (caller, script)
}

fn at_night(status: u16, left: &str, body: &'static str) -> Step {
    let headers = Headers::default()
        .with("Date", "Wed, 01 Jul 2026 21:59:00 GMT")
        .with("X-HubSpot-RateLimit-Daily", "250000")
        .with("X-HubSpot-RateLimit-Daily-Remaining", left);
    reply(status, headers, body)
}

const SPENT: &str = r#"{"message":"no","policyName":"DAILY"}"#;

#[tokio::test(start_paused = true)]
async fn a_day_that_is_used_up_is_waited_for_where_that_is_wanted() {
    for effect in [Effect::Read, Effect::Once] {
        let (caller, script) = patient(vec![at_night(429, "0", SPENT), ok()]);
        assert_eq!(call(&caller, effect).await.ok(), Some(7));
        assert_eq!(waits(&script), [61.0]);
        // The reserve of the day counts the same, and a portal whose day has not begun
        // yet is asked again after a while.
        let (caller, script) = patient(vec![
            at_night(200, "24999", "7"),
            at_night(429, "0", SPENT),
            ok(),
        ]);
        let _first = call(&caller, effect).await.expect("answered");
        assert_eq!(call(&caller, effect).await.ok(), Some(7));
        assert_eq!(waits(&script), [61.0, 61.0 + 15.0 * 60.0]);
    }
    let (caller, _) = caller(vec![at_night(429, "0", SPENT)]);
    let ended = call(&caller, Effect::Read).await;
    assert!(matches!(ended, Err(CallError::Paused(_))), "{ended:?}");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_day_can_be_called_away() {
    let (caller, _) = patient(vec![at_night(429, "0", SPENT)]);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let ears = Arc::clone(&heard);
    caller.report_waits_to(Box::new(move |wait| {
        ears.lock().expect("unpoisoned").push(wait);
    }));
    let begun = Instant::now();
    let later = async {
        sleep(Duration::from_secs(10)).await;
        caller.wait_no_more();
    };
    let (ended, ()) = tokio::join!(call(&caller, Effect::Once), later);
    assert!(matches!(ended, Err(CallError::Paused(_))), "{ended:?}");
    assert_eq!(begun.elapsed(), Duration::from_secs(10));
    let expected = Wait::Day(Duration::from_secs(61));
    assert_eq!(*heard.lock().expect("unpoisoned"), [expected]);
}
