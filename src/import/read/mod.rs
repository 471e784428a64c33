//! `read`: files become rows. What was typed names files; a file holds texts; the head
//! of a text tells how it is written; its bytes become UTF-8, then records, then rows
//! that know their number, line and byte.
//!
//! ```text
//! sources → part → plan (encoding, delimiter, layout) → text → cut → rows → input
//! ```
//!
//! Everything is streamed, and memory is bounded by the longest record that is read
//! whole, whatever a file holds.

mod sources;
mod part;
mod encoding;
mod delimiter;
mod own;
mod layout;
mod oddity;
mod raw;
mod plan;
mod text;
mod record;
mod cut;
mod quotes;
mod rows;
mod input;
mod trouble;
mod retried;

#[cfg(test)]
mod tests;

pub use input::{Input, TextFacts};
pub use oddity::Oddity;
pub use record::LineEnds;
pub use retried::{RETRIED, RowNames, kept, pick};
pub use rows::Reading;
pub use sources::Sources;
