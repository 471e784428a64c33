//! The kinds of record that the portal holds, and what the API calls them. A
//! further kind is one more row of `KINDS`.

use super::problem::Problem;

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Ticket,
    Contact,
}

/// How the API speaks of one kind.
struct Names {
    kind: Kind,
    plural: &'static str,
    singular: &'static str,
    type_id: &'static str,
    /// In error messages.
    upper: &'static str,
    /// The property that moves with every write.
    modified: &'static str,
    /// Shown when a read names no properties (contract 2.2 for tickets).
    shown: &'static [&'static str],
}

const KINDS: &[Names] = &[
    Names {
        kind: Kind::Ticket,
        plural: "tickets",
        singular: "ticket",
        type_id: "0-5",
        upper: "TICKET",
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
    },
    Names {
        kind: Kind::Contact,
        plural: "contacts",
        singular: "contact",
        type_id: "0-1",
        upper: "CONTACT",
        modified: "lastmodifieddate",
        shown: &[
            "createdate",
            "email",
            "firstname",
            "hs_object_id",
            "lastmodifieddate",
            "lastname",
        ],
    },
];

impl Kind {
    pub(super) const ALL: [Kind; 2] = [Kind::Ticket, Kind::Contact];

    /// From a path segment: plural, singular or type id.
    pub(super) fn named(name: &str) -> Result<Kind, Problem> {
        let mut kinds = KINDS.iter();
        let known =
            kinds.find(|names| [names.plural, names.singular, names.type_id].contains(&name));
        known
            .map(|names| names.kind)
            .ok_or_else(|| Problem::unknown_type(name))
    }

    pub(super) fn plural(self) -> &'static str {
        self.names().plural
    }

    pub(super) fn type_id(self) -> &'static str {
        self.names().type_id
    }

    pub(super) fn upper(self) -> &'static str {
        self.names().upper
    }

    pub(super) fn modified(self) -> &'static str {
        self.names().modified
    }

    pub(super) fn shown(self) -> &'static [&'static str] {
        self.names().shown
    }

    /// Always in a reply, asked for or not.
    pub(super) fn always_shown(self) -> [&'static str; 3] {
        ["createdate", self.modified(), "hs_object_id"]
    }

    fn names(self) -> &'static Names {
        match self {
            Kind::Ticket => &KINDS[0],
            Kind::Contact => &KINDS[1],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_names_of_a_kind_lead_to_it() {
        for kind in Kind::ALL {
            let names = kind.names();
            assert_eq!(names.kind, kind);
            for name in [names.plural, names.singular, names.type_id] {
                assert_eq!(Kind::named(name).ok(), Some(kind));
            }
        }
        assert!(Kind::named("butterflies").is_err());
    }
}
