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
mod record;
pub mod read;
pub mod plan;
pub mod batch;
pub mod send;
mod contacts;
mod create;
mod reply;
mod canary;
pub mod settle;
pub mod files;
pub mod folder;
pub mod stop;
pub mod run;
