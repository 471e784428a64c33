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

pub use apply::{archived_key, create_properties, refuse_unique_overflow};
pub use command::{SchemaCommand, run};
pub use copy::PortalCopy;
pub use lacking::lacking;
pub use pull::permitted;
pub use store::SchemaFrom;
