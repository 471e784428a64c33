//! Searches. HubSpot gives at most 10,000 results of a query, so a search either stays
//! below, or continues in id order from the last one: it never ends early silently. New
//! and changed records appear some seconds late, archived ones never.

use crate::hubspot::client::Client;
use crate::hubspot::contract;
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::{Budget, Effect, Request};
use crate::hubspot::records::query::{Comparison, Filter, Found, Search, Sort, Test};
use crate::hubspot::records::{Page, Record};
use crate::hubspot::wire;
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;

/// A property that every record has, and that search can order by.
const ID: &str = "hs_object_id";

/// Why a search failed.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The results can't all be had by paging; narrow the search, or take them in
    /// id order.
    #[error(
        "the search matches at least {at_least} records; HubSpot gives the first {} only",
        contract::SEARCH_RESULT_LIMIT
    )]
    TooMany {
        /// Number of matching records, as far as they were counted.
        at_least: usize,
    },
    /// HubSpot refuses longer ones; nothing was sent.
    #[error(
        "the search is {characters} characters long; HubSpot takes {}",
        contract::SEARCH_BODY_LIMIT
    )]
    TooLong {
        /// Length of the body.
        characters: usize,
    },
    /// HubSpot refuses more; nothing was sent.
    #[error("the search has too many filters; HubSpot takes five groups of six, 18 in all")]
    TooManyFilters,
}

/// HubSpot counts characters, not bytes.
fn characters(body: &[u8]) -> usize {
    String::from_utf8_lossy(body).chars().count()
}

impl Search {
    /// Characters of the longest call that it takes in id order, whatever properties are
    /// read: many of them are read by id (protocol E5).
    pub fn characters(&self) -> usize {
        let search = in_id_order(&self.bare(), &u64::MAX.to_string());
        let body = wire::search_body(&search, contract::SEARCH_PAGE_LIMIT, 0);
        body.map_or(0, |body| characters(&body))
    }

    /// The same for ids alone.
    fn bare(&self) -> Search {
        Search {
            properties: vec![ID.to_owned()],
            ..self.clone()
        }
    }
}

impl Client {
    /// One page of what matches, 200 at most, after the first `offset` records.
    ///
    /// # Errors
    /// `TooMany` instead of the page that would pass HubSpot's 10,000, and of a last
    /// page that ends there though more match.
    pub async fn search(
        &self,
        object: ObjectType,
        search: &Search,
        offset: usize,
    ) -> Result<Found, SearchError> {
        let left = contract::SEARCH_RESULT_LIMIT.saturating_sub(offset);
        if left == 0 {
            return Err(SearchError::TooMany {
                at_least: offset + 1,
            });
        }
        let limit = contract::SEARCH_PAGE_LIMIT.min(left);
        let (found, is_bare) = self.find(object, search, limit, offset).await?;
        let seen = offset + found.results.len();
        let capped = seen >= contract::SEARCH_RESULT_LIMIT && found.total > seen;
        if capped {
            return Err(SearchError::TooMany {
                at_least: found.total,
            });
        }
        let results = found.results;
        Ok(Found {
            results: self.filled(object, search, results, is_bare).await?,
            ..found
        })
    }

    /// One page of what matches in ascending id order, above an id; however many
    /// there are. The search's own order is not used. `after` of the page is the id
    /// to continue from.
    pub async fn search_by_id(
        &self,
        object: ObjectType,
        search: &Search,
        above: Option<&str>,
    ) -> Result<Page, SearchError> {
        let ordered = in_id_order(search, above.unwrap_or("0"));
        let limit = contract::SEARCH_PAGE_LIMIT;
        let (found, is_bare) = self.find(object, &ordered, limit, 0).await?;
        let ids = found.results.iter().map(|record| record.id.as_str());
        if !ascending(above.into_iter().chain(ids)) {
            let words = "a search in id order brought ids out of order".to_owned();
            return Err(CallError::Garbled(words).into());
        }
        let last = found.results.last().map(|record| record.id.clone());
        if found.more && last.is_none() {
            let words = "a page of a search is empty, and more are to follow".to_owned();
            return Err(CallError::Garbled(words).into());
        }
        Ok(Page {
            after: last.filter(|_| found.more),
            results: self.filled(object, search, found.results, is_bare).await?,
        })
    }

    /// One page, and whether it holds ids alone because the names of all properties
    /// would make the call too long (protocol E5).
    async fn find(
        &self,
        object: ObjectType,
        search: &Search,
        limit: usize,
        offset: usize,
    ) -> Result<(Found, bool), SearchError> {
        check_filters(search)?;
        let body_of = |search: &Search| {
            let body = wire::search_body(search, limit, offset);
            body.map_err(Client::unsendable)
        };
        let mut body = body_of(search)?;
        let is_bare = characters(&body) > contract::SEARCH_BODY_LIMIT;
        if is_bare {
            body = body_of(&search.bare())?;
        }
        let characters = characters(&body);
        if characters > contract::SEARCH_BODY_LIMIT {
            return Err(SearchError::TooLong { characters });
        }
        let path = self.api().search(object);
        let request = Request::post(path, body, Effect::Read).paid_from(Budget::Search);
        Ok((self.call(&request, wire::found).await?, is_bare))
    }

    /// The records with their values, if the search returned only ids; those that are
    /// gone meanwhile are left out.
    async fn filled(
        &self,
        object: ObjectType,
        search: &Search,
        results: Vec<Record>,
        is_bare: bool,
    ) -> Result<Vec<Record>, CallError> {
        if !is_bare {
            return Ok(results);
        }
        let ids: Vec<String> = results.into_iter().map(|record| record.id).collect();
        let names: Vec<&str> = search.properties.iter().map(String::as_str).collect();
        self.read_existing(object, &ids, &names, &[], Shelf::Live)
            .await
    }
}

/// The search with a lower bound of ids in each of its groups.
fn in_id_order(search: &Search, above: &str) -> Search {
    let bound = Filter {
        property: ID.to_owned(),
        test: Test::Is(Comparison::Greater, above.to_owned()),
    };
    let mut search = search.clone();
    if search.groups.is_empty() {
        search.groups.push(Vec::new());
    }
    for group in &mut search.groups {
        group.push(bound.clone());
    }
    search.sort = Some(Sort {
        property: ID.to_owned(),
        descending: false,
    });
    search
}

fn check_filters(search: &Search) -> Result<(), SearchError> {
    let (groups, of_a_group, in_all) = contract::FILTER_LIMITS;
    let sizes = || search.groups.iter().map(Vec::len);
    let fits = search.groups.len() <= groups
        && sizes().all(|size| size <= of_a_group)
        && sizes().sum::<usize>() <= in_all;
    match fits {
        true => Ok(()),
        false => Err(SearchError::TooManyFilters),
    }
}

/// Ids are digits without a leading zero, and may be longer than any number of ours.
fn ascending<'a>(ids: impl Iterator<Item = &'a str>) -> bool {
    ids.map(|id| (id.len(), id))
        .is_sorted_by(|left, right| left < right)
}
