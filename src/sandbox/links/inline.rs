//! Associations that are sent with a create (C1 §8.1, §4.3): which of them can be made, and what is
//! wrong with the others.

use super::link_type::LinkType;
use super::types::LinkTypes;
use crate::sandbox::api::problem::Context;
use crate::sandbox::records::shapes::LinkInput;
use crate::sandbox::schema::kind::Kind;

/// An association to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Link<'a> {
    pub(crate) known: &'a LinkType,
    pub(crate) to: i64,
}

/// What is wrong, under the keys of C1 §4.3.
pub(crate) type Bad = Context;

/// The associations in `inputs` that can be made, and everything that is wrong with the others.
/// `exists` says whether the portal holds a live record.
pub(crate) fn resolve<'a>(
    types: &'a LinkTypes,
    from: Kind,
    inputs: &[LinkInput],
    exists: impl Fn(Kind, i64) -> rusqlite::Result<bool>,
) -> rusqlite::Result<(Vec<Link<'a>>, Bad)> {
    let (mut links, mut bad) = (Vec::new(), Bad::new());
    for input in inputs {
        for spec in &input.types {
            let known = types.find(&spec.association_category, spec.association_type_id);
            match link(
                from,
                known,
                spec.association_type_id,
                &input.to.id.0,
                &exists,
            )? {
                Ok(link) => links.push(link),
                Err((key, text)) => bad.entry(key).or_default().push(text),
            }
        }
    }
    Ok((links, bad))
}

type Wrong = (&'static str, String);

fn link<'a>(
    from: Kind,
    known: Option<&'a LinkType>,
    type_id: u32,
    to: &str,
    exists: &impl Fn(Kind, i64) -> rusqlite::Result<bool>,
) -> rusqlite::Result<Result<Link<'a>, Wrong>> {
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
    let held = match id {
        Some(id) => exists(known.to, id)?,
        None => false,
    };
    Ok(match (held, id) {
        (true, Some(to)) => Ok(Link { known, to }),
        _ => Err((
            "INVALID_OBJECT_IDS",
            format!("{}={to} is not valid", known.to.upper()),
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
    fn all_that_is_wrong_is_told() {
        let inputs = inputs(
            r#"[{"to":{"id":7},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":16}]},
                {"to":{"id":"201"},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":16}]},
                {"to":{"id":301},"types":[{"associationCategory":"HUBSPOT_DEFINED","associationTypeId":26},
                                          {"associationCategory":"HUBSPOT_DEFINED","associationTypeId":15},
                                          {"associationCategory":"USER_DEFINED","associationTypeId":16}]}]"#,
        );
        let types = LinkTypes::default();
        let seven = |kind, id| Ok(kind == Kind::Contact && id == 7);
        let (links, bad) = resolve(&types, Kind::Ticket, &inputs, seven).expect("a store");
        let known = types.get(16).expect("a type");
        assert_eq!(links, [Link { known, to: 7 }]);
        assert_eq!(
            bad["INVALID_OBJECT_IDS"],
            ["CONTACT=201 is not valid", "COMPANY=301 is not valid"]
        );
        assert_eq!(bad["INVALID_ASSOCIATION_TYPES"].len(), 2);
    }
}
