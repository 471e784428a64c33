//! Downloads of the files that activities of tickets name.
//!
//! `named` says which files those are, `place` where each goes below the user's folder,
//! `bring` downloads them, each once however many activities name it, and `brought` is the
//! outcome of each, which the tables show.

mod bring;
mod brought;
mod named;
mod place;

pub use bring::{BringError, Bringing};
pub use brought::{Files, Sum, columns as file_columns};
pub use named::{Naming, namings};
