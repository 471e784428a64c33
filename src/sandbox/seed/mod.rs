//! What a new portal is filled with: `portal` what every one holds, `tickets` the
//! history of a help desk on demand, made of `words`; a `blueprint` is
//! the definitions of another portal, in place of those of `portal`.

mod portal;
mod tickets;
mod words;
pub(crate) mod blueprint;

pub(super) use portal::{SeedError, complete, plant, schema};
pub(super) use tickets::plant_tickets;
