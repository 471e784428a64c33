//! `plan`: decides what is done for a mapped row: the run's operation. What the portal holds is not
//! known here; `decide` compares with it. Repeated keys are not detected here: batch holds back
//! rows with an open key, and the journal's key index covers the rest.

pub(crate) mod one_per;
pub mod family_keys;
pub(crate) mod feed;

use std::borrow::Cow;

use super::flow::{MappedRow, Operation, PlannedOp, RowOutcome};
use crate::model::issue::{Problem, Reason};
use crate::model::outcome::RowEnd;
use crate::model::ticket::{LinkDraft, TicketDraft};

/// The largest call that is sent, in bytes of JSON. HubSpot documents no limit; this
/// one is ours, far below what servers answer with 413.
pub const CALL_BYTES: usize = 4 * 1024 * 1024;

/// Bytes of one input around its property values: trace id, names of the fields,
/// an inline association.
const FRAME: usize = 256;

/// Decides what is done for a row, or refuses it as too large for any call.
pub fn plan(operation: Operation, row: MappedRow) -> Result<PlannedOp, Box<RowOutcome>> {
    let bytes = json_bytes(&row.draft);
    let op = PlannedOp {
        notes: if operation.writes_notes() {
            row.draft.notes.len()
        } else {
            0
        },
        body: body_hash(operation, &row.draft),
        source: row.source,
        draft: row.draft,
        ticket: None,
        times_late: 0,
        bytes,
        changes: None,
        past: None,
        planned: None,
    };
    match too_large(bytes) {
        None => Ok(op),
        Some(problem) => Err(Box::new(op.ended(RowEnd::Refused(problem.into())))),
    }
}

/// The problem of a ticket that is too large for any call; usually the length of its
/// values alone decides.
pub fn oversize(draft: &TicketDraft) -> Option<Problem> {
    /// A control character takes six bytes as JSON.
    const WORST: usize = 6;
    let values = draft
        .properties
        .iter()
        .map(|(name, value)| name.len() + value.len() + 1);
    let most = values.sum::<usize>() * WORST + FRAME * (1 + draft.links.len());
    match most > CALL_BYTES {
        true => too_large(json_bytes(draft)),
        false => None,
    }
}

fn too_large(bytes: usize) -> Option<Problem> {
    let limit = CALL_BYTES;
    (bytes > limit).then(|| Problem::new(Reason::RowTooLarge { bytes, limit }))
}

/// An upper limit of what the row takes as JSON: a quote or a line break takes two
/// bytes, a control character six.
pub(super) fn json_bytes(draft: &TicketDraft) -> usize {
    let text = |text: &str| {
        let escapes: usize = text
            .bytes()
            .map(|byte| match byte {
                b'"' | b'\\' | b'\n' | b'\r' | b'\t' => 1,
                0..=0x1f => 5,
                _ => 0,
            })
            .sum();
        text.len() + escapes
    };
    let values: usize = draft
        .properties
        .iter()
        .map(|(name, value)| name.len() + text(value) + 6)
        .sum();
    values + FRAME * (1 + draft.links.len())
}

/// Hash of everything that the row sends (protocol R1): equal rows, equal hash.
fn body_hash(operation: Operation, draft: &TicketDraft) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    let mut part = |text: &str| {
        let _same = hasher.update(&(text.len() as u64).to_le_bytes());
        let _same = hasher.update(text.as_bytes());
    };
    part(operation.word());
    for (name, value) in &draft.properties {
        part(name);
        part(value);
    }
    let mut links: Vec<[Cow<'_, str>; 4]> = draft.links.iter().map(named).collect();
    if operation.only_links() {
        // A row requests a set of links: their order in its cells does not matter.
        links.sort_unstable();
        links.dedup();
    }
    for [to, by, value, label] in links {
        part(&to);
        part(&by);
        part(&value);
        if operation.only_links() {
            part(&label);
        }
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    short
}

/// Kind, property, value and label of what a link leads to.
fn named(link: &LinkDraft) -> [Cow<'_, str>; 4] {
    let label = link.label.as_deref().unwrap_or_default();
    let texts = [link.by.word(), &link.value, label].map(Cow::Borrowed);
    let [by, value, label] = texts;
    [link.to.plural(), by, value, label]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::link_by::LinkBy;
    use crate::model::schema::ObjectType;
    use crate::model::ticket::Missing;
    use proptest::prelude::*;

    fn draft(value: &str) -> TicketDraft {
        TicketDraft {
            properties: vec![("content".into(), value.to_owned())],
            ..TicketDraft::default()
        }
    }

    proptest! {
        #[test]
        fn the_estimate_is_never_below_the_json(value in "\\PC{0,40}[\\x00-\\x1f\"\\\\]{0,9}") {
            let json = serde_json::json!({"properties": {"content": value}}).to_string();
            prop_assert!(json_bytes(&draft(&value)) >= json.len());
        }
    }

    #[test]
    fn the_hash_tells_bodies_apart() {
        let hash = |value| body_hash(Operation::Create, &draft(value));
        assert_eq!(hash("a"), hash("a"));
        assert_ne!(hash("a"), hash("b"));
    }

    #[test]
    fn links_alone_are_a_set() {
        let link = |(value, label): &(&str, &'static str)| LinkDraft {
            to: ObjectType::Contacts,
            by: LinkBy::Property("email".into()),
            value: (*value).to_owned(),
            label: Some((*label).into()),
            column: "Mail".into(),
            missing: Missing::Refuse,
            properties: Vec::new(),
        };
        let hash = |operation, links: &[(&str, &'static str)]| {
            let links = links.iter().map(link).collect();
            let draft = TicketDraft {
                links,
                ..draft("a")
            };
            body_hash(operation, &draft)
        };
        let (one, other) = ([("a", "A"), ("b", "A")], [("b", "A"), ("a", "A")]);
        for operation in [Operation::Associate, Operation::Dissociate] {
            assert_eq!(hash(operation, &one), hash(operation, &other));
            let twice = [one[0], one[1], one[0]];
            assert_eq!(hash(operation, &one), hash(operation, &twice));
            for different in [&[("a", "A")][..], &[("a", "A"), ("b", "B")]] {
                assert_ne!(hash(operation, &one), hash(operation, different));
            }
        }
        assert_ne!(
            hash(Operation::Create, &one),
            hash(Operation::Create, &other)
        );
    }
}
