//! `write`: cells become a file that appears complete or not at all, or go to a
//! stream. `rows` knows the forms, `sink` where the bytes go, `pack` how they are
//! compressed.

mod csv_rows;
mod json_rows;
mod pack;
mod rows;
mod sink;

pub use pack::Packing;
pub use rows::{Form, Rows, Shape};
pub use sink::{FileFacts, Sink};
