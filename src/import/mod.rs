//! Rows of a CSV file become tickets: `read → map → plan → batch → send → settle`.
//!
//! ```text
//! reader thread           runtime                              settle thread
//! read → map → plan ──→ batch ──→ send (several in flight) ──→ settle
//!    └── rows that fall early ───────────────────────────────────↑
//! ```
//!
//! read, map, plan and batch are plain code; async begins at send. settle alone
//! writes the journal, then the files, then tells the listeners, so there is one
//! order of things. All channels are bounded: a slow portal stops the reader.

pub mod flow;
pub mod read;
pub mod survey;
pub(crate) mod one_per;
pub(crate) mod feed;
pub mod plan;
pub mod batch;
mod park;
mod flight;
pub mod send;
pub mod links;
pub mod attachments;
pub mod notes;
mod filed_loads;
mod last;
mod observe;
pub(crate) mod decide;
mod as_planned;
mod rounds;
mod create;
mod change;
mod read_back;
mod missing;
pub mod write;
mod parts;
pub mod reply;
mod lookup;
pub(crate) mod reading;
pub(crate) mod tickets;
pub mod facts;
mod canary;
pub(crate) mod divert;
pub mod rivals;
pub mod settle;
mod values;
pub mod ledger;
pub mod files;
pub mod comments;
pub mod recover;
pub mod folder;
pub mod summary;
pub mod guard;
pub mod check;
mod log;
pub mod stop;
pub mod steps;
pub mod run;
pub mod job;
