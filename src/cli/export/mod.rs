//! `tickethaul export`: what was typed (`args`, `words`), held against the portal
//! (`wanted`), becomes an export `Job` with a folder to work in (`work`), and is run.

mod args;
mod words;
mod wanted;
mod work;
mod run;

pub use args::ExportArgs;
pub use run::{resume, run};
pub use wanted::check;
pub use work::folder_error;
