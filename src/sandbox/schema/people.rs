//! Owners (C1 §7.2), and the account itself (C1 §1.3): what the portal says about users
//! and itself, all of it read-only here.

use serde_json::{Value, json};

use super::kind::Kind;
use super::{Owner, epoch};
use crate::sandbox::api::problem::Problem;
use crate::sandbox::api::reply::{Paging, Results};
use crate::sandbox::clock::Moment;
use crate::sandbox::portal_state::PortalState;

/// A page of owners.
#[derive(Debug)]
pub(crate) struct OwnerQuery {
    pub(crate) limit: usize,
    pub(crate) after: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) archived: bool,
    /// The address of the next page, without the value of its `after`.
    pub(crate) link: String,
}

impl PortalState {
    /// Who this portal is (C1 §1.3).
    pub(crate) fn account(&self) -> Value {
        json!({
            "portalId": self.portal_id,
            "accountType": "DEVELOPER_TEST",
            "timeZone": "UTC",
            "companyCurrency": "USD",
            "additionalCurrencies": [],
            "utcOffset": "+00:00",
            "utcOffsetMilliseconds": 0,
            "uiDomain": "app.hubspot.com",
            "dataHostingLocation": "na1",
        })
    }

    /// Kinds of record that the account defined itself.
    pub(crate) fn custom_kinds(&self) -> Vec<Value> {
        let custom = Kind::ALL.into_iter().filter(|kind| kind.is_custom());
        custom.map(|kind| self.custom_kind(kind)).collect()
    }

    fn custom_kind(&self, kind: Kind) -> Value {
        let links = self.schema.links.between(Kind::Ticket, kind);
        let links = links.map(|known| {
            json!({
                "id": known.id.to_string(),
                "fromObjectTypeId": known.from.type_id(),
                "toObjectTypeId": known.to.type_id(),
                "name": known.name,
            })
        });
        json!({
            "id": kind.type_id().trim_start_matches("2-"),
            "objectTypeId": kind.type_id(),
            "name": kind.singular(),
            "fullyQualifiedName": format!("p{}_{}", self.portal_id, kind.singular()),
            "labels": {
                "singular": kind.capital(),
                "plural": format!("{}s", kind.capital()),
            },
            "primaryDisplayProperty": "name",
            "requiredProperties": kind.required(),
            "searchableProperties": kind.searched(),
            "secondaryDisplayProperties": [],
            "allowsSensitiveProperties": false,
            "properties": self.properties(kind, false),
            "associations": links.collect::<Vec<_>>(),
            "archived": false,
            "createdAt": epoch(),
            "updatedAt": epoch(),
        })
    }

    /// How much of the day's allowance is used (C1 §1.3).
    pub(crate) fn usage(&self, used: u64, limit: u64, now: Moment) -> Value {
        json!({"results": [{
            "name": "private-apps-api-calls-daily",
            "usageLimit": limit,
            "currentUsage": used,
            "collectedAt": now.iso(),
            "fetchStatus": "SUCCESS",
            "resetsAt": now.next_midnight().iso(),
        }]})
    }

    /// How many custom properties the account has of each kind, and may have (C1 §6; the figure is
    /// that of the paid tiers).
    pub(crate) fn own_properties(&self) -> Value {
        const MOST: usize = 1_000;
        let of = |kind: Kind| {
            let properties = self.schema.of(kind).properties.values();
            let usage = properties
                .filter(|property| !property.hubspot_defined)
                .count();
            json!({
                "objectTypeId": kind.type_id(), "limit": MOST, "usage": usage,
                "percentage": usage as f64 * 100.0 / MOST as f64,
            })
        };
        let kinds: Vec<Value> = Kind::ALL.into_iter().map(of).collect();
        json!({ "byObjectType": kinds })
    }

    /// A page of owners; `after` is opaque to clients.
    pub(crate) fn owners(&self, query: &OwnerQuery) -> Result<Results<Owner>, Problem> {
        let start = match &query.after {
            Some(after) => place(after)
                .ok_or_else(|| Problem::validation(format!("'{after}' is not a cursor")))?,
            None => 0,
        };
        let asked = |owner: &&Owner| {
            let named = query
                .email
                .as_ref()
                .is_none_or(|email| owner.email.eq_ignore_ascii_case(email));
            owner.archived == query.archived && named
        };
        let all: Vec<&Owner> = self.schema.owners.iter().filter(asked).collect();
        let results: Vec<Owner> = all
            .iter()
            .skip(start)
            .take(query.limit)
            .map(|owner| (*owner).clone())
            .collect();
        let next = start.saturating_add(query.limit);
        let paging = (next < all.len()).then(|| {
            let after = cursor(next);
            let link = format!("{}after={after}", query.link);
            Paging::new(after, link)
        });
        Ok(Results { results, paging })
    }

    /// One owner, by id or, if `by_user`, by user id.
    pub(crate) fn owner(&self, id: &str, by_user: bool, archived: bool) -> Result<Owner, Problem> {
        let meant = |owner: &&Owner| match by_user {
            true => owner.user_id_including_inactive.to_string() == id,
            false => owner.id == id,
        };
        let mut owners = self
            .schema
            .owners
            .iter()
            .filter(|owner| owner.archived == archived);
        owners.find(meant).cloned().ok_or_else(Problem::not_found)
    }
}

/// A position in a list as text that can't be mistaken for a number.
fn cursor(place: usize) -> String {
    format!("b3duZXI{place:x}")
}

fn place(cursor: &str) -> Option<usize> {
    usize::from_str_radix(cursor.strip_prefix("b3duZXI")?, 16).ok()
}
