//! A portal modelled on another one: with that portal's definitions instead of the usual ones, in
//! the shapes of the API, and none of its records.

use std::collections::BTreeMap;

use serde::Deserialize;
use thiserror::Error;

use crate::sandbox::links::{Bound, Label};
use crate::sandbox::schema::kind::Kind;
use crate::sandbox::schema::value_rule::PropertyRules;
use crate::sandbox::schema::{Group, Owner, Pipeline, Property};

/// What another portal defines.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Blueprint {
    /// By kinds of record, such as `tickets`; kinds that are not named stay as they are.
    properties: BTreeMap<String, Vec<Property>>,
    groups: BTreeMap<String, Vec<Group>>,
    pub(crate) pipelines: Vec<Pipeline>,
    pub(crate) owners: Vec<Owner>,
    pub(crate) labels: Vec<Label>,
    /// How many records a record may be associated with.
    pub(crate) limits: Vec<Bound>,
    /// Rules for values, by kinds of record.
    rules: BTreeMap<String, Vec<PropertyRules>>,
}

/// A text that does not describe a portal.
#[derive(Debug, Error)]
#[error("this describes no portal: {0}")]
pub struct BlueprintError(#[from] serde_json::Error);

impl Blueprint {
    /// Reads it from JSON: `properties`, `groups` and `rules` by kind, `pipelines`,
    /// `owners`, `labels` and `limits`, each as the API shows them.
    pub fn read(json: &str) -> Result<Blueprint, BlueprintError> {
        Ok(serde_json::from_str(json)?)
    }

    /// Properties of a kind, if it is named.
    pub(crate) fn properties(&self, kind: Kind) -> Option<&[Property]> {
        self.properties.get(kind.plural()).map(Vec::as_slice)
    }

    pub(crate) fn rules(&self, kind: Kind) -> &[PropertyRules] {
        self.rules.get(kind.plural()).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn groups(&self, kind: Kind) -> &[Group] {
        self.groups.get(kind.plural()).map_or(&[], Vec::as_slice)
    }
}
