//! Everything that is tested from outside, in one binary; a topic a file.

mod contract; // literal requests of the API contract, and the shapes of the replies
mod definitions; // the sandbox: properties, groups, pipelines, labels, as a portal's admin has them
mod first; // the main job: import, repair, again, export
mod holding; // the sandbox in another process holds a call until its client is gone
mod layers; // who may know whom, and which crate lives where
mod links; // the sandbox: associations in all their endpoints
mod plain_http; // an HTTP client that shares nothing with ours
mod readme; // every command of the README
mod rehearsal; // the helper: a folder, the tool as a process, a served sandbox
mod replies; // literal replies of HubSpot, fed to the client
mod samples; // the sample is what its generator writes, and holds what it promises
mod sandbox; // how the embedded portal behaves: limits, the list, its state, what it survives
mod search; // the sandbox: searches and their late index
mod switches; // the sandbox: what every switch changes
mod troubles; // the sandbox: what every trouble does to a call
mod upsert; // the sandbox: upserts, former values, dated paths
