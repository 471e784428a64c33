//! The rules of properties, stored and shown in the API's form.

use serde::Deserialize;

use super::kind::Kind;
use super::value_rule::{PropertyRules, Rule, SORT};
use crate::sandbox::api::problem::Problem;
use crate::sandbox::portal_state::PortalState;

/// All kinds of rule.
const KINDS: [&str; 27] = [
    "AFTER_DATETIME_DURATION",
    "AFTER_DURATION",
    "ALPHANUMERIC",
    "BEFORE_DATETIME_DURATION",
    "BEFORE_DURATION",
    "DAYS_OF_WEEK",
    "DECIMAL",
    "DOMAIN",
    "EMAIL",
    "EMAIL_ALLOWED_DOMAINS",
    "EMAIL_BLOCKED_DOMAINS",
    "END_DATE",
    "END_DATETIME",
    "FORMAT",
    "MAX_LENGTH",
    "MAX_NUMBER",
    "MIN_LENGTH",
    "MIN_NUMBER",
    "PHONE_NUMBER_WITH_EXPLICIT_COUNTRY_CODE",
    "REGEX",
    "SPECIAL_CHARACTERS",
    "START_DATE",
    "START_DATETIME",
    "URL",
    "URL_ALLOWED_DOMAINS",
    "URL_BLOCKED_DOMAINS",
    "WHITESPACE",
];

/// Changes that a request makes to a rule.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RuleInput {
    rule_arguments: Vec<String>,
    #[serde(default)]
    should_apply_normalization: bool,
}

impl PortalState {
    /// The properties of a kind that have rules.
    pub(crate) fn value_rules(&self, kind: Kind) -> Vec<PropertyRules> {
        let shelf = self.schema.of(kind);
        let rules = shelf.rules.iter();
        rules
            .map(|(name, rules)| PropertyRules {
                property_name: name.clone(),
                property_validation_rules: rules.clone(),
            })
            .collect()
    }

    /// The rules of a property.
    pub(crate) fn rules_of(&self, kind: Kind, name: &str) -> Result<Vec<Rule>, Problem> {
        let shelf = self.schema.of(kind);
        if !shelf.properties.contains_key(name) {
            return Err(Problem::not_found());
        }
        Ok(shelf.rules.get(name).cloned().unwrap_or_default())
    }

    /// The rule of one type.
    pub(crate) fn rule_of(&self, kind: Kind, name: &str, rule: &str) -> Result<Rule, Problem> {
        let rules = self.rules_of(kind, name)?.into_iter();
        let mut rules = rules.filter(|known| known.rule_type == rule);
        rules.next().ok_or_else(Problem::not_found)
    }

    /// Replaces the rule of its type; without arguments it is removed.
    pub(crate) fn put_rule(
        &mut self,
        kind: Kind,
        (name, rule_type): (&str, &str),
        input: RuleInput,
    ) -> Result<(), Problem> {
        if !KINDS.contains(&rule_type) {
            let message = format!(
                "'{rule_type}' is not a type of rule: [{}]",
                KINDS.join(", ")
            );
            return Err(Problem::validation(message));
        }
        let mut rules = self.rules_of(kind, name)?;
        rules.retain(|known| known.rule_type != rule_type);
        if !input.rule_arguments.is_empty() {
            let rule = Rule {
                rule_type: rule_type.to_owned(),
                rule_arguments: input.rule_arguments,
                should_apply_normalization: input.should_apply_normalization,
            };
            if let Some(property) = self.schema.of(kind).properties.get(name) {
                rule.check(property)?;
            }
            rules.push(rule);
        }
        let kept = PropertyRules {
            property_name: name.to_owned(),
            property_validation_rules: rules,
        };
        self.store.define(SORT, kind.plural(), name, &kept)?;
        self.schema.of_mut(kind).put_rules(kept);
        Ok(())
    }
}
