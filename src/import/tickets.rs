//! Reading tickets by what rows name them with: the value of a unique property, or
//! the record's id. From the record store, never by search.

use super::stop::stop_for;
use crate::hubspot::Client;
use crate::hubspot::records::Record;
use crate::model::event::Stop;
use crate::model::schema::ObjectType;

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
        let object = ObjectType::Tickets;
        let reply = self
            .client
            .batch_read(object, self.by, names, &wanted, archived);
        Ok(reply.await.map_err(stop_for)?.results)
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

/// Whether a ticket holds a value of its key property; portals may fold case (K2).
pub fn has_key(record: &Record, key_property: &str, key: &str) -> bool {
    let held = record.get(key_property).unwrap_or_default();
    held.to_lowercase() == key.to_lowercase()
}
