//! Calls about records: one by one (`objects`), in batches, merged. `drafts` turns a request into
//! the values of a record, `values` checks each against its definition, `writes` writes one record,
//! `show` and `shapes` return it, `outcome` says how the rows of a batch ended.

pub(crate) mod objects;
mod batches;
mod merges;
mod outcome;
pub(crate) mod refusal;
pub(crate) mod writes;
pub(crate) mod drafts;
pub(crate) mod changes;
pub(crate) mod show;
pub(crate) mod shapes;
pub(crate) mod values;
mod emails;
mod lenient_dates;
