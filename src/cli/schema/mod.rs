//! `tickethaul schema`: what a portal defines, kept, shown, held against a mapping and
//! extended. `pull` asks the portal, `store` says which copy a command uses, `lacking`
//! compares. Nothing is ever deleted or changed.

mod apply;
mod command;
mod copy;
mod diff;
mod lacking;
mod pull;
mod show;
mod store;

pub use apply::{create_properties, refuse_archived_key};
pub use command::{SchemaCommand, run};
pub use lacking::lacking;
pub use store::SchemaFrom;
