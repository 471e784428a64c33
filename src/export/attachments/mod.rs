//! The files that activities of tickets name, on their way out of the portal.
//!
//! `named` says which files those are, `place` where each goes below the user's folder,
//! `bring` brings them there, one after the other for each that several activities name, and
//! `brought` is what became of each, which the tables show.

mod bring;
mod brought;
mod named;
mod place;

pub use bring::{BringError, Bringing};
pub use brought::{Files, Sum, columns as file_columns};
pub use named::{Naming, namings};
