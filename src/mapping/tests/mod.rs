//! The room as its callers use it: a text, headers and a schema in, tickets or
//! messages out.

mod backwards;
mod language;
mod links;
mod notes;
mod presets;
mod problems;
mod rows;
mod sample;
mod times;
