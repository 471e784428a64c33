//! Rows of a CSV file become tickets: `read → map → plan → batch → send → settle`.
//!
//! ```text
//! reader thread           runtime                              settle thread
//! read → map → plan ──→ batch ──→ send (several in flight) ──→ settle
//!    └── rows that fall early ───────────────────────────────────↑
//! ```
//!
//! read, map, plan and batch are plain code; async begins at send. settle alone writes the journal,
//! then the files, then notifies the listeners, so there is one order of events. All channels are
//! bounded: a slow portal stops the reader.
//!
//! [`run()`] carries out a [`Job`]. What a job imports is an input, whose encoding and
//! delimiter are detected:
//!
//! ```
//! use tickethaul::import::read::{Input, Reading, Sources};
//! use tickethaul::model::dialect::Dialect;
//!
//! # fn main() -> Result<(), tickethaul::error::Error> {
//! let sources = Sources::typed("tickets.csv", "Id;Title\n7;\"Printer; again\"\n", None)?;
//! let mut input = Input::open(sources, &Dialect::default())?;
//! assert_eq!(input.headers().names(), ["Id", "Title"]);
//! let Some(Reading::Row(row)) = input.next_row()? else {
//!     panic!("there is a row");
//! };
//! assert_eq!(row.cells.get(1), Some("Printer; again"));
//! # Ok(())
//! # }
//! ```

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

pub use job::Job;
pub use run::run;
