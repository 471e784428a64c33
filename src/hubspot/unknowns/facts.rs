//! What HubSpot documents and each portal has otherwise: what the token may do, how many
//! links and properties there may be, which values have rules.

use serde_json::{Value, json};

use super::ask::{Answer, Asking, results, text};
use crate::hubspot::client::Client;
use crate::hubspot::error::CallError;
use crate::model::schema::ObjectType;

/// HubSpot: what a private app's token is. The path has no dated form.
const TOKEN_INFO: &str = "/oauth/v2/private-apps/get/access-token-info";

/// What was found; none where the portal does not say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Scopes of the token.
    pub scopes: Option<Vec<String>>,
    /// Limits of links from tickets that an admin set.
    pub link_limits: Option<Vec<LinkLimit>>,
    /// Ticket properties whose values have rules, with the kinds of the rules.
    pub rules: Option<Vec<(String, Vec<String>)>>,
    /// Ticket properties of the account's own: how many there are, and may be.
    pub own_properties: Option<(u64, u64)>,
}

/// How many records of another kind a ticket may be linked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkLimit {
    /// The other end.
    pub to: ObjectType,
    /// `HUBSPOT_DEFINED` or `USER_DEFINED`.
    pub category: String,
    /// Type of the link.
    pub type_id: u64,
    /// The most.
    pub most: u64,
}

impl Client {
    /// What the portal says of token, limits and rules.
    pub async fn facts(&self) -> Result<Facts, CallError> {
        let asking = Asking::new(self);
        Ok(Facts {
            scopes: scopes(&asking).await?,
            link_limits: link_limits(&asking).await?,
            rules: rules(&asking).await?,
            own_properties: own_properties(&asking).await?,
        })
    }
}

/// Only a token that stays can be asked about; the call says no more than its scopes.
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

async fn link_limits(asking: &Asking<'_>) -> Result<Option<Vec<LinkLimit>>, CallError> {
    let mut limits = None;
    for to in [
        ObjectType::Contacts,
        ObjectType::Companies,
        ObjectType::Notes,
    ] {
        let path = asking.client.api().link_limits(ObjectType::Tickets, to);
        let Some(body) = asking.get(path).await?.yes() else {
            continue;
        };
        let limit = |one: &Value| {
            Some(LinkLimit {
                to,
                category: text(&one["category"]).unwrap_or_default(),
                type_id: one["typeId"].as_u64()?,
                most: one["userEnforcedMaxToObjectIds"].as_u64()?,
            })
        };
        let found = results(&body).iter().filter_map(limit);
        limits.get_or_insert_with(Vec::new).extend(found);
    }
    Ok(limits)
}

async fn rules(asking: &Asking<'_>) -> Result<Option<Vec<(String, Vec<String>)>>, CallError> {
    let path = asking.client.api().ticket_validations();
    let Some(body) = asking.get(path).await?.yes() else {
        return Ok(None);
    };
    let kinds = |one: &Value| -> Vec<String> {
        let rules = one["propertyValidationRules"].as_array();
        let kinds = rules.into_iter().flatten();
        kinds.filter_map(|rule| text(&rule["ruleType"])).collect()
    };
    let rules = results(&body).iter();
    let rules = rules.filter_map(|one| Some((text(&one["propertyName"])?, kinds(one))));
    Ok(Some(rules.collect()))
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
