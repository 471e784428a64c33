//! Reads tickets by whatever rows name them with: the value of a unique property, or the record's
//! id. From the record store, never by search.

use super::reading::{Given, Reading};
use crate::hubspot::Client;
use crate::hubspot::records::Record;
use crate::mapping::CompiledMapping;
use crate::model::key::same_key;
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;
use crate::model::stop::{Obstacle, Stop};

/// The tickets of a portal.
#[derive(Clone, Copy)]
pub struct Tickets<'a> {
    /// The portal.
    pub client: &'a Client,
    /// The property that names them; none if their ids do.
    pub by: Option<&'a str>,
}

impl Tickets<'_> {
    /// The tickets named by these, at most 100, with these properties; live or in the
    /// recycle bin.
    ///
    /// # Errors
    /// When the run has to stop: also if the portal has one of them but does not show it.
    pub async fn read(
        &self,
        names: &[String],
        properties: &[&str],
        shelf: Shelf,
    ) -> Result<Vec<Record>, Stop> {
        let given = self.read_each(names, properties, shelf).await?;
        match given.closed.into_iter().next() {
            Some(closed) => Err(Stop::MustFix(Obstacle::Hidden(closed.words))),
            None => Ok(given.records),
        }
    }

    /// As `read`, also returning which of them the portal has but does not show.
    ///
    /// # Errors
    /// When the run has to stop.
    pub async fn read_each(
        &self,
        names: &[String],
        properties: &[&str],
        shelf: Shelf,
    ) -> Result<Given, Stop> {
        let mut properties = properties.to_vec();
        properties.extend(self.by.filter(|by| !properties.contains(by)));
        let reading = Reading {
            client: self.client,
            object: ObjectType::Tickets,
            by: self.by,
            properties: &properties,
            shelf,
        };
        let is = |record: &Record, name: &str| {
            let one = std::slice::from_ref(record);
            self.find(one, name).is_some()
        };
        reading.read(names, is).await
    }

    /// The ticket with this id, live or in the recycle bin, as its `archived` says. One
    /// that was merged away is in neither.
    pub async fn anywhere(&self, id: &str, properties: &[&str]) -> Result<Option<Record>, Stop> {
        let by_id = Tickets { by: None, ..*self };
        let ids = [id.to_owned()];
        let live = by_id.read(&ids, properties, Shelf::Live).await?;
        if let Some(record) = live.into_iter().find(|record| record.id == id) {
            return Ok(Some(record));
        }
        let bin = by_id.read(&ids, properties, Shelf::RecycleBin).await?;
        let found = bin.into_iter().find(|record| record.id == id);
        Ok(found.map(|record| Record {
            archived: true,
            ..record
        }))
    }

    /// The ticket with this name: an exact match, else one that the portal may treat as the same
    /// (K2).
    pub fn find<'r>(&self, records: &'r [Record], name: &str) -> Option<&'r Record> {
        let Some(by) = self.by else {
            return records.iter().find(|record| record.id == name);
        };
        let held = |record: &&Record| record.get(by) == Some(name);
        let folded = |record: &&Record| {
            let value = record.get(by);
            value.is_some_and(|value| same_key(value, name))
        };
        let mut exactly = records.iter();
        exactly.find(held).or_else(|| records.iter().find(folded))
    }
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

/// Whether a ticket holds a value of its key property.
pub fn has_key(record: &Record, key_property: &str, key: &str) -> bool {
    same_key(record.get(key_property).unwrap_or_default(), key)
}
