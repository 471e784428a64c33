//! The durable memory of a run: `run.db` in the run folder, a SQLite database in WAL
//! mode with `synchronous = FULL`, and the lock next to it.
//!
//! ```text
//! meta   name → value                  version, operation, portal, mapping, schema
//! input  file → path, size, mtime, hash
//! row    seq → address, fate, key, ticket: its intent (body hash, when by the portal's
//!        clock and by when carried out at the latest, what the ticket held before) and its
//!        outcome (change, issue, settle number)
//! step   what is done for several rows: contact; key, when intended, state, id of the record
//! link   seq, other record → kinds of link that a row made
//! note   key → row, time, hash of the text, its record
//! file   key → row, place, hash of the bytes, its id in the file manager
//! mark   name → number                 lengths of the derived files, state, times, remarks, values
//! ```
//!
//! There are also `plan.db`, which holds what a run would do (`plan`), and `comments.db`,
//! which holds comments from separate files (`comments`).
//!
//! What it promises: an intent is in it before its call is sent (D2); one commit holds everything
//! since the last one; the database appears under its name only with a complete header (D1). Files
//! derived from it are written elsewhere: it only keeps their lengths (D3).

mod format;
mod schema;
mod validate;
mod run_options;
mod others;
mod intents;
mod records;
mod notes;
mod files;
mod file_steps;
mod attached;
mod deletions;
mod file_table;
mod note_steps;
mod added_tables;
mod waiting;
mod remarks;
mod error;
mod build;
mod changes;
mod comments;
mod done;
mod lineage;
mod leftover;
mod plan;
mod v2_tables;
mod v2_rows;
mod v3_tables;
mod v3_rows;
mod write;
mod commit;
mod clock;
mod entry;
mod key_columns;
mod read;
mod counted;
mod figures;
mod past;
mod refused;
mod run_folder;
mod run_state;
mod overview;
mod lock;
mod log;
mod made_links;

pub use attached::{AttachedFile, NoteId};
pub use build::Durability;
pub use clock::now;
pub use comments::{COMMENTS, CommentReading, CommentStore, copy_comments, forget_comments};
pub use commit::Commit;
pub use done::{DoneRow, Later};
pub use entry::{Intent, KeyClaim, Keys, RowEntry};
pub use error::JournalError;
pub use figures::{Figures, NOTES_ARCHIVED};
pub use file_steps::{FileCounts, FileEntry, FileState, FileStep, SettledFile};
pub use format::{Header, InputFile, PortalPath, UndoneRun};
pub use leftover::is_leftover;
pub use lineage::Lineage;
pub use lock::{Lock, LockError};
pub use log::RunLog;
pub use note_steps::{NoteCounts, NoteEntry, NoteState, NoteStep, SettledNote};
pub use others::OtherState;
pub use overview::Overview;
pub use past::{Past, PastIntent, PastRefusals};
pub use plan::{
    Applied, HeldFile, KeyHolder, PlanReading, PlanRef, PlanWriter, PlannedFile, PlannedRow, Sought,
};
pub use read::{PastRow, Reading};
pub use records::Earlier;
pub use refused::RefusedRows;
pub use run_folder::{LOCK, RUNS, new_run_folder, remove_run_folder};
pub use run_options::{COMMENTS_OPTION, RunOptions};
pub use run_state::RunState;
pub use schema::VERSION as FORMAT_VERSION;
pub use waiting::Waiting;
pub use write::{Journal, run_id};
