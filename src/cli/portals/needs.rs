//! Which scopes commands need: one of each list; if none is granted, the first one is
//! named. HubSpot has older and finer names for them; either is enough.

use serde_json::{Value, json};

/// Scopes any one of which is enough.
type AnyOf = &'static [&'static str];

const TICKETS_READ: AnyOf = &["tickets", "crm.objects.tickets.read"];
const TICKETS_WRITE: AnyOf = &["tickets", "crm.objects.tickets.write"];

/// HubSpot: a token that may read the records may also read their definitions.
const DEFINITIONS_READ: AnyOf = &[
    "tickets",
    "crm.schemas.tickets.read",
    "crm.objects.tickets.read",
];
const DEFINITIONS_WRITE: AnyOf = &["tickets", "crm.schemas.tickets.write"];
const OWNERS: AnyOf = &["crm.objects.owners.read"];
const CONTACTS_READ: AnyOf = &["crm.objects.contacts.read"];
const CONTACTS_WRITE: AnyOf = &["crm.objects.contacts.write"];

/// HubSpot: activities need the scopes of contacts, in newer lists also their own.
const NOTES_READ: AnyOf = &["crm.objects.contacts.read", "crm.objects.notes.read"];
const NOTES_WRITE: AnyOf = &["crm.objects.contacts.write", "crm.objects.notes.write"];
const CALLS_READ: AnyOf = &["crm.objects.contacts.read", "crm.objects.calls.read"];
const CALLS_WRITE: AnyOf = &["crm.objects.contacts.write", "crm.objects.calls.write"];
const EMAILS_READ: AnyOf = &["crm.objects.contacts.read", "crm.objects.emails.read"];
const EMAILS_WRITE: AnyOf = &["crm.objects.contacts.write", "crm.objects.emails.write"];

/// HubSpot: the content of e-mails needs this one in addition to their own.
const EMAIL_TEXTS: AnyOf = &["sales-email-read"];
const COMPANIES_READ: AnyOf = &["crm.objects.companies.read"];
const COMPANIES_WRITE: AnyOf = &["crm.objects.companies.write"];
const DEALS_READ: AnyOf = &["crm.objects.deals.read"];
const DEALS_WRITE: AnyOf = &["crm.objects.deals.write"];
const CUSTOM_SCHEMAS: AnyOf = &["crm.schemas.custom.read"];
const CUSTOM_READ: AnyOf = &["crm.objects.custom.read"];
const CUSTOM_WRITE: AnyOf = &["crm.objects.custom.write"];

/// HubSpot: whoever may see hidden files may read and upload all others too (C2 §2.4).
const FILES_READ: AnyOf = &["files", "files.read", "files.ui_hidden.read"];
const FILES_WRITE: AnyOf = &["files", "files.write", "files.ui_hidden.write"];

/// What can be done, and the scopes that it needs in addition to those of the first two lines,
/// which are needed by whoever reads or writes tickets.
const NEEDS: [(&str, &[AnyOf]); 17] = [
    ("export, get, verify, plan: tickets", &[TICKETS_READ]),
    (
        "import, apply, retry, delete, undo: tickets",
        &[TICKETS_READ, TICKETS_WRITE],
    ),
    ("schema, check: definitions", &[DEFINITIONS_READ]),
    (
        "schema apply, --create-properties: new properties",
        &[DEFINITIONS_WRITE],
    ),
    ("owners by name or e-mail", &[OWNERS]),
    ("export --with contacts", &[CONTACTS_READ]),
    (
        "import: contacts of tickets",
        &[CONTACTS_READ, CONTACTS_WRITE],
    ),
    ("import: comments as notes", &[NOTES_READ, NOTES_WRITE]),
    ("import: comments as calls", &[CALLS_READ, CALLS_WRITE]),
    (
        "import: comments as e-mails",
        &[EMAILS_READ, EMAILS_WRITE, EMAIL_TEXTS],
    ),
    (
        "import: attachments of comments",
        &[NOTES_READ, NOTES_WRITE, FILES_READ, FILES_WRITE],
    ),
    ("export --with notes", &[NOTES_READ]),
    ("export --attachments", &[NOTES_READ, FILES_READ]),
    ("export --with emails", &[EMAILS_READ, EMAIL_TEXTS]),
    (
        "import: links to companies",
        &[COMPANIES_READ, COMPANIES_WRITE],
    ),
    ("import: links to deals", &[DEALS_READ, DEALS_WRITE]),
    (
        "import: links to custom objects",
        &[CUSTOM_SCHEMAS, CUSTOM_READ, CUSTOM_WRITE],
    ),
];

/// What a token can't do.
pub struct Lack {
    what: &'static str,
    scopes: Vec<&'static str>,
}

impl Lack {
    /// For people.
    pub fn words(&self) -> String {
        format!("- {} (lacks {})", self.what, self.scopes.join(", "))
    }

    /// For programs.
    pub fn json(&self) -> Value {
        json!({"what": self.what, "scopes": self.scopes})
    }
}

/// Names of activities' own scopes, which are in newer lists and which few tokens have.
fn is_newer(scope: &str) -> bool {
    ["notes", "calls", "emails"].iter().any(|kind| {
        let rest = scope.strip_prefix("crm.objects.");
        rest.is_some_and(|rest| rest.starts_with(kind))
    })
}

fn has(scopes: &[String], any: AnyOf) -> bool {
    let mut any = any.iter();
    any.any(|one| scopes.iter().any(|scope| scope == one))
}

/// What a token with these scopes can't do. The first scope of each list is named.
pub fn lacking(scopes: &[String]) -> Vec<Lack> {
    let lacks = NEEDS.iter().map(|(what, needed)| {
        let missing = needed.iter().filter(|any| !has(scopes, any));
        Lack {
            what,
            scopes: missing.filter_map(|any| any.first().copied()).collect(),
        }
    });
    lacks.filter(|lack| !lack.scopes.is_empty()).collect()
}

/// The scopes of every list of which a token with these has none, or `none`: a scope
/// that is only another name for what the token may do is not missing.
pub fn missing(scopes: &[String]) -> String {
    let needed = NEEDS.iter().flat_map(|(_, needed)| needed.iter());
    let lacks = needed.filter(|any| !has(scopes, any));
    let missing = lacks.flat_map(|any| any.iter().copied());
    let mut missing: Vec<&str> = missing.filter(|scope| !is_newer(scope)).collect();
    missing.sort_unstable();
    missing.dedup();
    match missing.is_empty() {
        true => "none".to_owned(),
        false => missing.join(","),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn one_scope_of_each_list_is_enough() {
        let finer = scopes(&["crm.objects.tickets.read", "crm.objects.tickets.write"]);
        let lacks: Vec<&str> = lacking(&finer).iter().map(|lack| lack.what).collect();
        assert_eq!(lacks.len(), NEEDS.len() - 3, "{lacks:?}");
        let notes = scopes(&[
            "tickets",
            "crm.objects.notes.read",
            "crm.objects.contacts.write",
        ]);
        let words: Vec<String> = lacking(&notes).iter().map(Lack::words).collect();
        let contacts = "- import: contacts of tickets (lacks crm.objects.contacts.read)";
        assert!(words.contains(&contacts.to_owned()), "{words:?}");
        assert!(
            !words.iter().any(|words| words.contains("as notes")),
            "{words:?}"
        );
        assert!(
            words.iter().any(|words| words.contains("sales-email-read")),
            "{words:?}"
        );
    }

    #[test]
    fn all_names_of_what_a_token_may_not_do_are_missing() {
        let all = NEEDS.iter().flat_map(|(_, needed)| needed.iter());
        let all: Vec<&str> = all.flat_map(|any| any.iter().copied()).collect();
        assert_eq!(missing(&scopes(&all)), "none");
        let without = |gone: &[&str]| {
            let left = all.iter().filter(|scope| !gone.contains(scope));
            missing(&left.map(|scope| (*scope).to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(without(&["tickets"]), "none");
        let writes = ["crm.objects.tickets.write", "tickets"];
        assert_eq!(without(&writes), writes.join(","));
        for one in ["sales-email-read", "crm.objects.deals.read"] {
            assert_eq!(without(&[one]), one);
        }
        let contacts = ["crm.objects.contacts.read", "crm.objects.notes.read"];
        assert_eq!(without(&contacts), contacts[0]);
    }
}
