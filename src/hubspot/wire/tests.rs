//! Requests as the contract writes them, replies as portals vary them.

use serde_json::{Value, json};

use super::*;
use crate::hubspot::records::link_type::LinkType;
use crate::hubspot::records::{Association, CreateInput, Page};
use crate::model::schema::{NewProperty, PropertyOption, Stage, ValueType};

fn value(body: serde_json::Result<Vec<u8>>) -> Value {
    serde_json::from_slice(&body.expect("serialised")).expect("JSON")
}

#[test]
fn a_create_names_trace_id_properties_and_links() {
    let inputs = [
        CreateInput {
            trace_id: "0".to_owned(),
            properties: vec![
                ("subject".into(), "Zürich \"1\"\n".to_owned()),
                ("hs_pipeline_stage".into(), "1".to_owned()),
            ],
            associations: vec![Association {
                to: "201".to_owned(),
                types: vec![LinkType::plain(16)],
            }],
        },
        CreateInput {
            trace_id: "1".to_owned(),
            properties: vec![],
            associations: vec![],
        },
    ];
    assert_eq!(
        value(create_body(&inputs.iter().collect::<Vec<_>>())),
        json!({"inputs": [
            {"objectWriteTraceId": "0",
             "properties": {"subject": "Zürich \"1\"\n", "hs_pipeline_stage": "1"},
             "associations": [{"to": {"id": "201"},
               "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 16}]}]},
            {"objectWriteTraceId": "1", "properties": {}},
        ]})
    );
}

#[test]
fn a_read_always_names_properties_and_histories() {
    let ids = ["abc".to_owned(), "def".to_owned()];
    assert_eq!(
        value(read_body(
            Some("legacy_ticket_key"),
            &ids,
            &["subject"],
            &[]
        )),
        json!({"idProperty": "legacy_ticket_key", "inputs": [{"id": "abc"}, {"id": "def"}],
               "properties": ["subject"], "propertiesWithHistory": []})
    );
    assert_eq!(
        value(read_body(None, &ids[..1], &[], &["subject"])),
        json!({"inputs": [{"id": "abc"}], "properties": [], "propertiesWithHistory": ["subject"]})
    );
}

#[test]
fn a_new_property_is_told_whole() {
    let new = NewProperty {
        name: "import_key".to_owned(),
        label: "Import key".to_owned(),
        type_name: "enumeration".to_owned(),
        field_type: "select".to_owned(),
        group: "ticketinformation".to_owned(),
        description: "where it came from".to_owned(),
        unique: true,
        options: vec![PropertyOption {
            label: "A".to_owned(),
            value: "a".to_owned(),
        }],
    };
    assert_eq!(
        value(property_body(&new)),
        json!({"name": "import_key", "label": "Import key", "groupName": "ticketinformation",
               "type": "enumeration", "fieldType": "select", "hasUniqueValue": true,
               "description": "where it came from",
               "options": [{"label": "A", "value": "a", "displayOrder": 0, "hidden": false}]})
    );
}

#[test]
fn records_take_ids_and_values_of_any_kind() {
    let page = page(
        br#"{"results":[{"id":512346889,"properties":{"subject":"a","n":3,"yes":true,"content":null},
             "archived":null,"url":"https://x","new":false}],
            "paging":{"next":{"after":513881705058,"link":"?after"}},"total":1}"#,
    )
    .expect("a page");
    assert_eq!(page.after.as_deref(), Some("513881705058"));
    let record = &page.results[0];
    assert_eq!(record.id, "512346889");
    assert_eq!(
        (record.get("n"), record.get("yes")),
        (Some("3"), Some("true"))
    );
    assert_eq!((record.get("content"), record.archived), (None, false));
}

#[test]
fn a_reply_that_holds_nothing_to_go_by_is_an_error() {
    for body in [
        "{}",
        "[]",
        "7",
        r#"{"results":null}"#,
        r#"{"results":[{"properties":{}}]}"#,
    ] {
        assert!(batch(body.as_bytes()).is_err(), "{body}");
        assert!(page(body.as_bytes()).is_err(), "{body}");
    }
    assert!(account(br#"{"timeZone":"UTC"}"#).is_err());
    assert_eq!(page(br#"{"results":[]}"#).expect("a page"), Page::default());
}

#[test]
fn a_definition_says_what_may_be_written() {
    let read = |json: &str| property(json.as_bytes()).expect("a definition");
    let plain = read(r#"{"name":"a","type":"string","fieldType":"text","label":"A"}"#);
    assert_eq!(
        (plain.value_type, plain.read_only),
        (ValueType::String, false)
    );
    assert!(!plain.unique && !plain.external_options);
    let owner = read(r#"{"name":"o","type":"enumeration","referencedObjectType":"OWNER"}"#);
    assert_eq!(owner.value_type, ValueType::Owner);
    let locked = r#"{"name":"a","modificationMetadata":{"readOnlyValue":true}}"#;
    assert!(read(locked).read_only);
    assert!(read(r#"{"name":"a","calculated":true,"modificationMetadata":null}"#).read_only);
    let boxes = read(
        r#"{"name":"a","type":"enumeration","fieldType":"checkbox","hasUniqueValue":true,
            "externalOptions":true,"options":[{"label":"X","value":1,"hidden":true}]}"#,
    );
    assert_eq!(boxes.value_type, ValueType::MultiEnumeration);
    assert_eq!(boxes.options[0].value, "1");
    assert!(boxes.unique && boxes.external_options);
}

#[test]
fn pipelines_come_in_display_order_without_archived_stages() {
    let found = pipelines(
        br#"{"results":[{"id":"9","label":"B","displayOrder":1,"stages":[]},
            {"id":"0","label":"Support","displayOrder":0,"stages":[
              {"id":"4","label":"Closed","displayOrder":3,"metadata":{"ticketState":"CLOSED"}},
              {"id":"5","label":"Old","displayOrder":2,"archived":true},
              {"id":"1","label":"New","displayOrder":0,"metadata":{"ticketState":"OPEN","isClosed":"false"}}]}]}"#,
    )
    .expect("pipelines");
    let stage = |id: &str, label: &str, closed| Stage {
        id: id.to_owned(),
        label: label.to_owned(),
        closed,
    };
    assert_eq!(
        found.iter().map(|p| p.id.as_str()).collect::<Vec<_>>(),
        ["0", "9"]
    );
    assert_eq!(
        found[0].stages,
        [stage("1", "New", false), stage("4", "Closed", true)]
    );
}
