//! What a run adds between a ticket and another record, with what tells whether there was
//! something before: what an undo may cut.

use crate::model::schema::ObjectType;

/// A kind of link, as the portal calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeKind {
    /// `HUBSPOT_DEFINED`, `USER_DEFINED`…
    pub category: String,
    /// Unique in its category.
    pub id: u32,
    /// What a person sees; none for the plain link.
    pub label: Option<String>,
}

/// What a run adds between a ticket and another record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeLink {
    /// Kind of the other record.
    pub to: ObjectType,
    /// Its record id.
    pub record: String,
    /// Kinds of link that were not there before; never empty.
    pub kinds: Vec<MadeKind>,
    /// Whether nothing was between the two before.
    pub alone: bool,
}
