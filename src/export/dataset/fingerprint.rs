//! How a run detects that a ticket has changed: by a hash of everything that its rows are made
//! from. The hash does not depend on other properties, and changes if the label of a value changes.

use std::collections::BTreeMap;

use super::index;
use crate::export::columns::{Column, ID_COLUMN, Values, Wording};
use crate::export::job::Job;
use crate::export::labels::labels;
use crate::export::layout::{Layout, Source};
use crate::export::page::Reading;
use crate::export::project::worded;
use crate::export::spool::Ticket;
use crate::model::schema::{ObjectType, Schema};

/// What people see for stored values, by property.
pub type Labels = BTreeMap<String, BTreeMap<String, String>>;

/// The labels shown in a job's tables and in the names of its parts; empty for a property without
/// labels.
pub fn shown(job: &Job, by: &str) -> Labels {
    let wanted = &job.wanted;
    if wanted.values == Values::Ids && wanted.backwards.is_none() {
        return Labels::new();
    }
    let names = wanted.properties.iter().chain(&wanted.history);
    let names = names.map(String::as_str).chain([by]);
    let known = |name: &str| labels_of(name, &job.schema);
    let is_there = |name: &str| !wanted.is_absent(ObjectType::Tickets, name);
    names
        .filter(|name| *name != ID_COLUMN && is_there(name))
        .map(|name| (name.to_owned(), known(name)))
        .collect()
}

fn labels_of(name: &str, schema: &Schema) -> BTreeMap<String, String> {
    let property = schema.tickets.get(name);
    let labels = property.map(|property| labels(property, schema));
    labels.into_iter().flatten().collect()
}

/// Properties with a value whose label has changed or was removed, and those that had no labels at
/// all. A property that did not exist has no old values.
pub fn relabelled(before: &Labels, now: &Labels) -> Vec<String> {
    let is_other = |(name, now): &(&String, &BTreeMap<String, String>)| match before.get(*name) {
        // An older version stored no labels.
        None => before.is_empty() && !now.is_empty(),
        Some(before) if before.is_empty() => !now.is_empty(),
        Some(before) => before
            .iter()
            .any(|(value, label)| now.get(value) != Some(label)),
    };
    let now = now.iter().filter(is_other);
    now.map(|(name, _)| name.clone()).collect()
}

/// How tickets of a job are hashed.
pub struct Fingerprint<'a> {
    /// Properties in the order of their names, with the position of their value and the columns
    /// that show it in another form.
    properties: Vec<(&'a str, usize, Vec<&'a Column>)>,
    /// The same for those whose former values are kept.
    history: Vec<(&'a str, usize)>,
    labels: &'a Labels,
}

impl<'a> Fingerprint<'a> {
    /// For tickets that are read this way and have these columns.
    pub fn new(reading: &'a Reading, layout: &'a Layout, labels: &'a Labels) -> Fingerprint<'a> {
        let columns = || layout.sources.iter().zip(&layout.columns);
        let showing = |place: usize| {
            let showing = columns().filter(move |(source, column)| {
                let says = matches!(column.wording, Wording::Labels(_) | Wording::Mapped(_));
                says && **source == Source::Value(place)
            });
            showing.map(|(_, column)| column).collect()
        };
        let properties = reading.properties.iter().enumerate();
        let mut properties: Vec<_> = properties
            .map(|(place, name)| (name.as_str(), place, showing(place)))
            .collect();
        properties.sort_unstable_by_key(|(name, ..)| *name);
        let history = reading.history.iter().enumerate();
        let mut history: Vec<_> = history
            .map(|(place, name)| (name.as_str(), place))
            .collect();
        history.sort_unstable();
        Fingerprint {
            properties,
            history,
            labels,
        }
    }

    /// The hash of a ticket.
    pub fn of(&self, ticket: &Ticket) -> u64 {
        let mut text = Text::default();
        text.add(if ticket.archived { "archived" } else { "live" });
        let times = &ticket.times;
        for time in [&times.created, &times.updated, &times.archived] {
            text.add(time.as_deref().unwrap_or_default());
        }
        for (name, place, columns) in &self.properties {
            let value = ticket.values.get(*place).and_then(Option::as_deref);
            let Some(value) = value.filter(|value| !value.is_empty()) else {
                continue;
            };
            text.add(name);
            text.add(value);
            for column in columns {
                let shown = worded(Some(value), column).map(|cell| cell.to_string());
                text.add(shown.as_deref().unwrap_or_default());
            }
        }
        for (name, place) in &self.history {
            let labels = self.labels.get(*name);
            for version in ticket.history.get(*place).into_iter().flatten() {
                let label = labels.and_then(|labels| labels.get(&version.value));
                let user = version.user.as_deref().unwrap_or_default();
                let words = [name, version.value.as_str(), &version.at, &version.source];
                words.into_iter().for_each(|word| text.add(word));
                text.add(&version.source_id);
                text.add(user);
                text.add(label.map_or("", String::as_str));
            }
        }
        index::hash(&text.0)
    }
}

/// Concatenated texts, delimited so that none runs into the next.
#[derive(Default)]
struct Text(Vec<u8>);

impl Text {
    fn add(&mut self, text: &str) {
        self.0.extend((text.len() as u64).to_le_bytes());
        self.0.extend(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(labels: &[(&str, &[(&str, &str)])]) -> Labels {
        let pairs = |pairs: &[(&str, &str)]| {
            let pairs = pairs.iter();
            pairs
                .map(|(value, label)| ((*value).to_owned(), (*label).to_owned()))
                .collect()
        };
        let labels = labels.iter();
        labels
            .map(|(name, of)| ((*name).to_owned(), pairs(of)))
            .collect()
    }

    #[test]
    fn a_label_that_is_another_is_seen() {
        let before = labels(&[("stage", &[("1", "New"), ("2", "Old")])]);
        let cases: [(&[(&str, &str)], bool); 4] = [
            (&[("1", "New"), ("2", "Old")], false),
            (&[("1", "New"), ("2", "Old"), ("3", "More")], false),
            (&[("1", "Fresh"), ("2", "Old")], true),
            (&[("1", "New")], true),
        ];
        for (now, expected) in cases {
            let relabelled = relabelled(&before, &labels(&[("stage", now)]));
            assert_eq!(!relabelled.is_empty(), expected, "{now:?}");
        }
        assert_eq!(relabelled(&Labels::new(), &before), ["stage"]);
        assert_eq!(relabelled(&labels(&[("stage", &[])]), &before), ["stage"]);
        assert!(
            relabelled(&labels(&[("size", &[])]), &before).is_empty(),
            "it is new"
        );
        assert!(
            relabelled(&before, &Labels::new()).is_empty(),
            "none is shown"
        );
    }

    #[test]
    fn what_runs_together_is_told_apart() {
        let text = |words: &[&str]| {
            let mut text = Text::default();
            words.iter().for_each(|word| text.add(word));
            text.0
        };
        assert_ne!(text(&["ab", "c"]), text(&["a", "bc"]));
    }
}
