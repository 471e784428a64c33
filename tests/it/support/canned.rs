//! A portal of canned replies in memory, for the client.

use std::sync::Arc;

use bytes::Bytes;
use tickethaul::hubspot::testing::{Script, Step};
use tickethaul::hubspot::{ApiVersion, Client, Headers, Reply, Settings};

/// Calls by the paths of v3, which these replies are pinned to; those of both versions
/// are a table beside them.
pub fn numbered() -> Settings {
    Settings {
        api: ApiVersion::V3,
        ..Settings::default()
    }
}

/// A client of a portal that answers by path.
pub fn portal(by_path: Vec<(&'static str, Reply)>) -> (Client, Arc<Script>) {
    portal_with(numbered(), by_path)
}

/// The same with other settings.
pub fn portal_with(
    settings: Settings,
    by_path: Vec<(&'static str, Reply)>,
) -> (Client, Arc<Script>) {
    let script = Script::by_path(by_path);
    (Client::over(script.clone(), settings), script)
}

/// A reply with a correlation id in its header.
pub fn reply(status: u16, body: &str) -> Reply {
    Reply {
        status,
        headers: Headers::default().with("X-HubSpot-Correlation-Id", "from-header"),
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

/// A client of a portal that plays a script.
pub fn scripted(steps: Vec<Step>) -> (Client, Arc<Script>) {
    let script = Script::repeating(steps);
    (Client::over(script.clone(), numbered()), script)
}
