//! Which scopes commands need: one of each list. HubSpot names them in two ways, the
//! older and the finer one; either is enough.

use serde_json::{Value, json};

/// Scopes of which one is enough.
type AnyOf = &'static [&'static str];

/// What can be done, and what it needs.
const NEEDS: [(&str, &[AnyOf]); 8] = [
    (
        "export, get, verify: tickets",
        &[&["tickets", "crm.objects.tickets.read"]],
    ),
    (
        "import, update, delete, undo: tickets",
        &[&["tickets", "crm.objects.tickets.write"]],
    ),
    (
        "schema apply, --create-properties: new properties",
        &[&["tickets", "crm.schemas.tickets.write"]],
    ),
    ("owners by name or e-mail", &[&["crm.objects.owners.read"]]),
    (
        "contacts of tickets",
        &[
            &["crm.objects.contacts.read"],
            &["crm.objects.contacts.write"],
        ],
    ),
    (
        "comments as notes",
        &[
            &["crm.objects.contacts.read", "crm.objects.notes.read"],
            &["crm.objects.contacts.write", "crm.objects.notes.write"],
        ],
    ),
    (
        "links to companies",
        &[
            &["crm.objects.companies.read"],
            &["crm.objects.companies.write"],
        ],
    ),
    (
        "links to deals",
        &[&["crm.objects.deals.read"], &["crm.objects.deals.write"]],
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

/// What a token with these scopes can't do. The first of each list is named.
pub fn lacking(scopes: &[String]) -> Vec<Lack> {
    let has = |any: &AnyOf| {
        any.iter()
            .any(|one| scopes.iter().any(|scope| scope == one))
    };
    let lacks = NEEDS.iter().map(|(what, needed)| {
        let missing = needed.iter().filter(|any| !has(any));
        Lack {
            what,
            scopes: missing.filter_map(|any| any.first().copied()).collect(),
        }
    });
    lacks.filter(|lack| !lack.scopes.is_empty()).collect()
}

/// The scopes that some command needs and a token with these has not, or `none`.
pub fn missing(scopes: &[String]) -> String {
    let mut missing: Vec<&str> = lacking(scopes)
        .into_iter()
        .flat_map(|lack| lack.scopes)
        .collect();
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

    #[test]
    fn one_scope_of_each_list_is_enough() {
        let scopes = |names: &[&str]| {
            names
                .iter()
                .map(|name| (*name).to_owned())
                .collect::<Vec<_>>()
        };
        let finer = scopes(&["crm.objects.tickets.read", "crm.objects.tickets.write"]);
        let lacks: Vec<&str> = lacking(&finer).iter().map(|lack| lack.what).collect();
        assert_eq!(lacks.len(), 6, "{lacks:?}");
        let notes = scopes(&[
            "tickets",
            "crm.objects.notes.read",
            "crm.objects.contacts.write",
        ]);
        let words: Vec<String> = lacking(&notes).iter().map(Lack::words).collect();
        assert!(
            words.contains(&"- contacts of tickets (lacks crm.objects.contacts.read)".to_owned())
        );
        assert!(
            !words.iter().any(|words| words.contains("comments")),
            "{words:?}"
        );
    }
}
