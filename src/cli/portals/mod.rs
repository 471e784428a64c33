//! `tickethaul portal`: portals by name. `add` puts one into the configuration, `list` and
//! `show` show what is there, `remove` and `default` (which is `portal use`) change it, and
//! `check` asks the portal itself.

mod add;
mod check;
mod command;
mod default;
mod list;
mod needs;
mod report;

pub use command::{PortalCommand, run};
