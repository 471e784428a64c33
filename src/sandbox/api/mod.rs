//! From a call to its answer: which path and method map to which verb. `answer` holds the lock and
//! dispatches to the right file; bodies are read before the lock is taken and replies written after
//! it is released. Knows nothing of tokens, rates, headers and sockets.

pub(crate) mod call;
pub(crate) mod route;
pub(crate) mod version;
mod known;
mod scopes;
mod answer;
mod records;
mod links;
mod files;
mod merges;
mod definitions;
mod admin;
pub(crate) mod reply;
pub(crate) mod problem;

pub(super) use answer::{Around, Portal};
