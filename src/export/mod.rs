//! Tickets become files: `page → link → project → write`.
//!
//! Pages arrive from many cursors at once and in no order (`ranges` says which to request), so they
//! go through a spool, from which rows are written in id order; what tickets are linked to is read
//! afterwards, into a separate spool (`collect`). A file appears complete or not at all, with its
//! tables, a manifest and the schema of its columns.
//!
//! [`run()`] carries out a [`Job`]. An expression can say which tickets it exports:
//!
//! ```
//! use tickethaul::export::filter::parse;
//!
//! let filter = parse("priority in (HIGH, MEDIUM) and createdate >= today - 7d").expect("a filter");
//! assert!(filter.names("priority") && !filter.names("subject"));
//!
//! assert!(parse("priority in (HIGH").is_err());
//! ```

mod job;
mod window;
mod error;
mod run;

mod dataset;
mod held;

mod collect;
mod ranges;
mod spool;
mod page;
mod links;
mod attachments;

pub mod activities;
pub mod columns;
pub mod labels;
mod layout;
mod record_columns;
mod tables;
mod project;
mod cell;
mod write;
mod issues;
mod profile;
mod output;
mod names;
mod selection;
mod manifest;
mod outcome;
mod standing;

pub mod filter;
mod folder;

pub use attachments::Sum as FilesSum;
pub use columns::Archived;
pub use dataset::{Base, BaseError, onward, tombstones_in};
pub use error::ExportError;
pub use folder::{
    Asked, AskedMapping, ExportState, FolderError, Replace, RunFolder, begin_to_publish,
    has_published, is_export, is_file_of_export, is_finished, is_replacing, look, outcome,
    progress,
};
pub use job::{Done, Job, Merged, Onward, Step, Which};
pub use outcome::Outcome;
pub use output::Target;
pub use run::run;
pub use selection::Selection;
pub use standing::{Earlier, Taken, at_file, at_folder, is_data_set};
pub use window::Window;
pub use write::{Form, Packing, PartBy, Shape, Unit};
