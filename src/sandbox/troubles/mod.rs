//! Troubles: calls that go wrong on command. `ill` is the list of them, `planned`
//! reads when they strike, `strike` counts calls and says what goes wrong with
//! each. What then happens to the reply is done by the front and the connection.

mod ill;
mod planned;
mod strike;

pub use ill::KnownTrouble;
pub use planned::{Trouble, TroubleError};

pub(super) use ill::{HoldAt, Ill};
pub(super) use strike::{Struck, Troubles};
