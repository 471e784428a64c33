//! What all lists share: results, and where the next page starts.

use serde::Deserialize;

use super::lenient_scalars::Text;

/// A reply without `results` is not a list: an export must not take it for the end.
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

/// The error for a list that should not be paged but is.
pub(crate) const COMES_IN_PAGES: &str =
    "the list is split into pages, which it never does in HubSpot's API";

/// The results of a list that has no pages. HubSpot: properties, groups, pipelines and
/// labels come complete; a part of them must not be taken for all.
pub(super) fn whole<T>(list: ListShape<T>) -> serde_json::Result<Vec<T>> {
    match list.paging.and_then(after) {
        None => Ok(list.results),
        Some(_) => Err(serde::de::Error::custom(COMES_IN_PAGES)),
    }
}
