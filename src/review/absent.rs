//! Finds tickets that are not live.

use std::collections::HashMap;

use crate::hubspot::{CallError, Client};
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;

/// Where a ticket is if it is not live.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Absence {
    /// In the recycle bin.
    InRecycleBin {
        /// Since when, as the portal writes it; empty if it does not say.
        since: String,
    },
    /// It was merged into the ticket with this id.
    MergedInto(String),
    /// It was deleted for good.
    Gone,
}

impl Absence {
    /// In words for people: `in the recycle bin since 2026-11-02T10:00:00Z`.
    pub fn words(&self) -> String {
        match self {
            Absence::InRecycleBin { since } if since.is_empty() => "in the recycle bin".to_owned(),
            Absence::InRecycleBin { since } => format!("in the recycle bin since {since}"),
            Absence::MergedInto(id) => format!("merged into {id}"),
            Absence::Gone => "deleted for good".to_owned(),
        }
    }
}

/// Finds tickets that are not live. Each one that is not in the recycle bin costs a call.
pub(super) async fn whereabouts(
    client: &Client,
    ids: &[String],
) -> Result<HashMap<String, Absence>, CallError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let read = client.read_existing(ObjectType::Tickets, ids, &[], &[], Shelf::RecycleBin);
    let in_bin = read.await?.into_iter().map(|record| {
        let since = record.times.archived.unwrap_or_default();
        (record.id, Absence::InRecycleBin { since })
    });
    let mut found: HashMap<String, Absence> = in_bin.collect();
    for id in ids {
        if !found.contains_key(id) {
            let read = client.read(ObjectType::Tickets, None, id, &[], Shelf::Live);
            let absence = match read.await? {
                Some(into) if into.id != *id => Absence::MergedInto(into.id),
                _ => Absence::Gone,
            };
            let _none = found.insert(id.clone(), absence);
        }
    }
    Ok(found)
}
