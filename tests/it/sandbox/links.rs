//! Associations (8): one pair, batches, the primary company, the endpoints of v3.

use serde_json::{Value, json};

use crate::support::Portal;

const COMPANIES: &str = "/crm/v4/associations/tickets/companies/batch";

fn own(id: u32) -> Value {
    json!({"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": id})
}

fn pair(from: &str, to: &str, types: &[u32]) -> Value {
    let types: Vec<Value> = types.iter().map(|id| own(*id)).collect();
    json!({"from": {"id": from}, "to": {"id": to}, "types": types})
}

async fn company(portal: &Portal, name: &str) -> String {
    portal.made("companies", json!({"name": name})).await
}

/// The types of a ticket's associations with companies, by company.
async fn types(portal: &Portal, ticket: &str) -> Vec<(String, Vec<u64>)> {
    let path = format!("/crm/v4/objects/tickets/{ticket}/associations/companies");
    let body = portal.get(&path).await.expect(200);
    let rows = body["results"].as_array().expect("results").iter();
    let row = |row: &Value| {
        let types = row["associationTypes"].as_array().expect("types").iter();
        (
            row["toObjectId"].to_string(),
            types
                .map(|known| known["typeId"].as_u64().expect("a number"))
                .collect(),
        )
    };
    rows.map(row).collect()
}

#[tokio::test]
async fn a_default_association_is_told_both_ways() {
    let portal = Portal::start().await;
    let (ticket, contact) = (portal.ticket(json!({})).await, portal.contact_id().await);
    let path = format!("/crm/v4/objects/tickets/{ticket}/associations/default/contacts/{contact}");
    for _ in 0..2 {
        let body = portal.put(&path, "").await.expect(200);
        assert_eq!(body["status"], "COMPLETE");
        assert_eq!(
            body["results"],
            json!([
                {"from": {"id": ticket}, "to": {"id": contact}, "associationSpec": own(16)},
                {"from": {"id": contact}, "to": {"id": ticket}, "associationSpec": own(15)},
            ])
        );
    }
    let listed = portal
        .get(&format!("/crm/v4/objects/0-1/{contact}/associations/0-5"))
        .await
        .expect(200);
    assert_eq!(
        listed,
        json!({"results": [{"toObjectId": ticket.parse::<u64>().expect("a number"),
            "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": 15, "label": null}]}]})
    );
    let direct = format!("/crm/v4/objects/tickets/{ticket}/associations/contacts/{contact}");
    assert_eq!(portal.delete(&direct).await.status, 204);
    let listed = portal
        .get(&format!(
            "/crm/v4/objects/tickets/{ticket}/associations/contacts"
        ))
        .await
        .expect(200);
    assert_eq!(listed, json!({"results": []}));
    let nobody = format!("/crm/v4/objects/tickets/{ticket}/associations/default/contacts/1");
    portal.put(&nobody, "").await.expect(404);
}

#[tokio::test]
async fn there_is_one_primary_company() {
    for (switches, expected) in [
        (&[][..], [vec![339], vec![26, 339]]),
        (&["primary_replaces=no"], [vec![26, 339], vec![26, 339]]),
        (&["primary_adds_default=no"], [vec![], vec![26]]),
    ] {
        let portal = Portal::switched(switches).await;
        let ticket = portal.ticket(json!({})).await;
        let (one, two) = (company(&portal, "One").await, company(&portal, "Two").await);
        for company in [&one, &two] {
            let inputs = json!({"inputs": [pair(&ticket, company, &[26])]});
            let body = portal
                .post(&format!("{COMPANIES}/create"), inputs)
                .await
                .expect(201);
            assert_eq!(body["results"][0]["labels"], json!(["Primary"]));
        }
        let expected: Vec<_> = [one, two]
            .into_iter()
            .zip(expected)
            .filter(|(_, types)| !types.is_empty())
            .collect();
        assert_eq!(types(&portal, &ticket).await, expected, "{switches:?}");
    }
    // From the company's side it is the ticket's primary all the same.
    let portal = Portal::start().await;
    let ticket = portal.ticket(json!({})).await;
    for name in ["One", "Two"] {
        let company = company(&portal, name).await;
        let path = format!("/crm/v4/objects/companies/{company}/associations/tickets/{ticket}");
        portal.put(&path, json!([own(25)])).await.expect(201);
    }
    let all = types(&portal, &ticket).await;
    assert_eq!(
        all.iter().filter(|(_, types)| types.contains(&26)).count(),
        1,
        "{all:?}"
    );
}

#[tokio::test]
async fn a_batch_tells_bad_pairs_one_by_one() {
    let portal = Portal::start().await;
    let (ticket, one) = (
        portal.ticket(json!({})).await,
        company(&portal, "One").await,
    );
    let path = format!("{COMPANIES}/create");
    let inputs = json!({"inputs": [pair(&ticket, &one, &[339]), pair(&ticket, "5", &[339]), pair("x", &one, &[339])]});
    let body = portal.post(&path, inputs).await.expect(207);
    assert_eq!(
        body["results"],
        json!([{"fromObjectTypeId": "0-5", "fromObjectId": ticket.parse::<u64>().expect("a number"),
            "toObjectTypeId": "0-2", "toObjectId": one.parse::<u64>().expect("a number"), "labels": []}])
    );
    let error = &body["errors"][0];
    assert_eq!(
        (&error["subCategory"], &error["message"], &error["context"]),
        (
            &json!("crm.associations.INVALID_IDENTIFIER"),
            &json!("5 is not a valid ID"),
            &json!({"id": ["5"]})
        )
    );
    assert_eq!(
        (&body["numErrors"], &body["errors"][1]["context"]),
        (&json!(2), &json!({"id": ["x"]}))
    );
    for (inputs, part) in [
        (vec![pair(&ticket, &one, &[339]); 2], "Duplicate pairs"),
        (
            vec![pair(&ticket, &one, &[16])],
            "16 is not a valid association type from ticket to company",
        ),
        (
            (0..2_001)
                .map(|n| pair(&ticket, &n.to_string(), &[339]))
                .collect(),
            "supported in a batch is 2000",
        ),
    ] {
        let body = portal
            .post(&path, json!({ "inputs": inputs }))
            .await
            .expect(400);
        assert!(
            body["message"].as_str().expect("words").contains(part),
            "{body}"
        );
    }
    let selves = json!({"inputs": [pair(&ticket, &ticket, &[452])]});
    let body = portal
        .post("/crm/v4/associations/tickets/tickets/batch/create", selves)
        .await
        .expect(207);
    assert_eq!(
        body["errors"][0]["message"],
        format!("Object {ticket} cannot be associated to itself ({ticket})")
    );
}

#[tokio::test]
async fn a_batch_read_pages_each_record() {
    let portal = Portal::start().await;
    let (busy, idle) = (
        portal.ticket(json!({})).await,
        portal.ticket(json!({})).await,
    );
    let rows: Vec<Value> = (0..100)
        .map(|n| json!({"properties": {"name": format!("c{n}")}}))
        .collect();
    for part in [&rows[..], &rows[..5]] {
        let made = portal
            .post(
                "/crm/v3/objects/companies/batch/create",
                json!({ "inputs": part }),
            )
            .await
            .expect(201);
        let made = made["results"].as_array().expect("results").iter();
        let inputs: Vec<Value> = made
            .map(|row| json!({"from": {"id": busy}, "to": {"id": row["id"]}}))
            .collect();
        let body = portal
            .post(
                &format!("{COMPANIES}/associate/default"),
                json!({ "inputs": inputs }),
            )
            .await
            .expect(200);
        assert_eq!(body["results"].as_array().map(Vec::len), Some(part.len()));
    }
    let read = |input: Value| {
        portal.post(
            "/crm/v4/associations/tickets/companies/batch/read",
            json!({ "inputs": input }).to_string(),
        )
    };
    let body = read(json!([{"id": busy}, {"id": idle}])).await.expect(207);
    let first = &body["results"][0];
    assert_eq!(
        (&first["from"], first["to"].as_array().map(Vec::len)),
        (&json!({"id": busy}), Some(100))
    );
    assert_eq!(
        body["errors"],
        json!([{"status": "error", "category": "OBJECT_NOT_FOUND",
            "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
            "message": format!("No company is associated with ticket {idle}."),
            "context": {"fromObjectId": [idle], "fromObjectType": ["ticket"], "toObjectType": ["company"]}}])
    );
    let after = &first["paging"]["next"]["after"];
    let rest = read(json!([{"id": busy, "after": after}]))
        .await
        .expect(200);
    assert_eq!(rest["results"][0]["to"].as_array().map(Vec::len), Some(5));
    assert_eq!(
        rest["results"][0]["to"][0]["toObjectId"].to_string(),
        after.as_str().expect("text")
    );

    // The same nested in a read, and by pages of the single endpoint.
    let nested = portal
        .get(&format!(
            "/crm/v3/objects/tickets/{busy}?associations=companies"
        ))
        .await
        .expect(200);
    assert_eq!(
        nested["associations"]["companies"]["results"]
            .as_array()
            .map(Vec::len),
        Some(100)
    );
    assert!(nested["associations"]["companies"]["paging"]["next"]["after"].is_string());
    let page = portal
        .get(&format!(
            "/crm/v4/objects/tickets/{busy}/associations/companies?limit=60"
        ))
        .await
        .expect(200);
    let link = page["paging"]["next"]["link"].as_str().expect("a link");
    let rest = portal
        .get(
            link.split_once("/crm")
                .map_or("", |(_, rest)| &link[link.len() - rest.len() - 4..]),
        )
        .await
        .expect(200);
    assert_eq!(rest["results"].as_array().map(Vec::len), Some(45));
}

#[tokio::test]
async fn cutting_the_default_cuts_the_pair() {
    let portal = Portal::start().await;
    let (ticket, one) = (
        portal.ticket(json!({})).await,
        company(&portal, "One").await,
    );
    let create = json!({"inputs": [pair(&ticket, &one, &[26])]});
    for (verb, body, left) in [
        (
            "labels/archive",
            json!({"inputs": [pair(&ticket, &one, &[26])]}),
            vec![(one.clone(), vec![339])],
        ),
        (
            "labels/archive",
            json!({"inputs": [pair(&ticket, &one, &[339])]}),
            vec![],
        ),
        (
            "archive",
            json!({"inputs": [{"from": {"id": ticket}, "to": [{"id": one}, {"id": "5"}]}]}),
            vec![],
        ),
    ] {
        portal
            .post(&format!("{COMPANIES}/create"), &create)
            .await
            .expect(201);
        assert_eq!(
            portal
                .post(&format!("{COMPANIES}/{verb}"), body)
                .await
                .status,
            204
        );
        assert_eq!(types(&portal, &ticket).await, left, "{verb}");
    }
}

#[tokio::test]
async fn archived_records_have_no_associations() {
    let portal = Portal::start().await;
    let (ticket, one) = (
        portal.ticket(json!({})).await,
        company(&portal, "One").await,
    );
    portal
        .post(
            &format!("{COMPANIES}/create"),
            json!({"inputs": [pair(&ticket, &one, &[339])]}),
        )
        .await
        .expect(201);
    assert_eq!(
        portal
            .delete(&format!("/crm/v3/objects/companies/{one}"))
            .await
            .status,
        204
    );
    assert!(types(&portal, &ticket).await.is_empty());
}

/// C1 §9.1: the note of the contract, which comes with its ticket.
#[tokio::test]
async fn notes_come_with_their_ticket() {
    let portal = Portal::start().await;
    let ticket = portal.ticket(json!({})).await;
    let note = json!({"inputs": [
        {"objectWriteTraceId": "n1",
         "properties": {"hs_timestamp": "2021-11-12T15:48:22Z", "hs_note_body": "text or HTML", "hubspot_owner_id": "41629701",
                        "hs_attachment_ids": "24332474034;24332474044"},
         "associations": [{"to": {"id": ticket}, "types": [own(228)]}]},
        {"objectWriteTraceId": "n2", "properties": {"hs_note_body": "when?"}},
        {"objectWriteTraceId": "n3", "properties": {"hs_timestamp": "1636732102000"},
         "associations": [{"to": {"id": ticket}, "types": [own(227)]}]},
    ]});
    let body = portal
        .post("/crm/v3/objects/notes/batch/create", note)
        .await
        .expect(207);
    assert_eq!(body["results"].as_array().map(Vec::len), Some(1));
    assert!(
        body["errors"][0]["message"]
            .as_str()
            .expect("words")
            .contains("Error creating NOTE")
    );
    assert_eq!(
        body["errors"][1]["context"]["INVALID_ASSOCIATION_TYPES"],
        json!([
            "227 is invalid from object type 0-46 for associations to be created. expected: 0-5"
        ])
    );
    let id = body["results"][0]["id"].as_str().expect("an id");
    let read = portal
        .get(&format!("/crm/v3/objects/notes/{id}"))
        .await
        .expect(200);
    let shown: Vec<&String> = read["properties"]
        .as_object()
        .expect("properties")
        .keys()
        .collect();
    assert_eq!(
        shown,
        ["hs_createdate", "hs_lastmodifieddate", "hs_object_id"]
    );
    let linked = portal
        .post(
            "/crm/v4/associations/tickets/notes/batch/read",
            json!({"inputs": [{"id": ticket}]}),
        )
        .await
        .expect(200);
    assert_eq!(linked["results"][0]["to"][0]["toObjectId"].to_string(), id);
}

/// C1 §8.5: by number and by name.
#[tokio::test]
async fn the_endpoints_of_v3_do_the_same() {
    let portal = Portal::start().await;
    let (ticket, contact) = (portal.ticket(json!({})).await, portal.contact_id().await);
    let base = format!("/crm/v3/objects/tickets/{ticket}/associations/contacts");
    for named in ["16", "ticket_to_contact"] {
        let body = portal
            .put(&format!("{base}/{contact}/{named}"), "")
            .await
            .expect(200);
        let shown = json!({"results": [{"id": contact, "type": "ticket_to_contact"}]});
        assert_eq!(
            (&body["id"], &body["associations"]["contacts"]),
            (&json!(ticket), &shown)
        );
        assert_eq!(portal.get(&base).await.expect(200), shown);
        assert_eq!(
            portal
                .delete(&format!("{base}/{contact}/{named}"))
                .await
                .status,
            204
        );
        assert_eq!(portal.get(&base).await.expect(200), json!({"results": []}));
    }
    portal
        .put(&format!("{base}/{contact}/340"), "")
        .await
        .expect(400);
    let batch = "/crm/v3/associations/tickets/contacts/batch";
    let inputs = json!({"inputs": [{"from": {"id": ticket}, "to": {"id": contact}, "type": "ticket_to_contact"}]});
    let made = portal
        .post(&format!("{batch}/create"), &inputs)
        .await
        .expect(201);
    assert_eq!(made["results"][0], inputs["inputs"][0]);
    let read = portal
        .post(
            &format!("{batch}/read"),
            json!({"inputs": [{"id": ticket}]}),
        )
        .await
        .expect(200);
    assert_eq!(
        read["results"][0]["to"],
        json!([{"id": contact, "type": "ticket_to_contact"}])
    );
    assert_eq!(
        portal
            .post(&format!("{batch}/archive"), &inputs)
            .await
            .status,
        204
    );
    portal
        .post(
            &format!("{batch}/read"),
            json!({"inputs": [{"id": ticket}]}),
        )
        .await
        .expect(207);
}
