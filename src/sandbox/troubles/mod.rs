//! Troubles: calls that go wrong on command. `kind` is the list of them, `planned`
//! parses when they come, `inject` counts calls and says what goes wrong with each.
//! What then happens to the reply is done by the front and the connection.

mod planned;
mod kind;
mod inject;

pub use kind::KnownTrouble;
pub use planned::{Trouble, TroubleError};

pub(super) use inject::{Injected, Troubles};
pub(super) use kind::{HoldAt, TroubleKind};
