//! A kind of association, in one direction.

use crate::sandbox::schema::kind::Kind;

/// One direction of an association type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LinkType {
    pub(crate) id: u32,
    pub(crate) from: Kind,
    pub(crate) to: Kind,
    /// Its name in `type` of v3 replies.
    pub(crate) name: String,
    pub(crate) label: Option<String>,
    /// The same association seen from the other side.
    pub(crate) inverse: u32,
    pub(crate) is_user_defined: bool,
    pub(crate) is_primary: bool,
}

impl LinkType {
    pub(crate) fn category(&self) -> &'static str {
        match self.is_user_defined {
            true => "USER_DEFINED",
            false => "HUBSPOT_DEFINED",
        }
    }

    /// Whether it is the type that every other type of its pair implies.
    pub(crate) fn is_default(&self) -> bool {
        self.label.is_none()
    }

    pub(super) fn goes(&self, from: Kind, to: Kind) -> bool {
        self.from == from && self.to == to
    }
}
