//! Rows of a CSV file become tickets: `read → map → plan → batch → send → settle`.
//!
//! ```text
//! reader thread           runtime                              settle thread
//! read → map → plan ──→ batch ──→ send (several in flight) ──→ settle
//!    └── rows that fall early ───────────────────────────────────↑
//! ```
//!
//! read, map, plan and batch are plain code; async begins at send. settle alone writes
//! the journal, then the files, then tells the listeners, so there is one order of
//! events. All channels are bounded: a slow portal stops the reader.

pub mod flow;
pub mod read;
pub mod survey;
pub mod check;
pub mod plan;
mod dispatch;
pub(crate) mod decide;
pub mod send;
pub mod links;
pub mod notes;
pub mod settle;
pub mod resume;
pub mod stop;
pub mod job;
pub mod run;
