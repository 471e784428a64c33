//! `undo`: undoes what a run did, the newest rows first (protocol PL5). It is itself a run
//! with its own journal, so that it can be killed anywhere and resumed.
//!
//! ```text
//! journal of the run, input → expect → observe → decide → act → journal → undo.csv
//! ```

mod act;
pub mod co_creators;
mod cut;
pub mod decide;
mod file_codes;
pub mod files;
pub mod left;
pub mod outcome_file;
mod observe;
pub mod run;
