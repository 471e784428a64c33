//! `plan`: what an import would do, row by row, without writing anything (protocol PL2).
//! Several pages of rows are looked up at a time; what is done for each is decided in the
//! order of the input, since a row that shares an earlier one's key depends on that one's
//! outcome.
//!
//! ```text
//! reader thread       several pages at a time          in order
//! read → map ──→ tickets, recycle bin, links read ──→ decide ──→ plan.db, sums
//! ```

mod decide;
pub mod folder;
mod look;
mod page;
pub mod run;
mod sums;
