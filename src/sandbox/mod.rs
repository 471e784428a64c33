//! The sandbox: a HubSpot portal of our own on 127.0.0.1, to rehearse on and to test against. It is
//! an independent reading of HubSpot's API, based on docs/contract.md: it shares no type with the
//! client, so that a wrong field name on one side shows.
//!
//! **What it models.** Tickets, contacts, companies, deals, activities (notes, e-mails, calls,
//! tasks, meetings, communications) and one custom object: single calls, the list, batches,
//! upserts, searches, merges; properties, groups, ticket pipelines, owners, associations with
//! labels and limits, rules for values, files and folders, account and usage, tokens and their
//! scopes; under v3, v4 and the dated paths, and the parts of v1 and v2 that other programs still
//! read. Statuses, error bodies and 207s; every type of value; unique values, the recycle bin,
//! former values; the allowance, its headers, a search index that is late; results out of order,
//! ids with gaps, a state that survives. What a person does in the recycle bin has a separate path
//! next to the API (`/_sandbox/`), as HubSpot has no call for it. What is not known about the live
//! API is a switch (`switches`), what goes wrong there now and then is a trouble (`troubles`).
//!
//! **What it does not.** Imports, exports, lists, forms, webhooks; for files, what `files` lists;
//! pipelines of deals; users, teams and permissions; workflows and other automation; conditional
//! properties beyond those of `validation_2026_09`. Calculated properties stay empty except the
//! ones that follow from the stage. There is one account in UTC, one token and the access tokens
//! made from it, and no other traffic. Searches that filter by values other than ids and times scan
//! every record, which takes seconds with a million of them.
//!
//! ```
//! use tickethaul::sandbox::{Options, Sandbox};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let sandbox = Sandbox::start(Options::default()).await.expect("a free port");
//! assert!(sandbox.base_url().starts_with("http://127.0.0.1:"));
//! // Any client of HubSpot's API can call it there, with the token of `sandbox.token()`.
//! sandbox.stop().await;
//! # }
//! ```
//!
//! A call goes `connection → front → api → portal_state → store`: sockets, HTTP,
//! paths, rules, SQLite. Everything below `front` is plain synchronous code.

mod server;
mod options;
mod http;
mod api;
mod records;
mod links;
mod files;
mod search;
mod schema;
mod portal_state;
mod store;
mod seed;
mod switches;
mod troubles;
mod clock;

pub use http::holds::Held;
pub use http::limits::{Rate, RateError};
pub use http::secret::new_token;
pub use options::{Data, Options};
pub use seed::blueprint::{Blueprint, BlueprintError};
pub use server::peek::account_of;
pub use server::reset::{Emptied, reset};
pub use server::{Sandbox, StartError};
pub use switches::{KnownSwitch, Switch, SwitchError, Switches};
pub use troubles::{KnownTrouble, Trouble, TroubleError};
