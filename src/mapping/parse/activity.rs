//! `as` of `[[notes]]`: comments that become e-mails, calls, tasks, meetings or messages, and
//! the properties of those.

use super::fields::Fields;
use crate::mapping::errors::Problem;
use crate::mapping::parse::table::Table;
use crate::mapping::parse::transform::read_word;
use crate::mapping::syntax::{At, BecomesSpec, CallSpec, EmailSpec, WordsSpec};
use crate::model::note::Activity;

const KINDS: [(&str, Activity); 6] = [
    ("note", Activity::Note),
    ("email", Activity::Email),
    ("call", Activity::Call),
    ("task", Activity::Task),
    ("meeting", Activity::Meeting),
    ("communication", Activity::Communication),
];

/// Keys that not all kinds have, with what has them.
const ONLY_OF: [(&str, &[Activity], &str); 6] = [
    ("from", &[Activity::Email], "as = \"email\""),
    ("to", &[Activity::Email], "as = \"email\""),
    ("cc", &[Activity::Email], "as = \"email\""),
    ("bcc", &[Activity::Email], "as = \"email\""),
    (
        "subject",
        &[
            Activity::Email,
            Activity::Call,
            Activity::Task,
            Activity::Meeting,
        ],
        "as = \"email\", \"call\", \"task\" or \"meeting\"",
    ),
    (
        "incoming",
        &[Activity::Email, Activity::Call],
        "as = \"email\" or as = \"call\"",
    ),
];

/// Required keys of e-mails, with help.
const NEEDED_BY_EMAILS: [(&str, &str); 3] = [
    ("from", "say where the sender's address is"),
    ("to", "say where the recipients' addresses are"),
    (
        "incoming",
        "say which came from outside: true, false, or a field that says it",
    ),
];

/// Properties that other keys write, with those keys.
const BY_OTHER_KEYS: [(&str, &str); 5] = [
    ("hs_timestamp", "at"),
    ("hubspot_owner_id", "owner"),
    ("hs_attachment_ids", "attachments"),
    ("hs_unique_id", "id"),
    ("hs_email_headers", "from"),
];

/// HubSpot: a message without it is refused.
const CHANNEL: &str = "hs_communication_channel_type";

/// Reads what comments become; none if something was reported.
pub(super) fn read_becomes(fields: &Fields<'_>, table: &mut Table<'_>) -> Option<BecomesSpec> {
    let is_named = table.value("as").is_some();
    let kind = read_word(table, "as", &KINDS).map(|kind| kind.value);
    let from = fields.words(table, "from");
    let to = fields.words(table, "to");
    let cc = fields.words(table, "cc");
    let bcc = fields.words(table, "bcc");
    let subject = fields.words(table, "subject");
    let incoming = fields.flag(table, "incoming");
    if is_named && kind.is_none() {
        return None;
    }
    let kind = kind.unwrap_or_default();
    refuse_without_effect(table, kind);
    Some(match kind {
        Activity::Note => BecomesSpec::Note,
        Activity::Call => BecomesSpec::Call(Box::new(CallSpec { subject, incoming })),
        Activity::Task | Activity::Meeting | Activity::Communication => {
            BecomesSpec::Other(kind, subject.map(Box::new))
        }
        Activity::Email => {
            for (key, help) in NEEDED_BY_EMAILS {
                if table.value(key).is_none() {
                    table.lacks(key, help);
                }
            }
            BecomesSpec::Email(Box::new(EmailSpec {
                from: from?,
                to: to?,
                cc,
                bcc,
                subject,
                incoming: incoming?,
            }))
        }
    })
}

fn refuse_without_effect(table: &mut Table<'_>, kind: Activity) {
    for (key, kinds, without) in ONLY_OF {
        if !kinds.contains(&kind) && table.value(key).is_some() {
            let message = format!("`{key}` has no effect without {without}");
            let _none = table.wrong::<()>(table.key_span(key), message);
        }
    }
}

/// `properties`: further properties of what comments become; none of them has a key of its own.
pub(super) fn read_properties(
    fields: &Fields<'_>,
    table: &mut Table<'_>,
    becomes: Option<&BecomesSpec>,
) -> Vec<(At<String>, WordsSpec)> {
    let kind = becomes.map(BecomesSpec::activity);
    let properties = fields.properties(table);
    for (name, _) in &properties {
        let by_kind = kind.and_then(|kind| {
            let is_subject = kind.subject() == Some(name.value.as_str());
            let is_body = kind.body() == name.value;
            is_body
                .then_some("body")
                .or(is_subject.then_some("subject"))
        });
        let mut others = BY_OTHER_KEYS.into_iter();
        let by_all = others.find_map(|(other, key)| (name.value == other).then_some(key));
        if let Some(key) = by_kind.or(by_all) {
            let message = format!("`{}` is written by `{key}`", name.value);
            let problem = Problem::new(&name.span, message);
            let problem = problem.help(format!("write {key} = … under [[notes]]"));
            table.problems().report(problem);
        }
    }
    let names_channel = properties.iter().any(|(name, _)| name.value == CHANNEL);
    if kind == Some(Activity::Communication) && !names_channel {
        let help = format!("say which channel it was: properties = {{ {CHANNEL} = … }}");
        table.lacks(&format!("properties.{CHANNEL}"), &help);
    }
    properties
}
