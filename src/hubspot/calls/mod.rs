//! The calls of the client, each an `impl Client`: records, their links, searches, files, and what
//! a portal defines. `live_links` reads links of records that may disappear meanwhile, `missing`
//! reads batches that a portal refuses because of some of their records, `progress` makes sure that
//! paged lists come to an end.

mod objects;
mod missing;
pub(crate) mod live_links;
pub(crate) mod associations;
pub(crate) mod files;
pub(crate) mod search;
pub(crate) mod schema;
mod account;
mod progress;
