//! JSON as input: one object is one row, whether each is on its own line, all are in one
//! list, or one follows the other. Objects are cut out of the stream one by one, so that
//! memory is bounded by the longest.

mod cut;
mod plan;
mod columns;

pub(super) use columns::{Columns, Form};
pub(super) use cut::{BrokenObject, ObjectReader};
pub(super) use plan::Objects;
