//! The sandbox: a HubSpot portal of our own on 127.0.0.1, to rehearse on and to
//! test against. It is a second reading of HubSpot's API contract: it shares no
//! type with the client, so that a wrong field name on one side shows.
//!
//! Real: HTTP, JSON shapes, statuses, error bodies, property validation, unique
//! values, pipelines, owners, the recycle bin, 207s, the request allowance and
//! its headers, results out of order, ids with gaps, a state that survives.
//! Pretend: there is one token, one account, nobody else's traffic, and no
//! automation; calculated properties other than the ones that follow from the
//! stage stay empty. What is not known about the live API is a switch.
//!
//! A call goes `connection → front → portal → desk → store`: sockets, HTTP,
//! paths, rules, SQLite. Everything below `front` is plain synchronous code.

mod batches;
mod call;
mod claim;
mod clock;
mod connection;
mod definitions;
mod desk;
mod drafts;
mod forgiving;
mod free_values;
mod front;
mod headers;
mod holds;
mod ids;
mod kind;
mod limits;
mod links;
mod objects;
mod options;
mod outcome;
mod people;
mod pipelines;
mod portal;
mod problem;
mod properties;
mod refusal;
mod reply;
mod route;
mod schema;
mod search;
mod seed;
mod server;
mod shapes;
mod show;
mod stages;
mod store;
mod switches;
mod tokens;
mod troubles;
mod values;
mod version;
mod writes;

pub use holds::Held;
pub use limits::{Rate, RateError};
pub use options::{Data, Options};
pub use server::{Sandbox, StartError};
pub use switches::{KnownSwitch, Switch, SwitchError, Switches};
pub use troubles::{KnownTrouble, Trouble, TroubleError};
