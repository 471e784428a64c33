//! `settle`: the single place that writes the journal, then the files, then tells
//! the listeners. Its own thread, because SQLite and files are synchronous.
//!
//! Group commit (protocol D2): everything that waits in the channel becomes one
//! durable commit; only then do senders hear that their intents stand. `handle` is what
//! they hold, `taking` writes what they say into a commit, `desk` is the thread.

mod desk;
mod handle;
mod taking;

pub use desk::{Settler, start};
pub use handle::{Gone, RowIntent, SettleHandle, SettledOther, WaitingPage};
