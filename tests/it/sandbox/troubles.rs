//! What every trouble does to a call: what the client sees, and whether the work
//! is done. The three of the first slice are in `portal`, holding is in `holding`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Answer, Portal, raw};

const TICKETS: &str = "/crm/v3/objects/tickets";
const BATCH: &str = "/crm/v3/objects/tickets/batch/create";

fn row() -> Value {
    json!({"inputs": [{"properties": {"hs_pipeline_stage": "1"}}]})
}

async fn n_tickets(portal: &Portal) -> usize {
    let page = portal
        .get(&format!("{TICKETS}?limit=100"))
        .await
        .expect(200);
    page["results"].as_array().expect("results").len()
}

#[tokio::test]
async fn errors_come_before_or_after_the_work() {
    for (trouble, status, is_html, tickets) in [
        ("429", 429, false, 1),
        ("500", 500, false, 1),
        ("502", 502, true, 1),
        ("503", 503, true, 1),
        ("504", 504, true, 1),
        ("html-403", 403, true, 1),
        ("locked", 423, false, 1),
        ("post-502", 502, true, 2),
        ("post-504", 504, true, 2),
    ] {
        let portal = Portal::troubled(&[&format!("{trouble}@2:batch/create")]).await;
        portal.post(BATCH, row()).await.expect(201);
        let answer = portal.post(BATCH, row()).await;
        assert_eq!(answer.status, status, "{trouble}");
        let html =
            answer.header("content-type") == Some("text/html") && answer.body.starts_with("<html>");
        assert_eq!(html, is_html, "{trouble}: {answer:?}");
        assert_eq!(n_tickets(&portal).await, tickets, "{trouble}");
        portal.post(BATCH, row()).await.expect(201);
    }
}

#[tokio::test]
async fn the_bodies_of_errors_are_the_contracts() {
    let portal = Portal::troubled(&["429@1", "500@2", "locked@3"]).await;
    let body = portal.get(TICKETS).await.expect(429);
    assert_eq!(
        (&body["policyName"], &body["errorType"]),
        (&json!("TEN_SECONDLY_ROLLING"), &json!("RATE_LIMIT"))
    );
    assert_eq!(
        portal.get(TICKETS).await.expect(500)["category"],
        "INTERNAL_ERROR"
    );
    assert_eq!(portal.get(TICKETS).await.expect(423)["status"], "error");
}

#[tokio::test]
async fn the_edge_has_six_pages() {
    let portal = Portal::troubled(&["html-52x@100%"]).await;
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..60 {
        let answer = portal.get(TICKETS).await;
        assert!((521..=526).contains(&answer.status) && answer.body.starts_with("<html>"));
        seen.insert(answer.status);
    }
    assert_eq!(seen.len(), 6);
}

#[tokio::test]
async fn a_reset_before_the_work_does_nothing() {
    let portal = Portal::troubled(&["reset-before@1:batch/create"]).await;
    let body = row().to_string();
    let request = format!(
        "POST {BATCH} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sandbox\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let (bytes, ended) = raw(portal.sandbox.address(), request.as_bytes()).await;
    assert_eq!((bytes.len(), ended.is_err()), (0, true));
    assert_eq!(n_tickets(&portal).await, 0);
}

#[tokio::test]
async fn a_call_that_hangs_is_never_answered_and_others_are() {
    let portal = Portal::troubled(&["hang@1:batch/create"]).await;
    let hung = tokio::time::timeout(Duration::from_millis(300), portal.post(BATCH, row())).await;
    assert!(hung.is_err());
    portal.post(BATCH, row()).await.expect(201);
    assert_eq!(n_tickets(&portal).await, 1);
}

#[tokio::test]
async fn late_commits_come_late() {
    let portal = Portal::troubled(&["late-commit=300ms@1:batch/create"]).await;
    let begun = std::time::Instant::now();
    let answer = portal.post(BATCH, row()).await;
    assert_eq!(answer.status, 504);
    if begun.elapsed() < Duration::from_millis(250) {
        assert_eq!(n_tickets(&portal).await, 0);
    }
    while n_tickets(&portal).await == 0 {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never came");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(300));
    let read = portal.get(TICKETS).await.expect(200);
    let inserted = &read["results"][0]["createdAt"];
    assert!(inserted.is_string());
}

#[tokio::test]
async fn work_goes_on_when_the_client_has_left() {
    let portal = Portal::troubled(&["slow=100ms:batch/create"]).await;
    let left = tokio::time::timeout(Duration::from_millis(20), portal.post(BATCH, row())).await;
    assert!(left.is_err());
    let begun = std::time::Instant::now();
    while n_tickets(&portal).await == 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "it was never done"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn latency_does_not_queue() {
    let portal = Portal::troubled(&["slow=300ms±100"]).await;
    let begun = std::time::Instant::now();
    let calls = (0..20).map(|_| portal.get(TICKETS));
    for answer in futures::future::join_all(calls).await {
        answer.expect(200);
    }
    let spent = begun.elapsed();
    assert!(
        spent >= Duration::from_millis(200) && spent < Duration::from_secs(3),
        "{spent:?}"
    );
}

#[tokio::test]
async fn an_expired_token_is_refreshed() {
    let portal = Portal::troubled(&["expired-token@2"]).await;
    portal.get(TICKETS).await.expect(200);
    for _ in 0..2 {
        let body = portal.get(TICKETS).await.expect(401);
        assert_eq!(body["category"], "EXPIRED_AUTHENTICATION");
    }
    let form = "grant_type=refresh_token&client_id=a&client_secret=b&refresh_token=sandbox";
    for (path, tells_hub) in [
        ("/oauth/v1/token", false),
        ("/oauth/v3/token", true),
        ("/oauth/2026-03/token", true),
        ("/oauth/2026-09/token", true),
    ] {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{form}",
            form.len()
        );
        let body =
            Answer::of(&raw(portal.sandbox.address(), request.as_bytes()).await.0).expect(200);
        assert_eq!(
            (&body["token_type"], &body["expires_in"]),
            (&json!("bearer"), &json!(1_800))
        );
        assert_eq!(body["hub_id"].is_number(), tells_hub);
        let token = body["access_token"].as_str().expect("a token");
        let answer = Answer::of(&portal.bytes("GET", TICKETS, token, "").await);
        assert_eq!(answer.status, 200);
    }
}

#[tokio::test]
async fn an_outage_ends() {
    let portal = Portal::troubled(&["outage=300ms@2"]).await;
    portal.get(TICKETS).await.expect(200);
    let begun = std::time::Instant::now();
    assert_eq!(portal.get(TICKETS).await.status, 503);
    while portal.get(TICKETS).await.status == 503 {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never ended");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(begun.elapsed() >= Duration::from_millis(300));
}

#[tokio::test]
async fn a_migration_says_how_long() {
    for (trouble, least, most) in [("migrating@2", 86_398, 86_400), ("migrating=90s@2", 88, 90)] {
        let portal = Portal::troubled(&[trouble]).await;
        portal.get(TICKETS).await.expect(200);
        for _ in 0..2 {
            let answer = portal.get(TICKETS).await;
            assert_eq!(answer.status, 477);
            let wait: u64 = answer
                .header("retry-after")
                .expect("a header")
                .parse()
                .expect("seconds");
            assert!((least..=most).contains(&wait), "{wait}");
        }
    }
}

#[tokio::test]
async fn searches_can_be_made_late() {
    let portal = Portal::with(tickethaul::sandbox::Options {
        troubles: vec!["search-lag=1h@2:search".parse().expect("a trouble")],
        switches: ["search_lag=0s"
            .parse::<tickethaul::sandbox::Switch>()
            .expect("a switch")]
        .into_iter()
        .collect(),
        ..tickethaul::sandbox::Options::default()
    })
    .await;
    let _ = portal.ticket(json!({})).await;
    let total = || async {
        portal
            .post(&format!("{TICKETS}/search"), "{}")
            .await
            .expect(200)["total"]
            .clone()
    };
    assert_eq!(total().await, 1);
    assert_eq!(total().await, 0);
    assert_eq!(total().await, 0);
}

#[tokio::test]
async fn a_share_of_calls_goes_wrong() {
    let portal = Portal::troubled(&["500@20%:batch/create"]).await;
    let mut failed = 0;
    for _ in 0..100 {
        failed += usize::from(portal.post(BATCH, row()).await.status == 500);
    }
    assert!((8..35).contains(&failed), "{failed}");
    assert_eq!(n_tickets(&portal).await, 100 - failed);
}
