//! A mapping proposed for a file that nobody has written one for: the preset of the
//! system that its columns belong to, or else matches of columns and properties, each
//! with a score and a reason.
//!
//! survey (every cell of the file, counted) → recognise (which system) or match (which
//! column for which property) → write (the TOML, for people to go over).

mod dates;
mod matching;
mod preset;
mod rest;
mod survey;
mod target;
mod text;
mod words;
mod write;

#[cfg(test)]
mod tests;

pub use matching::{Match, matches};
pub use preset::{Preset, recognise};
pub use survey::Survey;
pub use write::{from_preset, proposal};
