//! Search (C1 §2.9): the body, its limits and what they are called, filters
//! against values, and the page. `ask` reads, `filter` judges one record, `narrow`
//! turns what it can into SQL, `run` brings it together.

mod ask;
mod filter;
mod narrow;
mod operand;
mod pick;
mod run;

pub(super) use ask::Ask;
