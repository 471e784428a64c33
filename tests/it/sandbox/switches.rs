//! What every switch changes: each value but the default against a portal that
//! has it, beside one that has not. Switches with a story elsewhere: 1, 8, 9, 13,
//! 14 and `not_kept` in `portal`, 29 and 32 in `search`, 39 in `links`, 41 in
//! `upsert`, 44 and the others about merges in `merges`.

use serde_json::{Value, json};
use tickethaul::sandbox::{Options, Switches};

use crate::support::{Answer, Portal, raw};

const TICKETS: &str = "/crm/v3/objects/tickets";

async fn keyed(switches: &[&str]) -> Portal {
    let portal = Portal::switched(switches).await;
    portal.unique_property("key").await;
    portal
}

/// What a create of these properties answers.
async fn create(portal: &Portal, properties: Value) -> Answer {
    portal
        .post(TICKETS, json!({ "properties": properties }))
        .await
}

async fn batch(portal: &Portal, verb: &str, inputs: Value) -> Answer {
    portal
        .post(
            &format!("{TICKETS}/batch/{verb}"),
            json!({ "inputs": inputs }),
        )
        .await
}

async fn update(portal: &Portal, id: &str, properties: Value) -> Answer {
    portal
        .patch(
            &format!("{TICKETS}/{id}"),
            json!({ "properties": properties }),
        )
        .await
}

/// Every switch is turned somewhere in the stories.
#[test]
fn no_switch_is_without_a_story() {
    let stories = [
        include_str!("switches.rs"),
        include_str!("activities.rs"),
        include_str!("portal.rs"),
        include_str!("search.rs"),
        include_str!("files.rs"),
        include_str!("links.rs"),
        include_str!("upsert.rs"),
        include_str!("merges.rs"),
        include_str!("../portal/versions.rs"),
        include_str!("../run/kept_options.rs"),
    ];
    for known in Switches::TABLE {
        let turned = format!("{}=", known.name);
        assert!(
            stories.iter().any(|text| text.contains(&turned)),
            "{turned}"
        );
    }
}

#[tokio::test]
async fn dates_of_creation_and_closing() {
    let given = json!({"hs_pipeline_stage": "4", "createdate": "2020-01-01T00:00:00Z", "closed_date": "2020-01-02T00:00:00Z"});
    for (switch, created_at, closed_date, status) in [
        ("created_at_follows_createdate=yes", true, true, 201),
        ("created_at_follows_createdate=no", false, true, 201),
        ("closed_date_writable=auto", true, false, 201),
        ("closed_date_writable=no", true, false, 400),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let body = create(&portal, given.clone()).await.expect(status);
        if status == 201 {
            assert_eq!(
                body["createdAt"] == "2020-01-01T00:00:00Z",
                created_at,
                "{switch}"
            );
            assert_eq!(
                body["properties"]["closed_date"] == "2020-01-02T00:00:00Z",
                closed_date,
                "{switch}"
            );
        }
    }
    let portal = Portal::start().await;
    let body = create(&portal, given).await.expect(201);
    assert_eq!(
        body["properties"]["time_to_close"],
        (24 * 60 * 60 * 1_000).to_string()
    );
}

#[tokio::test]
async fn reopening_clears_the_close_date_or_not() {
    for (switch, kept) in [
        ("closed_date_on_reopen=cleared", false),
        ("closed_date_on_reopen=kept", true),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let id = portal.ticket(json!({"hs_pipeline_stage": "4"})).await;
        let body = update(&portal, &id, json!({"hs_pipeline_stage": "2"}))
            .await
            .expect(200);
        assert_eq!(
            body["properties"]["closed_date"].is_string(),
            kept,
            "{switch}"
        );
        let read = portal
            .get(&format!(
                "{TICKETS}/{id}?properties=hs_ticket_reopened_at,time_to_close"
            ))
            .await
            .expect(200);
        assert!(read["properties"]["hs_ticket_reopened_at"].is_string());
        assert_eq!(read["properties"]["time_to_close"], Value::Null);
    }
}

#[tokio::test]
async fn what_a_new_ticket_must_have() {
    for (value, missing) in [
        ("stage", json!(null)),
        ("stage+subject", json!(["subject"])),
        ("stage+subject+pipeline", json!(["subject", "hs_pipeline"])),
    ] {
        let portal = Portal::switched(&[&format!("required_on_create={value}")]).await;
        let answer = create(&portal, json!({"hs_pipeline_stage": "1"})).await;
        assert_eq!(answer.status, if missing.is_null() { 201 } else { 400 });
        assert_eq!(answer.json()["context"]["properties"], missing, "{value}");
    }
}

#[tokio::test]
async fn stages_of_other_pipelines_and_no_stage() {
    for (switch, foreign, cleared) in [
        ("foreign_stage=400", 400, 400),
        ("foreign_stage=moves", 200, 400),
        ("clear_stage=ignored", 400, 200),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let id = portal.ticket(json!({})).await;
        assert_eq!(
            update(&portal, &id, json!({"hs_pipeline_stage": ""}))
                .await
                .status,
            cleared,
            "{switch}"
        );
        let moved = update(&portal, &id, json!({"hs_pipeline_stage": "151934001"})).await;
        assert_eq!(moved.status, foreign, "{switch}");
        if foreign == 200 {
            assert_eq!(moved.json()["properties"]["hs_pipeline"], "78200415");
        }
    }
}

#[tokio::test]
async fn which_verbs_know_partial_success() {
    let bad = |extra: Value| {
        let mut rows = json!([
            {"objectWriteTraceId": "a", "properties": {"hs_pipeline_stage": "1"}},
            {"objectWriteTraceId": "b", "properties": {"hs_pipeline_stage": "9"}}]);
        for (row, id) in rows
            .as_array_mut()
            .expect("rows")
            .iter_mut()
            .zip(extra.as_array().expect("ids"))
        {
            row["id"] = id.clone();
        }
        rows
    };
    for (value, create, update, upsert) in [
        ("207", 207, 207, 207),
        ("400-create", 400, 207, 207),
        ("400-update", 207, 400, 207),
        ("400-upsert", 207, 207, 400),
        ("400", 400, 400, 400),
    ] {
        let portal = keyed(&[&format!("partial_success={value}")]).await;
        let ids = json!([
            portal.ticket(json!({})).await,
            portal.ticket(json!({})).await
        ]);
        assert_eq!(
            batch(&portal, "create", bad(json!([]))).await.status,
            create,
            "{value}"
        );
        assert_eq!(
            batch(&portal, "update", bad(ids)).await.status,
            update,
            "{value}"
        );
        let mut rows = bad(json!(["k1", "k2"]));
        for row in rows.as_array_mut().expect("rows") {
            row["idProperty"] = "key".into();
        }
        assert_eq!(
            batch(&portal, "upsert", rows).await.status,
            upsert,
            "{value}"
        );
    }
}

#[tokio::test]
async fn trace_ids_that_are_few_or_twice() {
    let rows = |traces: [Value; 2]| {
        let stages = ["1", "9"];
        let row = |(trace, stage): (&Value, &str)| json!({"objectWriteTraceId": trace, "properties": {"hs_pipeline_stage": stage}});
        traces.iter().zip(stages).map(row).collect::<Vec<Value>>()
    };
    let mut few = rows([json!("a"), json!("b")]);
    let _ = few[1]
        .as_object_mut()
        .expect("a row")
        .remove("objectWriteTraceId");
    let twice = rows([json!("a"), json!("a")]);
    for (switch, on_few, on_twice) in [
        ("partial_trace_ids=400", 400, 400),
        ("partial_trace_ids=207", 207, 400),
        ("duplicate_trace_ids=accepted", 400, 207),
    ] {
        let portal = Portal::switched(&[switch]).await;
        assert_eq!(
            batch(&portal, "create", json!(few)).await.status,
            on_few,
            "{switch}"
        );
        assert_eq!(
            batch(&portal, "create", json!(twice)).await.status,
            on_twice,
            "{switch}"
        );
    }
}

#[tokio::test]
async fn an_upsert_may_leave_its_key_out() {
    let portal = keyed(&["upsert_fills_key=no"]).await;
    let row = json!([{"id": "k", "idProperty": "key", "properties": {"hs_pipeline_stage": "1"}}]);
    for _ in 0..2 {
        let body = batch(&portal, "upsert", row.clone()).await.expect(200);
        assert_eq!(body["results"][0]["new"], true);
    }
}

#[tokio::test]
async fn batch_reads_of_the_missing_and_the_repeated() {
    for (switch, missing, repeated, shown) in [
        ("read_missing=207", 207, 200, 1),
        ("read_missing=404", 404, 200, 1),
        ("read_duplicates=repeat", 207, 200, 2),
        ("read_duplicates=400", 207, 400, 0),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let id = portal.ticket(json!({})).await;
        assert_eq!(
            batch(&portal, "read", json!([{"id": id}, {"id": "5"}]))
                .await
                .status,
            missing,
            "{switch}"
        );
        let body = batch(&portal, "read", json!([{"id": id}, {"id": id}]))
            .await
            .expect(repeated);
        assert_eq!(
            body["results"].as_array().map_or(0, Vec::len),
            shown,
            "{switch}"
        );
    }
}

#[tokio::test]
async fn the_recycle_bin() {
    for (switch, again, unknown, without, with) in [
        ("delete_missing=204", 204, 204, 404, 404),
        ("delete_missing=404", 404, 404, 404, 404),
        ("read_archived=200", 204, 204, 200, 200),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let (gone, live) = (
            portal.ticket(json!({})).await,
            portal.ticket(json!({})).await,
        );
        let path = format!("{TICKETS}/{gone}");
        assert_eq!(portal.delete(&path).await.status, 204);
        assert_eq!(portal.delete(&path).await.status, again, "{switch}");
        assert_eq!(
            batch(&portal, "archive", json!([{"id": "5"}])).await.status,
            unknown,
            "{switch}"
        );
        assert_eq!(portal.get(&path).await.status, without, "{switch}");
        assert_eq!(
            portal
                .get(&format!("{TICKETS}/{live}?archived=true"))
                .await
                .status,
            with,
            "{switch}"
        );
    }
}

#[tokio::test]
async fn a_unique_value_may_not_lead_into_the_recycle_bin() {
    // What is read there by key; whether the key can be given to another ticket.
    for (by_key, holds, found, free) in [
        ("found", "free", true, true),
        ("found", "blocks", true, false),
        ("missing", "free", false, true),
        ("missing", "blocks", false, false),
    ] {
        let by_key = format!("archived_by_key={by_key}");
        let holds = format!("archived_holds_unique={holds}");
        let portal = keyed(&[&by_key, &holds]).await;
        let id = portal.ticket(json!({"key": "abc"})).await;
        let path = format!("{TICKETS}/{id}");
        assert_eq!(portal.delete(&path).await.status, 204);
        let by_id = portal.get(&format!("{path}?archived=true")).await;
        assert_eq!(by_id.status, 200, "by id it is always found");
        let read = json!({"idProperty": "key", "inputs": [{"id": "abc"}],
            "properties": ["key"]});
        let path = format!("{TICKETS}/batch/read?archived=true");
        let batch = portal.post(&path, read).await.json();
        let single = format!("{TICKETS}/abc?idProperty=key&archived=true");
        let single = portal.get(&single).await.status == 200;
        let batch = batch["results"].as_array().map_or(0, Vec::len);
        assert_eq!((batch > 0, single), (found, found), "{by_key} {holds}");
        let again = json!({"key": "abc", "hs_pipeline_stage": "1"});
        let made = create(&portal, again).await;
        assert_eq!(made.status == 201, free, "{by_key} {holds}: {made:?}");
        assert!(
            free || made.body.contains(&id),
            "the holder is named: {made:?}"
        );
    }
}

#[tokio::test]
async fn limits_of_lists() {
    for (switch, over, with_history) in [
        ("over_limit=400", 400, 400),
        ("over_limit=clamp", 200, 400),
        ("history_limit=clamp", 400, 200),
        ("history_limit=none", 400, 200),
    ] {
        let portal = Portal::switched(&[switch]).await;
        for path in [&format!("{TICKETS}?limit=101"), "/crm/v3/owners?limit=501"] {
            assert_eq!(portal.get(path).await.status, over, "{switch}");
        }
        let search = portal
            .post(&format!("{TICKETS}/search"), json!({"limit": 201}))
            .await;
        assert_eq!(search.status, over, "{switch}");
        let path = format!("{TICKETS}?limit=51&propertiesWithHistory=subject");
        assert_eq!(portal.get(&path).await.status, with_history, "{switch}");
    }
    for (switch, page) in [("history_limit=clamp", 50), ("history_limit=none", 51)] {
        let portal = Portal::switched(&[switch]).await;
        let rows = vec![json!({"properties": {"hs_pipeline_stage": "1"}}); 60];
        batch(&portal, "create", json!(rows)).await.expect(201);
        let body = portal
            .get(&format!("{TICKETS}?limit=51&propertiesWithHistory=subject"))
            .await
            .expect(200);
        assert_eq!(
            body["results"].as_array().map(Vec::len),
            Some(page),
            "{switch}"
        );
    }
}

#[tokio::test]
async fn cursors_may_be_opaque() {
    let portal = Portal::switched(&["list_cursor=opaque"]).await;
    let ids = [
        portal.ticket(json!({})).await,
        portal.ticket(json!({})).await,
    ];
    let page = portal.get(&format!("{TICKETS}?limit=1")).await.expect(200);
    let after = page["paging"]["next"]["after"].as_str().expect("a cursor");
    assert!(after.parse::<u64>().is_err(), "{after}");
    let next = portal
        .get(&format!("{TICKETS}?limit=1&after={after}"))
        .await
        .expect(200);
    assert_eq!(next["results"][0]["id"], ids[1]);
    portal
        .get(&format!("{TICKETS}?after={}", ids[1]))
        .await
        .expect(400);
}

#[tokio::test]
async fn values_that_are_not_there() {
    for (switch, unset, status, after) in [
        ("unset_property=null", Some(Value::Null), 200, json!("s")),
        ("unset_property=omitted", None, 200, json!("s")),
        ("null_write=clears", Some(Value::Null), 200, Value::Null),
        ("null_write=400", Some(Value::Null), 400, json!("s")),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let id = portal.ticket(json!({"subject": "s"})).await;
        let path = format!("{TICKETS}/{id}?properties=content,subject");
        let read = portal.get(&path).await.expect(200);
        assert_eq!(
            read["properties"].get("content").cloned(),
            unset,
            "{switch}"
        );
        assert_eq!(
            update(&portal, &id, json!({"subject": null})).await.status,
            status,
            "{switch}"
        );
        assert_eq!(
            portal.get(&path).await.expect(200)["properties"]["subject"],
            after,
            "{switch}"
        );
    }
}

#[tokio::test]
async fn what_writes_answer_with() {
    for (value, on_create, on_update) in [
        ("set+system", (true, false), (true, false)),
        ("default", (false, true), (false, true)),
        ("all", (true, false), (true, true)),
    ] {
        let portal = Portal::switched(&[&format!("write_reply={value}")]).await;
        let made = create(
            &portal,
            json!({"hs_pipeline_stage": "1", "subject": "s", "source_type": "EMAIL"}),
        )
        .await
        .expect(201);
        let has = |body: &Value, name: &str| body["properties"].get(name).is_some();
        // A set property that is no default one, and a default one that is not set.
        assert_eq!(
            (has(&made, "source_type"), has(&made, "content")),
            on_create,
            "{value}"
        );
        let id = made["id"].as_str().expect("an id");
        let changed = update(&portal, id, json!({"source_type": "PHONE"}))
            .await
            .expect(200);
        assert_eq!(
            (has(&changed, "source_type"), has(&changed, "subject")),
            on_update,
            "{value}"
        );
    }
}

#[tokio::test]
async fn forms_of_values() {
    let portal = Portal::switched(&["zero_millis=.000", "long_string=truncate"]).await;
    let id = portal
        .ticket(json!({"createdate": "2020-01-01T00:00:00Z", "content": "ä".repeat(70_000)}))
        .await;
    let read = portal.get(&format!("{TICKETS}/{id}")).await.expect(200);
    assert_eq!(
        (&read["createdAt"], &read["properties"]["createdate"]),
        (
            &json!("2020-01-01T00:00:00.000Z"),
            &json!("2020-01-01T00:00:00.000Z")
        )
    );
    assert_eq!(
        read["properties"]["content"]
            .as_str()
            .map(|text| text.chars().count()),
        Some(65_536)
    );
    let strict = Portal::start().await;
    let answer = create(
        &strict,
        json!({"hs_pipeline_stage": "1", "content": "x".repeat(65_537)}),
    )
    .await;
    assert_eq!(
        answer.expect(400)["errors"][0]["code"],
        "INVALID_STRING_LENGTH"
    );
}

#[tokio::test]
async fn owners_that_can_not_own() {
    let owned = |id: &str| json!({"hs_pipeline_stage": "1", "hubspot_owner_id": id});
    for (switch, code, archived) in [
        ("bad_owner_code=INVALID_OPTION", "INVALID_OPTION", 400),
        ("bad_owner_code=INVALID_OWNER_ID", "INVALID_OWNER_ID", 400),
        ("archived_owner=assignable", "INVALID_OPTION", 201),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let body = create(&portal, owned("nobody")).await.expect(400);
        assert_eq!(body["errors"][0]["code"], code, "{switch}");
        assert_eq!(
            create(&portal, owned("41629708")).await.status,
            archived,
            "{switch}"
        );
    }
}

#[tokio::test]
async fn a_search_beyond_its_cap_may_be_empty() {
    let portal = Portal::switched(&["search_over_cap=empty", "search_lag=0s"]).await;
    let _ = portal.ticket(json!({})).await;
    let body = portal
        .post(&format!("{TICKETS}/search"), json!({"after": 10_000}))
        .await
        .expect(200);
    assert_eq!((&body["results"], &body["total"]), (&json!([]), &json!(1)));
}

#[tokio::test]
async fn rate_headers_and_the_daily_limit() {
    for (switch, max, daily) in [
        ("rate_headers=present", true, true),
        ("rate_headers=no-daily", true, false),
        ("rate_headers=absent", false, false),
    ] {
        let portal = Portal::switched(&[switch, "daily_limit=1"]).await;
        let answer = portal.get(TICKETS).await;
        assert_eq!(
            answer.header("x-hubspot-ratelimit-max").is_some(),
            max,
            "{switch}"
        );
        assert_eq!(
            answer.header("x-hubspot-ratelimit-daily").is_some(),
            daily,
            "{switch}"
        );
        assert_eq!(portal.get(TICKETS).await.expect(429)["policyName"], "DAILY");
    }
}

#[tokio::test]
async fn bodies_that_are_nothing_too_much_or_other() {
    let xml =
        b"POST /crm/v3/objects/tickets HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer sandbox\r\n\
        Content-Type: text/xml\r\nContent-Length: 4\r\nConnection: close\r\n\r\n<x/>";
    for (switch, empty, large, other) in [
        ("empty_inputs=400", 400, 413, 415),
        ("empty_inputs=200", 201, 413, 415),
        ("large_body=400", 400, 400, 415),
        ("other_type=400", 400, 413, 400),
    ] {
        let portal = Portal::switched(&[switch]).await;
        assert_eq!(
            batch(&portal, "create", json!([])).await.status,
            empty,
            "{switch}"
        );
        assert_eq!(
            portal
                .post(TICKETS, " ".repeat(11 * 1024 * 1024))
                .await
                .status,
            large,
            "{switch}"
        );
        assert_eq!(
            Answer::of(&raw(portal.sandbox.address(), xml).await.0).status,
            other,
            "{switch}"
        );
    }
}

#[tokio::test]
async fn a_bad_association_may_be_dropped() {
    let portal = Portal::switched(&["bad_association=kept"]).await;
    let ticket = json!({"properties": {"hs_pipeline_stage": "1"}, "associations": [
        {"to": {"id": 5}, "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 16}]}]});
    portal.post(TICKETS, ticket).await.expect(201);
}

#[tokio::test]
async fn forms_of_association_replies() {
    for (switch, is_text, most, status, none) in [
        ("link_ids=integer", false, 400, 204, 207),
        ("link_ids=string", true, 400, 204, 207),
        ("link_archive_most=2000", false, 204, 204, 207),
        ("link_archive_status=200", false, 400, 200, 207),
        ("no_links=absent", false, 400, 204, 200),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let (ticket, contact) = (portal.ticket(json!({})).await, portal.contact_id().await);
        let base = format!("/crm/v4/objects/tickets/{ticket}/associations");
        portal
            .put(&format!("{base}/default/contacts/{contact}"), "")
            .await
            .expect(200);
        let body = portal.get(&format!("{base}/contacts")).await.expect(200);
        assert_eq!(
            body["results"][0]["toObjectId"].is_string(),
            is_text,
            "{switch}"
        );
        let links = "/crm/v4/associations/tickets/contacts/batch";
        let row = json!({"from": {"id": ticket}, "to": [{"id": contact}]});
        let many = json!({"inputs": vec![row.clone(); 101]});
        assert_eq!(
            portal.post(&format!("{links}/archive"), many).await.status,
            most,
            "{switch}"
        );
        assert_eq!(
            portal
                .post(&format!("{links}/archive"), json!({"inputs": [row]}))
                .await
                .status,
            status,
            "{switch}"
        );
        let read = portal
            .post(
                &format!("{links}/read"),
                json!({"inputs": [{"id": ticket}]}),
            )
            .await;
        assert_eq!(read.status, none, "{switch}");
    }
}

#[tokio::test]
async fn records_may_carry_their_address() {
    for (switch, is_there) in [
        ("url_and_warnings=off", false),
        ("url_and_warnings=on", true),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let body = create(&portal, json!({"hs_pipeline_stage": "1"}))
            .await
            .expect(201);
        let id = body["id"].as_str().expect("an id");
        let url = body["url"].as_str().unwrap_or_default();
        assert_eq!(
            url.starts_with("https://app.hubspot.com/contacts/")
                && url.ends_with(&format!("/record/0-5/{id}")),
            is_there
        );
        assert_eq!(body.get("warnings").is_some(), is_there, "{switch}");
    }
}

#[tokio::test]
async fn definitions_that_differ_between_portals() {
    let definition = |portal: Portal, name: &'static str| async move {
        portal
            .get(&format!("/crm/v3/properties/tickets/{name}"))
            .await
            .expect(200)
    };
    for (switch, unique) in [
        ("external_ids_unique=no", false),
        ("external_ids_unique=yes", true),
    ] {
        let ids = definition(Portal::switched(&[switch]).await, "hs_external_object_ids").await;
        assert_eq!(ids["hasUniqueValue"], unique, "{switch}");
        let portal = Portal::switched(&[switch]).await;
        let row = json!([{"id": "z-1", "idProperty": "hs_external_object_ids", "properties": {"hs_pipeline_stage": "1"}}]);
        assert_eq!(
            batch(&portal, "upsert", row).await.status,
            if unique { 200 } else { 400 }
        );
    }
    for (switch, count) in [("urgent_priority=yes", 4), ("urgent_priority=no", 3)] {
        let priority = definition(Portal::switched(&[switch]).await, "hs_ticket_priority").await;
        assert_eq!(
            priority["options"].as_array().map(Vec::len),
            Some(count),
            "{switch}"
        );
    }
    for (switch, is_filled) in [
        ("external_options=empty", false),
        ("external_options=filled", true),
    ] {
        for name in ["hs_pipeline", "hs_pipeline_stage", "hubspot_owner_id"] {
            let property = definition(Portal::switched(&[switch]).await, name).await;
            assert_eq!(
                property["options"]
                    .as_array()
                    .is_some_and(|options| options.len() > 1),
                is_filled,
                "{switch} {name}"
            );
        }
    }
}

#[tokio::test]
async fn unknown_fields_may_cost_the_call() {
    for (switch, strict) in [
        ("unknown_fields=ignore", false),
        ("unknown_fields=400", true),
    ] {
        let portal = Portal::switched(&[switch, "search_lag=0s"]).await;
        let good = json!({"properties": {"hs_pipeline_stage": "1"}, "associations": []});
        portal.post(TICKETS, &good).await.expect(201);
        let mut bad = good.clone();
        bad["colour"] = "red".into();
        assert_eq!(
            portal.post(TICKETS, &bad).await.status,
            if strict { 400 } else { 201 }
        );
        assert_eq!(
            batch(&portal, "create", json!([bad])).await.status,
            if strict { 400 } else { 201 }
        );
        assert_eq!(batch(&portal, "create", json!([good])).await.status, 201);
        assert_eq!(
            portal.get(&format!("{TICKETS}?colour=red")).await.status,
            if strict { 400 } else { 200 }
        );
        let search = portal
            .post(&format!("{TICKETS}/search"), json!({"page": 1}))
            .await;
        assert_eq!(search.status, if strict { 400 } else { 200 });
    }
}

#[tokio::test]
async fn the_endpoints_of_v3_may_be_gone() {
    for (switch, status) in [("legacy_links=yes", 200), ("legacy_links=no", 404)] {
        let portal = Portal::switched(&[switch]).await;
        let ticket = portal.ticket(json!({})).await;
        let path = format!("{TICKETS}/{ticket}/associations/contacts");
        assert_eq!(portal.get(&path).await.status, status, "{switch}");
    }
}

#[tokio::test]
async fn unique_values_may_fold_case() {
    for (switch, status) in [("fold_unique_case=no", 201), ("fold_unique_case=yes", 400)] {
        let portal = keyed(&[switch]).await;
        let id = portal.ticket(json!({"key": "Ab"})).await;
        let answer = create(&portal, json!({"hs_pipeline_stage": "1", "key": "aB"})).await;
        assert_eq!(answer.status, status, "{switch}");
        let read = portal
            .get(&format!("{TICKETS}/Ab?idProperty=key&properties=key"))
            .await
            .expect(200);
        assert_eq!(
            (&read["id"], &read["properties"]["key"]),
            (&json!(id), &json!("Ab"))
        );
    }
}

#[tokio::test]
async fn associations_may_move_the_date_of_modification() {
    for (switch, moves) in [
        ("links_touch_modified=no", false),
        ("links_touch_modified=yes", true),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let (ticket, contact) = (portal.ticket(json!({})).await, portal.contact_id().await);
        let path = format!("{TICKETS}/{ticket}");
        let before = portal.get(&path).await.expect(200)["updatedAt"].clone();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        let link =
            format!("/crm/v4/objects/tickets/{ticket}/associations/default/contacts/{contact}");
        portal.put(&link, "").await.expect(200);
        assert_eq!(
            portal.get(&path).await.expect(200)["updatedAt"] != before,
            moves,
            "{switch}"
        );
    }
}

/// Two calls that take a while, at once, where one is allowed: on arrival the
/// second is refused before it waits, before the reply after it has waited.
#[tokio::test]
async fn requests_count_on_arrival_or_before_the_reply() {
    for (value, is_late) in [("arrival", false), ("reply", true)] {
        let switch = format!("count_requests={value}").parse().expect("a switch");
        let portal = Portal::with(Options {
            rate: "1/1m".parse().expect("a rate"),
            switches: [switch].into_iter().collect(),
            troubles: vec!["slow=200ms".parse().expect("a trouble")],
            ..Options::default()
        })
        .await;
        let begun = tokio::time::Instant::now();
        let call = || async {
            (
                portal.get(TICKETS).await.status,
                begun.elapsed().as_millis(),
            )
        };
        let (one, other) = tokio::join!(call(), call());
        let refused = if one.0 == 429 { one } else { other };
        assert_eq!(refused.0, 429, "{value}");
        assert_eq!(refused.1 >= 200, is_late, "{value} {refused:?}");
    }
}

/// A batch read of associations tells a record without any from one that is not there
/// (C1 §8.3), the latter in as many ways as portals were seen or may be.
#[tokio::test]
async fn records_that_are_not_there_are_told_from_those_without_associations() {
    let row = |id: &str, key: &str| json!({"context": {key: [id]}, "sub": null});
    for (value, status, form) in [
        ("207-id", 207, "id"),
        ("207-ids", 207, "ids"),
        ("207-from", 207, "fromObjectId"),
        ("207-text", 207, "message"),
        ("207-none", 207, "no-links"),
        ("absent", 200, "absent"),
        ("404", 404, "ids"),
        ("404-bare", 404, "message"),
        ("400", 400, "message"),
    ] {
        let switch = format!("missing_from={value}");
        let portal = Portal::switched(&[&switch, "no_links=absent"]).await;
        let ticket = portal.ticket(json!({})).await;
        let gone = portal.ticket(json!({})).await;
        let _archived = portal.delete(&format!("{TICKETS}/{gone}")).await;
        let path = "/crm/v4/associations/tickets/contacts/batch/read";
        let inputs = json!({"inputs": [{"id": ticket}, {"id": gone}]});
        let answer = portal.post(path, &inputs).await;
        assert_eq!(answer.status, status, "{switch}");
        let body = answer.json();
        let error = match status {
            207 => &body["errors"][0],
            _ => &body,
        };
        let seen = json!({"context": error["context"], "sub": error["subCategory"]});
        match form {
            "absent" => assert_eq!(body["errors"], Value::Null),
            "no-links" => assert_eq!(
                error["subCategory"],
                "crm.associations.NO_ASSOCIATIONS_FOUND"
            ),
            "message" => assert_eq!(error["context"], Value::Null, "{switch}"),
            key => assert_eq!(seen, row(&gone, key), "{switch}"),
        }
        let alone = portal.post(path, json!({"inputs": [{"id": ticket}]})).await;
        assert_eq!(alone.status, 200, "{switch}");
    }
}
