//! The line that shows how far work is: on a terminal with a bar, as wide as the terminal and never
//! wider; in a log without one. If there is too little room, what matters least is dropped first.

use std::time::Duration;

use super::snapshot::Snapshot;
use crate::model::count::{count, counted};
use crate::model::pace::{Cause, Hold};
use crate::report::words::{about, per_second};

/// Cells of the shortest bar.
const SHORTEST_BAR: usize = 8;

/// What is shown in addition to the snapshot.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timing {
    /// Since the work began.
    pub(super) passed: Duration,
    /// Things per second, lately.
    pub(super) rate: Option<f64>,
    /// How long it will still take.
    pub(super) left: Option<Duration>,
    /// What is waited for.
    pub(super) hold: Option<Hold>,
}

/// A part of the line; if there is too little room, the part with the highest number is dropped
/// first.
struct Part {
    weight: u8,
    words: String,
}

/// The line in at most so many cells.
pub(super) fn line(snapshot: &Snapshot, timing: &Timing, cells: usize) -> String {
    let share = snapshot.share();
    let bar = share.map_or(0, |_| SHORTEST_BAR + 1);
    let mut parts = parts(snapshot, timing, "");
    // A bar matters less than the time left, and more than everything else.
    drop_least(&mut parts, cells.saturating_sub(bar), 2);
    drop_least(&mut parts, cells, 1);
    let room = cells.saturating_sub(width(&parts) + 1);
    let bar = share.filter(|_| room >= SHORTEST_BAR);
    let bar = bar.map(|share| drawn(share, room));
    let mut words = parts.into_iter().map(|part| part.words);
    let phase = words.next();
    let rest: Vec<String> = words.collect();
    let rest = Some(rest.join(GAP)).filter(|rest| !rest.is_empty());
    let line: Vec<String> = [phase, bar, rest].into_iter().flatten().collect();
    line.join(" ").chars().take(cells).collect()
}

/// Leaves out parts of at least that weight, the heaviest first, until all fit.
fn drop_least(parts: &mut Vec<Part>, cells: usize, from: u8) {
    while width(parts) > cells {
        let most = parts.iter().map(|part| part.weight).max();
        let Some(most) = most.filter(|most| *most >= from) else {
            return;
        };
        parts.retain(|part| part.weight != most);
    }
}

/// The same for a log.
pub(super) fn plain(snapshot: &Snapshot, timing: &Timing) -> String {
    let words: Vec<String> = parts(snapshot, timing, "waits: ")
        .into_iter()
        .skip(1)
        .map(|part| part.words)
        .collect();
    format!("{}: {}", snapshot.phase, words.join(", "))
}

/// Between two parts.
const GAP: &str = "  ";

/// Cells of the parts: a blank after the first, gaps between the others.
fn width(parts: &[Part]) -> usize {
    let words: usize = parts.iter().map(|part| part.words.chars().count()).sum();
    words + parts.len().saturating_sub(2) * GAP.len() + usize::from(parts.len() > 1)
}

/// The parts; `waits` comes before what is waited for.
fn parts(snapshot: &Snapshot, timing: &Timing, waits: &str) -> Vec<Part> {
    let hold = timing.hold.map(|hold| format!("{waits}{}", held(hold)));
    let share = snapshot.share();
    let percent = share.map(|share| format!("{:.0} %", (share * 100.0).floor()));
    let done = match snapshot.total {
        Some(total) => format!(
            "{} of {}",
            count(snapshot.done),
            counted(total, snapshot.unit)
        ),
        None => counted(snapshot.done, snapshot.unit),
    };
    let rate = timing.rate.map(per_second);
    let passed = (!timing.passed.is_zero()).then(|| format!("after {}", about(timing.passed)));
    let left = timing.left.map(|left| format!("{} left", about(left)));
    let also = snapshot.also.iter().cloned().map(|words| (6, Some(words)));
    let parts = [
        (0, Some(snapshot.phase.to_owned())),
        (1, percent),
        (3, Some(done)),
    ];
    let times = [(5, rate), (4, passed), (1, left), (2, hold)];
    let parts = parts.into_iter().chain(also).chain(times);
    parts
        .filter_map(|(weight, words)| words.map(|words| Part { weight, words }))
        .collect()
}

/// `portal's limit, 4 s`
fn held(hold: Hold) -> String {
    let time = about(hold.time);
    match hold.cause {
        Cause::Answer => format!("{}, {time} so far", hold.cause.words()),
        cause => format!("{}, {time}", cause.words()),
    }
}

fn drawn(share: f64, cells: usize) -> String {
    let full = ((share * cells as f64).floor() as usize).min(cells);
    format!("{}{}", "█".repeat(full), "░".repeat(cells - full))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn half() -> (Snapshot, Timing) {
        let snapshot = Snapshot {
            share: Some(0.425),
            done: 8_400,
            also: vec!["7 refused".to_owned()],
            ..Snapshot::new("importing", "row", None)
        };
        let timing = Timing {
            passed: Duration::from_secs(72),
            rate: Some(1_850.4),
            left: Some(Duration::from_secs(16)),
            hold: Some(Hold {
                cause: Cause::Limit,
                time: Duration::from_millis(3_600),
            }),
        };
        (snapshot, timing)
    }

    #[test]
    fn the_line_is_as_wide_as_the_terminal() {
        let (snapshot, timing) = half();
        for cells in [40, 60, 80, 100, 140, 200] {
            let line = line(&snapshot, &timing, cells);
            assert_eq!(line.chars().count(), cells, "{line}");
            assert!(
                line.contains("42 %") && line.contains("16 s left"),
                "{line}"
            );
            assert!(line.contains('█') && line.contains('░'), "{line}");
        }
        for cells in 0..40 {
            assert!(line(&snapshot, &timing, cells).chars().count() <= cells);
        }
        let wide = line(&snapshot, &timing, 140);
        assert!(
            wide.ends_with(
                " 42 %  8,400 rows  7 refused  1,850/s  after 1 min 12 s  16 s left  portal's limit, 4 s"
            ),
            "{wide}"
        );
    }

    #[test]
    fn what_matters_least_goes_first() {
        let (snapshot, timing) = half();
        for (cells, there, gone) in [
            (100, "after", "refused"),
            (60, "portal's limit", "1,850/s"),
            (40, "16 s left", "portal's limit"),
            (25, "16 s left", "░"),
        ] {
            let line = line(&snapshot, &timing, cells);
            assert!(
                line.contains(there) && !line.contains(gone),
                "{cells}: {line}"
            );
        }
    }

    #[test]
    fn a_log_has_the_same_words() {
        let (snapshot, mut timing) = half();
        assert_eq!(
            plain(&snapshot, &timing),
            "importing: 42 %, 8,400 rows, 7 refused, 1,850/s, after 1 min 12 s, 16 s left, \
             waits: portal's limit, 4 s"
        );
        timing = Timing::default();
        let unknown = Snapshot::new("planning", "row", None).at(1);
        assert_eq!(plain(&unknown, &timing), "planning: 1 row");
        assert_eq!(line(&unknown, &timing, 80), "planning 1 row");
    }

    #[test]
    fn waits_are_named() {
        for (cause, words) in [
            (Cause::Day, "the next day's calls, 2 h 5 min"),
            (Cause::Answer, "portal's answer, 2 h 5 min so far"),
            (
                Cause::Trouble,
                "next attempt at a failing portal, 2 h 5 min",
            ),
            (Cause::Ceiling, "limit of --rate, 2 h 5 min"),
        ] {
            let time = Duration::from_secs(7_500);
            assert_eq!(held(Hold { cause, time }), words);
        }
    }
}
