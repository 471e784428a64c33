//! `[[notes]]`: comments of a row with their times, authors and texts.

use crate::mapping::tests::sample::{
    HEAD, beside, compiled, compiled_for, headers, refusal, row, schema, ticket,
};
use crate::mapping::{For, Mapped, MappingFile};
use crate::model::note::Note;

/// Comments as Jira writes them.
const JIRA: &str = r#"
[[notes]]
column = "Comment"
parts = { separator = ";", names = ["at", "author", "body"], last = "rest" }
at = { part = "at", format = ["iso", "%d/%b/%y %I:%M %p"] }
author = "author"
body = "body"
"#;

fn bodies(notes: &[Note]) -> Vec<&str> {
    notes.iter().map(|note| note.body.as_str()).collect()
}

#[test]
fn repeated_columns_are_comments_in_the_order_of_their_times() {
    let draft = ticket(
        JIRA,
        &[
            ("Comment", "25/Feb/26 10:17 PM;Ann Lee;later; with <b>;"),
            ("Comment", ""),
            ("Comment", "24/Feb/26 1:05 AM;712020:uuid;one\ntwo"),
            ("Comment", "2026-02-24T01:05:00+01:00;;same time"),
        ],
    );
    let times: Vec<i64> = draft.notes.iter().map(|note| note.at_ms).collect();
    // Berlin, an hour before UTC.
    assert_eq!(
        times,
        [1_771_891_500_000, 1_771_891_500_000, 1_772_054_220_000]
    );
    assert_eq!(
        bodies(&draft.notes),
        [
            "<p><b>712020:uuid</b></p>\n<p>one<br>two</p>",
            "<p>same time</p>",
            "<p><b>Ann Lee</b></p>\n<p>later; with &lt;b&gt;;</p>"
        ]
    );
    let keys: Vec<&str> = draft.notes.iter().map(|note| note.key.as_str()).collect();
    assert!(keys.iter().all(|key| key.starts_with("z-7:")), "{keys:?}");
    assert!(keys[0] != keys[1] && keys[0].len() == 4 + 32, "{keys:?}");
}

#[test]
fn the_file_may_lack_what_is_optional() {
    let more = JIRA.replace("[[notes]]", "[[notes]]\noptional = true");
    assert!(ticket(&more, &[]).notes.is_empty());
    let mapping = compiled(&format!("{HEAD}{more}"), &["Id", "Subject"]);
    assert!(!mapping.expect("it fits").has_notes());
}

#[test]
fn a_bad_comment_refuses_its_row() {
    let issue = refusal(
        JIRA,
        &[
            ("Comment", "25/Feb/26 10:17 PM;a;fine"),
            ("Comment", "31/Feb/26 10:17 PM;a;no such day"),
            ("Comment", "no parts"),
        ],
    );
    let said: Vec<String> = issue.problems().map(ToString::to_string).collect();
    assert_eq!(
        said.len(),
        1,
        "a comment that says nothing is none: {said:?}"
    );
    assert_eq!(issue.first().reason.code(), "INVALID_DATE");
    assert_eq!(issue.first().column.as_deref(), Some("Comment"));
    assert_eq!(issue.first().value, "31/Feb/26 10:17 PM");
    let many: Vec<(&str, &str)> = vec![("Comment", "x;a;b"); 50];
    assert_eq!(refusal(JIRA, &many).problems().count(), 10);
    let issue = refusal(JIRA, &[("Comment", ";a;b")]);
    assert_eq!(issue.first().reason.code(), "MISSING_VALUE");
}

#[test]
fn the_description_may_be_left_out() {
    let more = format!("{JIRA}skip = \"first\"\n");
    let draft = ticket(
        &more,
        &[
            ("Comment", "2026-02-25;a;second"),
            ("Comment", "2026-02-24;a;description"),
            ("Comment", "2026-02-26;a;third"),
        ],
    );
    assert_eq!(draft.notes.len(), 2);
    assert!(draft.notes[0].body.contains("second"));
}

const WORDS: &str = r#"
[[notes]]
column = "Comment"
parts = { separator = "|", names = ["id", "at", "first", "last", "user", "kind", "via", "html", "text"] }
id = "id"
at = "at"
author = { part = ["first", "last"], join = " " }
public = { part = "kind", map = { customer = true, message = true, note = false } }
channel = { part = "via", map = { 1 = "E-mail" } }
body = { part = ["html", "text"], html = "clean" }
"#;

#[test]
fn the_first_line_says_author_visibility_and_channel() {
    let draft = ticket(
        WORDS,
        &[
            ("Comment", "1|2026-02-24|Ann|Lee|||1|<p onclick=x>a</p>|"),
            ("Comment", "2|2026-02-25|Ann||u|Note|chat||b\nc"),
            ("Comment", "3|2026-02-26||||||<b>d</b>"),
        ],
    );
    assert_eq!(
        bodies(&draft.notes),
        [
            "<p><b>Ann Lee</b> · E-mail</p>\n<p>a</p>",
            "<p><b>Ann</b> · Internal · chat</p>\n<p>b<br>c</p>",
            "<b>d</b>"
        ]
    );
    assert_eq!(draft.notes[1].key, "z-7:2");
    let issue = refusal(WORDS, &[("Comment", "1|2026-02-24||||notes||x|")]);
    assert_eq!(issue.first().reason.code(), "UNMAPPED_VALUE");
    assert!(
        issue.hint().contains("did you mean \"note\"?"),
        "{}",
        issue.hint()
    );
}

#[test]
fn a_file_says_who_an_author_is() {
    let more = WORDS.replace(
        "{ part = [\"first\", \"last\"], join = \" \" }",
        "{ part = \"user\", lookup = { file = \"users.csv\", from = \"id\", to = [\"name\", \"email\"] } }",
    );
    let users = "id,name,email\n11,Ann Lee,ann@x.example\n12,Bo,\n";
    let (_folder, name) = beside(&[("users.csv", users)], &more);
    let text = std::fs::read_to_string(&name).expect("the mapping");
    let file = MappingFile::parse(&name, &text).unwrap_or_else(|e| panic!("{e}"));
    assert!(file.tables().contains_key("users.csv"));
    let names = ["Id", "Subject", "Comment", "Comment", "Comment"];
    let mapping = file
        .compile(&headers(&names), &schema(), For::Create)
        .unwrap_or_else(|e| panic!("{e}"));
    let cells = ["11", "12", "99"].map(|user| format!("{user}|2026-02-{user:0>2}|||{user}||||x"));
    let cells = cells.map(|cell| cell.replace("2026-02-99", "2026-02-24"));
    let Mapped::Ticket(draft) = mapping.map(&row(&["7", "s", &cells[0], &cells[1], &cells[2]]))
    else {
        panic!("no ticket");
    };
    assert_eq!(
        bodies(&draft.notes),
        [
            "<p><b>Ann Lee (ann@x.example)</b></p>\n<p>x</p>",
            "<p><b>Bo</b></p>\n<p>x</p>",
            "<p><b>99</b></p>\n<p>x</p>"
        ]
    );
}

#[test]
fn what_takes_tickets_away_or_only_links_has_no_notes() {
    for (purpose, expected) in [
        (For::Create, 1),
        (For::Update, 1),
        (For::Upsert, 1),
        (For::Archive, 0),
        (For::Associate, 0),
    ] {
        let names = ["Id", "Subject", "Comment"];
        let text = format!("{HEAD}{JIRA}").replace("\"New\"", "\"1\"");
        let mapping = compiled_for(&text, &names, purpose);
        let Mapped::Ticket(draft) = mapping.map(&row(&["7", "s", "2026-02-24;a;b"])) else {
            panic!("no ticket");
        };
        assert_eq!(draft.notes.len(), expected, "{purpose:?}");
    }
}

#[test]
fn long_comments_are_cleaned_of_what_is_too_much() {
    let html = format!(
        "1|2026-02-24|||||{}",
        "|<b>".to_owned() + &"<i>".repeat(200_000)
    );
    let draft = ticket(WORDS, &[("Comment", &format!("{html}end|"))]);
    assert_eq!(draft.notes.len(), 1);
    assert!(
        draft.notes[0].body.len() < 100,
        "{}",
        draft.notes[0].body.len()
    );
    let said: Vec<&str> = draft.remarks.iter().map(|one| one.remark.code()).collect();
    assert_eq!(said, ["html_stripped"]);
    let long = "x".repeat(10 << 20);
    let draft = ticket(JIRA, &[("Comment", &format!("2026-02-24;a;{long}"))]);
    assert_eq!(draft.notes[0].parts(), 161);
}

const EACH: &str = r#"
[[notes]]
each = ["thread.comments", "comments"]
optional = true
id = "id"
at = "created_at"
author = { path = ["author.first", "author.last"], join = " " }
public = { path = "type", map = { reply = true, note = false }, unmapped = false }
channel = "via.channel"
body = { path = ["html_body", "body"], html = "clean" }
skip = "first"
"#;

#[test]
fn the_items_of_a_json_list_are_comments() {
    let list = r#"[
        {"id": 12345678901234567890123, "created_at": "2021-03-01T09:00:02Z", "type": "note",
         "author": {"first": "Ann", "last": "Lee"}, "html_body": "<p>b</p>", "body": "b"},
        {"id": 2, "created_at": "2021-03-01T09:00:02Z", "type": "other", "body": "c",
         "via": {"channel": "web"}},
        {"id": 1, "created_at": 1614589200, "type": "reply", "body": "the description"},
        {"id": 3, "created_at": null, "type": "event", "body": null, "html_body": ""}]"#;
    let draft = ticket(EACH, &[("comments", list)]);
    assert_eq!(
        bodies(&draft.notes),
        [
            "<p><b>Ann Lee</b> · Internal</p>\n<p>b</p>",
            "<p>Internal · web</p>\n<p>c</p>"
        ]
    );
    let keys: Vec<&str> = draft.notes.iter().map(|note| note.key.as_str()).collect();
    assert_eq!(keys, ["z-7:12345678901234567890123", "z-7:2"]);
    for (cell, notes) in [("", 0), ("[]", 0), ("[{}]", 0)] {
        assert_eq!(
            ticket(EACH, &[("comments", cell)]).notes.len(),
            notes,
            "{cell}"
        );
    }
    assert!(ticket(EACH, &[]).notes.is_empty(), "the file may lack it");
}

#[test]
fn a_list_that_is_none_refuses_its_row() {
    let bomb = "[".repeat(10_000);
    for cell in ["plain", "[1, 2]", "[{\"id\":1}", bomb.as_str()] {
        let issue = refusal(EACH, &[("comments", cell)]);
        assert_eq!(issue.first().reason.code(), "NO_JSON_LIST", "{cell}");
        assert_eq!(issue.first().column.as_deref(), Some("comments"));
    }
    let twice = r#"[{"id":1,"created_at":"2021-03-01T09:00:00Z","body":"a"},
                    {"id":2,"created_at":"2021-03-01T09:00:00Z","body":"b"},
                    {"id":2,"created_at":"2021-03-01T09:00:00Z","body":"c"},
                    {"id":1,"created_at":"2021-03-01T09:00:00Z","body":"a"}]"#;
    let more = EACH.replace("skip = \"first\"", "");
    let issue = refusal(&more, &[("comments", twice)]);
    assert_eq!(issue.first().reason.code(), "REPEATED_NOTE");
    assert_eq!((issue.problems().count(), &*issue.first().value), (1, "2"));
}

const TASKS: &str = r#"
[[notes]]
each = "todos"
as = "task"
id = "id"
at = "due"
owner = "who"
subject = "title"
properties = { hs_task_status = { path = "state", map = { done = "COMPLETED" } }, hs_task_priority = "p" }
body = "text"
"#;

fn more(note: &Note) -> Vec<(&str, &str)> {
    let more = note.more.iter();
    more.map(|(name, value)| (&**name, value.as_str()))
        .collect()
}

#[test]
fn an_activity_has_an_owner_and_properties_and_needs_no_text() {
    let list = r#"[
        {"id": 1, "due": "2021-03-01T09:00:01Z", "title": "Look", "state": "done", "p": "HIGH",
         "who": "Maya@x.example"},
        {"id": 2, "due": "2021-03-01T09:00:02Z", "p": "LOW", "who": "nobody@x.example"},
        {"id": 3, "due": "2021-03-01T09:00:03Z", "text": "a text"},
        {"id": 4, "due": "2021-03-01T09:00:04Z"}]"#;
    let draft = ticket(TASKS, &[("todos", list)]);
    let found: Vec<_> = draft.notes.iter().map(more).collect();
    assert_eq!(
        found,
        [
            vec![
                ("hs_task_subject", "Look"),
                ("hs_task_status", "COMPLETED"),
                ("hs_task_priority", "HIGH"),
                ("hubspot_owner_id", "51")
            ],
            vec![("hs_task_priority", "LOW")],
            vec![],
        ]
    );
    assert_eq!(bodies(&draft.notes), ["", "", "<p>a text</p>"]);
    assert_eq!(draft.notes[0].key, "z-7:task:1");
    let said: Vec<String> = draft.remarks.iter().map(ToString::to_string).collect();
    let stranger = "todos \"nobody@x.example\": no counterpart, left blank";
    assert_eq!(said, [stranger]);
}

#[test]
fn what_an_email_has_goes_not_into_the_note_that_it_becomes() {
    let mails = r#"
[[notes]]
each = "mails"
as = "email"
at = "at"
from = "from"
to = "to"
incoming = true
subject = "subject"
properties = { hs_email_status = "state" }
body = "text"
"#;
    let list = r#"[
        {"at": "2021-03-01T09:00:01Z", "from": "a@x.example", "to": "b@x.example", "state": "BOUNCED",
         "subject": "Hi"},
        {"at": "2021-03-01T09:00:02Z", "from": "Ann", "to": "b@x.example", "state": "SENT",
         "subject": "Re: <it>", "text": "x"}]"#;
    let draft = ticket(mails, &[("mails", list)]);
    let found: Vec<_> = draft.notes.iter().map(more).collect();
    let state = found[0]
        .iter()
        .filter(|(name, _)| *name == "hs_email_status");
    assert_eq!(state.collect::<Vec<_>>(), [&("hs_email_status", "BOUNCED")]);
    assert_eq!(found[1].len(), 0);
    assert_eq!(
        bodies(&draft.notes),
        ["", "<p>Re: &lt;it&gt;</p>\n<p>x</p>"]
    );
}

#[test]
fn properties_that_other_keys_write_are_refused_and_a_message_needs_its_channel() {
    for (old, new, words) in [
        (
            "hs_task_priority =",
            "hs_timestamp =",
            "`hs_timestamp` is written by `at`",
        ),
        (
            "hs_task_priority =",
            "hs_task_body =",
            "`hs_task_body` is written by `body`",
        ),
        (
            "hs_task_priority =",
            "hs_task_subject =",
            "`hs_task_subject` is written by `subject`",
        ),
        (
            "hs_task_priority =",
            "hubspot_owner_id =",
            "`hubspot_owner_id` is written by `owner`",
        ),
        (
            "as = \"task\"",
            "as = \"task\"\nbcc = \"b\"",
            "`bcc` has no effect without",
        ),
        (
            "as = \"task\"\nid = \"id\"\nat = \"due\"\nowner = \"who\"\nsubject = \"title\"\n",
            "as = \"communication\"\nat = \"due\"\n",
            "no `properties.hs_communication_channel_type`",
        ),
    ] {
        let text = format!("{HEAD}{}", TASKS.replacen(old, new, 1));
        let Err(errors) = MappingFile::parse("m.toml", &text) else {
            panic!("{new} is taken");
        };
        assert!(errors.to_string().contains(words), "{errors}");
    }
}

#[test]
fn what_an_import_has_no_place_for_is_counted_by_row() {
    let more = "[rows]\nleft_behind = [\"history\"]\n";
    for (cell, times) in [("", 0), ("[]", 0), ("[{\"value\":\"1\"}]", 1), ("plain", 1)] {
        let draft = ticket(more, &[("history", cell)]);
        let said: Vec<&str> = draft.remarks.iter().map(|one| one.remark.code()).collect();
        assert_eq!(said, vec!["left_behind"; times], "{cell}");
    }
    let mapping = compiled(&format!("{HEAD}{more}"), &["Id", "Subject", "history", "x"]);
    assert_eq!(mapping.expect("it fits").unused_columns(), ["x"]);
    assert!(
        compiled(&format!("{HEAD}{more}"), &["Id", "Subject"]).is_ok(),
        "the file may lack it"
    );
}
