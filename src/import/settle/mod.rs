//! `settle`: the only place that writes the journal, then the files, then notifies the listeners.
//! Its own thread, because SQLite and files are synchronous.
//!
//! Group commit (protocol D2): everything that waits in the channel becomes one durable commit;
//! only then do senders learn that their intents are stored. `handle` is what they hold,
//! `apply_messages` writes their messages into a commit, `commit_loop` is the thread.

mod handle;
mod commit_loop;
mod apply_messages;
pub mod ledger;
mod values;
pub mod files;
pub mod summary;
pub(crate) mod log;
pub mod steps;

pub use commit_loop::{Settler, start};
pub use handle::{Gone, RowIntent, SettleHandle, SettledOther, WaitingPage};
