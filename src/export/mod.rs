//! Tickets become files: `page → project → write`.
//!
//! Pages come from many cursors at once and in no order (`ranges` says which to ask
//! for), so they go through a spool, from which rows are written in id order. A file
//! appears complete or not at all, with a manifest and the schema of its columns
//! beside it.

pub mod columns;
pub mod filter;
mod ranges;
mod spool;
pub mod page;
mod links;
pub mod project;
pub mod write;
pub mod output;
mod manifest;
mod folder;
pub mod run;

pub use folder::{Asked, FolderError, RunFolder, is_export, unfinished};
