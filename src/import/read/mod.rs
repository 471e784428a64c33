//! `read`: files become rows. Arguments name files; a file holds texts; the head of a text shows
//! how it is written; its bytes become UTF-8, then records, then rows with their number, line and
//! byte offset.
//!
//! ```text
//! sources → part (workbook → text) → plan (encoding, delimiter, layout) → text → cut | json → rows → input
//! ```
//!
//! Everything is streamed, and memory is bounded by the longest record that is read
//! whole, whatever a file holds.

mod sheets;
mod delimited;
mod sources;
mod part;
mod layout;
mod plan;
mod text;
mod record;
mod json;
mod rows;
mod row_comments;
mod input;
mod trouble;
mod retried;

#[cfg(test)]
mod tests;

pub use delimited::oddity::Oddity;
pub use input::{Input, TextFacts};
pub use record::LineEnds;
pub use retried::{RowName, RowNames, kept, names_in, pick, retried_in};
pub use rows::Reading;
pub use sources::Sources;
