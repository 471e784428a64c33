//! The client that the other rooms hold: one method for each call of HubSpot that
//! the tool makes on records. Reading what a portal defines is in `schema`.

use std::sync::Arc;

use jiff::Timestamp;

use crate::hubspot::call::{Caller, Settings};
use crate::hubspot::connection::{ConnectError, Connection};
use crate::hubspot::contract;
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::{Effect, Request, Transport};
use crate::hubspot::records::{Account, ApiError, BatchReply, CreateInput, Page};
use crate::hubspot::transport::HttpTransport;
use crate::hubspot::wire::{self, Read};
use crate::model::schema::ObjectType;

/// A portal at the other end of a connection. Clones share pacer, quota and
/// connections.
#[derive(Clone)]
pub struct Client {
    caller: Arc<Caller>,
}

impl Client {
    /// Checks address and token and sets up TLS; nothing is sent.
    pub fn connect(connection: Connection) -> Result<Client, ConnectError> {
        let transport = HttpTransport::open(&connection)?;
        let settings = Settings {
            rate: connection.rate,
            timeout: connection.timeout,
        };
        Ok(Client::over(Arc::new(transport), settings))
    }

    /// A client over any transport.
    pub fn over(transport: Arc<dyn Transport>, settings: Settings) -> Client {
        Client {
            caller: Arc::new(Caller::new(transport, settings)),
        }
    }

    /// The account that the token belongs to.
    pub async fn account(&self) -> Result<Account, CallError> {
        self.get(contract::ACCOUNT.to_owned(), wire::account).await
    }

    /// Creates records; at most 100 inputs (`contract::BATCH_LIMIT`), each with its
    /// own trace id. `Ambiguous` as soon as the outcome is unclear: look them up.
    pub async fn batch_create(
        &self,
        object: ObjectType,
        inputs: &[&CreateInput],
    ) -> Result<BatchReply, CallError> {
        let body = wire::create_body(inputs).map_err(unsendable)?;
        let path = contract::batch(object, "create");
        let request = Request::post(path, body, Effect::Create);
        self.caller.call(&request, wire::batch).await
    }

    /// Reads records by id, or by the value of a unique property; at most 100 ids,
    /// none twice. What does not exist comes as an entry of `errors` with category
    /// `OBJECT_NOT_FOUND`. `archived` reads the recycle bin and only that.
    pub async fn batch_read(
        &self,
        object: ObjectType,
        id_property: Option<&str>,
        ids: &[String],
        properties: &[&str],
        archived: bool,
    ) -> Result<BatchReply, CallError> {
        let body = wire::read_body(id_property, ids, properties).map_err(unsendable)?;
        let archived = archived.to_string();
        let path =
            contract::with_query(&contract::batch(object, "read"), &[("archived", &archived)]);
        let request = Request::post(path, body, Effect::Read);
        match self.caller.call(&request, wire::batch).await {
            Err(CallError::Refused(error)) if is_missing(&error) => Ok(none_of(ids, *error)),
            outcome => outcome,
        }
    }

    /// One page of tickets, 100 at most, in ascending id order, from `after` on.
    /// `archived` lists the recycle bin and only that.
    pub async fn list_tickets(
        &self,
        properties: &[String],
        after: Option<&str>,
        archived: bool,
    ) -> Result<Page, CallError> {
        let names = properties.join(",");
        let path = list_path(&names, after, archived);
        if path.len() <= contract::PATH_LIMIT {
            return self.get(path, wire::page).await;
        }
        let bare = self.get(list_path("", after, archived), wire::page).await?;
        self.fill(bare, properties, archived).await
    }

    /// The portal's clock, at the latest; none before the first reply.
    pub fn portal_now(&self) -> Option<Timestamp> {
        self.caller.portal_clock().now()
    }

    /// Attempts made so far, repeats included.
    pub fn calls(&self) -> u64 {
        self.caller.attempts()
    }

    /// Gets a page or a list.
    pub(crate) async fn get<T>(&self, path: String, read: Read<T>) -> Result<T, CallError> {
        self.caller.call(&Request::get(path), read).await
    }

    /// Posts one new thing.
    pub(crate) async fn create<T>(
        &self,
        path: String,
        body: serde_json::Result<Vec<u8>>,
        read: Read<T>,
    ) -> Result<T, CallError> {
        let request = Request::post(path, body.map_err(unsendable)?, Effect::Create);
        self.caller.call(&request, read).await
    }

    /// HubSpot answers 414 to a list of very many properties: their values are then
    /// read by id. A ticket that is gone meanwhile is left out.
    async fn fill(
        &self,
        bare: Page,
        properties: &[String],
        archived: bool,
    ) -> Result<Page, CallError> {
        if bare.results.is_empty() {
            return Ok(bare);
        }
        let ids: Vec<String> = bare.results.into_iter().map(|record| record.id).collect();
        let names: Vec<&str> = properties.iter().map(String::as_str).collect();
        let reply = self.batch_read(ObjectType::Tickets, None, &ids, &names, archived);
        let mut results = reply.await?.results;
        results.sort_by_cached_key(|record| ids.iter().position(|id| *id == record.id));
        Ok(Page {
            results,
            after: bare.after,
        })
    }
}

fn list_path(properties: &str, after: Option<&str>, archived: bool) -> String {
    let (limit, archived) = (contract::PAGE_LIMIT.to_string(), archived.to_string());
    let mut query = vec![("limit", limit.as_str()), ("archived", archived.as_str())];
    query.extend(after.map(|after| ("after", after)));
    if !properties.is_empty() {
        query.push(("properties", properties));
    }
    contract::with_query(&contract::objects(ObjectType::Tickets), &query)
}

/// Some portals answer 404 to a whole read when none of the records exists.
fn is_missing(error: &ApiError) -> bool {
    error.status == 404 && error.category == "OBJECT_NOT_FOUND"
}

fn none_of(asked: &[String], mut error: ApiError) -> BatchReply {
    if error.ids.is_empty() {
        error.ids = asked.to_vec();
    }
    BatchReply {
        results: Vec::new(),
        errors: vec![error],
    }
}

/// Text always serialises; should it ever not, nothing was sent.
fn unsendable(error: serde_json::Error) -> CallError {
    CallError::Unavailable(format!("the request can't be written: {error}"))
}
