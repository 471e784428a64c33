//! report.html: what was done, as a self-contained page. It loads nothing from anywhere, needs no
//! script, and can be printed for whoever signs off a migration.
//!
//! Each kind of report (`run`, `verified`, `export`, `forecast`, `survey`) makes its page of the
//! pieces of `page`; `columns`, `calls` and `refused` are sections that several of them have.

mod page;
mod chart;

mod calls;
mod columns;
mod refused;

mod verified;
mod run;
mod export;
mod forecast;
mod survey;

pub use export::export_html;
pub use forecast::{Forecast, check_html, plan_html};
pub use run::run_html;
pub use survey::{Surveyed, survey_html};

#[cfg(test)]
mod tests;
