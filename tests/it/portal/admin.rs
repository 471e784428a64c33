//! What an admin of a portal sets: limits of associations, rules for values. The sandbox serves
//! and enforces them; checks report them, twins have them, and a row that breaks one is refused
//! with its reason.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{FilledPortal, Portal, TOKEN, keyed};

const LIMITS: &str = "/crm/associations/2026-09/definitions/configurations";
const RULES: &str = "/crm/property-validations/2026-09/0-5";

fn bound(type_id: u32, most: u64) -> Value {
    json!({"inputs": [{"category": "HUBSPOT_DEFINED", "typeId": type_id, "maxToObjectIds": most}]})
}

async fn contact(portal: &Portal, mail: &str) -> String {
    let contact = json!({"properties": {"email": mail}});
    let made = portal.post("/crm/v3/objects/contacts", contact).await;
    made.expect(201)["id"].as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn limits_of_associations_are_kept_in_every_way_of_making_one() {
    let portal = Portal::switched(&[]).await;
    let set = format!("{LIMITS}/tickets/contacts/batch/create");
    portal.post(&set, bound(16, 1)).await.expect(200);
    let shown = portal.get(&format!("{LIMITS}/all")).await.expect(200);
    assert_eq!(shown["results"][0]["typeId"], 16);
    assert_eq!(shown["results"][0]["userEnforcedMaxToObjectIds"], 1);
    let other = portal.get(&format!("{LIMITS}/contacts/tickets")).await;
    assert_eq!(other.expect(200)["results"], json!([]));
    let wrong = portal.post(&set, bound(15, 1)).await;
    assert_eq!(wrong.status, 400, "the type goes the other way");
    let ticket = portal.ticket(json!({"subject": "one"})).await;
    let (a, b) = (
        contact(&portal, "a@x.example").await,
        contact(&portal, "b@x.example").await,
    );
    let pair = |to: &str| json!({"from": {"id": ticket}, "to": {"id": to}});
    let path = "/crm/associations/2026-09/tickets/contacts/batch/associate/default";
    let inputs = json!({"inputs": [pair(&a), pair(&b)]});
    let linked = portal.post(path, inputs).await.expect(200);
    assert_eq!(linked["results"].as_array().map(Vec::len), Some(1));
    let error = &linked["errors"][0];
    assert_eq!(error["context"]["fromObjectId"], json!([ticket]));
    assert!(
        error["message"]
            .as_str()
            .is_some_and(|words| words.contains("at most 1"))
    );
    // What is there already is no more than there was.
    let again = json!({"inputs": [pair(&a)]});
    assert_eq!(
        portal.post(path, again).await.expect(200)["errors"],
        Value::Null
    );
    for single in [
        format!("/crm/v4/objects/tickets/{ticket}/associations/default/contacts/{b}"),
        format!("/crm/v3/objects/tickets/{ticket}/associations/contacts/{b}/16"),
    ] {
        let answer = portal.call("PUT", &single, "").await;
        assert_eq!(answer.status, 400, "{answer:?}");
    }
    let types = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": 16}]);
    let to = |id: &str| json!({"to": {"id": id}, "types": types});
    let new = json!({"properties": {"subject": "two", "hs_pipeline": "0", "hs_pipeline_stage": "1"},
        "associations": [to(&a), to(&b)]});
    let refused = portal
        .post("/crm/objects/2026-09/tickets", new.clone())
        .await;
    assert_eq!(refused.status, 400, "{refused:?}");
    // The way back counts by itself, and is full for whoever comes next.
    let back = format!("{LIMITS}/contacts/tickets/batch/update");
    portal.post(&back, bound(15, 1)).await.expect(200);
    let mut one = new;
    one["associations"] = json!([to(&a)]);
    let refused = portal
        .post("/crm/objects/2026-09/tickets", one.clone())
        .await;
    let words = refused.json()["message"].to_string();
    assert!(
        refused.status == 400 && words.contains("type 15"),
        "{words}"
    );
    let purge = json!({"inputs": [{"category": "HUBSPOT_DEFINED", "typeId": 15}]});
    let gone = portal
        .post(&format!("{LIMITS}/contacts/tickets/batch/purge"), purge)
        .await;
    assert_eq!(gone.status, 204);
    portal
        .post("/crm/objects/2026-09/tickets", one)
        .await
        .expect(201);
}

#[tokio::test]
async fn rules_for_values_bind_writes_by_the_paths_of_2026_09() {
    let portal = Portal::switched(&[]).await;
    let rule = format!("{RULES}/subject/rule-type/MAX_LENGTH");
    let put = |rule: &str, arguments: Value| {
        let body = json!({"ruleArguments": arguments}).to_string();
        let rule = rule.to_owned();
        let portal = &portal;
        async move { portal.call("PUT", &rule, &body).await.status }
    };
    assert_eq!(put(&rule, json!(["five"])).await, 400);
    assert_eq!(
        put(&format!("{RULES}/subject/rule-type/SHORT"), json!(["1"])).await,
        400
    );
    assert_eq!(
        put(
            &format!("{RULES}/nobody/rule-type/MAX_LENGTH"),
            json!(["1"])
        )
        .await,
        404
    );
    assert_eq!(put(&rule, json!(["5"])).await, 204);
    let all = portal.get(RULES).await.expect(200);
    assert_eq!(all["results"][0]["propertyName"], "subject");
    let rules = &all["results"][0]["propertyValidationRules"];
    assert_eq!(rules[0]["ruleType"], "MAX_LENGTH");
    assert_eq!(
        portal.get(&rule).await.expect(200)["ruleArguments"],
        json!(["5"])
    );
    let ticket = |subject: &str| json!({"properties": {"subject": subject, "hs_pipeline": "0", "hs_pipeline_stage": "1"}});
    let dated = "/crm/objects/2026-09/tickets";
    let refused = portal.post(dated, ticket("sixsix")).await.expect(400);
    assert_eq!(refused["errors"][0]["code"], "FAILED_VALIDATION");
    assert_eq!(
        refused["errors"][0]["context"]["propertyName"],
        json!(["subject"])
    );
    portal.post(dated, ticket("five5")).await.expect(201);
    portal
        .post("/crm/v3/objects/tickets", ticket("sixsix"))
        .await
        .expect(201);
    assert_eq!(put(&rule, json!([])).await, 204);
    portal.post(dated, ticket("sixsix")).await.expect(201);
}

const MAPPING: &str = keyed!(
    "desk_id",
    r#"subject = "Subject"
hs_pipeline_stage = { value = "New" }
[[associate]]
to = "contacts"
by = "email"
column = "Mail"
split = ";"
missing = "create"
"#
);

/// Two rows that keep everything, one with a subject that is too long, one with too many
/// contacts, and one whose contact is full.
const ROWS: &str = "Id,Subject,Mail\n1,a,a@x.example;b@x.example\n2,b,c@x.example\n\
     3,too long by far,d@x.example\n4,d,d@x.example;e@x.example;f@x.example\n5,e,full@x.example\n";

fn codes(rows: &[crate::support::Row]) -> BTreeMap<String, String> {
    let code = |row: &crate::support::Row| (row["Id"].clone(), row["_code"].clone());
    rows.iter().map(code).collect()
}

/// A portal with limits, a rule, and a contact that has its ticket already.
fn desk() -> FilledPortal {
    let desk = FilledPortal::new("--rate 5000/1s");
    let set = |from: &str, to: &str, body: Value| {
        desk.call("POST", &format!("{LIMITS}/{from}/{to}/batch/create"), &body);
    };
    set("tickets", "contacts", bound(16, 2));
    set("contacts", "tickets", bound(15, 1));
    let rule = format!("{RULES}/subject/rule-type/MAX_LENGTH");
    desk.call("PUT", &rule, &json!({"ruleArguments": ["8"]}));
    let full = json!({"properties": {"email": "full@x.example"}});
    let full = desk.call("POST", "/crm/v3/objects/contacts", &full);
    let ids = desk.create(1, |_| json!({"subject": "held"}));
    let link = format!(
        "/crm/v4/objects/tickets/{}/associations/default/contacts/{}",
        ids[0],
        full["id"].as_str().expect("an id")
    );
    desk.call("PUT", &link, &Value::Null);
    desk.here.write("m.toml", MAPPING);
    desk.here.write("in.csv", ROWS);
    desk.here.write("token", TOKEN);
    let add = [
        "portal",
        "add",
        "live",
        "--token-file",
        "token",
        "--base-url",
        desk.sandbox.url(),
    ];
    desk.here.run(add).expect(0);
    desk
}

const IMPORT: &str = "import in.csv -m m.toml --create-properties --run-dir run";

#[test]
fn rows_that_limits_and_rules_keep_out_are_refused_with_their_reasons() {
    let desk = desk();
    let live = |args: &str| desk.here.run((args, "--portal live"));
    let told = live("portal check").expect(0).stdout;
    for words in [
        "at most 2 contacts a ticket",
        "at most 1 of type 15",
        "subject (MAX_LENGTH 8)",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    let shown = desk.here.run("portal show live --json").expect(0).json();
    assert_eq!(shown["known"]["association_limits"]["16"], 2);
    live("schema apply -m m.toml --yes").expect(0);
    let planned = live("plan in.csv -m m.toml -o plan --json")
        .expect(0)
        .stdout;
    for code in ["TOO_MANY_LINKS", "FAILED_VALIDATION"] {
        assert!(planned.contains(code), "{planned}");
    }
    // A check knows the rules as well, and by the numbered paths they bind nobody.
    let told = live("check in.csv -m m.toml -o would.csv").expect(4).stdout;
    assert!(told.contains("FAILED_VALIDATION"), "{told}");
    let would = desk.here.rows("would.csv");
    assert_eq!(codes(&would)["3"], "FAILED_VALIDATION");
    assert_eq!(would[0]["_column"], "Subject");
    assert!(would[0]["_hint"].contains("MAX_LENGTH 8"), "{:?}", would[0]);
    let told = live("check in.csv -m m.toml -o none.csv --api v3")
        .expect(0)
        .stdout;
    assert!(!told.contains("FAILED_VALIDATION"), "{told}");
    let planned = live("plan in.csv -m m.toml --json --api v3");
    let planned = planned.expect(0).stdout;
    assert!(!planned.contains("FAILED_VALIDATION"), "{planned}");
    live(IMPORT).expect(3);
    let refused = desk.here.rows("run/refused.csv");
    let wanted = [
        ("3", "FAILED_VALIDATION"),
        ("4", "TOO_MANY_LINKS"),
        ("5", "VALIDATION_ERROR"),
    ];
    let wanted = wanted.map(|(id, code)| (id.to_owned(), code.to_owned()));
    assert_eq!(codes(&refused), BTreeMap::from(wanted));
    for row in &refused {
        let words = match row["Id"].as_str() {
            "3" => "breaks the validation rule MAX_LENGTH (8) of subject",
            "4" => "3 contacts, and the portal's limit for a ticket is 2",
            _ => "may have at most 1 of type 15 to tickets",
        };
        assert!(row["_hint"].contains(words), "{row:?}");
    }
    let page = desk.here.read("run/report.html");
    let gist = "VALIDATION_ERROR: ";
    assert!(
        page.contains(gist),
        "the portal's words are told apart: {page}"
    );
    let broken = refused.iter().find(|row| row["Id"] == "3");
    assert_eq!(broken.expect("a row")["_column"], "Subject");
    // Links of their own, for tickets that are there: those that fit are made.
    let properties =
        "[properties]\nsubject = \"Subject\"\nhs_pipeline_stage = { value = \"New\" }\n";
    let more = MAPPING.replace(properties, "");
    assert_ne!(more, MAPPING);
    desk.here.write("links.toml", more);
    let rows = "Id,Mail\n1,a@x.example\n2,c@x.example;g@x.example\n2,h@x.example\n";
    desk.here.write("links.csv", rows);
    let ended = live("associate links.csv -m links.toml --run-dir links").expect(3);
    let refused = desk.here.rows("links/refused.csv");
    assert_eq!(refused.len(), 1, "{}", ended.stderr);
    assert_eq!(refused[0]["_code"], "LINK_REFUSED");
    assert!(
        refused[0]["_hint"].contains("at most 2 of type 16"),
        "{:?}",
        refused[0]
    );
    // What is corrected goes in.
    let text = desk.here.read("run/refused.csv");
    let text = text.replace("too long by far", "short");
    let text = text.replace("d@x.example;e@x.example;f@x.example", "e@x.example");
    desk.here
        .write("run/refused.csv", text.replace("full@x", "new@x"));
    live("retry run").expect(0);
}

#[test]
fn a_twin_has_the_limits_and_the_rules() {
    let desk = desk();
    // Labels of the account's own, each with a limit for the way back.
    for (to, label) in [
        (
            "companies",
            json!({"name": "payer", "label": "Payer", "inverseLabel": "Paid by"}),
        ),
        ("companies", json!({"name": "site", "label": "Site"})),
        (
            "contacts",
            json!({"name": "boss", "label": "Boss", "inverseLabel": "Led by"}),
        ),
    ] {
        let labels = |from: &str, to: &str| format!("/crm/v4/associations/{from}/{to}/labels");
        desk.call("POST", &labels("tickets", to), &label);
        let back = desk.call("GET", &labels(to, "tickets"), &Value::Null);
        let back = back["results"].as_array().expect("labels").clone();
        let name = label.get("inverseLabel").unwrap_or(&label["label"]);
        let back = back
            .iter()
            .find(|one| one["label"] == *name)
            .expect("the way back");
        let id = back["typeId"].as_u64().expect("an id");
        let body =
            json!({"inputs": [{"category": "USER_DEFINED", "typeId": id, "maxToObjectIds": 1}]});
        let limits = format!("{LIMITS}/{to}/tickets/batch/create");
        let set = desk.call("POST", &limits, &body);
        assert!(set["results"].is_array(), "{set}");
    }
    desk.here
        .run("schema pull --portal live -o real.toml")
        .expect(0);
    let on_twin = |args| desk.here.run((args, "--portal sandbox --like live"));
    on_twin("schema pull -o twin.toml")
        .expect(0)
        .says("chosen by --like live");
    let copies = ["real.toml", "twin.toml"].map(|file| {
        let copy: toml::Table = desk.here.read(file).parse().expect("TOML");
        ["link_limits", "links", "links_back", "rules"].map(|part| copy[part].clone())
    });
    assert_eq!(copies[0], copies[1]);
    assert_eq!(copies[0][0].as_array().map(Vec::len), Some(5), "{copies:?}");
    on_twin(IMPORT).expect(3);
    // The contact that is full is a record, of which the twin has none.
    let wanted = [("3", "FAILED_VALIDATION"), ("4", "TOO_MANY_LINKS")];
    let wanted = wanted.map(|(id, code)| (id.to_owned(), code.to_owned()));
    assert_eq!(
        codes(&desk.here.rows("run/refused.csv")),
        BTreeMap::from(wanted)
    );
}
