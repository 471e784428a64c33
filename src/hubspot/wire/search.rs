//! Searches and what they find.

use serde::{Deserialize, Serialize};

use super::paging::{PagingShape, after};
use super::records::{RecordShape, records};
use crate::hubspot::records::query::{Filter, Found, Search, Sort, Test};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SearchShape<'a> {
    filter_groups: Vec<GroupShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<&'a str>,
    sorts: Vec<SortShape<'a>>,
    properties: &'a [String],
    limit: usize,
    /// An offset, as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

#[derive(Serialize)]
struct GroupShape<'a> {
    filters: Vec<FilterShape<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FilterShape<'a> {
    property_name: &'a str,
    operator: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    high_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<&'a [String]>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SortShape<'a> {
    property_name: &'a str,
    direction: &'static str,
}

#[derive(Deserialize)]
struct FoundShape {
    total: usize,
    results: Vec<RecordShape>,
    paging: Option<PagingShape>,
}

/// Body of a search for `limit` records from `offset` on.
pub(crate) fn search_body(
    search: &Search,
    limit: usize,
    offset: usize,
) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&SearchShape {
        filter_groups: search
            .groups
            .iter()
            .map(|group| group_shape(group))
            .collect(),
        query: search.query.as_deref(),
        sorts: search.sort.iter().map(sort_shape).collect(),
        properties: &search.properties,
        limit,
        after: (offset > 0).then(|| offset.to_string()),
    })
}

fn group_shape(group: &[Filter]) -> GroupShape<'_> {
    GroupShape {
        filters: group.iter().map(filter_shape).collect(),
    }
}

fn filter_shape(filter: &Filter) -> FilterShape<'_> {
    let (value, high_value, values) = match &filter.test {
        Test::Is(_, value) => (Some(value.as_str()), None, None),
        Test::Between(low, high) => (Some(low.as_str()), Some(high.as_str()), None),
        Test::In(values) | Test::NotIn(values) => (None, None, Some(values.as_slice())),
        Test::Known | Test::Unknown => (None, None, None),
    };
    FilterShape {
        property_name: &filter.property,
        operator: filter.test.operator(),
        value,
        high_value,
        values,
    }
}

fn sort_shape(sort: &Sort) -> SortShape<'_> {
    SortShape {
        property_name: &sort.property,
        direction: match sort.descending {
            true => "DESCENDING",
            false => "ASCENDING",
        },
    }
}

/// Reads what a search found.
pub(crate) fn found(body: &[u8]) -> serde_json::Result<Found> {
    let shape: FoundShape = serde_json::from_slice(body)?;
    Ok(Found {
        total: shape.total,
        results: records(shape.results)?,
        more: shape.paging.and_then(after).is_some(),
    })
}
