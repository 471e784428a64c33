//! Reading tickets by what rows name them with: the value of a unique property, or
//! the record's id. From the record store, never by search.

use std::time::Duration;

use super::reply::is_passing;
use super::stop::stop_for;
use crate::hubspot::Client;
use crate::hubspot::records::{ApiError, Record};
use crate::mapping::CompiledMapping;
use crate::model::event::Stop;
use crate::model::schema::ObjectType;

/// First of the growing waits before tickets are read again that can't be read now.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// How often they are read before the run stops for later.
const READS: u32 = 6;

/// The tickets of a portal.
#[derive(Clone, Copy)]
pub struct Tickets<'a> {
    /// The portal.
    pub client: &'a Client,
    /// The property that names them; none where their ids do.
    pub by: Option<&'a str>,
}

impl Tickets<'_> {
    /// Those that are named by one of these, at most 100, with these properties;
    /// `archived` reads the recycle bin and only that.
    pub async fn read(
        &self,
        names: &[String],
        properties: &[&str],
        archived: bool,
    ) -> Result<Vec<Record>, Stop> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let mut wanted = properties.to_vec();
        wanted.extend(self.by.filter(|by| !properties.contains(by)));
        let mut records = Vec::new();
        let mut left = names.to_vec();
        let mut wait = FIRST_WAIT;
        for _round in 0..READS {
            let object = ObjectType::Tickets;
            let reply = self
                .client
                .batch_read(object, self.by, &left, &wanted, archived);
            let reply = reply.await.map_err(stop_for)?;
            records.extend(reply.results);
            let mut errors = reply.errors.iter().filter(|error| !error.is_missing());
            let Some(first) = errors.next() else {
                return Ok(records);
            };
            let mut all = std::iter::once(first).chain(errors);
            if let Some(error) = all.find(|error| !is_passing(error)) {
                return Err(Stop::Mend(unreadable(error)));
            }
            let read = |name: &String| self.find(&records, name).is_some();
            left.retain(|name| !read(name));
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
        let words = "the portal keeps answering that some tickets can't be read now";
        Err(Stop::Later(words.to_owned()))
    }

    /// The ticket with this id, wherever it is; `archived` tells. One that was merged
    /// away is nowhere.
    pub async fn anywhere(&self, id: &str, properties: &[&str]) -> Result<Option<Record>, Stop> {
        let by_id = Tickets { by: None, ..*self };
        let ids = [id.to_owned()];
        let live = by_id.read(&ids, properties, false).await?;
        if let Some(record) = live.into_iter().find(|record| record.id == id) {
            return Ok(Some(record));
        }
        let bin = by_id.read(&ids, properties, true).await?;
        let found = bin.into_iter().find(|record| record.id == id);
        Ok(found.map(|record| Record {
            archived: true,
            ..record
        }))
    }

    /// The ticket that is named so: exactly, else by case folding (portals may).
    pub fn find<'r>(&self, records: &'r [Record], name: &str) -> Option<&'r Record> {
        let Some(by) = self.by else {
            return records.iter().find(|record| record.id == name);
        };
        let held = |record: &&Record| record.get(by) == Some(name);
        let folded = |record: &&Record| {
            let value = record.get(by);
            value.is_some_and(|value| value.to_lowercase() == name.to_lowercase())
        };
        let mut exactly = records.iter();
        exactly.find(held).or_else(|| records.iter().find(folded))
    }
}

/// What a portal says of a ticket that it has and does not show. Taking it for missing
/// would refuse its row, or make the ticket a second time.
fn unreadable(error: &ApiError) -> String {
    let which = match error.ids.as_slice() {
        [] => "tickets".to_owned(),
        ids => format!("ticket {}", ids.join(", ")),
    };
    format!(
        "the portal does not let {which} be read ({}): {}",
        error.category, error.message
    )
}

/// Properties by which the tickets of a mapping's rows are compared.
pub fn compared(mapping: &CompiledMapping) -> Vec<&str> {
    let mapped = mapping.properties().iter();
    let names = mapped.flat_map(|property| {
        let instead = property.instead.as_ref().map(|instead| &*instead.name);
        [Some(&*property.name), instead].into_iter().flatten()
    });
    names.chain(["hs_createdate"]).collect()
}

/// Whether a ticket holds a value of its key property; portals may fold case (K2).
pub fn has_key(record: &Record, key_property: &str, key: &str) -> bool {
    let held = record.get(key_property).unwrap_or_default();
    held.to_lowercase() == key.to_lowercase()
}
