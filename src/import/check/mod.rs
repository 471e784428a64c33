//! `check`: read and map without a portal. Every row goes through the same reading, `one_per` and
//! mapping as in an import, so an import does what a check says, except where only the portal
//! knows; keys can be looked up there.
//!
//! ```text
//! reader thread                            this thread
//! read → one_per (→ map) ── chunks ──→ (map →) counts, keys and e-mails sorted outside memory
//! ```
//!
//! Memory does not grow with the input.

mod sort;
mod keys;
mod groups;
mod unmapped;
mod judge;
mod effects;
mod counts;
mod second;
mod held;
mod values;
mod pass;

pub use effects::{Allowance, EffectCounts, Setting, time};
pub use held::held;
pub use judge::{Effect, Judge, broken_rule};
pub use pass::{Check, check};
pub use values::write_values;
