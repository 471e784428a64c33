//! After a run: what became of its tickets. `verify` reads every row that is done back
//! and compares it with what the run wrote; it never writes to a portal.
//!
//! ```text
//! journal, input → expect → observe (several calls in flight) → findings → verify.csv
//! ```

pub mod expect;
pub mod finding;
pub mod findings_file;
mod observe;
pub mod undo;
pub mod verify;
