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
mod desk;
mod drafts;
mod front;
mod ids;
mod kind;
mod limits;
mod links;
mod objects;
mod options;
mod people;
mod portal;
mod problem;
mod properties;
mod refusal;
mod reply;
mod schema;
mod seed;
mod server;
mod shapes;
mod stages;
mod store;
mod switches;
mod troubles;
mod values;
mod writes;

pub use limits::{Rate, RateError};
pub use options::{Data, Options};
pub use server::{Sandbox, StartError};
pub use switches::{Switch, SwitchError, Switches};
pub use troubles::{Trouble, TroubleError};
