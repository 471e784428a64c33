//! The client: the only room that knows HTTP. It turns plain records into calls
//! of HubSpot's CRM API and replies into plain records, and it decides what may be
//! concluded when no proper reply comes. It prints nothing, reads no environment
//! and knows neither CSV nor the journal.
//!
//! One call, from the outside in: token (`session`) → decide → wait → slot of the
//! pacer → attempt deadline → transport (`call`). What a reply means (`classify`) and what to do
//! about it (`policy`) are pure; only the loop sleeps.

mod account;
mod associations;
mod linked;
mod link_type;
mod client;
mod files;
mod live_links;
mod missing;
mod objects;
mod progress;
mod schema;
mod search;
mod query;

mod call;
mod classify;
mod day;
mod pace;
mod policy;
mod portal_clock;
mod session;
mod waits;

mod credentials;
mod route;
mod secrets;
mod settings;
mod token;

mod exchange;
mod halt;
mod log;
mod transport;

pub mod association_types;
pub mod contract;
mod error_body;
mod loose;
mod paths;
mod wire;

mod unknowns;

pub mod error;
pub mod records;
mod row_error;

pub use associations::Linked;
pub use client::Client;
pub use credentials::{Credentials, OAuthApp};
pub use error::CallError;
pub use exchange::{
    Budget, Content, Effect, Headers, Method, Reply, Request, Transport, TransportError, Upload,
};
pub use files::NewFile;
pub use link_type::LinkType;
pub use link_type::USER_DEFINED;
pub use linked::{LinkInput, LinkReply, LinkedRecord};
pub use live_links::LiveLinks;
pub use log::{Attempt, CallLog};
pub use paths::{ApiVersion, UnknownVersion};
pub use query::Comparison;
pub use query::{Filter, Found, Search, Sort, Test};
pub use records::{
    Account, ApiError, Association, BatchReply, CreateInput, DailyUsage, FormerValue, Page,
    PropertyForm, PropertyGroup, PropertyProblem, Record, RecordTimes, StoredFile, WriteInput,
};
pub use route::{Authorities, NamedProxy, Route};
pub use row_error::RowErrorKind;
pub use schema::SchemaParts;
pub use search::SearchError;
pub use settings::{ConnectError, Rate, RateSyntax, Reserve, Settings};
pub use token::{BadToken, HostToken, Token};
pub use transport::{Fetched, Fetcher, FileHost};
pub use unknowns::Found as FoundOut;
pub use unknowns::{Cleared, Facts, LinkLimit, Trace, UNKNOWNS, Unknown, ValueRules, Way};
pub use waits::{HearWait, Wait};
