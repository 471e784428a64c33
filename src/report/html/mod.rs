//! report.html: what was done as a page that stands for itself. It asks nothing of any
//! address, needs no script, and can be printed for whoever signs a migration off.
//!
//! Each kind of report says what stands on its page (`run`, `verified`, `export`,
//! `forecast`, `survey`) in the pieces of `page`; `columns`, `calls` and `refused` are
//! sections that several of them have.

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
