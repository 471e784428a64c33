//! The body of a search: parsed, and checked against its limits. The filters check
//! whether its properties exist.

use serde::Deserialize;
use serde_json::Value;

use crate::sandbox::api::problem::Problem;
use crate::sandbox::records::shapes;
use crate::sandbox::records::shapes::{Scalar, Text};
use crate::sandbox::switches::{OverLimit, SearchLength, SearchOverCap, Switches};

/// Longest body, in characters. HubSpot's guide says this about the whole body; yet programs that
/// send several hundred property names work in real portals, so property names are not counted
/// unless a switch says so.
const LONGEST: usize = 3_000;

const MOST_GROUPS: usize = 5;
const MOST_IN_GROUP: usize = 6;
const MOST_FILTERS: usize = 18;

/// Results of a page.
const PAGE: usize = 10;
const MOST_ON_PAGE: usize = 200;

/// Results of a search, over all its pages.
pub(super) const CAP: usize = 10_000;

/// A search within the limits.
#[derive(Debug)]
pub(crate) struct Ask {
    /// One of them must hold; an empty list holds for every record.
    pub(super) groups: Vec<Vec<FilterInput>>,
    pub(super) sort: Option<Sort>,
    pub(super) query: Option<String>,
    pub(super) properties: Vec<String>,
    pub(super) offset: usize,
    pub(super) limit: usize,
}

/// What results are ordered by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sort {
    pub(super) property: String,
    pub(super) descending: bool,
}

/// A filter as received.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FilterInput {
    pub(super) property_name: String,
    pub(super) operator: String,
    pub(super) value: Option<Scalar>,
    pub(super) values: Option<Vec<Scalar>>,
    pub(super) high_value: Option<Scalar>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    #[serde(default)]
    filter_groups: Vec<Group>,
    /// What older clients send instead of a group.
    #[serde(default)]
    filters: Vec<FilterInput>,
    #[serde(default)]
    sorts: Vec<SortInput>,
    query: Option<String>,
    #[serde(default)]
    properties: Vec<String>,
    limit: Option<Text>,
    after: Option<Text>,
}

#[derive(Debug, Deserialize)]
struct Group {
    #[serde(default)]
    filters: Vec<FilterInput>,
}

/// The guide's form, or the specification's: `"-createdate"`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum SortInput {
    Short(String),
    Long {
        #[serde(rename = "propertyName")]
        property: String,
        direction: Option<String>,
    },
}

impl Ask {
    pub(crate) fn of(body: &[u8], switches: &Switches) -> Result<Ask, Problem> {
        let length = length(body, switches.search_length);
        if length > LONGEST {
            return Err(Problem::validation(format!(
                "The request body is {length} characters long; a search takes at most {LONGEST}."
            )));
        }
        let body: Body = shapes::read(body)?;
        let limit = limit(body.limit.as_ref(), switches)?;
        let offset = number("after", body.after.as_ref(), 0)?;
        let beyond = offset + limit > CAP;
        if beyond && switches.search_over_cap == SearchOverCap::Refused {
            return Err(over_cap());
        }
        Ok(Ask {
            groups: groups(body.filter_groups, body.filters)?,
            sort: sort(body.sorts)?,
            query: body.query.filter(|query| !query.trim().is_empty()),
            properties: body.properties,
            offset,
            limit,
        })
    }
}

/// Characters of a body that count.
fn length(body: &[u8], counted: SearchLength) -> usize {
    let characters = |text: &str| text.chars().count();
    let whole = str::from_utf8(body).map_or(body.len(), characters);
    if whole <= LONGEST || counted == SearchLength::Body {
        return whole;
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(mut fields)) => {
            let _names = fields.remove("properties");
            characters(&Value::Object(fields).to_string())
        }
        // What is wrong with it is reported when it is parsed.
        _ => 0,
    }
}

fn over_cap() -> Problem {
    Problem::validation(format!(
        "The result window is too large: after + limit must be at most {CAP}."
    ))
}

fn limit(given: Option<&Text>, switches: &Switches) -> Result<usize, Problem> {
    let limit = number("limit", given, PAGE)?;
    match limit {
        1..=MOST_ON_PAGE => Ok(limit),
        0 => Err(Problem::validation("limit must be at least 1")),
        _ if switches.over_limit == OverLimit::Clamped => Ok(MOST_ON_PAGE),
        _ => Err(Problem::validation(format!(
            "limit must be at most {MOST_ON_PAGE}"
        ))),
    }
}

fn number(name: &str, given: Option<&Text>, default: usize) -> Result<usize, Problem> {
    match given {
        None => Ok(default),
        Some(text) if text.0.is_empty() => Ok(default),
        Some(text) => text
            .0
            .parse()
            .map_err(|_| Problem::validation(format!("{name} '{}' is not a number", text.0))),
    }
}

fn groups(given: Vec<Group>, top: Vec<FilterInput>) -> Result<Vec<Vec<FilterInput>>, Problem> {
    let mut groups: Vec<Vec<FilterInput>> = given.into_iter().map(|group| group.filters).collect();
    if !top.is_empty() {
        groups.push(top);
    }
    groups.retain(|group| !group.is_empty());
    let total: usize = groups.iter().map(Vec::len).sum();
    let widest = groups.iter().map(Vec::len).max().unwrap_or_default();
    for (count, most, what) in [
        (groups.len(), MOST_GROUPS, "filter groups"),
        (widest, MOST_IN_GROUP, "filters in a group"),
        (total, MOST_FILTERS, "filters in all"),
    ] {
        if count > most {
            return Err(Problem::validation(format!(
                "There are {count} {what}; the most is {most}."
            )));
        }
    }
    Ok(groups)
}

fn sort(given: Vec<SortInput>) -> Result<Option<Sort>, Problem> {
    if given.len() > 1 {
        return Err(Problem::validation("A search takes one sort at most."));
    }
    let sort = given.into_iter().next().map(|sort| match sort {
        SortInput::Short(text) => Sort {
            descending: text.starts_with('-'),
            property: text.trim_start_matches('-').to_owned(),
        },
        SortInput::Long {
            property,
            direction,
        } => Sort {
            property,
            descending: direction.is_some_and(|direction| direction.starts_with("DESC")),
        },
    });
    Ok(sort)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ask(body: &Value) -> Result<Ask, Problem> {
        Ask::of(body.to_string().as_bytes(), &Switches::default())
    }

    fn filters(count: usize) -> Value {
        json!(vec![
            json!({"propertyName": "subject", "operator": "HAS_PROPERTY"});
            count
        ])
    }

    #[test]
    fn limits_are_kept() {
        for (body, part) in [
            (json!({"limit": 201}), "at most 200"),
            (json!({"limit": 0}), "at least 1"),
            (json!({"after": "x"}), "not a number"),
            (json!({"after": 9_901, "limit": 100}), "at most 10000"),
            (json!({"sorts": ["a", "b"]}), "one sort"),
            (json!({"query": "x".repeat(3_000)}), "at most 3000"),
            (
                json!({"filterGroups": vec![json!({"filters": filters(1)}); 6]}),
                "6 filter groups",
            ),
            (
                json!({"filterGroups": [{"filters": filters(7)}]}),
                "7 filters in a group",
            ),
            (
                json!({"filterGroups": vec![json!({"filters": filters(5)}); 4]}),
                "20 filters in all",
            ),
        ] {
            let problem = ask(&body).expect_err(part);
            assert!(problem.message.contains(part), "{}", problem.message);
        }
        let last = ask(&json!({"after": "9900", "limit": 100})).expect("the last page");
        assert_eq!((last.offset, last.limit), (9_900, 100));
    }

    #[test]
    fn names_of_properties_count_only_where_the_switch_says_so() {
        let names: Vec<String> = (0..400).map(|n| format!("property_{n:03}")).collect();
        let body = json!({"properties": names, "filterGroups": [{"filters": filters(1)}]});
        assert!(body.to_string().len() > LONGEST && ask(&body).is_ok());
        let strict = ["search_length=whole".parse().expect("a switch")];
        let strict: Switches = strict.into_iter().collect();
        let problem = Ask::of(body.to_string().as_bytes(), &strict).expect_err("too long");
        assert!(problem.message.contains("at most 3000"));
        let long = json!({"properties": names, "query": "x".repeat(3_000)});
        assert!(ask(&long).is_err());
    }

    #[test]
    fn sorts_come_in_two_forms() {
        for (given, property, descending) in [
            (json!("createdate"), "createdate", false),
            (json!("-createdate"), "createdate", true),
            (
                json!({"propertyName": "x", "direction": "DESCENDING"}),
                "x",
                true,
            ),
            (json!({"propertyName": "x"}), "x", false),
        ] {
            let sort = ask(&json!({"sorts": [given]})).expect("a search").sort;
            let property = property.to_owned();
            assert_eq!(
                sort,
                Some(Sort {
                    property,
                    descending
                })
            );
        }
    }
}
