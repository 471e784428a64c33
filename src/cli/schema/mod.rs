//! `tickethaul schema`: what a portal defines: copied, shown, compared with a mapping
//! and extended. `pull` asks the portal, `store` says which copy a command uses,
//! `lacking` compares, `create` adds, each by `made_once`. Nothing is ever deleted or changed.

mod apply;
mod command;
mod copy;
mod create;
mod diff;
mod lacking;
mod made_once;
mod pull;
mod show;
mod store;
mod place;

pub use apply::refuse_clashes;
pub use command::{SchemaCommand, run};
pub use copy::PortalCopy;
pub use create::create;
pub use diff::REMEDY;
pub use lacking::{Lacking, lacking_groups};
pub use place::read as read_copy;
pub use pull::{archived, permitted, pull};
pub use store::SchemaFrom;
