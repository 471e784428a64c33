//! The embedded portal: what it does, how it goes wrong, what its switches turn.

mod portal; // how the embedded portal behaves: limits, the list, its state, what it survives
mod upsert; // upserts, former values, dated paths
mod search; // searches and their late index
mod links; // associations in all their endpoints
mod definitions; // properties, groups, pipelines, labels, as a portal's admin has them
mod activities; // notes, e-mails, calls and the like, under each of their switches
mod files; // uploads, duplicates, folders, searches for files, signed addresses
mod merges; // merges, and what a person does in the recycle bin
mod pages; // the sandbox as people see it in a browser
mod troubles; // what every trouble does to a call
mod holding; // the sandbox in another process holds a call until its client is gone
mod switches; // what every switch changes
