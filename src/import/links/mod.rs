//! The links that rows ask for (`[[associate]]`): `kinds` reads what they mean in a
//! portal, `ends` finds the records that they lead to, `others` and `natural` by keys
//! that people know, and `inline` puts them into a create call.

mod ends;
mod inline;
pub mod kinds;
mod natural;
mod others;

pub use ends::Ends;
pub use inline::{Link, links};
pub use kinds::{KindsError, LinkKinds};
