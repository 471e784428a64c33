//! What kind a link between two records is.

use super::association_types::HUBSPOT_DEFINED;

/// A kind of link, in one direction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkType {
    /// `HUBSPOT_DEFINED`, `USER_DEFINED`…
    pub category: String,
    /// Unique in its category; those of HubSpot are in `association_types`.
    pub id: u32,
    /// What a person sees; none for the plain link.
    pub label: Option<String>,
}

impl LinkType {
    /// Whether people made it.
    pub fn is_users(&self) -> bool {
        self.category == USER_DEFINED
    }

    /// One of HubSpot's own kinds, without a label.
    pub fn plain(id: u32) -> LinkType {
        LinkType {
            category: HUBSPOT_DEFINED.to_owned(),
            id,
            label: None,
        }
    }
}

/// The category of labels that people make.
pub const USER_DEFINED: &str = "USER_DEFINED";
