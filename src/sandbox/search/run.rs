//! A search from its body to its page. The index is late: what changed within the lag is seen as it
//! was before, and what was created within it is not seen at all.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;

use super::ask::{Ask, CAP, FilterInput, Sort};
use super::filter::{self, Filter, On, Test};
use super::narrow::{narrow, order};
use super::operand::{Operand, matches, tokens};
use super::pick::Picked;
use crate::sandbox::api::problem::Problem;
use crate::sandbox::api::reply::Paging;
use crate::sandbox::clock::Moment;
use crate::sandbox::portal_state::PortalState;
use crate::sandbox::records::shapes::{ObjectOut, Scalar, Values};
use crate::sandbox::records::show::View;
use crate::sandbox::schema::Property;
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::store::{LateRecord, Record, Slice};

/// Prefix of the name of a filter on associations.
const LINKS: &str = "associations.";

/// A page of results.
#[derive(Debug, Serialize)]
pub(crate) struct SearchOut {
    total: usize,
    results: Vec<ObjectOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<Paging>,
}

/// Everything that determines whether a record is found, and in which order.
struct Search<'a> {
    kind: Kind,
    groups: Vec<Vec<Filter<'a>>>,
    words: Vec<String>,
    /// The property, and whether the order is descending.
    sort: (&'a Property, bool),
}

/// A record that was found, and the value it is sorted by.
struct Hit {
    id: i64,
    key: Option<Operand>,
}

impl PortalState {
    /// Answers a search as the index is `lag` before `now`. `link` is the address of the next page,
    /// without the value of its `after`.
    pub(crate) fn search(
        &self,
        kind: Kind,
        ask: &Ask,
        link: &str,
        now: Moment,
        lag: Duration,
    ) -> Result<SearchOut, Problem> {
        let search = self.understand(kind, ask)?;
        let seen = now.before(lag).millis();
        let late: BTreeMap<i64, LateRecord> = self
            .store
            .late(kind, seen)?
            .into_iter()
            .map(|record| (record.id, record))
            .collect();
        let (total, ids) = self.found(&search, ask, seen, &late)?;
        let view = View {
            properties: ask.properties.clone(),
            ..View::default()
        };
        let mut results = Vec::with_capacity(ids.len());
        for id in ids {
            if let Some(record) = self.as_seen(kind, id, &late)? {
                results.push(self.show(kind, record, &view)?);
            }
        }
        let next = ask.offset + ask.limit;
        let paging = (next < total.min(CAP)).then(|| {
            let after = next.to_string();
            Paging::new(after.clone(), format!("{link}after={after}"))
        });
        Ok(SearchOut {
            total,
            results,
            paging,
        })
    }

    fn understand<'a>(&'a self, kind: Kind, ask: &Ask) -> Result<Search<'a>, Problem> {
        let filter = |input: &FilterInput| match input.property_name.strip_prefix(LINKS) {
            Some(to) => self.links_filter(kind, to, input),
            None => Filter::of(input, self.searchable(kind, &input.property_name)?),
        };
        let group = |group: &Vec<FilterInput>| group.iter().map(filter).collect();
        let sort = match &ask.sort {
            Some(Sort {
                property,
                descending,
            }) => (self.searchable(kind, property)?, *descending),
            None => (self.searchable(kind, kind.created())?, false),
        };
        Ok(Search {
            kind,
            groups: ask.groups.iter().map(group).collect::<Result<_, _>>()?,
            words: ask
                .query
                .as_deref()
                .map(filter::pattern_words)
                .unwrap_or_default(),
            sort,
        })
    }

    fn searchable(&self, kind: Kind, name: &str) -> Result<&Property, Problem> {
        self.schema.of(kind).properties.get(name).ok_or_else(|| {
            Problem::validation(format!(
                "There was a problem with the request. Property '{name}' does not exist"
            ))
        })
    }

    /// `associations.contact EQ id`: the records that are associated with it.
    fn links_filter(
        &self,
        kind: Kind,
        to: &str,
        input: &FilterInput,
    ) -> Result<Filter<'_>, Problem> {
        let to = Kind::named(to)?;
        let values = match input.operator.as_str() {
            "EQ" => std::slice::from_ref(input.value.as_ref().unwrap_or(&Scalar::Null)),
            "IN" => input.values.as_deref().unwrap_or_default(),
            other => {
                return Err(Problem::validation(format!(
                    "'{other}' is not an operator for associations"
                )));
            }
        };
        let types: Vec<u32> = self
            .schema
            .links
            .between(kind, to)
            .map(|known| known.inverse)
            .collect();
        let mut ids = BTreeSet::new();
        for value in values {
            let id: i64 = filter::text(input, Some(value))?
                .parse()
                .unwrap_or_default();
            for link_type in &types {
                ids.extend(self.store.linked_by(id, *link_type)?);
            }
        }
        Ok(Filter {
            on: On::Links,
            test: Test::Among(ids),
        })
    }

    /// How many there are, and the ids of the page.
    fn found(
        &self,
        search: &Search<'_>,
        ask: &Ask,
        seen: i64,
        late: &BTreeMap<i64, LateRecord>,
    ) -> Result<(usize, Vec<i64>), Problem> {
        let narrow = narrow(search.kind, &search.groups);
        let slice = Slice {
            kind: search.kind,
            condition: &narrow.condition,
            seen,
        };
        let limit = ask.limit.min(CAP.saturating_sub(ask.offset));
        let order = order(search.kind, ask.sort.as_ref());
        if let Some(order) =
            order.filter(|_| narrow.is_exact && search.words.is_empty() && late.is_empty())
        {
            let ids = self.store.ids(&slice, &order, ask.offset, limit)?;
            return Ok((self.store.count(&slice)?, ids));
        }
        let mut hits = Vec::new();
        let names = search.names();
        self.store.scan(&slice, |id, json| {
            if !late.contains_key(&id) {
                hits.extend(search.hit(id, &Picked(&names).of(json)?));
            }
            Ok(())
        })?;
        let former = late.values();
        let former = former.filter(|record| !record.archived && record.inserted <= seen);
        hits.extend(former.filter_map(|record| search.hit(record.id, &record.values)));
        hits.sort_by(|one, other| search.compare(one, other));
        let page = hits.iter().skip(ask.offset).take(limit);
        Ok((hits.len(), page.map(|hit| hit.id).collect()))
    }

    fn as_seen(
        &self,
        kind: Kind,
        id: i64,
        late: &BTreeMap<i64, LateRecord>,
    ) -> Result<Option<Record>, Problem> {
        match late.get(&id) {
            Some(former) => Ok(Some(Record {
                id,
                values: former.values.clone(),
                archived_at: None,
            })),
            None => Ok(self.store.record(kind, id, false)?),
        }
    }
}

impl Search<'_> {
    /// The properties whose values are needed.
    fn names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::from([self.sort.0.name.as_str()]);
        for filter in self.groups.iter().flatten() {
            if let On::Property(property) = filter.on {
                let _ = names.insert(property.name.as_str());
            }
        }
        if !self.words.is_empty() {
            names.extend(self.kind.searched());
        }
        names
    }

    fn hit(&self, id: i64, values: &Values) -> Option<Hit> {
        let fits = |group: &Vec<Filter<'_>>| group.iter().all(|filter| filter.fits(id, values));
        let is_in = self.groups.is_empty() || self.groups.iter().any(fits);
        (is_in && self.has_words(values)).then(|| Hit {
            id,
            key: self.key(values),
        })
    }

    /// Whether every word of the query is in some searchable property.
    fn has_words(&self, values: &Values) -> bool {
        let texts: Vec<&String> = match self.words.is_empty() {
            true => return true,
            false => self
                .kind
                .searched()
                .iter()
                .filter_map(|name| values.get(*name))
                .collect(),
        };
        let stands = |word: &String| {
            let mut all = texts.iter().flat_map(|text| tokens(text));
            all.any(|token| matches(&token, word))
        };
        self.words.iter().all(stands)
    }

    fn key(&self, values: &Values) -> Option<Operand> {
        let (property, _) = self.sort;
        let text = values.get(&property.name)?;
        Some(Operand::stored(property, text))
    }

    /// Records without the value come last in either direction.
    fn compare(&self, one: &Hit, other: &Hit) -> Ordering {
        let by_key = match (&one.key, &other.key) {
            (Some(one), Some(other)) => match self.sort {
                (_, true) => other.order(one),
                (_, false) => one.order(other),
            },
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        by_key.then(one.id.cmp(&other.id))
    }
}
