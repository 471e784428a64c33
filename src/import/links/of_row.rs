//! The links of a row, once their ends are known, and what is wrong with links that can't be made.

use std::sync::Arc;

use super::found::Found;
use super::found::Resolved;
use super::kinds::LinkKinds;
use super::link::Link;
use crate::hubspot::LinkType;
use crate::model::issue::{Problem, Reason, excerpt};
use crate::model::ticket::{LinkDraft, Missing, PlacedRemark, Remark};

/// The links of a row, each other record once, or why the row is refused.
pub fn links<'a>(
    drafts: impl Iterator<Item = &'a LinkDraft>,
    found: &Found,
    kinds: &LinkKinds,
) -> Result<Vec<Link>, Box<Problem>> {
    let mut all: Vec<Link> = Vec::new();
    for draft in drafts {
        if let Some(id) = end(draft, found.of(draft))? {
            add(&mut all, draft, id, kinds.of(draft));
        }
    }
    match kinds.too_many(&all) {
        Some(problem) => Err(Box::new(problem)),
        None => Ok(all),
    }
}

/// Checks that the links of a row are no more than the portal allows, counting those to
/// records that would be created first.
pub fn fit<'a>(
    drafts: impl Iterator<Item = &'a LinkDraft>,
    found: &Found,
    kinds: &LinkKinds,
) -> Result<(), Box<Problem>> {
    let mut all = Vec::new();
    for draft in drafts {
        match found.of(draft) {
            Resolved::Id(id) => add(&mut all, draft, id, kinds.of(draft)),
            Resolved::Missing if draft.missing == Missing::Create => {
                add(&mut all, draft, &draft.value, kinds.of(draft));
            }
            _ => {}
        }
    }
    match kinds.too_many(&all) {
        Some(problem) => Err(Box::new(problem)),
        None => Ok(()),
    }
}

/// What to report about the links of a row that are left out because the portal has no such record.
pub fn left_out<'a>(
    drafts: impl Iterator<Item = &'a LinkDraft>,
    found: &Found,
) -> Vec<PlacedRemark> {
    let gone = drafts
        .filter(|draft| draft.missing == Missing::Skip && *found.of(draft) == Resolved::Missing);
    gone.map(|draft| PlacedRemark {
        remark: Remark::LinkLeftOut,
        property: draft.by.word().into(),
        column: Some(Arc::clone(&draft.column)),
        value: excerpt(&draft.value).into(),
    })
    .collect()
}

pub(super) fn add(all: &mut Vec<Link>, draft: &LinkDraft, id: &str, kind: LinkType) {
    let same = |link: &&mut Link| link.to == draft.to && link.id == id;
    match all.iter_mut().find(same) {
        Some(link) if link.types.contains(&kind) => {}
        Some(link) => link.types.push(kind),
        None => all.push(Link {
            to: draft.to,
            id: id.to_owned(),
            types: vec![kind],
            column: draft.column.to_string(),
        }),
    }
}

/// The id of the other record; none if the link is left out.
pub(super) fn end<'f>(
    draft: &LinkDraft,
    resolved: &'f Resolved,
) -> Result<Option<&'f str>, Box<Problem>> {
    let object = draft.to;
    let reason = match resolved {
        Resolved::Id(id) => return Ok(Some(id)),
        Resolved::Missing if draft.missing == Missing::Skip => return Ok(None),
        Resolved::Missing => Reason::NoSuchRecord { object },
        Resolved::Ambiguous(ids) => Reason::AmbiguousRecord {
            object,
            ids: ids.clone(),
        },
        Resolved::Hidden(detail) => Reason::RecordHidden {
            object,
            detail: detail.clone(),
        },
        Resolved::Refused(detail) => Reason::RecordRefused {
            object,
            detail: detail.clone(),
        },
    };
    let problem = Problem::new(reason).column(&*draft.column);
    Err(Box::new(problem.value(&draft.value)))
}
