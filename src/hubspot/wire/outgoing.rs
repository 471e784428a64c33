//! What request bodies share: inputs, ids, kinds of link, property values.

use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::hubspot::records::link_type::LinkType;

/// The body of a batch call.
#[derive(Serialize)]
pub(super) struct Batch<T> {
    pub(super) inputs: Vec<T>,
}

/// A record by its id.
#[derive(Serialize)]
pub(super) struct IdShape<'a> {
    pub(super) id: &'a str,
}

/// A kind of link by its id.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SpecShape<'a> {
    pub(super) association_category: &'a str,
    pub(super) association_type_id: u32,
}

impl SpecShape<'_> {
    pub(super) fn of(kind: &LinkType) -> SpecShape<'_> {
        SpecShape {
            association_category: &kind.category,
            association_type_id: kind.id,
        }
    }
}

/// Names and values as an object; `id` is added if `own` lacks it.
pub(super) struct Values<'a> {
    pub(super) own: &'a [(Arc<str>, String)],
    pub(super) id: Option<(&'a str, &'a str)>,
}

impl Serialize for Values<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let holds = |name: &str| self.own.iter().any(|(own, _)| &**own == name);
        let id = self.id.filter(|(name, _)| !holds(name));
        let mut map = to.serialize_map(Some(self.own.len() + usize::from(id.is_some())))?;
        for (name, value) in self.own {
            map.serialize_entry(&**name, value)?;
        }
        if let Some((name, value)) = id {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
