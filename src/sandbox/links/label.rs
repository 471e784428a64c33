//! A label as it is stored.

use serde::{Deserialize, Serialize};

use super::link_type::LinkType;
use crate::sandbox::schema::kind::Kind;

/// The sort under which labels are stored.
pub(crate) const SORT: &str = "label";

/// A label as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Label {
    pub(crate) there: u32,
    pub(crate) back: u32,
    /// Type ids of the two ends.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) name: String,
    pub(super) label: String,
    /// The name of the opposite direction, if it differs.
    pub(super) inverse_label: Option<String>,
}

impl Label {
    pub(super) fn has(&self, id: u32) -> bool {
        self.there == id || self.back == id
    }

    /// The types of both directions.
    pub(super) fn types(&self) -> Vec<LinkType> {
        let Some((from, to)) = Kind::known(&self.from).zip(Kind::known(&self.to)) else {
            return Vec::new();
        };
        let back = self.inverse_label.as_ref().unwrap_or(&self.label);
        let way = |from, to, id, inverse, label: &String| LinkType {
            id,
            from,
            to,
            name: self.name.clone(),
            label: Some(label.clone()),
            inverse,
            is_user_defined: true,
            is_primary: false,
        };
        vec![
            way(from, to, self.there, self.back, &self.label),
            way(to, from, self.back, self.there, back),
        ]
    }
}
