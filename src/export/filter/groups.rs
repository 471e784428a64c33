//! From an expression to the groups of HubSpot's search: alternatives, each of them
//! conditions that hold together.

use std::collections::BTreeMap;

use super::relative::Frame;
use super::resolve::filter;
use super::{Expression, FilterError};
use crate::hubspot::contract::SEARCH_BODY_LIMIT;
use crate::hubspot::{Filter, Search};
use crate::model::schema::Schema;

/// HubSpot's limits: alternatives, conditions of one alternative, conditions in total. Each
/// alternative uses one condition for the lowest id of a page.
const LIMITS: (usize, usize, usize) = (5, 5, 18);

/// The search for an expression; which properties to return is left to the reader. `frame` says
/// where days begin and what time it is.
pub fn search(
    expression: &Expression,
    schema: &Schema,
    frame: &Frame,
) -> Result<Search, FilterError> {
    let groups = alternatives(expression, schema, frame)?;
    let longest = groups.iter().map(Vec::len).max().unwrap_or(0);
    let filters = groups.iter().map(Vec::len).sum::<usize>();
    let (most, of_one, in_all) = LIMITS;
    if groups.len() > most || longest > of_one || filters + groups.len() > in_all {
        let groups = groups.len();
        return Err(FilterError::TooMuch {
            groups,
            filters,
            longest,
        });
    }
    let search = Search {
        groups,
        ..Search::default()
    };
    match search.characters() {
        0..=SEARCH_BODY_LIMIT => Ok(search),
        characters => Err(too_long(&search, characters)),
    }
}

/// Names the property that takes up most of a search.
fn too_long(search: &Search, characters: usize) -> FilterError {
    let of = |groups| Search {
        groups,
        ..Search::default()
    };
    let empty = of(vec![Vec::new()]).characters();
    let mut lengths: BTreeMap<&str, usize> = BTreeMap::new();
    for filter in search.groups.iter().flatten() {
        let alone = of(vec![vec![filter.clone()]]).characters();
        *lengths.entry(&filter.property).or_default() += alone - empty;
    }
    let longest = lengths.into_iter().max_by_key(|(_, length)| *length);
    let (property, length) = longest.unwrap_or_default();
    FilterError::TooLong {
        characters,
        most: SEARCH_BODY_LIMIT,
        property: property.to_owned(),
        length,
        hint: match property {
            "hs_object_id" => "; --ids-from takes any number of ids from a file",
            _ => "",
        },
    }
}

fn alternatives(
    expression: &Expression,
    schema: &Schema,
    frame: &Frame,
) -> Result<Vec<Vec<Filter>>, FilterError> {
    match expression {
        Expression::One(condition) => Ok(vec![vec![filter(condition, schema, frame)?]]),
        Expression::Any(parts) => {
            let parts = parts.iter().map(|part| alternatives(part, schema, frame));
            let parts: Vec<_> = parts.collect::<Result<_, _>>()?;
            Ok(parts.into_iter().flatten().collect())
        }
        Expression::All(parts) => {
            let mut all = vec![Vec::new()];
            for part in parts {
                all = both(&all, &alternatives(part, schema, frame)?)?;
            }
            Ok(all)
        }
    }
}

/// The product of both lists; refused before it grows large.
fn both(these: &[Vec<Filter>], those: &[Vec<Filter>]) -> Result<Vec<Vec<Filter>>, FilterError> {
    let groups = these.len() * those.len();
    let longest = |groups: &[Vec<Filter>]| groups.iter().map(Vec::len).max().unwrap_or(0);
    if groups > 1_000 {
        let longest = longest(these) + longest(those);
        return Err(FilterError::TooMuch {
            groups,
            filters: groups * longest,
            longest,
        });
    }
    let with = |one: &Vec<Filter>, other: &Vec<Filter>| [one.clone(), other.clone()].concat();
    let each = |one| those.iter().map(move |other| with(one, other));
    Ok(these.iter().flat_map(each).collect())
}
