//! The client: the only room that knows HTTP.

pub mod error;
pub mod records;
