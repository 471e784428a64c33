//! What a new portal is filled with: `portal` has what every portal holds, `tickets` the history of
//! a help desk on demand, made of `words`; a `blueprint` holds the definitions of another portal,
//! which replace those of `portal`.

mod portal;
mod tickets;
mod words;
pub(crate) mod blueprint;

pub(super) use portal::{SeedError, complete, plant, schema};
pub(super) use tickets::plant_tickets;
