//! Literal replies of HubSpot, as the contract quotes them, fed to the client
//! through a transport in memory.

use std::fmt::Debug;

use tickethaul::hubspot::{
    ApiError, BatchReply, CallError, CreateInput, SchemaParts, WrittenRecord,
};
use tickethaul::model::schema::{ObjectType, ValueType};
use tickethaul::model::shelf::Shelf;

use crate::support::canned::{portal, reply};

/// Creates one ticket; the portal answers with this.
async fn create(status: u16, body: &str) -> Result<BatchReply<WrittenRecord>, CallError> {
    let (client, _) = portal(vec![(
        "/crm/v3/objects/tickets/batch/create",
        reply(status, body),
    )]);
    let input = CreateInput {
        trace_id: "549b1c2a9351".to_owned(),
        properties: vec![("subject".into(), "a".to_owned())],
        associations: Vec::new(),
    };
    // Spawned, as the import does it: the call must be able to move between threads.
    let call = async move { client.batch_create(ObjectType::Tickets, &[&input]).await };
    tokio::spawn(call).await.expect("no panic")
}

/// Reads two tickets by key; the portal answers with this.
async fn read(status: u16, body: &str) -> Result<BatchReply, CallError> {
    let (client, _) = portal(vec![(
        "/crm/v3/objects/tickets/batch/read",
        reply(status, body),
    )]);
    let (tickets, ids) = (ObjectType::Tickets, ["5".to_owned(), "6".to_owned()]);
    client
        .batch_read(tickets, Some("key"), &ids, &["key"], Shelf::Live)
        .await
}

fn refused<R: Debug>(outcome: Result<BatchReply<R>, CallError>) -> ApiError {
    match outcome {
        Err(CallError::Refused(error)) => *error,
        other => panic!("a refusal expected, got {other:?}"),
    }
}

fn denied<R: Debug>(outcome: Result<BatchReply<R>, CallError>) -> ApiError {
    match outcome {
        Err(CallError::Denied(error)) => *error,
        other => panic!("a denial expected, got {other:?}"),
    }
}

/// Code, property and value of each problem.
fn problems(error: &ApiError) -> Vec<(&str, &str, Option<&str>)> {
    let parts = error.problems.iter();
    parts
        .map(|p| (p.code.as_str(), p.property.as_str(), p.value.as_deref()))
        .collect()
}

#[tokio::test]
async fn a_partial_success_names_the_rows_that_failed() {
    let reply = create(207, PARTIAL).await.expect("a partial success");
    assert_eq!(reply.results.len(), 1);
    let record = &reply.results[0];
    assert_eq!(
        (record.id.as_str(), record.trace_id.as_deref()),
        ("41085", None)
    );
    assert_eq!(record.get("hs_pipeline_stage"), Some("1"));
    let error = &reply.errors[0];
    assert_eq!(reply.errors.len(), 1);
    assert_eq!(
        (error.status, error.category.as_str()),
        (400, "VALIDATION_ERROR")
    );
    assert_eq!(error.message, "Property values were not valid");
    assert_eq!(error.trace_ids, ["549b1c2a9351"]);
    assert_eq!(
        problems(error),
        [("PROPERTY_DOESNT_EXIST", "missing", None)]
    );
    assert_eq!(
        error.problems[0].message,
        "Property \"missing\" does not exist"
    );
}

#[tokio::test]
async fn a_conflict_of_one_row_names_the_holder() {
    let body = r#"{"status":"COMPLETE","results":[],"numErrors":1,"errors":[{"status":"error","category":"CONFLICT","message":"Contact already exists. Existing ID: 171591000198","context":{"objectWriteTraceId":["0"],"existingId":["171591000198"]}}]}"#;
    let reply = create(207, body).await.expect("a partial success");
    let error = &reply.errors[0];
    assert_eq!(error.status, 409);
    assert_eq!(error.existing_id.as_deref(), Some("171591000198"));
    assert_eq!(error.trace_ids, ["0"]);
}

#[tokio::test]
async fn missing_records_are_entries_however_the_portal_says_so() {
    let grouped = read(207, MISSING).await.expect("a partial success");
    assert_eq!(grouped.results[0].id, "4");
    assert_eq!(grouped.errors[0].category, "OBJECT_NOT_FOUND");
    assert_eq!(grouped.errors[0].ids, ["5", "6"]);
    let body = r#"{"status":"error","message":"Could not get some TICKET objects, they may be deleted or not exist. Check that ids are valid.","correlationId":"c","category":"OBJECT_NOT_FOUND"}"#;
    let whole = read(404, body).await.expect("empty results");
    assert!(whole.results.is_empty());
    assert_eq!(whole.errors[0].ids, ["5", "6"]);
    // Without a category the path itself is missing.
    let body = r#"{"status":"error","message":"resource not found","correlationId":"c"}"#;
    let Err(gone) = read(404, body).await else {
        panic!("an answer")
    };
    let words = gone.to_string();
    assert!(matches!(gone, CallError::Gone { .. }), "{gone:?}");
    assert!(
        words.starts_with("the portal has nothing at /crm/v3/objects/tickets/batch/read (404): resource not found (correlation id c)"),
        "{words}"
    );
}

#[tokio::test]
async fn a_generic_error_keeps_all_that_it_says() {
    let body = r#"{"status":"error","message":"human text","correlationId":"uuid","category":"VALIDATION_ERROR",
        "subCategory":"optional","context":{"key":["values"]},
        "errors":[{"message":"…","code":"SOME_CODE","in":"property name or field","subCategory":"…","context":{"propertyName":["subject"]}}],
        "links":{"k":"url"}}"#;
    let error = refused(create(400, body).await);
    assert_eq!((error.status, error.message.as_str()), (400, "human text"));
    assert_eq!(error.sub_category, "optional");
    assert_eq!(error.correlation_id.as_deref(), Some("uuid"));
    assert_eq!(problems(&error), [("SOME_CODE", "subject", None)]);
}

#[tokio::test]
async fn all_bad_properties_come_with_their_values() {
    let error = refused(create(400, INVALID).await);
    assert_eq!(error.message, "Property values were not valid");
    assert_eq!(
        problems(&error),
        [
            ("PROPERTY_DOESNT_EXIST", "foo", None),
            ("INVALID_OPTION", "hs_ticket_priority", Some("SOON")),
        ]
    );
}

#[tokio::test]
async fn refusals_by_status() {
    let table = [
        (
            400,
            r#"{"status":"error","message":"Invalid input JSON on line 1, column 1: x","correlationId":"c"}"#,
            "Invalid input JSON on line 1, column 1: x",
        ),
        (
            400,
            r#"{"status":"error","message":"One or more associations are invalid","correlationId":"c","context":{"INVALID_OBJECT_IDS":["CONTACT=838 is not valid"]},"category":"VALIDATION_ERROR"}"#,
            "One or more associations are invalid (CONTACT=838 is not valid)",
        ),
        (
            404,
            r#"{"status":"error","message":"Object not found.  objectId are usually numeric.","correlationId":"c","context":{"id":["abc"]},"category":"OBJECT_NOT_FOUND"}"#,
            "Object not found.  objectId are usually numeric.",
        ),
        (
            409,
            r#"{"status":"error","message":"Contact already exists. Existing ID: 123","correlationId":"c","category":"CONFLICT"}"#,
            "Contact already exists. Existing ID: 123",
        ),
        (413, "", "an empty reply"),
        (
            403,
            PAGE,
            "a web page instead of JSON, titled \"Attention Required! | Cloudflare\"",
        ),
    ];
    for (status, body, message) in table {
        let error = refused(create(status, body).await);
        assert_eq!((error.status, error.message.as_str()), (status, message));
        assert!(error.correlation_id.is_some());
        let named = (status == 409).then_some("123");
        assert_eq!(error.existing_id.as_deref(), named);
    }
}

#[tokio::test]
async fn tokens_and_scopes_are_told_apart_from_refusals() {
    let error = denied(create(401, r#"{"status":"error",
        "message":"Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
        "correlationId":"4c0bdb0e","category":"INVALID_AUTHENTICATION"}"#).await);
    assert_eq!(
        (error.status, error.category.as_str()),
        (401, "INVALID_AUTHENTICATION")
    );
    let error = denied(create(403, r#"{"status":"error",
        "message":"This app hasn't been granted all required scopes to make this call. Read more about required scopes here: https://developers.hubspot.com/scopes.",
        "correlationId":"c",
        "errors":[{"message":"One or more of the following scopes are required.",
                   "context":{"requiredGranularScopes":["crm.objects.tickets.write","tickets"]}}],
        "links":{"scopes":"https://developers.hubspot.com/scopes"},
        "category":"MISSING_SCOPES"}"#).await);
    assert!(
        error
            .message
            .ends_with("(crm.objects.tickets.write, tickets)"),
        "{}",
        error.message
    );
}

#[tokio::test]
async fn a_daily_limit_and_a_move_pause_the_run() {
    let daily = r#"{"status":"error","message":"You have reached your daily limit.","errorType":"RATE_LIMIT","correlationId":"c","policyName":"DAILY","requestId":"r"}"#;
    for error in [
        create(429, daily).await.err(),
        read(429, daily).await.err(),
        read(477, "").await.err(),
    ] {
        assert!(matches!(error, Some(CallError::Paused(_))), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_burst_limit_is_waited_out_until_patience_ends() {
    let body = r#"{"status":"error","message":"You have reached your ten_secondly_rolling limit.","errorType":"RATE_LIMIT","correlationId":"c","policyName":"TEN_SECONDLY_ROLLING","requestId":"r"}"#;
    let start = tokio::time::Instant::now();
    let outcome = create(429, body).await;
    assert!(
        matches!(outcome, Err(CallError::Unavailable(_))),
        "{outcome:?}"
    );
    assert!(start.elapsed().as_secs() >= 190, "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn pages_of_the_edge_leave_a_create_unclear_and_a_read_repeated() {
    for status in [400, 500, 502, 503, 504, 521, 522, 523, 524, 525, 526] {
        let outcome = create(status, PAGE).await;
        assert!(
            matches!(outcome, Err(CallError::Ambiguous(_))),
            "{status} {outcome:?}"
        );
    }
    match read(502, PAGE).await {
        Err(CallError::Unavailable(words)) => assert_eq!(
            words,
            "status 502: a web page instead of JSON, titled \"Attention Required! | Cloudflare\" \
             (correlation id from-header), after 6 attempts"
        ),
        other => panic!("{other:?}"),
    }
    let outcome = read(404, PAGE).await;
    assert!(matches!(outcome, Err(CallError::Garbled(_))), "{outcome:?}");
}

#[tokio::test]
async fn a_schema_is_read_whole() {
    let owners_end = r#"{"results":[{"id":"7","email":"a@example.com","firstName":"A","lastName":"B","userId":null,"archived":true}]}"#;
    let (client, replies) = portal(vec![
        (
            "/crm/v3/properties/tickets",
            reply(
                200,
                r#"{"results":[
            {"name":"hs_pipeline","label":"Pipeline","type":"enumeration","fieldType":"select","externalOptions":true,"options":[]},
            {"name":"hs_pipeline_stage","type":"enumeration","fieldType":"select"},
            {"name":"hubspot_owner_id","type":"enumeration","fieldType":"select"},
            {"name":"subject","type":"string","fieldType":"text"}]}"#,
            ),
        ),
        (
            "/crm/v3/properties/contacts",
            reply(
                200,
                r#"{"results":[{"name":"hs_pipeline","type":"enumeration","fieldType":"select"}]}"#,
            ),
        ),
        (
            "/crm/v3/pipelines/tickets",
            reply(
                200,
                r#"{"results":[{"id":"0","label":"Support Pipeline","stages":[]}]}"#,
            ),
        ),
        (
            "/crm/v3/owners?limit=100&archived=false&after=NTI1Cg%253D",
            reply(200, r#"{"results":[{"id":2,"email":"c@example.com"}]}"#),
        ),
        (
            "/crm/v3/owners?limit=100&archived=false",
            reply(
                200,
                r#"{"results":[{"id":"1","email":"b@example.com"}],"paging":{"next":{"after":"NTI1Cg%3D","link":"…"}}}"#,
            ),
        ),
        (
            "/crm/v3/owners?limit=100&archived=true",
            reply(200, owners_end),
        ),
        (
            "/crm/v3/schemas",
            reply(
                200,
                r#"{"results":[{"objectTypeId":"2-7","name":"device","fullyQualifiedName":"p1_device","labels":{"singular":"Device","plural":"Devices"}}]}"#,
            ),
        ),
    ]);
    let schema = client.schema(SchemaParts::ALL).await.expect("a schema");
    let kind = |name: &str| schema.tickets[name].value_type;
    assert_eq!(kind("hs_pipeline"), ValueType::Pipeline);
    assert_eq!(kind("hs_pipeline_stage"), ValueType::Stage);
    assert_eq!(kind("hubspot_owner_id"), ValueType::Owner);
    assert_eq!(kind("subject"), ValueType::String);
    assert_eq!(
        schema.contacts["hs_pipeline"].value_type,
        ValueType::Enumeration
    );
    assert_eq!(schema.pipelines[0].label, "Support Pipeline");
    let owners: Vec<_> = schema
        .owners
        .iter()
        .map(|o| (o.id.as_str(), o.archived))
        .collect();
    assert_eq!(owners, [("1", false), ("2", false), ("7", true)]);
    assert_eq!(schema.custom[0].name, "device");
    assert_eq!(client.calls(), 7);
    assert_eq!(replies.asked().len(), 7);
}

#[tokio::test]
async fn an_account_is_read() {
    let (client, _) = portal(vec![(
        "/account-info/v3/details",
        reply(
            200,
            r#"{"portalId":123,"accountType":"STANDARD","timeZone":"US/Eastern",
        "companyCurrency":"USD","additionalCurrencies":[],"utcOffset":"-05:00","utcOffsetMilliseconds":-18000000,
        "uiDomain":"app.hubspot.com","dataHostingLocation":"na1"}"#,
        ),
    )]);
    let account = client.account().await.expect("an account");
    assert_eq!(account.portal_id, 123);
    assert_eq!(
        account.ticket_url("41085"),
        "https://app.hubspot.com/contacts/123/record/0-5/41085"
    );
}

#[tokio::test]
async fn a_list_with_very_many_properties_is_read_in_two_steps() {
    let (client, replies) = portal(vec![
        (
            "/crm/v3/objects/tickets/batch/read?archived=true",
            reply(
                200,
                r#"{"results":[{"id":"3","properties":{"a":"z"}},{"id":"1","properties":{"a":"x"}}]}"#,
            ),
        ),
        (
            "/crm/v3/objects/tickets?",
            reply(
                200,
                r#"{"results":[{"id":"1"},{"id":"3"}],"paging":{"next":{"after":"4"}}}"#,
            ),
        ),
    ]);
    let many: Vec<String> = (0..400).map(|n| format!("a_property_named_{n}")).collect();
    let page = client
        .list(ObjectType::Tickets, &many, Some("1"), Shelf::RecycleBin)
        .await
        .expect("a page");
    let ids: Vec<_> = page
        .results
        .iter()
        .map(|r| (r.id.as_str(), r.get("a")))
        .collect();
    assert_eq!(ids, [("1", Some("x")), ("3", Some("z"))]);
    assert_eq!(page.after.as_deref(), Some("4"));
    let asked = replies.asked();
    assert_eq!(
        asked[0],
        "GET /crm/v3/objects/tickets?limit=100&archived=true&after=1 "
    );
    assert!(asked[1].ends_with("\"a_property_named_399\"],\"propertiesWithHistory\":[]}"));
}

const PARTIAL: &str = r#"{"status":"COMPLETE",
 "results":[{"id":"41085","properties":{"hs_pipeline":"0","hs_pipeline_stage":"1","hs_object_id":"41085","createdate":"…","hs_lastmodifieddate":"…"},
             "createdAt":"…","updatedAt":"…","archived":false}],
 "numErrors":1,
 "errors":[{"status":"error","category":"VALIDATION_ERROR",
   "message":"Property values were not valid: [{\"isValid\":false,\"message\":\"Property \\\"missing\\\" does not exist\",\"error\":\"PROPERTY_DOESNT_EXIST\",\"name\":\"missing\",\"localizedErrorMessage\":\"Property \\\"missing\\\" does not exist\",\"portalId\":891936587}]",
   "context":{"objectWriteTraceId":["549b1c2a9351"]}}],
 "startedAt":"…","completedAt":"…"}"#;

const MISSING: &str = r#"{"status":"COMPLETE","results":[{"id":"4","properties":{}}],"numErrors":1,
 "errors":[{"status":"error","category":"OBJECT_NOT_FOUND",
   "message":"Could not get some TICKET objects, they may be deleted or not exist. Check that ids are valid.",
   "context":{"ids":["5","6"]}}],
 "startedAt":"…","completedAt":"…"}"#;

const INVALID: &str = r#"{"status":"error",
 "message":"Property values were not valid: [{\"isValid\":false,\"message\":\"Property \\\"foo\\\" does not exist\",\"error\":\"PROPERTY_DOESNT_EXIST\",\"name\":\"foo\",\"localizedErrorMessage\":\"Property \\\"foo\\\" does not exist\",\"portalId\":44237313},{\"isValid\":false,\"message\":\"SOON was not one of the allowed options: [LOW, MEDIUM, HIGH, URGENT]\",\"error\":\"INVALID_OPTION\",\"name\":\"hs_ticket_priority\",\"localizedErrorMessage\":\"…\",\"propertyValue\":\"SOON\",\"portalId\":44237313}]",
 "correlationId":"…",
 "errors":[{"message":"Property \"foo\" does not exist","code":"PROPERTY_DOESNT_EXIST","context":{"propertyName":["foo"]}},
           {"message":"SOON was not one of the allowed options: […]","code":"INVALID_OPTION","context":{"propertyName":["hs_ticket_priority"]}}],
 "category":"VALIDATION_ERROR"}"#;

const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>Attention Required!\n | Cloudflare</title></head><body>no</body></html>";
