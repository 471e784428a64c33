//! A plan as a page, read from its folder: what it found was kept as JSON when it was made.

use std::path::Path;

use serde_json::Value;

use super::head;
use crate::cli::run_status::look_at_plan;
use crate::error::{Cause, Error};
use crate::journal::PlanReading;
use crate::output::read_regular;
use crate::report::{Forecast, plan_html};
use crate::review::plan::folder::JSON;

/// In bytes; a longer report is not ours.
const LONGEST: u64 = 64 << 20;

/// The page.
pub(super) fn page(folder: &Path) -> Result<String, Error> {
    let reading = PlanReading::open(folder)?;
    let (header, begun) = (reading.header()?, reading.begun()?);
    let (state, _) = look_at_plan(folder)?;
    let head = head::of_header(folder, &header, state.word(), (begun, begun));
    plan_html(&head, &found(folder)?).map_err(head::unmade)
}

fn found(folder: &Path) -> Result<Forecast, Error> {
    let path = folder.join(JSON);
    let unreadable = |cause: Cause| {
        Error::must_fix(format!("can't read {}", path.display()))
            .because(cause)
            .advise("make the plan again")
    };
    let text = read_regular(&path, LONGEST).map_err(|error| unreadable(error.into()))?;
    let found: Value = serde_json::from_slice(&text).map_err(|error| unreadable(error.into()))?;
    Forecast::of(&found).map_err(|error| unreadable(error.into()))
}
