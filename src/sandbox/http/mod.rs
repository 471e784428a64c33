//! The portal's side of HTTP: sockets (`connection`), who may call (`neighbours`, `tokens`) and how
//! often (`limits`), calls that are held, and replies with their headers. `front` joins them.

pub(crate) mod front;
pub(crate) mod connection;
mod headers;
pub(crate) mod holds;
mod neighbours;
pub(crate) mod limits;
pub(crate) mod tokens;
pub(crate) mod secret;
