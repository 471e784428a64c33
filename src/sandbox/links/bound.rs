//! A limit of associations, as it is stored and shown, and a record that has reached it.

use serde::{Deserialize, Serialize};

use crate::sandbox::api::problem::Problem;
use crate::sandbox::schema::kind::Kind;

/// The sort under which limits are stored.
pub(crate) const SORT: &str = "link_limit";

/// A limit as it is stored and shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Bound {
    pub(crate) category: String,
    pub(crate) type_id: u32,
    pub(crate) user_enforced_max_to_object_ids: u64,
}

/// A record that has as many associations of a type as it may have.
#[derive(Debug)]
pub(crate) struct Full {
    pub(super) from: Kind,
    pub(super) to: Kind,
    /// The record; none for one that is still being created.
    pub(super) record: Option<i64>,
    pub(super) type_id: u32,
    pub(super) most: u64,
}

impl Full {
    pub(crate) fn problem(&self) -> Problem {
        let record = self.record.map_or("it".to_owned(), |id| id.to_string());
        let message = format!(
            "The limit of associations is exceeded: {} {record} may have at most {} of type {} to {}",
            self.from.singular(),
            self.most,
            self.type_id,
            self.to.plural()
        );
        Problem::validation(message).about("crm.associations.ASSOCIATION_LIMIT_EXCEEDED")
    }
}
