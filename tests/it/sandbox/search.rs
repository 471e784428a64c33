//! Searches (2.9): filters against real records, pages and the cap, the rate, and
//! an index that is late.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::Portal;

const SEARCH: &str = "/crm/v3/objects/tickets/search";
const NOW: &str = "search_lag=0s";

/// Six tickets with names, closed from the fifth on.
async fn six(switches: &[&str]) -> (Portal, Vec<String>) {
    let switches: Vec<&str> = switches
        .iter()
        .copied()
        .chain(["search_rate=off"])
        .collect();
    let portal = Portal::switched(&switches).await;
    let mut ids = Vec::new();
    for (n, subject) in [
        "printer jam",
        "Printer offline",
        "invoice",
        "login",
        "invoice",
        "fax",
    ]
    .iter()
    .enumerate()
    {
        let mut ticket =
            json!({"subject": subject, "createdate": format!("2024-01-0{}T00:00:00Z", n + 1)});
        if n % 2 == 0 {
            ticket["hs_ticket_priority"] = "HIGH".into();
        }
        ticket["hs_pipeline_stage"] = if n < 4 { "1" } else { "4" }.into();
        ids.push(portal.ticket(ticket).await);
    }
    (portal, ids)
}

/// The places of the tickets that are found, in order.
async fn found(portal: &Portal, ids: &[String], ask: Value) -> Vec<usize> {
    let body = portal.post(SEARCH, &ask).await.expect(200);
    let results = body["results"].as_array().expect("results").iter();
    let places: Vec<usize> = results
        .map(|result| {
            ids.iter()
                .position(|id| result["id"] == **id)
                .expect("one of them")
        })
        .collect();
    if ask["limit"].is_null() {
        assert_eq!(body["total"], places.len(), "{ask}");
    }
    places
}

fn filter(property: &str, operator: &str, value: impl Into<Value>) -> Value {
    json!({"filters": [{"propertyName": property, "operator": operator, "value": value.into()}]})
}

#[tokio::test]
async fn filters_find_what_they_say() {
    let (portal, ids) = six(&[NOW]).await;
    for (groups, expected) in [
        (json!([]), vec![0, 1, 2, 3, 4, 5]),
        (json!([filter("subject", "EQ", "INVOICE")]), vec![2, 4]),
        (
            json!([filter("subject", "CONTAINS_TOKEN", "print*")]),
            vec![0, 1],
        ),
        (
            json!([filter("hs_object_id", "GT", ids[2].as_str())]),
            vec![3, 4, 5],
        ),
        (
            json!([filter("createdate", "LTE", "2024-01-02T00:00:00Z")]),
            vec![0, 1],
        ),
        (
            json!([filter(
                "hs_ticket_priority",
                "NOT_HAS_PROPERTY",
                Value::Null
            )]),
            vec![1, 3, 5],
        ),
        (json!([filter("hs_is_closed", "EQ", "true")]), vec![4, 5]),
        (
            json!([
                filter("subject", "EQ", "fax"),
                filter("subject", "EQ", "login")
            ]),
            vec![3, 5],
        ),
        (
            json!([{"filters": [
            {"propertyName": "subject", "operator": "IN", "values": ["invoice", "fax"]},
            {"propertyName": "hs_ticket_priority", "operator": "EQ", "value": "HIGH"}]}]),
            vec![2, 4],
        ),
        (
            json!([{"filters": [
            {"propertyName": "createdate", "operator": "BETWEEN", "value": "2024-01-02", "highValue": "2024-01-03"}]}]),
            vec![1, 2],
        ),
    ] {
        assert_eq!(
            found(&portal, &ids, json!({"filterGroups": groups})).await,
            expected,
            "{groups}"
        );
    }
    let top = filter("subject", "EQ", "fax")["filters"].clone();
    assert_eq!(found(&portal, &ids, json!({"filters": top})).await, [5]);
    assert_eq!(
        found(&portal, &ids, json!({"query": "PRINTER jam"})).await,
        [0]
    );
}

#[tokio::test]
async fn results_come_sorted_and_in_pages() {
    let (portal, ids) = six(&[NOW]).await;
    for (sort, expected) in [
        (json!("-hs_object_id"), vec![5, 4, 3, 2, 1, 0]),
        (
            json!({"propertyName": "createdate", "direction": "DESCENDING"}),
            vec![5, 4, 3, 2, 1, 0],
        ),
        (
            json!({"propertyName": "subject", "direction": "ASCENDING"}),
            vec![5, 2, 4, 3, 0, 1],
        ),
        (json!("hs_ticket_priority"), vec![0, 2, 4, 1, 3, 5]),
        (json!("-hs_ticket_priority"), vec![0, 2, 4, 1, 3, 5]),
    ] {
        assert_eq!(
            found(&portal, &ids, json!({"sorts": [sort]})).await,
            expected,
            "{sort}"
        );
    }
    for filters in [
        json!([]),
        json!([filter("subject", "HAS_PROPERTY", Value::Null)]),
    ] {
        let mut ask = json!({"filterGroups": filters, "limit": 4, "properties": ["subject"]});
        let page = portal.post(SEARCH, &ask).await.expect(200);
        assert_eq!(
            (&page["total"], &page["paging"]["next"]["after"]),
            (&json!(6), &json!("4"))
        );
        ask["after"] = page["paging"]["next"]["after"].clone();
        let page = portal.post(SEARCH, &ask).await.expect(200);
        assert_eq!(
            (page["results"].as_array().map(Vec::len), &page["paging"]),
            (Some(2), &Value::Null)
        );
        assert_eq!(page["results"][1]["properties"]["subject"], "fax");
    }
}

#[tokio::test]
async fn links_can_be_searched_for() {
    let (portal, ids) = six(&[NOW]).await;
    let contact = portal.contact_id().await;
    let path = format!(
        "/crm/v4/objects/tickets/{}/associations/default/contacts/{contact}",
        ids[3]
    );
    portal.put(&path, "").await.expect(200);
    let by = json!({"filterGroups": [filter("associations.contact", "EQ", contact)]});
    assert_eq!(found(&portal, &ids, by).await, [3]);
}

#[tokio::test]
async fn what_is_too_much_is_refused() {
    let (portal, ids) = six(&[NOW]).await;
    for (ask, part) in [
        (json!({"after": 9_999, "limit": 2}), "result window"),
        (json!({"query": "x".repeat(3_000)}), "at most 3000"),
        (json!({"limit": 201}), "at most 200"),
        (
            json!({"filterGroups": [filter("nothing", "EQ", "x")]}),
            "'nothing' does not exist",
        ),
        (
            json!({"filterGroups": [filter("subject", "LIKE", "x")]}),
            "'LIKE' is not a search operator",
        ),
        (json!({"sorts": ["nothing"]}), "'nothing' does not exist"),
    ] {
        let body = portal.post(SEARCH, &ask).await.expect(400);
        assert_eq!(body["category"], "VALIDATION_ERROR");
        assert!(
            body["message"].as_str().expect("words").contains(part),
            "{body}"
        );
    }
    assert!(
        found(&portal, &ids, json!({"after": 9_998, "limit": 2}))
            .await
            .is_empty()
    );
}

#[tokio::test]
async fn searches_have_a_rate_of_their_own() {
    let portal = Portal::switched(&["search_rate=2/1m", "retry_after=seconds"]).await;
    for _ in 0..2 {
        let answer = portal.post(SEARCH, "{}").await;
        assert_eq!(
            (answer.status, answer.header("x-hubspot-ratelimit-max")),
            (200, None)
        );
    }
    let third = portal.post(SEARCH, "{}").await;
    assert_eq!(third.header("retry-after"), Some("1"));
    let body = third.expect(429);
    assert_eq!(
        (&body["policyName"], &body["message"]),
        (
            &json!("SECONDLY"),
            &json!("You have reached your secondly limit.")
        )
    );
    let other = portal.get("/crm/v3/objects/tickets").await;
    assert_eq!(
        (other.status, other.header("x-hubspot-ratelimit-remaining")),
        (200, Some("189"))
    );
    let usage = portal
        .get("/account-info/v3/api-usage/daily/private-apps")
        .await
        .expect(200);
    assert_eq!(usage["results"][0]["currentUsage"], 4);
}

/// The subjects that are found.
async fn subjects(portal: &Portal) -> Vec<String> {
    let body = portal
        .post(SEARCH, json!({"sorts": ["subject"]}))
        .await
        .expect(200);
    let results = body["results"].as_array().expect("results").iter();
    results
        .map(|result| {
            result["properties"]["subject"]
                .as_str()
                .expect("text")
                .to_owned()
        })
        .collect()
}

/// Time is the sandbox's own here: the runtime's clock is paused, and moved.
#[tokio::test(start_paused = true)]
async fn the_index_is_late() {
    let portal = Portal::switched(&["search_lag=5s", "search_rate=off"]).await;
    let id = portal.ticket(json!({"subject": "first"})).await;
    let path = format!("/crm/v3/objects/tickets/{id}");
    assert!(subjects(&portal).await.is_empty());
    tokio::time::advance(Duration::from_secs(6)).await;
    assert_eq!(subjects(&portal).await, ["first"]);

    for subject in ["second", "third"] {
        portal
            .patch(&path, json!({"properties": {"subject": subject}}))
            .await
            .expect(200);
        tokio::time::advance(Duration::from_secs(2)).await;
    }
    // Six seconds ago it was the first, four seconds ago the second.
    assert_eq!(subjects(&portal).await, ["first"]);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(subjects(&portal).await, ["second"]);
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(subjects(&portal).await, ["third"]);

    assert_eq!(portal.delete(&path).await.status, 204);
    assert_eq!(subjects(&portal).await, ["third"]);
    tokio::time::advance(Duration::from_secs(6)).await;
    assert!(subjects(&portal).await.is_empty());
}

#[tokio::test]
async fn names_of_properties_make_a_search_too_long_only_in_a_strict_portal() {
    let names: Vec<String> = (0..400).map(|n| format!("property_{n:03}")).collect();
    let body = json!({ "properties": names });
    for (switch, status) in [
        ("search_length=without-properties", 200),
        ("search_length=whole", 400),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let _ = portal.post(SEARCH, &body).await.expect(status);
    }
}
