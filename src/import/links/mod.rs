//! The links that rows ask for (`[[associate]]`): `kinds` reads what they mean in a portal; `ends`
//! finds the records that they lead to, `look` without creating any, `others` and `natural` by keys
//! that people know; a `link` is one whose ends are known. A create includes links inline; `own`
//! makes them once a ticket is written, `last` when all tickets of the input are; `associate` is
//! for rows that do nothing else. `put` makes and removes them.

mod associate;
mod ends;
mod found;
mod link;
mod of_row;
pub mod kinds;
mod last;
mod look;
mod natural;
mod others;
mod own;
mod put;

pub use ends::Ends;
pub use found::Found;
pub use found::Resolved;
pub use kinds::{KindsError, LinkDefinitions, LinkKinds};
pub use link::Link;
pub use look::Look;
pub use of_row::{fit, left_out, links};
pub use put::{Held as HeldLinks, Linked, OfTicket, Way, put};
