//! Exports of whole cases, and the way back: what goes out with its history and files goes
//! into another portal, and out of that again the same, but for ids and stamps.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::conversation::Talk;
use crate::support::filed::{Filed, imported};
use crate::support::{Served, files_below, hang, id};

const WHOLE: &str = "export --format case --history hs_pipeline_stage --properties \
     subject,content,hs_pipeline,hs_pipeline_stage,hs_ticket_priority,createdate,hubspot_owner_id \
     --with notes,emails,calls,tasks,meetings,communications,contacts.email";

/// What cases have of what was said and done.
const ACTIVITIES: [&str; 6] = [
    "notes",
    "emails",
    "calls",
    "tasks",
    "meetings",
    "communications",
];

/// A portal with tickets, of which some have notes with files, contacts, and one of each other
/// activity.
fn told() -> Talk {
    let filed = Filed::new(12);
    let talk = imported(&filed);
    let mut ids: Vec<u64> = talk
        .all("tickets", "properties=subject")
        .iter()
        .map(id)
        .collect();
    ids.sort_unstable();
    let _contacts = talk.desk.link_contacts(&ids[..2], 3);
    let owners = talk.desk.call("GET", "/crm/v3/owners", &Value::Null);
    let owner = |n: usize| owners["results"][n]["id"].clone();
    let path = format!("/crm/v3/objects/tickets/{}", ids[0]);
    let owned = json!({"properties": {"hubspot_owner_id": owner(0)}});
    talk.desk.call("PATCH", &path, &owned);
    let headers = json!({
        "from": {"email": "ann@x.example", "firstName": "Ann", "lastName": "Lee"},
        "to": [{"email": "bo@y.example"}, {"email": "cy@y.example", "firstName": "Cy"}],
        "bcc": [{"email": "di@y.example"}],
    });
    let mail = json!({"hs_email_direction": "FORWARDED_EMAIL", "hs_email_subject": "Smoke",
        "hs_email_status": "BOUNCED", "hs_email_headers": headers.to_string(),
        "hs_email_html": "<p>Help &amp; soon</p>", "hubspot_owner_id": owner(1)});
    let call = json!({"hs_call_title": "Back", "hs_call_direction": "OUTBOUND",
        "hs_call_status": "BUSY", "hs_call_duration": "125000"});
    let task = json!({"hs_task_subject": "Look", "hs_task_status": "WAITING",
        "hs_task_priority": "HIGH", "hs_task_type": "CALL", "hubspot_owner_id": owner(0)});
    let meeting = json!({"hs_meeting_title": "On site", "hs_meeting_body": "<p>Bring tools</p>",
        "hs_meeting_start_time": "2026-03-02T10:00:00Z", "hs_meeting_outcome": "COMPLETED",
        "hs_meeting_end_time": "2026-03-02T11:30:00Z", "hubspot_owner_id": owner(1)});
    let message = json!({"hs_communication_channel_type": "WHATS_APP",
        "hs_communication_logged_from": "CRM", "hs_communication_body": "<p>Hi</p>"});
    for (kind, link, ticket, properties) in [
        ("emails", 224, ids[0], mail),
        ("calls", 220, ids[1], call),
        ("tasks", 230, ids[0], task),
        ("meetings", 226, ids[1], meeting),
        ("communications", 83, ids[2], message),
    ] {
        let _made = hang(&talk.desk, kind, link, &[ticket], &properties);
    }
    talk
}

fn cases(talk: &Talk, file: &str) -> Vec<Value> {
    let text = talk.desk.here.read(file);
    let lines = text.lines().map(serde_json::from_str);
    lines.collect::<Result<_, _>>().expect("an object a line")
}

/// A case without ids and stamps, its lists in an order of what they say.
fn plain(mut case: Value) -> (String, Value) {
    let subject = case["properties"]["subject"]
        .as_str()
        .expect("a subject")
        .to_owned();
    let whole = case.as_object_mut().expect("an object");
    let _id = whole.remove("hs_object_id").expect("an id");
    let _stamps = whole.remove("history").expect("former values");
    for kind in ACTIVITIES.into_iter().chain(["contacts"]) {
        let list = whole
            .get_mut(kind)
            .expect(kind)
            .as_array_mut()
            .expect("a list");
        list.iter_mut().for_each(without_ids);
        list.sort_by_key(Value::to_string);
    }
    (subject, case)
}

fn without_ids(record: &mut Value) {
    let record = record.as_object_mut().expect("an object");
    for name in [
        "note_id",
        "email_id",
        "call_id",
        "task_id",
        "meeting_id",
        "communication_id",
        "contact_id",
        "file_id",
        "path",
    ] {
        let _id = record.remove(name);
    }
    if let Some(ids) = record.remove("hs_attachment_ids") {
        let count = ids.as_array().map_or(0, Vec::len);
        let _none = record.insert("files".to_owned(), count.into());
    }
    let files = record.get_mut("attachments").and_then(Value::as_array_mut);
    files.into_iter().flatten().for_each(without_ids);
}

fn all_plain(talk: &Talk, file: &str) -> BTreeMap<String, Value> {
    cases(talk, file).into_iter().map(plain).collect()
}

/// Another portal, which has nothing.
fn another(talk: &Talk) -> Served {
    let args = "--rate off --switch file_search_lag=0s";
    talk.desk.here.serve(args)
}

#[test]
fn columns_of_a_case_that_hubspot_fills_itself_are_counted_only() {
    let talk = told();
    talk.run("export --all-properties --format case -o all.jsonl", 0);
    let import = "import all.jsonl -m case --create-properties";
    let here = &talk.desk.here;
    let ended = here.run_against(&another(&talk), import).expect(0);
    let mut lines = ended.stderr.lines();
    let unused = lines
        .find_map(|line| line.strip_prefix("columns that nothing uses: "))
        .expect("a case has more columns than the mapping");
    assert!(
        unused.ends_with(" columns of properties that HubSpot fills itself"),
        "{unused}"
    );
    assert!(!unused.contains("hs_lastmodifieddate"), "{unused}");
    assert!(unused.contains("properties.hs_custom_inbox"), "{unused}");
}

#[test]
fn a_case_goes_out_and_into_another_portal_and_is_the_same() {
    let talk = told();
    talk.run((WHOLE, "--attachments files -o a.jsonl"), 0)
        .says("12 tickets exported");
    let all = cases(&talk, "a.jsonl");
    assert_eq!(all.len(), 12);
    let one = &all[0];
    assert_eq!(one["properties"]["subject"], "Ticket 1");
    assert_eq!(one["history"][0]["property"], "hs_pipeline_stage");
    assert_eq!(one["emails"][0]["from"], json!(["Ann Lee <ann@x.example>"]));
    assert_eq!(one["contacts"].as_array().map(Vec::len), Some(3));
    let email = one["properties"]["hubspot_owner_id_email"].as_str();
    assert!(email.is_some_and(|email| email.contains('@')), "{one}");
    let filed = all
        .iter()
        .flat_map(|case| case["notes"].as_array().into_iter().flatten());
    let filed: Vec<&Value> = filed
        .filter(|note| note["attachments"][0].is_object())
        .collect();
    let path = filed[0]["attachments"][0]["path"].as_str().expect("a path");
    assert!(talk.desk.here.path("files").join(path).is_file(), "{path}");
    let manifest = talk.desk.here.json("a.jsonl.manifest.json");
    assert_eq!(manifest["tables"]["emails"], 1, "{manifest}");
    let portal = another(&talk);
    let import = "import a.jsonl -m case --attachments files --horizon 0.8";
    let more = "--create-properties --run-dir copy";
    let here = &talk.desk.here;
    // Nobody can write the history of a property.
    let left = "12 cells with what an import has no place for, left behind as mapped\n          12 history\n";
    // The address of an owner counts, and so its id does not.
    let unused = "columns that nothing uses: properties.hubspot_owner_id\n";
    here.run_against(&portal, (import, more))
        .expect(0)
        .says("files uploaded")
        .says(left)
        .says(unused);
    here.run_against(&portal, (WHOLE, "--attachments again -o b.jsonl"))
        .expect(0);
    let (before, after) = (all_plain(&talk, "a.jsonl"), all_plain(&talk, "b.jsonl"));
    assert_eq!(before.len(), after.len());
    for (subject, case) in &before {
        assert_eq!(case, &after[subject], "{subject}");
    }
    let files = |folder: &str| files_below(&here.path(folder)).len();
    assert!(files("files") > 10);
    // What hung on two tickets is a file of each of them now, where a portal sees that.
    assert!(files("again") >= files("files"));
    // Once more writes nothing.
    here.run_against(&portal, (import, "--op upsert --run-dir same"))
        .expect(0)
        .says("12 unchanged");
}

/// Owners have a scope of their own: without it cases have their ids alone, which is said.
#[test]
fn a_token_that_may_not_read_owners_exports_cases_all_the_same() {
    let talk = told().served("--switch missing_scopes=crm.objects.owners.read");
    talk.run((WHOLE, "-o a.jsonl"), 0)
        .says("the token may not read owners");
    let owned = &cases(&talk, "a.jsonl")[0]["properties"];
    assert!(owned["hubspot_owner_id"].is_string(), "{owned}");
    assert!(owned.get("hubspot_owner_id_email").is_none(), "{owned}");
}

#[test]
fn a_case_is_a_line_wherever_it_goes() {
    let talk = told();
    let more = "--limit 1 --archived include --record-times";
    let plain = "export --properties subject --format case --with notes,companies,tasks";
    let case = talk.run((plain, more), 0).json();
    let members: Vec<&str> = case
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    let mut expected = [
        "hs_object_id",
        "archived",
        "created_at",
        "updated_at",
        "archived_at",
        "properties",
        "companies",
        "notes",
        "tasks",
    ];
    expected.sort_unstable();
    let mut members = members;
    members.sort_unstable();
    assert_eq!(members, expected);
    assert_eq!(case["properties"], json!({"subject": "Ticket 1"}));
    assert!(
        case["notes"][0].get("attachments").is_none(),
        "nobody asked for files"
    );
    for (more, words) in [
        (
            "--since last -o lake",
            "a case is all of a ticket in one line",
        ),
        ("--link-tables -o t.jsonl", "no tables beside it"),
    ] {
        talk.run((plain, more), 64).says(words);
    }
}
