//! Property values on their way out.

use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// Names and values as an object; `id` is added where `own` lacks it.
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
