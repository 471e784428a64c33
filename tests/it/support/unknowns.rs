//! Portals that hold what shows how they do what HubSpot does not document.

use serde_json::{Value, json};
use tickethaul::sandbox::{KnownSwitch, Options, Switch, Switches};

use super::Portal;

/// A portal that holds what can show something: tickets with keys of their own, one of
/// them archived, one with a contact, one made of two; and a second pipeline.
pub async fn portal(switches: &[String]) -> Portal {
    let portal = empty_portal(switches).await;
    fill(&portal).await;
    portal
}

/// A portal that holds no tickets.
pub async fn empty_portal(switches: &[String]) -> Portal {
    let switches = switches.iter().map(|text| text.parse::<Switch>());
    Portal::with(Options {
        rate: "5000/1s".parse().expect("a rate"),
        switches: switches.map(|switch| switch.expect("a switch")).collect(),
        ..Options::default()
    })
    .await
}

async fn fill(portal: &Portal) {
    portal.unique_property("desk_id").await;
    let inputs: Vec<Value> = (0..60)
        .map(|n| {
            json!({"properties": {"hs_pipeline": "0", "hs_pipeline_stage": "1",
                "subject": format!("Ticket {n}"), "desk_id": format!("Key-{n}")}})
        })
        .collect();
    let path = "/crm/v3/objects/tickets/batch/create";
    let made = portal
        .post(path, json!({"inputs": inputs}))
        .await
        .expect(201);
    let ids: Vec<&str> = made["results"]
        .as_array()
        .expect("tickets")
        .iter()
        .map(|ticket| ticket["id"].as_str().expect("an id"))
        .collect();
    let _gone = portal
        .call("DELETE", &format!("/crm/v3/objects/tickets/{}", ids[0]), "")
        .await;
    let contact = json!({"properties": {"email": "a@x.example"}});
    let contact = portal
        .post("/crm/v3/objects/contacts", contact)
        .await
        .expect(201);
    let contact = contact["id"].as_str().expect("an id");
    let link = format!(
        "/crm/v4/objects/tickets/{}/associations/default/contacts/{contact}",
        ids[1]
    );
    let _linked = portal.call("PUT", &link, "").await;
    let merge = json!({"primaryObjectId": ids[2], "objectIdToMerge": ids[3]});
    portal
        .post("/crm/v3/objects/tickets/merge", merge)
        .await
        .expect(200);
    let stages =
        json!([{"label": "Begun", "displayOrder": 0, "metadata": {"ticketState": "OPEN"}}]);
    let pipeline = json!({"label": "Second", "displayOrder": 1, "stages": stages});
    portal
        .post("/crm/v3/pipelines/tickets", pipeline)
        .await
        .expect(201);
}

/// Switches of which one value leaves nothing to be seen of others: each has a portal of
/// its own, or a story.
pub const ALONE: [&str; 12] = [
    "required_on_create",
    "partial_success",
    "bad_association",
    "activity_key",
    "createdate_writable",
    "closed_date_writable",
    "validation_2026_09",
    "served_paths",
    "ended_versions",
    "ended_reply",
    "missing_scopes",
    "not_kept",
];

pub fn known(name: &str) -> &'static KnownSwitch {
    let mut table = Switches::TABLE.iter();
    table.find(|known| known.name == name).expect("a switch")
}
