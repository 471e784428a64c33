//! `tickethaul portal`: portals by name. `add` puts one into the configuration, `list` and
//! `show` tell what is there, `remove` and `default` (which is `portal use`) change it.

mod add;
mod command;
mod default;
mod list;

pub use command::{PortalCommand, run};
