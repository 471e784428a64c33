//! Associations that come with a create (contract 8.1, 8.6): which types there
//! are, from which kind of record to which, and whether the targets exist.

use super::kind::Kind;
use super::problem::{Context, Problem};
use super::refusal::Refusal;
use super::shapes::LinkInput;

/// One direction of a HUBSPOT_DEFINED association type.
#[derive(Debug)]
pub(super) struct LinkKind {
    pub(super) id: u32,
    pub(super) from: Kind,
    pub(super) to: Target,
    /// As `type` in replies.
    pub(super) name: &'static str,
    /// The same association seen from the other side.
    inverse: u32,
}

/// The other end, which may be of a kind that the portal knows but does not hold.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) kind: Option<Kind>,
    pub(super) plural: &'static str,
    singular: &'static str,
    type_id: &'static str,
    upper: &'static str,
}

const fn target(
    kind: Option<Kind>,
    plural: &'static str,
    singular: &'static str,
    type_id: &'static str,
    upper: &'static str,
) -> Target {
    Target {
        kind,
        plural,
        singular,
        type_id,
        upper,
    }
}

const fn from_ticket(id: u32, name: &'static str, inverse: u32, to: Target) -> LinkKind {
    LinkKind {
        id,
        from: Kind::Ticket,
        to,
        name,
        inverse,
    }
}

const TICKETS: Target = target(Some(Kind::Ticket), "tickets", "ticket", "0-5", "TICKET");
const CONTACTS: Target = target(Some(Kind::Contact), "contacts", "contact", "0-1", "CONTACT");
const COMPANIES: Target = target(None, "companies", "company", "0-2", "COMPANY");

/// The types of contract 8.6 that help desks meet.
const LINK_KINDS: &[LinkKind] = &[
    from_ticket(16, "ticket_to_contact", 15, CONTACTS),
    LinkKind {
        id: 15,
        from: Kind::Contact,
        to: TICKETS,
        name: "contact_to_ticket",
        inverse: 16,
    },
    from_ticket(339, "ticket_to_company_unlabeled", 340, COMPANIES),
    from_ticket(26, "ticket_to_company", 25, COMPANIES),
    from_ticket(
        28,
        "ticket_to_deal",
        27,
        target(None, "deals", "deal", "0-3", "DEAL"),
    ),
    from_ticket(
        219,
        "ticket_to_call",
        220,
        target(None, "calls", "call", "0-48", "CALL"),
    ),
    from_ticket(
        223,
        "ticket_to_email",
        224,
        target(None, "emails", "email", "0-49", "EMAIL"),
    ),
    from_ticket(
        225,
        "ticket_to_meeting_event",
        226,
        target(None, "meetings", "meeting", "0-47", "MEETING_EVENT"),
    ),
    from_ticket(
        227,
        "ticket_to_note",
        228,
        target(None, "notes", "note", "0-46", "NOTE"),
    ),
    from_ticket(
        229,
        "ticket_to_task",
        230,
        target(None, "tasks", "task", "0-27", "TASK"),
    ),
];

/// An association to be stored: type, target, and the type of the way back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) link_type: u32,
    pub(super) to: i64,
    pub(super) inverse: u32,
}

/// The type with this id.
pub(super) fn link_kind(id: u32) -> Option<&'static LinkKind> {
    LINK_KINDS.iter().find(|known| known.id == id)
}

/// The kinds of other records that `names` speak of, as the API's plural names.
pub(super) fn targets(names: &[String]) -> Result<Vec<&'static Target>, Problem> {
    let target = |name: &String| {
        let mut ends = LINK_KINDS.iter().map(|known| &known.to);
        ends.find(|to| [to.plural, to.singular, to.type_id].contains(&name.as_str()))
            .ok_or_else(|| Problem::unknown_type(name))
    };
    names.iter().map(target).collect()
}

/// The links that `inputs` ask for, or all that is wrong with them. `exists`
/// answers whether the portal holds a live record.
pub(super) fn resolve(
    from: Kind,
    inputs: &[LinkInput],
    exists: impl Fn(Kind, i64) -> rusqlite::Result<bool>,
) -> Result<Vec<Link>, Refusal> {
    let mut links = Vec::new();
    let mut wrong = Context::new();
    for input in inputs {
        for spec in &input.types {
            let defined = spec.association_category == "HUBSPOT_DEFINED";
            let known = link_kind(spec.association_type_id).filter(|_| defined);
            match end(
                from,
                known,
                spec.association_type_id,
                &input.to.id.0,
                &exists,
            )? {
                Ok(link) => links.push(link),
                Err((key, text)) => wrong.entry(key).or_default().push(text),
            }
        }
    }
    match wrong.is_empty() {
        true => Ok(links),
        false => Err(Refusal::Links(wrong)),
    }
}

type Wrong = (&'static str, String);

fn end(
    from: Kind,
    known: Option<&LinkKind>,
    type_id: u32,
    to: &str,
    exists: &impl Fn(Kind, i64) -> rusqlite::Result<bool>,
) -> rusqlite::Result<Result<Link, Wrong>> {
    let types = "INVALID_ASSOCIATION_TYPES";
    let Some(known) = known else {
        return Ok(Err((
            types,
            format!("association type {type_id} is not valid"),
        )));
    };
    if known.from != from {
        let (given, expected) = (from.type_id(), known.from.type_id());
        let text = format!(
            "{type_id} is invalid from object type {given} for associations to be created. expected: {expected}"
        );
        return Ok(Err((types, text)));
    }
    let id = to.parse::<i64>().ok();
    let held = match (known.to.kind, id) {
        (Some(kind), Some(id)) => exists(kind, id)?,
        _ => false,
    };
    Ok(match (held, id) {
        (true, Some(to)) => Ok(Link {
            link_type: known.id,
            to,
            inverse: known.inverse,
        }),
        _ => Err((
            "INVALID_OBJECT_IDS",
            format!("{}={to} is not valid", known.to.upper),
        )),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(json: &str) -> Vec<LinkInput> {
        serde_json::from_str(json).expect("associations")
    }

    #[test]
    fn every_way_there_has_a_way_back() {
        for known in LINK_KINDS {
            if let Some(back) = link_kind(known.inverse) {
                assert_eq!(back.inverse, known.id);
                assert_eq!(known.to.kind, Some(back.from));
            }
        }
    }

    #[test]
    fn all_that_is_wrong_is_told() {
        let inputs = inputs(
            r#"[{"to":{"id":7},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":16}]},
                {"to":{"id":"201"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":16}]},
                {"to":{"id":301},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":26},
                                          {"associationCategory":"HUBSPOT_DEFINED","associationTypeId":15},
                                          {"associationCategory":"USER_DEFINED","associationTypeId":16}]}]"#,
        );
        let seven = |kind, id| Ok(kind == Kind::Contact && id == 7);
        assert_eq!(
            resolve(Kind::Ticket, &inputs[..1], seven).expect("a link"),
            [Link {
                link_type: 16,
                to: 7,
                inverse: 15
            }]
        );
        let Err(Refusal::Links(wrong)) = resolve(Kind::Ticket, &inputs, seven) else {
            panic!("links to nowhere")
        };
        assert_eq!(
            wrong["INVALID_OBJECT_IDS"],
            ["CONTACT=201 is not valid", "COMPANY=301 is not valid"]
        );
        assert_eq!(wrong["INVALID_ASSOCIATION_TYPES"].len(), 2);
    }
}
