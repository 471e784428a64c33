//! Which links of a row are removed: those that the run made, unless somebody has given the
//! two records another link since. Pure.

use super::left::Left;
use crate::hubspot::{LinkType, LinkedRecord};
use crate::import::links::Link;
use crate::model::made_link::{MadeKind, MadeLink};
use crate::model::schema::ObjectType;

/// The links that are removed, and why one of them is kept, if any. A plain link stands
/// for everything between the two records.
pub(super) fn cuts(
    made: &[MadeLink],
    between: &[(ObjectType, LinkedRecord)],
) -> (Vec<Link>, Option<Left>) {
    let mut cut = Vec::new();
    let mut left = None;
    for link in made {
        let mut held = between.iter();
        let held = held.find(|(object, other)| *object == link.to && other.id == link.record);
        let Some((_, held)) = held else { continue };
        let is_ours = |kind: &&LinkType| link.kinds.iter().any(|made| is(made, kind));
        let (ours, others): (Vec<_>, Vec<_>) = held.types.iter().partition(is_ours);
        // HubSpot adds the plain link to a label by itself.
        let only_ours = others.iter().all(|kind| kind.label.is_none());
        let labelled = ours.iter().filter(|kind| kind.label.is_some());
        let labelled: Vec<LinkType> = labelled.map(|kind| (*kind).clone()).collect();
        let types = match (ours.is_empty(), link.alone && only_ours) {
            (true, _) => continue,
            (false, true) => {
                let plain = held.types.iter().find(|kind| kind.label.is_none());
                let any = plain.or(ours.first().copied());
                any.into_iter().map(whole).collect()
            }
            (false, false) => labelled,
        };
        match types.is_empty() {
            true => {
                let record = format!("{} {}", link.to.plural(), link.record);
                left = left.or(Some(Left::Linked(record)));
            }
            false => cut.push(Link {
                to: link.to,
                id: link.record.clone(),
                types,
                column: String::new(),
            }),
        }
    }
    (cut, left)
}

/// A kind without a label stands for everything between the two records.
fn whole(kind: &LinkType) -> LinkType {
    LinkType {
        label: None,
        ..kind.clone()
    }
}

fn is(made: &MadeKind, kind: &LinkType) -> bool {
    (&made.category, made.id) == (&kind.category, kind.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hubspot::USER_DEFINED;

    fn label(id: u32) -> LinkType {
        LinkType {
            category: USER_DEFINED.to_owned(),
            id,
            label: Some(format!("Label {id}")),
        }
    }

    /// Kinds that are removed between two records, given what the run made and what exists; and
    /// whether any link remains.
    fn cut(made: &[LinkType], alone: bool, held: &[LinkType]) -> (Vec<u32>, bool) {
        let kinds = made.iter().map(|kind| MadeKind {
            category: kind.category.clone(),
            id: kind.id,
            label: kind.label.clone(),
        });
        let made = MadeLink {
            to: ObjectType::Contacts,
            record: "7".to_owned(),
            kinds: kinds.collect(),
            alone,
        };
        let other = LinkedRecord {
            id: "7".to_owned(),
            types: held.to_vec(),
        };
        let (cut, left) = cuts(&[made], &[(ObjectType::Contacts, other)]);
        let types = cut.iter().flat_map(|link| &link.types);
        (types.map(|kind| kind.id).collect(), left.is_some())
    }

    #[test]
    fn only_what_the_run_made_is_cut() {
        let plain = || LinkType::plain(16);
        for (made, alone, held, expected) in [
            (vec![plain()], true, vec![plain()], (vec![16], false)),
            (
                vec![label(36)],
                true,
                vec![label(36), plain()],
                (vec![16], false),
            ),
            // Others have given it a label since.
            (
                vec![plain()],
                true,
                vec![plain(), label(37)],
                (vec![], true),
            ),
            (
                vec![label(36)],
                true,
                vec![plain(), label(36), label(37)],
                (vec![36], false),
            ),
            // There was a link before the run.
            (
                vec![label(36)],
                false,
                vec![plain(), label(36)],
                (vec![36], false),
            ),
            // It is already gone.
            (vec![label(36)], false, vec![plain()], (vec![], false)),
            (vec![plain()], true, vec![], (vec![], false)),
        ] {
            assert_eq!(cut(&made, alone, &held), expected, "{made:?} {held:?}");
        }
    }
}
