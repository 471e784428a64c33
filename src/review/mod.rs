//! Before and after a run. `plan` says what would be done for every row; it writes nothing to a
//! portal. After a run: `verify` reads the ticket of every row that is done and compares it with
//! what the run wrote; it never writes to a portal. `undo` undoes a run. `family` counts a run
//! and the retries of its refused rows as one.
//!
//! ```text
//! journal, input → expect → observe (several calls in flight) → findings → verify.csv
//! ```

pub mod absent;
pub mod expect;
pub mod family;
mod files;
pub mod finding;
pub mod findings_file;
mod observe;
pub mod plan;
pub mod undo;
mod notes;
pub mod verified_file;
pub mod verify;
