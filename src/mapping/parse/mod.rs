//! TOML text → `syntax::Document`. Our own walk over the spanned tree, because serde
//! would stop at the first problem: readers report what is wrong and continue.

mod activity;
mod column;
mod dialect;
mod document;
mod entry;
mod link;
mod notes;
mod parts;
mod fields;
mod files;
mod property;
mod table;
mod transform;

pub(crate) use document::parse;
