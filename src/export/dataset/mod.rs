//! A data set: a folder of tables, tickets in parts below `tickets/`, that an export builds next to
//! its target and moves into place in one step.
//!
//! ```text
//! gather → decide → sweep → build → publish
//! spools   changes  links   folder   exchange
//! ```
//!
//! A first run and one that continues (`--since last`) are the same: what was read is compared with
//! what the set knows about each ticket (`index`), and only parts with a difference are rewritten,
//! from their old rows (`held`) and the tickets that were read. State and data are in one folder,
//! so they move together (E4). docs/data-sets.md is the page for users.

mod state;
mod columns;
mod index;
mod base;
mod evolve;
mod fingerprint;
mod onward;

mod merges;
mod gather;
mod tombstones;
mod decide;
mod sweep;

mod chunks;
mod table;
mod versions;
mod noted;
mod build;
mod records;
mod dimensions;
mod update;
mod side_tables;
mod metadata;
mod publish;
mod run;

pub use base::{Base, BaseError, tombstones_in};
pub use onward::onward;
pub use run::run;
