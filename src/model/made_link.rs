//! What a run adds between a ticket and another record, and whether there was a link
//! before: what an undo may remove.

use crate::model::schema::ObjectType;

/// A kind of link, as the portal calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeKind {
    /// `HUBSPOT_DEFINED`, `USER_DEFINED`…
    pub category: String,
    /// Unique in its category.
    pub id: u32,
    /// Its label; none for the plain link.
    pub label: Option<String>,
}

/// What a run adds between a ticket and another record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MadeLink {
    /// Kind of the other record.
    pub to: ObjectType,
    /// Its record id.
    pub record: String,
    /// Kinds of link that did not exist before; never empty.
    pub kinds: Vec<MadeKind>,
    /// Whether nothing was between the two before.
    pub alone: bool,
}
