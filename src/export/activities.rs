//! The default columns for the table of an activity: its time, owner, text and files. Texts appear
//! twice: as the HTML that the portal holds, which loses nothing, and as plain text, which people
//! search and count. A case has more columns, since activities are recreated from it. Pure.

use std::collections::BTreeMap;

use super::columns::{Column, Kind, What, Wording};
use super::labels::owner_email;
use crate::model::schema::{OWNER_PROPERTY, ObjectType, Owner, PropertyDef};

/// The property that names the files of an activity.
pub const ATTACHMENTS: &str = "hs_attachment_ids";

/// Its time and its owner.
const FIRST: [&str; 2] = ["hs_timestamp", OWNER_PROPERTY];

/// Sender and recipients of an e-mail: the column, the name in its headers, the property
/// that replaces them if missing.
const ENDS: [(&str, &str, &str); 3] = [
    ("from", "From", "hs_email_from_email"),
    ("to", "To", "hs_email_to_email"),
    ("cc", "Cc", "hs_email_cc_email"),
];

/// The recipients hidden from the others, which cases include too.
const HIDDEN_END: (&str, &str, &str) = ("bcc", "Bcc", "hs_email_bcc_email");

/// What only cases show, as far as the portal defines it.
const OF_CASES: [(ObjectType, &str); 2] = [
    (ObjectType::Emails, "hs_email_status"),
    (ObjectType::Calls, "hs_call_status"),
];

/// HubSpot: the headers of an e-mail, as JSON.
const HEADERS: &str = "hs_email_headers";

/// What is specific to a kind of activity, and where its text is, HTML first.
type Own = (ObjectType, &'static [&'static str], &'static [&'static str]);

/// All kinds.
const OWN: [Own; 6] = [
    (ObjectType::Notes, &[], &["hs_note_body"]),
    (
        ObjectType::Emails,
        &["hs_email_direction", "hs_email_subject"],
        &["hs_email_html", "hs_email_text"],
    ),
    (
        ObjectType::Calls,
        &["hs_call_direction", "hs_call_title", "hs_call_duration"],
        &["hs_call_body"],
    ),
    (
        ObjectType::Meetings,
        &[
            "hs_meeting_title",
            "hs_meeting_start_time",
            "hs_meeting_end_time",
            "hs_meeting_outcome",
        ],
        &["hs_meeting_body"],
    ),
    (
        ObjectType::Tasks,
        &[
            "hs_task_subject",
            "hs_task_status",
            "hs_task_priority",
            "hs_task_type",
        ],
        &["hs_task_body"],
    ),
    (
        ObjectType::Communications,
        &["hs_communication_channel_type"],
        &["hs_communication_body"],
    ),
];

/// What the table of a kind of activity shows, as far as the portal defines it; nothing for
/// other kinds of record. A case, which comes with the portal's owners, shows more.
pub fn shown(
    object: ObjectType,
    defined: &BTreeMap<String, PropertyDef>,
    of_case: Option<&[Owner]>,
) -> Vec<What> {
    let Some((_, own, texts)) = OWN.into_iter().find(|(kind, ..)| *kind == object) else {
        return Vec::new();
    };
    let stored = |name: &str| defined.get(name).cloned().map(What::Property);
    let mut shown: Vec<What> = FIRST.iter().filter_map(|name| stored(name)).collect();
    let email = of_case.and_then(|owners| owner_email(defined.get(OWNER_PROPERTY)?, owners));
    shown.extend(email.map(|column| What::Made(column, vec![OWNER_PROPERTY])));
    shown.extend(own.iter().filter_map(|name| stored(name)));
    let more = OF_CASES
        .iter()
        .filter(|(kind, _)| of_case.is_some() && *kind == object);
    shown.extend(more.filter_map(|(_, name)| stored(name)));
    if object == ObjectType::Emails {
        let hidden = of_case.map(|_| HIDDEN_END);
        shown.extend(ENDS.into_iter().chain(hidden).map(|(name, label, alone)| {
            let column = made(name, label, Kind::List, Wording::Addresses(name));
            What::Made(column, known(&[HEADERS, alone], defined))
        }));
    }
    shown.extend(texts.first().and_then(|html| stored(html)));
    let column = made("text", "Text", Kind::Text, Wording::Text);
    shown.push(What::Made(column, known(texts, defined)));
    shown.extend(stored(ATTACHMENTS));
    shown
}

fn made(name: &str, label: &str, kind: Kind, wording: Wording) -> Column {
    Column {
        wording,
        ..Column::plain(name, label, kind)
    }
}

fn known(names: &[&'static str], defined: &BTreeMap<String, PropertyDef>) -> Vec<&'static str> {
    let names = names.iter().copied();
    names.filter(|name| defined.contains_key(*name)).collect()
}
