//! A mapping proposed for a file that nobody has written one for: the preset of the
//! system that its columns belong to, or else matches of columns and properties, each
//! with a score and a reason.
//!
//! survey (every cell of the file, counted) → recognise (which system) or match (which
//! column for which property) → write (the TOML, for people to go over).
//!
//! A finding about a file is a `Belief`: a claim, how certain it is, why, and the first
//! cell that disproves it. `check` shows the beliefs, `map init` writes them into the
//! mapping, and the converters of an import use the same tables (`convert/formats`,
//! `convert/number`), so that they can read every proposed format. A belief that a filled
//! cell disproves is never certain; one that the file can't decide is written as a
//! question.

mod belief;
mod column;
mod dates;
mod distinct;
mod fit;
mod header;
mod kind;
mod losses;
mod matching;
mod likeness;
mod names;
mod page;
mod preset;
mod rest;
mod survey;
mod target;
mod text;
mod vocabulary;
mod words;
mod write;

#[cfg(test)]
mod tests;

pub use belief::{Belief, Counter};
pub use column::Column;
pub use dates::{DateFormats, OtherOrder};
pub use header::missing_header;
pub use kind::{Kind, NumberSettings};
pub use matching::{Match, matches};
pub use preset::{Preset, recognise};
pub use survey::{Share, Survey};
pub use write::{Proposed, from_preset, proposal};
