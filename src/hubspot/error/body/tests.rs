//! Error bodies as they vary. The contract's literal ones go through the whole
//! client in the integration tests.

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn error(body: &Value) -> ApiError {
    api_error(400, body)
}

fn problem(code: &str, property: &str, value: Option<&str>) -> PropertyProblem {
    PropertyProblem {
        code: code.to_owned(),
        property: property.to_owned(),
        message: "m".to_owned(),
        value: value.map(str::to_owned),
    }
}

/// A message with that many embedded entries.
fn embed(entries: &Value) -> String {
    format!("{EMBEDDED}{entries}")
}

#[test]
fn embedded_entries_and_listed_ones_are_united() {
    let embedded = json!([
        {"message": "m", "error": "INVALID_OPTION", "name": "p", "propertyValue": "SOON"},
        {"message": "m", "error": "INVALID_OPTION", "name": "p", "propertyValue": "LATER"},
        {"message": "m", "error": "INVALID_OPTION", "name": "p", "propertyValue": "SOON"},
    ]);
    let body = json!({"message": embed(&embedded), "errors": [
        {"message": "m", "code": "INVALID_OPTION", "context": {"propertyName": ["p"]}},
        {"message": "m", "code": "INVALID_DATE", "in": "d"},
    ]});
    let error = error(&body);
    assert_eq!(error.message, "Property values were not valid");
    assert_eq!(
        error.problems,
        [
            problem("INVALID_OPTION", "p", Some("SOON")),
            problem("INVALID_OPTION", "p", Some("LATER")),
            problem("INVALID_DATE", "d", None),
        ]
    );
}

#[test]
fn no_field_is_kept_beyond_its_size() {
    let long = "x".repeat(5_000_000);
    let problem = json!({"code": long, "message": long, "in": long,
        "context": {"propertyValue": [long]}});
    let embedded = json!([{"message": long, "error": long, "name": long, "propertyValue": long}]);
    for message in [long.clone(), embed(&embedded)] {
        let body = json!({
            "message": message, "category": long, "subCategory": long, "correlationId": long,
            "errors": [problem],
            "context": {"ids": [long], "objectWriteTraceId": [long], "existingId": [long],
                "properties": [long], "INVALID_OBJECT_IDS": [long]},
        });
        let error = error(&body);
        let size = format!("{error:?}").len();
        assert!(size < 2_000_000, "{size}");
        for word in [
            &error.category,
            &error.sub_category,
            &error.problems[0].code,
        ] {
            assert_eq!(word.len(), contract::ERROR_WORD_LIMIT);
        }
        assert_eq!(error.problems[0].property.len(), contract::ERROR_WORD_LIMIT);
        assert!(error.message.len() <= contract::ERROR_TEXT_LIMIT);
        assert!(error.reference().len() < 400);
    }
}

#[test]
fn a_broken_embedded_array_stays_in_the_message() {
    let whole = format!("{EMBEDDED}[{{\"isValid\":fal");
    let error = error(&json!({"message": whole}));
    assert_eq!(error.message, whole);
    assert!(error.problems.is_empty());
}

#[test]
fn existing_ids_are_found_in_context_or_words() {
    let table = [
        (json!({"context": {"existingId": ["7"]}}), Some("7")),
        (json!({"context": {"existingId": 7}}), Some("7")),
        (
            json!({"message": "Contact already exists. Existing ID: 171591000198"}),
            Some("171591000198"),
        ),
        (
            json!({"message": "Contact already exists. Existing ID: 17, sorry"}),
            Some("17"),
        ),
        (json!({"message": "Contact already exists"}), None),
        (
            json!({"message": embed(&json!([{"message":
            "Cannot set value=12 on 34. 56 already has that value.",
            "error": "CONFLICTING_UNIQUE_VALUE", "name": "k"}]))}),
            Some("56"),
        ),
        (json!({"message": "somebody already has that value"}), None),
        (
            json!({"errorType": "UNIQUE_VALUE_CONFLICT", "errorTokens": {"existingObjectId": ["9001"]}}),
            Some("9001"),
        ),
    ];
    for (body, wanted) in table {
        assert_eq!(error(&body).existing_id.as_deref(), wanted, "{body}");
    }
}

#[test]
fn required_properties_become_problems() {
    let body = json!({"message": "Error creating TICKET. Some required properties were not set.",
        "context": {"properties": ["hs_pipeline_stage"]}, "category": "VALIDATION_ERROR"});
    let problems = error(&body).problems;
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].code, "MISSING_REQUIRED_PROPERTY");
    assert_eq!(problems[0].property, "hs_pipeline_stage");
}

#[test]
fn what_matters_in_the_context_is_told() {
    let scopes = json!({"message": "Not granted.", "errors": [{"message": "m",
        "context": {"requiredGranularScopes": ["a.write", "tickets"]}}]});
    assert_eq!(error(&scopes).message, "Not granted (a.write, tickets)");
    assert!(error(&scopes).problems.is_empty());
    let links = json!({"message": "One or more associations are invalid",
        "context": {"INVALID_OBJECT_IDS": ["CONTACT=838 is not valid"]}});
    assert_eq!(
        error(&links).message,
        "One or more associations are invalid (CONTACT=838 is not valid)"
    );
}

#[test]
fn an_entry_has_the_status_of_its_category() {
    let status = |category: &str| entry(&json!({"category": category})).status;
    assert_eq!(status("VALIDATION_ERROR"), 400);
    assert_eq!(status("CONFLICT"), 409);
    assert_eq!(status("OBJECT_NOT_FOUND"), 404);
    assert_eq!(status("RATE_LIMITS"), 429);
    assert_eq!(status("SOMETHING_NEW"), 207);
}

#[test]
fn texts_are_bounded() {
    let error = error(&json!({"message": "é".repeat(20_000)}));
    assert!(error.message.len() <= contract::ERROR_TEXT_LIMIT);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "(Property values were not valid: |Existing ID: |[0-9]{1,3} already has that value)?.{0,12}"
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        let key = prop_oneof![
            Just("message"),
            Just("errors"),
            Just("context"),
            Just("category"),
            Just("code"),
            Just("propertyName"),
            Just("objectWriteTraceId"),
            Just("existingId"),
            Just("ids"),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key.prop_map(str::to_owned), inner), 0..5)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_body_is_read(json in any_json()) {
        let body = Bytes::from(json.to_string());
        let read = read(&Reply { status: 400, body, ..Reply::default() });
        prop_assert_eq!(read.json, json.is_object());
        prop_assert_eq!(entry(&json).problems, api_error(400, &json).problems);
    }

    #[test]
    fn any_page_is_read(page in "(<TITLE>|<title a=b>)?.{0,40}(</title>)?", status in 300_u16..600) {
        let body = Bytes::from(page);
        let read = read(&Reply { status, body, ..Reply::default() });
        prop_assert!(read.json || !read.error.message.is_empty());
    }
}

#[test]
fn a_taken_value_of_an_activity_is_a_collision_like_others() {
    let body = json!({
        "status": "error",
        "message": "Cannot set PropertyValueCoordinates{portalId=1, objectTypeId=ObjectTypeId{legacyObjectType=NOTE}, propertyName=hs_unique_id, value=zd:7:c:9} on 9002. 9001 already has that value.",
        "errorType": "UNIQUE_VALUE_CONFLICT",
        "errorTokens": {"objectTypeId": ["0-46"], "propertyName": ["hs_unique_id"], "portalId": ["1"],
            "existingObjectId": ["9001"], "conflictingValue": ["zd:7:c:9"], "objectId": ["9002"]},
    });
    for error in [error(&body), entry(&body)] {
        assert_eq!(error.existing_id.as_deref(), Some("9001"));
        let problem = &error.problems[0];
        assert_eq!(problem.code, "CONFLICTING_UNIQUE_VALUE");
        assert_eq!(problem.property, "hs_unique_id");
        assert_eq!(problem.value.as_deref(), Some("zd:7:c:9"));
    }
}
