//! Associations (C1 §8). `types` says what can be associated with what, `writes` keeps the rules
//! when one is made or removed, `bounds` the limits that an admin set; the others are the entry
//! points: with a create, one pair, batches, labels, and the endpoints of v3.

mod batches;
mod bounds;
mod bound;
mod inline;
mod labels;
mod label;
mod legacy;
mod pairs;
mod shapes;
mod types;
mod link_type;
mod writes;

pub(super) use bound::{Bound, Full, SORT as BOUND};
pub(super) use bounds::{BoundInput, BoundName};
pub(super) use inline::{Link, resolve};
pub(super) use label::{Label, SORT as LABEL};
pub(super) use pairs::PairsPage;
pub(super) use shapes::{ArchiveInput, LegacyInput, PairInput, ReadInput, TypedInput};
pub(super) use types::LinkTypes;
