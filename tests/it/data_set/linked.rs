//! Data sets with records linked to tickets: notes, e-mails, tasks and custom objects.
//! They appear, change and disappear independently, and the set follows.

use serde_json::{Value, json};

use crate::support::data_set::{Story, table};
use crate::support::{files_below, id};

/// Makes records of a kind, each linked to a ticket; their ids.
fn hang(story: &Story, kind: &str, link: u32, tickets: &[u64], properties: &Value) -> Vec<u64> {
    let inputs = tickets.iter().map(|ticket| {
        let types = json!([{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": link}]);
        json!({"properties": properties, "associations": [{"to": {"id": ticket.to_string()}, "types": types}]})
    });
    let body = json!({"inputs": inputs.collect::<Vec<_>>()});
    let path = format!("/crm/v3/objects/{kind}/batch/create");
    let made = story.desk.call("POST", &path, &body);
    made["results"]
        .as_array()
        .expect("results")
        .iter()
        .map(id)
        .collect()
}

#[test]
fn notes_mails_and_tasks_follow_their_tickets() {
    let more = "--with notes.hs_note_body,notes.hs_timestamp,emails.hs_email_subject,tasks,calls";
    let story = Story::new(20, &[], more);
    let at = "2026-03-01T09:00:00Z";
    let note = json!({"hs_timestamp": at, "hs_note_body": "First"});
    let notes = hang(&story, "notes", 228, &story.ids[..6], &note);
    let mail =
        json!({"hs_timestamp": at, "hs_email_subject": "Re: it", "hs_email_direction": "EMAIL"});
    let _mails = hang(&story, "emails", 224, &story.ids[3..5], &mail);
    let task = json!({"hs_timestamp": at, "hs_task_subject": "Call back"});
    let _tasks = hang(&story, "tasks", 230, &story.ids[4..5], &task);
    let tables = ["links", "notes", "emails", "tasks", "calls"];
    let check = |words: &str| {
        story.run().expect(0);
        let _manifest = story.check(&tables, words);
    };
    check("first");
    let rows = |name: &str| table(&story.desk, "lake", name);
    assert_eq!((rows("notes").len(), rows("emails").len()), (6, 2));
    assert_eq!((rows("tasks").len(), rows("calls").len()), (1, 0));
    // A note that is edited, one that goes, one that comes; no ticket is touched.
    let edited =
        json!({"inputs": [{"id": notes[0].to_string(), "properties": {"hs_note_body": "Second"}}]});
    story
        .desk
        .call("POST", "/crm/v3/objects/notes/batch/update", &edited);
    let gone = json!({"inputs": [{"id": notes[1].to_string()}]});
    story
        .desk
        .call("POST", "/crm/v3/objects/notes/batch/archive", &gone);
    let _new = hang(&story, "notes", 228, &story.ids[10..11], &note);
    check("edited, gone and new");
    let bodies = rows("notes")
        .into_iter()
        .map(|row| row["hs_note_body"].clone());
    assert_eq!(bodies.filter(|body| body == "Second").count(), 1);
    // A ticket goes with what hangs on it.
    story.desk.archive(&story.ids[4..5]);
    check("a ticket is archived");
    assert_eq!((rows("tasks").len(), rows("emails").len()), (0, 1));
}

#[test]
fn records_that_are_read_again_and_are_the_same_change_no_file() {
    let story = Story::new(
        10,
        &[],
        "--with contacts.email,contacts.createdate --format parquet",
    );
    let contacts = story.desk.link_contacts(&story.ids[..2], 3);
    let files = || files_below(&story.desk.here.path("lake/contacts"));
    story.run().expect(0);
    let before = files();
    story.run().expect(0).says("3 rows of contacts");
    assert_eq!(
        files(),
        before,
        "a Parquet file has another text for a time"
    );
    let email = json!({"inputs": [{"id": contacts[1].to_string(), "properties": {"email": "new@desk.example"}}]});
    let path = "/crm/v3/objects/contacts/batch/update";
    story.desk.call("POST", path, &email);
    story.run().expect(0).says("3 rows of contacts");
    assert_ne!(files(), before);
}
