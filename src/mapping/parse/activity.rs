//! `as` of `[[notes]]`: comments that become e-mails or calls, and the properties of those.

use super::fields::Fields;
use crate::mapping::parse::table::Table;
use crate::mapping::parse::transform::read_word;
use crate::mapping::syntax::{BecomesSpec, CallSpec, EmailSpec};
use crate::model::note::Activity;

const KINDS: [(&str, Activity); 3] = [
    ("note", Activity::Note),
    ("email", Activity::Email),
    ("call", Activity::Call),
];

/// Keys that only e-mails have.
const OF_EMAILS: [&str; 3] = ["from", "to", "cc"];
/// Keys that notes don't have.
const OF_BOTH: [&str; 2] = ["subject", "incoming"];

/// Required keys of e-mails, with help.
const NEEDED_BY_EMAILS: [(&str, &str); 3] = [
    ("from", "say where the sender's address is"),
    ("to", "say where the recipients' addresses are"),
    (
        "incoming",
        "say which came from outside: true, false, or a field that says it",
    ),
];

/// Reads what comments become; none if something was reported.
pub(super) fn read_becomes(fields: &Fields<'_>, table: &mut Table<'_>) -> Option<BecomesSpec> {
    let is_named = table.value("as").is_some();
    let kind = read_word(table, "as", &KINDS).map(|kind| kind.value);
    let from = fields.words(table, "from");
    let to = fields.words(table, "to");
    let cc = fields.words(table, "cc");
    let subject = fields.words(table, "subject");
    let incoming = fields.flag(table, "incoming");
    match kind {
        None if is_named => None,
        None | Some(Activity::Note) => {
            no_effect(table, &OF_EMAILS, "as = \"email\"");
            no_effect(table, &OF_BOTH, "as = \"email\" or as = \"call\"");
            Some(BecomesSpec::Note)
        }
        Some(Activity::Call) => {
            no_effect(table, &OF_EMAILS, "as = \"email\"");
            Some(BecomesSpec::Call(Box::new(CallSpec { subject, incoming })))
        }
        Some(Activity::Email) => {
            for (key, help) in NEEDED_BY_EMAILS {
                if table.value(key).is_none() {
                    table.lacks(key, help);
                }
            }
            Some(BecomesSpec::Email(Box::new(EmailSpec {
                from: from?,
                to: to?,
                cc,
                subject,
                incoming: incoming?,
            })))
        }
    }
}

fn no_effect(table: &mut Table<'_>, keys: &[&'static str], without: &str) {
    for key in keys {
        if table.value(key).is_some() {
            let message = format!("`{key}` has no effect without {without}");
            let _none = table.wrong::<()>(table.key_span(key), message);
        }
    }
}
