//! Exports with activities: notes, e-mails and the like as tables beside the tickets.

use serde_json::json;

use crate::support::data_set::table;
use crate::support::{FilledPortal, HUNG_AT, hang};

/// Two tickets; a note of both, an e-mail, a call, a meeting, a task and a message.
fn talked() -> (FilledPortal, Vec<u64>) {
    let (desk, ids) = FilledPortal::with_tickets(2);
    let note = json!({"hs_note_body": "<p>It <b>smells</b></p><p>of smoke; now</p>"});
    let _note = hang(&desk, "notes", 228, &ids, &note);
    let headers = json!({
        "from": {"email": "ann@x.example", "firstName": "Ann", "lastName": "Lee"},
        "to": [{"email": "bo@y.example"}, {"email": "cy@y.example", "firstName": "Cy"}],
    });
    let mail = json!({"hs_email_direction": "INCOMING_EMAIL", "hs_email_subject": "Smoke",
        "hs_email_html": "<p>Help &amp; soon</p>", "hs_email_headers": headers.to_string()});
    let _mail = hang(&desk, "emails", 224, &ids[..1], &mail);
    let plain = json!({"hs_email_direction": "EMAIL", "hs_email_text": "On our way"});
    let _mail = hang(&desk, "emails", 224, &ids[1..], &plain);
    for (kind, link, properties) in [
        (
            "calls",
            220,
            json!({"hs_call_body": "Called", "hs_call_title": "Back"}),
        ),
        ("meetings", 226, json!({"hs_meeting_title": "On site"})),
        (
            "tasks",
            230,
            json!({"hs_task_subject": "Look", "hs_task_status": "WAITING"}),
        ),
        (
            "communications",
            83,
            json!({"hs_communication_channel_type": "SMS",
            "hs_communication_logged_from": "CRM", "hs_communication_body": "Hi"}),
        ),
    ] {
        let _made = hang(&desk, kind, link, &ids[..1], &properties);
    }
    (desk, ids)
}

#[test]
fn what_was_said_and_done_stands_in_tables_beside_the_tickets() {
    let (desk, ids) = talked();
    let kinds = "notes,emails,calls,meetings,tasks,communications,contacts.email";
    desk.export(format!("--properties subject --with {kinds} -o t.csv"))
        .expect(0)
        .says("2 rows of notes, 2 rows of emails");
    let rows = desk.here.rows("t.csv");
    let mut columns: Vec<&str> = rows[0].keys().map(String::as_str).collect();
    columns.sort_unstable();
    assert_eq!(columns, ["contacts.email", "hs_object_id", "subject"]);
    let notes = desk.here.rows("t.notes.csv");
    assert_eq!(
        desk.ids("t.notes.csv"),
        ids,
        "a note of two tickets has two rows"
    );
    assert_eq!(notes[0]["note_id"], notes[1]["note_id"]);
    assert_eq!(notes[0]["hs_timestamp"], HUNG_AT);
    assert!(notes[0]["hs_note_body"].contains("<b>smells</b>"));
    assert_eq!(notes[0]["text"], "It smells\nof smoke; now");
    assert_eq!(notes[0]["link_type_ids"], "227");
    let header = desk.here.read("t.notes.csv");
    let expected = "hs_object_id,note_id,hs_timestamp,hubspot_owner_id,hs_note_body,text,\
                    hs_attachment_ids,link_type_ids,link_labels";
    assert_eq!(header.lines().next(), Some(expected));
    let mails = desk.here.rows("t.emails.csv");
    let mail = &mails[0];
    let told = [
        "hs_email_direction",
        "hs_email_subject",
        "from",
        "to",
        "text",
    ];
    let told = told.map(|name| mail[name].as_str());
    let to = "bo@y.example;Cy <cy@y.example>";
    let expected = [
        "INCOMING_EMAIL",
        "Smoke",
        "Ann Lee <ann@x.example>",
        to,
        "Help & soon",
    ];
    assert_eq!(told, expected);
    assert_eq!(mails[1]["text"], "On our way", "where there is no HTML");
    for (kind, column, value) in [
        ("calls", "hs_call_title", "Back"),
        ("calls", "text", "Called"),
        ("meetings", "hs_meeting_title", "On site"),
        ("tasks", "hs_task_status", "WAITING"),
        ("communications", "hs_communication_channel_type", "SMS"),
    ] {
        let rows = desk.here.rows(&format!("t.{kind}.csv"));
        assert_eq!(rows[0][column], value, "{kind}");
    }
}

#[test]
fn tables_need_a_place_and_columns_do_not() {
    let (desk, _ids) = talked();
    let to_stdout = "--properties subject --with notes";
    desk.export(to_stdout)
        .expect(64)
        .says("notes would be written beside the output");
    let column = ["--properties", "subject", "--with", "notes.hs_note_body"];
    desk.export(column).expect(0).prints("notes.hs_note_body");
    // The name that the option had.
    let old = "--with contacts.email --with-files -o old.csv";
    desk.export(("--properties subject", old)).expect(0);
    assert!(desk.here.path("old.contacts.csv").is_file());
}

#[test]
fn a_data_set_has_them_as_tables_too() {
    let (desk, _ids) = talked();
    let args = "--properties subject --with notes,emails --headers snake";
    let set = "--since last -o lake";
    for _night in 0..2 {
        desk.export((args, set)).expect(0);
    }
    let notes = table(&desk, "lake", "notes");
    assert_eq!(notes.len(), 1, "each once; links say on which tickets");
    assert_eq!(notes[0]["text"], "It smells\nof smoke; now");
    let mails = table(&desk, "lake", "emails");
    assert!(
        mails
            .iter()
            .any(|mail| mail["from_"] == "Ann Lee <ann@x.example>")
    );
    let links = table(&desk, "lake", "links");
    assert_eq!(
        links
            .iter()
            .filter(|row| row["to_object"] == "notes")
            .count(),
        2
    );
}
