//! The ends that an association can have: kinds that the portal holds, and kinds
//! that it only knows by name, which no record is of.

use crate::sandbox::kind::Kind;
use crate::sandbox::problem::Problem;

/// One end of an association.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Held(Kind),
    Named(&'static Names),
}

/// What the API calls a kind that the portal does not hold.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Names {
    plural: &'static str,
    singular: &'static str,
    type_id: &'static str,
    upper: &'static str,
}

/// Activities of contract 9.2.
static NAMED: [Names; 4] = [
    Names {
        plural: "calls",
        singular: "call",
        type_id: "0-48",
        upper: "CALL",
    },
    Names {
        plural: "emails",
        singular: "email",
        type_id: "0-49",
        upper: "EMAIL",
    },
    Names {
        plural: "meetings",
        singular: "meeting_event",
        type_id: "0-47",
        upper: "MEETING_EVENT",
    },
    Names {
        plural: "tasks",
        singular: "task",
        type_id: "0-27",
        upper: "TASK",
    },
];

impl End {
    /// From a path segment or a parameter: plural, singular or type id.
    pub(crate) fn named(name: &str) -> Result<End, Problem> {
        End::known(name).ok_or_else(|| Problem::unknown_type(name))
    }

    pub(crate) fn known(name: &str) -> Option<End> {
        let named = NAMED
            .iter()
            .find(|names| [names.plural, names.singular, names.type_id].contains(&name));
        let held = Kind::known(name).map(End::Held);
        held.or(named.map(End::Named))
    }

    /// None: no record is of this kind.
    pub(crate) fn kind(self) -> Option<Kind> {
        match self {
            End::Held(kind) => Some(kind),
            End::Named(_) => None,
        }
    }

    pub(crate) fn plural(self) -> &'static str {
        match self {
            End::Held(kind) => kind.plural(),
            End::Named(names) => names.plural,
        }
    }

    pub(crate) fn singular(self) -> &'static str {
        match self {
            End::Held(kind) => kind.singular(),
            End::Named(names) => names.singular,
        }
    }

    pub(crate) fn type_id(self) -> &'static str {
        match self {
            End::Held(kind) => kind.type_id(),
            End::Named(names) => names.type_id,
        }
    }

    pub(crate) fn upper(self) -> &'static str {
        match self {
            End::Held(kind) => kind.upper(),
            End::Named(names) => names.upper,
        }
    }
}
