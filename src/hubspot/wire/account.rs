//! The account and its usage, and OAuth grants.

use std::time::Duration;

use serde::Deserialize;
use serde::de::Error as _;
use serde_json::Error;

use super::lenient_scalars::Text;
use super::paging::ListShape;
use crate::hubspot::connect::token::Token;
use crate::hubspot::records::{Account, DailyUsage};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AccountShape {
    portal_id: Text,
    account_type: Text,
    time_zone: Text,
    ui_domain: Text,
}

/// Reads account details; the portal's id is the one field that must be there.
pub(crate) fn account(body: &[u8]) -> serde_json::Result<Account> {
    let shape: AccountShape = serde_json::from_slice(body)?;
    let portal_id = shape.portal_id.required("portalId")?;
    Ok(Account {
        portal_id: portal_id.parse().map_err(Error::custom)?,
        account_type: shape.account_type.or_empty(),
        time_zone: shape.time_zone.or_empty(),
        ui_domain: shape.ui_domain.or_empty(),
    })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct UsageShape {
    usage_limit: Option<u64>,
    current_usage: Option<u64>,
    resets_at: Text,
}

#[derive(Deserialize)]
struct GrantShape {
    access_token: String,
    refresh_token: Option<String>,
    expires_in: u64,
}

/// An access token, as the OAuth endpoint gives it.
pub(crate) struct Grant {
    pub(crate) access_token: Token,
    /// HubSpot repeats the one that was sent.
    pub(crate) refresh_token: Option<Token>,
    pub(crate) lifetime: Duration,
}

/// Reads the day's usage by private apps; none if the portal does not count them.
pub(crate) fn daily_usage(body: &[u8]) -> serde_json::Result<Option<DailyUsage>> {
    let shape: ListShape<UsageShape> = serde_json::from_slice(body)?;
    let counted = shape.results.into_iter().find_map(|usage| {
        Some(DailyUsage {
            limit: usage.usage_limit?,
            used: usage.current_usage?,
            resets_at: usage.resets_at.0.and_then(|text| text.parse().ok()),
        })
    });
    Ok(counted)
}

/// Reads an OAuth grant. Its errors hold no part of a token.
pub(crate) fn grant(body: &[u8]) -> serde_json::Result<Grant> {
    let shape: GrantShape = serde_json::from_slice(body)?;
    let refresh_token = shape.refresh_token.map(Token::new).transpose();
    Ok(Grant {
        access_token: Token::new(shape.access_token).map_err(Error::custom)?,
        refresh_token: refresh_token.map_err(Error::custom)?,
        lifetime: Duration::from_secs(shape.expires_in),
    })
}
