//! `tickethaul export`: what was typed (`args`, `words`) is a selection and a place for it
//! (`target`). Checked against the portal (`resolve`, `wanted`) it becomes an export `Job`
//! with a folder to work in (`work`), and is run; `summary` reports the result, `resume`
//! continues an export that stopped.

mod args;
mod words;
mod resolve;
mod target;
mod wanted;
mod work;
mod summary;
mod run;
mod newer;
mod resume;

pub use args::ExportArgs;
pub use newer::newer;
pub use resume::{Again, resume};
pub use run::run;
pub use wanted::check;
pub use work::folder_error;
