//! What a portal's admin defines: properties (6), pipelines (7.1), labels (8.4).

use serde_json::{Value, json};

use crate::support::Portal;

const PROPERTIES: &str = "/crm/v3/properties/tickets";

fn choice(name: &str) -> Value {
    json!({"name": name, "label": name, "groupName": "ticketinformation", "type": "enumeration",
           "fieldType": "select", "options": [{"label": "A", "value": "a"}]})
}

#[tokio::test]
async fn a_property_can_be_changed_but_not_its_nature() {
    let portal = Portal::start().await;
    portal.post(PROPERTIES, choice("region")).await.expect(201);
    let path = format!("{PROPERTIES}/region");
    let patch = json!({"name": "other", "label": "Region", "hasUniqueValue": true,
                       "options": [{"label": "A", "value": "a"}, {"label": "B", "value": "b", "displayOrder": 1}]});
    let changed = portal.patch(&path, patch).await.expect(200);
    assert_eq!(
        (
            &changed["name"],
            &changed["label"],
            &changed["hasUniqueValue"],
            &changed["type"]
        ),
        (
            &json!("region"),
            &json!("Region"),
            &json!(false),
            &json!("enumeration")
        )
    );
    let _ = portal.ticket(json!({"region": "b"})).await;
    for (path, patch, part) in [
        (
            &path,
            json!({"groupName": "nowhere"}),
            "group 'nowhere' does not exist",
        ),
        (
            &path,
            json!({"type": "number"}),
            "not a field type of number",
        ),
        (
            &path,
            json!({"options": [{"label": "A", "value": "a"}, {"label": "B", "value": "a"}]}),
            "repeat a value",
        ),
        (
            &format!("{PROPERTIES}/subject"),
            json!({"label": "Mine"}),
            "read-only",
        ),
    ] {
        let body = portal.patch(path, patch).await.expect(400);
        assert!(
            body["message"].as_str().expect("words").contains(part),
            "{body}"
        );
    }
    portal
        .patch(&format!("{PROPERTIES}/nothing"), "{}")
        .await
        .expect(404);
}

#[tokio::test]
async fn an_archived_property_is_out_of_sight() {
    let portal = Portal::start().await;
    portal.post(PROPERTIES, choice("region")).await.expect(201);
    let path = format!("{PROPERTIES}/region");
    assert_eq!(portal.delete(&path).await.status, 204);
    portal.get(&path).await.expect(404);
    let binned = portal
        .get(&format!("{path}?archived=true"))
        .await
        .expect(200);
    assert_eq!(
        (&binned["archived"], binned["archivedAt"].is_string()),
        (&json!(true), true)
    );
    let all = portal
        .get(&format!("{PROPERTIES}?archived=true"))
        .await
        .expect(200);
    assert_eq!(all["results"].as_array().map(Vec::len), Some(1));
    let bad = json!({"properties": {"hs_pipeline_stage": "1", "region": "a"}});
    let body = portal
        .post("/crm/v3/objects/tickets", bad)
        .await
        .expect(400);
    assert_eq!(body["errors"][0]["code"], "PROPERTY_DOESNT_EXIST");
    portal.post(PROPERTIES, choice("region")).await.expect(409);
    portal
        .delete(&format!("{PROPERTIES}/subject"))
        .await
        .expect(400);
}

#[tokio::test]
async fn properties_come_in_batches() {
    let portal = Portal::start().await;
    let inputs = json!({"inputs": [choice("one"), choice("subject")]});
    let body = portal
        .post(&format!("{PROPERTIES}/batch/create"), inputs)
        .await
        .expect(207);
    assert_eq!(body["results"][0]["name"], "one");
    assert_eq!(
        body["errors"],
        json!([{"status": "error", "category": "OBJECT_ALREADY_EXISTS", "subCategory": "Properties.PROPERTY_WITH_NAME_EXISTS",
            "message": "A property named 'subject' already exists.", "context": {"name": ["subject"]}}])
    );
    let names = json!({"archived": false, "dataSensitivity": "non_sensitive", "inputs": [{"name": "one"}, {"name": "none"}]});
    let body = portal
        .post(&format!("{PROPERTIES}/batch/read"), &names)
        .await
        .expect(207);
    assert_eq!(
        (&body["results"][0]["name"], &body["numErrors"]),
        (&json!("one"), &json!(1))
    );
    assert_eq!(
        portal
            .post(&format!("{PROPERTIES}/batch/archive"), &names)
            .await
            .status,
        204
    );
    portal.get(&format!("{PROPERTIES}/one")).await.expect(404);
}

#[tokio::test]
async fn groups_can_be_changed_and_taken_away() {
    let portal = Portal::start().await;
    let groups = format!("{PROPERTIES}/groups");
    portal
        .post(&groups, json!({"name": "mine", "label": "Mine"}))
        .await
        .expect(201);
    let path = format!("{groups}/mine");
    portal
        .patch(&path, json!({"label": "Ours"}))
        .await
        .expect(200);
    assert_eq!(portal.get(&path).await.expect(200)["label"], "Ours");
    assert_eq!(portal.delete(&path).await.status, 204);
    portal.get(&path).await.expect(404);
    portal
        .delete(&format!("{groups}/ticketinformation"))
        .await
        .expect(400);
}

#[tokio::test]
async fn a_new_pipeline_takes_tickets() {
    let portal = Portal::start().await;
    let input = json!({"label": "Returns", "displayOrder": 3, "stages": [
        {"label": "Open", "displayOrder": 0, "metadata": {"ticketState": "OPEN"}},
        {"label": "Done", "displayOrder": 1, "metadata": {"ticketState": "CLOSED", "isClosed": "true"}}]});
    let made = portal
        .post("/crm/v3/pipelines/tickets", &input)
        .await
        .expect(201);
    let id = made["id"].as_str().expect("an id");
    let ticket = json!({"hs_pipeline": id, "hs_pipeline_stage": made["stages"][1]["id"]});
    let ticket = portal.ticket(ticket).await;
    let read = portal
        .get(&format!(
            "/crm/v3/objects/tickets/{ticket}?properties=hs_is_closed"
        ))
        .await
        .expect(200);
    assert_eq!(read["properties"]["hs_is_closed"], "true");

    let stages = format!("/crm/v3/pipelines/tickets/{id}/stages");
    let added = portal
        .post(
            &stages,
            json!({"label": "Waiting", "displayOrder": 2, "metadata": {"ticketState": "OPEN"}}),
        )
        .await
        .expect(201);
    let stage = format!("{stages}/{}", added["id"].as_str().expect("an id"));
    portal
        .patch(&stage, json!({"label": "On hold"}))
        .await
        .expect(400);
    let changed = portal
        .patch(
            &stage,
            json!({"label": "On hold", "metadata": {"ticketState": "OPEN"}}),
        )
        .await
        .expect(200);
    assert_eq!(changed["label"], "On hold");
    let renamed = portal
        .patch(
            &format!("/crm/v3/pipelines/tickets/{id}"),
            json!({"label": "Returned"}),
        )
        .await
        .expect(200);
    assert_eq!(
        (
            &renamed["label"],
            renamed["stages"].as_array().map(Vec::len)
        ),
        (&json!("Returned"), Some(3))
    );
    let bad = json!({"label": "X", "displayOrder": 0, "stages": [{"label": "S", "displayOrder": 0, "metadata": {"ticketState": "AJAR"}}]});
    portal
        .post("/crm/v3/pipelines/tickets", bad)
        .await
        .expect(400);
    let all = portal.get("/crm/v3/pipelines/tickets").await.expect(200);
    assert_eq!(all["results"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn pipelines_and_stages_are_replaced_and_go_when_no_ticket_is_in_them() {
    let portal = Portal::start().await;
    let stage = |label: &str| json!({"label": label, "displayOrder": 0, "metadata": {"ticketState": "OPEN"}});
    let input =
        json!({"label": "Returns", "displayOrder": 3, "stages": [stage("Open"), stage("Sent")]});
    let all = "/crm/pipelines/2026-09/tickets";
    let made = portal.post(all, &input).await.expect(201);
    let pipeline = format!("{all}/{}", made["id"].as_str().expect("an id"));
    let [open, sent] = [0, 1].map(|n| made["stages"][n]["id"].as_str().expect("an id").to_owned());
    let ticket = json!({"hs_pipeline": made["id"], "hs_pipeline_stage": open});
    let ticket = portal.ticket(ticket).await;

    let mut kept = stage("Opened");
    kept["stageId"] = json!(open);
    let with = |stages: Value| json!({"label": "Back", "displayOrder": 4, "stages": stages});
    let body = portal
        .put(&pipeline, with(json!([stage("Sent")])))
        .await
        .expect(400);
    assert_eq!(body["subCategory"], "PipelineError.STAGE_ID_IN_USE");
    let body = portal
        .put(&pipeline, with(json!([kept, stage("New")])))
        .await
        .expect(200);
    assert_eq!(
        (&body["label"], &body["stages"][0]["id"]),
        (&json!("Back"), &json!(open))
    );
    assert!(
        body["stages"][1]["id"] != json!(sent),
        "a stage that was not named is gone"
    );

    let stages = format!("{pipeline}/stages");
    let new = body["stages"][1]["id"].as_str().expect("an id");
    let body = portal
        .put(&format!("{stages}/{new}"), stage("Newer"))
        .await
        .expect(200);
    assert_eq!(body["label"], "Newer");
    let audit = portal
        .get(&format!("{stages}/{new}/audit"))
        .await
        .expect(200);
    assert_eq!(audit["results"][0]["identifier"], json!(new));
    assert_eq!(portal.delete(&format!("{stages}/{new}")).await.status, 204);
    assert_eq!(portal.delete(&format!("{stages}/{open}")).await.status, 400);
    assert_eq!(portal.delete(&pipeline).await.status, 400);
    let gone = portal
        .delete(&format!("/crm/v3/objects/tickets/{ticket}"))
        .await;
    assert_eq!(gone.status, 204);
    let audit = portal.get(&format!("{pipeline}/audit")).await.expect(200);
    let actions = |n: usize| audit["results"][n]["action"].clone();
    assert_eq!((actions(0), actions(1)), (json!("UPDATE"), json!("CREATE")));
    assert_eq!(portal.delete(&pipeline).await.status, 204);
    portal.get(&pipeline).await.expect(404);
}

#[tokio::test]
async fn labels_are_types_of_ones_own() {
    let portal = Portal::start().await;
    let path = "/crm/v4/associations/tickets/contacts/labels";
    let before = portal.get(path).await.expect(200);
    assert_eq!(
        before,
        json!({"results": [{"category": "HUBSPOT_DEFINED", "typeId": 16, "label": null}]})
    );
    let made = portal
        .post(
            path,
            json!({"label": "Billing contact", "name": "billing_contact"}),
        )
        .await
        .expect(200);
    let id = made["results"][0]["typeId"].as_u64().expect("an id");
    assert_eq!(
        made,
        json!({"results": [{"category": "USER_DEFINED", "typeId": id, "label": "Billing contact"}]})
    );
    let pair = json!({"label": "Reporter", "inverseLabel": "Reported", "name": "reporter"});
    let pair = portal
        .post("/crm/associations/v4/tickets/contacts/labels", pair)
        .await
        .expect(200);
    assert_eq!(pair["results"][1]["label"], "Reported");
    portal
        .post(path, json!({"label": "Reporter", "name": "again"}))
        .await
        .expect(400);

    let (ticket, contact) = (portal.ticket(json!({})).await, portal.contact_id().await);
    let link = format!("/crm/v4/objects/tickets/{ticket}/associations/contacts/{contact}");
    let spec =
        |id: &Value| json!([{"associationCategory": "USER_DEFINED", "associationTypeId": id}]);
    let put = portal.put(&link, spec(&id.into())).await.expect(201);
    assert_eq!(put["labels"], json!(["Billing contact"]));
    // Another label takes the first one's place, and the default stays.
    portal
        .put(&link, spec(&pair["results"][0]["typeId"]))
        .await
        .expect(201);
    let labels = || async {
        let listed = portal
            .get(&format!(
                "/crm/v4/objects/tickets/{ticket}/associations/contacts"
            ))
            .await
            .expect(200);
        let types = listed["results"][0]["associationTypes"]
            .as_array()
            .expect("types")
            .clone();
        types
            .iter()
            .map(|known| known["label"].clone())
            .collect::<Vec<Value>>()
    };
    assert_eq!(labels().await, [Value::Null, json!("Reporter")]);
    let wrong = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": id}]);
    portal.put(&link, wrong).await.expect(400);

    let rename = json!({"associationTypeId": id, "label": "Payer"});
    assert_eq!(portal.put(path, rename).await.status, 204);
    let other = &pair["results"][0]["typeId"];
    assert_eq!(portal.delete(&format!("{path}/{other}")).await.status, 204);
    assert_eq!(labels().await, [Value::Null]);
    let left = portal.get(path).await.expect(200);
    assert_eq!(left["results"][1]["label"], "Payer");
    assert_eq!(left["results"].as_array().map(Vec::len), Some(2));
}
