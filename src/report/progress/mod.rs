//! How far long work is, shown in the same way for all of it: a line with a bar on a terminal,
//! plain lines in logs, JSON lines for programs. `Board` shows it, `Snapshot` is what is shown,
//! `Eta` says how long it will take.

mod board;
mod eta;
mod events;
mod json;
mod line;
mod snapshot;

pub use board::{Board, Face, PaceNow, beside_bar};
pub use eta::Eta;
pub use events::RunBoard;
pub use json::note_line;
pub use snapshot::Snapshot;
