//! Everything that is tested from outside, in one binary; a topic a file.

mod associate; // links of every kind: in imports, between tickets of a file, alone
mod calls; // every call's request, and literal replies to it
mod canned; // the helper: a portal of canned replies in memory
mod checks; // a whole file against a mapping, before anything is sent
mod contract; // literal requests of the API contract, and the shapes of the replies
mod crash; // a run ended at each of its steps, and finished later
mod crash_changes; // the same for runs that update, upsert or archive
mod crash_links; // the same for runs that link tickets
mod definitions; // the sandbox: properties, groups, pipelines, labels, as a portal's admin has them
mod desk; // the helper: a served sandbox that a test fills by hand
mod diff; // --diff: only what differs is sent
mod export; // exports: whole, in id order, in every form
mod export_meanwhile; // exports while another process creates, changes and archives tickets
mod export_resume; // exports ended by force or by their time, and gone on with
mod export_tables; // exports: former values and linked records, in columns and in files of their own
mod fates; // replies that say too little, keys that somebody else holds
mod first; // the main job: import, repair, again, export
mod fuzz; // files and mappings that nobody would write
mod get; // a few tickets, for people and for programs
mod guide; // every promise of HubSpot's guide for tickets
mod holding; // the sandbox in another process holds a call until its client is gone
mod in_process; // the helper for runs inside a test: cut wires, tampered replies
mod inputs; // files of every kind, and what is said of them
mod kill; // the tool killed at held calls and at random, and finished later
mod kill_changes; // the same for runs that update, upsert or archive
mod kill_links; // the same for runs that link tickets
mod late; // lost calls that are carried out late, and replies that say too little
mod layers; // who may know whom, and which crate lives where
mod linking; // the helper: files that link tickets, and what must come of them
mod links; // the sandbox: associations in all their endpoints
mod mapping; // the mapping language from outside, and the commands about mappings
mod operations; // update, upsert, archive and delete from outside
mod plain_http; // an HTTP client that shares nothing with ours
mod presets; // every mapping that ships, on its sample
mod readme; // every command of the README
mod rehearsal; // the helper: a folder, the tool as a process, a served sandbox
mod replies; // literal replies of HubSpot, fed to the client
mod resume; // runs that stop and go on: guards, limits, signals, full disks
mod round_trip; // exports by a mapping, imported with it: nothing differs
mod samples; // the sample is what its generator writes, and holds what it promises
mod sandbox; // how the embedded portal behaves: limits, the list, its state, what it survives
mod scenario; // the helper: tickets with a past, a file that changes them, what must come of it
mod schema; // a portal's definitions: kept, shown, compared, extended
mod search; // the sandbox: searches and their late index
mod settings; // where a portal's settings come from, and what is said of bad ones
mod status_table; // every kind of trouble against every kind of call, and what the client did
mod switches; // the sandbox: what every switch changes
mod troubles; // the sandbox: what every trouble does to a call
mod upsert; // the sandbox: upserts, former values, dated paths
mod versions; // dated paths, numbered paths, older ones, and tokens that lack a scope
