//! The sandbox: activities on the timelines of tickets, under each of their switches.

use serde_json::{Value, json};

use crate::support::{Answer, Portal};

/// Kind, its type to a ticket, the type back, and what a new one must have.
fn kinds() -> [(&'static str, u32, u32, Value); 6] {
    let at = "2021-03-01T09:00:00Z";
    [
        (
            "notes",
            228,
            227,
            json!({"hs_timestamp": at, "hs_note_body": "<p>Hi</p>"}),
        ),
        (
            "emails",
            224,
            223,
            json!({"hs_timestamp": at, "hs_email_direction": "INCOMING_EMAIL"}),
        ),
        (
            "calls",
            220,
            219,
            json!({"hs_timestamp": at, "hs_call_body": "rang"}),
        ),
        (
            "tasks",
            230,
            229,
            json!({"hs_timestamp": at, "hs_task_subject": "do"}),
        ),
        (
            "meetings",
            226,
            225,
            json!({"hs_timestamp": at, "hs_meeting_title": "met"}),
        ),
        (
            "communications",
            83,
            84,
            json!({"hs_timestamp": at, "hs_communication_channel_type": "SMS",
                   "hs_communication_logged_from": "CRM", "hs_communication_body": "text"}),
        ),
    ]
}

fn to_ticket(type_id: u32, ticket: &str) -> Value {
    json!([{"to": {"id": ticket},
            "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": type_id}]}])
}

async fn note(portal: &Portal, key: &str, ticket: &str) -> Answer {
    let body = json!({
        "properties": {"hs_timestamp": "2021-03-01T09:00:00Z", "hs_note_body": "Hi\nyou", "hs_unique_id": key},
        "associations": to_ticket(228, ticket),
    });
    portal.post("/crm/v3/objects/notes", body).await
}

async fn notes_of(portal: &Portal, ticket: &str) -> usize {
    let path = "/crm/v4/associations/tickets/notes/batch/read";
    let read = portal
        .post(path, json!({"inputs": [{"id": ticket}]}))
        .await
        .json();
    read["results"][0]["to"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn each_kind_is_made_read_searched_and_archived_with_its_ticket() {
    let portal = Portal::switched(&["search_lag=0s", "search_rate=1000/1s"]).await;
    let ticket = portal.ticket(json!({"subject": "one"})).await;
    for (kind, there, back, properties) in kinds() {
        for objects in ["/crm/v3/objects", "/crm/objects/2026-09"] {
            let path = format!("{objects}/{kind}");
            for missing in properties.as_object().expect("properties").keys() {
                let optional = [
                    "hs_note_body",
                    "hs_call_body",
                    "hs_task_subject",
                    "hs_meeting_title",
                ];
                let mut less = properties.clone();
                let _ = less.as_object_mut().expect("properties").remove(missing);
                let answer = portal.post(&path, json!({"properties": less})).await;
                let status = if optional.contains(&missing.as_str()) {
                    201
                } else {
                    400
                };
                let _ = answer.expect(status);
            }
            let inputs = json!({"inputs": [{"objectWriteTraceId": "1", "properties": properties,
                                            "associations": to_ticket(there, &ticket)}]});
            let made = portal
                .post(&format!("{path}/batch/create"), inputs)
                .await
                .expect(201);
            let id = made["results"][0]["id"].as_str().expect("an id").to_owned();
            let read = json!({"properties": ["hs_timestamp"], "inputs": [{"id": id}]});
            let read = portal
                .post(&format!("{path}/batch/read"), read)
                .await
                .expect(200);
            assert_eq!(
                read["results"][0]["properties"]["hs_timestamp"],
                "2021-03-01T09:00:00Z"
            );
            let found = json!({"filterGroups": [{"filters": [
                {"propertyName": "associations.ticket", "operator": "EQ", "value": ticket},
                {"propertyName": "hs_object_id", "operator": "EQ", "value": id}]}]});
            let found = portal
                .post(&format!("{path}/search"), found)
                .await
                .expect(200);
            assert_eq!(found["total"], 1, "{kind}");
            let gone = json!({"inputs": [{"id": id}]});
            portal
                .post(&format!("{path}/batch/archive"), gone)
                .await
                .expect(204);
        }
        let lives = json!({"properties": properties, "associations": to_ticket(there, &ticket)});
        portal
            .post(&format!("/crm/v3/objects/{kind}"), lives)
            .await
            .expect(201);
        let links = format!("/crm/v4/associations/tickets/{kind}/batch/read");
        let links = portal
            .post(&links, json!({"inputs": [{"id": ticket}]}))
            .await
            .expect(200);
        let to = links["results"][0]["to"].as_array().expect("one");
        assert_eq!(
            (to.len(), &to[0]["associationTypes"][0]["typeId"]),
            (1, &json!(back)),
            "{kind}"
        );
        let labels = portal
            .get(&format!("/crm/v4/associations/{kind}/tickets/labels"))
            .await
            .expect(200);
        assert_eq!(labels["results"][0]["typeId"], there, "{kind}");
        let merge = json!({"primaryObjectId": "1", "objectIdToMerge": "2"});
        portal
            .post(&format!("/crm/v3/objects/{kind}/merge"), merge)
            .await
            .expect(404);
    }
}

#[tokio::test]
async fn texts_have_a_length_and_a_form() {
    for (switch, body, back) in [
        ("body_form=kept", "a\nb", "a\nb"),
        (
            "body_form=wrapped",
            "a",
            "<div style=\"\" dir=\"auto\"><p>a</p></div>",
        ),
        ("body_form=breaks", "a\nb", "a<br>b"),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let id = portal
            .made("notes", json!({"hs_timestamp": "0", "hs_note_body": body}))
            .await;
        let read = portal
            .get(&format!(
                "/crm/v3/objects/notes/{id}?properties=hs_note_body"
            ))
            .await;
        assert_eq!(
            read.expect(200)["properties"]["hs_note_body"],
            back,
            "{switch}"
        );
    }
    let portal = Portal::start().await;
    for (body, status) in [("𝄞".repeat(32_768), 201), ("𝄞".repeat(32_769), 400)] {
        let body = json!({"properties": {"hs_timestamp": "0", "hs_note_body": body}});
        let _ = portal
            .post("/crm/v3/objects/notes", body)
            .await
            .expect(status);
    }
}

#[tokio::test]
async fn e_mails_have_headers() {
    let portal = Portal::start().await;
    let mail = |headers: &str| json!({"properties": {"hs_timestamp": "0", "hs_email_direction": "EMAIL", "hs_email_headers": headers}});
    let refused = portal
        .post("/crm/v3/objects/emails", mail("{oops"))
        .await
        .expect(400);
    assert_eq!(refused["errors"][0]["code"], "INVALID_JSON");
    let headers = r#"{"from":{"email":"a@x.example"},"to":[{"email":"b@x.example"}]}"#;
    let made = portal
        .post("/crm/v3/objects/emails", mail(headers))
        .await
        .expect(201);
    let id = made["id"].as_str().expect("an id");
    let read = portal
        .get(&format!(
            "/crm/v3/objects/emails/{id}?properties=hs_email_from_email"
        ))
        .await;
    assert_eq!(
        read.expect(200)["properties"]["hs_email_from_email"],
        "a@x.example"
    );
}

#[tokio::test]
async fn the_key_of_activities_is_kept_or_not() {
    for (switch, status, says, again) in [
        ("activity_key=unique", 200, json!(true), 400),
        ("activity_key=claimed", 200, json!(true), 201),
        ("activity_key=silent", 200, json!(false), 400),
        ("activity_key=plain", 200, json!(false), 201),
        ("activity_key=read-only", 200, json!(true), 400),
        ("activity_key=absent", 404, Value::Null, 400),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let definition = portal
            .get("/crm/v3/properties/notes/hs_unique_id")
            .await
            .expect(status);
        assert_eq!(definition["hasUniqueValue"], says, "{switch}");
        let ticket = portal.ticket(json!({})).await;
        let first = note(&portal, "zd:7:c:9", &ticket).await.status;
        let writable = !["activity_key=read-only", "activity_key=absent"].contains(&switch);
        assert_eq!(first, if writable { 201 } else { 400 }, "{switch}");
        let _ = note(&portal, "zd:7:c:9", &ticket).await.expect(again);
    }
}

#[tokio::test]
async fn collisions_have_three_forms() {
    for (switch, status) in [
        ("activity_collision=400-unique-value", 400),
        ("activity_collision=409", 409),
        ("activity_collision=400", 400),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let ticket = portal.ticket(json!({})).await;
        let holder = note(&portal, "k", &ticket).await.expect(201)["id"].clone();
        let said = note(&portal, "k", &ticket).await.expect(status);
        let named = match switch {
            "activity_collision=409" => &said["context"]["existingId"][0],
            "activity_collision=400" => &said["errors"][0]["code"],
            _ => &said["errorTokens"]["existingObjectId"][0],
        };
        match switch {
            "activity_collision=400" => assert_eq!(*named, "CONFLICTING_UNIQUE_VALUE"),
            _ => assert_eq!(*named, holder, "{switch}"),
        }
        let inputs = json!({"inputs": [{"objectWriteTraceId": "t1", "properties": {"hs_timestamp": "0", "hs_unique_id": "k"}}]});
        let row = portal
            .post("/crm/v3/objects/notes/batch/create", inputs)
            .await
            .expect(207);
        assert_eq!(
            row["errors"][0]["context"]["objectWriteTraceId"],
            json!(["t1"]),
            "{switch}"
        );
    }
    for (switch, status) in [
        ("activity_key_reads=400", 400),
        ("activity_key_reads=works", 200),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let ticket = portal.ticket(json!({})).await;
        note(&portal, "k", &ticket).await.expect(201);
        let read = json!({"idProperty": "hs_unique_id", "inputs": [{"id": "k"}]});
        let _ = portal
            .post("/crm/v3/objects/notes/batch/read", read)
            .await
            .expect(status);
    }
}

#[tokio::test]
async fn properties_of_ones_own_may_be_had() {
    let property = |unique: bool| {
        json!({"name": "haul_key", "label": "Key", "groupName": "engagement", "type": "string",
               "fieldType": "text", "hasUniqueValue": unique})
    };
    for (switch, unique, plain, again) in [
        ("activity_properties=403", 403, 403, None),
        ("activity_properties=201", 201, 409, Some(400)),
        ("activity_properties=unenforced", 201, 409, Some(201)),
        ("activity_properties=400-unique", 400, 201, Some(201)),
        ("activity_properties=400", 400, 400, None),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let path = "/crm/v3/properties/notes";
        let _ = portal.post(path, property(true)).await.expect(unique);
        let _ = portal.post(path, property(false)).await.expect(plain);
        let Some(again) = again else { continue };
        let note = json!({"properties": {"hs_timestamp": "0", "haul_key": "k"}});
        portal
            .post("/crm/v3/objects/notes", note.clone())
            .await
            .expect(201);
        let _ = portal
            .post("/crm/v3/objects/notes", note)
            .await
            .expect(again);
    }
}

#[tokio::test]
async fn scopes_guard_activities() {
    for (switches, status) in [
        (
            [
                "activity_scopes=contacts",
                "missing_scopes=crm.objects.contacts.write",
            ],
            403,
        ),
        (
            [
                "activity_scopes=contacts",
                "missing_scopes=crm.objects.notes.write",
            ],
            201,
        ),
        (
            [
                "activity_scopes=own",
                "missing_scopes=crm.objects.notes.write",
            ],
            403,
        ),
        (
            [
                "activity_scopes=either",
                "missing_scopes=crm.objects.notes.write",
            ],
            201,
        ),
    ] {
        let portal = Portal::switched(&switches).await;
        let note = json!({"properties": {"hs_timestamp": "0", "hs_note_body": "x"}});
        let said = portal
            .post("/crm/v3/objects/notes", note)
            .await
            .expect(status);
        assert_eq!(
            said["category"] == "MISSING_SCOPES",
            status == 403,
            "{switches:?}"
        );
    }
    let portal = Portal::switched(&["missing_scopes=sales-email-read"]).await;
    let mail = json!({"properties": {"hs_timestamp": "0", "hs_email_direction": "EMAIL"}});
    portal
        .post("/crm/v3/objects/emails", mail)
        .await
        .expect(403);
}

#[tokio::test]
async fn associations_of_new_activities_may_be_late_and_lone_ones_refused() {
    let portal = Portal::switched(&["link_lag=300ms", "lone_activity=400"]).await;
    let ticket = portal.ticket(json!({})).await;
    note(&portal, "k", &ticket).await.expect(201);
    assert_eq!(notes_of(&portal, &ticket).await, 0);
    while notes_of(&portal, &ticket).await == 0 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let lone = json!({"properties": {"hs_timestamp": "0"}});
    portal.post("/crm/v3/objects/notes", lone).await.expect(400);
}
