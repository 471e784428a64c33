//! The kinds of record that the portal holds, and what the API calls them. A
//! further kind is one more row of `KINDS` and its properties in the seed.

use crate::sandbox::api::problem::Problem;

/// A kind of record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Ticket,
    Contact,
    Company,
    Deal,
    Note,
    Email,
    Call,
    Task,
    Meeting,
    Communication,
    /// A kind that this account defined itself.
    Device,
}

/// The API's names for one kind.
struct Names {
    plural: &'static str,
    singular: &'static str,
    type_id: &'static str,
    /// Its name in error messages, capitalised.
    capital: &'static str,
    upper: &'static str,
    /// The property that holds the date of creation.
    created: &'static str,
    /// The property that changes with every write.
    modified: &'static str,
    /// Shown when a read names no properties (C1 §2.2 for tickets, C1 §9.1 for
    /// notes).
    shown: &'static [&'static str],
    /// What `query` of a search looks at (C1 §2.9 for tickets).
    searched: &'static [&'static str],
    /// What a new record must have. For tickets that is a switch, for companies a choice.
    required: &'static [&'static str],
    /// The text properties of an activity, HTML or plain; none for other kinds.
    bodies: &'static [&'static str],
}

/// In the order of the enum.
const KINDS: [Names; 11] = [
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
        required: &[],
        bodies: &[],
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
        required: &[],
        bodies: &[],
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
        required: &[],
        bodies: &[],
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
        required: &[],
        bodies: &[],
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
        required: &["hs_timestamp"],
        bodies: &["hs_note_body"],
    },
    Names {
        plural: "emails",
        singular: "email",
        type_id: "0-49",
        capital: "Email",
        upper: "EMAIL",
        created: "hs_createdate",
        modified: "hs_lastmodifieddate",
        shown: &["hs_createdate", "hs_lastmodifieddate", "hs_object_id"],
        searched: &["hs_email_subject", "hs_email_text"],
        required: &["hs_timestamp", "hs_email_direction"],
        bodies: &["hs_email_html", "hs_email_text"],
    },
    Names {
        plural: "calls",
        singular: "call",
        type_id: "0-48",
        capital: "Call",
        upper: "CALL",
        created: "hs_createdate",
        modified: "hs_lastmodifieddate",
        shown: &["hs_createdate", "hs_lastmodifieddate", "hs_object_id"],
        searched: &["hs_call_title", "hs_call_body"],
        required: &["hs_timestamp"],
        bodies: &["hs_call_body"],
    },
    Names {
        plural: "tasks",
        singular: "task",
        type_id: "0-27",
        capital: "Task",
        upper: "TASK",
        created: "hs_createdate",
        modified: "hs_lastmodifieddate",
        shown: &["hs_createdate", "hs_lastmodifieddate", "hs_object_id"],
        searched: &["hs_task_subject", "hs_task_body"],
        required: &["hs_timestamp"],
        bodies: &["hs_task_body"],
    },
    Names {
        plural: "meetings",
        singular: "meeting_event",
        type_id: "0-47",
        capital: "Meeting",
        upper: "MEETING_EVENT",
        created: "hs_createdate",
        modified: "hs_lastmodifieddate",
        shown: &["hs_createdate", "hs_lastmodifieddate", "hs_object_id"],
        searched: &["hs_meeting_title", "hs_meeting_body"],
        required: &["hs_timestamp"],
        bodies: &["hs_meeting_body"],
    },
    Names {
        plural: "communications",
        singular: "communication",
        type_id: "0-18",
        capital: "Communication",
        upper: "COMMUNICATION",
        created: "hs_createdate",
        modified: "hs_lastmodifieddate",
        shown: &["hs_createdate", "hs_lastmodifieddate", "hs_object_id"],
        searched: &["hs_communication_body"],
        required: &[
            "hs_timestamp",
            "hs_communication_channel_type",
            "hs_communication_logged_from",
            "hs_communication_body",
        ],
        bodies: &["hs_communication_body"],
    },
    Names {
        plural: "devices",
        singular: "device",
        type_id: "2-34567890",
        capital: "Device",
        upper: "DEVICE",
        created: "hs_createdate",
        modified: "hs_lastmodifieddate",
        shown: &["hs_createdate", "hs_lastmodifieddate", "hs_object_id"],
        searched: &["name", "serial_number"],
        required: &["name"],
        bodies: &[],
    },
];

impl Kind {
    pub(crate) const ALL: [Kind; 11] = [
        Kind::Ticket,
        Kind::Contact,
        Kind::Company,
        Kind::Deal,
        Kind::Note,
        Kind::Email,
        Kind::Call,
        Kind::Task,
        Kind::Meeting,
        Kind::Communication,
        Kind::Device,
    ];

    /// From a path segment: plural, singular or type id.
    pub(crate) fn named(name: &str) -> Result<Kind, Problem> {
        Kind::known(name).ok_or_else(|| Problem::unknown_type(name))
    }

    pub(crate) fn known(name: &str) -> Option<Kind> {
        let prefixed = bare(name);
        let known = |kind: &Kind| match prefixed {
            Some(bare) => kind.is_custom() && kind.singular() == bare,
            None => [kind.plural(), kind.singular(), kind.type_id()].contains(&name),
        };
        Kind::ALL.into_iter().find(known)
    }

    pub(crate) fn plural(self) -> &'static str {
        self.names().plural
    }

    pub(crate) fn singular(self) -> &'static str {
        self.names().singular
    }

    pub(crate) fn type_id(self) -> &'static str {
        self.names().type_id
    }

    pub(crate) fn capital(self) -> &'static str {
        self.names().capital
    }

    pub(crate) fn upper(self) -> &'static str {
        self.names().upper
    }

    pub(crate) fn created(self) -> &'static str {
        self.names().created
    }

    pub(crate) fn modified(self) -> &'static str {
        self.names().modified
    }

    pub(crate) fn shown(self) -> &'static [&'static str] {
        self.names().shown
    }

    pub(crate) fn searched(self) -> &'static [&'static str] {
        self.names().searched
    }

    /// What a new record must have, regardless of the switches.
    pub(crate) fn required(self) -> &'static [&'static str] {
        self.names().required
    }

    /// The texts of an activity.
    pub(crate) fn bodies(self) -> &'static [&'static str] {
        self.names().bodies
    }

    /// Whether it is an activity, which appears on the timeline of other records.
    pub(crate) fn is_activity(self) -> bool {
        !self.bodies().is_empty()
    }

    /// Whether the account defined it itself.
    pub(crate) fn is_custom(self) -> bool {
        self.type_id().starts_with("2-")
    }

    /// Its name in scopes.
    pub(crate) fn scope(self) -> &'static str {
        match self.is_custom() {
            true => "custom",
            false => self.plural(),
        }
    }

    /// Always in a reply, whether requested or not.
    pub(crate) fn always_shown(self) -> [&'static str; 3] {
        [self.created(), self.modified(), "hs_object_id"]
    }

    fn names(self) -> &'static Names {
        &KINDS[self as usize]
    }
}

/// The name of a custom kind without its prefix: `p12345_`, with the account's id, or `p_` for
/// short. None if it has neither.
fn bare(name: &str) -> Option<&str> {
    let (account, bare) = name.strip_prefix('p')?.split_once('_')?;
    let is_number = account.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(bare)
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
        for name in ["p12345_device", "p_device"] {
            assert_eq!(Kind::named(name).ok(), Some(Kind::Device), "{name}");
        }
        for name in ["p_tickets", "p_", "p12345_ticket", "p12a_device"] {
            assert!(Kind::named(name).is_err(), "{name}");
        }
    }
}
