//! Times and rates as people write them.

use std::time::Duration;

use indicatif::DecimalBytes;

use crate::model::count::{count, counted};
use crate::model::event::Progress;

/// `3.2 s`, `4 min 10 s`, `2 h 5 min`.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{:.1} s", time.as_secs_f64()),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

/// A time to the second: `16 s`, `4 min 10 s`, `2 h 5 min`.
pub fn about(time: Duration) -> String {
    match time.as_secs_f64().round() {
        seconds @ 0.0..60.0 => format!("{seconds:.0} s"),
        seconds => duration(Duration::from_secs(seconds as u64)),
    }
}

/// `1,850/s`, or `2.4/s` where it is slow.
pub(super) fn per_second(rate: f64) -> String {
    match rate {
        slow if slow < 10.0 => format!("{slow:.1}/s"),
        rate => format!("{}/s", count(rate.round() as u64)),
    }
}

/// `12 files, 3.40 MB, 2 more in flight, 200.00 MB`; nothing if no file is in flight or uploaded.
pub(super) fn files(progress: &Progress) -> Option<String> {
    let (there, coming) = (progress.uploaded, progress.in_flight);
    if there.files + coming.files == 0 {
        return None;
    }
    let mut words = format!(
        "{}, {}",
        counted(there.files, "file"),
        DecimalBytes(there.bytes)
    );
    if coming.files > 0 {
        let bytes = DecimalBytes(coming.bytes);
        words.push_str(&format!(
            ", {} more in flight, {bytes}",
            count(coming.files)
        ));
    }
    Some(words)
}

/// Things per second; `rows` in `time`.
pub(super) fn rate(rows: u64, time: Duration) -> String {
    let seconds = time.as_secs_f64().max(0.001);
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rate for people"
    )]
    let per_second = (rows as f64 / seconds).round() as u64;
    format!("{}/s", count(per_second))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_with_their_bytes() {
        use crate::model::event::Files;
        let some = |files, bytes| Files { files, bytes };
        let words = |uploaded, in_flight| {
            files(&Progress {
                uploaded,
                in_flight,
                ..Progress::default()
            })
        };
        assert_eq!(words(some(0, 0), some(0, 0)), None);
        assert_eq!(
            words(some(12, 3_400_000), some(0, 0)).as_deref(),
            Some("12 files, 3.40 MB")
        );
        assert_eq!(
            words(some(0, 0), some(1, 200_000_000)).as_deref(),
            Some("0 files, 0 B, 1 more in flight, 200.00 MB")
        );
    }

    #[test]
    fn times_and_rates_read_well() {
        assert_eq!(duration(Duration::from_millis(3_210)), "3.2 s");
        assert_eq!(duration(Duration::from_secs(250)), "4 min 10 s");
        assert_eq!(duration(Duration::from_secs(7_500)), "2 h 5 min");
        assert_eq!(about(Duration::from_millis(15_600)), "16 s");
        assert_eq!(about(Duration::from_millis(59_700)), "1 min 0 s");
        assert_eq!(about(Duration::from_secs(250)), "4 min 10 s");
        assert_eq!(per_second(2_000.4), "2,000/s");
        assert_eq!(per_second(2.44), "2.4/s");
        assert_eq!(rate(1_000, Duration::from_millis(500)), "2,000/s");
    }
}
