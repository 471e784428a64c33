//! `shape::Document` + headers + schema → `CompiledMapping`. Everything that can be
//! known before the first row is found out here, and every problem is reported with
//! the place of the entry that it is about.

mod document;
mod entry;
mod feed;
mod files;
mod fit;
mod fixed;
mod key;
mod link;
mod note_names;
mod notes;

pub(crate) use document::{Sources, compile};
