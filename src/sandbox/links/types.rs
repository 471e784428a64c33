//! Association types: HubSpot's own from the table of C1 §8.6, and labels that were defined in the
//! portal. Each type has one direction and knows the type of the opposite one.

use std::collections::BTreeMap;

use super::bound::Bound;
use super::label::Label;
use super::link_type::LinkType;
use crate::sandbox::schema::kind::Kind;

/// What a type of HubSpot's own means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// The only one, without a label.
    Only,
    /// The one without a label, if there is also a primary one.
    Unlabeled,
    /// The label `Primary`: at most one of the other kind.
    Primary,
    /// The only one, which the account defined with a custom object.
    Own,
}

use Form::{Only, Own, Primary, Unlabeled};

/// From, to, the id in that direction, the id in the other. Types without tickets are well known
/// from HubSpot but not in the contract.
const OWN: &[(&str, &str, u32, u32, Form)] = &[
    ("ticket", "ticket", 452, 452, Only),
    ("ticket", "contact", 16, 15, Only),
    ("ticket", "company", 339, 340, Unlabeled),
    ("ticket", "company", 26, 25, Primary),
    ("ticket", "deal", 28, 27, Only),
    ("ticket", "call", 219, 220, Only),
    ("ticket", "email", 223, 224, Only),
    ("ticket", "meeting_event", 225, 226, Only),
    ("ticket", "note", 227, 228, Only),
    ("ticket", "task", 229, 230, Only),
    ("ticket", "communication", 84, 83, Only),
    ("contact", "contact", 449, 449, Only),
    ("contact", "company", 279, 280, Unlabeled),
    ("contact", "company", 1, 2, Primary),
    ("contact", "deal", 4, 3, Only),
    ("contact", "note", 201, 202, Only),
    ("contact", "email", 197, 198, Only),
    ("contact", "call", 193, 194, Only),
    ("contact", "task", 203, 204, Only),
    ("contact", "meeting_event", 199, 200, Only),
    ("contact", "communication", 82, 81, Only),
    ("company", "company", 450, 450, Only),
    ("company", "deal", 342, 341, Unlabeled),
    ("company", "deal", 6, 5, Primary),
    ("company", "note", 189, 190, Only),
    ("company", "email", 185, 186, Only),
    ("company", "call", 181, 182, Only),
    ("company", "task", 191, 192, Only),
    ("company", "meeting_event", 187, 188, Only),
    ("company", "communication", 88, 87, Only),
    ("deal", "deal", 451, 451, Only),
    ("deal", "note", 213, 214, Only),
    ("deal", "email", 209, 210, Only),
    ("deal", "call", 205, 206, Only),
    ("deal", "task", 215, 216, Only),
    ("deal", "meeting_event", 211, 212, Only),
    ("deal", "communication", 86, 85, Only),
    ("ticket", "device", 1_571, 1_572, Own),
    ("contact", "device", 1_573, 1_574, Own),
];

/// The first id of a label; lower ids are HubSpot's own.
const FIRST_LABEL: u32 = 2_001;

/// All types of a portal.
#[derive(Debug)]
pub(crate) struct LinkTypes {
    by_id: BTreeMap<u32, LinkType>,
    pub(crate) labels: Vec<Label>,
    /// How many records a record may be associated with by a type, if an admin set a limit.
    pub(crate) limits: BTreeMap<u32, u64>,
}

impl Default for LinkTypes {
    /// HubSpot's own.
    fn default() -> LinkTypes {
        let own = OWN.iter().flat_map(|row| own_types(*row));
        LinkTypes {
            by_id: own.map(|known| (known.id, known)).collect(),
            labels: Vec::new(),
            limits: BTreeMap::new(),
        }
    }
}

impl LinkTypes {
    /// The type with this id and category.
    pub(crate) fn find(&self, category: &str, id: u32) -> Option<&LinkType> {
        self.by_id
            .get(&id)
            .filter(|known| known.category() == category)
    }

    pub(crate) fn get(&self, id: u32) -> Option<&LinkType> {
        self.by_id.get(&id)
    }

    /// All that go from one kind to another, in order of id.
    pub(crate) fn between(&self, from: Kind, to: Kind) -> impl Iterator<Item = &LinkType> {
        self.by_id
            .values()
            .filter(move |known| known.goes(from, to))
    }

    /// The one without a label.
    pub(crate) fn default_of(&self, from: Kind, to: Kind) -> Option<&LinkType> {
        self.between(from, to).find(|known| known.is_default())
    }

    /// Two ids that no type has.
    pub(crate) fn free_ids(&self) -> (u32, u32) {
        let last = self
            .labels
            .iter()
            .map(|label| label.there.max(label.back))
            .max();
        let first = last.map_or(FIRST_LABEL, |last| last + 1);
        (first, first + 1)
    }

    /// Adds a label, replacing the one with its ids.
    pub(crate) fn put(&mut self, label: Label) {
        self.remove(label.there);
        for known in label.types() {
            let _ = self.by_id.insert(known.id, known);
        }
        self.labels.push(label);
    }

    /// Adds a limit.
    pub(crate) fn bound(&mut self, bound: &Bound) {
        let most = bound.user_enforced_max_to_object_ids;
        let _former = self.limits.insert(bound.type_id, most);
    }

    /// Removes a label; the id may be that of either direction.
    pub(crate) fn remove(&mut self, id: u32) {
        let gone: Vec<Label> = self.labels.extract_if(.., |label| label.has(id)).collect();
        for label in gone {
            let _ = (
                self.by_id.remove(&label.there),
                self.by_id.remove(&label.back),
            );
        }
    }
}

fn own_types((from, to, there, back, form): (&str, &str, u32, u32, Form)) -> Vec<LinkType> {
    let Some((from, to)) = Kind::known(from).zip(Kind::known(to)) else {
        return Vec::new();
    };
    let way = |from: Kind, to: Kind, id, inverse| LinkType {
        id,
        from,
        to,
        name: name(from, to, form),
        label: (form == Primary).then(|| "Primary".to_owned()),
        inverse,
        is_user_defined: form == Own,
        is_primary: form == Primary,
    };
    vec![way(from, to, there, back), way(to, from, back, there)]
}

fn name(from: Kind, to: Kind, form: Form) -> String {
    let suffix = if form == Unlabeled { "_unlabeled" } else { "" };
    format!("{}_to_{}{suffix}", from.singular(), to.singular())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_there_has_a_way_back() {
        let types = LinkTypes::default();
        let n_ways: usize = OWN
            .iter()
            .map(|row| if row.2 == row.3 { 1 } else { 2 })
            .sum();
        assert_eq!(types.by_id.len(), n_ways);
        for known in types.by_id.values() {
            let back = types.get(known.inverse).expect("a way back");
            assert_eq!(
                (back.inverse, back.to, back.from),
                (known.id, known.from, known.to)
            );
            assert_eq!(back.is_primary, known.is_primary);
            let default = types
                .default_of(known.from, known.to)
                .expect("one without a label");
            assert!(default.is_default(), "{known:?}");
        }
    }

    #[test]
    fn the_notes_way_is_the_notes() {
        let types = LinkTypes::default();
        let note = types.get(228).expect("a type");
        assert_eq!((note.from, note.to), (Kind::Note, Kind::Ticket));
        assert_eq!(types.get(25).expect("a type").name, "company_to_ticket");
        assert_eq!(
            types.get(340).expect("a type").name,
            "company_to_ticket_unlabeled"
        );
    }
}
