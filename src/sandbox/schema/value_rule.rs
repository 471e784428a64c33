//! A rule for the values of a property, in the API's form.

use serde::{Deserialize, Serialize};

/// The sort under which the rules of a property are stored.
pub(crate) const SORT: &str = "rules";

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Rule {
    pub(crate) rule_type: String,
    pub(crate) rule_arguments: Vec<String>,
    #[serde(default)]
    pub(crate) should_apply_normalization: bool,
}

/// The rules of a property, as the list of all shows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PropertyRules {
    pub(crate) property_name: String,
    pub(crate) property_validation_rules: Vec<Rule>,
}
