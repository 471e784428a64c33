//! Every call as docs/contract.md has it: what the client asks, in both shapes of the
//! paths, and how it understands literal replies.

use tickethaul::hubspot::{
    ApiVersion, CallError, Comparison, CreateInput, Filter, LinkInput, LinkType, PropertyGroup,
    Reply, Search, SearchError, Settings, Sort, Test, WriteInput,
};
use tickethaul::model::schema::{ObjectType, PropertyOption};
use tickethaul::model::shelf::Shelf;

use crate::support::canned::{numbered, portal, portal_with, reply};

const TICKETS: ObjectType = ObjectType::Tickets;
const CONTACTS: ObjectType = ObjectType::Contacts;

fn dated() -> Settings {
    Settings {
        api: ApiVersion::V2026_09,
        ..Settings::default()
    }
}

fn values(pairs: &[(&str, &str)]) -> Vec<(std::sync::Arc<str>, String)> {
    let own = |(name, value): &(&str, &str)| ((*name).into(), (*value).to_owned());
    pairs.iter().map(own).collect()
}

fn write(id: &str, pairs: &[(&str, &str)]) -> WriteInput {
    WriteInput {
        trace_id: "r17".to_owned(),
        id: id.to_owned(),
        properties: values(pairs),
    }
}

const ONE: &str = r#"{"id":"512346889","properties":{"hs_pipeline_stage":"4","subject":"troubleshoot report"},
    "createdAt":"2026-09-01T10:00:00.123Z","updatedAt":"2026-09-01T10:00:00.123Z","archived":false,
    "url":"https://app.hubspot.com/contacts/123456/record/0-5/512346889"}"#;
const BATCH: &str = r#"{"status":"COMPLETE","results":[{"id":"512346889","properties":{},"new":true}],
    "startedAt":"…","completedAt":"…"}"#;
const NOT_FOUND: &str = r#"{"status":"error","message":"resource not found","correlationId":"c"}"#;

#[tokio::test]
async fn batches_are_updated_upserted_and_archived() {
    for (settings, base) in [
        (numbered(), "/crm/v3/objects/tickets"),
        (dated(), "/crm/objects/2026-09/tickets"),
    ] {
        let (client, replies) = portal_with(settings, vec![("/crm", reply(200, BATCH))]);
        let input = write("512346889", &[("hs_pipeline_stage", "4")]);
        let done = client.batch_update(TICKETS, None, &[&input]).await;
        assert_eq!(done.expect("a reply").results[0].id, "512346889");
        let input = write("abc", &[("subject", "a")]);
        let done = client.batch_upsert(TICKETS, "import_key", &[&input]).await;
        assert_eq!(done.expect("a reply").results[0].created, Some(true));
        let ids = ["5".to_owned(), "6".to_owned()];
        let done = client.batch_archive(TICKETS, &ids).await.expect("a reply");
        assert!(!done.may_come_late);
        assert_eq!(
            replies.asked(),
            [
                format!(
                    r#"POST {base}/batch/update {{"inputs":[{{"id":"512346889","properties":{{"hs_pipeline_stage":"4"}},"objectWriteTraceId":"r17"}}]}}"#
                ),
                format!(
                    r#"POST {base}/batch/upsert {{"inputs":[{{"idProperty":"import_key","id":"abc","properties":{{"subject":"a","import_key":"abc"}},"objectWriteTraceId":"r17"}}]}}"#
                ),
                format!(r#"POST {base}/batch/archive {{"inputs":[{{"id":"5"}},{{"id":"6"}}]}}"#),
            ]
        );
    }
}

#[tokio::test]
async fn an_empty_reply_to_an_archive_is_its_success() {
    let (client, _) = portal(vec![("/crm", reply(204, ""))]);
    let done = client.batch_archive(TICKETS, &["5".to_owned()]).await;
    assert_eq!(done.expect("a reply").errors, []);
    client.delete(TICKETS, "5").await.expect("gone");
}

#[tokio::test]
async fn unknown_ids_of_an_update_come_as_one_entry() {
    let body = r#"{"status":"COMPLETE","results":[],"numErrors":1,"errors":[{"status":"error","category":"OBJECT_NOT_FOUND",
        "message":"Could not get some TICKET objects, they may be deleted or not exist. Check that ids are valid.",
        "context":{"ids":["5","6"],"objectWriteTraceId":["r5","r6"]}}],"startedAt":"…","completedAt":"…"}"#;
    let (client, _) = portal(vec![("/crm", reply(207, body))]);
    let input = write("5", &[("subject", "a")]);
    let done = client.batch_update(TICKETS, None, &[&input]).await;
    let error = &done.expect("a reply").errors[0];
    assert_eq!(
        (error.status, &error.trace_ids[..]),
        (404, &["r5".to_owned(), "r6".to_owned()][..])
    );
    assert_eq!(error.ids, ["5", "6"]);
}

#[tokio::test]
async fn records_are_created_read_updated_and_deleted_one_by_one() {
    let (client, replies) = portal(vec![("/crm", reply(200, ONE))]);
    let input = CreateInput {
        trace_id: "not sent".to_owned(),
        properties: values(&[("subject", "troubleshoot report")]),
        associations: Vec::new(),
    };
    let created = client.create(TICKETS, &input).await.expect("a ticket");
    assert_eq!(created.id, "512346889");
    let found = client.read(
        TICKETS,
        Some("import_key"),
        "a/b ä",
        &["subject", "content"],
        Shelf::Live,
    );
    let found = found.await.expect("a reply").expect("a ticket");
    assert_eq!(found.get("subject"), Some("troubleshoot report"));
    let _ = client
        .read(TICKETS, None, "5", &[], Shelf::RecycleBin)
        .await
        .expect("a reply");
    let change = values(&[("hs_pipeline_stage", "4"), ("content", "")]);
    let _ = client
        .update(TICKETS, None, "5", &change)
        .await
        .expect("a ticket");
    let _ = client
        .update(TICKETS, Some("import_key"), "k 1", &change)
        .await
        .expect("a ticket");
    client.delete(TICKETS, "5").await.expect("gone");
    assert_eq!(
        replies.asked(),
        [
            r#"POST /crm/v3/objects/tickets {"properties":{"subject":"troubleshoot report"}}"#,
            "GET /crm/v3/objects/tickets/a%2Fb%20%C3%A4?archived=false&idProperty=import_key&properties=subject,content ",
            "GET /crm/v3/objects/tickets/5?archived=true ",
            r#"PATCH /crm/v3/objects/tickets/5 {"properties":{"hs_pipeline_stage":"4","content":""}}"#,
            r#"PATCH /crm/v3/objects/tickets/k%201?idProperty=import_key {"properties":{"hs_pipeline_stage":"4","content":""}}"#,
            "DELETE /crm/v3/objects/tickets/5 ",
        ]
    );
}

#[tokio::test]
async fn a_record_that_is_not_there_is_no_error_to_read_or_delete() {
    let (client, _) = portal(vec![("/crm", reply(404, NOT_FOUND))]);
    let found = client.read(TICKETS, None, "5", &[], Shelf::Live).await;
    assert_eq!(found.expect("a reply"), None);
    client.delete(TICKETS, "5").await.expect("gone");
    let outcome = client
        .update(TICKETS, None, "5", &values(&[("a", "b")]))
        .await;
    assert!(matches!(outcome, Err(CallError::Refused(_))), "{outcome:?}");
    let property = client.property(TICKETS, "no_such").await;
    assert_eq!(property.expect("a reply"), None);
}

#[tokio::test]
async fn notes_are_records_with_links() {
    let (client, replies) = portal(vec![("/crm", reply(201, BATCH))]);
    let note = CreateInput {
        trace_id: "n1".to_owned(),
        properties: values(&[
            ("hs_timestamp", "2021-11-12T15:48:22Z"),
            ("hs_note_body", "text"),
        ]),
        associations: vec![tickethaul::hubspot::Association {
            to: "512346889".to_owned(),
            types: vec![LinkType::plain(
                tickethaul::hubspot::records::association_types::NOTE.to_ticket,
            )],
        }],
    };
    let _ = client
        .batch_create(ObjectType::Notes, &[&note])
        .await
        .expect("a reply");
    assert_eq!(
        replies.asked(),
        [concat!(
            r#"POST /crm/v3/objects/notes/batch/create {"inputs":[{"objectWriteTraceId":"n1","#,
            r#""properties":{"hs_timestamp":"2021-11-12T15:48:22Z","hs_note_body":"text"},"#,
            r#""associations":[{"to":{"id":"512346889"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":228}]}]}]}"#
        )]
    );
}

fn filter(property: &str, test: Test) -> Filter {
    Filter {
        property: property.to_owned(),
        test,
    }
}

#[tokio::test]
async fn a_search_is_written_as_the_guide_does() {
    let body = r#"{"total":1234,"results":[{"id":"9","properties":{"subject":"a"}}],"paging":{"next":{"after":"400","link":"…"}}}"#;
    let (client, replies) = portal(vec![("/crm/v3/objects/tickets/search", reply(200, body))]);
    let search = Search {
        groups: vec![
            vec![
                filter(
                    "hs_object_id",
                    Test::Is(Comparison::AtLeast, "0".to_owned()),
                ),
                filter("hs_pipeline", Test::In(vec!["0".to_owned()])),
                filter(
                    "createdate",
                    Test::Between("1735689600000".to_owned(), "1738367999999".to_owned()),
                ),
            ],
            vec![filter("hubspot_owner_id", Test::Unknown)],
        ],
        query: Some("printer".to_owned()),
        sort: Some(Sort {
            property: "createdate".to_owned(),
            descending: true,
        }),
        properties: vec!["subject".to_owned()],
    };
    let found = client.search(TICKETS, &search, 200).await.expect("a page");
    assert_eq!(
        (found.total, found.more, found.results.len()),
        (1234, true, 1)
    );
    assert_eq!(
        replies.asked(),
        [concat!(
            r#"POST /crm/v3/objects/tickets/search {"filterGroups":[{"filters":["#,
            r#"{"propertyName":"hs_object_id","operator":"GTE","value":"0"},"#,
            r#"{"propertyName":"hs_pipeline","operator":"IN","values":["0"]},"#,
            r#"{"propertyName":"createdate","operator":"BETWEEN","value":"1735689600000","highValue":"1738367999999"}]},"#,
            r#"{"filters":[{"propertyName":"hubspot_owner_id","operator":"NOT_HAS_PROPERTY"}]}],"#,
            r#""query":"printer","sorts":[{"propertyName":"createdate","direction":"DESCENDING"}],"#,
            r#""properties":["subject"],"limit":200,"after":"200"}"#
        )]
    );
}

#[tokio::test]
async fn the_cap_of_a_search_is_an_error_and_never_an_early_end() {
    let page = |total: usize| {
        reply(
            200,
            &format!(
                r#"{{"total":{total},"results":[{}]}}"#,
                vec![r#"{"id":"1"}"#; 100].join(",")
            ),
        )
    };
    let all = Search::default();
    let (client, replies) = portal(vec![("/crm", page(10_001))]);
    // Up to the cap and not beyond it; the page that reaches it would hide one more.
    let outcome = client.search(TICKETS, &all, 9_900).await;
    assert!(
        matches!(outcome, Err(SearchError::TooMany { at_least: 10_001 })),
        "{outcome:?}"
    );
    assert!(replies.asked()[0].ends_with(r#""limit":100,"after":"9900"}"#));
    let outcome = client.search(TICKETS, &all, 10_000).await;
    assert!(
        matches!(outcome, Err(SearchError::TooMany { .. })),
        "{outcome:?}"
    );
    assert_eq!(replies.asked().len(), 1);
    let (client, _) = portal(vec![("/crm", page(10_000))]);
    assert!(client.search(TICKETS, &all, 9_900).await.is_ok());
}

#[tokio::test]
async fn searches_that_the_portal_would_refuse_are_not_sent() {
    let (client, replies) = portal(vec![]);
    let many = |groups: usize, filters: usize| Search {
        groups: vec![vec![filter("a", Test::Known); filters]; groups],
        ..Search::default()
    };
    for search in [many(6, 1), many(1, 7), many(4, 5)] {
        let outcome = client.search(TICKETS, &search, 0).await;
        assert!(
            matches!(outcome, Err(SearchError::TooManyFilters)),
            "{outcome:?}"
        );
    }
    let outcome = client.search_by_id(TICKETS, &many(1, 6), None).await;
    assert!(
        matches!(outcome, Err(SearchError::TooManyFilters)),
        "{outcome:?}"
    );
    let long = Search {
        query: Some("ä".repeat(3_000)),
        ..Search::default()
    };
    let outcome = client.search(TICKETS, &long, 0).await;
    assert!(
        matches!(outcome, Err(SearchError::TooLong { .. })),
        "{outcome:?}"
    );
    assert_eq!(replies.asked().len(), 0);
}

#[tokio::test]
async fn a_search_in_id_order_goes_on_from_the_last_id() {
    let body =
        r#"{"total":70000,"results":[{"id":"99"},{"id":"100"}],"paging":{"next":{"after":"200"}}}"#;
    let (client, replies) = portal(vec![("/crm", reply(200, body))]);
    let page = client
        .search_by_id(CONTACTS, &Search::default(), Some("98"))
        .await;
    assert_eq!(page.expect("a page").after.as_deref(), Some("100"));
    assert_eq!(
        replies.asked(),
        [concat!(
            r#"POST /crm/v3/objects/contacts/search {"filterGroups":[{"filters":[{"propertyName":"hs_object_id","operator":"GT","value":"98"}]}],"#,
            r#""sorts":[{"propertyName":"hs_object_id","direction":"ASCENDING"}],"properties":[],"limit":200}"#
        )]
    );
    // The portal's order is not taken on trust: a step back would never end.
    let outcome = client
        .search_by_id(CONTACTS, &Search::default(), Some("99"))
        .await;
    assert!(
        matches!(outcome, Err(SearchError::Call(CallError::Garbled(_)))),
        "{outcome:?}"
    );
    let (client, _) = portal(vec![(
        "/crm",
        reply(200, r#"{"total":1,"results":[{"id":"7"}]}"#),
    )]);
    let page = client
        .search_by_id(CONTACTS, &Search::default(), None)
        .await;
    assert_eq!(page.expect("a page").after, None);
}

fn plain(id: u32) -> LinkType {
    LinkType {
        category: "HUBSPOT_DEFINED".to_owned(),
        id,
        label: None,
    }
}

#[tokio::test]
async fn links_are_put_and_taken_away_in_batches() {
    let created = r#"{"status":"COMPLETE","results":[{"fromObjectTypeId":"0-5","fromObjectId":1,"toObjectTypeId":"0-1","toObjectId":"2","labels":[]}],
        "numErrors":1,"errors":[{"status":"error","id":"","category":"VALIDATION_ERROR","subCategory":"crm.associations.INVALID_IDENTIFIER","message":"X is not a valid ID","context":{"id":["X"]}}]}"#;
    for (settings, base) in [
        (numbered(), "/crm/v4/associations/tickets/contacts"),
        (dated(), "/crm/associations/2026-09/tickets/contacts"),
    ] {
        let by_path = vec![
            (
                "/crm/v4/associations/tickets/contacts/batch/archive",
                reply(204, ""),
            ),
            ("/crm", reply(207, created)),
        ];
        let (client, replies) = portal_with(settings, by_path);
        let link = LinkInput {
            from: "1".to_owned(),
            to: "2".to_owned(),
            types: vec![plain(16)],
        };
        let done = client
            .link(TICKETS, CONTACTS, &[link])
            .await
            .expect("a reply");
        assert_eq!(done.linked, [("1".to_owned(), "2".to_owned())]);
        assert_eq!(
            done.errors[0].sub_category,
            "crm.associations.INVALID_IDENTIFIER"
        );
        let pair = ("1".to_owned(), "2".to_owned());
        let _ = client
            .unlink(TICKETS, CONTACTS, &[pair])
            .await
            .expect("a reply");
        assert_eq!(
            replies.asked(),
            [
                format!(
                    r#"POST {base}/batch/create {{"inputs":[{{"from":{{"id":"1"}},"to":{{"id":"2"}},"types":[{{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":16}}]}}]}}"#
                ),
                format!(
                    r#"POST {base}/batch/archive {{"inputs":[{{"from":{{"id":"1"}},"to":[{{"id":"2"}}]}}]}}"#
                ),
            ]
        );
    }
}

/// Replies to reading links: the second page of record 1 is asked for by itself.
fn pages_of_links() -> (Reply, Reply) {
    let first = r#"{"status":"COMPLETE","results":[
        {"from":{"id":"1"},"to":[{"toObjectId":201,"associationTypes":[{"category":"HUBSPOT_DEFINED","typeId":16,"label":null},{"category":"USER_DEFINED","typeId":36,"label":"Billing contact"}]}],"paging":{"next":{"after":"NTI1","link":"…"}}},
        {"from":{"id":2},"to":[{"toObjectId":"203","associationTypes":[]}]}],
        "numErrors":1,"errors":[{"status":"error","category":"OBJECT_NOT_FOUND","subCategory":"crm.associations.NO_ASSOCIATIONS_FOUND","message":"No contact is associated with ticket 3.","context":{"fromObjectId":["3"],"fromObjectType":["ticket"],"toObjectType":["contact"]}}]}"#;
    let second = r#"{"status":"COMPLETE","results":[{"from":{"id":"1"},"to":[{"toObjectId":202,"associationTypes":[{"category":"HUBSPOT_DEFINED","typeId":16,"label":null}]}]}]}"#;
    (reply(207, first), reply(200, second))
}

#[tokio::test]
async fn links_of_many_records_are_read_to_their_last_page() {
    use crate::support::canned::scripted;
    use tickethaul::hubspot::testing::Step;
    let (first, second) = pages_of_links();
    let (client, script) = scripted(vec![Step::Reply(first), Step::Reply(second)]);
    let ids = ["1", "2", "3"].map(str::to_owned);
    let linked = client.linked(TICKETS, CONTACTS, &ids).await.expect("links");
    assert_eq!(linked.errors, []);
    let of = |id: &str| -> Vec<(&str, usize)> {
        let records = linked.by_record.get(id).into_iter().flatten();
        records
            .map(|record| (record.id.as_str(), record.types.len()))
            .collect()
    };
    assert_eq!(of("1"), [("201", 2), ("202", 1)]);
    assert_eq!((of("2"), of("3")), (vec![("203", 0)], vec![]));
    let billing = &linked.by_record["1"][0].types[1];
    assert_eq!(
        (billing.id, billing.label.as_deref()),
        (36, Some("Billing contact"))
    );
    let asked = script.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(
        asked[1],
        r#"POST /crm/v4/associations/tickets/contacts/batch/read {"inputs":[{"id":"1","after":"NTI1"}]}"#
    );
}

#[tokio::test]
async fn a_cursor_that_stands_still_is_no_end() {
    let (first, _) = pages_of_links();
    let (client, replies) = portal(vec![("/crm", first)]);
    let linked = client.linked(TICKETS, CONTACTS, &["1".to_owned()]).await;
    let error = linked
        .expect_err("part of the links is not all")
        .to_string();
    assert!(
        error.contains("the contacts of ticket 1 go round in pages"),
        "{error}"
    );
    assert_eq!(replies.asked().len(), 2);
}

#[tokio::test]
async fn one_link_is_put_and_deleted_in_both_versions() {
    let (client, replies) = portal(vec![("/crm", reply(200, ONE))]);
    client
        .put_link((TICKETS, "1"), (CONTACTS, "2"), 16)
        .await
        .expect("linked");
    client
        .delete_link((TICKETS, "1"), (CONTACTS, "2"), 16)
        .await
        .expect("taken away");
    assert_eq!(
        replies.asked(),
        [
            "PUT /crm/v3/objects/tickets/1/associations/contacts/2/16 ",
            "DELETE /crm/v3/objects/tickets/1/associations/contacts/2/16 ",
        ]
    );
    let refused = r#"{"status":"COMPLETE","results":[],"errors":[{"category":"VALIDATION_ERROR","message":"2 is not a valid ID"}]}"#;
    let by_path = vec![
        (
            "/crm/associations/2026-09/tickets/contacts/batch/labels/archive",
            reply(204, ""),
        ),
        (
            "/crm/associations/2026-09/tickets/contacts/batch/create",
            reply(207, refused),
        ),
    ];
    let (client, _) = portal_with(dated(), by_path);
    let outcome = client.put_link((TICKETS, "1"), (CONTACTS, "2"), 16).await;
    assert!(matches!(outcome, Err(CallError::Refused(_))), "{outcome:?}");
    client
        .delete_link((TICKETS, "1"), (CONTACTS, "2"), 16)
        .await
        .expect("taken away");
}

#[tokio::test]
async fn kinds_of_link_are_read_and_labels_created() {
    let body = r#"{"results":[{"category":"HUBSPOT_DEFINED","typeId":16,"label":null},{"category":"USER_DEFINED","typeId":36,"label":"Billing contact"}]}"#;
    let (client, replies) = portal(vec![("/crm", reply(200, body))]);
    let kinds = client.link_types(TICKETS, CONTACTS).await.expect("kinds");
    assert_eq!(kinds[0], plain(16));
    assert_eq!(kinds[1].label.as_deref(), Some("Billing contact"));
    let made = client.create_link_label(
        TICKETS,
        CONTACTS,
        "billing",
        "Billing contact",
        Some("Pays for"),
    );
    assert_eq!(made.await.expect("kinds").len(), 2);
    assert_eq!(
        replies.asked(),
        [
            "GET /crm/v4/associations/tickets/contacts/labels ",
            r#"POST /crm/v4/associations/tickets/contacts/labels {"name":"billing","label":"Billing contact","inverseLabel":"Pays for"}"#,
        ]
    );
}

#[tokio::test]
async fn new_options_go_behind_those_that_a_property_has() {
    let body = r#"{"name":"colour","type":"enumeration","fieldType":"select","options":[
        {"label":"Red","value":"r","displayOrder":0,"hidden":true,"description":"warm"}]}"#;
    let (client, replies) = portal(vec![("/crm", reply(200, body))]);
    let blue = PropertyOption {
        label: "Blue".to_owned(),
        value: "b".to_owned(),
    };
    let property = client
        .add_property_options(TICKETS, "colour", &[blue])
        .await;
    assert_eq!(property.expect("a definition").name, "colour");
    assert_eq!(
        replies.asked(),
        [
            "GET /crm/v3/properties/tickets/colour ",
            concat!(
                r#"PATCH /crm/v3/properties/tickets/colour {"options":["#,
                r#"{"label":"Red","value":"r","displayOrder":0,"hidden":true,"description":"warm"},"#,
                r#"{"label":"Blue","value":"b","displayOrder":1,"hidden":false}]}"#
            ),
        ]
    );
}

#[tokio::test]
async fn groups_are_read_and_created() {
    let groups = r#"{"results":[{"name":"ticketinformation","label":"Ticket information","displayOrder":0,"archived":false},{"name":"old","label":"Old","archived":true}]}"#;
    let (client, replies) = portal(vec![("/crm", reply(200, groups))]);
    let found = client.property_groups(TICKETS).await.expect("groups");
    let names: Vec<&str> = found.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["ticketinformation"]);
    let (client, made) = portal(vec![(
        "/crm",
        reply(
            201,
            r#"{"name":"import","label":"Import","displayOrder":-1}"#,
        ),
    )]);
    let group = PropertyGroup {
        name: "import".to_owned(),
        label: "Import".to_owned(),
    };
    assert_eq!(
        client
            .create_property_group(TICKETS, &group)
            .await
            .expect("a group"),
        group
    );
    let asked = [replies.asked(), made.asked()].concat();
    assert_eq!(
        asked,
        [
            "GET /crm/v3/properties/tickets/groups ",
            r#"POST /crm/v3/properties/tickets/groups {"name":"import","label":"Import"}"#,
        ]
    );
}

#[tokio::test]
async fn the_days_usage_is_read() {
    let body = r#"{"results":[{"name":"private-apps-api-calls-daily","usageLimit":250000,"currentUsage":1203,
        "collectedAt":"2026-11-23T10:00:00Z","fetchStatus":"SUCCESS","resetsAt":"2026-11-24T05:00:00Z"}]}"#;
    let (client, replies) = portal(vec![("/account-info", reply(200, body))]);
    let usage = client
        .daily_usage()
        .await
        .expect("a reply")
        .expect("a count");
    assert_eq!((usage.limit, usage.used), (250_000, 1_203));
    assert_eq!(usage.resets_at, "2026-11-24T05:00:00Z".parse().ok());
    assert_eq!(
        replies.asked(),
        ["GET /account-info/v3/api-usage/daily/private-apps "]
    );
    let (client, _) = portal(vec![("/account-info", reply(200, r#"{"results":[]}"#))]);
    assert_eq!(client.daily_usage().await.expect("a reply"), None);
}
