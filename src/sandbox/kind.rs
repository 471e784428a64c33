//! The kinds of record that the portal holds, and what the API calls them. A
//! further kind is one more row of `KINDS` and its properties in the seed.

use super::problem::Problem;

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Ticket,
    Contact,
    Company,
    Deal,
    Note,
}

/// How the API speaks of one kind.
struct Names {
    plural: &'static str,
    singular: &'static str,
    type_id: &'static str,
    /// In error messages; begins a sentence as it is.
    capital: &'static str,
    upper: &'static str,
    /// The property that holds the date of creation.
    created: &'static str,
    /// The property that moves with every write.
    modified: &'static str,
    /// Shown when a read names no properties (contract 2.2 for tickets, 9.1 for
    /// notes).
    shown: &'static [&'static str],
    /// What `query` of a search looks at (contract 2.9 for tickets).
    searched: &'static [&'static str],
}

/// In the order of the enum.
const KINDS: [Names; 5] = [
    Names {
        plural: "tickets",
        singular: "ticket",
        type_id: "0-5",
        capital: "Ticket",
        upper: "TICKET",
        created: "createdate",
        modified: "hs_lastmodifieddate",
        shown: &[
            "content",
            "createdate",
            "hs_lastmodifieddate",
            "hs_object_id",
            "hs_pipeline",
            "hs_pipeline_stage",
            "hs_ticket_category",
            "hs_ticket_priority",
            "subject",
        ],
        searched: &[
            "subject",
            "content",
            "hs_pipeline_stage",
            "hs_ticket_category",
            "hs_ticket_id",
        ],
    },
    Names {
        plural: "contacts",
        singular: "contact",
        type_id: "0-1",
        capital: "Contact",
        upper: "CONTACT",
        created: "createdate",
        modified: "lastmodifieddate",
        shown: &[
            "createdate",
            "email",
            "firstname",
            "hs_object_id",
            "lastmodifieddate",
            "lastname",
        ],
        searched: &[
            "firstname",
            "lastname",
            "email",
            "hs_additional_emails",
            "phone",
            "company",
        ],
    },
    Names {
        plural: "companies",
        singular: "company",
        type_id: "0-2",
        capital: "Company",
        upper: "COMPANY",
        created: "createdate",
        modified: "hs_lastmodifieddate",
        shown: &[
            "createdate",
            "domain",
            "hs_lastmodifieddate",
            "hs_object_id",
            "name",
        ],
        searched: &["name", "domain", "phone", "website"],
    },
    Names {
        plural: "deals",
        singular: "deal",
        type_id: "0-3",
        capital: "Deal",
        upper: "DEAL",
        created: "createdate",
        modified: "hs_lastmodifieddate",
        shown: &[
            "amount",
            "closedate",
            "createdate",
            "dealname",
            "dealstage",
            "hs_lastmodifieddate",
            "hs_object_id",
            "pipeline",
        ],
        searched: &["dealname", "pipeline", "dealstage", "description"],
    },
    Names {
        plural: "notes",
        singular: "note",
        type_id: "0-46",
        capital: "Note",
        upper: "NOTE",
        created: "hs_createdate",
        modified: "hs_lastmodifieddate",
        shown: &["hs_createdate", "hs_lastmodifieddate", "hs_object_id"],
        searched: &["hs_note_body"],
    },
];

impl Kind {
    pub(super) const ALL: [Kind; 5] = [
        Kind::Ticket,
        Kind::Contact,
        Kind::Company,
        Kind::Deal,
        Kind::Note,
    ];

    /// From a path segment: plural, singular or type id.
    pub(super) fn named(name: &str) -> Result<Kind, Problem> {
        Kind::known(name).ok_or_else(|| Problem::unknown_type(name))
    }

    pub(super) fn known(name: &str) -> Option<Kind> {
        let known = |kind: &Kind| [kind.plural(), kind.singular(), kind.type_id()].contains(&name);
        Kind::ALL.into_iter().find(known)
    }

    pub(super) fn plural(self) -> &'static str {
        self.names().plural
    }

    pub(super) fn singular(self) -> &'static str {
        self.names().singular
    }

    pub(super) fn type_id(self) -> &'static str {
        self.names().type_id
    }

    pub(super) fn capital(self) -> &'static str {
        self.names().capital
    }

    pub(super) fn upper(self) -> &'static str {
        self.names().upper
    }

    pub(super) fn created(self) -> &'static str {
        self.names().created
    }

    pub(super) fn modified(self) -> &'static str {
        self.names().modified
    }

    pub(super) fn shown(self) -> &'static [&'static str] {
        self.names().shown
    }

    pub(super) fn searched(self) -> &'static [&'static str] {
        self.names().searched
    }

    /// Always in a reply, asked for or not.
    pub(super) fn always_shown(self) -> [&'static str; 3] {
        [self.created(), self.modified(), "hs_object_id"]
    }

    fn names(self) -> &'static Names {
        &KINDS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_of_a_kind_lead_to_it() {
        for (place, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, place);
            for name in [kind.plural(), kind.singular(), kind.type_id()] {
                assert_eq!(Kind::named(name).ok(), Some(kind));
            }
        }
        assert!(Kind::named("butterflies").is_err());
    }
}
