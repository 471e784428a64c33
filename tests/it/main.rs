//! One binary for all tests that see the tool from outside. A topic is a file.

mod contract; // literal requests of the API contract, and the shapes of the replies
mod plain_http; // a client that shares nothing with ours
mod sandbox; // how the embedded portal behaves: switches, troubles, limits, its state
