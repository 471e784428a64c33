//! What a client is made with: its settings, what it proves itself with, and the way to the portal.

pub(crate) mod settings;
pub(crate) mod credentials;
pub(crate) mod token;
pub(crate) mod route;
