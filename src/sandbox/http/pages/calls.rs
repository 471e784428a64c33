//! The latest calls of programs, as they arrive.

use minijinja::{Value as Shown, context};

use super::render::{Page, fragment, problem};
use super::visit::Visit;
use crate::sandbox::http::call_log::{CallLog, LoggedCall};

/// Calls that are listed.
const MOST: usize = 200;

/// The list.
pub(super) fn page(log: &CallLog) -> Page {
    let calls = log.latest(MOST);
    let latest = calls.first().map_or(0, |call| call.number);
    let rows: Vec<Shown> = calls.iter().map(row).collect();
    let rows = fragment("rows.html", context! { rows }).unwrap_or_default();
    let rows = Shown::from_safe_string(rows);
    Page::html("calls.html", ("Calls", "calls"), context! { rows, latest })
}

/// The rows of calls that arrived after a given one, for a list that is open.
pub(super) fn rows(log: &CallLog, visit: &Visit) -> Page {
    let after: u64 = visit.field("after").parse().unwrap_or_default();
    let calls = log.latest(MOST).into_iter();
    let rows = calls.filter(|call| call.number > after);
    let rows: Vec<Shown> = rows.map(|call| row(&call)).collect();
    Page::piece("rows.html", context! { rows })
}

/// One call with what was sent and answered.
pub(super) fn one(log: &CallLog, number: &str) -> Page {
    let call = number.parse().ok().and_then(|number| log.find(number));
    let Some(call) = call else {
        return problem("This call is gone", "Only the latest calls are kept.");
    };
    let answer = call.answer.as_ref();
    let shown = context! {
        call => row(&call),
        id => &call.id,
        sent => readable(&call.sent),
        answered => answer.map(|answer| readable(&answer.body)),
    };
    Page::html(
        "call.html",
        (&format!("Call {}", call.number), "calls"),
        shown,
    )
}

fn row(call: &LoggedCall) -> Shown {
    let answer = call.answer.as_ref();
    context! {
        number => call.number,
        at => &call.at,
        method => &call.method,
        address => &call.address,
        trouble => &call.trouble,
        status => answer.map(|answer| answer.status),
        is_error => answer.is_some_and(|answer| answer.status >= 400),
        millis => answer.map(|answer| answer.took.as_millis().to_string()),
    }
}

/// JSON with a line for each value; anything else as it is.
fn readable(body: &[u8]) -> String {
    let json = serde_json::from_slice::<serde_json::Value>(body).ok();
    let pretty = json.and_then(|json| serde_json::to_string_pretty(&json).ok());
    pretty.unwrap_or_else(|| String::from_utf8_lossy(body).into_owned())
}
