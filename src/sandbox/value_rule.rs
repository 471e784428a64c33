//! A rule for the values of a property, as the API has it.

use serde::{Deserialize, Serialize};

/// Under which sort the rules of a property are kept.
pub(super) const SORT: &str = "rules";

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Rule {
    pub(super) rule_type: String,
    pub(super) rule_arguments: Vec<String>,
    #[serde(default)]
    pub(super) should_apply_normalization: bool,
}

/// The rules of a property, as the list of all shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PropertyRules {
    pub(super) property_name: String,
    pub(super) property_validation_rules: Vec<Rule>,
}
