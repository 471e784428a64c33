//! `syntax::Document` + headers + schema → `CompiledMapping`. Everything that can be
//! checked before the first row is checked here, and every problem is reported with the
//! place of its entry.

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
