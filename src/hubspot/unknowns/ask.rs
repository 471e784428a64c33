//! A question to a portal, and its plain answer: yes with what it said, or no.

use http::Method;
use serde_json::{Value, json};

use super::found::Found;
use crate::hubspot::client::Client;
use crate::hubspot::error::CallError;
use crate::hubspot::exchange::{Budget, Effect, Request};
use crate::hubspot::records::ApiError;
use crate::hubspot::wire;
use crate::model::schema::ObjectType;

/// No record has this id.
pub(super) const NOBODY: &str = "1";

/// What a portal answers.
#[derive(Debug)]
pub(super) enum Answer {
    /// A 2xx, with its body; null if it has none.
    Yes(Value),
    /// Another status.
    No(ApiError),
    /// The token may not ask.
    Denied,
}

impl Answer {
    /// One of two words, or nothing if the token may not ask.
    pub(super) fn either(&self, yes: &'static str, no: &'static str) -> Option<&'static str> {
        match self {
            Answer::Yes(_) => Some(yes),
            Answer::No(_) => Some(no),
            Answer::Denied => None,
        }
    }

    /// The body of a 2xx.
    pub(super) fn yes(self) -> Option<Value> {
        match self {
            Answer::Yes(body) => Some(body),
            Answer::No(_) | Answer::Denied => None,
        }
    }

    /// True if the path itself is missing, rather than a record.
    pub(super) fn is_no_path(&self) -> bool {
        matches!(self, Answer::No(error) if matches!(error.status, 404 | 410) && error.category.is_empty())
    }
}

/// Asks, and collects the findings.
pub(super) struct Asking<'a> {
    pub(super) client: &'a Client,
    pub(super) found: Found,
}

impl Asking<'_> {
    pub(super) fn new(client: &Client) -> Asking<'_> {
        Asking {
            client,
            found: Found::new(),
        }
    }

    /// Keeps what was found out, if anything was.
    pub(super) fn keep(&mut self, name: &str, value: Option<impl Into<String>>) {
        if let Some(value) = value {
            let _first = self
                .found
                .entry(name.to_owned())
                .or_insert_with(|| value.into());
        }
    }

    pub(super) async fn ask(&self, request: Request) -> Result<Answer, CallError> {
        match self.client.call(&request, wire::anything).await {
            Ok(body) => Ok(Answer::Yes(body)),
            Err(CallError::Refused(error) | CallError::Gone { error, .. }) => {
                Ok(Answer::No(*error))
            }
            Err(CallError::Denied(_)) => Ok(Answer::Denied),
            Err(other) => Err(other),
        }
    }

    pub(super) async fn get(&self, path: String) -> Result<Answer, CallError> {
        self.ask(Request::get(path)).await
    }

    /// Asks with a body, which changes nothing.
    pub(super) async fn post(&self, path: String, body: &Value) -> Result<Answer, CallError> {
        self.ask(Request::post(path, bytes(body), Effect::Read))
            .await
    }

    /// A search among tickets.
    pub(super) async fn search(&self, body: &Value) -> Result<Answer, CallError> {
        let path = self.client.api().search(ObjectType::Tickets);
        let request = Request::post(path, bytes(body), Effect::Read);
        self.ask(request.paid_from(Budget::Search)).await
    }

    /// A batch read of tickets.
    pub(super) async fn read(&self, ids: &[&str], more: &Value) -> Result<Answer, CallError> {
        let inputs: Vec<Value> = ids.iter().map(|id| json!({"id": id})).collect();
        let mut body =
            json!({"inputs": inputs, "properties": ["subject"], "propertiesWithHistory": []});
        if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
            body.extend(more.clone());
        }
        let path = self.client.api().batch(ObjectType::Tickets, "read");
        self.post(path, &body).await
    }

    /// A write on tickets.
    pub(super) async fn write(
        &self,
        method: Method,
        path: String,
        body: Option<&Value>,
        effect: Effect,
    ) -> Result<Answer, CallError> {
        let request = Request::new(method, path, effect);
        let request = match body {
            Some(body) => request.with_body(bytes(body)),
            None => request,
        };
        self.ask(request).await
    }
}

/// JSON values always serialise.
pub(super) fn bytes(body: &Value) -> Vec<u8> {
    body.to_string().into_bytes()
}

/// The records of a page or a batch.
pub(super) fn results(body: &Value) -> &[Value] {
    body["results"].as_array().map_or(&[], Vec::as_slice)
}

/// A text of a record, whatever its JSON type; none if null or missing.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
