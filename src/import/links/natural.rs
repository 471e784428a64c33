//! Natural keys of other records: reads records by such a key, from the record store if its values
//! are unique, otherwise by search, whose index lags by some seconds (protocol L3).

use std::sync::Arc;

use crate::hubspot::contract::SEARCH_BODY_LIMIT;
use crate::hubspot::records::Record;
use crate::hubspot::{Client, Filter, Search, SearchError, Test};
use crate::import::send::reading::{Given, Reading};
use crate::import::stop::stop_for;
use crate::model::key::{fold, same_key};
use crate::model::link_by::LinkBy;
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;
use crate::model::stop::{Obstacle, Stop};

/// Values of one search, at most.
const SEARCHED: usize = 20;

/// A property that distinguishes records of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Natural {
    /// Kind of the records.
    pub object: ObjectType,
    /// Internal name of the property.
    pub property: Arc<str>,
    /// Whether the portal keeps its values unique.
    pub unique: bool,
}

impl Natural {
    /// Whether links to records of this kind, found in this way, use this key.
    pub fn is_for(&self, to: ObjectType, by: &LinkBy) -> bool {
        self.object == to && by.property() == Some(&self.property)
    }

    /// The journal's name for steps of such records.
    pub fn kind(&self) -> String {
        match self.is_email() {
            true => "contact".to_owned(),
            false => format!("{}.{}", self.object.plural(), self.property),
        }
    }

    fn is_email(&self) -> bool {
        self.object == ObjectType::Contacts && &*self.property == "email"
    }

    /// Live records that hold one of these values, at most 100 values.
    pub async fn read(&self, client: &Client, values: &[String]) -> Result<Given, Stop> {
        if !self.unique {
            let records = self.search(client, values).await?;
            let closed = Vec::new();
            return Ok(Given { records, closed });
        }
        let reading = Reading {
            client,
            object: self.object,
            by: Some(&self.property),
            properties: &self.properties(),
            shelf: Shelf::Live,
        };
        let is = |record: &Record, value: &str| self.holds(record, value);
        reading.read(values, is).await
    }

    /// Live records with these ids, at most 100, and what else distinguishes them.
    pub async fn read_ids(&self, client: &Client, ids: &[String]) -> Result<Given, Stop> {
        let reading = Reading {
            client,
            object: self.object,
            by: None,
            properties: &self.properties(),
            shelf: Shelf::Live,
        };
        reading.read(ids, |record, id| record.id == id).await
    }

    async fn search(&self, client: &Client, values: &[String]) -> Result<Vec<Record>, Stop> {
        let mut records = Vec::new();
        let mut left = values;
        while !left.is_empty() {
            let (part, rest) = left.split_at(self.searched_at_once(left));
            left = rest;
            let search = self.search_for(part);
            let mut after = None;
            loop {
                let page = client.search_by_id(self.object, &search, after.as_deref());
                let page = page.await.map_err(stopped)?;
                records.extend(page.results);
                after = page.after;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(records)
    }

    fn search_for(&self, values: &[String]) -> Search {
        let folded = values
            .iter()
            .map(|value| fold(value).into_owned())
            .collect();
        let filter = Filter {
            property: self.property.to_string(),
            test: Test::In(folded),
        };
        Search {
            groups: vec![vec![filter]],
            properties: self.properties().map(str::to_owned).to_vec(),
            ..Search::default()
        }
    }

    /// How many of the first of these values one search takes (protocol E5); at least one.
    fn searched_at_once(&self, values: &[String]) -> usize {
        let most = values.len().min(SEARCHED);
        let fits = |count: &usize| fits(&self.search_for(&values[..*count]));
        (1..=most).rev().find(fits).unwrap_or(1)
    }

    /// Whether records can be found by this value: it must fit into a search.
    pub fn can_find(&self, value: &str) -> bool {
        self.unique || fits(&self.search_for(&[value.to_owned()]))
    }

    fn properties(&self) -> [&str; 4] {
        // Contacts have the second, and their creation date as the only insertion time.
        let second = if self.is_email() {
            "hs_additional_emails"
        } else {
            "hs_object_id"
        };
        [&self.property, second, "hs_createdate", "createdate"]
    }

    /// Whether a record holds the value. Portals fold case; secondary e-mails count:
    /// HubSpot resolves them but answers with the first (L2).
    pub fn holds(&self, record: &Record, value: &str) -> bool {
        let is = |held: &str| same_key(held.trim(), value);
        let others = record.get("hs_additional_emails").unwrap_or_default();
        record.get(&self.property).is_some_and(is) || (self.is_email() && others.split(';').any(is))
    }
}

fn fits(search: &Search) -> bool {
    search.characters() <= SEARCH_BODY_LIMIT
}

fn stopped(error: SearchError) -> Stop {
    match error {
        SearchError::Call(error) => stop_for(error),
        other => Stop::MustFix(Obstacle::Call(other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn company() -> Natural {
        Natural {
            object: ObjectType::Companies,
            property: Arc::from("name"),
            unique: false,
        }
    }

    #[test]
    fn a_search_takes_as_many_values_as_fit_into_it() {
        let of = |length: usize| vec!["ä\"".repeat(length / 2); 50];
        for (length, at_once) in [(10, 20), (100, 17), (1_000, 1), (4_000, 1)] {
            let values = of(length);
            assert_eq!(company().searched_at_once(&values), at_once, "{length}");
            let search = company().search_for(&values[..at_once]);
            assert_eq!(fits(&search), length < 4_000, "{length}");
            assert_eq!(company().can_find(&values[0]), length < 4_000, "{length}");
        }
        assert_eq!(company().searched_at_once(&of(10)[..3]), 3);
    }
}
