//! The literal request bodies of the API contract, sent by plain HTTP, and the
//! literal shapes of what comes back: statuses, categories, codes, embedded JSON
//! and headers. Section numbers are the contract's.

use serde_json::{Value, json};

use crate::support::{Answer, Portal};

const TICKETS: &str = "/crm/v3/objects/tickets";

/// The array that follows the fixed words of a validation message (4.2).
fn embedded(message: &Value) -> Value {
    let text = message.as_str().expect("a message");
    let array = text
        .strip_prefix("Property values were not valid: ")
        .expect("the fixed words");
    serde_json::from_str(array).expect("embedded JSON")
}

fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = object
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

async fn n_tickets(portal: &Portal) -> usize {
    let page = portal
        .get(&format!("{TICKETS}?limit=100"))
        .await
        .expect(200);
    page["results"].as_array().expect("results").len()
}

/// C1 §2.1: the create of the guide. Its contact and company are not there.
const CREATE: &str = r#"{"properties":{"hs_pipeline":"0","hs_pipeline_stage":"1","hs_ticket_priority":"HIGH","subject":"troubleshoot report"},
 "associations":[{"to":{"id":201},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":16}]},
                 {"to":{"id":301},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":26}]}]}"#;

#[tokio::test]
async fn a_create_with_unknown_associations_makes_nothing() {
    let portal = Portal::start().await;
    let body = portal.post(TICKETS, CREATE).await.expect(400);
    assert_eq!(body["status"], "error");
    assert_eq!(body["category"], "VALIDATION_ERROR");
    assert_eq!(body["message"], "One or more associations are invalid");
    assert_eq!(
        body["context"]["INVALID_OBJECT_IDS"],
        json!(["CONTACT=201 is not valid", "COMPANY=301 is not valid"])
    );
    assert_eq!(n_tickets(&portal).await, 0);
}

#[tokio::test]
async fn a_create_answers_with_the_ticket() {
    let portal = Portal::start().await;
    let contact = portal.contact_id().await;
    let mut body: Value = serde_json::from_str(CREATE).expect("JSON");
    body["associations"]
        .as_array_mut()
        .expect("associations")
        .truncate(1);
    body["associations"][0]["to"]["id"] = contact.parse::<u64>().expect("a number").into();

    let made = portal.post(TICKETS, &body).await.expect(201);
    let id = made["id"].as_str().expect("an id");
    assert_eq!(id.len(), 11);
    assert_eq!(
        keys(&made),
        ["archived", "createdAt", "id", "properties", "updatedAt"]
    );
    let properties = &made["properties"];
    for (name, value) in body["properties"].as_object().expect("properties") {
        assert_eq!(&properties[name], value);
    }
    assert_eq!(
        (&properties["hs_object_id"], &properties["hs_ticket_id"]),
        (&json!(id), &json!(id))
    );
    assert_eq!(properties["hs_object_source"], "INTEGRATION");
    assert_eq!(properties["hs_is_closed"], "false");
    assert_eq!(made["createdAt"], properties["createdate"]);
    assert_eq!(made["updatedAt"], properties["hs_lastmodifieddate"]);

    let read = portal
        .get(&format!("{TICKETS}/{id}?associations=contacts,companies"))
        .await
        .expect(200);
    assert_eq!(
        read["associations"],
        json!({"contacts": {"results": [{"id": contact, "type": "ticket_to_contact"}]}})
    );
    assert_eq!(
        keys(&read["properties"]),
        [
            "content",
            "createdate",
            "hs_lastmodifieddate",
            "hs_object_id",
            "hs_pipeline",
            "hs_pipeline_stage",
            "hs_ticket_category",
            "hs_ticket_priority",
            "subject",
        ]
    );
    assert_eq!(read["properties"]["content"], Value::Null);
    let back = portal
        .get(&format!(
            "/crm/v3/objects/contacts/{contact}?associations=tickets"
        ))
        .await
        .expect(200);
    assert_eq!(
        back["associations"]["tickets"]["results"],
        json!([{"id": id, "type": "contact_to_ticket"}])
    );
}

#[tokio::test]
async fn a_create_without_a_stage_names_it() {
    let portal = Portal::start().await;
    let body = portal
        .post(TICKETS, json!({"properties": {"subject": "no stage"}}))
        .await
        .expect(400);
    assert_eq!(
        body["message"],
        "Error creating TICKET. Some required properties were not set."
    );
    assert_eq!(
        body["context"],
        json!({"properties": ["hs_pipeline_stage"]})
    );
    assert_eq!(body["category"], "VALIDATION_ERROR");
}

/// C1 §2.6: one good row and the bad row of HubSpot's own example.
const BATCH: &str = r#"{"inputs":[
 {"objectWriteTraceId":"549b1c2a9350","properties":{"hs_pipeline_stage":"1"}},
 {"objectWriteTraceId":"549b1c2a9351","properties":{"hs_pipeline_stage":"1","missing":"x"}}]}"#;

#[tokio::test]
async fn a_traced_batch_loses_only_its_bad_row() {
    let portal = Portal::start().await;
    let body = portal
        .post(&format!("{TICKETS}/batch/create"), BATCH)
        .await
        .expect(207);
    assert_eq!(
        keys(&body),
        [
            "completedAt",
            "errors",
            "numErrors",
            "results",
            "startedAt",
            "status"
        ]
    );
    assert_eq!(
        (&body["status"], &body["numErrors"]),
        (&json!("COMPLETE"), &json!(1))
    );
    let made = &body["results"][0];
    assert_eq!(body["results"].as_array().expect("results").len(), 1);
    assert_eq!(
        keys(made),
        ["archived", "createdAt", "id", "properties", "updatedAt"]
    );
    assert_eq!(
        (
            &made["properties"]["hs_pipeline"],
            &made["properties"]["hs_pipeline_stage"]
        ),
        (&json!("0"), &json!("1"))
    );

    let error = &body["errors"][0];
    assert_eq!(keys(error), ["category", "context", "message", "status"]);
    assert_eq!(
        (&error["status"], &error["category"]),
        (&json!("error"), &json!("VALIDATION_ERROR"))
    );
    assert_eq!(
        error["context"],
        json!({"objectWriteTraceId": ["549b1c2a9351"]})
    );
    let account = portal.get("/account-info/v3/details").await.expect(200);
    assert_eq!(
        embedded(&error["message"]),
        json!([{
            "isValid": false,
            "message": "Property \"missing\" does not exist",
            "error": "PROPERTY_DOESNT_EXIST",
            "name": "missing",
            "localizedErrorMessage": "Property \"missing\" does not exist",
            "portalId": account["portalId"],
        }])
    );
    assert_eq!(n_tickets(&portal).await, 1);
}

#[tokio::test]
async fn an_untraced_batch_fails_as_a_whole() {
    let portal = Portal::start().await;
    for dropped in [
        r#""objectWriteTraceId":"549b1c2a9350","#,
        r#""objectWriteTraceId":"549b1c2a9351","#,
    ] {
        let body = portal
            .post(
                &format!("{TICKETS}/batch/create"),
                BATCH.replace(dropped, ""),
            )
            .await
            .expect(400);
        assert_eq!(body["category"], "VALIDATION_ERROR");
        assert_eq!(body["errors"][0]["code"], "PROPERTY_DOESNT_EXIST");
        assert_eq!(
            body["errors"][0]["context"],
            json!({"propertyName": ["missing"]})
        );
        assert_eq!(
            embedded(&body["message"])
                .as_array()
                .expect("entries")
                .len(),
            1
        );
    }
    let twice = BATCH.replace("549b1c2a9351", "549b1c2a9350");
    let body = portal
        .post(&format!("{TICKETS}/batch/create"), twice)
        .await
        .expect(400);
    assert_eq!(
        body["context"]["objectWriteTraceId"],
        json!(["549b1c2a9350"])
    );
    assert_eq!(n_tickets(&portal).await, 0);
}

#[tokio::test]
async fn batches_hold_a_hundred() {
    let portal = Portal::start().await;
    let many = json!({"inputs": vec![json!({"properties": {"hs_pipeline_stage": "1"}}); 101]});
    let ids = json!({"inputs": vec![json!({"id": "1"}); 101]});
    for (verb, body) in [("create", &many), ("read", &ids), ("archive", &ids)] {
        let refused = portal
            .post(&format!("{TICKETS}/batch/{verb}"), body)
            .await
            .expect(400);
        assert_eq!(refused["category"], "VALIDATION_ERROR", "{verb}");
        assert_eq!(
            refused["message"],
            "The maximum number of inputs supported in a batch is 100. Please reduce the number of items and try again"
        );
    }
    let mut history =
        json!({"inputs": vec![json!({"id": "1"}); 51], "propertiesWithHistory": ["subject"]});
    let path = format!("{TICKETS}/batch/read");
    let refused = portal.post(&path, &history).await.expect(400);
    assert_eq!(
        refused["message"],
        "The maximum number of inputs supported in a batch request for property histories is 50. \
         Please reduce the number of items and try again"
    );
    history["propertiesWithHistory"] = json!([]);
    portal.post(&path, &history).await.expect(207);
    assert_eq!(n_tickets(&portal).await, 0);
}

/// C1 §2.6: a contact that is there already.
#[tokio::test]
async fn a_taken_email_is_a_conflict() {
    let portal = Portal::start().await;
    let known = portal
        .get("/crm/v3/objects/contacts?limit=1")
        .await
        .expect(200)["results"][0]
        .clone();
    let (id, email) = (
        known["id"].as_str().expect("an id"),
        &known["properties"]["email"],
    );
    let path = "/crm/v3/objects/contacts/batch/create";
    let row = json!({"objectWriteTraceId": "0", "properties": {"email": email}});

    let body = portal
        .post(path, json!({"inputs": [row]}))
        .await
        .expect(207);
    let message = format!("Contact already exists. Existing ID: {id}");
    assert_eq!(
        body["errors"],
        json!([{"status": "error", "category": "CONFLICT", "message": message,
                "context": {"objectWriteTraceId": ["0"], "existingId": [id]}}])
    );
    let body = portal
        .post(path, json!({"inputs": [{"properties": {"email": email}}]}))
        .await
        .expect(409);
    assert_eq!(
        (&body["category"], &body["message"]),
        (&json!("CONFLICT"), &json!("Contact already exists"))
    );
    let body = portal
        .post(
            "/crm/v3/objects/contacts",
            json!({"properties": {"email": email}}),
        )
        .await
        .expect(409);
    assert_eq!(
        (&body["category"], &body["message"]),
        (&json!("CONFLICT"), &json!(message))
    );
}

/// C1 §2.7: reading by a unique property.
const READ: &str = r#"{"idProperty":"legacy_ticket_key","inputs":[{"id":"abc"},{"id":"def"}],
 "properties":["subject","hs_pipeline_stage","legacy_ticket_key"],"propertiesWithHistory":[]}"#;

#[tokio::test]
async fn a_read_by_key_finds_what_is_there() {
    let portal = Portal::start().await;
    let path = format!("{TICKETS}/batch/read");
    let refused = portal.post(&path, READ).await.expect(400);
    assert_eq!(refused["category"], "VALIDATION_ERROR");
    assert!(
        refused["message"]
            .as_str()
            .expect("words")
            .contains("non-unique 0-5 property legacy_ticket_key")
    );

    portal.unique_property("legacy_ticket_key").await;
    let none = portal.post(&path, READ).await.expect(207);
    assert_eq!(
        (&none["results"], &none["numErrors"]),
        (&json!([]), &json!(1))
    );
    assert_eq!(none["errors"][0]["context"], json!({"ids": ["abc", "def"]}));

    let ticket = json!({"properties": {"hs_pipeline_stage": "1", "legacy_ticket_key": "abc"}});
    let made = portal.post(TICKETS, ticket).await.expect(201);
    let body = portal.post(&path, READ).await.expect(207);
    let found = &body["results"][0];
    assert_eq!(found["id"], made["id"]);
    assert_eq!(
        keys(&found["properties"]),
        [
            "createdate",
            "hs_lastmodifieddate",
            "hs_object_id",
            "hs_pipeline_stage",
            "legacy_ticket_key",
            "subject"
        ]
    );
    assert_eq!(found["properties"]["subject"], Value::Null);
    assert_eq!(
        body["errors"],
        json!([{"status": "error", "category": "OBJECT_NOT_FOUND",
                "message": "Could not get some TICKET objects, they may be deleted or not exist. Check that ids are valid.",
                "context": {"ids": ["def"]}}])
    );
}

#[tokio::test]
async fn a_read_by_id_groups_the_missing() {
    let portal = Portal::start().await;
    let read =
        json!({"inputs": [{"id": "5"}, {"id": 6}, {"id": "5"}, {"id": "x"}], "properties": []});
    let body = portal
        .post(&format!("{TICKETS}/batch/read"), read)
        .await
        .expect(207);
    assert_eq!(body["numErrors"], 1);
    assert_eq!(body["errors"][0]["context"]["ids"], json!(["5", "6", "x"]));
}

#[tokio::test]
async fn the_same_id_twice_fails_an_update() {
    let portal = Portal::start().await;
    let made = portal
        .post(TICKETS, json!({"properties": {"hs_pipeline_stage": "1"}}))
        .await
        .expect(201);
    let id = made["id"].as_str().expect("an id");
    let inputs = json!({"inputs": [
        {"id": id, "properties": {"subject": "a"}, "objectWriteTraceId": "r1"},
        {"id": id, "properties": {"subject": "b"}, "objectWriteTraceId": "r2"},
    ]});
    let body = portal
        .post(&format!("{TICKETS}/batch/update"), inputs)
        .await
        .expect(400);
    assert_eq!(
        body["message"],
        format!("Duplicate IDs found in batch input: [{id}]. IDs must be unique")
    );
    assert_eq!(
        (&body["context"], &body["category"]),
        (&json!({"ids": [id]}), &json!("VALIDATION_ERROR"))
    );
}

/// C1 §2.8: the update of the contract; its id leads nowhere.
#[tokio::test]
async fn an_update_of_unknown_ids_names_them() {
    let portal = Portal::start().await;
    let made = portal
        .post(TICKETS, json!({"properties": {"hs_pipeline_stage": "1"}}))
        .await
        .expect(201);
    let inputs = json!({"inputs": [
        {"id": "512346889", "properties": {"hs_pipeline_stage": "4"}, "objectWriteTraceId": "r17"},
        {"id": made["id"], "properties": {"hs_pipeline_stage": "4"}, "objectWriteTraceId": "r18"},
    ]});
    let body = portal
        .post(&format!("{TICKETS}/batch/update"), inputs)
        .await
        .expect(207);
    assert_eq!(body["results"][0]["properties"]["hs_pipeline_stage"], "4");
    assert_eq!(body["results"][0]["properties"]["hs_is_closed"], "true");
    assert_eq!(body["errors"][0]["category"], "OBJECT_NOT_FOUND");
    assert_eq!(
        body["errors"][0]["context"],
        json!({"ids": ["512346889"], "objectWriteTraceId": ["r17"]})
    );
}

/// C1 §4.2: every bad property of a request is told at once.
#[tokio::test]
async fn bad_values_are_told_together() {
    let portal = Portal::start().await;
    let request =
        r#"{"properties":{"hs_pipeline_stage":"1","foo":"bar","hs_ticket_priority":"SOON"}}"#;
    let body = portal.post(TICKETS, request).await.expect(400);
    assert_eq!(
        keys(&body),
        ["category", "correlationId", "errors", "message", "status"]
    );
    let options = "SOON was not one of the allowed options: [LOW, MEDIUM, HIGH, URGENT]";
    assert_eq!(
        body["errors"],
        json!([
            {"message": "Property \"foo\" does not exist", "code": "PROPERTY_DOESNT_EXIST", "context": {"propertyName": ["foo"]}},
            {"message": options, "code": "INVALID_OPTION", "context": {"propertyName": ["hs_ticket_priority"]}},
        ])
    );
    let entries = embedded(&body["message"]);
    assert_eq!(
        keys(&entries[0]),
        [
            "error",
            "isValid",
            "localizedErrorMessage",
            "message",
            "name",
            "portalId"
        ]
    );
    assert_eq!(
        keys(&entries[1]),
        [
            "error",
            "isValid",
            "localizedErrorMessage",
            "message",
            "name",
            "portalId",
            "propertyValue"
        ]
    );
    assert_eq!(
        (&entries[1]["propertyValue"], &entries[1]["message"]),
        (&json!("SOON"), &json!(options))
    );
}

/// The table of 4.2, one value each.
#[tokio::test]
async fn each_bad_value_has_its_code() {
    let portal = Portal::start().await;
    for (name, value, code, message) in [
        (
            "hs_pipeline_stage",
            "registered",
            "INVALID_OPTION",
            "registered is not a valid pipeline stage ID. Valid options are: pipelineId=0 : [1, 2, 3, 4]",
        ),
        (
            "hs_object_id",
            "1",
            "READ_ONLY_VALUE",
            "\"hs_object_id\" is a read only property; its value cannot be set.",
        ),
        (
            "hs_is_closed",
            "true",
            "READ_ONLY_VALUE",
            "\"hs_is_closed\" is a calculated property; its value cannot be set.",
        ),
        (
            "created_by",
            "many",
            "INVALID_INTEGER",
            "many was not a valid number",
        ),
        (
            "createdate",
            "yesterday",
            "INVALID_LONG",
            "yesterday was not a valid long.",
        ),
        (
            "hs_read_only",
            "perhaps",
            "INVALID_OPTION",
            "perhaps was not one of the allowed options: [true, false]",
        ),
        (
            "hs_ticket_category",
            "BILLING_ISSUE;x",
            "INVALID_OPTION",
            "x was not one of the allowed options: [PRODUCT_ISSUE, BILLING_ISSUE, FEATURE_REQUEST, GENERAL_INQUIRY]",
        ),
    ] {
        let mut properties = json!({"hs_pipeline_stage": "1"});
        properties[name] = value.into();
        let body = portal
            .post(TICKETS, json!({"properties": properties}))
            .await
            .expect(400);
        let entry = &embedded(&body["message"])[0];
        assert_eq!(
            (&entry["error"], &entry["name"]),
            (&json!(code), &json!(name))
        );
        assert_eq!(
            (&entry["message"], &entry["propertyValue"]),
            (&json!(message), &json!(value))
        );
    }
}

/// 4.4 and 1.2.
#[tokio::test]
async fn other_refusals_have_their_forms() {
    let portal = Portal::start().await;
    let message = |answer: &Answer| {
        answer.json()["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };

    let answer = portal
        .post(&format!("{TICKETS}/batch/create"), r#"{"results":[]}"#)
        .await;
    answer.expect(400);
    assert_eq!(
        message(&answer),
        "Invalid input JSON on line 1, column 14: Some required fields were not set: [inputs]"
    );
    let answer = portal.post(TICKETS, "oops").await;
    assert!(
        message(&answer).starts_with("Invalid input JSON on line 1, column 1: "),
        "{answer:?}"
    );
    assert_eq!(
        keys(&answer.expect(400)),
        ["correlationId", "message", "status"]
    );
    let answer = portal.post(TICKETS, "{}").await;
    assert!(
        message(&answer).contains("some of required attributes are not set [properties]"),
        "{answer:?}"
    );
    let answer = portal.get("/crm/v3/objects/butterflies").await;
    assert_eq!(
        (answer.status, message(&answer).as_str()),
        (400, "Unable to infer object type from: butterflies")
    );
    for path in [
        format!("{TICKETS}/512346889"),
        "/crm/v3/nowhere".to_owned(),
        "/".to_owned(),
    ] {
        let answer = portal.get(&path).await;
        assert_eq!(
            (answer.status, message(&answer).as_str()),
            (404, "resource not found"),
            "{path}"
        );
    }
    let body = portal.get(&format!("{TICKETS}/abc")).await.expect(404);
    assert_eq!(
        body["message"],
        "Object not found.  objectId are usually numeric."
    );
    assert_eq!(
        (&body["context"], &body["category"]),
        (&json!({"id": ["abc"]}), &json!("OBJECT_NOT_FOUND"))
    );
    assert_eq!(portal.call("PUT", TICKETS, "{}").await.status, 405);

    let body = Answer::of(&portal.bytes("GET", TICKETS, "wrong", "").await).expect(401);
    assert_eq!(body["category"], "INVALID_AUTHENTICATION");
    assert!(
        body["message"]
            .as_str()
            .expect("words")
            .starts_with("Authentication credentials not found.")
    );
}

/// 6: the property that ties rows to tickets.
const PROPERTY: &str = r#"{"name":"import_key","label":"Import key","groupName":"ticketinformation","type":"string","fieldType":"text","hasUniqueValue":true}"#;

#[tokio::test]
async fn a_property_is_made_once() {
    let portal = Portal::start().await;
    let path = "/crm/v3/properties/tickets";
    let made = portal.post(path, PROPERTY).await.expect(201);
    for field in [
        "name",
        "label",
        "type",
        "fieldType",
        "description",
        "groupName",
        "options",
        "displayOrder",
        "calculated",
        "externalOptions",
        "hasUniqueValue",
        "hidden",
        "hubspotDefined",
        "formField",
        "dataSensitivity",
        "modificationMetadata",
        "createdAt",
        "updatedAt",
    ] {
        assert!(!made[field].is_null(), "{field} in {made}");
    }
    assert_eq!(
        (&made["hasUniqueValue"], &made["hubspotDefined"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(made["modificationMetadata"]["readOnlyValue"], false);
    assert_eq!(
        portal.get(&format!("{path}/import_key")).await.expect(200),
        made
    );
    let all = portal.get("/crm/v3/properties/0-5").await.expect(200);
    assert!(all["results"].as_array().expect("results").contains(&made));

    let body = portal.post(path, PROPERTY).await.expect(409);
    assert_eq!(
        body["message"],
        "A property named 'import_key' already exists."
    );
    assert_eq!(body["category"], "OBJECT_ALREADY_EXISTS");
    assert_eq!(body["subCategory"], "Properties.PROPERTY_WITH_NAME_EXISTS");
    assert_eq!(body["context"], json!({"name": ["import_key"]}));

    let lost = PROPERTY
        .replace("import_key", "other")
        .replace("ticketinformation", "nowhere");
    portal.post(path, lost).await.expect(400);
    let body = portal.get(&format!("{path}/nothing")).await.expect(404);
    assert!(
        body["message"]
            .as_str()
            .expect("words")
            .starts_with("No Property exists with name 'nothing'")
    );
}

#[tokio::test]
async fn ten_properties_may_be_unique() {
    let portal = Portal::start().await;
    for n in 0..10 {
        portal.unique_property(&format!("key_{n}")).await;
    }
    portal
        .post("/crm/v3/properties/tickets", PROPERTY)
        .await
        .expect(400);
    let plain = PROPERTY.replace(r#","hasUniqueValue":true"#, "");
    portal
        .post("/crm/v3/properties/tickets", plain)
        .await
        .expect(201);
}

#[tokio::test]
async fn groups_are_listed_and_made() {
    let portal = Portal::start().await;
    let path = "/crm/v3/properties/tickets/groups";
    let group = json!({"name": "migration", "label": "Migration"});
    portal.post(path, &group).await.expect(201);
    portal.post(path, &group).await.expect(409);
    let all = portal.get(path).await.expect(200);
    let names: Vec<&Value> = all["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(|group| &group["name"])
        .collect();
    assert_eq!(
        names,
        [
            "migration",
            "ticket_activity",
            "ticket_ai_enrichment",
            "ticketinformation"
        ]
    );
}

/// C1 §7.1: the default pipeline, to the letter.
#[tokio::test]
async fn pipelines_are_as_described() {
    let portal = Portal::start().await;
    let all = portal.get("/crm/v3/pipelines/tickets").await.expect(200);
    let first = &all["results"][0];
    assert_eq!(
        (&first["id"], &first["label"], &first["displayOrder"]),
        (&json!("0"), &json!("Support Pipeline"), &json!(0))
    );
    assert_eq!(
        first["stages"][0],
        json!({"id": "1", "label": "New", "displayOrder": 0, "metadata": {"ticketState": "OPEN", "isClosed": "false"},
               "createdAt": "1970-01-01T00:00:00Z", "updatedAt": "1970-01-01T00:00:00Z", "archived": false,
               "writePermissions": "CRM_PERMISSIONS_ENFORCEMENT"})
    );
    assert_eq!(
        first["stages"][3]["metadata"],
        json!({"ticketState": "CLOSED", "isClosed": "true"})
    );
    let second = &all["results"][1];
    assert_eq!(second["stages"][0]["label"], first["stages"][0]["label"]);
    let id = second["id"].as_str().expect("an id");
    assert_eq!(
        &portal
            .get(&format!("/crm/v3/pipelines/tickets/{id}"))
            .await
            .expect(200),
        second
    );
    let stages = portal
        .get(&format!("/crm/v3/pipelines/tickets/{id}/stages"))
        .await
        .expect(200);
    assert_eq!(stages["results"], second["stages"]);
    portal.get("/crm/v3/pipelines/tickets/9").await.expect(404);
}

/// 7.2.
#[tokio::test]
async fn owners_come_in_pages() {
    let portal = Portal::start().await;
    let (mut seen, mut path) = (Vec::new(), "/crm/v3/owners?limit=3".to_owned());
    loop {
        let page = portal.get(&path).await.expect(200);
        seen.extend(page["results"].as_array().expect("results").clone());
        let Some(link) = page["paging"]["next"]["link"].as_str() else {
            break;
        };
        path = link
            .strip_prefix(&portal.sandbox.base_url())
            .expect("our address")
            .to_owned();
        assert!(path.contains(page["paging"]["next"]["after"].as_str().expect("a cursor")));
    }
    assert_eq!(seen.len(), 7);
    assert_eq!(
        seen.iter()
            .filter(|owner| owner["lastName"] == "Kim" && owner["firstName"] == "Alex")
            .count(),
        2
    );
    let gone = portal.get("/crm/v3/owners?archived=true").await.expect(200);
    assert_eq!(
        (
            &gone["results"][0]["userId"],
            &gone["results"][0]["archived"]
        ),
        (&Value::Null, &json!(true))
    );
    assert!(gone["results"][0]["userIdIncludingInactive"].is_number());
    let one = portal
        .get("/crm/v3/owners?email=MAYA.Lindqvist@northwind-support.example")
        .await
        .expect(200);
    assert_eq!(one["results"].as_array().expect("results").len(), 1);
    portal.get("/crm/v3/owners?limit=501").await.expect(400);
}

/// 4.5 and 5.
#[tokio::test]
async fn the_allowance_is_told_and_kept() {
    let options = tickethaul::sandbox::Options {
        rate: "2/10s".parse().expect("a rate"),
        ..tickethaul::sandbox::Options::default()
    };
    let portal = Portal::with(options).await;
    for remaining in ["1", "0"] {
        let answer = portal.get("/account-info/v3/details").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("X-HubSpot-RateLimit-Max"), Some("2"));
        assert_eq!(
            answer.header("X-HubSpot-RateLimit-Remaining"),
            Some(remaining)
        );
        assert_eq!(
            answer.header("X-HubSpot-RateLimit-Interval-Milliseconds"),
            Some("10000")
        );
        for name in ["Daily", "Daily-Remaining", "Secondly", "Secondly-Remaining"] {
            assert!(
                answer
                    .header(&format!("X-HubSpot-RateLimit-{name}"))
                    .is_some(),
                "{name}"
            );
        }
    }
    Answer::of(&portal.bytes("GET", "/", "wrong", "").await).expect(401);
    let answer = portal.get("/account-info/v3/details").await;
    let body = answer.expect(429);
    assert_eq!(
        keys(&body),
        [
            "correlationId",
            "errorType",
            "message",
            "policyName",
            "requestId",
            "status"
        ]
    );
    assert_eq!(
        body["message"],
        "You have reached your ten_secondly_rolling limit."
    );
    assert_eq!(
        (&body["errorType"], &body["policyName"]),
        (&json!("RATE_LIMIT"), &json!("TEN_SECONDLY_ROLLING"))
    );
    assert_eq!(answer.header("Retry-After"), None);
    assert_eq!(answer.header("X-HubSpot-RateLimit-Remaining"), Some("0"));
}

/// 4.1.
#[tokio::test]
async fn every_reply_has_a_date_and_a_correlation_id() {
    let portal = Portal::start().await;
    for answer in [
        portal.get("/account-info/v3/details").await,
        portal.get("/crm/v3/nowhere").await,
        Answer::of(&portal.bytes("GET", "/", "wrong", "").await),
    ] {
        let date = answer.header("Date").expect("a date");
        assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
        let id = answer.header("x-hubspot-correlation-id").expect("an id");
        assert_eq!(
            answer.header("Content-Type"),
            Some("application/json;charset=utf-8")
        );
        if answer.status >= 400 {
            assert_eq!(answer.json()["correlationId"], id);
        }
    }
}
