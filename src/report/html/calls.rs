//! The section on calls: how many, at what rate, how they ended, and what was waited for.

use std::time::Duration;

use super::chart::calls_chart;
use super::page::{Page, Part, moment};
use crate::model::count::{count, counted};
use crate::model::run_report::{CallBin, CallsOverTime};
use crate::report::words::duration;

/// Adds the section, if there is a log.
pub(super) fn add_calls(page: &mut Page, calls: Option<&CallsOverTime>) {
    let Some(calls) = calls else { return };
    let sum = |of: fn(&CallBin) -> u64| calls.bins.iter().map(of).sum::<u64>();
    let all = sum(|bin| bin.all());
    let before = match calls.before {
        0 => String::new(),
        before => format!(
            " {} more came before it had a run folder, and are not in the picture.",
            count(before)
        ),
    };
    let ended = format!(
        "{} calls: {} met the portal's rate limit, {} failed or were refused.{before}",
        count(all),
        count(sum(|bin| bin.limited)),
        count(sum(|bin| bin.failed)),
    );
    let time = calls
        .width
        .saturating_mul(u32::try_from(calls.bins.len()).unwrap_or(u32::MAX));
    let scale = format!(
        "From {}, a column for each {}; at most {} calls in one ({}), {} on average.",
        moment(calls.start),
        duration(calls.width),
        count(calls.most()),
        rate(calls.most(), calls.width),
        rate(all, time),
    );
    let mut parts = vec![
        Part::words(ended),
        Part::chart(calls_chart(calls)),
        Part::words(scale),
    ];
    parts.extend(waited(&calls.waits).map(Part::words));
    page.section("Calls", parts);
}

fn waited(waits: &[(jiff::Timestamp, Duration)]) -> Option<String> {
    let longest = waits.iter().map(|(_, length)| *length).max()?;
    let total: Duration = waits.iter().map(|(_, length)| *length).sum();
    Some(format!(
        "The portal asked for {} (shaded): {} in all, the longest {}.",
        counted(waits.len(), "long wait"),
        duration(total),
        duration(longest),
    ))
}

/// Calls per second, with one decimal if they are few.
fn rate(calls: u64, time: Duration) -> String {
    let tenths = calls * 10_000 / u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1);
    match tenths {
        0..1_000 => format!("{}.{}/s", tenths / 10, tenths % 10),
        _ => format!("{}/s", count(tenths / 10)),
    }
}
