//! Upserts (2.8), former values (2.2), and the same calls on dated paths (0.2).

use serde_json::{Value, json};

use crate::support::Portal;

const UPSERT: &str = "/crm/v3/objects/tickets/batch/upsert";
const TICKETS: &str = "/crm/v3/objects/tickets";

fn row(key: &str, properties: Value, trace: &str) -> Value {
    json!({"idProperty": "legacy_ticket_key", "id": key, "properties": properties, "objectWriteTraceId": trace})
}

async fn keyed(switches: &[&str]) -> Portal {
    let portal = Portal::switched(switches).await;
    portal.unique_property("legacy_ticket_key").await;
    portal
}

#[tokio::test]
async fn an_upsert_makes_or_changes_and_says_which() {
    let portal = keyed(&["result_order=input"]).await;
    let both = json!({"legacy_ticket_key": "abc", "subject": "one", "hs_pipeline_stage": "1"});
    let first = json!({"inputs": [row("abc", both, "r18")]});
    let made = portal.post(UPSERT, &first).await.expect(200);
    assert_eq!(made["results"][0]["new"], true);
    let rows = json!({"inputs": [
        row("abc", json!({"content": "more"}), "a"),
        row("def", json!({"hs_pipeline_stage": "1"}), "b"),
        row("ghi", json!({"subject": "no stage"}), "c"),
    ]});
    let body = portal.post(UPSERT, rows).await.expect(207);
    let news: Vec<&Value> = body["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|row| &row["new"])
        .collect();
    assert_eq!(news, [&json!(false), &json!(true)]);
    assert_eq!(body["results"][0]["id"], made["results"][0]["id"]);
    assert_eq!(
        body["errors"][0]["context"]["objectWriteTraceId"],
        json!(["c"])
    );
    assert!(
        body["errors"][0]["message"]
            .as_str()
            .expect("words")
            .contains("required properties")
    );
    // The key came from `id` alone.
    let read = portal
        .get(&format!(
            "{TICKETS}/def?idProperty=legacy_ticket_key&properties=legacy_ticket_key"
        ))
        .await
        .expect(200);
    assert_eq!(read["properties"]["legacy_ticket_key"], "def");
}

#[tokio::test]
async fn an_upsert_is_refused_as_a_whole_where_it_makes_no_sense() {
    let portal = keyed(&[]).await;
    let properties = json!({"hs_pipeline_stage": "1"});
    let twice =
        json!({"inputs": [row("a", properties.clone(), "1"), row("a", properties.clone(), "2")]});
    let body = portal.post(UPSERT, twice).await.expect(400);
    assert_eq!(
        body["message"],
        "Duplicate IDs found in batch input: [a]. IDs must be unique"
    );
    for (property, part) in [
        (
            "subject",
            "Unable to perform update/upsert by non-unique 0-5 property subject",
        ),
        ("hs_object_id", "non-unique 0-5 property hs_object_id"),
    ] {
        let input =
            json!({"inputs": [{"idProperty": property, "id": "1", "properties": properties}]});
        let body = portal.post(UPSERT, input).await.expect(400);
        assert!(
            body["message"].as_str().expect("words").contains(part),
            "{body}"
        );
    }
    let without = json!({"inputs": [{"id": "1", "properties": properties}]});
    portal.post(UPSERT, without).await.expect(400);
    assert_eq!(portal.get(TICKETS).await.expect(200)["results"], json!([]));
}

#[tokio::test]
async fn upserts_of_contacts_go_by_email() {
    let portal = Portal::start().await;
    let input = |email: &str| json!({"inputs": [{"idProperty": "email", "id": email, "properties": {"firstname": "Ada"}}]});
    let path = "/crm/v3/objects/contacts/batch/upsert";
    let made = portal.post(path, input("Ada@X.example")).await.expect(200);
    assert_eq!(
        (
            &made["results"][0]["new"],
            &made["results"][0]["properties"]["email"]
        ),
        (&json!(true), &json!("ada@x.example"))
    );
    let again = portal.post(path, input("ada@x.EXAMPLE")).await.expect(200);
    assert_eq!(
        (&again["results"][0]["new"], &again["results"][0]["id"]),
        (&json!(false), &made["results"][0]["id"])
    );
}

#[tokio::test]
async fn former_values_are_told_newest_first() {
    let portal = Portal::start().await;
    let id = portal.ticket(json!({"subject": "a"})).await;
    let path = format!("{TICKETS}/{id}");
    for subject in ["b", "b", ""] {
        portal
            .patch(&path, json!({"properties": {"subject": subject}}))
            .await
            .expect(200);
    }
    let asked = format!("{path}?propertiesWithHistory=subject,hs_pipeline_stage,nothing");
    let read = portal.get(&asked).await.expect(200);
    let history = &read["propertiesWithHistory"];
    let values = |name: &str| -> Vec<&str> {
        let versions = history[name].as_array().expect("versions").iter();
        versions
            .map(|version| version["value"].as_str().expect("text"))
            .collect()
    };
    // The same value again is no change.
    assert_eq!(values("subject"), ["", "b", "a"]);
    assert_eq!(values("hs_pipeline_stage"), ["1"]);
    assert_eq!(history["nothing"], Value::Null);
    let first = &history["subject"][2];
    assert_eq!(
        (
            &first["timestamp"],
            &first["sourceType"],
            &first["sourceId"]
        ),
        (&read["createdAt"], &json!("INTEGRATION"), &json!("1234567"))
    );
    let batch =
        json!({"inputs": [{"id": id}], "properties": [], "propertiesWithHistory": ["subject"]});
    let body = portal
        .post(&format!("{TICKETS}/batch/read"), batch)
        .await
        .expect(200);
    assert_eq!(
        body["results"][0]["propertiesWithHistory"]["subject"],
        history["subject"]
    );
}

#[tokio::test]
async fn dated_paths_mean_the_same_with_statuses_of_their_own() {
    let portal = keyed(&["result_order=input"]).await;
    let rows = json!({"inputs": [
        {"objectWriteTraceId": "0", "properties": {"hs_pipeline_stage": "1"}},
        {"objectWriteTraceId": "1", "properties": {"hs_pipeline_stage": "99"}},
    ]});
    let good = json!({"inputs": [rows["inputs"][0]]});
    for (version, whole, partial, linked) in [
        ("2025-09", 200, 200, 201),
        ("2026-03", 201, 207, 201),
        ("2026-09", 201, 201, 200),
    ] {
        let path = format!("/crm/objects/{version}/0-5");
        let made = portal
            .post(&format!("{path}/batch/create"), &good)
            .await
            .expect(whole);
        let body = portal
            .post(&format!("{path}/batch/create"), &rows)
            .await
            .expect(partial);
        assert_eq!(
            (&body["numErrors"], body["results"].as_array().map(Vec::len)),
            (&json!(1), Some(1)),
            "{version}"
        );
        let id = made["results"][0]["id"].as_str().expect("an id");
        portal.get(&format!("{path}/{id}")).await.expect(200);
        let page = portal.get(&format!("{path}?limit=1")).await.expect(200);
        let link = page["paging"]["next"]["link"].as_str().expect("a link");
        assert!(
            link.contains(&format!("/crm/objects/{version}/0-5?limit=1&after=")),
            "{link}"
        );
        for path in [
            "pipelines/{V}/tickets",
            "properties/{V}/tickets",
            "owners/{V}",
            "associations/{V}/tickets/contacts/labels",
        ] {
            portal
                .get(&format!("/crm/{}", path.replace("{V}", version)))
                .await
                .expect(200);
        }
        let contact = portal.contact_id().await;
        let pair = json!({"inputs": [{"from": {"id": id}, "to": {"id": contact}, "types": [
            {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 16}]}]});
        let links = format!("/crm/associations/{version}/tickets/contacts/batch");
        let _ = portal
            .post(&format!("{links}/create"), pair)
            .await
            .expect(linked);
        let listed = portal
            .get(&format!("{path}/{id}/associations/contacts"))
            .await;
        match version {
            "2026-09" => assert_eq!(listed.status, 404),
            _ => {
                let listed = listed.expect(200);
                assert_eq!(listed["results"][0]["toObjectId"].to_string(), contact);
            }
        }
        let cut = json!({"inputs": [{"from": {"id": id}, "to": [{"id": contact}]}]});
        let body = portal
            .post(&format!("{links}/archive"), cut)
            .await
            .expect(200);
        for field in ["status", "results", "startedAt", "completedAt"] {
            assert_ne!(body[field], Value::Null, "{version}: {field}");
        }
    }
    let open = Portal::switched(&["list_pairs_2026_09=200"]).await;
    let id = open.ticket(json!({})).await;
    let path = format!("/crm/objects/2026-09/tickets/{id}/associations/contacts");
    open.get(&path).await.expect(200);
    portal.get("/crm/objects/2024-09/tickets").await.expect(404);
}

#[tokio::test]
async fn batches_of_links_and_properties_have_statuses_of_their_own() {
    let portal = Portal::switched(&[]).await;
    let (id, contact) = (portal.ticket(json!({})).await, portal.contact_id().await);
    let types = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 16}]);
    let pairs = json!({"inputs": [
        {"from": {"id": id}, "to": {"id": contact}, "types": types},
        {"from": {"id": id}, "to": {"id": "7"}, "types": types},
    ]});
    for (version, partial, whole, some) in [
        ("2025-09", 207, 201, 207),
        ("2026-03", 207, 201, 207),
        ("2026-09", 200, 200, 200),
    ] {
        let links = format!("/crm/associations/{version}/tickets/contacts/batch/create");
        let body = portal.post(&links, &pairs).await.expect(partial);
        assert_eq!(body["numErrors"], 1, "{version}");
        let read = json!({"inputs": [{"id": id}, {"id": "7"}]});
        let links = format!("/crm/associations/{version}/tickets/contacts/batch/read");
        let _body = portal.post(&links, &read).await.expect(partial);
        let name = format!("own_{}", version.replace('-', "_"));
        let property = json!({"name": name, "label": name, "groupName": "ticketinformation",
                              "type": "string", "fieldType": "text"});
        let make = json!({ "inputs": [property] });
        let path = format!("/crm/properties/{version}/tickets/batch");
        for status in [whole, some] {
            // The second time its name is taken.
            let _body = portal
                .post(&format!("{path}/create"), &make)
                .await
                .expect(status);
        }
        let read = json!({"archived": false, "inputs": [{"name": "nope"}]});
        let body = portal
            .post(&format!("{path}/read"), &read)
            .await
            .expect(some);
        assert_eq!(
            body["errors"][0]["context"],
            json!({"name": ["nope"]}),
            "{version}"
        );
    }
}

#[tokio::test]
async fn rows_say_which_property_and_why() {
    let portal = Portal::switched(&["validation_2026_09=on"]).await;
    let rows = json!({"inputs": [
        {"objectWriteTraceId": "0", "properties": {"hs_pipeline_stage": "4", "subject": "a"}},
        {"objectWriteTraceId": "1", "properties": {"hs_pipeline_stage": "99", "subject": "b"}},
    ]});
    let body = portal
        .post("/crm/objects/2026-09/tickets/batch/create", &rows)
        .await
        .expect(201);
    let row = |trace: &str| {
        let mut errors = body["errors"].as_array().expect("errors").iter();
        let row = errors.find(|row| row["context"]["objectWriteTraceId"][0] == trace);
        row.expect("a row").clone()
    };
    let detail = &row("0")["errors"][0];
    assert_eq!(
        (&detail["code"], &detail["context"]["propertyName"][0]),
        (
            &json!("MISSING_CONDITIONAL_REQUIRED_PROPERTY"),
            &json!("hs_resolution")
        )
    );
    // Where the message holds it, the guide shows no `errors[]`.
    let row = row("1");
    assert_eq!(row["errors"], Value::Null);
    let message = row["message"].as_str().expect("a message");
    assert!(message.contains("INVALID_OPTION") && message.contains("hs_pipeline_stage"));
}

#[tokio::test]
async fn the_rules_of_2026_09_hold_on_its_paths() {
    let portal = Portal::switched(&["validation_2026_09=on"]).await;
    let (old, new) = (
        "/crm/objects/2026-03/tickets",
        "/crm/objects/2026-09/tickets",
    );
    let bare = json!({"properties": {"hs_pipeline_stage": "4"}});
    portal.post(old, &bare).await.expect(201);
    let body = portal.post(new, &bare).await.expect(400);
    assert_eq!(
        (&body["message"], &body["category"]),
        (
            &json!("The property values provided are invalid"),
            &json!("VALIDATION_ERROR")
        )
    );
    let codes: Vec<&Value> = body["errors"]
        .as_array()
        .expect("errors")
        .iter()
        .map(|error| &error["code"])
        .collect();
    assert_eq!(
        codes,
        [
            "MISSING_REQUIRED_PROPERTY",
            "MISSING_CONDITIONAL_REQUIRED_PROPERTY"
        ]
    );
    assert_eq!(
        body["errors"][0]["message"],
        "A value for subject must be provided"
    );

    let dated = json!({"properties": {"hs_pipeline_stage": "1", "subject": "s", "createdate": "2024-02-03"}});
    portal.post(old, &dated).await.expect(400);
    let made = portal.post(new, &dated).await.expect(201);
    assert_eq!(made["properties"]["createdate"], "2024-02-03T00:00:00Z");
    assert_eq!(
        made["warnings"],
        json!([{
            "category": "PROPERTY_VALUE_NORMALIZED",
            "message": "createdate was normalized",
            "context": {"propertyName": "createdate", "rawValue": "2024-02-03", "normalizedValue": "2024-02-03T00:00:00Z"},
        }])
    );
    let off = Portal::start().await;
    off.post(new, &bare).await.expect(201);
}
