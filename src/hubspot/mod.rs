//! The client: the only module that knows HTTP. It turns plain records into calls of
//! HubSpot's CRM API and replies into plain records, and it decides what may be
//! concluded when no proper reply comes. It prints nothing, reads no environment and
//! knows neither CSV nor the journal.
//!
//! One call, from the outside in: token (`session`) → decide → wait → slot of the pacer → attempt
//! deadline → transport (`call`). What a reply means (`classify`) and what to do about it
//! (`policy`) are pure; only the loop sleeps.

mod client;
mod calls;
mod attempt;
mod pace;
mod connect;
mod exchange;
mod transport;
mod paths;
mod wire;
mod unknowns;
pub mod contract;
pub mod error;
pub mod records;
pub mod testing;

pub use http::Method;

pub use attempt::log::{Attempt, CallLog};
pub use attempt::waits::{HearWait, Wait};
pub use calls::associations::Linked;
pub use calls::files::NewFile;
pub use calls::live_links::LiveLinks;
pub use calls::schema::SchemaParts;
pub use calls::search::SearchError;
pub use client::Client;
pub use connect::credentials::{Credentials, OAuthApp};
pub use connect::route::{Authorities, NamedProxy, Route};
pub use connect::settings::{ConnectError, Rate, RateSyntax, Reserve, Settings};
pub use connect::token::{BadToken, HostToken, Token};
pub use error::CallError;
pub use error::row::RowErrorKind;
pub use exchange::{
    Budget, Content, Effect, Headers, Reply, Request, Transport, TransportError, Upload,
};
pub use paths::{ApiVersion, UnknownVersion};
pub use records::link_type::{LinkType, USER_DEFINED};
pub use records::linked::{LinkInput, LinkReply, LinkedRecord};
pub use records::query::{Comparison, Filter, Found, Search, Sort, Test};
pub use records::written::{PackedValues, WrittenRecord};
pub use records::{
    Account, ApiError, Association, BatchReply, CreateInput, DailyUsage, FormerValue, Page,
    PropertyForm, PropertyGroup, PropertyProblem, Record, RecordTimes, StoredFile, WriteInput,
};
pub use transport::{Fetched, Fetcher, FileHost};
pub use unknowns::Found as FoundOut;
pub use unknowns::{Cleared, Facts, LinkLimit, Trace, UNKNOWNS, Unknown, ValueRules, Way};
