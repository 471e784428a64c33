//! Charts as SVG: rows counted by word, and calls over time. The same numbers are in words next to
//! them, for whoever can't see the charts.

use std::fmt::Write;

use crate::model::count::count;
use crate::model::run_report::CallsOverTime;
use crate::report::words::duration;

const WIDTH: f64 = 800.0;
const HEIGHT: f64 = 160.0;

/// One bar, with a part for each word that has rows; `name` says what it shows.
pub(super) fn bar(name: &str, words: &[(&'static str, u64)]) -> String {
    let all = as_width(words.iter().map(|(_, rows)| rows).sum()).max(1.0);
    let mut parts = String::new();
    let mut at = 0.0;
    for (word, rows) in words {
        let width = as_width(*rows) / all * WIDTH;
        if *rows > 0 {
            let rows = count(*rows);
            // Writing to a String can't fail.
            let _ok = write!(
                parts,
                "<rect class=\"{word}\" x=\"{at:.1}\" y=\"0\" width=\"{width:.1}\" height=\"28\">\
                 <title>{rows} {word}</title></rect>"
            );
        }
        at += width;
    }
    format!(
        "<svg class=\"bar\" viewBox=\"0 0 {WIDTH} 28\" preserveAspectRatio=\"none\" role=\"img\" \
         aria-label=\"{name}; the table has the numbers\">{parts}</svg>"
    )
}

/// A column for each interval: calls that succeeded, that the rate limit refused, that failed. The
/// times when the portal made the run wait are shaded behind them.
pub(super) fn calls_chart(calls: &CallsOverTime) -> String {
    let most = calls.most();
    let scale = HEIGHT / as_width(most).max(1.0);
    let width = WIDTH / as_width(calls.bins.len() as u64).max(1.0);
    let mut columns = waits(calls);
    for (idx, bin) in calls.bins.iter().enumerate() {
        let x = as_width(idx as u64) * width;
        let mut top = HEIGHT;
        for (class, number) in [
            ("fine", bin.fine),
            ("limited", bin.limited),
            ("failed", bin.failed),
        ] {
            let height = as_width(number) * scale;
            top -= height;
            if number > 0 {
                let _ok = write!(
                    columns,
                    "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{top:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
                    width * 0.9
                );
            }
        }
    }
    format!(
        "<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"Calls over time: at most {} in {}\">\
         {columns}</svg>",
        count(most),
        duration(calls.width)
    )
}

/// A shaded area for each wait, as far as it lies within the chart.
fn waits(calls: &CallsOverTime) -> String {
    let span = calls.width.as_secs_f64() * as_width(calls.bins.len() as u64);
    let scale = WIDTH / span.max(1.0);
    let mut shades = String::new();
    for (at, length) in &calls.waits {
        let from = at.duration_since(calls.start).as_secs_f64().max(0.0) * scale;
        let width = (length.as_secs_f64() * scale).min(WIDTH - from);
        if width > 0.0 {
            let _ok = write!(
                shades,
                "<rect class=\"wait\" x=\"{from:.1}\" y=\"0\" width=\"{width:.1}\" height=\"{HEIGHT}\"/>"
            );
        }
    }
    shades
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a picture, eight hundred points wide"
)]
fn as_width(number: u64) -> f64 {
    number as f64
}
