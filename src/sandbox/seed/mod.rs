//! What a new portal is filled with: `portal` what every one holds, `tickets` the
//! history of a help desk on demand, made of `words`.

mod portal;
mod tickets;
mod words;

pub(super) use portal::{SeedError, complete, plant, schema};
pub(super) use tickets::plant_tickets;
