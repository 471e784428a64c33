//! The client: the only room that knows HTTP. It turns plain records into calls
//! of HubSpot's CRM API and replies into plain records, and it decides what may be
//! concluded when no proper reply comes. It prints nothing, reads no environment
//! and knows neither CSV nor the journal.
//!
//! One call, from the outside in (`call`): decide → wait → slot of the pacer →
//! attempt deadline → transport. What a reply means (`classify`) and what to do
//! about it (`policy`) are pure; only the loop sleeps.

mod client;
mod schema;

mod call;
mod classify;
mod pace;
mod policy;
mod portal_clock;

mod connection;
mod token;

mod exchange;
mod transport;

pub mod contract;
mod error_body;
mod loose;
mod wire;

pub mod error;
pub mod records;

pub use call::Settings;
pub use client::Client;
pub use connection::{ConnectError, Connection, Rate, RateSyntax};
pub use error::CallError;
pub use exchange::{Effect, Headers, Method, Reply, Request, Transport, TransportError};
pub use records::{
    Account, ApiError, Association, BatchReply, CreateInput, Page, PropertyProblem, Record,
};
pub use token::{BadToken, Token};
