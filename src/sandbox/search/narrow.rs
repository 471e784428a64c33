//! Filters as SQL, for ids and times. If every filter can be expressed in SQL the
//! condition is exact and no record needs to be read; otherwise it lets through at
//! least those that match.

use super::ask::Sort;
use super::filter::{Filter, On, Test};
use super::operand::Operand;
use crate::sandbox::schema::kind::Kind;

/// Maximum number of ids that a condition lists.
const MOST_IDS: usize = 10_000;

/// A condition on the columns of a record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Narrow {
    pub(super) condition: String,
    pub(super) is_exact: bool,
}

/// What all groups together let through.
pub(super) fn narrow(kind: Kind, groups: &[Vec<Filter<'_>>]) -> Narrow {
    let mut is_exact = true;
    let mut sql = |filter: &Filter<'_>| {
        condition(kind, filter).unwrap_or_else(|| {
            is_exact = false;
            "TRUE".to_owned()
        })
    };
    let groups: Vec<String> = groups
        .iter()
        .map(|group| group.iter().map(&mut sql).collect::<Vec<_>>().join(" AND "))
        .collect();
    let condition = match groups.is_empty() {
        true => "TRUE".to_owned(),
        false => format!("({})", groups.join(") OR (")),
    };
    Narrow {
        condition,
        is_exact,
    }
}

/// An order in SQL; none if it is by another property.
pub(super) fn order(kind: Kind, sort: Option<&Sort>) -> Option<String> {
    let Some(sort) = sort else {
        return Some("created, id".to_owned());
    };
    let column = column(kind, &sort.property)?;
    let direction = if sort.descending { "DESC" } else { "ASC" };
    Some(format!("{column} {direction}, id"))
}

fn column(kind: Kind, property: &str) -> Option<&'static str> {
    match property {
        "hs_object_id" | "hs_ticket_id" => Some("id"),
        "hs_createdate" => Some("inserted"),
        name if name == kind.created() => Some("created"),
        name if name == kind.modified() => Some("modified"),
        _ => None,
    }
}

fn condition(kind: Kind, filter: &Filter<'_>) -> Option<String> {
    let column = match filter.on {
        On::Links => "id",
        On::Property(property) => column(kind, &property.name)?,
    };
    match &filter.test {
        Test::Has => Some("TRUE".to_owned()),
        Test::HasNot => Some("FALSE".to_owned()),
        Test::AnyOf(wanted) => Some(format!("{column} IN ({})", wholes(wanted)?)),
        Test::NoneOf(wanted) => Some(format!("{column} NOT IN ({})", wholes(wanted)?)),
        Test::Within(low, high) => {
            let low = end(column, [">=", ">"], low.as_ref())?;
            let high = end(column, ["<=", "<"], high.as_ref())?;
            Some(format!("({low} AND {high})"))
        }
        Test::Among(ids) if ids.len() <= MOST_IDS => {
            let ids: Vec<String> = ids.iter().map(i64::to_string).collect();
            Some(format!("{column} IN ({})", ids.join(", ")))
        }
        Test::Words(_) | Test::NoWords(_) | Test::Among(_) => None,
    }
}

fn end(column: &str, signs: [&str; 2], end: Option<&(Operand, bool)>) -> Option<String> {
    match end {
        None => Some("TRUE".to_owned()),
        Some((Operand::Whole(value), is_out)) => {
            Some(format!("{column} {} {value}", signs[usize::from(*is_out)]))
        }
        Some(_) => None,
    }
}

fn wholes(operands: &[Operand]) -> Option<String> {
    let whole = |operand: &Operand| match operand {
        Operand::Whole(value) => Some(value.to_string()),
        _ => None,
    };
    let all: Option<Vec<String>> = operands.iter().map(whole).collect();
    all.map(|all| all.join(", "))
}
