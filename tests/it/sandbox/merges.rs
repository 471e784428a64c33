//! Merging records, and what a person does in the recycle bin: what happens to values,
//! ids, associations, unique values, former values, the list and the search index.

use serde_json::{Value, json};

use crate::support::{Answer, Portal};

const TICKETS: &str = "/crm/v3/objects/tickets";
const CONTACTS: &str = "/crm/v3/objects/contacts";

async fn merge(portal: &Portal, path: &str, primary: &str, loser: &str) -> Answer {
    let body = json!({"primaryObjectId": primary, "objectIdToMerge": loser});
    portal.post(&format!("{path}/merge"), body).await
}

/// The id of what a merge that succeeds leaves behind.
async fn merged(portal: &Portal, path: &str, primary: &str, loser: &str) -> String {
    let survivor = merge(portal, path, primary, loser).await.expect(200);
    survivor["id"].as_str().expect("an id").to_owned()
}

async fn press(portal: &Portal, button: &str, id: &str) -> Answer {
    let body = json!({"inputs": [{"id": id}]});
    portal
        .post(&format!("/_sandbox/tickets/{button}"), body)
        .await
}

async fn link(portal: &Portal, ticket: &str, contact: &str) {
    let path = format!("/crm/v4/objects/tickets/{ticket}/associations/default/contacts/{contact}");
    portal.put(&path, "").await.expect(200);
}

/// Ids of the contacts of a ticket.
async fn contacts_of(portal: &Portal, ticket: &str) -> Vec<String> {
    let path = format!("/crm/v4/objects/tickets/{ticket}/associations/contacts");
    let page = portal.get(&path).await.expect(200);
    let results = page["results"].as_array().expect("results");
    results
        .iter()
        .map(|r| r["toObjectId"].to_string())
        .collect()
}

async fn ids(portal: &Portal, archived: bool) -> Vec<String> {
    let path = format!("{TICKETS}?limit=100&archived={archived}");
    let page = portal.get(&path).await.expect(200);
    let results = page["results"].as_array().expect("results").iter();
    results
        .map(|r| r["id"].as_str().expect("an id").to_owned())
        .collect()
}

/// What a batch read gives: ids that it found, ids that it misses.
async fn batch_read(portal: &Portal, asked: &[&str]) -> (Vec<String>, Value) {
    let inputs: Vec<Value> = asked.iter().map(|id| json!({"id": id})).collect();
    let body = json!({"inputs": inputs, "properties": ["subject"]});
    let reply = portal
        .post(&format!("{TICKETS}/batch/read"), body)
        .await
        .json();
    let found = reply["results"].as_array().expect("results").iter();
    let found = found.map(|r| r["id"].as_str().expect("an id").to_owned());
    (
        found.collect(),
        reply["errors"][0]["context"]["ids"].clone(),
    )
}

async fn search(portal: &Portal) -> Vec<String> {
    let body = json!({"filterGroups": [{"filters": [{"propertyName": "subject", "operator": "HAS_PROPERTY"}]}],
        "sorts": [{"propertyName": "hs_object_id", "direction": "ASCENDING"}]});
    let page = portal
        .post(&format!("{TICKETS}/search"), body)
        .await
        .expect(200);
    let results = page["results"].as_array().expect("results").iter();
    results
        .map(|r| r["id"].as_str().expect("an id").to_owned())
        .collect()
}

#[tokio::test]
async fn a_merge_leaves_one_ticket_with_a_new_id_and_what_both_had() {
    let portal = Portal::switched(&["search_lag=0s"]).await;
    portal.unique_property("key").await;
    let one = portal
        .ticket(json!({"subject": "One", "key": "k1", "hs_pipeline_stage": "2"}))
        .await;
    let other = json!({"subject": "Other", "content": "Text", "key": "k2",
        "createdate": "2020-01-01T00:00:00Z", "hs_pipeline_stage": "4"});
    let other = portal.ticket(other).await;
    let (shared, only) = (
        portal
            .made("contacts", json!({"email": "a@x.example"}))
            .await,
        portal
            .made("contacts", json!({"email": "b@x.example"}))
            .await,
    );
    link(&portal, &one, &shared).await;
    link(&portal, &other, &shared).await;
    link(&portal, &other, &only).await;
    let survivor = merged(&portal, TICKETS, &one, &other).await;
    assert!(survivor != one && survivor != other);
    let names = "subject,content,key,hs_merged_object_ids,createdate,hs_pipeline_stage,hs_ticket_id,closed_date";
    let path =
        format!("{TICKETS}/{survivor}?properties={names}&propertiesWithHistory=content,subject");
    let read = portal.get(&path).await.expect(200);
    let value = |name: &str| read["properties"][name].clone();
    assert_eq!(
        (value("subject"), value("content")),
        (json!("One"), json!("Text"))
    );
    assert_eq!(
        (value("key"), value("hs_pipeline_stage")),
        (json!("k1"), json!("2"))
    );
    assert_eq!(
        (value("hs_ticket_id"), value("closed_date")),
        (json!(survivor), Value::Null)
    );
    assert_eq!(value("createdate"), "2020-01-01T00:00:00Z");
    assert_eq!(value("hs_merged_object_ids"), format!("{one};{other}"));
    assert_eq!(
        read["propertiesWithHistory"]["subject"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    assert_eq!(read["propertiesWithHistory"]["content"][0]["value"], "Text");
    assert_eq!(contacts_of(&portal, &survivor).await, [shared, only]);
    // Old ids lead there one by one, and nowhere in batches.
    for old in [&one, &other] {
        let read = portal.get(&format!("{TICKETS}/{old}")).await.expect(200);
        assert_eq!(read["id"], json!(survivor));
        let patch = json!({"properties": {"subject": "Patched"}});
        let patched = portal.patch(&format!("{TICKETS}/{old}"), patch).await;
        assert_eq!(patched.expect(200)["id"], json!(survivor));
    }
    let (found, missing) = batch_read(&portal, &[&one, &other, &survivor]).await;
    assert_eq!((found, missing), (vec![survivor.clone()], Value::Null));
    assert_eq!(ids(&portal, false).await, std::slice::from_ref(&survivor));
    assert_eq!(ids(&portal, true).await, Vec::<String>::new());
    assert_eq!(search(&portal).await, std::slice::from_ref(&survivor));
    // The key that was not kept is free, the other one is the survivor's.
    let read = portal
        .get(&format!("{TICKETS}/k1?idProperty=key"))
        .await
        .expect(200);
    assert_eq!(read["id"], json!(survivor));
    assert_eq!(
        portal
            .get(&format!("{TICKETS}/k2?idProperty=key"))
            .await
            .status,
        404
    );
    let _free = portal.ticket(json!({"key": "k2"})).await;
}

#[tokio::test]
async fn merges_add_up_and_have_a_most() {
    let portal = Portal::start().await;
    let mut survivor = portal.ticket(json!({})).await;
    let first = survivor.clone();
    for _ in 0..3 {
        let next = portal.ticket(json!({})).await;
        survivor = merged(&portal, TICKETS, &survivor, &next).await;
    }
    let path = format!("{TICKETS}/{first}?properties=hs_merged_object_ids");
    let read = portal.get(&path).await.expect(200);
    assert_eq!(read["id"], json!(survivor), "ids lead to the last survivor");
    let all = read["properties"]["hs_merged_object_ids"].as_str();
    assert_eq!(all.map(|ids| ids.split(';').count()), Some(6));
    for (primary, loser, status) in [
        (&survivor, &survivor, 400),
        (&survivor, &first, 404),
        (&first, &survivor, 404),
    ] {
        assert_eq!(merge(&portal, TICKETS, primary, loser).await.status, status);
    }
    for (path, status) in [
        ("/crm/v3/objects/notes", 404),
        ("/crm/objects/2026-03/tickets", 404),
        ("/crm/objects/2027-03/tickets", 404),
    ] {
        assert_eq!(
            merge(&portal, path, "1", "2").await.status,
            status,
            "{path}"
        );
    }
    let get = portal.get(&format!("{TICKETS}/merge")).await;
    assert_eq!(get.status, 405);
    for path in [
        "/crm/objects/2025-09/tickets",
        "/crm/objects/2026-09/tickets",
        "/crm/v3/objects/deals",
    ] {
        let kind = path.rsplit('/').next().expect("a kind");
        let properties = || json!({"hs_pipeline_stage": "1"});
        let properties = || {
            if kind == "deals" {
                json!({})
            } else {
                properties()
            }
        };
        let (one, two) = (
            portal.made(kind, properties()).await,
            portal.made(kind, properties()).await,
        );
        let _survivor = merged(&portal, path, &one, &two).await;
    }
}

#[tokio::test]
async fn a_contact_keeps_all_its_addresses_and_its_tickets() {
    let portal = Portal::start().await;
    let made = |email: &'static str| portal.made("contacts", json!({"email": email}));
    let (one, two) = (made("one@x.example").await, made("two@x.example").await);
    let (first, second) = (
        portal.ticket(json!({})).await,
        portal.ticket(json!({})).await,
    );
    link(&portal, &first, &one).await;
    link(&portal, &second, &two).await;
    let survivor = merged(&portal, CONTACTS, &one, &two).await;
    for email in ["one@x.example", "two@x.example"] {
        let path = format!("{CONTACTS}/{email}?idProperty=email&properties=hs_additional_emails");
        let read = portal.get(&path).await.expect(200);
        assert_eq!(read["id"], json!(survivor));
        assert_eq!(read["properties"]["hs_additional_emails"], "two@x.example");
    }
    for ticket in [&first, &second] {
        let linked = contacts_of(&portal, ticket).await;
        assert_eq!(linked, std::slice::from_ref(&survivor));
    }
}

#[tokio::test]
async fn the_search_index_is_late_for_merges_and_restores() {
    let portal = Portal::switched(&["search_lag=300ms"]).await;
    let make = |subject: &'static str| portal.ticket(json!({"subject": subject}));
    let (one, two, three) = (make("1").await, make("2").await, make("3").await);
    let _gone = portal.delete(&format!("{TICKETS}/{three}")).await;
    tokio::time::sleep(std::time::Duration::from_millis(350)).await;
    assert_eq!(search(&portal).await, [one.clone(), two.clone()]);
    let survivor = merged(&portal, TICKETS, &one, &two).await;
    press(&portal, "restore", &three).await.expect(204);
    assert_eq!(search(&portal).await, [one, two]);
    tokio::time::sleep(std::time::Duration::from_millis(350)).await;
    assert_eq!(search(&portal).await, [three, survivor]);
}

#[tokio::test]
async fn the_recycle_bin_gives_back_what_it_holds_and_ends_it_for_good() {
    let portal = Portal::start().await;
    portal.unique_property("key").await;
    let make = |key: &'static str| portal.ticket(json!({"key": key}));
    let (one, two) = (make("k1").await, make("k2").await);
    let contact = portal.contact_id().await;
    link(&portal, &one, &contact).await;
    assert_eq!(
        press(&portal, "restore", &one).await.status,
        404,
        "it is not there"
    );
    for id in [&one, &two] {
        let _gone = portal.delete(&format!("{TICKETS}/{id}")).await;
    }
    press(&portal, "restore", &one).await.expect(204);
    assert_eq!(
        (ids(&portal, false).await, ids(&portal, true).await),
        (vec![one.clone()], vec![two.clone()])
    );
    assert_eq!(contacts_of(&portal, &one).await, [contact]);
    let read = portal
        .get(&format!("{TICKETS}/k1?idProperty=key"))
        .await
        .expect(200);
    assert_eq!(
        (&read["id"], &read["archivedAt"]),
        (&json!(one), &Value::Null)
    );
    // The key of what is still in the bin is given to another: it can't come back.
    let taker = make("k2").await;
    let refused = press(&portal, "restore", &two).await.expect(400);
    assert!(
        refused.to_string().contains("CONFLICTING_UNIQUE_VALUE"),
        "{refused}"
    );
    press(&portal, "purge", &two).await.expect(204);
    assert_eq!(ids(&portal, true).await, Vec::<String>::new());
    let gone = portal.get(&format!("{TICKETS}/{two}?archived=true")).await;
    assert_eq!(
        (gone.status, press(&portal, "purge", &taker).await.status),
        (404, 404)
    );
    let (found, missing) = batch_read(&portal, &[&two, &one]).await;
    assert_eq!((found, missing), (vec![one], json!([two])));
}

/// The buttons are no calls: they count for nothing and are struck by nothing.
#[tokio::test]
async fn buttons_are_beside_the_api() {
    let portal = Portal::troubled(&["500@100%"]).await;
    let body = json!({"inputs": [{"id": "1"}]});
    let pressed = portal.post("/_sandbox/tickets/restore", &body).await;
    assert_eq!(pressed.status, 404);
    assert!(pressed.header("x-hubspot-ratelimit-remaining").is_none());
    assert_eq!(portal.get("/_sandbox/tickets/restore").await.status, 405);
    let (path, body) = ("/_sandbox/tickets/restore", body.to_string());
    let wrong = portal.bytes("POST", path, "other", &body).await;
    assert_eq!(Answer::of(&wrong).status, 401);
}

#[tokio::test]
async fn switches_about_merges_and_restores() {
    for (switch, keeps_id) in [("merge_id=new", false), ("merge_id=kept", true)] {
        let portal = Portal::switched(&[switch]).await;
        let (one, two) = (
            portal.ticket(json!({"subject": "A"})).await,
            portal.ticket(json!({"content": "B"})).await,
        );
        let survivor = merged(&portal, TICKETS, &one, &two).await;
        assert_eq!(survivor == one, keeps_id, "{switch}");
        let path = format!("{TICKETS}/{survivor}?properties=hs_merged_object_ids,content");
        let read = portal.get(&path).await.expect(200);
        let all = if keeps_id {
            two
        } else {
            format!("{one};{two}")
        };
        assert_eq!(read["properties"]["hs_merged_object_ids"], all, "{switch}");
        assert_eq!(read["properties"]["content"], "B", "{switch}");
    }
    for (switch, leads, told) in [("merged_ids=on", 200, false), ("merged_ids=off", 404, true)] {
        let portal = Portal::switched(&[switch]).await;
        let (one, two) = (
            portal.ticket(json!({})).await,
            portal.ticket(json!({})).await,
        );
        let _survivor = merged(&portal, TICKETS, &one, &two).await;
        let read = portal.get(&format!("{TICKETS}/{two}")).await;
        assert_eq!(read.status, leads, "{switch}");
        let (_none, missing) = batch_read(&portal, &[&two]).await;
        assert_eq!(missing == json!([two]), told, "{switch}");
        let update = json!({"inputs": [{"id": two, "properties": {"subject": "x"}}]});
        let reply = portal
            .post(&format!("{TICKETS}/batch/update"), update)
            .await;
        assert_eq!(reply.status == 207, told, "{switch}");
        assert_eq!(reply.json()["results"], json!([]), "{switch}");
    }
    for (switch, count) in [("merge_loser=absent", 0), ("merge_loser=archived", 2)] {
        let portal = Portal::switched(&[switch]).await;
        let (one, two) = (
            portal.ticket(json!({})).await,
            portal.ticket(json!({})).await,
        );
        let survivor = merged(&portal, TICKETS, &one, &two).await;
        assert_eq!(ids(&portal, true).await.len(), count, "{switch}");
        assert_eq!(ids(&portal, false).await, [survivor], "{switch}");
        assert_eq!(
            press(&portal, "restore", &two).await.status,
            404,
            "{switch}"
        );
    }
    let touched = async |switch: &str, restores: bool| {
        let portal = Portal::switched(&[switch, "merge_id=kept"]).await;
        let (one, two) = (
            portal.ticket(json!({})).await,
            portal.ticket(json!({})).await,
        );
        let path = format!("{TICKETS}/{one}");
        let before = portal.get(&path).await.expect(200)["updatedAt"].clone();
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        if restores {
            let _gone = portal.delete(&path).await;
            press(&portal, "restore", &one).await.expect(204);
        } else {
            let _survivor = merged(&portal, TICKETS, &one, &two).await;
        }
        portal.get(&path).await.expect(200)["updatedAt"] != before
    };
    assert!(touched("merge_touches_modified=yes", false).await);
    assert!(!touched("merge_touches_modified=no", false).await);
    assert!(touched("restore_touches_modified=yes", true).await);
    assert!(!touched("restore_touches_modified=no", true).await);
}

#[tokio::test]
async fn gdpr_delete_is_served_where_the_contract_has_it() {
    for (switch, path, kind, status) in [
        (
            "ticket_gdpr_2026_09=404",
            "/crm/v3/objects/contacts",
            "contacts",
            204,
        ),
        (
            "ticket_gdpr_2026_09=404",
            "/crm/objects/2026-03/contacts",
            "contacts",
            204,
        ),
        (
            "ticket_gdpr_2026_09=404",
            "/crm/objects/2025-09/contacts",
            "contacts",
            404,
        ),
        (
            "ticket_gdpr_2026_09=404",
            "/crm/v3/objects/tickets",
            "tickets",
            404,
        ),
        (
            "ticket_gdpr_2026_09=404",
            "/crm/objects/2025-09/tickets",
            "tickets",
            204,
        ),
        (
            "ticket_gdpr_2026_09=404",
            "/crm/objects/2026-09/tickets",
            "tickets",
            404,
        ),
        (
            "ticket_gdpr_2026_09=204",
            "/crm/objects/2026-09/tickets",
            "tickets",
            204,
        ),
        (
            "ticket_gdpr_2026_09=204",
            "/crm/v3/objects/companies",
            "companies",
            404,
        ),
    ] {
        let portal = Portal::switched(&[switch]).await;
        let properties = json!({"hs_pipeline_stage": "1"});
        let properties = match kind {
            "tickets" => properties,
            "contacts" => json!({"email": "erase@x.example"}),
            _ => json!({"name": "Bluepeak"}),
        };
        let id = portal.made(kind, properties).await;
        let body = json!({"objectId": id});
        let answer = portal.post(&format!("{path}/gdpr-delete"), body).await;
        assert_eq!(answer.status, status, "{path} {switch}");
        let live = format!("/crm/v3/objects/{kind}/{id}");
        let expected = if status == 204 { 404 } else { 200 };
        assert_eq!(portal.get(&live).await.status, expected, "{path}");
        let archived = portal.get(&format!("{live}?archived=true")).await;
        assert_eq!(archived.status, 404, "{path}");
    }
    let portal = Portal::start().await;
    let id = portal
        .made("contacts", json!({"email": "erase@x.example"}))
        .await;
    let body = json!({"objectId": "erase@x.example", "idProperty": "email"});
    portal
        .post("/crm/v3/objects/contacts/gdpr-delete", body)
        .await
        .expect(204);
    assert_eq!(portal.get(&format!("{CONTACTS}/{id}")).await.status, 404);
    let _free = portal
        .made("contacts", json!({"email": "erase@x.example"}))
        .await;
}
