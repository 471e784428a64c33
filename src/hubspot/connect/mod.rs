//! What a client is created with: its settings, its credentials, and the route to the portal.

pub(crate) mod settings;
pub(crate) mod credentials;
pub(crate) mod token;
pub(crate) mod route;
