//! `write`: cells become a file that appears complete or not at all, a folder of
//! parts, or go to a stream. `rows` knows the forms, `sink` where the bytes go, `pack`
//! how they are compressed.

mod case_rows;
mod csv_rows;
mod json_rows;
mod nested;
mod pack;
mod parquet_column;
mod parquet_rows;
mod parts;
mod rows;
mod shape;
mod sink;

pub use case_rows::PROPERTIES;
pub use nested::{Nested, NestedRow};
pub use pack::{Packing, unpacked};
pub use parts::{PartBy, Parts, Unit};
pub use rows::Rows;
pub use shape::{About, Form, Shape, WriteError};
pub use sink::{FileFacts, Sink};
