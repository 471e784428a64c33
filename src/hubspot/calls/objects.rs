//! Records: in batches, one by one, and page by page.

use std::collections::HashMap;

use http::Method;

use super::missing::Parts;
use crate::hubspot::client::{Client, found};
use crate::hubspot::contract;
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::{Effect, Request};
use crate::hubspot::paths::with_query;
use crate::hubspot::records::written::WrittenRecord;
use crate::hubspot::records::{ApiError, BatchReply, CreateInput, Page, Record, WriteInput};
use crate::hubspot::wire::{self, Read};
use crate::model::schema::ObjectType;
use crate::model::shelf::Shelf;
use crate::model::ticket::PropertyValues;

impl Client {
    /// Creates records; at most 100 inputs (`contract::BATCH_LIMIT`), each with its
    /// own trace id. `Ambiguous` as soon as the outcome is unclear: look them up.
    pub async fn batch_create(
        &self,
        object: ObjectType,
        inputs: &[&CreateInput],
    ) -> Result<BatchReply<WrittenRecord>, CallError> {
        let path = self.api().batch(object, "create");
        self.post_new(path, wire::create_body(inputs), wire::written)
            .await
    }

    /// Reads records by id, or by the value of a unique property; at most 100 ids,
    /// none twice. What does not exist comes as an entry of `errors` with category
    /// `OBJECT_NOT_FOUND`.
    pub async fn batch_read(
        &self,
        object: ObjectType,
        id_property: Option<&str>,
        ids: &[String],
        properties: &[&str],
        shelf: Shelf,
    ) -> Result<BatchReply, CallError> {
        self.batch_read_with_history(object, id_property, ids, properties, &[], shelf)
            .await
    }

    /// Reads records as `batch_read` does, the properties of `history` with their
    /// former values; at most 50 ids then (`contract::HISTORY_LIMIT`).
    pub async fn batch_read_with_history(
        &self,
        object: ObjectType,
        id_property: Option<&str>,
        ids: &[String],
        properties: &[&str],
        history: &[&str],
        shelf: Shelf,
    ) -> Result<BatchReply, CallError> {
        let query = [("archived", shelf.query())];
        let path = with_query(&self.api().batch(object, "read"), &query);
        let mut parts = Parts::of(ids);
        while let Some(part) = parts.next() {
            let body = wire::read_body(id_property, &part, properties, history);
            let body = body.map_err(Client::unsendable)?;
            let request = Request::post(path.clone(), body, Effect::Read);
            match self.call(&request, wire::batch).await {
                Err(CallError::Refused(error)) if is_missing(&error) => parts.refused(part, *error),
                outcome => parts.add(outcome?),
            }
        }
        Ok(parts.whole())
    }

    /// Reads records by id, however many, with the properties of `history` with their
    /// former values: each once and in the order of `ids`. Missing ones are left out,
    /// and so are ids that now lead to another record (protocol E6).
    ///
    /// # Errors
    /// Also when the portal says anything of a record other than that it does not exist.
    pub async fn read_existing(
        &self,
        object: ObjectType,
        ids: &[String],
        properties: &[&str],
        history: &[&str],
        shelf: Shelf,
    ) -> Result<Vec<Record>, CallError> {
        let most = match history.is_empty() {
            true => contract::BATCH_LIMIT,
            false => contract::HISTORY_LIMIT,
        };
        let mut found = HashMap::new();
        for part in ids.chunks(most) {
            let reply = self
                .batch_read_with_history(object, None, part, properties, history, shelf)
                .await?;
            if let Some(error) = reply.errors.into_iter().find(|error| !error.is_missing()) {
                return Err(match error.is_passing() {
                    true => CallError::Unavailable(error.message),
                    false => CallError::Refused(Box::new(error)),
                });
            }
            let records = reply.results.into_iter();
            found.extend(records.map(|record| (record.id.clone(), record)));
        }
        Ok(ids.iter().filter_map(|id| found.remove(id)).collect())
    }

    /// Changes records by id, or by the value of a unique property; at most 100 inputs,
    /// no record twice. Other properties are unchanged. It is repeated after a lost
    /// reply unless a value appends (`may_come_late` in the reply).
    pub async fn batch_update(
        &self,
        object: ObjectType,
        id_property: Option<&str>,
        inputs: &[&WriteInput],
    ) -> Result<BatchReply<WrittenRecord>, CallError> {
        let body = wire::update_body(id_property, inputs);
        self.write(object, "update", body, effect(inputs), wire::written)
            .await
    }

    /// Changes records by the value of a unique property, and creates those that do not exist; at
    /// most 100 inputs, no value twice. `created` of a record says which it was, as of the last
    /// attempt.
    pub async fn batch_upsert(
        &self,
        object: ObjectType,
        id_property: &str,
        inputs: &[&WriteInput],
    ) -> Result<BatchReply<WrittenRecord>, CallError> {
        let body = wire::upsert_body(id_property, inputs);
        self.write(object, "upsert", body, effect(inputs), wire::written)
            .await
    }

    /// Moves records to the recycle bin; at most 100 ids. Those already there, or
    /// nowhere, count as moved: HubSpot names none of them.
    pub async fn batch_archive(
        &self,
        object: ObjectType,
        ids: &[String],
    ) -> Result<BatchReply<WrittenRecord>, CallError> {
        let body = wire::archive_body(ids);
        self.write(object, "archive", body, Effect::Repeatable, wire::archived)
            .await
    }

    /// Creates one record; the input's trace id is not sent. `Ambiguous` as soon as
    /// the outcome is unclear.
    pub async fn create(
        &self,
        object: ObjectType,
        input: &CreateInput,
    ) -> Result<Record, CallError> {
        let body = wire::create_one_body(input);
        self.post_new(self.api().objects(object), body, wire::one)
            .await
    }

    /// Reads one record by id, or by the value of a unique property. The id of a
    /// record that was merged away brings the one that it went into.
    pub async fn read(
        &self,
        object: ObjectType,
        id_property: Option<&str>,
        id: &str,
        properties: &[&str],
        shelf: Shelf,
    ) -> Result<Option<Record>, CallError> {
        let names = properties.join(",");
        let mut query = vec![("archived", shelf.query())];
        query.extend(id_property.map(|name| ("idProperty", name)));
        if !names.is_empty() {
            query.push(("properties", &names));
        }
        let path = with_query(&self.api().object(object, id), &query);
        found(self.get(path, wire::one).await)
    }

    /// Changes one record by id, or by the value of a unique property. It is
    /// repeated after a lost reply unless a value appends.
    pub async fn update(
        &self,
        object: ObjectType,
        id_property: Option<&str>,
        id: &str,
        properties: &PropertyValues,
    ) -> Result<Record, CallError> {
        let query: Vec<_> = id_property
            .map(|name| ("idProperty", name))
            .into_iter()
            .collect();
        let path = with_query(&self.api().object(object, id), &query);
        let effect = effect_of(appends(properties));
        self.patch(path, wire::update_one_body(properties), effect, wire::one)
            .await
    }

    /// Moves one record to the recycle bin. One already there, or nowhere, counts as
    /// moved.
    pub async fn delete(&self, object: ObjectType, id: &str) -> Result<(), CallError> {
        let path = self.api().object(object, id);
        let request = Request::new(Method::DELETE, path, Effect::Repeatable);
        let _gone = found(self.call(&request, wire::nothing).await)?;
        Ok(())
    }

    /// One page of records, 100 at most, in ascending id order, from `after` on.
    pub async fn list(
        &self,
        object: ObjectType,
        properties: &[String],
        after: Option<&str>,
        shelf: Shelf,
    ) -> Result<Page, CallError> {
        self.list_history(object, properties, &[], after, shelf)
            .await
    }

    /// The same with former values of some properties (`Record::history`): properties
    /// first, then those whose history is wanted. With any of the latter a page has 50
    /// records at most.
    pub async fn list_history(
        &self,
        object: ObjectType,
        properties: &[String],
        history: &[String],
        after: Option<&str>,
        shelf: Shelf,
    ) -> Result<Page, CallError> {
        let limit = match history.is_empty() {
            true => contract::PAGE_LIMIT,
            false => contract::HISTORY_LIMIT,
        };
        let base = self.api().objects(object);
        let path =
            |names: &str, history: &str| list_path(&base, limit, names, history, after, shelf);
        let whole = path(&properties.join(","), &history.join(","));
        if whole.len() <= contract::PATH_LIMIT {
            return self.get(whole, wire::page).await;
        }
        let bare = self.get(path("", ""), wire::page).await?;
        self.fill(object, bare, properties, history, shelf).await
    }

    /// HubSpot answers 414 to a list of very many properties: their values are then
    /// read by id. A record that is gone meanwhile is left out.
    async fn fill(
        &self,
        object: ObjectType,
        bare: Page,
        properties: &[String],
        history: &[String],
        shelf: Shelf,
    ) -> Result<Page, CallError> {
        if bare.results.is_empty() {
            return Ok(bare);
        }
        let ids: Vec<String> = bare.results.into_iter().map(|record| record.id).collect();
        let names: Vec<&str> = properties.iter().map(String::as_str).collect();
        let history: Vec<&str> = history.iter().map(String::as_str).collect();
        let results = self.read_existing(object, &ids, &names, &history, shelf);
        Ok(Page {
            results: results.await?,
            after: bare.after,
        })
    }

    async fn write(
        &self,
        object: ObjectType,
        verb: &str,
        body: serde_json::Result<Vec<u8>>,
        effect: Effect,
        read: Read<BatchReply<WrittenRecord>>,
    ) -> Result<BatchReply<WrittenRecord>, CallError> {
        let body = body.map_err(Client::unsendable)?;
        let request = Request::post(self.api().batch(object, verb), body, effect);
        let answer = self.answer(&request, read).await?;
        Ok(BatchReply {
            may_come_late: answer.may_come_late,
            ..answer.value
        })
    }
}

fn effect(inputs: &[&WriteInput]) -> Effect {
    effect_of(inputs.iter().any(|input| appends(&input.properties)))
}

/// A write that appends must not be repeated blindly.
fn effect_of(appends: bool) -> Effect {
    match appends {
        true => Effect::Once,
        false => Effect::Repeatable,
    }
}

/// HubSpot: a leading `;` adds to the options that a record has.
fn appends(properties: &PropertyValues) -> bool {
    properties.iter().any(|(_, value)| value.starts_with(';'))
}

fn list_path(
    base: &str,
    limit: usize,
    properties: &str,
    history: &str,
    after: Option<&str>,
    shelf: Shelf,
) -> String {
    let limit = limit.to_string();
    let mut query = vec![("limit", limit.as_str()), ("archived", shelf.query())];
    query.extend(after.map(|after| ("after", after)));
    if !properties.is_empty() {
        query.push(("properties", properties));
    }
    if !history.is_empty() {
        query.push(("propertiesWithHistory", history));
    }
    with_query(base, &query)
}

/// Some portals answer 404 to a whole read when one of the records, or all of them, do
/// not exist.
fn is_missing(error: &ApiError) -> bool {
    error.status == 404 && error.category == "OBJECT_NOT_FOUND"
}
