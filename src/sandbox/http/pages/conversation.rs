//! What was said about a record: notes, e-mails, calls, tasks, meetings and messages, with
//! their files.

use minijinja::{Value as Shown, context};
use serde_json::{Value, json};

use super::ask::{Ask, Refusal};
use super::names::text;

/// What is read for a kind of activity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Activity {
    /// What one is called.
    word: &'static str,
    title: &'static str,
    body: &'static str,
}

/// The kinds, as they are requested.
pub(super) const ACTIVITIES: [(&str, Activity); 6] = [
    (
        "notes",
        Activity {
            word: "note",
            title: "",
            body: "hs_note_body",
        },
    ),
    (
        "emails",
        Activity {
            word: "e-mail",
            title: "hs_email_subject",
            body: "hs_email_html",
        },
    ),
    (
        "calls",
        Activity {
            word: "call",
            title: "hs_call_title",
            body: "hs_call_body",
        },
    ),
    (
        "tasks",
        Activity {
            word: "task",
            title: "hs_task_subject",
            body: "hs_task_body",
        },
    ),
    (
        "meetings",
        Activity {
            word: "meeting",
            title: "hs_meeting_title",
            body: "hs_meeting_body",
        },
    ),
    (
        "communications",
        Activity {
            word: "message",
            title: "",
            body: "hs_communication_body",
        },
    ),
];

/// Activities by their ids, each with the time by which they are sorted.
pub(super) fn conversation(
    ask: &Ask<'_>,
    (kind, activity): (&str, Activity),
    ids: &[String],
) -> Result<Vec<(String, Shown)>, Refusal> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let inputs: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
    let wanted = [
        activity.title,
        activity.body,
        "hs_email_text",
        "hs_timestamp",
        "hs_attachment_ids",
        "hs_unique_id",
    ];
    let wanted: Vec<&str> = wanted.into_iter().filter(|name| !name.is_empty()).collect();
    let body = json!({"inputs": inputs, "properties": wanted});
    let read = ask.post(&format!("/crm/v3/objects/{kind}/batch/read"), &body)?;
    let read = read["results"].as_array().into_iter().flatten();
    Ok(read.map(|one| shown(ask, activity, one)).collect())
}

fn shown(ask: &Ask<'_>, activity: Activity, one: &Value) -> (String, Shown) {
    let of = |name: &str| text(&one["properties"][name]);
    let at = of("hs_timestamp");
    let body = match of(activity.body) {
        empty if empty.is_empty() => of("hs_email_text"),
        body => body,
    };
    let files = of("hs_attachment_ids");
    let files = files.split(';').filter(|id| !id.is_empty());
    let files: Vec<Shown> = files.map(|id| file(ask, id)).collect();
    let shown = context! {
        word => activity.word,
        id => text(&one["id"]),
        at => &at,
        title => of(activity.title),
        // Nothing in it loads or runs anything.
        body => Shown::from_safe_string(ammonia::clean(&body)),
        files,
    };
    (at, shown)
}

/// A file as its activity names it; one that is gone has only an id.
fn file(ask: &Ask<'_>, id: &str) -> Shown {
    let file = ask.get(&format!("/files/v3/files/{id}")).ok();
    let file = file.as_ref();
    let name = file.map(|file| match text(&file["extension"]).as_str() {
        "" => text(&file["name"]),
        ending => format!("{}.{ending}", text(&file["name"])),
    });
    context! { id, name, size => file.and_then(|file| file["size"].as_u64()) }
}
