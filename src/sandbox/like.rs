//! A portal that is like another one: that one's definitions in place of those that every
//! new portal has, in the shapes of the API, and none of its records.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use super::kind::Kind;
use super::links::{Bound, Label};
use super::schema::{Group, Owner, Pipeline, Property};
use super::value_rule::PropertyRules;

/// What another portal defines.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Blueprint {
    /// By kinds of record, such as `tickets`; kinds that are not named stay as they are.
    properties: BTreeMap<String, Vec<Property>>,
    groups: BTreeMap<String, Vec<Group>>,
    pub(super) pipelines: Vec<Pipeline>,
    pub(super) owners: Vec<Owner>,
    pub(super) labels: Vec<Label>,
    /// How many records one may be associated with.
    pub(super) limits: Vec<Bound>,
    /// Rules for values, by kinds of record.
    rules: BTreeMap<String, Vec<PropertyRules>>,
}

/// A text that describes no portal.
#[derive(Debug, Error)]
#[error("this describes no portal: {0}")]
pub struct BlueprintError(#[from] serde_json::Error);

impl Blueprint {
    /// Reads it from JSON: `properties`, `groups` and `rules` by kind, `pipelines`,
    /// `owners`, `labels` and `limits`, each as the API shows them.
    pub fn read(json: &str) -> Result<Blueprint, BlueprintError> {
        Ok(serde_json::from_str(json)?)
    }

    /// Properties of a kind, where it is named.
    pub(super) fn properties(&self, kind: Kind) -> Option<&[Property]> {
        self.properties.get(kind.plural()).map(Vec::as_slice)
    }

    pub(super) fn rules(&self, kind: Kind) -> &[PropertyRules] {
        self.rules.get(kind.plural()).map_or(&[], Vec::as_slice)
    }

    pub(super) fn groups(&self, kind: Kind) -> &[Group] {
        self.groups.get(kind.plural()).map_or(&[], Vec::as_slice)
    }
}
