//! What HubSpot documents and what differs by portal: what the token may do, how many
//! links and properties there may be, which values have rules.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::ask::{Answer, Asking, results, text};
use crate::hubspot::client::Client;
use crate::hubspot::error::CallError;
use crate::model::value_rule::ValueRule;

/// HubSpot: what a private app's token is. The path has no dated form.
const TOKEN_INFO: &str = "/oauth/v2/private-apps/get/access-token-info";

/// What was found; none if the portal does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Scopes of the token.
    pub scopes: Option<Vec<String>>,
    /// Ticket properties of the account's own: how many there are, and may be.
    pub own_properties: Option<(u64, u64)>,
}

/// How many records one may be linked to by a type of link. Each type goes one way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkLimit {
    /// `HUBSPOT_DEFINED` or `USER_DEFINED`.
    pub category: String,
    /// Type of the link.
    pub type_id: u32,
    /// The most.
    pub most: u64,
}

impl Client {
    /// What the portal says of token and limits of its account.
    pub async fn facts(&self) -> Result<Facts, CallError> {
        let asking = Asking::new(self);
        Ok(Facts {
            scopes: scopes(&asking).await?,
            own_properties: own_properties(&asking).await?,
        })
    }

    /// Limits of links that an admin set; none if the portal does not say.
    pub async fn link_limits(&self) -> Result<Option<Vec<LinkLimit>>, CallError> {
        let answer = Asking::new(self).get(self.api().link_limits()).await?;
        let limit = |one: &Value| {
            Some(LinkLimit {
                category: text(&one["category"]).unwrap_or_default(),
                type_id: u32::try_from(one["typeId"].as_u64()?).ok()?,
                most: one["userEnforcedMaxToObjectIds"].as_u64()?,
            })
        };
        let body = answer.yes();
        Ok(body.map(|body| results(&body).iter().filter_map(limit).collect()))
    }

    /// Ticket properties whose values have rules, with these; none if the portal does
    /// not say.
    pub async fn value_rules(&self) -> Result<Option<ValueRules>, CallError> {
        let answer = Asking::new(self)
            .get(self.api().ticket_validations())
            .await?;
        let Some(body) = answer.yes() else {
            return Ok(None);
        };
        let rules = results(&body).iter();
        let rules = rules.filter_map(|one| Some((text(&one["propertyName"])?, rules_of(one))));
        Ok(Some(rules.filter(|(_, rules)| !rules.is_empty()).collect()))
    }
}

/// Rules for values, by property.
pub type ValueRules = BTreeMap<String, Vec<ValueRule>>;

fn rules_of(property: &Value) -> Vec<ValueRule> {
    let rules = property["propertyValidationRules"].as_array();
    let rule = |one: &Value| {
        let arguments = one["ruleArguments"].as_array();
        Some(ValueRule {
            kind: text(&one["ruleType"])?,
            arguments: arguments.into_iter().flatten().filter_map(text).collect(),
            normalises: one["shouldApplyNormalization"] == true,
        })
    };
    rules.into_iter().flatten().filter_map(rule).collect()
}

/// Only a permanent token can be asked about; the call says no more than its scopes.
async fn scopes(asking: &Asking<'_>) -> Result<Option<Vec<String>>, CallError> {
    let Some(token) = asking.client.fixed_token() else {
        return Ok(None);
    };
    let body = json!({"tokenKey": token.expose()});
    let answer = asking.post(TOKEN_INFO.to_owned(), &body).await?;
    let Answer::Yes(body) = answer else {
        return Ok(None);
    };
    let scopes = body["scopes"].as_array();
    let mut scopes: Option<Vec<String>> = scopes.map(|all| all.iter().filter_map(text).collect());
    scopes.iter_mut().for_each(|scopes| scopes.sort());
    Ok(scopes)
}

async fn own_properties(asking: &Asking<'_>) -> Result<Option<(u64, u64)>, CallError> {
    let path = asking.client.api().own_property_limits();
    let Some(body) = asking.get(path).await?.yes() else {
        return Ok(None);
    };
    let mut kinds = body["byObjectType"].as_array().into_iter().flatten();
    let tickets = kinds.find(|one| one["objectTypeId"] == "0-5");
    Ok(tickets.and_then(|one| Some((one["usage"].as_u64()?, one["limit"].as_u64()?))))
}
