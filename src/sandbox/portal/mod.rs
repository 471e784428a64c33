//! From a call to its answer: which path and method mean which verb. `answer`
//! holds the lock and says which file goes on; bodies are read before the lock is
//! taken and replies written after it is released. Knows nothing of tokens, rates,
//! headers and sockets.

mod admin;
mod answer;
mod definitions;
mod files;
mod known;
mod links;
mod merges;
mod records;
mod scopes;

pub(super) use answer::{Around, Portal};
