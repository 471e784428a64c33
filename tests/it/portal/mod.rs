//! Portals: named, asked what they are and may do, copied.

mod named; // portals by name
mod settings; // where a portal's settings come from, and what is said of bad ones
mod ways; // proxies, certificates and addresses, over real sockets
mod scopes; // what a token may not do is named before, and is what the portal refuses
mod versions; // dated paths, numbered paths, older ones, and tokens that lack a scope
mod schema; // a portal's definitions: kept, shown, compared, extended
mod admin; // limits of associations and rules for values, which an admin sets
mod unknowns; // what HubSpot does not document, found out under every switch
mod facts; // what runs find out about portals, kept for the next run
mod findings; // a migration that goes by what a check of the portal found
mod twin; // the twin of a portal
