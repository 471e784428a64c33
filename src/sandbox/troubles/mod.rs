//! Troubles: calls that go wrong on command. `kind` is the list of them, `planned` parses when they
//! occur, `inject` counts calls and says what goes wrong with each. The front and the connection
//! then apply it to the reply.

mod planned;
mod kind;
mod inject;

pub use kind::KnownTrouble;
pub use planned::{Trouble, TroubleError};

pub(super) use inject::{Injected, Troubles};
pub(super) use kind::{HoldAt, TroubleKind};
