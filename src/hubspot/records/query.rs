//! What a search asks for, and what it finds.

use serde::{Deserialize, Serialize};

use super::Record;

/// What to look for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// Any of the groups must hold; in a group, all filters. HubSpot: five groups of
    /// six filters at most, 18 in all.
    pub groups: Vec<Vec<Filter>>,
    /// Words in the properties that HubSpot searches by default.
    pub query: Option<String>,
    /// HubSpot takes one; without it, results come by creation date.
    pub sort: Option<Sort>,
    /// Properties to read.
    pub properties: Vec<String>,
}

/// A condition on one property. HubSpot ignores case, except in enumerations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Internal name, or `associations.contact` and the like.
    pub property: String,
    /// What must hold.
    pub test: Test,
}

/// What must hold of a property. Dates are epoch milliseconds or ISO 8601.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Test {
    /// A comparison with one value.
    Is(Comparison, String),
    /// From one value to another, both included.
    Between(String, String),
    /// One of these; texts in lower case.
    In(Vec<String>),
    /// None of these; texts in lower case.
    NotIn(Vec<String>),
    /// It has a value.
    Known,
    /// It has none.
    Unknown,
}

impl Test {
    /// HubSpot's name for it.
    pub(crate) fn operator(&self) -> &'static str {
        match self {
            Test::Is(comparison, _) => comparison.operator(),
            Test::Between(..) => "BETWEEN",
            Test::In(_) => "IN",
            Test::NotIn(_) => "NOT_IN",
            Test::Known => "HAS_PROPERTY",
            Test::Unknown => "NOT_HAS_PROPERTY",
        }
    }
}

/// An order of results.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sort {
    /// Internal name.
    pub property: String,
    /// The highest first.
    pub descending: bool,
}

/// One page of what a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Records that match, on all pages.
    pub total: usize,
    /// This page's.
    pub results: Vec<Record>,
    /// Whether there is another page.
    pub more: bool,
}

impl Search {
    /// The properties that are tested.
    pub fn tested(&self) -> impl Iterator<Item = &str> {
        let filters = self.groups.iter().flatten();
        filters.map(|filter| filter.property.as_str())
    }
}

/// Ways to compare with one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `≠`
    NotEqual,
    /// `<`
    Less,
    /// `≤`
    AtMost,
    /// `>`
    Greater,
    /// `≥`
    AtLeast,
    /// Holds a word; `*` stands for any letters.
    HasWord,
    /// Does not hold a word.
    LacksWord,
}

impl Comparison {
    fn operator(self) -> &'static str {
        match self {
            Comparison::Equal => "EQ",
            Comparison::NotEqual => "NEQ",
            Comparison::Less => "LT",
            Comparison::AtMost => "LTE",
            Comparison::Greater => "GT",
            Comparison::AtLeast => "GTE",
            Comparison::HasWord => "CONTAINS_TOKEN",
            Comparison::LacksWord => "NOT_CONTAINS_TOKEN",
        }
    }
}
