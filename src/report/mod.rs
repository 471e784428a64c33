//! What people and scripts see of a run: its progress, its results, its page. stderr is for
//! messages; only the closing JSON of `--json` goes to stdout, and that is the command's.

mod age;
mod check;
mod check_json;
mod html;
mod plan;
mod plan_json;
mod progress;
mod summary;
mod words;

pub use age::{age_words, in_time};
pub use check::check_words;
pub use check_json::check_json;
pub use html::{Forecast, Surveyed, check_html, export_html, plan_html, run_html, survey_html};
pub use plan::{plan_words, row_words};
pub use plan_json::{plan_json, row_json};
pub use progress::{Board, Eta, Face, PaceNow, RunBoard, Snapshot, beside_bar, note_line};
pub use summary::closing_words;
pub use words::{about, duration};
