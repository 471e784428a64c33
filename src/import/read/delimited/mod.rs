//! Delimited text: `cut` is the grammar that makes records of it, `delimiter` finds the delimiter by
//! the same grammar, `quotes` says whether quotes are sound, `raw` reads the text of one record again,
//! `oddity` finds what the grammar would misread.

pub(crate) mod cut;
pub(crate) mod delimiter;
pub(crate) mod quotes;
pub(crate) mod raw;
pub(crate) mod oddity;
