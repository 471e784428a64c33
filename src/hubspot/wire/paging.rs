//! What all lists share: results, and where the next page starts.

use serde::Deserialize;

use crate::hubspot::loose::Text;

/// A list without `results` is no list: an export must not take it for the end.
#[derive(Deserialize)]
pub(super) struct ListShape<T> {
    pub(super) results: Vec<T>,
    pub(super) paging: Option<PagingShape>,
}

#[derive(Deserialize)]
pub(super) struct PagingShape {
    next: Option<NextShape>,
}

#[derive(Deserialize)]
struct NextShape {
    #[serde(default)]
    after: Text,
}

/// The cursor of the next page; none on the last one.
pub(super) fn after(paging: PagingShape) -> Option<String> {
    paging.next?.after.0
}
