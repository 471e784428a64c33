//! plan.db: what would be done for each row of an input, written by `plan` and carried out
//! by `apply` (protocol PL2, PL3). A SQLite database in its own folder; it appears under
//! its name when it is complete.
//!
//! ```text
//! meta   name → value        version, operation, portal, mapping and tables, schema, as in
//!                            run.db; `run`: id of the plan; `lacks`: properties that count as
//!                            there, JSON; `applied`, `applied_in`, `applied_began`: id and
//!                            folder of the run that applied it, whether it certainly began
//! input  file → path, size, mtime, hash
//! row    seq → address, action, key, ticket, body, changes, links, issue
//! file   key → what the source names, size, mtime, md5: what files rows name
//! other  kind and key, parted by U+001F → record, state: what links lead to
//! ```
//!
//! - `action` is `create`, `update`, `link`, `archive`, `unchanged`, `exists`, `skipped` or
//!   `refused`; `issue` says why a row, or a link of it, can't be carried out.
//! - `folded` is the key in lower case; `body` the hash of what the row sends.
//! - `changes` is `[["subject","old","new"],["content",null,"new"]]`: a property with what its
//!   ticket holds and what it is set to. For a ticket that is created, all its values are listed.
//! - `links` is `[["contacts","email","a@b.example",null,"Mail","123","make"]]`: kind of the other
//!   record, the property that names it, its value, the link's label or null, the column, the
//!   record's id or null, and what is done: `there`, `make`, `create`, `left out`.
//! - `later` marks rows whose links to tickets of the input are not resolved yet.

mod files;
mod format;
mod read;
mod write;

pub use super::format::PlanRef;
pub use files::{HeldFile, PlannedFile};
pub use format::PlannedRow;
pub use read::{Applied, PlanReading};
pub use write::{KeyHolder, PlanWriter, Sought};
