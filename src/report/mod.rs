//! What people and scripts see of a run: listeners to its events. stderr is talk;
//! only the closing JSON of `--json` goes to stdout, and that is the command's.

mod age;
mod check;
mod check_json;
mod haul;
mod html;
mod json;
mod plain;
mod plan;
mod plan_json;
mod progress;
mod summary;
mod words;

pub use age::{age_words, in_time};
pub use check::check_words;
pub use check_json::check_json;
pub use haul::{Face, HaulProgress};
pub use html::{Forecast, Surveyed, check_html, export_html, plan_html, run_html, survey_html};
pub use json::JsonLines;
pub use plain::PlainLines;
pub use plan::{plan_words, row_words};
pub use plan_json::{plan_json, row_json};
pub use progress::ProgressLine;
pub use summary::closing_words;
pub use words::duration;
