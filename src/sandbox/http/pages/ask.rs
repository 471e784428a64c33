//! What pages show comes from the portal's own API, called internally.

use axum::body::Bytes;
use axum::http::{Method, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::sandbox::api::Portal;
use crate::sandbox::api::call::Call;
use crate::sandbox::api::reply::Reply;
use crate::sandbox::clock::Moment;

/// Why there is nothing to show.
#[derive(Debug)]
pub(super) struct Refusal(pub(super) String);

/// Calls the portal.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    portal: &'a Portal,
    now: Moment,
}

impl<'a> Ask<'a> {
    pub(super) fn new(portal: &'a Portal, now: Moment) -> Ask<'a> {
        Ask { portal, now }
    }

    /// What is at a path.
    pub(super) fn get(&self, path: &str) -> Result<Value, Refusal> {
        self.reply(Method::GET, path, Bytes::new())
            .map(|reply| json(&reply.body))
    }

    /// What a path answers to a posted body.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, Refusal> {
        let body = Bytes::from(body.to_string());
        self.reply(Method::POST, path, body)
            .map(|reply| json(&reply.body))
    }

    /// The bytes at a path.
    pub(super) fn bytes(&self, path: &str) -> Result<Vec<u8>, Refusal> {
        self.reply(Method::GET, path, Bytes::new())
            .map(|reply| reply.body)
    }

    fn reply(&self, method: Method, path: &str, body: Bytes) -> Result<Reply, Refusal> {
        let uri: Uri = path
            .parse()
            .map_err(|_| Refusal("There is no such page.".to_owned()))?;
        let call = Call::new(method, uri, "127.0.0.1", body, self.now);
        self.portal.shown(&call).map_err(|problem| {
            let error = json(&problem.reply("").body);
            let message = error["message"].as_str();
            Refusal(message.unwrap_or("The portal can't show this.").to_owned())
        })
    }
}

fn json(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

/// A path with a query, encoded.
pub(super) fn with_query(path: &str, pairs: &[(&str, &str)]) -> String {
    let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)));
    let pairs: Vec<String> = pairs.collect();
    format!("{path}?{}", pairs.join("&"))
}
