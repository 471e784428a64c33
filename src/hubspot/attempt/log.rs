//! What a listener learns of each attempt, for a log of calls: never a token, a body or the values
//! of a query.

use std::time::Duration;

use super::waits::Wait;

/// Receives every attempt. Must be quick: calls wait for it.
pub trait CallLog: Send + Sync {
    /// An attempt is over.
    fn hear(&self, attempt: &Attempt<'_>);

    /// A wait begins.
    fn wait(&self, _wait: Wait) {}
}

/// One attempt of a call.
#[derive(Clone, Copy, Debug)]
pub struct Attempt<'a> {
    /// HTTP method.
    pub method: &'a str,
    /// Without its query. The path of a single record contains its id, or its key.
    pub path: &'a str,
    /// Of this call, from 1.
    pub number: u32,
    /// HTTP status; none if no whole reply arrived.
    pub status: Option<u16>,
    /// From the send to the end of the reply, or to giving up.
    pub took: Duration,
    /// HubSpot's id of the exchange, for its support.
    pub correlation_id: Option<&'a str>,
    /// What was concluded, in a word or a few.
    pub verdict: &'a str,
}
