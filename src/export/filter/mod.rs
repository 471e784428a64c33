//! `--where`: an expression over properties becomes a search. `parse` reads it,
//! `resolve` checks it against the portal's definitions, `groups` converts it to the
//! form of HubSpot's search. What search can't express is reported before anything is
//! read.

mod groups;
mod judge;
mod parse;
mod relative;
mod resolve;

#[cfg(test)]
mod tests;

pub use groups::search;
pub use judge::Judge;
pub use parse::{Syntax, parse};
pub use relative::{Frame, Relative};
pub use resolve::moment;

use crate::hubspot::Comparison;

/// An expression as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expression {
    /// All of these hold.
    All(Vec<Expression>),
    /// Any of these holds.
    Any(Vec<Expression>),
    /// A property passes a test.
    One(Condition),
}

impl Expression {
    /// The first condition with a relative date, if there is one: it selects other
    /// tickets every day.
    pub fn relative(&self) -> Option<&Condition> {
        match self {
            Expression::All(parts) | Expression::Any(parts) => {
                parts.iter().find_map(Expression::relative)
            }
            Expression::One(condition) => Some(condition).filter(|one| one.is_relative()),
        }
    }

    /// Whether some condition is about a property.
    pub fn names(&self, property: &str) -> bool {
        match self {
            Expression::All(parts) | Expression::Any(parts) => {
                parts.iter().any(|part| part.names(property))
            }
            Expression::One(condition) => condition.property == property,
        }
    }
}

impl Condition {
    /// Whether some value means a different time every day, such as `today - 7d`.
    fn is_relative(&self) -> bool {
        let relative = |value: &String| relative::Relative::of(value).is_some();
        match &self.asks {
            Asks::Is(_, value) => relative(value),
            Asks::Between(low, high) => relative(low) || relative(high),
            Asks::In(values) | Asks::NotIn(values) => values.iter().any(relative),
            Asks::Set | Asks::NotSet => false,
        }
    }
}

/// A test of one property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// Internal name.
    pub property: String,
    /// What must hold.
    pub asks: Asks,
}

/// What a condition asks, values as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asks {
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`, and `has`, `lacks` for words.
    Is(Comparison, String),
    /// `between … and …`, both included.
    Between(String, String),
    /// `in (…)`
    In(Vec<String>),
    /// `not in (…)`
    NotIn(Vec<String>),
    /// `is set`
    Set,
    /// `is not set`
    NotSet,
}

/// Why a filter can't be asked of this portal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// No such property; a similar name.
    #[error("the portal has no ticket property {0}{1}")]
    Property(String, String),
    /// The type of the property has no such test.
    #[error("{property} is {kind}: search can't test it with `{operator}`, {instead}")]
    Operator {
        /// Internal name.
        property: String,
        /// What it holds.
        kind: &'static str,
        /// As it was written.
        operator: &'static str,
        /// What can be written.
        instead: &'static str,
    },
    /// The type of the property has no such value.
    #[error("`{value}` is no value of {property}, which is {kind}{hint}")]
    Value {
        /// Internal name.
        property: String,
        /// As it was written.
        value: String,
        /// What it holds.
        kind: &'static str,
        /// A similar value, or what is expected.
        hint: String,
    },
    /// More than HubSpot's search takes.
    #[error(
        "the filter comes to {groups} alternatives with {filters} conditions, {longest} in the longest; HubSpot's search takes 5 alternatives of 5 conditions here, 18 in all with one for the order of each alternative: put values of one property into `in (…)`, or export in parts"
    )]
    TooMuch {
        /// Alternatives.
        groups: usize,
        /// Conditions in all of them.
        filters: usize,
        /// Conditions of the longest.
        longest: usize,
    },
    /// Longer than HubSpot's search takes.
    #[error(
        "as a search the filter is {characters} characters long; HubSpot takes {most}. {length} of them are for {property}: shorten what is asked of it, or export in parts{hint}"
    )]
    TooLong {
        /// Length of the search.
        characters: usize,
        /// What HubSpot takes.
        most: usize,
        /// The property whose conditions are the longest.
        property: String,
        /// Their length.
        length: usize,
        /// Another option that does this, if there is one.
        hint: &'static str,
    },
}
