//! The durable memory of a run: `run.db` in the run folder, a SQLite database in
//! WAL mode with `synchronous = FULL`, and the lock beside it.
//!
//! ```text
//! meta   name → value                  version, operation, portal, mapping, schema
//! input  file → path, size, mtime, hash
//! row    seq → address, fate, change, key, ticket, issue, settle number
//! step   what is done for a row or for several: the run's operation, contact; key, body hash,
//!        when intended by the portal's clock and by when carried out at the latest, state,
//!        id of the record: of an archive that of the ticket from its intent on
//! mark   name → number                 lengths of the derived files, state, times, remarks, values
//! ```
//!
//! What it promises: a step is in `step` before its call leaves (D2); one commit
//! holds everything since the last one; the database appears under its name only
//! with its header whole (D1). Files derived from it are not its business: it only
//! keeps their lengths (D3).

mod format;
mod schema;
mod sound;
mod told;
mod others;
mod intents;
mod records;
mod waiting;
mod remarks;
mod write;
mod read;
mod lock;
mod log;

pub use format::{Header, InputFile, PortalPath};
pub use lock::{Lock, LockError};
pub use log::RunLog;
pub use others::OtherState;
pub use read::{Past, PastIntent, PastRefusals, PastRow, Reading, RunState};
pub use records::Earlier;
pub use told::Told;
pub use waiting::Waiting;
pub use write::{
    Claim, Commit, Durability, Intent, Journal, JournalError, Keys, RowEntry, now, run_id, run_name,
};
